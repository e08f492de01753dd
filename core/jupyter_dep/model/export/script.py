"""A notebook as one script (PEP 723): its declaration, and if wanted its code cells below."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Mapping

from jupyter_dep.model.declaration import script_block
from jupyter_dep.model.declaration.declaration import Declaration
from jupyter_dep.model.notebook.notebook import Notebook

_MAGIC = re.compile(r"(?P<indent>\s*)(?:[%!?]|[\w.,\s]+=\s*[%!]|[\w.]+\?{1,2}\s*$)")


def script(notebook: Notebook, *, code: bool = True) -> str:
    """The notebook's own block, byte for byte, then its code cells with `# %%` before each.

    Lines that only IPython reads (`%…`, `!…`, `name?`) become comments, so does a cell that is not Python. Errors:
    `no-declaration`.
    """
    source = notebook.block.source if notebook.block is not None else ""
    script_block.parse(source)
    block = script_block.find(source)
    assert block is not None
    text = source[block.start : block.end].replace("\r\n", "\n") + "\n"
    if not code:
        return text
    for cell in notebook.code_cells:
        body = (
            script_block.without(cell.source)
            if notebook.block is not None and cell.index == notebook.block.index
            else cell.source
        )
        if body.strip():
            text += f"\n# %%\n{plain_python(body.replace(chr(13) + chr(10), chr(10)))}\n"
    return text


def block(declaration: Declaration, *, requires_python: str) -> str:
    """A block that says what a declaration says; `requires_python` is for one that names none."""
    text = script_block.new([str(one) for one in declaration.dependencies], declaration.requires_python or requires_python)
    for key, value in declaration.uv.items():
        text = script_block.set_uv(text, key, dict(value) if isinstance(value, Mapping) else value)
    settings = declaration.settings
    given = {"build": list(settings.build), "platforms": list(settings.platforms)}
    for name, listed in given.items():
        if listed:
            text = script_block.set_setting(text, name, listed)
    if not settings.widgets:
        text = script_block.set_setting(text, "widgets", False)  # noqa: FBT003  the value that is written
    return text + "\n"


def plain_python(source: str) -> str:
    """A cell's source as Python that parses, what IPython adds to the language in comments."""
    body = source.strip("\n").rstrip()
    if _parses(body):
        return body
    if body.lstrip().startswith("%%"):
        return _comment_out(body)
    lines = []
    for line in body.split("\n"):
        match = _MAGIC.match(line)
        # `pass` keeps an indented block from being empty
        lines.append(line if match is None else f"{match['indent']}{'pass  ' if match['indent'] else ''}# {line.strip()}")
    text = "\n".join(lines)
    return text if _parses(text) else _comment_out(body)


def _comment_out(text: str) -> str:
    return "\n".join(f"# {line}".rstrip() for line in text.split("\n"))


def _parses(text: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
