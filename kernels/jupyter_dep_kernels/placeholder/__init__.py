"""The kernel that answers while the environment is built, or says why it is not there."""
