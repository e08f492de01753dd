"""A notebook file as bytes: what it declares and names, and edits that leave every other byte as it was.

Nothing is serialised again but the value that changes. A scanner steps through the top level, `metadata` and the
cells and remembers where `source` and `kernelspec` stand; everything else is skipped by the JSON decoder.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from json.decoder import JSONDecodeError, JSONDecoder

from ..errors import DepError
from . import inline
from .declaration import Declaration
from .requirement import Context

_DECODER = JSONDecoder()
_SPACE = re.compile(r"[ \t\n\r]*")
_OPENING = re.compile(r'\{(?P<lead>[ \t\n\r]*)(?:"(?:[^"\\]|\\.)*"(?P<colon>[ \t\n\r]*:[ \t\n\r]*))?')
_RAW_LINE = re.compile(r"(?:[^\\]|\\[^n])*\\n|(?:[^\\]|\\[^n])+", re.DOTALL)
_TAG = "jupyter-dep"


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeCell:
    """A code cell; `index` is its 0-based place among all cells, `id` is None before nbformat 4.5."""

    index: int
    id: str | None
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    """Where things stand in the text, as half-open spans of characters."""

    top: int
    cells: tuple[int, int]
    first_cell: int | None
    sources: dict[int, tuple[int, int]]
    metadata: tuple[int, int] | None
    kernelspec: tuple[int, int] | None
    minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Style:
    """How the file writes JSON; `indent` is None for a file without line ends."""

    indent: str | None
    newline: str
    colon: str
    ascii: bool

    @property
    def comma(self) -> str:
        return ", " if self.indent is None and self.colon.endswith(" ") else ","

    def line(self, depth: int) -> str:
        return "" if self.indent is None else self.newline + self.indent * depth

    def dump(self, value: object, depth: int = 0) -> str:
        """JSON text of a value that stands at this depth."""
        text = json.dumps(value, indent=self.indent, separators=(self.comma, self.colon), ensure_ascii=self.ascii)
        text = re.sub("[\ud800-\udfff]", lambda match: f"\\u{ord(match[0]):04x}", text)
        return text if self.indent is None else text.replace("\n", self.line(depth))


@dataclass(frozen=True, slots=True, kw_only=True)
class Notebook:
    """One notebook, parsed. `block` is the one code cell with a script block.

    A cell that begins with a cell magic (`%%writefile tool.py`) is not Python of this notebook: no block is looked
    for in it.
    """

    kernel_name: str | None
    language: str | None
    nbformat_minor: int
    code_cells: tuple[CodeCell, ...]
    block: CodeCell | None
    _text: str = field(repr=False)
    _layout: _Layout = field(repr=False)
    _context: Context = field(repr=False)

    @classmethod
    def parse(cls, data: bytes, *, context: Context | None = None) -> Notebook:
        """The notebook in a file's bytes: UTF-8 with or without a byte-order mark.

        Raises `DepError`: `unreadable-json` with `line` and `column`, `unmerged`, `not-a-notebook`,
        `two-script-blocks`, and what `inline.find` raises with the 1-based `cell`.
        """
        where = dict(context or {})
        text = _decoded(data, where)
        try:
            scan = _Scan(text)
        except JSONDecodeError as error:
            raise _unreadable(text, error, where) from error
        except (RecursionError, ValueError) as error:
            raise DepError(
                "unreadable-json",
                f"the file is not readable as JSON: {error}",
                hint="restore the notebook from a checkpoint or from version control",
                context=where,
            ) from error
        layout = scan.layout(where)
        spec, info = (scan.metadata.get(key) for key in ("kernelspec", "language_info"))
        spec, info = (spec if isinstance(spec, dict) else {}), (info if isinstance(info, dict) else {})
        cells = scan.code_cells(where)
        return cls(
            kernel_name=_text(spec.get("name")),
            language=_text(spec.get("language")) or _text(info.get("name")),
            nbformat_minor=layout.minor,
            code_cells=cells,
            block=_block_cell(cells, where),
            _text=text,
            _layout=layout,
            _context=where,
        )

    def declaration(self) -> Declaration | None:
        """What the notebook declares, None without a block; errors name the file and the 1-based cell."""
        if self.block is None:
            return None
        return inline.parse(self.block.source, context={**self._context, "cell": self.block.index + 1})

    def with_block(self, text: str) -> bytes:
        """The file with `text` as the whole source of the block's cell, or of a new first cell where there is none.

        Lines of the source that stay the same keep their bytes.
        """
        if self.block is None:
            return self._with_first_cell(text)
        start, end = self._layout.sources[self.block.index]
        return self._spliced(start, end, self._source(start, end, text))

    def without_block(self) -> bytes:
        """The file without the block's text, and without its cell if nothing else stands there."""
        if self.block is None:
            return self._text.encode()
        rest = inline.without(self.block.source)
        if rest.strip():
            return self.with_block(rest)
        spans: list[tuple[int, int]] = []
        _array(self._text, self._layout.cells[0], lambda _, at: _record(self._text, at, spans))
        here = self.block.index
        start, end = spans[here]
        if here + 1 < len(spans):
            end = spans[here + 1][0]
        elif here:
            start = spans[here - 1][1]
        else:
            return self._spliced(*self._layout.cells, "[]")
        return self._spliced(start, end, "")

    def with_kernelspec(self, name: str, display_name: str) -> bytes:
        """The file with this Python kernel as `metadata.kernelspec`."""
        spec = {"display_name": display_name, "language": "python", "name": name}
        style, layout = self._style(), self._layout
        if layout.kernelspec is not None:
            start, end = layout.kernelspec
            if _DECODER.raw_decode(self._text, start)[0] == spec:
                return self._text.encode()
            return self._spliced(start, end, style.dump(spec, 2))
        if layout.metadata is None:
            return self._with_member(layout.top, "metadata", style.dump({"kernelspec": spec}, 1), 1)
        start, end = layout.metadata
        if not self._text.startswith("{", start):
            return self._spliced(start, end, style.dump({"kernelspec": spec}, 1))
        return self._with_member(start, "kernelspec", style.dump(spec, 2), 2)

    def _with_first_cell(self, source: str) -> bytes:
        style, layout = self._style(), self._layout
        as_text = any(self._text.startswith('"', start) for start, _ in layout.sources.values())
        cell: dict[str, object] = {"cell_type": "code", "execution_count": None}
        if layout.minor >= 5:
            taken = {cell.id for cell in self.code_cells}
            cell["id"] = next(name for name in iter(lambda: secrets.token_hex(4), "") if name not in taken)
        cell["metadata"] = {"jupyter": {"source_hidden": True}, "tags": [_TAG]}
        cell["outputs"] = []
        cell["source"] = source if as_text else source.splitlines(keepends=True)
        new = style.dump(cell, 2)
        if layout.first_cell is None:
            return self._spliced(*layout.cells, f"[{style.line(2)}{new}{style.line(1)}]")
        lead = self._text[layout.cells[0] + 1 : layout.first_cell]
        gap = "," + lead if "\n" in lead else style.comma
        return self._spliced(layout.first_cell, layout.first_cell, new + gap)

    def _with_member(self, start: int, key: str, value: str, depth: int) -> bytes:
        """The file with a first member in the object that begins at `start`, its members at this depth."""
        style, after = self._style(), start + 1
        first = _skip(self._text, after)
        member = f'"{key}"{style.colon}{value}'
        if self._text.startswith("}", first):
            return self._spliced(after, first, style.line(depth) + member + style.line(depth - 1))
        lead = self._text[after:first]
        return self._spliced(first, first, member + ("," + lead if "\n" in lead else style.comma))

    def _source(self, start: int, end: int, wanted: str) -> str:
        """JSON text of a source in the form that stands in the span, a list of lines or one string."""
        from difflib import SequenceMatcher

        style = self._style()
        listed = self._text.startswith("[", start)
        spans: list[tuple[int, int]] = []
        if listed:
            _array(self._text, start, lambda _, at: _record(self._text, at, spans))
            raw = [self._text[first:last] for first, last in spans]
            old = [json.loads(item) for item in raw]
        else:
            raw = _RAW_LINE.findall(self._text[start + 1 : end - 1])
            old = [json.loads(f'"{item}"') for item in raw]
        new = wanted.splitlines(keepends=True)
        pieces: list[str] = []
        for tag, first, last, begin, stop in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            if tag == "equal":
                pieces += raw[first:last]
            else:
                pieces += [style.dump(line) if listed else style.dump(line)[1:-1] for line in new[begin:stop]]
        if not listed:
            return '"' + "".join(pieces) + '"'
        if not pieces:
            return "[]"
        lead, tail, gap = style.line(4), style.line(3), style.comma
        if spans:
            lead, tail = self._text[start + 1 : spans[0][0]], self._text[spans[-1][1] : end - 1]
        if len(spans) > 1:
            gap = self._text[spans[0][1] : spans[1][0]]
        elif "\n" in lead:
            gap = "," + lead
        return f"[{lead}{gap.join(pieces)}{tail}]"

    def _style(self) -> _Style:
        match = _OPENING.match(self._text, self._layout.top)
        lead, colon = (match["lead"], match["colon"] or ": ") if match else ("", ": ")
        return _Style(
            indent=lead.rpartition("\n")[2] if "\n" in lead else None,
            newline="\r\n" if "\r\n" in lead else "\n",
            colon=colon,
            ascii=_escapes_everything(self._text),
        )

    def _spliced(self, start: int, end: int, new: str) -> bytes:
        return (self._text[:start] + new + self._text[end:]).encode()


