"""Spans of a notebook's parts in its text, found in one pass that skips the rest."""

from __future__ import annotations

import re
from collections.abc import Callable
from json.decoder import JSONDecodeError, JSONDecoder

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.base.steps import Hint, Placeholder, step
from jupyter_dep.model.declaration import script_block
from jupyter_dep.model.declaration.requirement import Context


@frozen_dataclass
class Layout:
    """The spans of a notebook's parts in its text, as half-open ranges of characters."""

    top: int
    cells: tuple[int, int]
    first_cell: int | None
    sources: dict[int, tuple[int, int]]
    metadata: tuple[int, int] | None
    kernelspec: tuple[int, int] | None
    minor: int


class Scan:
    """One pass over the text. A key that stands twice counts the last time, as in `json`."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._top = skip(text, 1 if text.startswith("\ufeff") else 0)
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
            end = DECODER.raw_decode(text, self._top)[1]
        if (rest := skip(text, end)) != len(text):
            raise JSONDecodeError("Extra data", text, rest)

    def _member(self, key: str, at: int) -> int:
        if key == "cells":
            self._cells, self._first, self._found, self._sources = None, None, [], []
            if self._text.startswith("[", at):
                end = array(self._text, at, self._cell)
                self._cells = (at, end)
                return end
        elif key == "metadata":
            self.metadata, self._kernelspec = {}, None
            if self._text.startswith("{", at):
                end = _object(self._text, at, self._metadatum)
            else:
                end = DECODER.raw_decode(self._text, at)[1]
            self._metadata = (at, end)
            return end
        value, end = DECODER.raw_decode(self._text, at)
        if key in ("nbformat", "nbformat_minor"):
            self._formats[key] = value
        return end

    def _metadatum(self, key: str, at: int) -> int:
        self.metadata[key], end = DECODER.raw_decode(self._text, at)
        if key == "kernelspec":
            self._kernelspec = (at, end)
        return end

    def _cell(self, index: int, at: int) -> int:
        if index == 0:
            self._first = at
        cell: dict[str, object] = {}
        span: list[tuple[int, int]] = []

        def visit(key: str, at: int) -> int:
            value, end = DECODER.raw_decode(self._text, at)
            if key in ("cell_type", "id", "source"):
                cell[key] = value
            if key == "source":
                span[:] = [(at, end)]
            return end

        if not self._text.startswith("{", at):
            end = DECODER.raw_decode(self._text, at)[1]
        else:
            end = _object(self._text, at, visit)
        self._found.append(cell)
        self._sources.append(span[0] if span else None)
        return end

    def layout(self, where: Context) -> Layout:
        """The spans of the parts; `DepError` `not-a-notebook` for JSON that is not a notebook of format 4."""
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
                hint=Hint("name a notebook file, or begin one with ", step("init", target=Placeholder(name="FILE"))),
                context=where,
            )
        minor = self._formats.get("nbformat_minor")
        return Layout(
            top=self._top,
            cells=self._cells,
            first_cell=self._first,
            sources={index: span for index, span in enumerate(self._sources) if span is not None},
            metadata=self._metadata,
            kernelspec=self._kernelspec,
            minor=minor if isinstance(minor, int) else 0,
        )

    def code_cells(self, where: Context) -> tuple[CodeCell, ...]:
        """The code cells. Errors: `not-a-notebook` for a source that is not text."""
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
                cells.append(CodeCell(index=index, id=text_or_none(cell.get("id")), source=source))
        return tuple(cells)


DECODER = JSONDecoder()


_SPACE = re.compile(r"[ \t\n\r]*")


def block_cell(cells: tuple[CodeCell, ...], where: Context) -> CodeCell | None:
    """The cell that holds the script block, None without one. Errors: `two-script-blocks`, and those of `script_block.find`."""
    found = [
        cell
        for cell in cells
        if not cell.source.lstrip().startswith("%%")
        and script_block.find(cell.source, context={**where, "cell": cell.index + 1}) is not None
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


@frozen_dataclass
class CodeCell:
    """A code cell; `index` is its 0-based place among all cells, `id` is None before nbformat 4.5."""

    index: int
    id: str | None
    source: str


def decoded(data: bytes, where: Context) -> str:
    """The text of a notebook file. Errors: `unreadable-json`."""
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise DepError(
            "unreadable-json",
            f"the file is not UTF-8 at byte {error.start}",
            hint="save the notebook as UTF-8",
            context={**where, "line": data.count(b"\n", 0, error.start) + 1},
        ) from error


def unreadable(text: str, error: JSONDecodeError, where: Context) -> DepError:
    """The error for a file that is not JSON: `unmerged` where it holds conflict markers."""
    if re.search(r"^(?:<{7}|>{7}) ", text, re.MULTILINE):
        return DepError(
            "unmerged",
            "the notebook holds merge conflict markers",
            hint=Hint("finish the merge of the notebook, then run ", step("lock")),
            context={**where, "line": error.lineno},
        )
    return DepError(
        "unreadable-json",
        f"the file is not JSON: {error.msg[:1].lower()}{error.msg[1:]}",
        hint="restore the notebook from a checkpoint or from version control",
        context={**where, "line": error.lineno, "column": error.colno},
    )


def skip(text: str, at: int) -> int:
    """The place behind the white space at `at`."""
    match = _SPACE.match(text, at)
    return match.end() if match else at


def record(text: str, at: int, spans: list[tuple[int, int]]) -> int:
    """Append the span of the value at `at`, and return its end."""
    end = DECODER.raw_decode(text, at)[1]
    spans.append((at, end))
    return end


def _object(text: str, at: int, visit: Callable[[str, int], int]) -> int:
    """The end of the object at `at`; `visit` gets each key with its value's start and returns the value's end."""
    at = skip(text, at + 1)
    if text.startswith("}", at):
        return at + 1
    while True:
        if not text.startswith('"', at):
            raise JSONDecodeError("Expecting property name enclosed in double quotes", text, at)
        key, at = DECODER.raw_decode(text, at)
        at = skip(text, at)
        if not text.startswith(":", at):
            raise JSONDecodeError("Expecting ':' delimiter", text, at)
        at = skip(text, visit(key, skip(text, at + 1)))
        if text.startswith("}", at):
            return at + 1
        if not text.startswith(",", at):
            raise JSONDecodeError("Expecting ',' delimiter", text, at)
        at = skip(text, at + 1)


def array(text: str, at: int, visit: Callable[[int, int], int]) -> int:
    """The end of the array at `at`; `visit` gets each index with its value's start and returns the value's end."""
    at, index = skip(text, at + 1), 0
    if text.startswith("]", at):
        return at + 1
    while True:
        at = skip(text, visit(index, at))
        if text.startswith("]", at):
            return at + 1
        if not text.startswith(",", at):
            raise JSONDecodeError("Expecting ',' delimiter", text, at)
        at, index = skip(text, at + 1), index + 1


def text_or_none(value: object) -> str | None:
    """The value where it is text."""
    return value if isinstance(value, str) else None
