"""A package mirror on loopback, in a process of its own: `python -m bench.mirror FOLDER…`, which prints its port.

It answers as the public index does: the simple API as JSON or HTML, metadata beside each wheel, the same lifetimes for
caches. A PUT to `/shape?rate=BYTES&latency=SECONDS` gives it the manners of a distant one: all connections together get
`rate` bytes a second, and every answer begins `latency` seconds after its question; 0 is without limit.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from urllib.parse import parse_qs, unquote, urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))  # the same pages as the tests have

from support.pages import SUFFIXES, Detail, Offer, html_page, json_page, read_offer

JSON_TYPE = "application/vnd.pypi.simple.v1+json"
_SLICE = 16_384


@dataclass
class Shape:
    """The line between the mirror and everybody."""

    rate: float = 0
    latency: float = 0
    _free: float = 0
    """When the line has sent what was given to it."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def wait_for(self, size: int) -> None:
        """Come back when the line has sent `size` bytes more."""
        if not self.rate:
            return
        with self._lock:
            self._free = max(self._free, time.monotonic()) + size / self.rate
            until = self._free
        time.sleep(max(0.0, until - time.monotonic()))


@dataclass(frozen=True)
class Page:
    body: bytes | Path
    kind: str
    lifetime: str
    tag: str


class Mirror(ThreadingHTTPServer):
    """Holds its pages ready: what is measured is not to wait for their making."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, folders: Sequence[Path]) -> None:
        self.shape = Shape()
        self.pages: dict[str, Page] = {}
        super().__init__(("127.0.0.1", 0), _Handler)
        offers: dict[str, list[Offer]] = {}
        for path in sorted(path for folder in folders for path in folder.iterdir() if path.name.endswith(SUFFIXES)):
            offer = read_offer(path)
            offers.setdefault(offer.project, []).append(offer)
            forever = "max-age=365000000, immutable, public"
            self.pages[f"/files/{path.name}"] = Page(path, "application/octet-stream", forever, offer.sha256)
            self.pages[f"/files/{path.name}.metadata"] = Page(offer.metadata, "text/plain", forever, "m" + offer.sha256)
        url = f"http://127.0.0.1:{self.server_port}/files"
        for project, listed in offers.items():
            tag, minutes = f"{project}-{len(listed)}", "max-age=600, public"
            for kind, body in (
                (JSON_TYPE, json_page(project, listed, url, Detail())),
                ("text/html", html_page(listed, url, Detail())),
            ):
                self.pages[f"/simple/{project}/{kind}"] = Page(body, kind, minutes, f"{tag}-{kind[-4:]}")

    def server_bind(self) -> None:
        TCPServer.server_bind(self)  # HTTPServer asks the name service for its own name here, which can take seconds
        self.server_name, self.server_port = "127.0.0.1", self.socket.getsockname()[1]

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no error here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Mirror

    def do_GET(self) -> None:
        shape = self.server.shape
        time.sleep(shape.latency)
        path = unquote(urlsplit(self.path).path)
        if path.startswith("/simple/"):
            path = path.rstrip("/") + "/" + (JSON_TYPE if JSON_TYPE in self.headers.get("Accept", "") else "text/html")
        page = self.server.pages.get(path)
        if page is None:
            self._head(404, {})
            return
        headers = {"Content-Type": page.kind, "Cache-Control": page.lifetime, "ETag": f'"{page.tag}"', "Vary": "Accept"}
        if self.headers.get("If-None-Match") == f'"{page.tag}"':
            self._head(304, headers)
            return
        body = page.body.read_bytes() if isinstance(page.body, Path) else page.body
        self._head(200, headers, len(body))
        if self.command == "HEAD":
            return
        for start in range(0, len(body), _SLICE if shape.rate else len(body) or 1):
            piece = body[start : start + _SLICE] if shape.rate else body
            shape.wait_for(len(piece))
            self.wfile.write(piece)

    do_HEAD = do_GET  # noqa: N815  the name that the standard library looks for

    def do_PUT(self) -> None:
        asked = parse_qs(urlsplit(self.path).query)
        self.server.shape.rate, self.server.shape.latency = float(asked["rate"][0]), float(asked["latency"][0])
        self._head(204, {})

    def _head(self, status: int, headers: dict[str, str], length: int = 0) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is printed but the port."""


@dataclass(frozen=True)
class Line:
    """A running mirror as its users see it."""

    origin: str

    @property
    def url(self) -> str:
        return f"{self.origin}/simple/"

    @contextmanager
    def shaped(self, *, rate: float, latency: float) -> Iterator[None]:
        """Slow inside: bytes a second for all together, seconds before each answer."""
        self._shape(rate, latency)
        try:
            yield
        finally:
            self._shape(0, 0)

    def _shape(self, rate: float, latency: float) -> None:
        query = f"{self.origin}/shape?rate={rate}&latency={latency}"
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(urllib.request.Request(query, method="PUT")).close()


@contextmanager
def mirror(*folders: Path) -> Iterator[Line]:
    """A mirror of these folders' wheels that ends with the block."""
    argv = [sys.executable, "-m", "bench.mirror", *map(str, folders)]
    root = Path(__file__).resolve().parent.parent
    with subprocess.Popen(argv, cwd=root, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            port = process.stdout.readline().strip()
            if not port:
                raise RuntimeError("the mirror did not start")
            yield Line(f"http://127.0.0.1:{port}")
        finally:
            process.terminate()


def main(folders: Sequence[str]) -> None:
    server = Mirror([Path(folder) for folder in folders])
    threading.Thread(target=_until_left_alone, args=(server,), daemon=True).start()
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


def _until_left_alone(server: Mirror) -> None:
    """End with whoever started us, however that ends: its end of our standard input is then closed."""
    sys.stdin.read()
    server.shutdown()


if __name__ == "__main__":
    main(sys.argv[1:])
