"""`docs/performance.md`: the bench writes what stands between its markers, and the plots; around them people write.

It is written after each whole run, and after each case of the race that was not only tried out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .comparison import kept, telling
from .comparison.kept import Measured
from .table import replace_file

DOCS = Path(__file__).resolve().parent.parent / "docs"
LATEST = Path(__file__).parent / "results" / "latest.json"
_GROWTH = ("packages", "disk")
_LISTED = ("reopen", "crowd", "parts")


def blocks(latest: Mapping[str, Any] | None, cases: Mapping[str, Measured]) -> dict[str, str]:
    """What stands between the markers, by their name; a part that was not measured yet says so with its command."""
    found = {"limits": limits(latest) if latest else "Not measured yet: `python -m bench`"}
    over_one = [name for name in telling.PROJECT if name in cases]
    if over_one:
        words = [_how(cases[over_one[0]], over_one), "", "![Time by tool](race.svg)", "", *telling.project(cases)]
        found["project"] = "\n".join(words)
    else:
        found["project"] = "Not measured yet: `python -m bench --peers`"
    for name in (*_GROWTH, *_LISTED):
        if name not in cases:
            found[name] = f"Not measured yet: `python -m bench --peers {name}`"
            continue
        measured = cases[name]
        told = telling.growth(measured) if name in _GROWTH else telling.listed(measured)
        drawn = [f"![{telling.CURVES[each]}]({each}.svg)" for each in _curves(measured)]
        found[name] = "\n".join([measured.about, "", _how(measured, [name]), "", *drawn, *told])
    return found


def limits(latest: Mapping[str, Any]) -> str:
    """The table of `python -m bench`: what is held to a bound, and what is only told."""
    quick = ", three turns each" if latest["quick"] else ""
    lines = [
        f"`python -m bench`{quick}; {_machine(latest['machine'])}; {_named(latest['versions'])}; {latest.get('day', '')}.",
        "",
        "| | ours | theirs | value | quartiles | bound | holds |",
        "| --- | ---: | ---: | ---: | ---: | ---: | --- |",
    ]
    for row in latest["results"]:
        if "skipped" in row:
            lines.append(f"| {row['case']} | | | | | | not measured: {row['skipped']} |")
            continue
        unit = "s" if row["unit"] == "ratio" else row["unit"]
        ours = f"{telling.number(row['ours']['median'])} {unit}"
        theirs = f"{telling.number(row['theirs']['median'])} {unit}" if row["theirs"] else ""
        value = telling.number(row["value"]) + ("" if row["unit"] == "ratio" else f" {unit}")
        low, high = (telling.number(each) for each in row["spread"])
        bound = "" if row["bound"] is None else f"≤ {row['bound']:g}"
        holds = {True: "yes", False: "**no**", None: ""}[row["holds"]]
        lines.append(f"| {row['title']} | {ours} | {theirs} | {value} | {low}–{high} | {bound} | {holds} |")
    return "\n".join(lines)


def _how(measured: Measured, names: list[str]) -> str:
    quick = " --quick" if measured.quick else ""
    machine = _machine(measured.machine)
    return f"`python -m bench --peers{quick} {' '.join(names)}`; {machine}; {_named(measured.versions)}; {measured.day}."


def _machine(machine: Mapping[str, Any]) -> str:
    return f"{machine['system']}, {machine['processors']} processors, Python {machine['python']}"


def _named(versions: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in versions.items())


def _curves(measured: Measured) -> list[str]:
    return [case for case in dict.fromkeys(heat.case for heat in measured.heats) if case in telling.CURVES]


def filled(text: str, found: Mapping[str, str]) -> str:
    """The page with new blocks. Raises ValueError for a block that has no place, or a place that has no block."""
    places = re.findall(r"<!-- bench:([\w-]+) -->", text)
    if sorted(places) != sorted(found):
        raise ValueError(f"the page has places for {sorted(places)}, and the bench blocks for {sorted(found)}")
    for name, block in found.items():
        pattern = rf"(<!-- bench:{name} -->\n).*?(<!-- /bench:{name} -->)"
        text, count = re.subn(pattern, lambda place, block=block: place[1] + block + "\n" + place[2], text, flags=re.DOTALL)  # type: ignore[misc]
        if count != 1:
            raise ValueError(f"the page's place for `{name}` does not end")
    return text


def write(docs: Path = DOCS, latest: Path = LATEST, race: Path = kept.RESULTS) -> list[Path]:
    """Bring the page and its plots up to what is kept; gives what was written."""
    cases = kept.load(race)
    value = json.loads(latest.read_text(encoding="utf-8")) if latest.exists() else None
    page = docs / "performance.md"
    replace_file(page, filled(page.read_text(encoding="utf-8"), blocks(value, cases)))
    written = [page]
    for name, drawing in telling.plots(cases).items():
        replace_file(docs / name, drawing)
        written.append(docs / name)
    return written
