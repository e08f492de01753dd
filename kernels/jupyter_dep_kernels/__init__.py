"""Kernels that run a notebook in its own environment: discovery, start, placeholder kernel and kernelspecs."""

from pathlib import Path

PIP_SHIM = Path(__path__[0]) / "pip_shim"
"""The folder with a `pip` that only says what to type instead; it goes first on PATH."""
