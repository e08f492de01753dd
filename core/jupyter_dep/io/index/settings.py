"""The user's own index settings: read by us, judged by us, and handed to the engine as variables.

The engine runs without configuration files, netrc and keyring, so that nothing of a stranger's notebook can
combine with what the user configured for elsewhere. Nothing here asks a network.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.io.system.paths import expand_home, home_folder

from . import config_files
from .config_files import Found, truth

_STRATEGIES = {"first-index", "unsafe-first-match", "unsafe-best-match"}
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
_INDEX_SETTINGS = {"default", "extra", "no-index"}
_ELSEWHERE = "a lock must open on machines that do not have it"


@frozen_dataclass
class IndexSettings:
    """What the user configured for uv, else for pip. URLs may hold credentials: show them through `redact`.

    `default` None is the engine's own default index. `certificate` is a file of trusted authorities in PEM,
    `certificate_folder` folders of them (as in `SSL_CERT_DIR`). `netrc` is a file only if the user named one.
    `timeout` is in seconds. `sources` pairs each setting with where it was read, `ignored` with why it was not
    taken.
    """

    default: str | None = field(default=None, repr=False)
    extra: tuple[str, ...] = field(default=(), repr=False)
    no_index: bool = False
    certificate: Path | None = None
    certificate_folder: str | None = None
    client_certificate: Path | None = None
    native_tls: bool = False
    proxies: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)
    keyring: bool = False
    netrc: Path | None = None
    insecure_hosts: tuple[str, ...] = ()
    timeout: int | None = None
    retries: int | None = None
    concurrency: int | None = None
    index_strategy: str | None = None
    sources: tuple[tuple[str, str], ...] = ()
    ignored: tuple[tuple[str, str], ...] = ()

    @property
    def identity(self) -> tuple[str, ...]:
        """The indexes without credentials, "" for the engine's own: what is stored of an index is kept under it."""
        return tuple(redact(url) for url in (self.default or "", *self.extra))


