"""Generators of what is committed but made from the code; they are not part of the wheel."""
