"""Poetry's version constraints (`^1.2`, `~1.2`, `1.*`, `>=1,<2 || >=3`) as specifiers of PEP 440 and as markers.

The rules are those of poetry-core's `constraints/version/parser.py` and of its documentation, "Dependency specification".
"""

from __future__ import annotations

import re
from itertools import pairwise

from packaging.version import InvalidVersion, Version

from jupyter_dep.base.fast_dataclass import frozen_dataclass

_BETWEEN = re.compile(r"(?<!^)(?<![\^~=>< ,]) *(?<!-)[, ](?!-) *(?!,|$)")
_ONE = re.compile(r"(?P<op>\^|~=|~|!=|>=|<=|===?|=|>|<)?\s*v?(?P<version>[0-9][^\s*]*?)(?P<wild>(?:\.\*)+)?")
_ANY = re.compile(r"v?[xX*](?:\.[xX*])*")
_MOST = 40


@frozen_dataclass
class Bound:
    """A specifier; where it allows more than the constraint did, or could not be read, `lost` says why."""

    text: str
    lost: str = ""


@frozen_dataclass
class _Part:
    """One comparison of PEP 440; `version` is without its wildcard."""

    op: str
    version: Version
    wild: bool = False

    def __str__(self) -> str:
        return f"{self.op}{self.version}{'.*' if self.wild else ''}"


@frozen_dataclass
class _Range:
    """An interval of versions; None is open."""

    low: Version | None = None
    low_in: bool = False
    high: Version | None = None
    high_in: bool = False


def specifier(text: str, *, python: bool = False) -> Bound:
    """The specifier of a constraint, "" for any version.

    Alternatives (`||`) become one interval with exclusions where whole series lie between them. Where they do not, the
    text is the interval around all of them and `lost` is set. With `python`, a bare `3.8` means the whole minor.
    """
    try:
        alternatives = [_parts(piece, python=python) for piece in re.split(r"\s*\|\|?\s*", text.strip())]
    except (ValueError, InvalidVersion):
        return Bound(text="", lost=f"`{text}` is not a version constraint")
    if len(alternatives) == 1:
        return Bound(text=_joined(alternatives[0]))
    if not all(alternatives):
        return Bound(text="")
    return _union(alternatives, text, python=python)


def python_marker(text: str) -> str:
    """The marker of a Python constraint, "" for any Python. Errors: ValueError for a text that is not a constraint.

    Two-part versions compare with `python_version`, longer ones with `python_full_version`; alternatives are joined by `or`.
    """
    try:
        alternatives = [_parts(piece, python=True) for piece in re.split(r"\s*\|\|?\s*", text.strip())]
    except InvalidVersion as error:
        raise ValueError(str(error)) from error
    if not all(alternatives):
        return ""
    clauses = [" and ".join(_clause(part) for part in parts) for parts in alternatives]
    return (
        clauses[0] if len(clauses) == 1 else " or ".join(f"({clause})" if " and " in clause else clause for clause in clauses)
    )


def _parts(text: str, *, python: bool) -> list[_Part]:
    """The comparisons that all must hold; none for any version."""
    found: list[_Part] = []
    for one in _BETWEEN.split(text.strip().rstrip(",").rstrip()):
        if not _ANY.fullmatch(one):
            found += _single(one, python=python)
    return found


def _single(text: str, *, python: bool) -> list[_Part]:
    match = _ONE.fullmatch(text.strip())
    if match is None:
        raise ValueError(text)
    op, version, wild = match["op"] or "", Version(match["version"]), bool(match["wild"])
    release = version.release
    if op == "^" and not wild:
        return [_Part(op=">=", version=version), _Part(op="<", version=_breaking(version))]
    if op == "~" and not wild:
        upper = _next(version, 1 if len(release) == 1 else 2)
        return [_Part(op=">=", version=version), _Part(op="<", version=upper)]
    if op == "~=" and not wild:
        if len(release) in (2, 3):
            return [_Part(op="~=", version=version)]
        # here Poetry and PEP 440 part: `~=1.2.3.4` means `<1.3` to the one and `<1.2.4` to the other
        return [_Part(op=">=", version=version), _Part(op="<", version=_next(version, 2))]
    if op in (">", ">=", "<", "<="):
        return [_Part(op=op, version=version)]
    if op == "!=":
        return [_Part(op="!=", version=version, wild=wild)]
    if op in ("", "=", "==", "==="):
        if python and len(release) < 3:
            wild = True
        return [_Part(op="==", version=version, wild=wild)]
    raise ValueError(text)


def _breaking(version: Version) -> Version:
    """The first version that a caret excludes: what is left of the first part that is not zero stays."""
    release = version.release
    if release[0] > 0 or len(release) == 1:
        return _next(version, 1)
    if release[1] > 0 or len(release) == 2:
        return _next(version, 2)
    return _next(version, 3)


def _next(version: Version, count: int) -> Version:
    """The version with its part number `count` (1-based) raised, and with as many parts as it had."""
    padded = [*version.release, *(0 for _ in range(count - len(version.release)))]
    raised = [*padded[: count - 1], padded[count - 1] + 1, *(0 for _ in padded[count:])]
    if count == 1 and len(raised) == 1:
        raised.append(0)
    return Version(f"{version.epoch}!" + ".".join(map(str, raised)))


def _joined(parts: list[_Part]) -> str:
    return ",".join(dict.fromkeys(str(part) for part in parts))


