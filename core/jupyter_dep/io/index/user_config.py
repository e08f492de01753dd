"""The user's own configuration: one `config.toml` in the user's configuration folder, which only its user may read.

Package indexes to install from are not here: they are read from the user's pip and uv configuration (`io/indexes`).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from jupyter_dep.base.errors import DepError, UsageError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.base.steps import Hint, step
from jupyter_dep.base.toml import loads as read_toml
from jupyter_dep.io.files import read_write
from jupyter_dep.io.files.atomic import Write
from jupyter_dep.io.system.os_errors import explain_os_error
from jupyter_dep.io.system.paths import UserPaths, private_folder, require_owned

FILE = "config.toml"
HIDDEN = "***"
"""What is shown in the place of a secret."""

Kind = Literal["url", "text", "secret", "truth"]
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@frozen_dataclass
class Key:
    """One key that can be set; `NAME` in its `form` stands for a name of the user's."""

    form: str
    kind: Kind
    means: str


KEYS = (
    Key(form="repositories.NAME.url", kind="url", means="where `publish --repository NAME` uploads to"),
    Key(form="repositories.NAME.username", kind="text", means="the user name there"),
    Key(form="repositories.NAME.password", kind="secret", means="the password there"),
    Key(form="repositories.NAME.token", kind="secret", means="the token there, in place of user name and password"),
    Key(form="repositories.NAME.index", kind="url", means="the index that lists what is there, if it is in no usual place"),
    Key(form="publish.keyring", kind="truth", means="ask the `keyring` program for what is not configured"),
)
_BY_FORM = {key.form: key for key in KEYS}


def config_file(paths: UserPaths) -> Path:
    """Where the configuration lies. Errors: `foreign-folder`."""
    return require_owned(paths.config) / FILE


def find_key(key: str) -> Key:
    """The key as it is documented. Errors: `unknown-setting` with the nearest ones."""
    head, _, rest = key.partition(".")
    name, _, last = rest.rpartition(".")
    form = f"{head}.NAME.{last}" if name else key
    found = _BY_FORM.get(form)
    if found is not None and ("NAME" not in found.form.split(".") or _NAME.fullmatch(name)):
        return found
    from difflib import get_close_matches

    named = {each.form.replace("NAME", name or "NAME"): each for each in KEYS}
    near = get_close_matches(key, named, 2)
    raise UsageError(
        "unknown-setting",
        f"`{key}` is not a configuration key",
        hint=f"did you mean {' or '.join(f'`{one}`' for one in near)}?"
        if near
        else f"the keys are {', '.join(f'`{each.form}`' for each in KEYS)}",
    )


def read(paths: UserPaths) -> dict[str, Any]:
    """What is configured, as nested tables: `{"repositories": {NAME: {"url": …}}, "publish": {"keyring": True}}`.

    Unknown keys are left out. Errors: `bad-configuration`, which never repeats a value.
    """
    found: dict[str, Any] = {}
    for key, value in entries(paths):
        head, _, rest = key.partition(".")
        name, _, last = rest.rpartition(".")
        table = found.setdefault(head, {})
        (table.setdefault(name, {}) if name else table)[last] = value
    return found


def entries(paths: UserPaths) -> Iterator[tuple[str, str | bool]]:
    """Every key that is set, spelled out, with its value; secrets too. Errors: `bad-configuration`."""
    document = _document(_text(paths)[1], paths)
    for key, value in _flat(document):
        try:
            kind = find_key(key).kind
        except UsageError:
            continue
        if not isinstance(value, bool if kind == "truth" else str):
            raise _bad(paths, f"`{key}` is {'neither `true` nor `false`' if kind == 'truth' else 'no text'}")
        yield key, value


def unknown_keys(paths: UserPaths) -> tuple[str, ...]:
    """List unknown keys in the file. Errors: `bad-configuration`."""
    found = []
    for key, _ in _flat(_document(_text(paths)[1], paths)):
        try:
            find_key(key)
        except UsageError:
            found.append(key)
    return tuple(found)


def display_value(key: str, value: str | bool) -> str:  # noqa: FBT001  a value of the file, not a switch
    """A value as it may be printed."""
    return HIDDEN if find_key(key).kind == "secret" else str(value).lower() if isinstance(value, bool) else value


