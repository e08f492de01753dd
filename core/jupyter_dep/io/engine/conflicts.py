"""Why no set of versions satisfies a declaration, from the engine's explanation: what clashes first, and what would work."""

from __future__ import annotations

import re

from jupyter_dep.base.engine_port import LockRequest
from jupyter_dep.base.errors import ConflictError, DepError, IndexUnreachableError
from jupyter_dep.base.steps import DOCTOR, Hint, step
from jupyter_dep.model.lock.group_markers import KERNEL_GROUP

_NOT_FOUND = re.compile(r"\b([A-Za-z0-9][A-Za-z0-9._-]*) was not found in the (?:package registry|cache)")
_DEPENDS = re.compile(
    r"(your (?:project|group \S+|extra \S+)|all versions of \S+|[a-z0-9][\w.\-\[\]=]*) depends? on "
    r"((?:(?! and (?:your|all|only|we)|, we).)+)"
)


def flatten(stderr: str) -> str:
    """Put all of a text on one line."""
    return re.sub(r"\s+", " ", stderr)


def names_not_found(stderr: str) -> frozenset[str]:
    """Names that no configured index has."""
    return frozenset(match[1].lower().rstrip(".") for match in _NOT_FOUND.finditer(flatten(stderr)))


def no_solution(flat: str, text: str, request: LockRequest | None) -> DepError:
    """Give the error for a declaration that has no solution: what clashes, and what would work."""
    body = text.split("\n", 1)[1] if "\n" in text else text
    missing = sorted(names_not_found(flat))
    if missing:
        return _explain_unknown(missing, flat)
    if match := re.search(r"`([^`]+)` was filtered by `exclude-newer`", flat):
        return ConflictError(
            "cutoff",
            f"`{match[1]}` has no version from before the cutoff that fits",
            hint="choose a later `exclude-newer`, or an older bound",
            context={"package": match[1]},
        )
    if "does not satisfy Python" in flat or "matching Python" in flat or "-compatible wheels" in flat:
        return _not_everywhere(flat, body, request)
    clash = _find_clash(flat)
    if clash is None and (only := re.search(r"only (\S+?)(<=|>=|==)(\S+) is available", flat)):
        newest = f": the newest is {only[3]}" if only[2] != ">=" else f": the oldest is {only[3]}"
        return _no_such_version(only[1], newest, body)
    if clash is None and (absent := re.search(r"there is no version of ([\w.-]+)(?:\[[^\]]*\])?(==\S+)", flat)):
        return _no_such_version(absent[1], f" `{absent[2]}`", body)
    if yanked := re.search(r"(\S+?)==(\S+) was yanked \(reason: ([^)]*)\)", flat):
        return ConflictError(
            "yanked",
            f"`{yanked[1]}` {yanked[2]} was withdrawn by its author ({yanked[3]})",
            hint=f"ask for another version, or for exactly this one if you must: `{yanked[1]}=={yanked[2]}`",
            context={"package": yanked[1]},
        )
    named = f"{clash[0]} and {clash[1]} clash" if clash else "no set of versions satisfies what is declared"
    hint = "loosen one of the two, or remove one" if clash else "loosen a bound, or remove a package"
    return ConflictError("conflict", f"{named}\n{body}", hint=hint)


def _explain_unknown(missing: list[str], flat: str) -> DepError:
    name = missing[0]
    which = re.escape(name)
    needed = re.search(rf"\b{which} was not found in [^.]*? and (?:all versions of )?(\S+) depends? on {which}", flat)
    by = f", which `{needed[1]}` needs" if needed and needed[1] != "project" else ""
    from jupyter_dep.model.packages.import_map import meant_by

    meant = meant_by(name)
    return IndexUnreachableError(
        "unknown-package",
        f"no package index that you have configured knows {_join_names(missing)}{by}",
        hint=f"did you mean {' or '.join(f'`{other}`' for other in meant)}?"
        if meant
        else Hint("check the spelling; an organisation's own package needs its index in your settings (", DOCTOR, ")"),
        context={"package": name},
    )


def _join_names(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _no_such_version(name: str, which: str, body: str) -> ConflictError:
    return ConflictError(
        "no-such-version",
        f"`{name}` has no version that fits{which}\n{body}",
        hint=f"loosen the bound, or leave it out: `{name}`",
        context={"package": name},
    )


def _find_clash(flat: str) -> tuple[str, str] | None:
    """The two requirements that clash first, in the user's words."""
    first = re.split(r", which are incompatible|, we can conclude", flat, maxsplit=1)[0]
    found = []
    for match in _DEPENDS.finditer(first):
        who = match[1].replace("your project", "the declaration").replace("all versions of ", "")
        who = who.replace(f"your group {KERNEL_GROUP}", "the kernel")
        who = re.sub(r"^your (group|extra) (.*)$", r"\1 `\2`", who)
        found += [f"`{wanted.strip().rstrip(',')}` (asked by {who})" for wanted in re.split(r" and (?=[a-z0-9])", match[2])]
    return (found[0], found[1]) if len(found) >= 2 else None


def _not_everywhere(flat: str, body: str, request: LockRequest | None) -> DepError:
    """What would work, in this order: fewer Pythons, fewer platforms, a permission to build."""
    steps = []
    if match := re.search(r"more restrictive `requires-python` value \(like ([^)]+)\)", flat):
        steps.append(f'declare `requires-python = "{match[1]}"`')
    elif tags := re.search(r"with the following Python ABI tags?: ((?:`[^`]+`(?:, | and )?)+)", flat):
        minors = [int(minor) for minor in re.findall(r"`cp3(\d+)t?`", tags[1])]
        if minors:
            steps.append(f'declare `requires-python = "==3.{max(minors)}.*"`')
    if missing := re.search(r"has no (\w+)-compatible wheels", flat):
        others = {"Linux": "linux", "Windows": "win32", "macOS": "darwin"}
        keep = others.get(missing[1])
        condition = f"sys_platform != '{keep}'" if keep else "sys_platform == 'linux'"
        steps.append(f'declare fewer platforms, `[tool.jupyter-dep] platforms = ["{condition}"]`')
    elif split := re.search(r"for split \(markers: [^)]*sys_platform == '(\w+)'", flat):
        steps.append(f"declare fewer platforms, `[tool.jupyter-dep] platforms = [\"sys_platform != '{split[1]}'\"]`")
    if "building from source is disabled" in flat and (match := re.search(r"(\S+?)==\S+ has no (?:usable )?wheels", flat)):
        steps.append(f'permit its build, `[tool.jupyter-dep] build = ["{match[1]}"]`')
    return ConflictError(
        "not-on-every-python",
        f"no set of versions works on every Python and platform that the declaration allows\n{body}",
        hint="; or ".join(steps) or Hint("choose another Python (", step("python"), "), or another version of the package"),
    )
