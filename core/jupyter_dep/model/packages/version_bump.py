"""The next version by a rule, as Poetry's `version` has it where it does; versions are those of PEP 440."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from packaging.version import Version

from jupyter_dep.base.errors import DepError, UsageError

RULES = (
    *("major", "minor", "patch", "premajor", "preminor", "prepatch", "prerelease"),
    *("stable", "post", "dev", "local-free"),
)
_PARTS = {"major": 1, "minor": 2, "patch": 3}
_PHASES: Mapping[str, Literal["b", "rc"]] = {"a": "b", "b": "rc"}


def bump(current: str, rule: str, *, next_phase: bool = False, backwards: bool = False) -> str:
    """The version after `current` by one of `RULES`, or `rule` itself where it is a version, normalised.

    `next_phase` turns a prerelease of alpha into beta, beta into rc, rc into the release. `local-free` drops the local part and
    changes nothing else. Errors: `bad-version`, `bad-version-rule`, and `version-backwards` for what would not be newer,
    unless `backwards` is set.
    """
    version = _parse(current)
    after = _apply_rule(version, rule, next_phase=next_phase)
    if after < version and rule != "local-free" and not backwards:
        raise DepError(
            "version-backwards",
            f"`{after}` is lower than `{version}`: installers would not upgrade to it",
            hint=f"name a version after `{version}`, or a rule such as `patch`",
            context={"key": "version"},
        )
    return str(after)


def _apply_rule(version: Version, rule: str, *, next_phase: bool) -> Version:
    if next_phase and rule != "prerelease":
        raise UsageError("bad-version-rule", "`--next-phase` belongs to `prerelease`", hint="leave it out, or say `prerelease`")
    if rule in _PARTS:
        return _raise_part(version, _PARTS[rule])
    if rule.startswith("pre") and rule[3:] in _PARTS:
        return _raise_part(version, _PARTS[rule[3:]]).__replace__(pre=("a", 0))
    rules: Mapping[str, Callable[[Version], Version]] = {
        "prerelease": lambda one: _raise_prerelease(one, next_phase=next_phase),
        "stable": lambda one: _make_release(one) if one.is_prerelease else one.__replace__(local=None),
        "post": _raise_post,
        "dev": _raise_dev,
        "local-free": lambda one: one.__replace__(local=None),
    }
    return rules[rule](version) if rule in rules else _parse_explicit(rule)


def _make_release(version: Version, release: Sequence[int] | None = None) -> Version:
    """The final release of a version, or another one of its epoch."""
    return Version.from_parts(epoch=version.epoch, release=tuple(version.release if release is None else release))


def _raise_part(version: Version, count: int) -> Version:
    """The release with part number `count` (1-based) raised; a pre-release of exactly that release becomes it."""
    release = [*version.release, *(0 for _ in range(count - len(version.release)))]
    unfinished = version.is_prerelease and not (version.pre is None and version.post is not None)
    if unfinished and not any(release[count:]):
        return _make_release(version)
    return _make_release(version, [*release[: count - 1], release[count - 1] + 1, *(0 for _ in release[count:])])


def _raise_prerelease(version: Version, *, next_phase: bool) -> Version:
    if not version.is_prerelease or (version.pre is None and version.post is not None):
        # Poetry's own command fails for a post-release: it has no pre-release, so the next patch gets one
        return _raise_part(version, 3).__replace__(pre=("a", 0))
    if version.pre is None:
        return _make_release(version).__replace__(pre=("a", 0))
    phase, number = version.pre
    if not next_phase:
        return _make_release(version).__replace__(pre=(phase, number + 1))
    return _make_release(version).__replace__(pre=(_PHASES[phase], 0) if phase in _PHASES else None)


def _raise_post(version: Version) -> Version:
    number = 1 if version.post is None else version.post + (version.dev is None)
    return version.__replace__(post=number, dev=None, local=None)


def _raise_dev(version: Version) -> Version:
    """A development release sorts before what it leads to, so it leads to the next one."""
    if version.dev is not None:
        return version.__replace__(dev=version.dev + 1, local=None)
    if version.post is not None:
        return version.__replace__(post=version.post + 1, dev=0, local=None)
    if version.pre is not None:
        phase, number = version.pre
        return version.__replace__(pre=(phase, number + 1), dev=0, local=None)
    return _raise_part(version, 3).__replace__(dev=0)


def _parse(text: str) -> Version:
    try:
        return Version(text)
    except ValueError as error:  # `InvalidVersion`, and a number of more digits than Python converts
        raise DepError(
            "bad-version",
            f"`{text}` is not a PEP 440 version",
            hint="write one such as `0.1.0` or `2.0rc1`",
            context={"key": "version"},
        ) from error


def _parse_explicit(rule: str) -> Version:
    try:
        return Version(rule)
    except ValueError as error:  # `InvalidVersion`, and a number of more digits than Python converts
        close = difflib.get_close_matches(rule, RULES, 1)
        listed = ", ".join(f"`{name}`" for name in RULES)
        hint = f"did you mean `{close[0]}`?" if close else f"rules are {listed}; or write a version such as `1.2.0`"
        raise UsageError("bad-version-rule", f"`{rule}` is neither a rule nor a version", hint=hint) from error
