"""Explain the engine's errors to a user. The patterns match the pinned version's wording; a test runs the real one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from jupyter_dep.base.engine_port import LockRequest
from jupyter_dep.base.errors import ConflictError, DepError, IndexUnreachableError
from jupyter_dep.base.steps import DOCTOR, Hint, step
from jupyter_dep.io.system.os_errors import FREE_SPACE
from jupyter_dep.model.lock.group_markers import KERNEL_GROUP

from .conflicts import flatten, names_not_found, no_solution
from .project_files import ROOT

if TYPE_CHECKING:
    from jupyter_dep.base.error_codes import ErrorCode


_EXACT = re.compile(r"\b([A-Za-z0-9][A-Za-z0-9._-]*)==")
_URL = re.compile(r"(https?://)([^\s/@)]*@)?([^\s/)]+)([^\s)]*)")
_EMPTY = re.compile(r"there are no versions of ([A-Za-z0-9][\w.-]*)(?= and |, )")
_STATUS = re.compile(r"\((\d{3}) ([A-Za-z ]+)\)")
_MB = re.compile(r"No space left on device|Disk quota exceeded", re.IGNORECASE)
_CONNECT = ("error sending request", "dns error", "Connection refused", "operation timed out", "tcp connect error")
_BROKEN = (
    "error decoding response body",
    "error reading a body",
    "Bad CRC",
    "Failed to extract archive",
    "end of file",
)


def names_not_served(stderr: str) -> frozenset[str]:
    """Names that no configured index has, or not in the one version that was asked for: what a `vouch` leaves out."""
    flat = flatten(stderr)
    if "No solution found" not in flat or _network(flat, flat, "lock") is not None:
        return frozenset()  # an index that did not answer has not said no
    return names_not_found(stderr) | {match[1].lower() for match in _EXACT.finditer(flat)}


def explain(stderr: str, *, doing: str, request: LockRequest | None = None) -> DepError:
    """The error that `stderr` tells; `doing` is `lock` or `install`. Codes: see the table in `docs/errors.md`."""
    if request is not None:
        stderr = _name_parts(stderr, request.project or ROOT)
    text = readable(stderr)
    if request is not None and request.project:
        text = text.replace("the notebook", "the project")
    flat = flatten(stderr)
    for judge in (_disk, _network, _hash, _build):
        if (error := judge(flat, text, doing)) is not None:
            return error
    if doing == "lock" and "No solution found" in flat:
        return no_solution(flat, text, request)
    if "which is incompatible with the project's Python requirement" in flat:
        return DepError(
            "no-matching-python",
            f"the chosen Python does not satisfy `requires-python`: {text}",
            hint=Hint(step("python"), " shows the Pythons to choose from"),
        )
    return DepError(
        "engine-failed",
        f"the engine could not {doing}: {text or '(no output)'}",
        hint=Hint("run ", DOCTOR, "; if it finds nothing, report this text"),
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


def _name_parts(stderr: str, project: str) -> str:
    """The engine writes `name:group` and `name[extra]` for the parts of our project; `your …` as for the project itself."""
    name = rf"(?:your project|(?<![\w.-]){re.escape(str(canonicalize_name(project)))})"
    text = re.sub(rf"{name}:([a-z0-9][a-z0-9-]*)", r"your group \1", stderr)
    return re.sub(rf"{name}\[([a-z0-9][a-z0-9-]*)\]", r"your extra \1", text)


def _disk(flat: str, text: str, doing: str) -> DepError | None:
    if _MB.search(flat):
        return DepError(
            "disk-full",
            "no space left on the disk while packages were fetched or linked",
            hint=FREE_SPACE,
        )
    return None


def _network(flat: str, text: str, doing: str) -> DepError | None:
    match = _URL.search(flat)
    host = f"`{match[3]}`" if match else "the package index"
    if "401 Unauthorized" in flat or "403 Forbidden" in flat:
        status = "401" if "401 Unauthorized" in flat else "403"
        return IndexUnreachableError(
            "index-refused",
            f"{host} requires valid credentials (status {status})",
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
            hint=Hint(DOCTOR, " shows where that is set"),
        )
    if "HTTP status" in flat and (answer := _STATUS.search(flat)):
        code: ErrorCode = "index-missing-file" if answer[1] == "404" else "index-failed"
        return IndexUnreachableError(
            code,
            f"{host} answered {answer[1]} ({answer[2]})",
            hint=Hint("the file is gone from the index: ", step("update"), " picks a version that is there")
            if answer[1] == "404"
            else "the index returned a server error; try again later, nothing was changed",
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
        return _no_package_page(f"{host} did not answer with a package page")
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
        hint=Hint(
            "open any web page to see whether a network's login page stands in between (hotel, train, office); ",
            "if not, check the index's URL with ",
            DOCTOR,
        ),
    )


def _hash(flat: str, text: str, doing: str) -> DepError | None:
    if match := re.search(r"(?:Hash|Size) mismatch for `([^`]+)`", flat):
        return DepError(
            "hash-mismatch",
            f"`{match[1]}` that the index serves is not the file that was locked",
            hint=Hint(
                "nothing was installed; if the index replaced the file, ",
                step("update", match[1].split("==")[0]),
                " locks what it serves now",
            ),
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
    from jupyter_dep.model.packages.import_map import meant_by

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
