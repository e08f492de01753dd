"""Resolve a declaration into a lock."""
