"""`[tool.uv.sources]` against the rest of the manifest: packages that nobody declares, indexes that are not there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from packaging.utils import canonicalize_name

from jupyter_dep.base.steps import Hint, Placeholder, step
from jupyter_dep.model.declaration.declaration import Declaration
from jupyter_dep.model.declaration.requirement import Context
from jupyter_dep.model.manifest.manifest import Manifest

from .finding import Finding
from .project_metadata import NamedFile

_KEY = "tool.uv.sources"


def source_findings(manifest: Manifest, where: Context) -> Iterator[Finding]:
    """What is wrong with the sources of single packages."""
    parts = (manifest.dependencies, *manifest.extras.values(), *manifest.groups.values())
    declared = {str(canonicalize_name(item.name)) for part in parts for item in part}
    indexes = {str(index.get("name", "")) for index in Declaration(uv=manifest.uv).indexes}
    for name, source in _sources(manifest):
        place: Context = {**where, "key": _KEY, "package": name}
        index = source.get("index")
        if isinstance(index, str) and index not in indexes:
            shown = ", ".join(f"`{one}`" for one in sorted(indexes - {""}))
            yield Finding(
                level="error",
                code="no-such-source",
                message=f"`{name}` comes from the package index `{index}`, which `[[tool.uv.index]]` does not name",
                hint=f"there is {shown}" if shown else Hint(step("source add", index, Placeholder(name="URL")), " names it"),
                context=place,
            )
        if canonicalize_name(name) not in declared:
            yield Finding(
                level="warning",
                code="unused-source",
                message=f"`{name}` has a source, and nothing declares it",
                hint=Hint(f"take its line out of `[{_KEY}]`, or declare it: ", step("add", name)),
                context=place,
            )


def named_folders(manifest: Manifest) -> tuple[NamedFile, ...]:
    """The paths that sources name, as they are written."""
    paths = [(name, source.get("path")) for name, source in _sources(manifest)]
    return tuple(NamedFile(key=f"{_KEY}.{name}", path=path) for name, path in paths if isinstance(path, str))


def _sources(manifest: Manifest) -> Iterator[tuple[str, Mapping[str, object]]]:
    table = manifest.uv.get("sources")
    for name, listed in table.items() if isinstance(table, Mapping) else ():
        for source in listed if isinstance(listed, list) else [listed]:
            if isinstance(source, Mapping):
                yield str(name), source
