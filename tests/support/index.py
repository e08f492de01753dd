"""A package index on loopback that can misbehave.

Routes: `/simple/`, `/simple/NAME/`, `/files/FILENAME`, `/files/FILENAME.metadata`. Two of them over one
folder are an index and its mirror: other origins, the same bytes.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from types import TracebackType
from typing import Self

from packaging.utils import canonicalize_name

from . import pages
from .pages import UPLOAD_TIME, Detail, Offer, has_metadata_file, read_offer
from .wire import Answer, Request, Server, as_asked

JSON_TYPE = "application/vnd.pypi.simple.v1+json"

Effect = Callable[[Request, Answer], Answer]


@dataclass(slots=True, kw_only=True)
class Fault:
    """What becomes of the answers to paths like `pattern`, for the next `times` requests (None: always)."""

    pattern: str
    effect: Effect
    times: int | None = None


class Index:
    """Serves the wheels and sdists in `folders` while it is open; files put there later are served at once.

    Faults take `fnmatch` patterns over the request's path (`/files/alpha-*`, `/simple/*`, `*`) and are
    applied in the order in which they were set. `requests` is in order of arrival.
    """

    def __init__(self, *folders: Path) -> None:
        self.folders = list(folders)
        self.requests: list[Request] = []
        self.without_hashes = False
        self.without_upload_times = False
        self.without_metadata = False
        self._added: dict[str, tuple[Path, str, bool | str]] = {}
        self._known: dict[tuple[Path, int, int], Offer] = {}
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._server: Server | None = None
        self._port = 0

    @property
    def folder(self) -> Path:
        """The first folder: where a test puts what this index should have."""
        return self.folders[0]

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def url(self) -> str:
        return f"{self.origin}/simple"

    @property
    def files_url(self) -> str:
        return f"{self.origin}/files"

    def start(self) -> Self:
        """Listen; after a `stop` on the same port as before."""
        self._closing = threading.Event()
        self._server = Server(self.answer, self._port, self._closing)
        self._port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    @property
    def running(self) -> bool:
        return self._server is not None

    def stop(self) -> None:
        """Close the port and every open connection: the next client is refused."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def __enter__(self) -> Self:
        return self if self._server else self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def add(self, path: Path, upload_time: str = UPLOAD_TIME, yanked: bool | str = False) -> Path:
        """Serve `path`, wherever it lies, with these particulars (see `Offer`); returns `path`."""
        self._added[path.name] = (path, upload_time, yanked)
        return path

    def asked(self, pattern: str = "*") -> list[str]:
        """The paths like `pattern` that were asked for, in order."""
        return [request.path for request in self.requests if fnmatchcase(request.path, pattern)]

    def clear(self) -> None:
        """Forget the requests so far."""
        self.requests.clear()

    def heal(self) -> None:
        """Take back every fault."""
        self._faults.clear()

    def fail(self, pattern: str, status: int = 503, times: int | None = None) -> None:
        """Answer with `status`."""
        self._fault(pattern, lambda _request, _answer: Answer(status=status), times)

    def delay(self, pattern: str, seconds: float, times: int | None = None) -> None:
        """Answer only after `seconds`, or when the index is stopped."""

        def late(_: Request, answer: Answer) -> Answer:
            self._closing.wait(seconds)
            return answer

        self._fault(pattern, late, times)

    def trickle(self, pattern: str, bytes_per_second: float, times: int | None = None) -> None:
        """Send the body slowly and steadily, so that no time limit between two bytes is reached."""
        self._fault(pattern, lambda _request, answer: replace(answer, rate=bytes_per_second), times)

    def truncate(self, pattern: str, times: int | None = None) -> None:
        """Announce the whole body, send half of it and hang up."""
        self._fault(pattern, lambda _request, answer: replace(answer, sent=len(answer.body) // 2), times)

    def reset(self, pattern: str, times: int | None = None) -> None:
        """Announce the whole body, send half of it and cut the line."""
        self._fault(pattern, lambda _request, answer: replace(answer, sent=len(answer.body) // 2, reset=True), times)

    def say(self, pattern: str, body: bytes, kind: str, times: int | None = None) -> None:
        """Answer 200 with `body` of the media type `kind`, whatever was asked for: what a network's login page does."""
        self._fault(pattern, lambda _request, _answer: Answer(headers={"Content-Type": kind}, body=body), times)

    def corrupt(self, pattern: str, times: int | None = None, *, at: float = 0.5) -> None:
        """Flip one bit of the body, `at` which part of it: 0.5 is the middle."""
        self._fault(pattern, lambda _request, answer: replace(answer, body=_flipped(answer.body, at)), times)

    def redirect(self, pattern: str, to_url: str, times: int | None = None) -> None:
        """Answer 302 to `to_url`, in which `{path}` stands for the request's path."""

        def moved(request: Request, _: Answer) -> Answer:
            return Answer(status=302, headers={"Location": to_url.replace("{path}", request.path)})

        self._fault(pattern, moved, times)

    def require_auth(self, user: str, password: str, pattern: str = "*") -> None:
        """Answer 401 unless these are presented by HTTP Basic."""
        wanted = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()

        def guarded(request: Request, answer: Answer) -> Answer:
            if request.headers.get("authorization") == wanted:
                return answer
            return Answer(status=401, headers={"WWW-Authenticate": 'Basic realm="index"'})

        self._fault(pattern, guarded, None)

    def answer(self, request: Request) -> Answer:
        """What goes back for `request`, which is remembered."""
        with self._lock:
            self.requests.append(request)
            faults = [fault for fault in self._faults if fault.times != 0 and fnmatchcase(request.path, fault.pattern)]
            for fault in faults:
                if fault.times is not None:
                    fault.times -= 1
        answer = as_asked(self._content(request), request)
        for fault in faults:
            answer = fault.effect(request, answer)
        return answer

    def _fault(self, pattern: str, effect: Effect, times: int | None) -> None:
        self._faults.append(Fault(pattern=pattern, effect=effect, times=times))

    def _content(self, request: Request) -> Answer:
        detail = Detail(
            hashes=not self.without_hashes,
            upload_times=not self.without_upload_times,
            metadata=not self.without_metadata,
        )
        as_json = JSON_TYPE in request.headers.get("accept", "")
        page = {"Content-Type": JSON_TYPE if as_json else "text/html", "Vary": "Accept"}
        match [part for part in request.path.split("/") if part]:
            case ["simple"]:
                projects = sorted({offer.project for offer in self._offers()})
                body = pages.json_list(projects) if as_json else pages.html_list(projects)
                return Answer(headers=page, body=body)
            case ["simple", name]:
                project = canonicalize_name(name)
                offers = [offer for offer in self._offers() if offer.project == project]
                if not offers:
                    return Answer(status=404)
                if as_json:
                    body = pages.json_page(project, offers, self.files_url, detail)
                else:
                    body = pages.html_page(offers, self.files_url, detail)
                return Answer(headers=page, body=body)
            case ["files", name]:
                octets = {"Content-Type": "application/octet-stream", "Accept-Ranges": "bytes"}
                for offer in self._offers():
                    if name == offer.path.name:
                        return Answer(headers=octets, body=offer.path.read_bytes())
                    if name == f"{offer.path.name}.metadata" and has_metadata_file(offer, detail):
                        return Answer(headers=octets, body=offer.metadata)
        return Answer(status=404)

    def _offers(self) -> list[Offer]:
        paths = {
            path.name: path
            for folder in self.folders
            if folder.is_dir()
            for path in sorted(folder.iterdir())
            if path.name.endswith(pages.SUFFIXES) and path.name not in self._added
        }
        offers = [self._read(path) for path in paths.values()]
        for path, upload_time, yanked in list(self._added.values()):
            offers.append(replace(self._read(path), upload_time=upload_time, yanked=yanked))
        return offers

    def _read(self, path: Path) -> Offer:
        status = path.stat()
        key = (path, status.st_size, status.st_mtime_ns)
        if key not in self._known:
            self._known[key] = read_offer(path)
        return self._known[key]


def _flipped(body: bytes, at: float) -> bytes:
    middle = int(len(body) * at)
    return body[:middle] + bytes(byte ^ 1 for byte in body[middle : middle + 1]) + body[middle + 1 :]
