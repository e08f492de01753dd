"""Generators of what is committed but made from the code; they are no part of the wheel."""
