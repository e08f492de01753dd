"""What an author asks for: requirements, the PEP 723 block, `[tool.*]` tables."""
