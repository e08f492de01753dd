"""A notebook file as bytes: its declaration and metadata, and edits that keep every other byte.

Nothing is serialised again but the value that changes. A scanner steps through the top level, `metadata` and the
cells and remembers where `source` and `kernelspec` stand; everything else is skipped by the JSON decoder.
"""

from __future__ import annotations

import json
import re
from dataclasses import field
from json.decoder import JSONDecodeError

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.model.declaration import script_block
from jupyter_dep.model.declaration.declaration import Declaration
from jupyter_dep.model.declaration.requirement import Context

from .scanner import DECODER, CodeCell, Layout, Scan, array, block_cell, decoded, record, skip, text_or_none, unreadable

_OPENING = re.compile(r'\{(?P<lead>[ \t\n\r]*)(?:"(?:[^"\\]|\\.)*"(?P<colon>[ \t\n\r]*:[ \t\n\r]*))?')
_RAW_LINE = re.compile(r"(?:[^\\]|\\[^n])*\\n|(?:[^\\]|\\[^n])+", re.DOTALL)
_TAG = "jupyter-dep"


@frozen_dataclass
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


@frozen_dataclass
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
    _layout: Layout = field(repr=False)
    _context: Context = field(repr=False)

    @classmethod
    def parse(cls, data: bytes, *, context: Context | None = None) -> Notebook:
        """The notebook in a file's bytes: UTF-8 with or without a byte-order mark.

        Raises `DepError`: `unreadable-json` with `line` and `column`, `unmerged`, `not-a-notebook`,
        `two-script-blocks`, and what `inline.find` raises with the 1-based `cell`.
        """
        where = dict(context or {})
        text = decoded(data, where)
        try:
            scan = Scan(text)
        except JSONDecodeError as error:
            raise unreadable(text, error, where) from error
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
            kernel_name=text_or_none(spec.get("name")),
            language=text_or_none(spec.get("language")) or text_or_none(info.get("name")),
            nbformat_minor=layout.minor,
            code_cells=cells,
            block=block_cell(cells, where),
            _text=text,
            _layout=layout,
            _context=where,
        )

    def declaration(self) -> Declaration | None:
        """What the notebook declares, None without a block; errors name the file and the 1-based cell."""
        if self.block is None:
            return None
        return script_block.parse(self.block.source, context={**self._context, "cell": self.block.index + 1})

    def with_block(self, text: str) -> bytes:
        """The file with `text` as the whole source of the block's cell, or of a new first cell where there is none.

        Lines of the source that stay the same keep their bytes.
        """
        if self.block is None:
            return self._insert_first_cell(text)
        start, end = self._layout.sources[self.block.index]
        return self._splice(start, end, self._source(start, end, text))

    def without_block(self) -> bytes:
        """The file without the block's text, and without its cell if nothing else stands there."""
        if self.block is None:
            return self._text.encode()
        rest = script_block.without(self.block.source)
        if rest.strip():
            return self.with_block(rest)
        spans: list[tuple[int, int]] = []
        array(self._text, self._layout.cells[0], lambda _, at: record(self._text, at, spans))
        here = self.block.index
        start, end = spans[here]
        if here + 1 < len(spans):
            end = spans[here + 1][0]
        elif here:
            start = spans[here - 1][1]
        else:
            return self._splice(*self._layout.cells, "[]")
        return self._splice(start, end, "")

    def with_kernelspec(self, name: str, display_name: str) -> bytes:
        """The file with this Python kernel as `metadata.kernelspec`."""
        spec = {"display_name": display_name, "language": "python", "name": name}
        style, layout = self._style(), self._layout
        if layout.kernelspec is not None:
            start, end = layout.kernelspec
            if DECODER.raw_decode(self._text, start)[0] == spec:
                return self._text.encode()
            return self._splice(start, end, style.dump(spec, 2))
        if layout.metadata is None:
            return self._insert_member(layout.top, "metadata", style.dump({"kernelspec": spec}, 1), 1)
        start, end = layout.metadata
        if not self._text.startswith("{", start):
            return self._splice(start, end, style.dump({"kernelspec": spec}, 1))
        return self._insert_member(start, "kernelspec", style.dump(spec, 2), 2)

    def _insert_first_cell(self, source: str) -> bytes:
        style, layout = self._style(), self._layout
        as_text = any(self._text.startswith('"', start) for start, _ in layout.sources.values())
        import secrets  # only edits need it, and it takes a tenth of what opening a notebook may take

        cell: dict[str, object] = {"cell_type": "code", "execution_count": None}
        if layout.minor >= 5:
            taken = {cell.id for cell in self.code_cells}
            cell["id"] = next(name for name in iter(lambda: secrets.token_hex(4), "") if name not in taken)
        cell["metadata"] = {"jupyter": {"source_hidden": True}, "tags": [_TAG]}
        cell["outputs"] = []
        cell["source"] = source if as_text else source.splitlines(keepends=True)
        new = style.dump(cell, 2)
        if layout.first_cell is None:
            return self._splice(*layout.cells, f"[{style.line(2)}{new}{style.line(1)}]")
        lead = self._text[layout.cells[0] + 1 : layout.first_cell]
        gap = "," + lead if "\n" in lead else style.comma
        return self._splice(layout.first_cell, layout.first_cell, new + gap)

    def _insert_member(self, start: int, key: str, value: str, depth: int) -> bytes:
        """The file with a first member in the object that begins at `start`, its members at this depth."""
        style, after = self._style(), start + 1
        first = skip(self._text, after)
        member = f'"{key}"{style.colon}{value}'
        if self._text.startswith("}", first):
            return self._splice(after, first, style.line(depth) + member + style.line(depth - 1))
        lead = self._text[after:first]
        return self._splice(first, first, member + ("," + lead if "\n" in lead else style.comma))

    def _source(self, start: int, end: int, wanted: str) -> str:
        """JSON text of a source in the form that stands in the span, a list of lines or one string."""
        from difflib import SequenceMatcher

        style = self._style()
        listed = self._text.startswith("[", start)
        spans: list[tuple[int, int]] = []
        if listed:
            array(self._text, start, lambda _, at: record(self._text, at, spans))
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
            ascii=_is_fully_escaped(self._text),
        )

    def _splice(self, start: int, end: int, new: str) -> bytes:
        return (self._text[:start] + new + self._text[end:]).encode()


def blank(block: str | None, name: str, display_name: str) -> bytes:
    """A new notebook of nbformat 4.5 for this Python kernel, with the block in its first cell if there is one."""
    text = json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1) + "\n"
    data = Notebook.parse(text.encode()).with_kernelspec(name, display_name)
    return data if block is None else Notebook.parse(data).with_block(block)


def _is_fully_escaped(text: str) -> bool:
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
    """The number of backslashes directly before `at`."""
    count = 0
    while at > count and text[at - count - 1] == "\\":
        count += 1
    return count
