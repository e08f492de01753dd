"""Notebook files as bytes, and what their cells import."""
