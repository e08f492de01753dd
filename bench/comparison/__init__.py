"""The comparison: the same things done by us, uv, juv, Poetry and pip, as real programs over one mirror."""
