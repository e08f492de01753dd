"""Notebooks of every kind through an edit: only the block's bytes change, and taking it back gives the file's old bytes."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from pathlib import Path

from faults.conftest import Tally

from jupyter_dep.base.errors import DepError
from jupyter_dep.io.files import read_write
from jupyter_dep.model.declaration import script_block
from jupyter_dep.model.notebook.notebook import Notebook

MINORS = (0, 1, 2, 3, 4, 5, 6)
TEXTS = [
    "a", "\\", '"', "\n", "\r\n", "\r", "é", "😀", "\t", "\u2028", "/", "\x1b", "\\n", "\\u00e9", "\x00", "\x7f", "‮", "\ufeff",
    "# ", "# ///", "%%bash", " ", "日本", "<script>", "{", "]",
]  # fmt: skip
BLOCKS = [
    '# /// script\n# requires-python = ">=3.11"\n# dependencies = ["alpha"]\n# ///',
    '# /// script\n# dependencies = [\n#   "alpha", # \u00e9 why\n# ]\n#\n# [tool.uv]\n# exclude-newer = "2026-01-01"\n# ///',
    "# /// script\n# dependencies = []\n# ///",
    '# /// script\r\n# dependencies = ["alpha>=1,<2"]\r\n# ///',
]


def _text(chance: random.Random, *, surrogates: bool) -> str:
    kinds = [*TEXTS, "\ud800", "\udfff"] if surrogates else TEXTS
    return "".join(chance.choice(kinds) for _ in range(chance.randint(0, 12)))


def _document(chance: random.Random, *, surrogates: bool) -> tuple[dict[str, object], int]:
    """A notebook as a value, and which cell holds the block."""
    minor = chance.choice(MINORS)

    def source(text: str) -> object:
        return text if chance.random() < 0.5 else text.splitlines(keepends=True)

    def cell(kind: str, text: str) -> dict[str, object]:
        made: dict[str, object] = {
            "cell_type": kind,
            "metadata": chance.choice([{}, {"tags": [_text(chance, surrogates=surrogates)]}]),
        }
        if minor >= 5:
            made["id"] = chance.choice(["same", "same", f"c{chance.randrange(99)}"])
        if kind == "code":
            made |= {"execution_count": chance.choice([None, 7]), "outputs": [{"text": _text(chance, surrogates=surrogates)}]}
        made["source"] = source(text)
        pairs = list(made.items())
        chance.shuffle(pairs)
        return dict(pairs)

    cells = [
        cell(chance.choice(["code", "markdown", "raw"]), _text(chance, surrogates=surrogates).replace("# ///", "# //"))
        for _ in range(chance.randint(0, 4))
    ]
    place = chance.randint(0, len(cells))
    newline = chance.choice(["\n", "\r\n"])
    lead = chance.choice(["", "x = 1" + newline, "# é" + newline])
    tail = chance.choice(["", newline, newline + "print('é')" + newline])
    cells.insert(place, cell("code", lead + chance.choice(BLOCKS) + tail))
    value: dict[str, object] = {
        "cells": cells,
        "metadata": chance.choice([{}, {"kernelspec": {"name": "x"}}, {"note": _text(chance, surrogates=surrogates)}]),
        "nbformat": 4,
        "nbformat_minor": minor,
    }
    pairs = list(value.items())
    chance.shuffle(pairs)
    return dict(pairs), place


def _written(value: object, chance: random.Random, *, surrogates: bool) -> bytes:
    ascii_only = surrogates or chance.random() < 0.5
    indent = chance.choice([None, 0, 1, 2, 4, "\t"])
    separators = chance.choice([None, (",", ":"), (", ", ": "), (" , ", " : ")])
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent, separators=separators)
    if chance.random() < 0.3:
        text = text.replace("\n", "\r\n")
    text = chance.choice(["", "\ufeff"]) + chance.choice(["", "", " \n"]) + text + chance.choice(["", "\n", "\r\n\r\n"])
    return text.encode()


def _held(chance: random.Random) -> str:
    """What went wrong with one random notebook; empty if nothing did."""
    surrogates = chance.random() < 0.2
    value, place = _document(chance, surrogates=surrogates)
    data = _written(value, chance, surrogates=surrogates)
    try:
        notebook = Notebook.parse(data)
    except DepError as error:
        return f"refused: {error.code}: {error.message}"
    if notebook.block is None:
        return "no block was found"
    before = notebook.block.source
    try:
        wanted = script_block.add(before, [f"rich>={chance.randint(1, 20)}"])
    except DepError as error:
        return f"not edited: {error.code}: {error.message}"
    edited = notebook.with_block(wanted)
    cells = value["cells"]
    assert isinstance(cells, list)
    start, end = notebook._layout.sources[place]
    text = data.decode()
    head, foot = text[:start].encode(), text[end:].encode()
    if not (edited.startswith(head) and edited.endswith(foot)):
        return "bytes beside the block changed"
    listed = isinstance(cells[place]["source"], list)
    cells[place]["source"] = wanted.splitlines(keepends=True) if listed else wanted
    if json.loads(edited.decode("utf-8-sig")) != json.loads(json.dumps(value)):  # two halves of a pair that meet are one
        return "what was read back is not what was asked for"
    if notebook.with_block(before) != data:
        return "writing the same block again changed the file"
    # the lines of an untouched source keep their spelling, so that taking the edit back gives the file's old bytes
    if Notebook.parse(edited).with_block(before) != data and not _respelled(data, text[start:end]):
        return "taking the edit back did not give the old bytes"
    return ""


def _respelled(data: bytes, source: str) -> bool:
    """Whether the source's own layout cannot be told from what is left of it: one line only, or none."""
    return source.count("\\n") <= 1 or (not source.isascii() and b"\\u" in data)


