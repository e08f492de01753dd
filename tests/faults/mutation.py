"""Broken texts from whole ones: the same for the same `random.Random`, and near enough to the truth to reach deep code."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

PIECE = re.compile(r"\w+|\s+|[^\w\s]")

SCRAPS = [
    "\x00", "\x1b[31m", "\ufeff", "\ud800", "\udfff", "\u2028", "\r", "\r\n", "\n\n", "\t", "é", "😀", "\x7f", "‮",
    '"', "'", '"""', "'''", "\\", "\\u", "\\ud800", "[", "]", "[[", "]]", "{", "}", "(", ")", "#", "=", ",", ".", ":", ";", "@",
    "true", "nan", "inf", "-inf", "1e999", "9" * 5000, "-1", "0x", "1979-05-27T07:32:00Z", "null", "[]", "{}", "[{}]", '""',
    "<<<<<<< ours\n", "=======\n", ">>>>>>> theirs\n", "${SECRET}", "$(touch x)", "`id`", "../" * 40, "/dev/zero",
    "file:///etc/passwd", "git+https://h.example/x", "https://u:p@h.example/x.whl", "http://[::1",
    "; python_version < '3'", "extra == 'x'", "[tool.uv]",
    "a." * 70 + "b = 1", "[" * 3000, "{a=" * 500, "(" * 3000, "a" * 20000,
    "==", ">=1,<1", "~=", "===", "!=1.*", "1!2.3+x", "_", "-", "..",
]  # fmt: skip


def _spot(text: str, chance: random.Random) -> tuple[int, int]:
    first = chance.randrange(len(text) + 1)
    return first, min(len(text), first + chance.choice((0, 1, 2, 5, 20, 200)))


def mutated(text: str, chance: random.Random, others: Sequence[str] = ()) -> str:
    """The text after one to four accidents."""
    for _ in range(chance.choice((1, 1, 1, 2, 2, 3, 4))):
        kind = chance.randrange(8)
        first, last = _spot(text, chance)
        if kind == 0:
            text = text[:first] + text[last:]
        elif kind == 1:
            text = text[:first] + chance.choice(SCRAPS) + text[first:]
        elif kind == 2:
            text = text[:first] + chance.choice(SCRAPS) + text[last:]
        elif kind == 3:
            text = text[:first] + text[first:last] * chance.choice((2, 3, 50)) + text[last:]
        elif kind == 4:  # a whole word becomes another one of the text, or a scrap
            pieces = PIECE.findall(text)
            if pieces:
                pieces[chance.randrange(len(pieces))] = chance.choice([chance.choice(pieces), chance.choice(SCRAPS)])
                text = "".join(pieces)
        elif kind == 5:
            lines = text.splitlines(keepends=True)
            chance.shuffle(lines)
            text = "".join(lines)
        elif kind == 6 and others:
            other = chance.choice(others)
            there, upto = _spot(other, chance)
            text = text[:first] + other[there:upto] + text[last:]
        else:
            text = text[:first]
    return text[:400_000]


def as_bytes(text: str, chance: random.Random) -> bytes:
    """The text as a file's bytes, now and then not UTF-8."""
    data = text.encode("utf-8", "surrogatepass")
    if data and chance.random() < 0.15:
        spot = chance.randrange(len(data))
        data = data[:spot] + bytes([chance.randrange(256)]) + data[spot + 1 :]
    return data


def anything(chance: random.Random, depth: int = 0) -> object:
    """A JSON value of no particular meaning."""
    kind = chance.randrange(9 if depth < 4 else 6)
    if kind == 0:
        return None
    if kind == 1:
        return chance.choice([True, False])
    if kind == 2:
        return chance.choice([0, 1, -1, 2**31, 2**63, 10**400, chance.randrange(10**6)])
    if kind == 3:
        return chance.choice([0.5, -0.0, 1e308, float("inf"), float("nan")])
    if kind in (4, 5):
        return chance.choice(SCRAPS)
    if kind == 6:
        return [anything(chance, depth + 1) for _ in range(chance.randrange(4))]
    return {
        chance.choice(["type", "id", "path", "x", chance.choice(SCRAPS)]): anything(chance, depth + 1)
        for _ in range(chance.randrange(4))
    }
