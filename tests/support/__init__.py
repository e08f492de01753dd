"""Real parts for tests: wheels, an index on loopback, canaries. Standard library and `packaging` only."""