def blank(block: str | None, name: str, display_name: str) -> bytes:
    """A new notebook of nbformat 4.5 for this Python kernel, with the block in its first cell if there is one."""
    text = json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1) + "\n"
    data = Notebook.parse(text.encode()).with_kernelspec(name, display_name)
    return data if block is None else Notebook.parse(data).with_block(block)


class _Scan:
    """One pass over the text. A key that stands twice counts the last time, as in `json`."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._top = _skip(text, 1 if text.startswith("\ufeff") else 0)
        self._cells: tuple[int, int] | None = None
        self._first: int | None = None
        self._found: list[dict[str, object]] = []
        self._sources: list[tuple[int, int] | None] = []
        self._metadata: tuple[int, int] | None = None
        self._kernelspec: tuple[int, int] | None = None
        self.metadata: dict[str, object] = {}
        self._formats: dict[str, object] = {}
        if text.startswith("{", self._top):
            end = _object(text, self._top, self._member)
        else:
            end = _DECODER.raw_decode(text, self._top)[1]
        if (rest := _skip(text, end)) != len(text):
            raise JSONDecodeError("Extra data", text, rest)

    def _member(self, key: str, at: int) -> int:
        if key == "cells":
            self._cells, self._first, self._found, self._sources = None, None, [], []
            if self._text.startswith("[", at):
                end = _array(self._text, at, self._cell)
                self._cells = (at, end)
                return end
        elif key == "metadata":
            self.metadata, self._kernelspec = {}, None
            if self._text.startswith("{", at):
                end = _object(self._text, at, self._metadatum)
            else:
                end = _DECODER.raw_decode(self._text, at)[1]
            self._metadata = (at, end)
            return end
        value, end = _DECODER.raw_decode(self._text, at)
        if key in ("nbformat", "nbformat_minor"):
            self._formats[key] = value
        return end

    def _metadatum(self, key: str, at: int) -> int:
        self.metadata[key], end = _DECODER.raw_decode(self._text, at)
        if key == "kernelspec":
            self._kernelspec = (at, end)
        return end

    def _cell(self, index: int, at: int) -> int:
        if index == 0:
            self._first = at
        cell: dict[str, object] = {}
        span: list[tuple[int, int]] = []

        def visit(key: str, at: int) -> int:
            value, end = _DECODER.raw_decode(self._text, at)
            if key in ("cell_type", "id", "source"):
                cell[key] = value
            if key == "source":
                span[:] = [(at, end)]
            return end

        if not self._text.startswith("{", at):
            end = _DECODER.raw_decode(self._text, at)[1]
        else:
            end = _object(self._text, at, visit)
        self._found.append(cell)
        self._sources.append(span[0] if span else None)
        return end

    def layout(self, where: Context) -> _Layout:
        """Where things stand; `DepError` `not-a-notebook` for JSON that is no notebook of format 4."""
        version = self._formats.get("nbformat")
        if isinstance(version, int) and version < 4:
            raise DepError(
                "not-a-notebook",
                f"the notebook has the old format {version}",
                hint="convert it: `jupyter nbconvert --to notebook --inplace FILE`",
                context=where,
            )
        if self._cells is None:
            raise DepError(
                "not-a-notebook",
                "the file is JSON but no notebook: it has no list of cells",
                hint="name a notebook file, or begin one with `jupyter dep init FILE`",
                context=where,
            )
        minor = self._formats.get("nbformat_minor")
        return _Layout(
            top=self._top,
            cells=self._cells,
            first_cell=self._first,
            sources={index: span for index, span in enumerate(self._sources) if span is not None},
            metadata=self._metadata,
            kernelspec=self._kernelspec,
            minor=minor if isinstance(minor, int) else 0,
        )

    def code_cells(self, where: Context) -> tuple[CodeCell, ...]:
        cells: list[CodeCell] = []
        for index, cell in enumerate(self._found):
            source = cell.get("source", "")
            if isinstance(source, list) and all(isinstance(line, str) for line in source):
                source = "".join(source)
            if not isinstance(source, str):
                raise DepError(
                    "not-a-notebook",
                    f"the source of cell {index + 1} is not text",
                    hint="restore the notebook from a checkpoint or from version control",
                    context={**where, "cell": index + 1},
                )
            if cell.get("cell_type") == "code":
                cells.append(CodeCell(index=index, id=_text(cell.get("id")), source=source))
        return tuple(cells)


def _block_cell(cells: tuple[CodeCell, ...], where: Context) -> CodeCell | None:
    found = [
        cell
        for cell in cells
        if not cell.source.lstrip().startswith("%%")
        and inline.find(cell.source, context={**where, "cell": cell.index + 1}) is not None
    ]
    if len(found) > 1:
        first, second = found[0].index + 1, found[1].index + 1
        raise DepError(
            "two-script-blocks",
            f"cells {first} and {second} both hold a `# /// script` block",
            hint=f"keep the block in cell {first} and move what cell {second} declares into it",
            context={**where, "cell": first},
        )
    return found[0] if found else None


def _decoded(data: bytes, where: Context) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise DepError(
            "unreadable-json",
            f"the file is not UTF-8 at byte {error.start}",
            hint="save the notebook as UTF-8",
            context={**where, "line": data.count(b"\n", 0, error.start) + 1},
        ) from error


def _unreadable(text: str, error: JSONDecodeError, where: Context) -> DepError:
    if re.search(r"^(?:<{7}|>{7}) ", text, re.MULTILINE):
        return DepError(
            "unmerged",
            "the notebook holds merge conflict markers",
            hint="finish the merge of the notebook, then run `jupyter dep lock`",
            context={**where, "line": error.lineno},
        )
    return DepError(
        "unreadable-json",
        f"the file is not JSON: {error.msg[:1].lower()}{error.msg[1:]}",
        hint="restore the notebook from a checkpoint or from version control",
        context={**where, "line": error.lineno, "column": error.colno},
    )


def _escapes_everything(text: str) -> bool:
    """Whether the writer escapes what is not ASCII. Without any evidence it does not, as nbformat does not."""
    if not text.isascii():
        return False
    at = text.find("\\u")
    while at != -1:
        if _slashes(text, at) % 2 == 0 and int(text[at + 2 : at + 6], 16) >= 0x80:
            return True
        at = text.find("\\u", at + 2)
    return False


def _slashes(text: str, at: int) -> int:
    """How many backslashes stand directly before `at`."""
    count = 0
    while at > count and text[at - count - 1] == "\\":
        count += 1
    return count


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _record(text: str, at: int, spans: list[tuple[int, int]]) -> int:
    end = _DECODER.raw_decode(text, at)[1]
    spans.append((at, end))
    return end


def _object(text: str, at: int, visit: Callable[[str, int], int]) -> int:
    """The end of the object at `at`; `visit` gets each key with its value's start and returns the value's end."""
    at = _skip(text, at + 1)
    if text.startswith("}", at):
        return at + 1
    while True:
        if not text.startswith('"', at):
            raise JSONDecodeError("Expecting property name enclosed in double quotes", text, at)
        key, at = _DECODER.raw_decode(text, at)
        at = _skip(text, at)
        if not text.startswith(":", at):
            raise JSONDecodeError("Expecting ':' delimiter", text, at)
        at = _skip(text, visit(key, _skip(text, at + 1)))
        if text.startswith("}", at):
            return at + 1
        if not text.startswith(",", at):
            raise JSONDecodeError("Expecting ',' delimiter", text, at)
        at = _skip(text, at + 1)


def _array(text: str, at: int, visit: Callable[[int, int], int]) -> int:
    """The end of the array at `at`; `visit` gets each index with its value's start and returns the value's end."""
    at, index = _skip(text, at + 1), 0
    if text.startswith("]", at):
        return at + 1
    while True:
        at = _skip(text, visit(index, at))
        if text.startswith("]", at):
            return at + 1
        if not text.startswith(",", at):
            raise JSONDecodeError("Expecting ',' delimiter", text, at)
        at, index = _skip(text, at + 1), index + 1
