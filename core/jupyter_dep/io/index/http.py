"""Fetch one page of the user's package index, within an overall deadline and a limit of size, and until it is cancelled.

The user's proxies, certificates and time limits apply; credentials go only to the address that they were configured for. The
engine fetches everything that is installed; this serves what it has no command for: which names exist, and which
versions of one.
"""

from __future__ import annotations

import base64
import http.client
import netrc
import queue
import ssl
import threading
import time
import zlib
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, unquote, urlsplit, urlunsplit
from urllib.request import Request

from jupyter_dep.base.errors import DepError, IndexUnreachableError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.base.progress import CancelToken, cancelled
from jupyter_dep.base.steps import DOCTOR, Hint

from .settings import IndexSettings, redact
from .transport import opener

JSON = "application/vnd.pypi.simple.v1+json"
ACCEPT = f"{JSON}, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"
PATIENCE = 30.0
"""Seconds that a server may be silent, unless the user configured another number."""

_PIECE = 1 << 16
_WAITING = 0.1


@frozen_dataclass
class Limits:
    """`size` in bytes after decompression, `seconds` for all of it."""

    size: int
    seconds: float


@frozen_dataclass
class Head:
    """The beginning of an answer: its address after redirects without credentials, its media type, its length if known."""

    url: str
    kind: str
    length: int | None


class Page:
    """An answer while it arrives. `head` first, then `pieces`; both raise `DepError`."""

    def __init__(
        self, url: str, settings: IndexSettings, limits: Limits, cancel: CancelToken | None, accept: str = ACCEPT
    ) -> None:
        self._host = urlsplit(url).hostname or url
        self._ends = time.monotonic() + limits.seconds
        self._limits, self._cancel = limits, cancel
        self._arrived: queue.Queue[Any] = queue.Queue(maxsize=64)
        self._given_up = threading.Event()
        # a thread of its own: a server that trickles its headers would hold us past every time limit of a socket
        worker = threading.Thread(target=self._fetch, args=(url, settings, accept), daemon=True)
        worker.start()
        try:
            self.head: Head = self._next()
        except BaseException:
            self._given_up.set()
            raise

    def pieces(self) -> Iterator[bytes]:
        """The body, decompressed, piece by piece."""
        size = 0
        try:
            while (piece := self._next()) is not None:
                size += len(piece)
                if size > self._limits.size:
                    raise IndexUnreachableError(
                        "index-failed",
                        f"`{self._host}` sends more than {self._limits.size >> 20} MB",
                        hint=Hint("no package index sends a list of that size: check its URL with ", DOCTOR),
                    )
                yield piece
        finally:
            self._given_up.set()

    def _next(self) -> Any:
        while True:
            if self._cancel is not None and self._cancel.is_set:
                raise cancelled()
            if time.monotonic() > self._ends:
                raise IndexUnreachableError(
                    "network",
                    f"`{self._host}` did not answer within {self._limits.seconds:.0f} seconds",
                    hint="try again later, nothing was changed",
                )
            try:
                arrived = self._arrived.get(timeout=_WAITING)
            except queue.Empty:
                continue
            if isinstance(arrived, DepError):
                raise arrived
            return arrived

    def _put(self, item: object) -> bool:
        while not self._given_up.is_set():
            try:
                self._arrived.put(item, timeout=_WAITING)
            except queue.Full:
                continue
            return True
        return False

    def _fetch(self, url: str, settings: IndexSettings, accept: str) -> None:
        try:
            with opener(settings).open(_request(url, settings, accept), timeout=settings.timeout or PATIENCE) as answer:
                length = answer.headers.get("Content-Length", "")
                packed = answer.headers.get("Content-Encoding", "").strip().lower()
                announced = int(length) if length.isdecimal() else None
                kind = answer.headers.get_content_type()
                self._put(Head(url=redact(answer.geturl()), kind=kind, length=None if packed else announced))
                arrived = 0
                unpacker = zlib.decompressobj(wbits=47) if packed in ("gzip", "x-gzip", "deflate") else None
                while piece := answer.read1(_PIECE):
                    arrived += len(piece)
                    while piece:
                        out = unpacker.decompress(piece, _PIECE * 16) if unpacker else piece
                        piece = unpacker.unconsumed_tail if unpacker else b""
                        if out and not self._put(out):
                            return
                if unpacker and (rest := unpacker.flush()):
                    self._put(rest)
                if (announced is not None and arrived < announced) or (unpacker and not unpacker.eof):
                    raise http.client.IncompleteRead(b"")
            self._put(None)
        except Exception as error:  # noqa: BLE001  the other side of the queue waits for it, whatever it is
            self._put(_explain(error, self._host))


