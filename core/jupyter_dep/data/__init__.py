"""Reviewed data that the model reads."""
