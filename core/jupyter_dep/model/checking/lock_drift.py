"""Differences between a lock and the declaration that it should answer, part by part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from packaging.specifiers import InvalidSpecifier

from jupyter_dep.base.steps import Hint, Step
from jupyter_dep.model.declaration.requirement import Context
from jupyter_dep.model.lock.digest import LockDigest
from jupyter_dep.model.packages.python_range import allows_minor

from .finding import Finding

_SETTINGS = ("uv", "widgets", "build", "platforms")


def stale(declared: Mapping[str, Any], locked: Mapping[str, Any], *, lock: Step, where: Context) -> Iterator[Finding]:
    """Report each difference; both are `Declaration.canonical()` as JSON values."""
    differences = [
        *_compare_python(declared, locked),
        *_compare_requirements(declared, locked),
        *_compare_settings(declared, locked),
    ]
    for message in differences or ["the declaration has changed since it was locked"]:
        yield Finding(level="error", code="stale", message=message, hint=Hint(lock, " brings it up to date"), context=where)


def other_python(summary: LockDigest, requires_python: str | None, *, lock: Step, where: Context) -> Iterator[Finding]:
    """Report a lock that was made with a Python that the declaration does not allow."""
    try:
        allowed = allows_minor(requires_python, summary.python)
    except InvalidSpecifier:
        return
    if not allowed:
        yield Finding(
            level="error",
            code="other-python",
            message=f"the lock was made with Python {summary.python}, and the project asks for `{requires_python}`",
            hint=Hint(lock, " chooses one that fits"),
            context=where,
        )


def _compare_python(declared: Mapping[str, Any], locked: Mapping[str, Any]) -> Iterator[str]:
    now, then = declared.get("requires-python", ""), locked.get("requires-python", "")
    if now != then:
        yield f"`requires-python` is {_quote(now)}, and the lock answers {_quote(then)}"


def _compare_requirements(declared: Mapping[str, Any], locked: Mapping[str, Any]) -> Iterator[str]:
    parts = [("", declared.get("dependencies", ()), locked.get("dependencies", ()))]
    for kind, key in (("extra", "extras"), ("group", "groups")):
        now, then = _as_table(declared.get(key)), _as_table(locked.get(key))
        for name in sorted({*now, *then}):
            if name not in now or name not in then:
                yield f"the {kind} `{name}` is {'not in the lock' if name in now else 'locked, and no longer declared'}"
            else:
                parts.append((f" in the {kind} `{name}`", now[name], then[name]))
    for place, wanted, had in parts:
        for text in sorted(set(wanted) - set(had)):
            yield f"`{text}` is declared{place}, and the lock does not answer it"
        for text in sorted(set(had) - set(wanted)):
            yield f"`{text}` is locked{place}, and no longer declared"


def _compare_settings(declared: Mapping[str, Any], locked: Mapping[str, Any]) -> Iterator[str]:
    for key in _SETTINGS:
        now, then = declared.get(key), locked.get(key)
        if key == "uv":
            for name in sorted({*_as_table(now), *_as_table(then)}):
                if _as_table(now).get(name) != _as_table(then).get(name):
                    yield f"`tool.uv.{name}` has changed since it was locked"
        elif now != then:
            yield f"`tool.jupyter-dep.{key}` has changed since it was locked"


def _as_table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _quote(text: str) -> str:
    return f"`{text}`" if text else "not set"
