"""The next version by a rule, as Poetry's `version` has it where it does; versions are those of PEP 440."""

from __future__ import annotations

import difflib

from packaging.version import Version

from jupyter_dep.base.errors import DepError, UsageError

RULES = (
    *("major", "minor", "patch", "premajor", "preminor", "prepatch", "prerelease"),
    *("stable", "post", "dev", "local-free"),
)
_PARTS = {"major": 1, "minor": 2, "patch": 3}
_PHASES = {"a": "b", "b": "rc"}


def bump(current: str, rule: str, *, next_phase: bool = False, backwards: bool = False) -> str:
    """The version after `current` by one of `RULES`, or `rule` itself where it is a version, normalised.

    `next_phase` turns a prerelease of alpha into beta, beta into rc, rc into the release. `local-free` drops the local part and
    changes nothing else. Errors: `bad-version`, `bad-version-rule`, and `version-backwards` for what would not be newer,
    unless `backwards` is set.
    """
    version = _version(current)
    after = _after(version, rule, next_phase=next_phase)
    if after < version and rule != "local-free" and not backwards:
        raise DepError(
            "version-backwards",
            f"`{after}` is older than `{version}`: who has that one would never get this one",
            hint=f"name a version after `{version}`, or a rule such as `patch`",
            context={"key": "version"},
        )
    return str(after)


def _after(version: Version, rule: str, *, next_phase: bool) -> Version:
    if next_phase and rule != "prerelease":
        raise UsageError("bad-version-rule", "`--next-phase` belongs to `prerelease`", hint="leave it out, or say `prerelease`")
    if rule in _PARTS:
        return _part(version, _PARTS[rule])
    if rule.startswith("pre") and rule[3:] in _PARTS:
        return _made(version, _part(version, _PARTS[rule[3:]]).release, "a0")
    if rule == "prerelease":
        return _prerelease(version, next_phase=next_phase)
    if rule == "stable":
        return _made(version, version.release) if version.is_prerelease else _public(version)
    if rule == "post":
        pre = "".join(map(str, version.pre or ()))
        number = 1 if version.post is None else version.post + (version.dev is None)
        return _made(version, version.release, f"{pre}.post{number}")
    if rule == "dev":
        return _dev(version)
    if rule == "local-free":
        return _public(version)
    return _explicit(rule)


def _part(version: Version, count: int) -> Version:
    """The release with part number `count` (1-based) raised; a pre-release of exactly that release becomes it."""
    release = [*version.release, *(0 for _ in range(count - len(version.release)))]
    unfinished = version.is_prerelease and not (version.pre is None and version.post is not None)
    if unfinished and not any(release[count:]):
        return _made(version, version.release)
    return _made(version, [*release[: count - 1], release[count - 1] + 1, *(0 for _ in release[count:])])


def _prerelease(version: Version, *, next_phase: bool) -> Version:
    if not version.is_prerelease:
        return _made(version, _part(version, 3).release, "a0")
    if version.pre is None:
        # Poetry's own command fails here; of a post-release there is no pre-release, so the next patch gets one
        return _made(version, version.release if version.post is None else _part(version, 3).release, "a0")
    phase, number = version.pre
    if not next_phase:
        return _made(version, version.release, f"{phase}{number + 1}")
    return _made(version, version.release, f"{_PHASES[phase]}0" if phase in _PHASES else "")


def _dev(version: Version) -> Version:
    """A development release sorts before what it leads to, so it leads to the next one."""
    pre, post = version.pre, version.post
    if version.dev is not None:
        suffix = "".join(map(str, pre or ())) + (f".post{post}" if post is not None else "")
        return _made(version, version.release, f"{suffix}.dev{version.dev + 1}")
    if post is not None:
        return _made(version, version.release, "".join(map(str, pre or ())) + f".post{post + 1}.dev0")
    if pre is not None:
        return _made(version, version.release, f"{pre[0]}{pre[1] + 1}.dev0")
    return _made(version, _part(version, 3).release, ".dev0")


def _made(version: Version, release: tuple[int, ...] | list[int], suffix: str = "") -> Version:
    return Version(f"{version.epoch}!" + ".".join(map(str, release)) + suffix)


def _public(version: Version) -> Version:
    return Version(version.public)


def _version(text: str) -> Version:
    try:
        return Version(text)
    except ValueError as error:  # `InvalidVersion`, and a number of more digits than Python converts
        raise DepError(
            "bad-version",
            f"`{text}` is no version of PEP 440",
            hint="write one such as `0.1.0` or `2.0rc1`",
            context={"key": "version"},
        ) from error


def _explicit(rule: str) -> Version:
    try:
        return Version(rule)
    except ValueError as error:  # `InvalidVersion`, and a number of more digits than Python converts
        close = difflib.get_close_matches(rule, RULES, 1)
        listed = ", ".join(f"`{name}`" for name in RULES)
        hint = f"did you mean `{close[0]}`?" if close else f"rules are {listed}; or write a version such as `1.2.0`"
        raise UsageError("bad-version-rule", f"`{rule}` is neither a rule nor a version", hint=hint) from error
