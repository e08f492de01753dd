"""Where a user says which index to ask: variables, uv's `uv.toml` and pip's `pip.conf`, each read as `Found` values.

Only what belongs to the user or the system is read; a file in a working folder belongs to a project.
"""

from __future__ import annotations

import configparser
import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, urlsplit, urlunsplit

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.io.system.paths import expand_home
from jupyter_dep.io.system.presence import is_regular_file

Level = Literal["uv", "pip", "system"]

_WITHOUT_UV = "UV_NO_CONFIG=1"
_WITHOUT_PIP = f"PIP_CONFIG_FILE={os.devnull}"
_TRUE = {"1", "true", "yes", "on", "y", "t"}
_UV_KEYS = {
    "no-index": "no-index",
    "find-links": "find-links",
    "native-tls": "system-certs",
    "system-certs": "system-certs",
    "keyring-provider": "keyring",
    "allow-insecure-host": "insecure-hosts",
    "index-strategy": "index-strategy",
    "http-proxy": "http_proxy",
    "https-proxy": "https_proxy",
    "no-proxy": "no_proxy",
    "concurrent-downloads": "concurrency",
}
_UV_VARIABLES = {
    "UV_FIND_LINKS": "find-links",
    "UV_SYSTEM_CERTS": "system-certs",
    "UV_NATIVE_TLS": "system-certs",
    "UV_KEYRING_PROVIDER": "keyring",
    "UV_INSECURE_HOST": "insecure-hosts",
    "UV_INDEX_STRATEGY": "index-strategy",
    "UV_HTTP_TIMEOUT": "timeout",
    "UV_HTTP_RETRIES": "retries",
    "UV_CONCURRENT_DOWNLOADS": "concurrency",
}
_PIP_KEYS = {
    "index-url": "default",
    "extra-index-url": "extra",
    "no-index": "no-index",
    "find-links": "find-links",
    "cert": "certificate",
    "client-cert": "client-certificate",
    "proxy": "proxy",
    "trusted-host": "insecure-hosts",
    "timeout": "timeout",
    "default-timeout": "timeout",
    "keyring-provider": "keyring",
}
_SYSTEM_VARIABLES = {
    "NETRC": "netrc",
    "SSL_CERT_DIR": "certificate-folder",
    "SSL_CLIENT_CERT": "client-certificate",
    "http_proxy": "http_proxy",
    "https_proxy": "https_proxy",
    "all_proxy": "all_proxy",
    "no_proxy": "no_proxy",
}


@frozen_dataclass
class Found:
    """One setting as it was written. `value` is a text, a truth value, a number or a tuple of texts.

    `level` says whose configuration it is, `where` names the variable or the file.
    """

    setting: str
    value: Any = field(repr=False)
    where: str
    level: Level
    name: str = ""
    """An index's name: of two with one name the first counts."""


def system_variables(environ: Mapping[str, str]) -> Iterator[Found]:
    """What every program on the machine follows: proxies, certificates, netrc."""
    for variable, setting in _SYSTEM_VARIABLES.items():
        spellings = (variable, variable.upper()) if variable.islower() else (variable,)
        for spelling in spellings:
            if environ.get(spelling):
                yield Found(setting=setting, value=environ[spelling], where=spelling, level="system")


def certificate_variables(environ: Mapping[str, str], *names: str) -> Iterator[Found]:
    """Read the variables that name a certificate file."""
    for name in names:
        if environ.get(name):
            yield Found(setting="certificate", value=environ[name], where=name, level="system")


def uv_variables(environ: Mapping[str, str]) -> Iterator[Found]:
    """Read uv's variables for indexes, certificates and the network."""
    for variable, setting in (("UV_DEFAULT_INDEX", "default"), ("UV_INDEX_URL", "default")):
        if environ.get(variable):
            yield _index(environ[variable].strip(), setting, variable, environ)
    for variable in ("UV_INDEX", "UV_EXTRA_INDEX_URL"):
        for entry in environ.get(variable, "").split():
            yield _index(entry, "extra", variable, environ)
    for variable, setting in _UV_VARIABLES.items():
        if environ.get(variable):
            yield Found(setting=setting, value=environ[variable], where=variable, level="uv")


