"""Results of operations as text for people and as JSON."""
