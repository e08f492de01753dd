"""Transforms of an imported manifest: into a group, with its proposals, without invalid values."""

from __future__ import annotations

from dataclasses import replace

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.steps import Hint
from jupyter_dep.model.manifest import manifest

from .manifest_value import Group, ImportedManifest, Unsupported


def as_group(imported: ImportedManifest, group: str) -> ImportedManifest:
    """The manifest with its dependencies as those of a group."""
    into = imported.groups.get(group, Group())
    joined = replace(into, requirements=tuple(dict.fromkeys((*into.requirements, *imported.dependencies))))
    return replace(imported, dependencies=(), groups={**imported.groups, group: joined})


def accept_proposed(imported: ImportedManifest) -> ImportedManifest:
    """The manifest with its proposals accepted as dependencies."""
    named = [f"`{text}` from your package index" for text in imported.proposed]
    unsupported = tuple(item for item in imported.unsupported if not any(name in str(item.why) for name in named))
    return replace(imported, dependencies=(*imported.dependencies, *imported.proposed), proposed=(), unsupported=unsupported)


def drop_invalid(imported: ImportedManifest) -> ImportedManifest:
    """The manifest without values that `[project]` cannot hold (`python_requires = 3.9`), which are listed instead."""
    if imported.name and (why := _refuse("name", imported.name)):
        imported = replace(imported, name=None, unsupported=(*imported.unsupported, why))
    if imported.version and (why := _refuse("version", imported.version)):
        imported = replace(imported, version=None, unsupported=(*imported.unsupported, why))
    if imported.requires_python and (why := _refuse("requires-python", imported.requires_python)):
        imported = replace(imported, requires_python=None, unsupported=(*imported.unsupported, why))
    return imported


def _refuse(key: str, value: str) -> Unsupported | None:
    try:
        manifest.of_document({"project": {key: value}})
    except DepError as error:
        return Unsupported(what=f"{key} `{value}`", why=Hint(error.message, "; ", error.hint))
    return None
