"""The tables of a declaration, checked key by key: `requires-python`, `[tool.uv]`, `[tool.jupyter-dep]`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time

from packaging.markers import InvalidMarker, Marker
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from jupyter_dep.base.errors import DepError

from . import requirement
from .declaration import Settings
from .requirement import Context

SETTINGS: Mapping[str, str] = {
    "widgets": "`true` (the default) or `false`: install ipywidgets beside the kernel",
    "build": 'names of packages that may be built from source, such as `["delta"]`; none by default',
    "platforms": "environment markers of the platforms to lock for, such as `[\"sys_platform == 'linux'\"]`; all by default",
}
"""The keys of `[tool.jupyter-dep]` and what each means, as `docs/configuration.md` lists them."""

UV_KEYS = frozenset(
    {"exclude-newer", "exclude-newer-package", "index", "sources", "prerelease", "resolution", "fork-strategy"}
    | {"constraint-dependencies", "override-dependencies", "exclude-dependencies"}
    | {"environments", "required-environments"}
)


_INDEX_KEYS = frozenset({"name", "url", "explicit", "default", "format"})


_CHOICES = {
    "prerelease": ("disallow", "allow", "if-necessary", "explicit", "if-necessary-or-explicit"),
    "resolution": ("highest", "lowest", "lowest-direct"),
    "fork-strategy": ("fewest", "requires-python"),
}


def requires_python(value: object, where: Context) -> str | None:
    """A checked `requires-python`, None where it is not set. Errors: `bad-value`, `bad-requires-python`."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise wrong("requires-python", 'a text such as `">=3.11"`', where)
    try:
        if requirement.LONG_NUMBER.search(value) or not SpecifierSet(value):
            raise InvalidSpecifier(value)
    except InvalidSpecifier as error:
        version = re.search(r"\d+(?:\.\d+)*", value)
        raise DepError(
            "bad-requires-python",
            f"`{value}` is not a range of Python versions",
            hint=f"did you mean `>={version[0]}`?" if version else "write a range such as `>=3.11` or `>=3.11,<3.14`",
            context={**where, "key": "requires-python"},
        ) from error
    return value.strip()


def uv_table(given: Mapping[str, object], where: Context) -> dict[str, object]:
    """The allowed keys of `[tool.uv]` as JSON-like values. Errors: `unsupported-key`, `bad-value` and those of requirements."""
    uv: dict[str, object] = {}
    for key, raw in given.items():
        name = f"tool.uv.{key}"
        if key not in UV_KEYS:
            raise unsupported(name, UV_KEYS, where)
        uv[key] = plain(raw)
        for text in strings(uv[key]):
            requirement.refuse_secrets(text, context={**where, "key": name})
        _check_uv_value(key, uv[key], where)
    return uv


def _check_uv_value(key: str, value: object, where: Context) -> None:
    name = f"tool.uv.{key}"
    if key == "exclude-newer" and not isinstance(value, str):
        raise wrong(name, 'a date such as `"2026-01-31T00:00:00Z"`', where)
    elif key in _CHOICES and value not in _CHOICES[key]:
        raise wrong(name, "one of " + ", ".join(f"`{choice}`" for choice in _CHOICES[key]), where)
    elif key in ("constraint-dependencies", "override-dependencies", "exclude-dependencies"):
        for number, text in enumerate(texts(value, name, where), 1):
            requirement.parse(text, context={**where, "key": name, "entry": number})
    elif key in ("environments", "required-environments"):
        _parse_markers([value] if isinstance(value, str) else value, name, where)
    elif key in ("sources", "exclude-newer-package"):
        table(value, name, where)
    elif key == "index":
        _check_indexes(value, where)


def _check_indexes(value: object, where: Context) -> None:
    if not isinstance(value, list):
        raise wrong("tool.uv.index", "an array of tables, `[[tool.uv.index]]`", where)
    for number, entry in enumerate(value, 1):
        place: Context = {**where, "entry": number}
        index = table(entry, "tool.uv.index", place)
        for key, setting in index.items():
            if key not in _INDEX_KEYS:
                raise unsupported(f"tool.uv.index.{key}", _INDEX_KEYS, place)
            if not isinstance(setting, bool if key in ("explicit", "default") else str):
                kind = "`true` or `false`" if key in ("explicit", "default") else "a text"
                raise wrong(f"tool.uv.index.{key}", kind, place)
        if "url" not in index:
            raise wrong("tool.uv.index.url", "a URL", place)


def settings(given: Mapping[str, object], where: Context) -> Settings:
    """The settings in `[tool.jupyter-dep]`. Errors: `unsupported-key`, `bad-value`, `bad-marker`."""
    for key in given:
        if key not in SETTINGS:
            raise unsupported(f"tool.jupyter-dep.{key}", SETTINGS, where)
    widgets = given.get("widgets", True)
    if not isinstance(widgets, bool):
        raise wrong("tool.jupyter-dep.widgets", "`true` or `false`", where)
    return Settings(
        widgets=widgets,
        build=tuple(
            canonicalize_name(requirement.parse(text, context={**where, "key": "tool.jupyter-dep.build", "entry": number}).name)
            for number, text in enumerate(texts(given.get("build", []), "tool.jupyter-dep.build", where), 1)
        ),
        platforms=_parse_markers(given.get("platforms", []), "tool.jupyter-dep.platforms", where),
    )


def _parse_markers(value: object, key: str, where: Context) -> tuple[str, ...]:
    markers: list[str] = []
    for number, text in enumerate(texts(value, key, where), 1):
        try:
            markers.append(requirement.canonical_marker(str(Marker(text))))
        except (InvalidMarker, RecursionError) as error:
            raise DepError(
                "bad-marker",
                f"`{text}` is not an environment marker",
                hint="write one such as `sys_platform == 'linux'` or `platform_machine == 'arm64'`",
                context={**where, "key": key, "entry": number},
            ) from error
    return tuple(markers)


def texts(value: object, key: str, where: Context) -> list[str]:
    """A value that must be a list of texts. Errors: `bad-value`."""
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise wrong(key, "a list of texts", where)
    return value


def table(value: object, key: str, where: Context) -> dict[str, object]:
    """A value that must be a table. Errors: `bad-value`."""
    if not isinstance(value, dict):
        raise wrong(key, "a table", where)
    return value


def plain(value: object) -> object:
    """A TOML value in JSON's types; dates and times become text."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, (datetime, date, time)):
        return re.sub(r"\+00:00$", "Z", value.isoformat())
    return value


def strings(value: object) -> Iterable[str]:
    """Every text in a value, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


def wrong(key: str, expected: str, where: Context) -> DepError:
    """The error `bad-value` for a key, with what is expected there."""
    return DepError(
        "bad-value", f"`{key}` has a value of the wrong kind", hint=f"write {expected}", context={**where, "key": key}
    )


def unsupported(key: str, allowed: Iterable[str], where: Context) -> DepError:
    """The error `unsupported-key` for a key, with the allowed ones."""
    return DepError(
        "unsupported-key",
        f"`{key}` is not supported in a declaration",
        hint="remove it; allowed here: " + ", ".join(f"`{name}`" for name in sorted(allowed)),
        context={**where, "key": key},
    )
