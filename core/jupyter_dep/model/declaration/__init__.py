"""Declarations: requirements, the PEP 723 block, `[tool.*]` tables."""