def test_only_the_bytes_of_the_block_change(tally: Tally, seed: int, volume: Callable[[int, int], int]) -> None:
    count = volume(1000, 20_000)
    wrong: dict[int, str] = {}
    for number in range(count):
        if said := _held(random.Random(f"{seed}-{number}")):
            wrong[number] = said
    tally("roundtrip", cases=count, held=count - len(wrong))
    assert not wrong, f"seed {seed}: {len(wrong)} of {count}: {dict(list(wrong.items())[:5])}"


def test_a_notebook_of_fifty_megabytes(tally: Tally, tmp_path: Path) -> None:
    blob = "iVBORw0KGgo" * 450_000
    cells = [
        {
            "cell_type": "code",
            "execution_count": 1,
            "metadata": {},
            "id": f"c{n}",
            "source": ["1\n"],
            "outputs": [{"data": {"image/png": blob}}],
        }
        for n in range(10)
    ]
    block = {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {},
        "id": "b",
        "source": BLOCKS[0].splitlines(True),
        "outputs": [],
    }
    value = {"cells": [*cells, block], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    path = tmp_path / "big.ipynb"
    path.write_text(json.dumps(value, indent=1) + "\n", "utf-8")
    data = path.read_bytes()
    assert len(data) > 49_000_000
    begin = time.monotonic()
    notebook = Notebook.parse(read_write.read(path))
    assert notebook.block is not None
    read_write.replace(path, notebook.with_block(script_block.add(notebook.block.source, ["rich>=13"])), expected=data)
    took = time.monotonic() - begin
    value["cells"][-1]["source"] = script_block.add(notebook.block.source, ["rich>=13"]).splitlines(True)  # type: ignore[index]
    assert path.read_bytes() == (json.dumps(value, indent=1) + "\n").encode()
    again = Notebook.parse(path.read_bytes())
    assert again.with_block(notebook.block.source) == data
    tally("roundtrip", cases=1, held=int(took < 10), note=f"50 MB: {took:.1f} s")
    assert took < 10
