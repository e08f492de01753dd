"""Kind: text of another program in an encoding of its own; pip reads it, so it is read here too, by every command."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest
from support.index import Index
from support.sandbox import terminal_at

from jupyter_dep.base.errors import DepError
from jupyter_dep.io.files.foreign_text import decode

TEXT = "alpha\nbeta  # größer\n"


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        codecs.BOM_UTF8 + TEXT.encode(),
        codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
        codecs.BOM_UTF32_LE + TEXT.encode("utf-32-le"),
        codecs.BOM_UTF32_BE + TEXT.encode("utf-32-be"),
    ],
    ids=["utf-8", "utf-8 with a mark", "utf-16 little", "utf-16 big", "utf-32 little", "utf-32 big"],
)
def test_a_mark_says_the_encoding(data: bytes) -> None:
    assert decode(data, Path("requirements.txt")) == TEXT


def test_a_coding_comment_says_it_too() -> None:
    text = "# -*- coding: latin-1 -*-\n" + TEXT
    assert decode(text.encode("latin-1"), Path("r.txt")) == text


@pytest.mark.parametrize("data", [TEXT.encode("latin-1"), b"# coding: no-such-codec\n\xff", b"# coding: ascii\n\xff"])
def test_what_is_not_as_it_says_is_an_error(data: bytes) -> None:
    with pytest.raises(DepError) as caught:
        decode(data, Path("r.txt"))
    assert caught.value.code == "not-utf-8"


def test_add_reads_the_file_that_powershell_wrote(toy_index: Index, tmp_path: Path) -> None:
    sandbox = terminal_at(tmp_path, toy_index)
    notebook = sandbox.notebook()
    for name, data in (
        ("a.txt", codecs.BOM_UTF8 + b"alpha\r\n"),
        ("b.txt", codecs.BOM_UTF16_LE + "beta\r\n".encode("utf-16-le")),
    ):
        (sandbox.folder / name).write_bytes(data)
        ran = sandbox.dep("add", "nb.ipynb", "-r", name)
        assert ran.code == 0, ran.said
    assert "alpha" in notebook.read_text("utf-8") and "beta" in notebook.read_text("utf-8")
