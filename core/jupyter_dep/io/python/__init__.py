"""Find Python interpreters and make empty environments."""
