"""How a page of an index is reached: the user's proxies and certificates, and redirects that carry no secret away."""

from __future__ import annotations

import http.client
import ssl
from typing import IO, Any
from urllib.error import URLError
from urllib.parse import urljoin, urlsplit
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
)

from jupyter_dep.base.errors import IndexUnreachableError

from .settings import IndexSettings


def opener(settings: IndexSettings) -> OpenerDirector:
    """What opens a page for this user. Errors: `network` for a proxy that it cannot use."""
    everywhere = settings.proxies.get("all_proxy", "")
    proxies = {scheme: settings.proxies.get(f"{scheme}_proxy", everywhere) for scheme in ("http", "https")}
    for address in proxies.values():
        if address.lower().startswith("socks"):
            raise IndexUnreachableError(
                "network",
                "your proxy is a SOCKS proxy, which only the installer can use",
                hint="searching works without the list of names; installing works through your proxy as before",
            )
    made = OpenerDirector()
    for handler in (
        _Proxies({scheme: address for scheme, address in proxies.items() if address}, settings.proxies.get("no_proxy", "")),
        HTTPHandler(),
        _Https(settings),
        _SameOrigin(),
        HTTPErrorProcessor(),
        HTTPDefaultErrorHandler(),
    ):
        made.add_handler(handler)
    return made


class _SameOrigin(HTTPRedirectHandler):
    """Follows to http and https, never from https back to http; credentials go along within one origin only."""

    max_redirections = 5

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: http.client.HTTPMessage, newurl: str
    ) -> Request | None:
        target, source = urlsplit(urljoin(req.full_url, newurl)), urlsplit(req.full_url)
        if target.scheme not in ("http", "https") or (source.scheme == "https" and target.scheme == "http"):
            raise URLError(f"it redirects to {target.scheme or 'nowhere'}")
        if "@" in target.netloc:
            raise URLError("it redirects to an address with credentials")
        new = super().redirect_request(req, fp, code, msg, headers, newurl)
        if new is None:
            return None
        new.headers.pop("Proxy-authorization", None)  # the next host may be one that is reached without the proxy
        if (target.scheme, target.netloc) == (source.scheme, source.netloc):
            for name, value in req.unredirected_hdrs.items():
                if name == "Authorization":
                    new.add_unredirected_header(name, value)
        return new


class _Proxies(ProxyHandler):
    """The user's proxies as they were read, without a second look at the environment."""

    def __init__(self, proxies: dict[str, str], excepted: str) -> None:
        super().__init__(proxies)
        self._excepted = excepted

    def proxy_open(self, req: Request, proxy: str, type: str) -> Any:
        if _is_excepted(req.host, self._excepted):
            return None
        return super().proxy_open(req, proxy, type)


def _is_excepted(netloc: str, rules: str) -> bool:
    """Whether `no_proxy` names this host, its domain, or everything."""
    host = urlsplit(f"//{netloc}").hostname or ""
    listed = [rule.lower().lstrip("*").lstrip(".") or "*" for rule in rules.replace(",", " ").split()]
    return any(rule in ("*", host, netloc) or host.endswith(f".{rule}") for rule in listed)


class _Https(HTTPSHandler):
    """A connection for each host by its own rule: what is excepted from checks is one host, not where it redirects to."""

    def __init__(self, settings: IndexSettings) -> None:
        super().__init__()
        self._settings = settings

    def https_open(self, req: Request) -> http.client.HTTPResponse:
        behind = getattr(req, "_tunnel_host", None) or req.host  # `host` is the proxy's, if there is one
        return self.do_open(http.client.HTTPSConnection, req, context=_context(behind, self._settings))


def _context(netloc: str, settings: IndexSettings) -> ssl.SSLContext:
    file = str(settings.certificate) if settings.certificate else None
    context = ssl.create_default_context(cafile=file, capath=settings.certificate_folder)
    if settings.client_certificate is not None:
        context.load_cert_chain(settings.client_certificate)
    host = urlsplit(f"//{netloc}").hostname
    if {netloc, host} & set(settings.insecure_hosts):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
