"""What the engine's last words mean for a user. Its wording is the pinned version's; a test runs the real one."""

from __future__ import annotations

import re

from packaging.utils import canonicalize_name

from ..engine import LockRequest
from ..errors import ConflictError, DepError, IndexUnreachableError
from ..model.membership import KERNEL_GROUP
from .engine_input import ROOT

_NOT_FOUND = re.compile(r"\b([A-Za-z0-9][A-Za-z0-9._-]*) was not found in the (?:package registry|cache)")
_EXACT = re.compile(r"\b([A-Za-z0-9][A-Za-z0-9._-]*)==")
_URL = re.compile(r"(https?://)([^\s/@)]*@)?([^\s/)]+)([^\s)]*)")
_EMPTY = re.compile(r"there are no versions of ([A-Za-z0-9][\w.-]*)(?= and |, )")
_STATUS = re.compile(r"\((\d{3}) ([A-Za-z ]+)\)")
_DEPENDS = re.compile(
    r"(your (?:project|group \S+|extra \S+)|all versions of \S+|[a-z0-9][\w.\-\[\]=]*) depends? on "
    r"((?:(?! and (?:your|all|only|we)|, we).)+)"
)
_MB = re.compile(r"No space left on device|Disk quota exceeded", re.IGNORECASE)
_CONNECT = ("error sending request", "dns error", "Connection refused", "operation timed out", "tcp connect error")
_BROKEN = (
    "error decoding response body",
    "error reading a body",
    "Bad CRC",
    "Failed to extract archive",
    "end of file",
)


def names_not_found(stderr: str) -> frozenset[str]:
    """Names that no configured index has."""
    return frozenset(match[1].lower().rstrip(".") for match in _NOT_FOUND.finditer(_flat(stderr)))


def names_not_served(stderr: str) -> frozenset[str]:
    """Names that no configured index has, or not in the one version that was asked for: what a `vouch` leaves out."""
    flat = _flat(stderr)
    if "No solution found" not in flat or _network(flat, flat, "lock") is not None:
        return frozenset()  # an index that did not answer has not said no
    return names_not_found(stderr) | {match[1].lower() for match in _EXACT.finditer(flat)}


def explain(stderr: str, *, doing: str, request: LockRequest | None = None) -> DepError:
    """The error that `stderr` tells; `doing` is `lock` or `install`. Codes: see the table in `docs/errors.md`."""
    if request is not None:
        stderr = _with_parts_named(stderr, request.project or ROOT)
    text = readable(stderr)
    if request is not None and request.project:
        text = text.replace("the notebook", "the project")
    flat = _flat(stderr)
    for judge in (_disk, _network, _hash, _build):
        if (error := judge(flat, text, doing)) is not None:
            return error
    if doing == "lock" and "No solution found" in flat:
        return _no_solution(flat, text, request)
    if "which is incompatible with the project's Python requirement" in flat:
        return DepError(
            "no-matching-python",
            f"the chosen Python does not satisfy `requires-python`: {text}",
            hint="`jupyter dep python NOTEBOOK` shows the Pythons to choose from",
        )
    return DepError(
        "engine-failed",
        f"the engine could not {doing}: {text or 'it said nothing'}",
        hint="run `jupyter dep doctor`; if it finds nothing, report this text",
    )


def readable(stderr: str) -> str:
    """The engine's explanation without its chatter, credentials and our names for its project."""
    lines = [
        line
        for line in stderr.splitlines()
        if line.strip() and not line.startswith(("Using ", "Resolved ", "warning: The `--pylock`", "Prepared "))
    ]
    text = "\n".join(lines).removeprefix("error: ")
    text = re.sub(r"^(?:  cause: | {9})", "", text, flags=re.MULTILINE)
    text = re.sub(r"^hint: .*(?:--no-build|building from source).*\n?", "", text, flags=re.MULTILINE)
    text = re.sub(r"^hint: ", "", text, flags=re.MULTILINE)
    text = text.replace(f"your group {KERNEL_GROUP}", "the kernel")
    text = re.sub(r"\byour (group|extra) ([\w.-]*\w)", r"\1 `\2`", text)
    text = text.replace(ROOT, "the notebook").replace("your project", "the notebook")
    return _URL.sub(lambda match: f"{match[1]}{match[3]}{match[4].split('?')[0]}", text).strip()


