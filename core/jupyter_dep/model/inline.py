"""PEP 723 in a cell's text: find the `# /// script` block, read it, and edit it without touching anything else."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from packaging.markers import InvalidMarker, Marker
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from ..errors import DepError
from . import requirement
from .declaration import Declaration, Settings
from .requirement import Context
from .toml import loads as read_toml

# The reference expression of the specification, with an optional carriage return before each line's end.
_BLOCK = re.compile(r"^# /// (?P<type>[a-zA-Z0-9-]+)\r?\n(?P<content>(?:^#(?:\r?| [^\n]*)\n)+)^# ///(?=\r?$)", re.MULTILINE)
_OPENING = re.compile(r"^# /// script[ \t]*\r?$", re.MULTILINE)
_CONFLICT = re.compile(r"^(?:# ?)?(?:<{7}|>{7})(?: |\r?$)", re.MULTILINE)

UV_KEYS = frozenset(
    {"exclude-newer", "exclude-newer-package", "index", "sources", "prerelease", "resolution", "fork-strategy"}
    | {"constraint-dependencies", "override-dependencies", "exclude-dependencies"}
    | {"environments", "required-environments"}
)
_INDEX_KEYS = frozenset({"name", "url", "explicit", "default", "format"})
_CHOICES = {
    "prerelease": ("disallow", "allow", "if-necessary", "explicit", "if-necessary-or-explicit"),
    "resolution": ("highest", "lowest", "lowest-direct"),
    "fork-strategy": ("fewest", "requires-python"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One script block: `source[start:end]` is its text with both fences, without the last line's end.

    `toml` is its content without the comment marks, lines ended by a line feed. `line` is the 1-based line of the
    opening fence.
    """

    source: str
    start: int
    end: int
    toml: str

    @property
    def line(self) -> int:
        return self.source.count("\n", 0, self.start) + 1


def find(source: str, *, context: Context | None = None) -> Block | None:
    """The script block of a cell's source, None if it has none.

    Raises `DepError`: `two-script-blocks`, `bad-block` for one that is not closed, `unmerged` for conflict markers.
    """
    if "# /// script" not in source:
        return None
    matches = list(_BLOCK.finditer(source))
    scripts = [match for match in matches if match["type"] == "script"]
    openings = [
        opening
        for opening in _OPENING.finditer(source)
        if not any(match.start() < opening.start() < match.end() and match["type"] != "script" for match in matches)
    ]
    if len(scripts) == 1 and len(openings) == 1:
        match = scripts[0]
        return Block(source=source, start=match.start(), end=match.end(), toml=_bare(match["content"]))
    if not openings:
        return None
    if _CONFLICT.search(source):
        raise DepError(
            "unmerged",
            "the `# /// script` block holds merge conflict markers",
            hint="keep the lines that you want, remove the markers, then run `jupyter dep lock`",
            context=context,
        )
    if len(openings) > 1:
        raise DepError(
            "two-script-blocks",
            "the cell holds more than one `# /// script` block",
            hint="keep one block and move the other's dependencies into it",
            context=context,
        )
    raise DepError(
        "bad-block",
        "the `# /// script` block is not closed",
        hint="begin every line of the block with `# ` and end it with `# ///` on a line of its own",
        context={**(context or {}), "line": source.count("\n", 0, openings[0].start()) + 1},
    )


def parse(source: str, *, context: Context | None = None) -> Declaration:
    """The declaration in a cell's source.

    Raises `DepError`; its context is `context` with `line` (1-based, in the cell), `key` or `entry` (1-based) added.
    """
    block = find(source, context=context)
    if block is None:
        raise _undeclared(context)
    where = context or {}
    document = _document(block, where)
    for key in document:
        if key not in ("requires-python", "dependencies", "tool"):
            raise DepError(
                "bad-block",
                f"`{key}` is not a key of a script block",
                hint="keep `requires-python`, `dependencies` and `[tool]` only",
                context={**where, "key": key},
            )
    tool = _table(document.get("tool", {}), "tool", where)
    return Declaration(
        requires_python=_requires_python(document.get("requires-python"), where),
        dependencies=tuple(
            requirement.parse(text, context={**where, "entry": number})
            for number, text in enumerate(_texts(document.get("dependencies", []), "dependencies", where), 1)
        ),
        uv=_uv(_table(tool.get("uv", {}), "tool.uv", where), where),
        settings=_settings(_table(tool.get("jupyter-dep", {}), "tool.jupyter-dep", where), where),
    )


