"""Sources that have to be built before a declaration can be resolved."""

from __future__ import annotations

from packaging.utils import canonicalize_name

from jupyter_dep.base.engine_port import Pin
from jupyter_dep.base.errors import DepError
from jupyter_dep.model.declaration.declaration import Declaration


def built_sources(declaration: Declaration, pins: tuple[Pin, ...], *, paths: bool = False) -> dict[str, str]:
    """List by name what has to be built before it can be resolved: each alone and after consent.

    `paths`: a folder may declare what lies on this machine. Errors: `path-in-notebook`.
    """
    pinned = {pin.name: pin.version for pin in pins}
    found: dict[str, str] = {}
    for name in declaration.settings.build:
        name = str(canonicalize_name(name))
        wanted = next((str(item) for item in declaration.every_requirement if canonicalize_name(item.name) == name), name)
        found[name] = f"{name}=={pinned[name]}" if name in pinned else wanted
    for item in declaration.every_requirement:
        if item.url and item.url.startswith("file:") and not paths:
            raise DepError(
                "path-in-notebook",
                f"`{item.name}` is declared as a path, which means nothing on another machine",
                hint="publish it to an index or name its repository; folders with a `pyproject.toml` may hold paths",
                context={"package": item.name},
            )
        if item.url and not item.url.endswith(".whl"):
            found[str(canonicalize_name(item.name))] = f"{item.name} @ {item.url}"
    return found
