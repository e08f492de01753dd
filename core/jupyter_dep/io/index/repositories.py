"""Where an upload goes and what proves who asks for it: from the user's environment, configuration or keyring.

Nothing here reads a project: a folder that came from elsewhere names neither an address nor a password. What belongs to one
repository is never shown to another.
"""

from __future__ import annotations

import difflib
import os
import shutil
from collections.abc import Mapping
from dataclasses import field, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from jupyter_dep import environment_variables
from jupyter_dep.base.errors import DepError, UsageError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.base.steps import Hint, Placeholder, step

from .settings import IndexSettings, redact

DEFAULT = "pypi"
"""The name under which the configuration keeps what is for the engine's own place of upload."""
TOKEN_USER = "__token__"  # noqa: S105  what goes in the place of a user's name beside a token
_KEYRING_SECONDS = 60.0
_HIDDEN_FROM_KEYRING = ("PYTHON", "UV_", "PIP_", "JUPYTER_DEP_", "VIRTUAL_ENV", "CONDA_")


@frozen_dataclass
class Credentials:
    """A name and a password (or a token), and `where` they were found, in words that may be shown."""

    username: str = field(repr=False)
    password: str = field(repr=False)
    where: str


@frozen_dataclass
class Repository:
    """Where to upload.

    `url` None is the engine's own place. `check` is the index that lists what is there, None where only the engine knows it; it
    may hold credentials. `trusted`: the build service's identity is the password.
    """

    name: str
    url: str | None = None
    check: str | None = field(default=None, repr=False)
    credentials: Credentials | None = None
    trusted: bool = False

    @property
    def shown(self) -> str:
        """The address as it may be printed."""
        return redact(self.url) if self.url else "the default package index"


@frozen_dataclass
class Settings:
    """What of the user's settings an upload depends on; `configured` is `io.configuration.read`'s answer."""

    environ: Mapping[str, str] = field(repr=False)
    configured: Mapping[str, Any] = field(repr=False)
    indexes: IndexSettings
    state: Path
    """The folder in which the keyring program runs."""

    def repositories(self) -> Mapping[str, Mapping[str, str]]:
        """The configured repositories, by name."""
        found: Mapping[str, Mapping[str, str]] = self.configured.get("repositories", {})
        return found


def repository(wanted: str | None, settings: Settings, project: Path) -> Repository:
    """The repository of a name or an address, with credentials where there are any; None is the user's usual one.

    A program in the folder `project` is never taken for the keyring. Errors: `no-such-repository`, `bad-repository`,
    `credentials-in-url`, `keyring-failed`.
    """
    found, entry = _find_repository(wanted, settings)
    credentials = _credentials(found, entry, settings, usual=wanted is None)
    trusted = credentials is None and _build_service(settings.environ)
    if credentials is None and not trusted and settings.configured.get("publish", {}).get("keyring"):
        credentials = _from_keyring(found, entry, settings, project)
    found = replace(found, credentials=credentials, trusted=trusted)
    return replace(found, check=_find_check_url(found, entry, settings, usual=wanted is None))


def _find_repository(wanted: str | None, settings: Settings) -> tuple[Repository, Mapping[str, str]]:
    known = settings.repositories()
    if wanted is None:
        named = settings.environ.get("UV_PUBLISH_URL", "")
        if named:
            return _split_credentials(Repository(name="UV_PUBLISH_URL", url=_address(named)), {})
        entry = known.get(DEFAULT, {})
        return _split_credentials(Repository(name=DEFAULT, url=entry.get("url")), entry)
    if "://" in wanted:
        url = _address(wanted)
        if "@" in urlsplit(url).netloc or urlsplit(url).query:
            raise UsageError(
                "credentials-in-url",
                "the address holds a user name, a password or a token, which everybody on this machine can read there",
                hint=Hint(
                    "leave it out, and set `JUPYTER_DEP_PUBLISH_TOKEN` (or `…_USERNAME` and `…_PASSWORD`), or keep it in your ",
                    "own configuration: ",
                    step("config", Placeholder(name="repositories.NAME.token"), "--stdin", target=None),
                ),
            )
        for name, entry in known.items():
            if entry.get("url", "").rstrip("/") == url.rstrip("/"):
                return Repository(name=name, url=url), entry
        return Repository(name=redact(url), url=url), {}
    entry = known.get(wanted, {})
    if not entry.get("url") and wanted != DEFAULT:
        raise _explain_unknown(wanted, known)
    return _split_credentials(Repository(name=wanted, url=entry.get("url")), entry)


def _explain_unknown(wanted: str, known: Mapping[str, Mapping[str, str]]) -> UsageError:
    names = sorted({name for name, entry in known.items() if entry.get("url")} | {DEFAULT})
    near = difflib.get_close_matches(wanted, names, 2)
    meant = f"did you mean {' or '.join(f'`{name}`' for name in near)}? Else " if near else ""
    return UsageError(
        "no-such-repository",
        f"no repository `{wanted}` is configured",
        hint=Hint(
            meant,
            step("config", f"repositories.{wanted}.url", "https://index.example/legacy/", target=None),
            f" makes one; known: {', '.join(f'`{name}`' for name in names)}",
        ),
    )


def _address(url: str) -> str:
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and not any(one.isspace() for one in url)
    except ValueError:
        good = False
    if not good:
        raise UsageError(
            "bad-repository",
            "the repository's address is not a web address",
            hint="write one such as `https://index.example/legacy/`, or the name of a configured repository",
        )
    return url


