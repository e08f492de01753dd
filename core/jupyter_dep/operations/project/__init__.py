"""A project, its state, and every change of its files."""
