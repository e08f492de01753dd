"""PEP 723 in a cell's text: find the `# /// script` block, read it, and edit it without touching anything else."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.base.steps import Hint, Text, step
from jupyter_dep.base.toml import append_item, basic_string
from jupyter_dep.base.toml import loads as read_toml

from . import requirement
from .declaration import Declaration
from .requirement import Context
from .requirement_array import add_requirements, remove_requirements
from .tool_tables import requires_python, settings, table, texts, uv_table

# The reference expression of the specification, with an optional carriage return before each line's end.
_BLOCK = re.compile(r"^# /// (?P<type>[a-zA-Z0-9-]+)\r?\n(?P<content>(?:^#(?:\r?| [^\n]*)\n)+)^# ///(?=\r?$)", re.MULTILINE)
_OPENING = re.compile(r"^# /// script[ \t]*\r?$", re.MULTILINE)
_CONFLICT = re.compile(r"^(?:# ?)?(?:<{7}|>{7})(?: |\r?$)", re.MULTILINE)


@frozen_dataclass
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
        """The 1-based line of the opening fence."""
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
        return Block(source=source, start=match.start(), end=match.end(), toml=_strip_marks(match["content"]))
    if not openings:
        return None
    if _CONFLICT.search(source):
        raise DepError(
            "unmerged",
            "the `# /// script` block holds merge conflict markers",
            hint=Hint("keep the lines that you want, remove the markers, then run ", step("lock")),
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
        raise _refuse_undeclared(context)
    where = context or {}
    document = _read_document(block, where)
    for key in document:
        if key not in ("requires-python", "dependencies", "tool"):
            raise DepError(
                "bad-block",
                f"`{key}` is not a key of a script block",
                hint="keep `requires-python`, `dependencies` and `[tool]` only",
                context={**where, "key": key},
            )
    tool = table(document.get("tool", {}), "tool", where)
    return Declaration(
        requires_python=requires_python(document.get("requires-python"), where),
        dependencies=tuple(
            requirement.parse(text, context={**where, "entry": number})
            for number, text in enumerate(texts(document.get("dependencies", []), "dependencies", where), 1)
        ),
        uv=uv_table(table(tool.get("uv", {}), "tool.uv", where), where),
        settings=settings(table(tool.get("jupyter-dep", {}), "tool.jupyter-dep", where), where),
    )


def new(dependencies: Sequence[str], requires_python: str) -> str:
    """The text of a fresh block, without the end of its last line, laid out as other tools of PEP 723 do."""
    array = append_item("[]", [requirement.spell(text) for text in dependencies])
    toml = f"requires-python = {basic_string(requires_python)}\ndependencies = {array}\n"
    text = "\n".join(["# /// script", *_comment_lines(toml.splitlines()), "# ///"])
    parse(text)
    return text


def add(source: str, requirements: Sequence[str]) -> str:
    """The source with each requirement declared.

    Errors and rules are those of `requirement_array.add_requirements`.
    """
    return _edit_dependencies(source, lambda array: add_requirements(array, requirements))


def remove(source: str, names: Sequence[str]) -> str:
    """The source without the requirements of these names; `DepError` `not-declared` names what is close."""
    return _edit_dependencies(source, lambda array: remove_requirements(array, names))


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
            return f"requires-python = {basic_string(text)}\n{toml}"
        document["requires-python"] = text.strip()
        return tomlkit.dumps(document)

    return _edit_block(source, edit)


def set_uv(source: str, key: str, value: object) -> str:
    """The source with one key of `[tool.uv]` set to a text, a list or a table, or removed with None."""
    return _edit_block(source, lambda toml: _set_tool_key(toml, "uv", key, value))


def set_setting(source: str, key: str, value: object) -> str:
    """The source with one key of `[tool.jupyter-dep]` set, or removed with None."""
    return _edit_block(source, lambda toml: _set_tool_key(toml, "jupyter-dep", key, value))


def _read_document(block: Block, where: Context) -> dict[str, object]:
    try:
        return read_toml(block.toml)
    except tomllib.TOMLDecodeError as error:
        reason = str(error)
        place = re.search(r"\s*\(at line (\d+), column \d+\)$", reason)
        line = block.line + (int(place[1]) if place else block.toml.count("\n"))
        hint: Text = Hint(f"correct line {line} of the cell, or run ", step("init"), " to see a block's form")
        if re.search(r"^///$", block.toml, re.MULTILINE):
            hint = "leave an empty line between the closing `# ///` and the comments that follow it"
        raise DepError(
            "bad-toml",
            f"the `# /// script` block is not TOML: {re.sub(r' *[(]at .*[)]$', '', reason).lower()}",
            hint=hint,
            context={**where, "line": line},
        ) from error


def _refuse_undeclared(context: Context | None) -> DepError:
    return DepError(
        "no-declaration",
        "no `# /// script` block",
        hint=Hint("write one with ", step("init")),
        context=context,
    )


def _edit_block(source: str, edit: Callable[[str], str]) -> str:
    """The source with its block's TOML edited. Lines that stay the same keep their bytes, others the block's ending."""
    from tomlkit.exceptions import TOMLKitError

    block = find(source)
    if block is None:
        raise _refuse_undeclared(None)
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
        lines += body[first:last] if tag == "equal" else [line + ending for line in _comment_lines(fresh[start:stop])]
    result = source[: block.start] + raw[0] + "".join(lines) + raw[-1] + source[block.end :]
    parse(result)
    return result


def _strip_marks(content: str) -> str:
    lines = (line.removesuffix("\r") for line in content.split("\n")[:-1])
    return "".join((line[2:] if line.startswith("# ") else line[1:]) + "\n" for line in lines)


def _comment_lines(lines: Iterable[str]) -> list[str]:
    return [f"# {line}" if line else "#" for line in lines]


def _edit_dependencies(source: str, change: Callable[[str], str]) -> str:
    """The source with the text of its array of dependencies changed; an array that stays the same is not written anew."""

    def edit(toml: str) -> str:
        import tomlkit

        document = tomlkit.parse(toml)
        array = document["dependencies"].as_string() if "dependencies" in document else "[]"
        changed = change(array)
        if changed == array and "dependencies" in document:
            return toml
        document["dependencies"] = tomlkit.value(changed)
        return tomlkit.dumps(document)

    return _edit_block(source, edit)


def _set_tool_key(toml: str, name: str, key: str, value: object) -> str:
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
            rows[row] = _make_row(item)
        value = rows
    tool[name][key] = value
    return tomlkit.dumps(document)


def _make_row(item: object) -> object:
    if not isinstance(item, Mapping):
        return item
    import tomlkit

    inline = tomlkit.inline_table()
    inline.update(dict(item))
    return inline