def uv_file(path: Path, environ: Mapping[str, str]) -> Iterator[Found]:
    """The settings of one `uv.toml`. Errors: `bad-settings`."""
    try:
        content = tomllib.loads(_text(path, _WITHOUT_UV))
    except tomllib.TOMLDecodeError as error:
        raise _bad(path, str(error), _WITHOUT_UV) from error
    indexes = content.get("index", [])
    for entry in indexes if isinstance(indexes, list) else [indexes]:
        if not isinstance(entry, dict) or not isinstance(entry.get("url"), str):
            raise _bad(path, "an `index` without a `url`", _WITHOUT_UV)
        name = str(entry.get("name", ""))
        if entry.get("explicit"):
            setting = "explicit-index"
        elif entry.get("format") == "flat":
            setting = "find-links"
        else:
            setting = "default" if entry.get("default") else "extra"
        url = _with_credentials(entry["url"], name, environ)
        yield Found(setting=setting, value=url, where=str(path), level="uv", name=name)
    if "index-url" in content:
        yield Found(setting="default", value=content["index-url"], where=str(path), level="uv")
    for url in _texts(content.get("extra-index-url", ())):
        yield Found(setting="extra", value=url, where=str(path), level="uv")
    for key, setting in _UV_KEYS.items():
        if key in content:
            value = content[key]
            value = tuple(map(str, value)) if isinstance(value, list) else value
            yield Found(setting=setting, value=value, where=str(path), level="uv")


def pip_variables(environ: Mapping[str, str]) -> Iterator[Found]:
    """Read pip's variables."""
    for key, setting in _PIP_KEYS.items():
        variable = "PIP_" + key.upper().replace("-", "_")
        if environ.get(variable):
            yield from _pip(setting, environ[variable], variable)


def pip_files(paths: Iterable[Path]) -> Iterator[Found]:
    """The settings of pip's configuration files, the one that counts most first. Errors: `bad-settings`."""
    parsers: list[tuple[Path, configparser.RawConfigParser]] = []
    for path in paths:
        parser = configparser.RawConfigParser()
        try:
            parser.read_string(_text(path, _WITHOUT_PIP))
        except configparser.Error as error:
            raise _bad(path, str(error).splitlines()[0], _WITHOUT_PIP) from error
        parsers.append((path, parser))
    for section in ("install", "global"):  # pip asks every file for the command's own section first
        for path, parser in parsers:
            for key, value in parser.items(section) if parser.has_section(section) else ():
                setting = _PIP_KEYS.get(key.replace("_", "-").removeprefix("--"))
                if setting is not None and value.strip():
                    yield from _pip(setting, value, str(path))


def truth(value: object) -> bool:
    """Read a switch as uv and pip do: `1`, `true`, `yes`, `on`."""
    return value if isinstance(value, bool) else str(value).strip().lower() in _TRUE


def _pip(setting: str, text: str, where: str) -> Iterator[Found]:
    if setting == "extra":
        for url in text.split():
            yield Found(setting=setting, value=url, where=where, level="pip")
    else:
        value: object = tuple(text.split()) if setting in ("insecure-hosts", "find-links") else text.strip()
        yield Found(setting=setting, value=value, where=where, level="pip")


def _index(entry: str, setting: str, where: str, environ: Mapping[str, str]) -> Found:
    named = re.fullmatch(r"([A-Za-z0-9._-]+)=(.+)", entry)
    name, url = (named[1], named[2]) if named else ("", entry)
    url = _with_credentials(url, name, environ)
    return Found(setting=setting, value=url, where=where, level="uv", name=name)


