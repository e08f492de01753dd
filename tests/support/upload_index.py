"""A real package index that takes uploads: pypiserver on loopback, with passwords, and with bad days on request."""

from __future__ import annotations

import base64
import io
import json
import ssl
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from socketserver import ThreadingMixIn
from types import TracebackType
from typing import Any, Self
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pypiserver
import trustme
from passlib.apache import HtpasswdFile

WRITER = ("writer", "wr1te-s3cret")
READER = ("reader", "re4d-s3cret")
MINTED = ("__token__", "m1nted-t0ken")
"""What the index gives a build service for its identity, for one upload."""

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request; `user` is what it came with by HTTP Basic, empty for nobody."""

    method: str
    path: str
    user: str


@dataclass(slots=True, kw_only=True)
class Fault:
    """What happens to the uploads after the first `after`, for `times` of them (None: always)."""

    status: str
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    stall: float = 0.0
    after: int = 0
    times: int | None = None
    seen: int = field(default=0, init=False)


class UploadIndex:
    """pypiserver over `folders` while it is open: uploads go into the first, everything is listed and served.

    Uploads are `WRITER`'s; with `private`, reading needs a name too (either's). `asked` is in order of arrival. With an
    `authority` it speaks TLS, and trusts identities of the build service that it is itself, too.
    """

    def __init__(self, *folders: Path, private: bool = False, authority: trustme.CA | None = None) -> None:
        self.folder = folders[0]
        self.asked: list[Asked] = []
        self.faults: list[Fault] = []
        self._closing = threading.Event()
        passwords = self.folder.parent / f"{self.folder.name}.htpasswd"
        known = HtpasswdFile(str(passwords), new=True)
        for name, password in (WRITER, READER, MINTED):
            known.set_password(name, password)
        known.save()
        self.folder.mkdir(parents=True, exist_ok=True)
        self._app: Application = pypiserver.app(
            roots=list(folders),
            password_file=str(passwords),
            authenticate=["update", "list", "download"] if private else ["update"],
            disable_fallback=True,
            hash_algo="sha256",
            backend_arg="simple-dir",
        )
        self._server = make_server("127.0.0.1", 0, self._answer, _Server, _Quiet)
        self._scheme = "http" if authority is None else "https"
        if authority is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            authority.issue_cert("127.0.0.1").configure_cert(context)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """Where uploads go."""
        return f"{self._scheme}://127.0.0.1:{self._server.server_port}/"

    @property
    def simple(self) -> str:
        return self.url + "simple/"

    def simple_as(self, who: tuple[str, str]) -> str:
        return self.simple.replace("://", f"://{who[0]}:{who[1]}@")

    def has(self) -> list[str]:
        """The files that were uploaded."""
        return sorted(path.name for path in self.folder.iterdir())

    def uploads(self) -> int:
        return sum(one.method == "POST" for one in self.asked)

    def fail(self, status: str, body: bytes = b"", **more: Any) -> None:
        """Answer uploads so: `after` how many, how often (`times`), after `stall` seconds."""
        self.faults.append(Fault(status=status, body=body, **more))

    def _answer(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        kind, _, given = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        user = base64.b64decode(given).decode().partition(":")[0] if kind == "Basic" else ""
        self.asked.append(Asked(method=environ["REQUEST_METHOD"], path=environ["PATH_INFO"], user=user))
        # a server that answers before it has read an upload may cut the line before the answer is seen
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        if len(body) < int(environ.get("CONTENT_LENGTH") or 0):  # its client died: pypiserver alone would keep half a file
            start("400 Bad Request", [("Content-Length", "0")])
            return []
        environ["wsgi.input"] = io.BytesIO(body)
        if self._scheme == "https" and environ["PATH_INFO"] in _IDENTITY:
            body = json.dumps(_IDENTITY[environ["PATH_INFO"]]).encode()
            start("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
            return [body]
        if environ["REQUEST_METHOD"] == "POST":
            for fault in self.faults:
                fault.seen += 1
                if fault.seen <= fault.after or fault.times == 0:
                    continue
                if fault.times is not None:
                    fault.times -= 1
                self._closing.wait(fault.stall)
                start(fault.status, [("Content-Length", str(len(fault.body))), *fault.headers])
                return [fault.body]
        return self._app(environ, start)


def _token(*parts: dict[str, str]) -> str:
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)


_IDENTITY: dict[str, dict[str, object]] = {
    "/identity": {"value": _token({"alg": "none"}, {"aud": "index"}, {"signature": "x"})},
    "/_/oidc/audience": {"audience": "index"},
    "/_/oidc/mint-token": {"success": True, "token": MINTED[1]},
}


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no error here."""


class _Quiet(WSGIRequestHandler):
    def address_string(self) -> str:
        return "127.0.0.1"  # no name service

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is printed."""