def read(
    environ: Mapping[str, str],
    *,
    platform: str = sys.platform,
    home: Path | None = None,
    root: Path = Path("/"),
) -> IndexSettings:
    """The settings of this user: `UV_*`, the user's and the system's `uv.toml`, `PIP_*`, `pip.conf`.

    Where uv knows an index, pip's indexes are not mixed in. `root` is where the system's files begin.
    Errors: `bad-settings` for a file that cannot be parsed, since another index might answer in its place.
    """
    owner = home or home_folder(environ, platform) or root
    configuration = config_files.ConfigFolders(environ, platform, owner, root)
    found = chain(
        config_files.system_variables(environ),
        config_files.certificate_variables(environ, "SSL_CERT_FILE"),
        config_files.uv_variables(environ),
        *(config_files.uv_file(path, environ) for path in configuration.uv()),
        config_files.pip_variables(environ),
        config_files.pip_files(configuration.pip()),
        config_files.certificate_variables(environ, "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
    )
    return _SettingsBuilder().settle(found)


def engine_environment(settings: IndexSettings) -> dict[str, str]:
    """The variables that tell the engine, for an environment that holds no other `UV_*`; credentials stay off argv.

    `no_index` has no variable: it is the engine's flag `--no-index`. For `keyring` the program of that name has to
    be on the engine's `PATH`.
    """
    variables = {
        "UV_DEFAULT_INDEX": settings.default,
        # without names: a name is what a declared index could be mistaken for
        "UV_INDEX": " ".join(settings.extra),
        "UV_KEYRING_PROVIDER": "subprocess" if settings.keyring else "disabled",
        "UV_SYSTEM_CERTS": "true" if settings.native_tls else None,
        "UV_INSECURE_HOST": " ".join(settings.insecure_hosts),
        "UV_INDEX_STRATEGY": settings.index_strategy,
        "UV_HTTP_TIMEOUT": settings.timeout,
        "UV_HTTP_RETRIES": None if settings.retries is None else str(settings.retries),
        "UV_CONCURRENT_DOWNLOADS": settings.concurrency,
        "SSL_CERT_FILE": settings.certificate,
        "SSL_CERT_DIR": settings.certificate_folder,
        "SSL_CLIENT_CERT": settings.client_certificate,
        "NETRC": settings.netrc or os.devnull,
        **settings.proxies,
    }
    return {name: str(value) for name, value in variables.items() if value}


def redact(url: str) -> str:
    """A URL that may be shown and compared with a lock's: without its user, password and the query's values."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "***"
    netloc = parts.netloc.rpartition("@")[2]
    query = urlencode([(key, "***") for key, _ in parse_qsl(parts.query)], safe="*")
    return urlunsplit(parts._replace(netloc=netloc, query=query or ("***" if parts.query else "")))


@dataclass(slots=True)
class _SettingsBuilder:
    """Takes settings in order of precedence: the first word counts, indexes of uv's several places add up."""

    values: dict[str, Any] = field(default_factory=dict)
    extra: list[str] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    sources: list[tuple[str, str]] = field(default_factory=list)
    ignored: list[tuple[str, str]] = field(default_factory=list)
    uv_decides: bool = False
    extra_from: set[str] = field(default_factory=set)

    def settle(self, found: Iterator[Found]) -> IndexSettings:
        for one in found:
            self._take(one)
        get = self.values.get
        return IndexSettings(
            default=get("default") or None,
            extra=tuple(dict.fromkeys(self.extra)),
            no_index=get("no-index", False),
            certificate=get("certificate"),
            certificate_folder=get("certificate-folder"),
            client_certificate=get("client-certificate"),
            native_tls=get("system-certs", False),
            proxies={name: self.values[name] for name in _PROXIES if get(name)},
            keyring=get("keyring", False),
            netrc=get("netrc"),
            insecure_hosts=get("insecure-hosts", ()),
            timeout=get("timeout"),
            retries=get("retries"),
            concurrency=get("concurrency"),
            index_strategy=get("index-strategy"),
            sources=tuple(dict.fromkeys(self.sources)),
            ignored=tuple(dict.fromkeys(self.ignored)),
        )

    def _take(self, one: Found) -> None:
        if one.setting in _INDEX_SETTINGS:
            if one.level == "pip" and self.uv_decides:
                return self._ignore(one, "uv's own index settings are used instead")
            self.uv_decides = self.uv_decides or one.level == "uv"
        if one.setting == "find-links":
            return self._ignore(one, f"links and folders are not handed on: {_ELSEWHERE}")
        if one.setting == "explicit-index":
            return self._ignore(one, "it is explicit: only a declaration can assign packages to an index")
        if one.setting == "extra":
            return self._add(one)
        if one.setting == "proxy":
            address = one.value if "://" in one.value else f"http://{one.value}"
            for name in ("http_proxy", "https_proxy"):
                self._first(Found(setting=name, value=address, where=one.where, level=one.level))
            return None
        return self._first(one)

    def _first(self, one: Found) -> None:
        if one.setting in self.values:
            return
        try:
            value = _parse_value(one)
        except ValueError as error:
            self._ignore(one, str(error))
            if one.setting == "default":  # what stands further down was not meant to be asked
                self.values["default"] = ""
            return
        if one.setting == "certificate" and value.is_dir():
            self.values.setdefault("certificate-folder", str(value))
        else:
            self.values[one.setting] = value
        self.sources.append((one.setting, one.where))

    def _add(self, one: Found) -> None:
        if one.name and one.name in self.names:
            return
        if one.level == "pip" and self.extra_from and one.where not in self.extra_from:
            return  # for pip a later place replaces the list, for uv it adds to it
        self.names.add(one.name)
        try:
            self.extra.append(_address(str(one.value)))
        except ValueError as error:
            return self._ignore(one, str(error))
        finally:
            self.extra_from.add(one.where)
        self.sources.append((one.setting, one.where))

    def _ignore(self, one: Found, why: str) -> None:
        self.ignored.append((f"{one.setting} in {one.where}", why))


def _parse_value(one: Found) -> Any:
    """A setting's value as `IndexSettings` holds it. Errors: ValueError that says why it is not taken."""
    value = one.value
    match one.setting:
        case "default":
            return _address(str(value))
        case "no-index" | "system-certs":
            return truth(value)
        case "keyring":
            return str(value) in ("subprocess", "import")
        case "certificate" | "client-certificate" | "netrc":
            return _parse_path(str(value))
        case "insecure-hosts":
            return tuple(value.replace(",", " ").split()) if isinstance(value, str) else tuple(map(str, value))
        case "timeout" | "concurrency" | "retries":
            return _parse_number(str(value), least=0 if one.setting == "retries" else 1)
        case "index-strategy":
            if value not in _STRATEGIES:
                raise ValueError(f"the engine knows only {', '.join(sorted(_STRATEGIES))}")
            return value
        case "no_proxy":
            return ",".join(value) if isinstance(value, tuple) else str(value)
        case _:
            return str(value)


def _parse_path(text: str) -> Path:
    path = expand_home(text)
    if not path.is_absolute():
        raise ValueError("a relative path means another file in every folder")
    if not path.exists():
        raise ValueError("file not found")
    return path


def _parse_number(text: str, *, least: int) -> int:
    try:
        return max(least, int(float(text)))
    except (ValueError, OverflowError):
        raise ValueError("it is not a number") from None


def _address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"a local index is not handed on: {_ELSEWHERE}")
    if any(character.isspace() for character in url):
        raise ValueError("a URL holds no spaces")
    return url
