"""What the index of the server's tests holds."""

from __future__ import annotations

from .fake_engine import release

RELEASES = (
    release("ipykernel", "7.1.0"),
    release("ipywidgets", "8.1.0"),
    release("alpha", "1.0"),
    release("alpha", "2.0", "beta>=2"),
    release("beta", "1.0"),
    release("beta", "2.0"),
    release("gamma", "1.0", "alpha<2"),
    release("scikit-learn", "1.5", "beta"),
)