def _union(alternatives: list[list[_Part]], text: str, *, python: bool) -> Bound:
    ranges = [_range(parts) for parts in alternatives]
    if any(one is None for one in ranges):
        return Bound(text="", lost=f"`{text}`: PEP 440 has no `or` between such bounds; any version is allowed now")
    merged = _merged([one for one in ranges if one is not None])
    hull = [f">{'=' if merged[0].low_in else ''}{merged[0].low}"] if merged[0].low is not None else []
    if merged[-1].high is not None:
        hull.append(f"<{'=' if merged[-1].high_in else ''}{merged[-1].high}")
    unstable = any(part.version.is_prerelease for parts in alternatives for part in parts)
    without: list[str] = []
    for before, after in pairwise(merged):
        between = None if unstable else _excluded(before, after, python=python)
        if between is None or len(without) + len(between) > _MOST:
            around = ",".join(hull) or "any version"
            return Bound(text=",".join(hull), lost=f"`{text}`: PEP 440 has no `or`; `{around}` is allowed now")
        without += between
    return Bound(text=",".join([*hull, *without]))


def _range(parts: list[_Part]) -> _Range | None:
    """The interval of comparisons that all hold, None where it has holes."""
    low, low_in, high, high_in = None, False, None, False
    for part in parts:
        version = part.version
        begins: tuple[Version, bool] | None = None
        ends: tuple[Version, bool] | None = None
        if part.op == "!=":
            return None
        if part.op in (">", ">="):
            begins = (version, part.op == ">=")
        elif part.op in ("<", "<="):
            ends = (version, part.op == "<=")
        elif part.op == "~=":
            begins, ends = (version, True), (_next(version, len(version.release) - 1), False)
        elif part.wild:
            begins, ends = (version, True), (_next(version, len(version.release)), False)
        else:
            begins, ends = (version, True), (version, True)
        if begins and (low is None or (begins[0], not begins[1]) > (low, not low_in)):
            low, low_in = begins
        if ends and (high is None or ends < (high, high_in)):
            high, high_in = ends
    return _Range(low=low, low_in=low_in, high=high, high_in=high_in)


def _merged(ranges: list[_Range]) -> list[_Range]:
    """The intervals in order, those that touch made one."""
    lowest = Version("0.dev0")
    ordered = sorted(ranges, key=lambda one: (one.low is not None, one.low or lowest, not one.low_in))
    found = [ordered[0]]
    for one in ordered[1:]:
        last = found[-1]
        if (
            last.high is None
            or one.low is None
            or one.low < last.high
            or (one.low == last.high and (one.low_in or last.high_in))
        ):
            if last.high is not None and (one.high is None or (one.high, one.high_in) > (last.high, last.high_in)):
                found[-1] = _Range(low=last.low, low_in=last.low_in, high=one.high, high_in=one.high_in)
        else:
            found.append(one)
    return found


def _excluded(before: _Range, after: _Range, *, python: bool) -> list[str] | None:
    """The exclusions that fill the gap exactly, None if none do."""
    high, low = before.high, after.low
    assert high is not None
    assert low is not None
    if high == low:
        return [f"!={high}"]
    if before.high_in or not after.low_in or high.epoch != low.epoch or not (_final(high) and _final(low)):
        return None
    if python and Version("2.8") <= high < Version("3"):
        high = Version("3.0")  # 2.7 was the last one
    first, last = _padded(high, low)
    for count in range(1, len(first) + 1):
        same, rest = first[: count - 1] == last[: count - 1], [*first[count:], *last[count:]]
        if same and not any(rest):
            if last[count - 1] - first[count - 1] > _MOST:
                return None
            epoch = f"{high.epoch}!" if high.epoch else ""
            prefix = "".join(f"{part}." for part in first[: count - 1])
            return [f"!={epoch}{prefix}{number}.*" for number in range(first[count - 1], last[count - 1])]
    return None


def _final(version: Version) -> bool:
    return not (version.is_prerelease or version.is_postrelease or version.local)


def _padded(one: Version, other: Version) -> tuple[list[int], list[int]]:
    length = max(len(one.release), len(other.release))
    return [*one.release, *[0] * (length - len(one.release))], [*other.release, *[0] * (length - len(other.release))]


def _clause(part: _Part) -> str:
    version, count = part.version, len(part.version.release)
    text = str(version)
    if part.op == "~=":
        upper = ".".join(map(str, _next(version, count - 1).release[: max(count - 1, 2)]))
        return f'{_variable(count)} >= "{text}" and python_version < "{upper}"'
    if part.op in ("==", "!="):
        if count >= 3:
            return f'python_full_version {part.op} "{text}{".*" if part.wild else ""}"'
        if count == 2:
            return f'python_version {part.op} "{text}"'
        after = version.release[0] + 1
        if part.op == "==":
            return f'python_version >= "{text}" and python_version < "{after}"'
        return f'(python_version < "{text}" or python_version >= "{after}")'
    if part.op in (">", "<=") and count < 3:
        # `python_version <= "3.10"` holds for 3.10.4, `<=3.10` does not
        return f'python_full_version {part.op} "{".".join(map(str, [*version.release, *[0] * (3 - count)]))}"'
    return f'{_variable(count)} {part.op} "{text}"'


def _variable(count: int) -> str:
    return "python_version" if count < 3 else "python_full_version"
