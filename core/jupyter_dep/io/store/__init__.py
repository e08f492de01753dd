"""The store of sealed environments."""
