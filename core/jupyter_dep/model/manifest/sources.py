"""Where a folder's packages come from, edited in its `pyproject.toml`: package indexes, and the sources of single packages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.steps import NAME, Hint, Placeholder, step
from jupyter_dep.model.declaration import requirement

from .document import drop_empty, edit_document, spelling, table
from .manifest import Manifest


def add_source(text: str, name: str, url: str) -> str:
    """The manifest with a package index of this name, at this URL; one that is there gets the URL."""
    requirement.refuse_secrets(url, context={"key": "tool.uv.index"})

    def edit(document: Any, _: Manifest) -> None:
        import tomlkit
        from tomlkit.items import AoT

        uv = table(document, ("tool", "uv"))
        for index in uv.get("index", ()):
            if index.get("name") == name:
                index["url"] = url
                return
        listed = uv.setdefault("index", tomlkit.aot())
        index = tomlkit.table() if isinstance(listed, AoT) else tomlkit.inline_table()
        index.update({"name": name, "url": url, "explicit": True})
        if isinstance(listed, AoT) and listed and not listed[-1].as_string().endswith("\n\n"):
            listed[-1].add(tomlkit.nl())
        listed.append(index)

    return edit_document(text, edit)


def remove_source(text: str, name: str) -> str:
    """The manifest without the package index of this name. Errors: `no-such-source`, `source-in-use`."""

    def edit(document: Any, manifest: Manifest) -> None:
        listed = [str(index.get("name", "")) for index in _read_indexes(manifest)]
        if name not in listed:
            raise no_such_source(name, listed)
        users = _find_users(manifest, name)
        if users:
            raise source_in_use(name, users)
        uv = document["tool"]["uv"]
        if len(listed) == 1:
            del uv["index"]
            drop_empty(document, ("tool", "uv"))
        else:
            del uv["index"][listed.index(name)]

    return edit_document(text, edit)


def no_such_source(name: str, there: Sequence[str]) -> DepError:
    """The error for an index that is not among those that are declared."""
    shown = ", ".join(f"`{one}`" for one in there if one)
    hint = f"there is {shown}" if shown else Hint("none yet: ", step("source add", NAME, Placeholder(name="URL")))
    return DepError("no-such-source", f"unknown package index `{name}`", hint=hint, context={"source": name})


def source_in_use(name: str, users: Sequence[str]) -> DepError:
    """The error for an index that packages are taken from."""
    return DepError(
        "source-in-use",
        f"{', '.join(f'`{user}`' for user in users)} comes from the package index `{name}`",
        hint="remove these packages, or their lines in `[tool.uv.sources]`, first",
        context={"source": name},
    )


def set_package_source(text: str, package: str, source: Mapping[str, object] | None) -> str:
    """The manifest with the line of `[tool.uv.sources]` that says where a package comes from; None takes it out."""

    def edit(document: Any, _: Manifest) -> None:
        import tomlkit

        drop_source(document, package, keep=source is not None)
        if source is not None:
            line = tomlkit.inline_table()
            line.update(dict(source))
            sources = table(document, ("tool", "uv", "sources"))
            sources[spelling(sources, package) or package] = line

    return edit_document(text, edit)


def drop_source(document: Any, package: str, *, keep: bool = False) -> None:
    """Remove a package from `[tool.uv.sources]` of a tomlkit document, unless it is to `keep` it."""
    sources = document.get("tool", {}).get("uv", {}).get("sources", {})
    spelled = spelling(sources, package)
    if spelled is not None and not keep:
        del sources[spelled]
        drop_empty(document, ("tool", "uv", "sources"))


def set_cutoff(text: str, moment: str) -> str:
    """The manifest that only takes files from before a full UTC timestamp."""

    def edit(document: Any, _: Manifest) -> None:
        table(document, ("tool", "uv"))["exclude-newer"] = moment

    return edit_document(text, edit)


def _read_indexes(manifest: Manifest) -> list[Mapping[str, object]]:
    listed = manifest.uv.get("index", [])
    return [index for index in listed if isinstance(index, Mapping)] if isinstance(listed, list) else []


def _find_users(manifest: Manifest, index: str) -> list[str]:
    sources = manifest.uv.get("sources", {})
    found = []
    for name, listed in sources.items() if isinstance(sources, Mapping) else ():
        if any(
            isinstance(one, Mapping) and one.get("index") == index for one in (listed if isinstance(listed, list) else [listed])
        ):
            found.append(str(name))
    return sorted(found)
