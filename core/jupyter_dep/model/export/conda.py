"""A lock as `environment.yml`: conda brings the Python, pip brings what is locked."""

from __future__ import annotations

import json

from jupyter_dep.model.lock.lockfile import Lock
from jupyter_dep.model.lock.select import DEFAULT_SELECTION, Selection

from .requirements_txt import requirement_of
from .select import chosen


def environment_yml(lock: Lock, choice: Selection = DEFAULT_SELECTION, *, name: str, python: str) -> str:
    """The text for conda; `python` is a minor such as `3.12`. Hashes have no place in it. Errors: those of `chosen`."""
    selected = chosen(lock, choice)
    minor = python.rstrip("t")
    # JSON strings are YAML's; quoted, `3.10` and `no` stay what they are
    lines = [
        f"name: {json.dumps(name)}",
        "channels:",
        "  - conda-forge",
        "  - nodefaults",
        "dependencies:",
        f'  - "python={minor}"',
        "  - pip",
    ]
    if selected:
        lines += ["  - pip:", *(f"      - {json.dumps(requirement_of(one), ensure_ascii=False)}" for one in selected)]
    return "".join(f"{line}\n" for line in lines)