def new(dependencies: Sequence[str], requires_python: str) -> str:
    """The text of a fresh block, without the end of its last line, laid out as other tools of PEP 723 do."""
    array = _appended("[]", [requirement.spelled(text) for text in dependencies])
    toml = f"requires-python = {_string(requires_python)}\ndependencies = {array}\n"
    text = "\n".join(["# /// script", *_commented(toml.splitlines()), "# ///"])
    parse(text)
    return text


def add(source: str, requirements: Sequence[str]) -> str:
    """The source with each requirement declared.

    A declared name with the same marker keeps its text where the addition asks for nothing new, and is replaced in
    place where it brings another bound, URL or extra. Everything else is appended.
    """

    def edit(toml: str) -> str:
        import tomlkit

        document = tomlkit.parse(toml)
        before: list[str] = list(document.unwrap().get("dependencies", []))
        after = list(before)
        for text in requirements:
            place = _place(after, text)
            if place is None:
                after.append(requirement.spelled(text))
            else:
                after[place] = requirement.merged(after[place], text)
        array = document["dependencies"].as_string() if "dependencies" in document else "[]"
        changed = {place: text for place, text in enumerate(after[: len(before)]) if text != before[place]}
        return _with_array(toml, _appended(_replaced(array, changed), after[len(before) :]))

    return _edited(source, edit)


def remove(source: str, names: Sequence[str]) -> str:
    """The source without the requirements of these names; `DepError` `not-declared` names what is close."""

    def edit(toml: str) -> str:
        import tomlkit

        document = tomlkit.parse(toml)
        entries: list[str] = document.unwrap().get("dependencies", [])
        declared = [canonicalize_name(requirement.parse(text).name) for text in entries]
        wanted = {canonicalize_name(name.strip()) for name in names}
        for name in sorted(wanted.difference(declared)):
            raise _not_declared(name, declared)
        if not wanted:
            return toml
        places = {place for place, name in enumerate(declared) if name in wanted}
        return _with_array(toml, _without(document["dependencies"].as_string(), places))

    return _edited(source, edit)


def without(source: str) -> str:
    """The source without its block and the line end behind it; unchanged if there is none."""
    block = find(source)
    if block is None:
        return source
    rest = source[block.end :]
    for ending in ("\r\n", "\n"):
        if rest.startswith(ending):
            rest = rest[len(ending) :]
            break
    return source[: block.start] + rest


def set_requires_python(source: str, text: str) -> str:
    """The source with this `requires-python`, such as `>=3.11`."""

    def edit(toml: str) -> str:
        import tomlkit

        document = tomlkit.parse(toml)
        if "requires-python" not in document:
            return f"requires-python = {_string(text)}\n{toml}"
        document["requires-python"] = text.strip()
        return tomlkit.dumps(document)

    return _edited(source, edit)


def set_uv(source: str, key: str, value: object) -> str:
    """The source with one key of `[tool.uv]` set to a text, a list or a table, or removed with None."""
    return _edited(source, lambda toml: _with_tool(toml, "uv", key, value))


def set_setting(source: str, key: str, value: object) -> str:
    """The source with one key of `[tool.jupyter-dep]` set, or removed with None."""
    return _edited(source, lambda toml: _with_tool(toml, "jupyter-dep", key, value))


# Reading


def _document(block: Block, where: Context) -> dict[str, object]:
    try:
        return read_toml(block.toml)
    except tomllib.TOMLDecodeError as error:
        reason = str(error)
        place = re.search(r"\s*\(at line (\d+), column \d+\)$", reason)
        line = block.line + (int(place[1]) if place else block.toml.count("\n"))
        hint = f"correct line {line} of the cell, or run `jupyter dep init` to see a block's form"
        if re.search(r"^///$", block.toml, re.MULTILINE):
            hint = "leave an empty line between the closing `# ///` and the comments that follow it"
        raise DepError(
            "bad-toml",
            f"the `# /// script` block is not TOML: {re.sub(r' *[(]at .*[)]$', '', reason).lower()}",
            hint=hint,
            context={**where, "line": line},
        ) from error


