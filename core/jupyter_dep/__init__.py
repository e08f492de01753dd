"""jupyter-dep: a notebook's declaration, its lock, and the environment that is exactly that lock."""

__version__ = "0.1.0.dev0"