def _with_parts_named(stderr: str, project: str) -> str:
    """The engine writes `name:group` and `name[extra]` for the parts of our project; `your …` as for the project itself."""
    name = rf"(?:your project|(?<![\w.-]){re.escape(str(canonicalize_name(project)))})"
    text = re.sub(rf"{name}:([a-z0-9][a-z0-9-]*)", r"your group \1", stderr)
    return re.sub(rf"{name}\[([a-z0-9][a-z0-9-]*)\]", r"your extra \1", text)


def _flat(stderr: str) -> str:
    return re.sub(r"\s+", " ", stderr)


def _disk(flat: str, text: str, doing: str) -> DepError | None:
    if _MB.search(flat):
        return DepError(
            "disk-full",
            "no space left on the disk while packages were fetched or linked",
            hint="free some space (`jupyter dep env gc` removes unused environments), then run the same again",
        )
    return None


def _network(flat: str, text: str, doing: str) -> DepError | None:
    match = _URL.search(flat)
    host = f"`{match[3]}`" if match else "the package index"
    if "401 Unauthorized" in flat or "403 Forbidden" in flat:
        status = "401" if "401 Unauthorized" in flat else "403"
        return IndexUnreachableError(
            "index-refused",
            f"{host} wants valid credentials (status {status})",
            hint="put the credentials into your own index settings (`UV_DEFAULT_INDEX`, `PIP_INDEX_URL` or pip's "
            "configuration); they are never taken from a notebook and never written into a lock",
        )
    if "network was disabled" in flat or "Network connectivity is disabled" in flat:
        return IndexUnreachableError(
            "offline",
            "what is needed is not in the cache, and `--offline` forbids fetching it",
            hint="run once without `--offline`; after that it works offline",
        )
    if "index lookups were disabled" in flat:
        return IndexUnreachableError(
            "no-index",
            "your own settings switch package indexes off (`no-index`), so nothing can be looked up",
            hint="`jupyter dep doctor` tells where that is set",
        )
    if "HTTP status" in flat and (answer := _STATUS.search(flat)):
        code = "index-missing-file" if answer[1] == "404" else "index-failed"
        return IndexUnreachableError(
            code,
            f"{host} answered {answer[1]} ({answer[2]})",
            hint="the file is gone from the index: `jupyter dep update` picks what is there"
            if answer[1] == "404"
            else "the index has a bad moment: try again later, nothing was changed",
        )
    if re.search(r"invalid peer certificate|UnknownIssuer|self.signed certificate", flat):
        return IndexUnreachableError(
            "untrusted-certificate",
            f"{host} shows a certificate that this machine does not trust",
            hint="name your organisation's certificate in `SSL_CERT_FILE`; never switch the check off",
        )
    if any(phrase in flat for phrase in _CONNECT):
        return IndexUnreachableError(
            "network",
            f"{host} cannot be reached",
            hint="check the network and the proxy; what is sealed already keeps working offline",
        )
    if re.search(r"unexpected JSON|unsupported content type|missing `content-type`", flat, re.IGNORECASE):
        return _no_package_page(f"{host} answers with something that is no package page")
    if doing == "lock" and "`exclude-newer`" not in flat and (empty := _EMPTY.search(flat)):
        return _no_package_page(f"the package index answers for `{empty[1]}`, but lists no file of it")
    if any(phrase in flat for phrase in _BROKEN):
        return IndexUnreachableError(
            "broken-download",
            f"a download broke off or arrived damaged: {text.splitlines()[0]}",
            hint="run the same again; nothing damaged was kept",
        )
    return None