def set(paths: UserPaths, key: str, value: str) -> None:
    """Write one key; comments and order of the file stay. Errors: `unknown-setting`, `bad-setting`, `credentials-in-url`."""
    parsed = _parse_value(key, value)

    def edit(document: Any) -> None:
        import tomlkit

        *tables, last = _place(key)
        table = document
        for depth, name in enumerate(tables, 1):
            if name not in table:
                table[name] = tomlkit.table(is_super_table=depth < len(tables))
            table = table[name]
        table[last] = parsed

    _edit(paths, edit)


def unset(paths: UserPaths, key: str) -> bool:
    """Take one key out; whether it was there. Errors: `unknown-setting`, `bad-configuration`."""
    find_key(key)
    gone = False

    def edit(document: Any) -> None:
        nonlocal gone
        tables = [document]
        *names, last = _place(key)
        for name in names:
            if name not in tables[-1]:
                return
            tables.append(tables[-1][name])
        if last in tables[-1]:
            del tables[-1][last]
            gone = True
            for outer, name in zip(reversed(tables[:-1]), reversed(names), strict=True):
                if outer[name]:
                    break
                del outer[name]

    _edit(paths, edit)
    return gone


def _place(key: str) -> tuple[str, ...]:
    head, _, rest = key.partition(".")
    name, _, last = rest.rpartition(".")
    return (head, name, last) if name else (head, last)


def _parse_value(key: str, value: str) -> str | bool:
    kind = find_key(key).kind
    if kind == "truth":
        if value.lower() not in ("true", "false"):
            raise UsageError(
                "bad-setting", f"`{key}` is `true` or `false`", hint=Hint(step("config", key, "true", target=None))
            )
        return value.lower() == "true"
    if not value or any(ord(character) < 32 for character in value):
        raise UsageError(
            "bad-setting",
            f"`{key}` needs a value of one line",
            hint=Hint(step("config", key, "--unset", target=None), " removes it"),
        )
    if kind == "url":
        _check_address(key, value)
    return value


def _check_address(key: str, value: str) -> None:
    try:
        parts = urlsplit(value)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and " " not in value
    except ValueError:
        good = False
    if not good:
        raise UsageError(
            "bad-setting", f"`{key}` is not a web address", hint="write one such as `https://index.example/legacy/`"
        )
    if "@" in parts.netloc or "?" in value:
        other = key.removesuffix("url")
        raise UsageError(
            "credentials-in-url",
            "the address holds a user name, a password or a token, and it is shown in places where secrets are not",
            hint=f"leave it out there, and set `{other}username` and `{other}password`, or `{other}token`, with `--stdin`",
        )


def _text(paths: UserPaths) -> tuple[bytes | None, str]:
    data = read_write.read_if_there(config_file(paths), limit=1 << 20)
    try:
        return data, (data or b"").decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _bad(paths, "it is not UTF-8") from error


def _document(text: str, paths: UserPaths) -> dict[str, object]:
    try:
        return read_toml(text)
    except tomllib.TOMLDecodeError as error:
        where = re.search(r"at line \d+", str(error))  # the rest may repeat what stands there
        raise _bad(paths, f"it is not TOML{f' ({where[0]})' if where else ''}") from None


def _flat(table: Mapping[str, object], before: str = "") -> Iterator[tuple[str, object]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{key}.")
        else:
            yield before + key, value


def _edit(paths: UserPaths, edit: Any) -> None:
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    data, text = _text(paths)
    _document(text, paths)
    document = tomlkit.parse(text)
    try:
        edit(document)
        made = tomlkit.dumps(document)
    except (TOMLKitError, TypeError, AttributeError):
        raise _bad(paths, "a table there is written in a way that cannot be edited") from None
    if made == text:
        return
    try:
        private_folder(paths.config)
    except OSError as error:
        raise explain_os_error(error, paths.config, "making the configuration folder") from error
    read_write.replace_all([Write(path=config_file(paths), content=made.encode(), expected=data, private=True)])


def _bad(paths: UserPaths, why: str) -> DepError:
    return DepError(
        "bad-configuration",
        f"your configuration cannot be read: {why}",
        hint="correct that file, or remove it to start over",
        context={"file": str(config_file(paths))},
    )