def _requires_python(value: object, where: Context) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise _wrong("requires-python", 'a text such as `">=3.11"`', where)
    try:
        if not SpecifierSet(value):
            raise InvalidSpecifier(value)
    except InvalidSpecifier as error:
        version = re.search(r"\d+(?:\.\d+)*", value)
        raise DepError(
            "bad-requires-python",
            f"`{value}` is not a range of Python versions",
            hint=f"did you mean `>={version[0]}`?" if version else "write a range such as `>=3.11` or `>=3.11,<3.14`",
            context={**where, "key": "requires-python"},
        ) from error
    return value.strip()


def _uv(table: Mapping[str, object], where: Context) -> dict[str, object]:
    uv: dict[str, object] = {}
    for key, raw in table.items():
        name = f"tool.uv.{key}"
        if key not in UV_KEYS:
            raise _unsupported(name, UV_KEYS, where)
        value = uv[key] = _plain(raw)
        for text in _strings(value):
            requirement.refuse_secrets(text, context={**where, "key": name})
        if key == "exclude-newer" and not isinstance(value, str):
            raise _wrong(name, 'a date such as `"2026-01-31T00:00:00Z"`', where)
        elif key in _CHOICES and value not in _CHOICES[key]:
            raise _wrong(name, "one of " + ", ".join(f"`{choice}`" for choice in _CHOICES[key]), where)
        elif key in ("constraint-dependencies", "override-dependencies", "exclude-dependencies"):
            for number, text in enumerate(_texts(value, name, where), 1):
                requirement.parse(text, context={**where, "key": name, "entry": number})
        elif key in ("environments", "required-environments"):
            _markers([value] if isinstance(value, str) else value, name, where)
        elif key in ("sources", "exclude-newer-package"):
            _table(value, name, where)
        elif key == "index":
            _indexes(value, where)
    return uv


def _indexes(value: object, where: Context) -> None:
    if not isinstance(value, list):
        raise _wrong("tool.uv.index", "an array of tables, `[[tool.uv.index]]`", where)
    for number, entry in enumerate(value, 1):
        place: Context = {**where, "entry": number}
        table = _table(entry, "tool.uv.index", place)
        for key, setting in table.items():
            if key not in _INDEX_KEYS:
                raise _unsupported(f"tool.uv.index.{key}", _INDEX_KEYS, place)
            if not isinstance(setting, bool if key in ("explicit", "default") else str):
                kind = "`true` or `false`" if key in ("explicit", "default") else "a text"
                raise _wrong(f"tool.uv.index.{key}", kind, place)
        if "url" not in table:
            raise _wrong("tool.uv.index.url", "a URL", place)


def _settings(table: Mapping[str, object], where: Context) -> Settings:
    for key in table:
        if key not in ("widgets", "build", "platforms"):
            raise _unsupported(f"tool.jupyter-dep.{key}", {"widgets", "build", "platforms"}, where)
    widgets = table.get("widgets", True)
    if not isinstance(widgets, bool):
        raise _wrong("tool.jupyter-dep.widgets", "`true` or `false`", where)
    return Settings(
        widgets=widgets,
        build=tuple(
            canonicalize_name(requirement.parse(text, context={**where, "key": "tool.jupyter-dep.build", "entry": number}).name)
            for number, text in enumerate(_texts(table.get("build", []), "tool.jupyter-dep.build", where), 1)
        ),
        platforms=_markers(table.get("platforms", []), "tool.jupyter-dep.platforms", where),
    )


def _markers(value: object, key: str, where: Context) -> tuple[str, ...]:
    markers: list[str] = []
    for number, text in enumerate(_texts(value, key, where), 1):
        try:
            markers.append(requirement.canonical_marker(str(Marker(text))))
        except InvalidMarker as error:
            raise DepError(
                "bad-marker",
                f"`{text}` is not an environment marker",
                hint="write one such as `sys_platform == 'linux'` or `platform_machine == 'arm64'`",
                context={**where, "key": key, "entry": number},
            ) from error
    return tuple(markers)


def _texts(value: object, key: str, where: Context) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise _wrong(key, "a list of texts", where)
    return value


def _table(value: object, key: str, where: Context) -> dict[str, object]:
    if not isinstance(value, dict):
        raise _wrong(key, "a table", where)
    return value


