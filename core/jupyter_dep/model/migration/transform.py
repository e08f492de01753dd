"""What a file declares, as it is taken over: for a group, with what it proposes, without what no project could say."""

from __future__ import annotations

from dataclasses import replace

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.steps import Hint
from jupyter_dep.model.manifest import manifest

from .manifest_value import Group, ImportedManifest, Unsupported


def as_group(brought: ImportedManifest, group: str) -> ImportedManifest:
    """A file whose dependencies are those of a group."""
    into = brought.groups.get(group, Group())
    joined = replace(into, requirements=tuple(dict.fromkeys((*into.requirements, *brought.dependencies))))
    return replace(brought, dependencies=(), groups={**brought.groups, group: joined})


def with_proposed(brought: ImportedManifest) -> ImportedManifest:
    """A file whose proposals were agreed to: they are dependencies, and no longer listed as left."""
    named = [f"`{text}` from your package index" for text in brought.proposed]
    left = tuple(item for item in brought.left if not any(name in str(item.why) for name in named))
    return replace(brought, dependencies=(*brought.dependencies, *brought.proposed), proposed=(), left=left)


def sound(brought: ImportedManifest) -> ImportedManifest:
    """A file without what no `[project]` table could hold (`python_requires = 3.9`), which is listed instead."""
    if brought.name and (why := _refuse("name", brought.name)):
        brought = replace(brought, name=None, left=(*brought.left, why))
    if brought.version and (why := _refuse("version", brought.version)):
        brought = replace(brought, version=None, left=(*brought.left, why))
    if brought.requires_python and (why := _refuse("requires-python", brought.requires_python)):
        brought = replace(brought, requires_python=None, left=(*brought.left, why))
    return brought


def _refuse(key: str, value: str) -> Unsupported | None:
    try:
        manifest.of_document({"project": {key: value}})
    except DepError as error:
        return Unsupported(what=f"{key} `{value}`", why=Hint(error.message, "; ", error.hint))
    return None
