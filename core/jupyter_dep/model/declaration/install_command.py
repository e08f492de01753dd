"""What people paste into a search box: an install command, a requirement with bounds, lines of a requirements file."""

from __future__ import annotations

import re
import shlex

from jupyter_dep.base.errors import DepError

from .requirement import install_line, parse

LONGEST = 20_000
"""Characters of a paste that are looked at."""

_OTHER_INSTALLERS = re.compile(
    r"\s*(?:\$\s+)?[%!]?\s*(?P<program>conda|mamba|micromamba|pixi|poetry|pdm|pipenv|rye|%{1,2}dep|jupyter[ -]dep)"
    r"\s+(?:-\S+\s+)*(?:install|add)(?:\s+(?P<arguments>.*))?",
    re.DOTALL,
)
_CONDA = {"conda", "mamba", "micromamba", "pixi"}
# What conda calls differently; under some of these names an index has something else.
_CONDA_NAMES = {
    "matplotlib-base": "matplotlib",
    "msgpack-python": "msgpack",
    "opencv": "opencv-python",
    "py-opencv": "opencv-python",
    "py-xgboost": "xgboost",
    "pytables": "tables",
    "pytorch": "torch",
    "seaborn-base": "seaborn",
}
_NOT_FROM_AN_INDEX = {"python", "pip", "jupyter-dep"}
_OPERATORS = {"&&", "||", "|", "&", ";"}
_SPECIFIC = re.compile(r"[\[<>=~!@]")


def parse_pasted(text: str) -> tuple[str, ...]:
    """The requirement texts of a paste, in order and once each; () where it is words to search for.

    `pip install 'pandas>=2' rich -U` gives `pandas>=2` and `rich`. Options, paths and the rest of a chain of commands are
    left out. One bare name is a requirement too, several on one line without a command or a bound are words.
    """
    lines = [line for line in _logical_lines(text[:LONGEST]) if line]
    found: list[str] = []
    for line in lines:
        found += _of_line(line, alone=len(lines) == 1)
    return tuple(dict.fromkeys(found))


def _logical_lines(text: str) -> list[str]:
    joined = re.sub(r"\\\r?\n", " ", text)
    return [re.sub(r"(?:^|\s+)#.*$", "", line).strip() for line in joined.splitlines()]


def _of_line(line: str, *, alone: bool) -> list[str]:
    install = install_line(line)
    if install is not None:
        return _valid(_before_operator(install.requirements))
    other = _OTHER_INSTALLERS.fullmatch(line)
    if other is not None:
        # the options of the others that take a value do not clash with those of pip
        same = install_line(f"pip install {other['arguments'] or ''}")
        words = _before_operator(same.requirements if same else ())
        return _valid([_from_conda(word) for word in words] if other["program"] in _CONDA else words)
    whole = _valid([line])
    if whole:
        return whole
    words = _before_operator(_split(line))
    found = _valid(words)
    if len(found) == len(words) and (any(_SPECIFIC.search(word) for word in found) or "," in line):
        return found
    return [] if alone else found[:1]


def _split(line: str) -> list[str]:
    spread = line if _SPECIFIC.search(line) else line.replace(",", " ")
    try:
        return shlex.split(spread)
    except ValueError:
        return []


def _before_operator(words: tuple[str, ...] | list[str]) -> list[str]:
    kept: list[str] = []
    for word in words:
        if word in _OPERATORS:
            break
        kept.append(word.removesuffix(";"))
        if word.endswith(";"):
            break
    return kept


def _from_conda(word: str) -> str:
    """`conda-forge::numpy=1.26` as `numpy==1.26.*`: there, one `=` means every version that begins so."""
    word = word.rpartition("::")[2]
    match = re.fullmatch(r"([A-Za-z0-9._-]+)=([0-9][0-9A-Za-z.]*)(?:\.\*)?(?:=\S*)?", word)
    name, bound = (match[1], f"=={match[2].rstrip('.')}.*") if match else (word, "")
    bare = re.match(r"[A-Za-z0-9._-]+", name)
    known = _CONDA_NAMES.get(bare[0].lower(), "") if bare else ""
    return (known + name[bare.end() :] if bare and known else name) + bound


def _valid(words: list[str]) -> list[str]:
    found = []
    for word in words:
        if word.endswith(".ipynb"):
            continue
        try:
            requirement = parse(word)
        except DepError:
            continue
        if requirement.name.lower() not in _NOT_FROM_AN_INDEX:
            found.append(word.strip())
    return found