def _plain(value: object) -> object:
    """A TOML value in JSON's types; dates and times become text."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, (datetime, date, time)):
        return re.sub(r"\+00:00$", "Z", value.isoformat())
    return value


def _strings(value: object) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)


def _wrong(key: str, expected: str, where: Context) -> DepError:
    return DepError(
        "bad-value", f"`{key}` has a value of the wrong kind", hint=f"write {expected}", context={**where, "key": key}
    )


def _unsupported(key: str, allowed: Iterable[str], where: Context) -> DepError:
    return DepError(
        "unsupported-key",
        f"`{key}` is not supported in a declaration",
        hint="remove it; allowed here: " + ", ".join(f"`{name}`" for name in sorted(allowed)),
        context={**where, "key": key},
    )


def _undeclared(context: Context | None) -> DepError:
    return DepError(
        "no-declaration",
        "there is no `# /// script` block",
        hint="write one with `jupyter dep init`",
        context=context,
    )


def _not_declared(name: str, declared: Sequence[str]) -> DepError:
    close = difflib.get_close_matches(name, declared, n=3)
    listed = ", ".join(f"`{one}`" for one in close or sorted(set(declared)))
    hint = f"did you mean {listed}?" if close else f"declared are {listed}" if listed else "nothing is declared yet"
    return DepError("not-declared", f"`{name}` is not declared", hint=hint, context={"package": name})


# Editing


def _edited(source: str, edit: Callable[[str], str]) -> str:
    """The source with its block's TOML edited. Lines that stay the same keep their bytes, others the block's ending."""
    from tomlkit.exceptions import TOMLKitError

    block = find(source)
    if block is None:
        raise _undeclared(None)
    parse(source)
    try:
        toml = edit(block.toml)
    except TOMLKitError as error:
        raise DepError(
            "bad-toml",
            f"the `# /// script` block cannot be edited: {error}",
            hint="write the change into the block by hand",
        ) from error
    raw: list[str] = re.findall(r"[^\n]*\n|[^\n]+", source[block.start : block.end])
    ending = "\r\n" if raw[0].endswith("\r\n") else "\n"
    body, old, fresh = raw[1:-1], block.toml.split("\n")[:-1], toml.removesuffix("\n").split("\n")
    lines: list[str] = []
    for tag, first, last, start, stop in difflib.SequenceMatcher(None, old, fresh, autojunk=False).get_opcodes():
        lines += body[first:last] if tag == "equal" else [line + ending for line in _commented(fresh[start:stop])]
    result = source[: block.start] + raw[0] + "".join(lines) + raw[-1] + source[block.end :]
    parse(result)
    return result


def _bare(content: str) -> str:
    lines = (line.removesuffix("\r") for line in content.split("\n")[:-1])
    return "".join((line[2:] if line.startswith("# ") else line[1:]) + "\n" for line in lines)


def _commented(lines: Iterable[str]) -> list[str]:
    return [f"# {line}" if line else "#" for line in lines]


def _string(text: str) -> str:
    import tomlkit

    return tomlkit.string(text.strip()).as_string()


def _place(entries: Sequence[str], text: str) -> int | None:
    """Where the same name is declared under the same marker."""

    def identity(entry: str) -> tuple[str, str]:
        parsed = requirement.parse(entry)
        return canonicalize_name(parsed.name), requirement.canonical_marker(str(parsed.marker or ""))

    wanted = identity(text)
    return next((place for place, entry in enumerate(entries) if identity(entry) == wanted), None)


def _with_array(toml: str, array: str) -> str:
    import tomlkit

    document = tomlkit.parse(toml)
    document["dependencies"] = tomlkit.value(array)
    return tomlkit.dumps(document)


def _with_tool(toml: str, name: str, key: str, value: object) -> str:
    import tomlkit
    from tomlkit.items import InlineTable

    document = tomlkit.parse(toml)
    if value is None:
        tool = document.get("tool", {})
        table = tool.get(name, {})
        if key not in table:
            return toml
        del table[key]
        if not table:
            del tool[name]
        if not tool:
            del document["tool"]
        return tomlkit.dumps(document).rstrip("\n") + "\n"
    if "tool" not in document:
        document["tool"] = tomlkit.table(is_super_table=True)
    tool = document["tool"]
    if name not in tool:
        tool[name] = tomlkit.table()
    if isinstance(value, Mapping) and not isinstance(tool[name], InlineTable):
        rows = tomlkit.table()
        for row, item in value.items():
            rows[row] = _row(item)
        value = rows
    tool[name][key] = value
    return tomlkit.dumps(document)


def _row(item: object) -> object:
    if not isinstance(item, Mapping):
        return item
    import tomlkit

    inline = tomlkit.inline_table()
    inline.update(dict(item))
    return inline


@dataclass(slots=True, kw_only=True)
class _Entry:
    """One text of an array as it is written: what stands before it, itself, and what follows up to the next one.

    `after` stands before its comma, `trail` (a comment on the same line) behind it.
    """

    before: str
    item: str
    after: str = ""
    comma: bool = False
    trail: str = ""

    def text(self) -> str:
        return self.before + self.item + self.after + ("," if self.comma else "") + self.trail


_TOKEN = re.compile(r'''"""(?:\\.|[^\\])*?"""|\'{3}.*?\'{3}|"(?:\\.|[^"\\])*"|'[^']*'|\#[^\n]*|,|\s+''', re.DOTALL)


def _split(array: str) -> tuple[list[_Entry], str]:
    """The entries of an array of texts, and what stands between the last one and the closing bracket."""
    entries: list[_Entry] = []
    gap = ""
    for piece in _TOKEN.findall(array[1:-1]):
        last = entries[-1] if entries else None
        if piece[0] in "\"'":
            entries.append(_Entry(before=gap, item=piece))
            gap = ""
        elif last is not None and piece == ",":
            last.after, last.comma, gap = last.after + gap, True, ""
        elif last is not None and piece[0] == "#" and "\n" not in gap:
            if last.comma:
                last.trail += gap + piece
            else:
                last.after += gap + piece
            gap = ""
        else:
            gap += piece
    return entries, gap


def _joined(entries: Iterable[_Entry], tail: str) -> str:
    return "[" + "".join(entry.text() for entry in entries) + tail + "]"


def _replaced(array: str, texts: Mapping[int, str]) -> str:
    entries, tail = _split(array)
    for place, text in texts.items():
        entries[place].item = _string(text)
    return _joined(entries, tail)


def _appended(array: str, texts: Sequence[str]) -> str:
    if not texts:
        return array
    entries, tail = _split(array)
    comments = tail.rstrip()
    if not entries:
        return f"[{comments}" + "".join(f"\n    {_string(text)}," for text in texts) + "\n]"
    last = entries[-1]
    trailing = last.comma
    indent = last.before[len(last.before.rstrip()) :] or " "
    if "\n" in indent:
        indent = "\n" + indent.rpartition("\n")[2]
    elif comments or "#" in last.after + last.trail:
        indent = "\n    "
    if not last.comma:
        last.comma, last.after, last.trail = True, "", last.after
    closing = tail[len(comments) :]
    added = [_Entry(before=indent, item=_string(text), comma=True) for text in texts]
    added[0].before = comments + indent
    added[-1].comma = trailing
    return _joined([*entries, *added], closing)


def _without(array: str, places: set[int]) -> str:
    entries, tail = _split(array)
    if not places or not entries:
        return array
    kept: list[_Entry] = []
    carried, first = "", entries[0].before
    for place, entry in enumerate(entries):
        if place in places:
            carried += entry.before.rstrip()
            continue
        if not kept and "\n" not in first + entry.before:
            entry.before = first
        entry.before = _below(kept, carried, entry.before)
        carried = ""
        kept.append(entry)
    if not kept:
        tail = _below(kept, carried, tail)
        return f"[{tail}]" if "#" in tail else "[]"
    if not entries[-1].comma:
        kept[-1].comma, kept[-1].after = False, kept[-1].after.rstrip()
    return _joined(kept, _below(kept, carried, tail))


def _below(kept: Sequence[_Entry], comments: str, text: str) -> str:
    """The text behind comments that stayed: on a line of its own, or the last comment would swallow it."""
    open_comment = "#" in comments + (kept[-1].after + kept[-1].trail if kept else "")
    apart = "\n" if open_comment and not text.lstrip(" \t").startswith("\n") else ""
    return comments + apart + text
