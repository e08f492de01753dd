"""Distributions and interpreters by name and version."""
