"""The resolver and installer, `uv`, as a subprocess."""
