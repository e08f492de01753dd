"""Kernels that run a notebook in its own environment: how they are found, started, held and registered."""
