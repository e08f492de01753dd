"""A folder's `pyproject.toml`: read, checked, edited."""
