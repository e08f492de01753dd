"""Heats as text: lines for a terminal, tables in Markdown for the page, and which of them make a plot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bench.plots import Bar, bars, curves

from .heat import Heat, Taken, slope
from .kept import Measured

SIDES = ("jupyter-dep", "jupyter-dep, folder", "uv", "juv", "poetry", "pip + venv")
OURS = "jupyter-dep"
PROJECT = ("first", "add", "remove", "upgrade", "environment", "cold", "nothing", "check")
"""Cases over one project, which share a table."""
CURVES = {
    "packages-lock": "A new lock, by packages",
    "packages": "The environment of a lock, by packages",
    "disk-one": "Disk, notebooks with one lock",
    "disk-near": "Disk, notebooks with near-equal locks",
}


def plain(heats: Iterable[Heat]) -> str:
    """For a terminal: each side's median, quartiles, processor seconds and memory, or why it is not there."""
    lines = []
    for heat in heats:
        lines.append(heat.title + (f" ({heat.note})" if heat.note else ""))
        for each in heat.taken:
            if not each.samples:
                lines.append(f"  {each.side:26} not measured: {each.reason}")
                continue
            low, high = each.spread()
            more = [f"{number(low)}-{number(high)}"]
            if (cpu := each.middle("cpu")) is not None:
                more.append(f"cpu {number(cpu)} s")
            if (peak := each.middle("peak")) is not None:
                more.append(f"peak {peak:.0f} MB")
            lines.append(f"  {each.side:26} {number(each.middle() or 0.0):>8} {heat.unit}   {'   '.join(more)}")
    skipped = sum(not each.samples for heat in heats for each in heat.taken)
    return "\n".join([*lines, f"{skipped} not measured"]) + "\n\n"


def number(value: float) -> str:
    """Three figures that count, and no more."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 1 else f"{value:.3f}"


def project(cases: Mapping[str, Measured]) -> list[str]:
    """Time, processor time and memory of the cases over one project: a line for a case, a column for a side."""
    heats = [heat for name in PROJECT if name in cases for heat in cases[name].heats]
    out = ["Seconds, median (lower quartile to upper quartile):", "", *_table(heats, _seconds)]
    out += ["", "Processor seconds of all processes:", "", *_table(heats, _cpu)]
    out += ["", "The most memory that one process held, MB:", "", *_table(heats, _peak)]
    return out + _reasons(heats)


def _seconds(taken: Taken) -> str:
    low, high = taken.spread()
    return f"{number(taken.middle() or 0.0)} ({number(low)}–{number(high)})"


def _cpu(taken: Taken) -> str:
    return "" if (found := taken.middle("cpu")) is None else number(found)


def _peak(taken: Taken) -> str:
    return "" if (found := taken.middle("peak")) is None else f"{found:.0f}"


def _table(heats: Sequence[Heat], cell: object) -> list[str]:
    assert callable(cell)
    sides = [name for name in SIDES if any(heat.side(name) for heat in heats)]
    lines = ["| |" + "".join(f" {name} |" for name in sides), "| --- |" + " ---: |" * len(sides)]
    for heat in heats:
        found = [heat.side(name) for name in sides]
        lines.append(f"| {heat.title} |" + "".join(f" {cell(each) if each and each.samples else '–'} |" for each in found))
    return lines


def _reasons(heats: Sequence[Heat]) -> list[str]:
    """What was not measured and why, each reason once."""
    told: dict[str, list[str]] = {}
    for heat in heats:
        for each in heat.taken:
            if not each.samples:
                told.setdefault(f"{each.side}: {each.reason}", []).append(heat.title)
    return ["", *(f"- not measured, {', '.join(titles)}: {reason}" for reason, titles in told.items())] if told else []


def listed(measured: Measured) -> list[str]:
    """A line for each side of each heat: for cases whose sides are others than those of the project."""
    lines = ["| | | median | quartiles |", "| --- | --- | ---: | ---: |"]
    for heat in measured.heats:
        for each in heat.taken:
            if each.samples:
                low, high = each.spread()
                told = f"{number(each.middle() or 0.0)} {heat.unit}"
                lines.append(f"| {heat.title} | {each.side} | {told} | {number(low)}–{number(high)} |")
    return lines + _slopes(measured.heats) + _reasons(measured.heats)


def _slopes(heats: Sequence[Heat]) -> list[str]:
    """By how much those grow that stand on an axis: their titles differ in the last part only."""
    groups: dict[str, list[Heat]] = {}
    for heat in heats:
        if heat.at is not None:
            groups.setdefault(heat.title.rpartition(", ")[0], []).append(heat)
    told = [
        f"- {title}: {found * 1000:.3f} ms for each more of the {group[0].axis}"
        for title, group in groups.items()
        if (found := slope(points(group, OURS))) is not None
    ]
    return ["", *told] if told else []


def growth(measured: Measured) -> list[str]:
    """The points of each curve, and by how much each side grows."""
    out: list[str] = []
    for case in dict.fromkeys(heat.case for heat in measured.heats):
        heats = [heat for heat in measured.heats if heat.case == case]
        per = "MB" if heats[0].unit == "MB" else "ms"
        sides = [name for name in SIDES if any(each.samples for heat in heats if (each := heat.side(name)))]
        out += ["", f"{CURVES.get(case, case)} ({heats[0].unit}):", ""]
        out.append(f"| {heats[0].axis} |" + "".join(f" {name} |" for name in sides))
        out.append("| ---: |" + " ---: |" * len(sides))
        for heat in heats:
            values = [each.middle() if (each := heat.side(name)) else None for name in sides]
            out.append(f"| {heat.at:,.0f} |" + "".join(f" {'–' if value is None else number(value)} |" for value in values))
        slopes = [slope(points(heats, name)) for name in sides]
        scale = 1000 if per == "ms" else 1
        told = "".join(f" {'–' if each is None else number(each * scale)} |" for each in slopes)
        out.append(f"| **{per} for each more** |{told}")
        out += _reasons(heats)
    return out


def points(heats: Sequence[Heat], side: str) -> list[tuple[float, float]]:
    return [
        (heat.at, value)
        for heat in heats
        if heat.at is not None and (each := heat.side(side)) is not None and (value := each.middle()) is not None
    ]


def plots(cases: Mapping[str, Measured]) -> dict[str, str]:
    """The pictures by file name: the race as bars, growth as curves."""
    drawn: dict[str, str] = {}
    groups = {
        heat.title: [_bar(each) for each in heat.taken if each.samples]
        for name in (*PROJECT, "reopen")
        if name in cases
        for heat in cases[name].heats
    }
    if any(groups.values()):
        drawn["race.svg"] = bars("Time by tool, logarithmic", groups, "s")
    for measured in cases.values():
        for case in dict.fromkeys(heat.case for heat in measured.heats if heat.case in CURVES):
            heats = [heat for heat in measured.heats if heat.case == case]
            lines = {name: found for name in SIDES if len(found := points(heats, name)) > 1}
            if lines:
                drawn[f"{case}.svg"] = curves(CURVES[case], lines, heats[0].axis, heats[0].unit)
    return drawn


def _bar(taken: Taken) -> Bar:
    low, high = taken.spread()
    return Bar(label=taken.side, value=taken.middle() or 0.0, low=low, high=high, ours=taken.side.startswith(OURS))
