"""The edge: the only places that start programs, touch the disk or remember."""