def _no_package_page(message: str) -> IndexUnreachableError:
    return IndexUnreachableError(
        "no-package-page",
        message,
        hint="open any web page to see whether a network's login page stands in between (hotel, train, office); "
        "if not, check the index's URL with `jupyter dep doctor`",
    )


def _hash(flat: str, text: str, doing: str) -> DepError | None:
    if match := re.search(r"(?:Hash|Size) mismatch for `([^`]+)`", flat):
        return DepError(
            "hash-mismatch",
            f"`{match[1]}` that the index serves is not the file that was locked",
            hint="nothing was installed; if the index replaced the file, `jupyter dep update NOTEBOOK "
            f"{match[1].split('==')[0]}` locks what it serves now",
            context={"package": match[1]},
        )
    return None


def _build(flat: str, text: str, doing: str) -> DepError | None:
    if match := re.search(r"Failed to build `([^`]+)`", flat):
        return DepError(
            "build-failed",
            f"`{match[1]}` could not be built: {_last_words(text)}",
            hint="look for a version that has a wheel, or read the build's output above",
            context={"package": match[1]},
        )
    match = re.search(r"Wheels are required for `([^`]+)`", flat) or re.search(
        r"Package `([^`]+)` can't be installed because it is marked as `--no-build`", flat
    )
    if match is None:
        return None
    from ..model.names import meant_by

    meant = meant_by(match[1])
    return ConflictError(
        "needs-build",
        f"`{match[1]}` has no wheel that fits, only source, and building runs its code",
        hint=(f"did you mean `{meant[0]}`? Else " if meant else "")
        + f'permit it in the declaration, `[tool.jupyter-dep] build = ["{match[1]}"]`, or ask for a version that has wheels',
        context={"package": match[1]},
    )


def _last_words(text: str) -> str:
    return " · ".join(line.strip() for line in text.splitlines()[-4:])


def _no_solution(flat: str, text: str, request: LockRequest | None) -> DepError:
    body = text.split("\n", 1)[1] if "\n" in text else text
    missing = sorted(names_not_found(flat))
    if missing:
        return _unknown(missing, flat)
    if match := re.search(r"`([^`]+)` was filtered by `exclude-newer`", flat):
        return ConflictError(
            "cutoff",
            f"`{match[1]}` has no version from before the cutoff that fits",
            hint="choose a later `exclude-newer`, or an older bound",
            context={"package": match[1]},
        )
    if "does not satisfy Python" in flat or "matching Python" in flat or "-compatible wheels" in flat:
        return _not_everywhere(flat, body, request)
    clash = _clash(flat)
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


def _unknown(missing: list[str], flat: str) -> DepError:
    name = missing[0]
    which = re.escape(name)
    needed = re.search(rf"\b{which} was not found in [^.]*? and (?:all versions of )?(\S+) depends? on {which}", flat)
    by = f", which `{needed[1]}` needs" if needed and needed[1] != "project" else ""
    from ..model.names import meant_by

    meant = meant_by(name)
    return IndexUnreachableError(
        "unknown-package",
        f"no package index that you have configured knows {_listed(missing)}{by}",
        hint=f"did you mean {' or '.join(f'`{other}`' for other in meant)}?"
        if meant
        else "check the spelling; an organisation's own package needs its index in your settings (`jupyter dep doctor`)",
        context={"package": name},
    )


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _no_such_version(name: str, which: str, body: str) -> ConflictError:
    return ConflictError(
        "no-such-version",
        f"`{name}` has no version that fits{which}\n{body}",
        hint=f"loosen the bound, or leave it out: `{name}`",
        context={"package": name},
    )


def _clash(flat: str) -> tuple[str, str] | None:
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
    if not steps:
        steps.append("choose another Python (`jupyter dep python NOTEBOOK`), or another version of the package")
    return ConflictError(
        "not-on-every-python",
        f"no set of versions works on every Python and platform that the declaration allows\n{body}",
        hint="; or ".join(steps),
    )
