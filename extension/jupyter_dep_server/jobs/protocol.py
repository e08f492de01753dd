"""What the server and its workers send each other: one JSON object a line, tagged by `type`.

To a worker: a `JobOrder`, then perhaps a `CancelJob`; or a `ReadOrder`. From it: `Hello` once; for a job `Begun`, any number
of `ProgressEvent`s, and `Done`; for a reading one `ReadAnswer`. Paths of this machine are bytes (base64 on the wire), since
a file's name need not be text.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Literal

import msgspec

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.progress import Progress
from jupyter_dep.messages import Failure, Outcome
from jupyter_dep.messages.jobs import JobRequest
from jupyter_dep.model.lock.audit import ConsentScope
from jupyter_dep_server import problems
from jupyter_dep_server.codec import encode
from jupyter_dep_server.problems import http_status
from jupyter_dep_server.state.live_kernel import LiveKernel

ViewName = Literal["project", "packages", "graph", "pythons", "search", "details", "kernels", "consent", "revoke"]


class JobOrder(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="job"):
    """One job to do. `notebook` is absolute; below `folder`, the server's, paths are written as the page knows them."""

    request: JobRequest
    notebook: bytes
    folder: bytes | None = None
    id: int = 0


class CancelJob(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="cancel"):
    """Stop the job of this number."""

    id: int


class HostScopes(msgspec.Struct, frozen=True, kw_only=True):
    """The hosts that a consent to the lock of this fingerprint has to name."""

    fingerprint: str
    items: tuple[ConsentScope, ...]


class ReadOrder(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="read"):
    """One page to make. `folder` is the server's, None where its contents are not files; `hidden`: it serves hidden ones.

    `path` is the notebook's in the contents API. `words` and `limit` belong to `search` and `details`, `kernels` to `project`
    and `kernels`, `hosts` to `consent`.
    """

    view: ViewName
    folder: bytes | None = None
    hidden: bool = False
    path: str = ""
    words: str = ""
    limit: int = 0
    kernels: tuple[LiveKernel, ...] = ()
    hosts: tuple[HostScopes, ...] = ()
    id: int = 0


class Hello(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="hello"):
    """A worker is ready; `version` is that of the jupyter-dep that it has imported."""

    version: str


class Begun(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="begun"):
    """A job was taken. A worker that ends before it says so has done nothing of it."""

    id: int


class ProgressEvent(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="progress"):
    """How far a job is."""

    id: int
    progress: Progress


class Done(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="done"):
    """The end of a job: one of `outcome` and `failure`. `trouble` is the traceback behind an `internal` failure, for the log.

    `hosts` is there where the failure is that the index does not vouch for some.
    """

    outcome: Outcome | None = None
    failure: Failure | None = None
    hosts: HostScopes | None = None
    trouble: str = ""
    id: int = 0

    @property
    def result(self) -> Outcome | Failure:
        """The outcome, or the failure."""
        found = self.outcome or self.failure
        assert found is not None
        return found


class ReadAnswer(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="answer"):
    """The end of a reading: the HTTP status and the JSON body, of the page or of a `Problem`. `trouble` as in `Done`."""

    status: int = 200
    body: bytes = b""
    trouble: str = ""
    id: int = 0

    @property
    def failed(self) -> bool:
        """Whether the body is a `Problem`."""
        return self.status >= 400


def refuse(error: DepError, order: ReadOrder, *, trouble: str = "") -> ReadAnswer:
    """Answer a reading with an error; paths below the server's folder are written as the page knows them."""
    folder = Path(os.fsdecode(order.folder)) if order.folder is not None else None
    return ReadAnswer(status=http_status(error), body=encode(problems.problem(error, folder)), trouble=trouble)


Order = JobOrder | ReadOrder
Line = Order | CancelJob | Hello | Begun | ProgressEvent | Done | ReadAnswer


def write(line: Line) -> str:
    """Write a line without its newline, in ASCII: a file name that is not text survives as an escape."""
    return json.dumps(msgspec.to_builtins(line), separators=(",", ":"))


def read(text: str) -> Line:
    """Read what `write` made a line of. Errors: `ValueError` and `msgspec.ValidationError` for any other."""
    return msgspec.convert(json.loads(text), Line)  # type: ignore[no-any-return]
