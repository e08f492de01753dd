"""The Jupyter Server extension: REST under `jupyter-dep/`, jobs, and events."""

from __future__ import annotations

from typing import Any

from .version import VERSION

__version__ = VERSION


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    from .extension import DepExtension

    return [{"module": "jupyter_dep_server", "app": DepExtension}]