def _split_credentials(found: Repository, entry: Mapping[str, str]) -> tuple[Repository, Mapping[str, str]]:
    """Take the credentials out of an address: the engine gets them apart."""
    if found.url is None or "@" not in urlsplit(found.url).netloc:
        return found, entry
    parts = urlsplit(found.url)
    userinfo, _, host = parts.netloc.rpartition("@")
    name, _, password = userinfo.partition(":")
    given = {"username": unquote(name), "password": unquote(password)}
    return replace(found, url=urlunsplit(parts._replace(netloc=host))), {**given, **entry}


def _credentials(found: Repository, entry: Mapping[str, str], settings: Settings, *, usual: bool) -> Credentials | None:
    """The first that is there: the repository's own, the command's variables, then uv's where the place is uv's too."""
    environ = settings.environ
    if own := _pair(entry.get("token"), entry.get("username"), entry.get("password"), f"your configuration of `{found.name}`"):
        return own
    uv = usual or (found.url or "").rstrip("/") == environ.get("UV_PUBLISH_URL", "").rstrip("/")
    for prefix in (environment_variables.PUBLISH, *(("UV_PUBLISH_",) if uv else ())):
        token, username, password = (environ.get(prefix + part) for part in ("TOKEN", "USERNAME", "PASSWORD"))
        if pair := _pair(token, username, password, f"`{prefix}{'TOKEN' if token else 'PASSWORD'}`"):
            return pair
    return None


def _pair(token: str | None, username: str | None, password: str | None, where: str) -> Credentials | None:
    if token:
        return Credentials(username=TOKEN_USER, password=token.strip(), where=where)
    if password:
        return Credentials(username=username or TOKEN_USER, password=password, where=where)
    return None


def _build_service(environ: Mapping[str, str]) -> bool:
    """Whether this is a build service that gives identity tokens (GitHub, GitLab)."""
    github = environ.get("GITHUB_ACTIONS") == "true" and bool(environ.get("ACTIONS_ID_TOKEN_REQUEST_TOKEN"))
    gitlab = bool(environ.get("GITLAB_CI")) and any(name.endswith("_ID_TOKEN") and text for name, text in environ.items())
    return github or gitlab


def _from_keyring(found: Repository, entry: Mapping[str, str], settings: Settings, project: Path) -> Credentials | None:
    """What the `keyring` program knows of the address, None if nothing. Errors: `keyring-failed`."""
    from jupyter_dep.io.system.process import run

    program = keyring_program(settings.environ, project)
    if program is None:
        raise DepError(
            "keyring-failed",
            "your configuration says `publish.keyring`, and no `keyring` program was found on `PATH` outside the project",
            hint=Hint("install it for your user, or ", step("config", "publish.keyring", "false", target=None)),
        )
    username = entry.get("username") or settings.environ.get(environment_variables.PUBLISH_USERNAME) or TOKEN_USER
    service = found.url or found.name
    env = {name: text for name, text in settings.environ.items() if not name.startswith(_HIDDEN_FROM_KEYRING)}
    settings.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    done = run([str(program), "get", service, username], cwd=settings.state, env=env, timeout=_KEYRING_SECONDS)
    password = done.stdout.rstrip("\r\n")
    if done.returncode != 0 or not password:
        return None
    return Credentials(username=username, password=password, where="your keyring")


def keyring_program(environ: Mapping[str, str], project: Path) -> Path | None:
    """The `keyring` of the user: an absolute path that does not lie in the project, where anybody could have put one."""
    inside = os.path.realpath(project) + os.sep
    for folder in environ.get("PATH", "").split(os.pathsep):
        if not os.path.isabs(folder):
            continue
        there = shutil.which("keyring", path=folder)
        if there and not any((os.path.abspath(one) + os.sep).startswith(inside) for one in (os.path.realpath(folder), there)):
            return Path(there)
    return None


def _find_check_url(found: Repository, entry: Mapping[str, str], settings: Settings, *, usual: bool) -> str | None:
    """Which index tells what the repository has: the named one, one of the user's on the same host, else the usual place."""
    if usual and (named := settings.environ.get("UV_PUBLISH_CHECK_URL")):
        return _add_credentials(named, found)
    if named := entry.get("index"):
        return _add_credentials(named, found)
    if found.url is None:
        return None
    for index in (settings.indexes.default, *settings.indexes.extra):
        if index and _origin(index) == _origin(found.url) and _base_url(index) == _base_url(found.url):
            return index if "@" in urlsplit(index).netloc else _add_credentials(index, found)
    return _add_credentials(_base_url(found.url) + "simple/", found)


def _base_url(url: str) -> str:
    """An address without what is customary at its end: `https://index.example/legacy/` and `…/simple` share one."""
    parts = urlsplit(url)
    path = parts.path.rstrip("/")
    for ending in ("/legacy", "/+simple", "/simple"):
        path = path.removesuffix(ending)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], path=path + "/", query="", fragment=""))


def is_local(url: str) -> bool:
    """Whether an address is this machine's own."""
    return urlsplit(url).hostname in ("localhost", "127.0.0.1", "::1")


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port


def _add_credentials(index: str, found: Repository) -> str:
    """The index with the repository's credentials, if they are for that host."""
    parts = urlsplit(index)
    if found.credentials is None or found.url is None or _origin(index) != _origin(found.url) or "@" in parts.netloc:
        return index
    user, password = quote(found.credentials.username, safe=""), quote(found.credentials.password, safe="")
    return urlunsplit(parts._replace(netloc=f"{user}:{password}@{parts.netloc}"))