def _with_credentials(url: str, name: str, environ: Mapping[str, str]) -> str:
    """The URL with what `UV_INDEX_<NAME>_USERNAME` and `_PASSWORD` say for it.

    The engine would give them to any index of that name, one that a stranger's notebook declares too.
    """
    prefix = "UV_INDEX_" + re.sub(r"[^A-Za-z0-9]", "_", name).upper()
    user, password = environ.get(f"{prefix}_USERNAME", ""), environ.get(f"{prefix}_PASSWORD", "")
    if not name or not (user or password):
        return url
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    if "@" in parts.netloc:
        return url
    return urlunsplit(parts._replace(netloc=f"{quote(user, safe='')}:{quote(password, safe='')}@{parts.netloc}"))


def _texts(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else (str(value),) if isinstance(value, str) else ()


def _text(path: Path, instead: str) -> str:
    try:
        # one that cannot be looked at is an error: without it another index would be asked
        return path.read_text(encoding="utf-8-sig") if is_regular_file(path) else ""
    except (OSError, UnicodeDecodeError) as error:
        raise _bad(path, "no permission, or not UTF-8", instead) from error


def _bad(path: Path, why: str, instead: str) -> DepError:
    return DepError(
        "bad-settings",
        f"your package index settings are not readable: {why}",
        hint=f"correct that file, or set `{instead}` to pass over it",
        context={"file": str(path)},
    )


@dataclass(frozen=True, slots=True)
class ConfigFolders:
    """Where uv and pip keep their configuration on a platform; files that count most come first."""

    environ: Mapping[str, str]
    platform: str
    home: Path
    root: Path

    def uv(self) -> tuple[Path, ...]:
        """List uv's files."""
        if truth(self.environ.get("UV_NO_CONFIG", "")):
            return ()
        if self.environ.get("UV_CONFIG_FILE"):
            return (expand_home(self.environ["UV_CONFIG_FILE"]).absolute(),)
        if self.platform == "win32":
            return (self._roaming() / "uv" / "uv.toml", self._program_data() / "uv" / "uv.toml")
        system = [folder / "uv" / "uv.toml" for folder in self._shared()] + [self.root / "etc" / "uv" / "uv.toml"]
        return (self._user() / "uv" / "uv.toml", *[path for path in system if path.is_file()][:1])

    def pip(self) -> tuple[Path, ...]:
        """List pip's files."""
        named = self.environ.get("PIP_CONFIG_FILE", "")
        if named == os.devnull:
            return ()
        first = (expand_home(named).absolute(),) if named else ()
        if self.platform == "win32":
            legacy = self.home / "pip" / "pip.ini"
            return (*first, self._roaming() / "pip" / "pip.ini", legacy, self._program_data() / "pip" / "pip.ini")
        legacy = self.home / ".pip" / "pip.conf"
        if self.platform == "darwin":
            library = Path("Library", "Application Support", "pip")
            user = self.home / library if (self.home / library).is_dir() else self.home / ".config" / "pip"
            return (*first, user / "pip.conf", legacy, self.root / library / "pip.conf")
        shared = [folder / "pip" / "pip.conf" for folder in reversed(self._shared())]
        return (*first, self._user() / "pip" / "pip.conf", legacy, self.root / "etc" / "pip.conf", *shared)

    def _user(self) -> Path:
        return Path(self.environ.get("XDG_CONFIG_HOME") or self.home / ".config")

    def _shared(self) -> list[Path]:
        named = [Path(entry) for entry in self.environ.get("XDG_CONFIG_DIRS", "").split(os.pathsep) if entry]
        return named or [self.root / "etc" / "xdg"]

    def _roaming(self) -> Path:
        return Path(self.environ.get("APPDATA") or self.home / "AppData" / "Roaming")

    def _program_data(self) -> Path:
        return Path(self.environ.get("PROGRAMDATA") or self.root / "ProgramData")
