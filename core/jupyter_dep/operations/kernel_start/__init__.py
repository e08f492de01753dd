"""Decide which environment a notebook's kernel starts on."""
