"""HTTP/1.1 on loopback: requests and answers as values, and the server between them."""

from __future__ import annotations

import hashlib
import re
import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

SLICES_PER_SECOND = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What came over the wire; header names are in lower case, `host` is the Host header."""

    method: str
    path: str
    headers: Mapping[str, str]
    host: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A response, and how it goes out: at `rate` bytes a second; only the first `sent` of them; `reset` cuts the line then."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    rate: float | None = None
    sent: int | None = None
    reset: bool = False


class Server(ThreadingHTTPServer):
    """Knows its open connections, so that closing it closes them."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, respond: Callable[[Request], Answer], port: int, closing: threading.Event) -> None:
        self.respond = respond
        self.closing = closing
        self.connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), _Handler)

    def server_bind(self) -> None:
        # HTTPServer asks the name service for its own name here, which can take seconds.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.socket.getsockname()[1]

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no error here."""

    def close(self) -> None:
        self.closing.set()
        self.shutdown()
        self.server_close()
        for connection in list(self.connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def setup(self) -> None:
        super().setup()
        self.server.connections.add(self.connection)
        if self.server.closing.is_set():
            # Accepted while the server was closing: `close` may not have seen it.
            self.connection.shutdown(socket.SHUT_RDWR)

    def finish(self) -> None:
        self.server.connections.discard(self.connection)
        super().finish()

    def do_GET(self) -> None:
        request = Request(
            method=self.command,
            path=unquote(urlsplit(self.path).path),
            headers={name.lower(): value for name, value in self.headers.items()},
            host=self.headers.get("Host", ""),
        )
        answer = self.server.respond(request)
        if self.server.closing.is_set():  # an answer that was held back is not given by a server that is gone
            self.close_connection = True
            return
        self._send(answer)

    do_HEAD = do_GET

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.close_connection = self.close_connection or answer.sent is not None
        if self.command == "HEAD":
            return
        body = answer.body[: answer.sent]
        if answer.rate is None:
            self.wfile.write(body)
            if answer.reset:
                self._reset()
            return
        size = max(1, int(answer.rate / SLICES_PER_SECOND))
        for start in range(0, len(body), size):
            self.wfile.write(body[start : start + size])
            if self.server.closing.wait(size / answer.rate):
                return

    def _reset(self) -> None:
        """Close without a farewell (RST), as a router that lost the connection does."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.rfile.close()
        self.wfile.close()
        self.connection.close()

    def log_message(self, format: str, *args: object) -> None:
        """Who answers keeps what was asked; nothing is printed."""


def as_asked(answer: Answer, request: Request) -> Answer:
    """304 for what the client has already, 206 for the part that its Range header asks for."""
    if answer.status != 200:
        return answer
    tag = f'"{hashlib.sha256(answer.body).hexdigest()[:32]}"'
    headers = {**answer.headers, "ETag": tag}
    if request.headers.get("if-none-match") == tag:
        return Answer(status=304, headers=headers)
    wanted = re.fullmatch(r"bytes=(?:(\d+)-(\d*)|-(\d+))", request.headers.get("range", ""))
    if wanted is None or "Accept-Ranges" not in headers:
        return replace(answer, headers=headers)
    size = len(answer.body)
    if wanted[1]:
        first, end = int(wanted[1]), min(size, int(wanted[2]) + 1) if wanted[2] else size
    else:
        first, end = max(0, size - int(wanted[3])), size
    if first >= end:
        return Answer(status=416, headers={"Content-Range": f"bytes */{size}"})
    headers["Content-Range"] = f"bytes {first}-{end - 1}/{size}"
    return Answer(status=206, headers=headers, body=answer.body[first:end])
