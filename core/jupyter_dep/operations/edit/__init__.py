"""Change a declaration: add, remove, update, init, rename, Python."""
