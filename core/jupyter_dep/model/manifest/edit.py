"""Edits of a folder's `pyproject.toml`: only what is asked for changes, comments, order and line ends stay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.steps import Hint, step
from jupyter_dep.model.declaration import requirement
from jupyter_dep.model.declaration.requirement_array import add_requirements, not_declared, remove_requirements, texts
from jupyter_dep.model.lock.group_markers import no_such_part

from .document import Place, edit_document, spelling, table
from .manifest import Manifest, dynamic
from .sources import drop_source

_DEPENDENCIES: Place = ("project", "dependencies")


def add(text: str, requirements: Sequence[str], *, group: str | None = None, extra: str | None = None) -> str:
    """The manifest with each requirement declared: in the dependencies, a group, or an extra, which are made where missing.

    Rules and errors are those of `requirement_array.add_requirements`; `dynamic-metadata`, `no-project-table`, and those of
    `manifest.parse` where the result would be none.
    """

    def edit(document: Any, manifest: Manifest) -> None:
        place = _find_place(document, manifest, group, extra)
        array = _array(document, place)
        fresh = add_requirements(array if array is not None else "[]", requirements)
        if fresh != array:
            _set_array(document, place, fresh)

    return edit_document(text, edit)


def remove(text: str, names: Sequence[str], *, group: str | None = None, extra: str | None = None) -> str:
    """The manifest without the requirements of these names in one part, and without the sources that nothing else uses.

    Errors: `not-declared` names what is close, or the part that has it; `no-such-group`, `no-such-extra`, `dynamic-metadata`.
    """

    def edit(document: Any, manifest: Manifest) -> None:
        place = _find_place(document, manifest, group, extra)
        array = _array(document, place)
        if array is None and group is not None:
            raise no_such_part("group", group, manifest.groups.keys(), {})
        if array is None and extra is not None:
            raise no_such_part("extra", extra, manifest.extras.keys(), {})
        try:
            shorter = remove_requirements(array or "[]", names)
        except DepError as error:
            raise _refuse_elsewhere(error, document, place) from error
        if shorter != (array or "[]"):
            _set_array(document, place, shorter)
        for name in {str(canonicalize_name(name.strip())) for name in names}:
            if not _list_places(document, name):
                drop_source(document, name)

    return edit_document(text, edit)


def set_requires_python(text: str, wanted: str) -> str:
    """The manifest with this `requires-python`, such as `>=3.11`. Errors: `bad-requires-python`, `dynamic-metadata`."""
    return _set_project_key(text, "requires-python", wanted.strip())


def set_version(text: str, version: str) -> str:
    """The manifest with this version. Errors: `bad-version`, `dynamic-metadata` with the place that it comes from."""
    try:
        Version(version)
    except InvalidVersion as error:
        raise DepError(
            "bad-version", f"`{version}` is not a version", hint="write one such as `1.2.0` or `1.2.0rc1`", context={}
        ) from error
    return _set_project_key(text, "version", version)


def _set_project_key(text: str, key: str, value: str) -> str:
    def edit(document: Any, manifest: Manifest) -> None:
        _refuse_dynamic(document, manifest, key)
        table(document, ("project",))[key] = value

    return edit_document(text, edit)


def _find_place(document: Any, manifest: Manifest, group: str | None, extra: str | None) -> Place:
    """Where a part's array is or is to be, in the spelling that is there."""
    if group is not None:
        return "dependency-groups", spelling(document.get("dependency-groups", {}), group) or group
    _refuse_dynamic(document, manifest, "dependencies" if extra is None else "optional-dependencies")
    if extra is None:
        return _DEPENDENCIES
    parts = document.get("project", {}).get("optional-dependencies", {})
    return "project", "optional-dependencies", spelling(parts, extra) or extra


def _refuse_dynamic(document: Any, manifest: Manifest, key: str) -> None:
    if not manifest.has_project:
        raise DepError(
            "no-project-table",
            "`pyproject.toml` has no `[project]` table",
            hint=Hint(step("init"), " writes one"),
            context={"key": "project"},
        )
    if key in manifest.dynamic:
        raise dynamic(key, {}, source=_find_dynamic_source(document.unwrap().get("tool", {}), key))


def dynamic_source(text: str, key: str) -> str:
    """The place that a dynamic key of `[project]` comes from, in the words of messages; empty where it is not known."""
    from .manifest import document as read

    tool = read(text).get("tool", {})
    return _find_dynamic_source(tool, key) if isinstance(tool, Mapping) else ""


def _find_dynamic_source(tool: Mapping[str, Any], key: str) -> str:
    """The place that the common backends read a dynamic key from, empty where it is not known."""
    found = tool.get("setuptools", {}).get("dynamic", {}).get(key, {})
    if isinstance(found, Mapping) and found:
        value = next(iter(found.values()))
        return ", ".join(
            f"`{one}`" for one in ([value] if isinstance(value, str) else value if isinstance(value, list) else [])
        )
    if key == "version" and (path := tool.get("hatch", {}).get("version", {}).get("path")):
        return f"`{path}`"
    named = {"hatch": "hatch.version", "setuptools_scm": "setuptools_scm", "pdm": "pdm.version"}
    known = [header for name, header in named.items() if name in tool] if key == "version" else []
    return f"`[tool.{known[0]}]`" if known else ""


def _array(document: Any, place: Place) -> str | None:
    found = document
    for key in place:
        if key not in found:
            return None
        found = found[key]
    return str(found.as_string())


def _set_array(document: Any, place: Place, array: str) -> None:
    import tomlkit

    table(document, place[:-1])[place[-1]] = tomlkit.value(array)


def _list_places(document: Any, name: str) -> list[str]:
    """The options that name the parts in which a package is declared; `""` for the dependencies."""
    raw = document.unwrap()
    project = raw.get("project", {})
    parts = {"": project.get("dependencies", [])}
    parts |= {f"--optional {key}": value for key, value in project.get("optional-dependencies", {}).items()}
    parts |= {f"--group {key}": value for key, value in raw.get("dependency-groups", {}).items()}
    return [
        option
        for option, listed in parts.items()
        if name in {str(canonicalize_name(requirement.parse(item).name)) for item in listed if isinstance(item, str)}
    ]


def _refuse_elsewhere(error: DepError, document: Any, place: Place) -> DepError:
    """The error with the part that does declare the package, if there is one."""
    name = str(error.context.get("package", ""))
    options = _list_places(document, name) if error.code == "not-declared" else []
    if not options:
        return error if error.code != "not-declared" else not_declared(name, _declared(document, place))
    where = " and ".join(f"with `{option}`" if option else "among the dependencies" for option in options)
    return DepError(
        "not-declared", f"`{name}` is not declared there", hint=f"it is declared elsewhere: {where}", context=error.context
    )


def _declared(document: Any, place: Place) -> list[str]:
    listed = texts(_array(document, place) or "[]")
    return [str(canonicalize_name(requirement.parse(text).name)) for text in listed if text]
