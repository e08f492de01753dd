"""The kernel that runs while the environment is built, and shows why it cannot be had."""