def page_url(index: str, name: str = "") -> str:
    """The address of an index's root, or of one name's page, credentials kept."""
    parts = urlsplit(index)
    path = parts.path.rstrip("/") + "/" + (f"{name}/" if name else "")
    return urlunsplit(parts._replace(path=path, fragment=""))


def _request(url: str, settings: IndexSettings, accept: str) -> Request:
    from jupyter_dep import __version__

    parts = urlsplit(url)
    user, _, host = parts.netloc.rpartition("@")
    bare = urlunsplit(parts._replace(netloc=host))
    headers = {"Accept": accept, "Accept-Encoding": "gzip", "User-Agent": f"jupyter-dep/{__version__}"}
    request = Request(bare, headers=headers)  # noqa: S310 - http and https only: `IndexSettings` holds no other
    name, _, password = user.partition(":")
    if not user and settings.netrc is not None:
        name, password = _from_netrc(settings, parts.hostname or "")
    if name or password:
        basic = base64.b64encode(f"{unquote(name)}:{unquote(password)}".encode()).decode()
        request.add_unredirected_header("Authorization", f"Basic {basic}")
    return request


def _from_netrc(settings: IndexSettings, host: str) -> tuple[str, str]:
    try:
        found = netrc.netrc(str(settings.netrc)).authenticators(host)
    except (OSError, netrc.NetrcParseError, UnicodeDecodeError):
        return "", ""
    return (quote(found[0] or "", safe=""), quote(found[2] or "", safe="")) if found else ("", "")


def _explain(error: Exception, host: str) -> DepError:
    """What went wrong, in the words that the engine's errors have."""
    reason = error.reason if isinstance(error, URLError) and not isinstance(error, HTTPError) else error
    if isinstance(reason, DepError):
        return reason
    if isinstance(reason, HTTPError):
        return _explain_status(reason, host)
    if isinstance(reason, ssl.SSLCertVerificationError):
        return IndexUnreachableError(
            "untrusted-certificate",
            f"`{host}` shows a certificate that this machine does not trust",
            hint="name your organisation's certificate in `SSL_CERT_FILE`; never switch the check off",
        )
    if isinstance(reason, http.client.IncompleteRead | zlib.error):
        return IndexUnreachableError(
            "broken-download",
            f"the answer of `{host}` broke off or arrived damaged",
            hint="run the same again; nothing damaged was kept",
        )
    detail = str(reason) if isinstance(reason, str) else ""
    return IndexUnreachableError(
        "network",
        f"`{host}` cannot be reached" + (f": {detail}" if detail else ""),
        hint="check the network and the proxy; what is sealed already keeps working offline",
    )


def _explain_status(error: HTTPError, host: str) -> DepError:
    if error.code in (401, 403, 407):
        return IndexUnreachableError(
            "index-refused",
            f"`{host}` requires valid credentials (status {error.code})",
            hint="put the credentials into your own index settings (`UV_DEFAULT_INDEX`, `PIP_INDEX_URL` or pip's "
            "configuration); those that only a keyring holds are not used here",
        )
    if error.code == 404:
        return IndexUnreachableError(
            "index-missing-file", f"`{host}` answered 404", hint=Hint("check the index's URL with ", DOCTOR)
        )
    return IndexUnreachableError(
        "index-failed",
        f"`{host}` answered {error.code}",
        hint="the index returned a server error; try again later, nothing was changed",
    )
