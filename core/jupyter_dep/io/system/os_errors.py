"""Errors of the operating system in the user's words."""

from __future__ import annotations

import errno
from pathlib import Path

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.steps import Hint, step

FREE_SPACE = Hint("free some space (", step("env gc", target=None), " removes unused environments), then run the same again")
_FULL = {errno.ENOSPC, errno.EDQUOT} if hasattr(errno, "EDQUOT") else {errno.ENOSPC}
_READ_ONLY = {errno.EACCES, errno.EPERM, errno.EROFS}
_NO_LOCKS = {errno.ENOSYS, errno.ENOLCK}
"""What a file system answers that cannot lock files; some clusters mount theirs so."""


def explain_os_error(error: OSError, path: Path, doing: str) -> DepError:
    """Say what a system error means: `path` is the file that it concerns, `doing` what failed (`writing`).

    Codes: `disk-full`, `read-only`, `no-locks`, `no-such-file`, `is-a-folder`, else `system`.
    """
    context = {"file": str(path)}
    if error.errno in _FULL:
        return DepError(
            "disk-full",
            f"no space left while {doing}",
            hint=FREE_SPACE,
            context=context,
        )
    if error.errno in _READ_ONLY:
        return DepError(
            "read-only",
            f"no permission while {doing}",
            hint="make the file and its folder writable, or work on a copy",
            context=context,
        )
    if error.errno in _NO_LOCKS:
        return DepError(
            "no-locks",
            f"this file system cannot lock files ({error.strerror}), which {doing} needs",
            hint="name a folder on a local disk with `JUPYTER_DEP_HOME`",
            context=context,
        )
    if error.errno == errno.ENOENT:
        return DepError("no-such-file", "file not found", hint="check the path and its spelling", context=context)
    if error.errno == errno.EISDIR:
        return DepError("is-a-folder", "this is a folder, not a file", hint="name a file", context=context)
    return DepError(
        "system", f"{error.strerror or error} while {doing}", hint="look at the file and its folder", context=context
    )
