"""One tree of verbs, and two faces on it: the command line and the agent that kernels talk to."""
