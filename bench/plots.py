"""Plots as SVG, written here: horizontal bars on a logarithmic scale, and curves with both axes logarithmic."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

WIDTH = 760
_LEFT, _RIGHT, _TOP, _BOTTOM = 190, 90, 44, 40
_BAR, _GAP = 15, 5
COLOURS = ("#d95f02", "#7570b3", "#1b9e77", "#e7298a", "#66a61e", "#a6761d", "#386cb0", "#666666")
_STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#24292f}.h{font-weight:600;font-size:14px}.m{fill:#57606a}"
    ".g{stroke:#d0d7de}.b{fill:#ffffff}"
    "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.m{fill:#9198a1}.g{stroke:#3d444d}.b{fill:#0d1117}}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    label: str
    value: float
    low: float
    high: float
    ours: bool = False


def bars(title: str, groups: Mapping[str, Sequence[Bar]], unit: str) -> str:
    """Groups of bars below one another; the thin line of each is its spread."""
    every = [bar for group in groups.values() for bar in group]
    scale = _Scale.over([value for bar in every for value in (bar.low, bar.high, bar.value)], _LEFT, WIDTH - _RIGHT)
    out: list[str] = []
    y = float(_TOP)
    for name, group in groups.items():
        out.append(f'<text x="8" y="{y + 11:.0f}" class="h">{escape(name)}</text>')
        y += 20
        for bar in group:
            end = scale.at(bar.value)
            middle = y + _BAR / 2
            colour = COLOURS[0] if bar.ours else COLOURS[-1]
            out += [
                f'<text x="{_LEFT - 8}" y="{y + 12:.0f}" text-anchor="end">{escape(bar.label)}</text>',
                f'<rect x="{_LEFT}" y="{y:.0f}" width="{end - _LEFT:.1f}" height="{_BAR}" fill="{colour}"/>',
                f'<path d="M{scale.at(bar.low):.1f} {middle:.1f}H{scale.at(bar.high):.1f}" class="g" stroke-width="2"/>',
                f'<text x="{max(end, scale.at(bar.high)) + 6:.1f}" y="{y + 12:.0f}">{escape(_told(bar.value, unit))}</text>',
            ]
            y += _BAR + _GAP
        y += 10
    grid = [
        f'<path d="M{scale.at(tick):.1f} {_TOP}V{y:.0f}" class="g" stroke-width="0.6"/>'
        f'<text x="{scale.at(tick):.1f}" y="{y + 16:.0f}" text-anchor="middle" class="m">{escape(_told(tick, unit))}</text>'
        for tick in scale.ticks()
    ]
    return _drawing(title, [*grid, *out], y + _BOTTOM)


def curves(title: str, lines: Mapping[str, Sequence[tuple[float, float]]], axis: str, unit: str) -> str:
    """One line for each name, through its points."""
    height = 360.0
    points = [point for line in lines.values() for point in line]
    across = _Scale.over([x for x, _ in points], 70, WIDTH - 190)
    up = _Scale.over([y for _, y in points], height - 50, _TOP)
    out: list[str] = []
    for tick in sorted({x for x, _ in points}):
        out.append(f'<path d="M{across.at(tick):.1f} {_TOP}V{height - 50:.0f}" class="g" stroke-width="0.6"/>')
        out.append(f'<text x="{across.at(tick):.1f}" y="{height - 32:.0f}" text-anchor="middle" class="m">{tick:,.0f}</text>')
    for tick in up.ticks():
        out.append(f'<path d="M70 {up.at(tick):.1f}H{WIDTH - 190}" class="g" stroke-width="0.6"/>')
        out.append(f'<text x="62" y="{up.at(tick) + 4:.1f}" text-anchor="end" class="m">{escape(_told(tick, unit))}</text>')
    out.append(f'<text x="{(70 + WIDTH - 190) / 2:.0f}" y="{height - 10:.0f}" text-anchor="middle">{escape(axis)}</text>')
    placed: list[float] = []
    ends = sorted(((up.at(line[-1][1]), name) for name, line in lines.items() if line))
    for wanted, name in ends:
        place = max([wanted, *(taken + 15 for taken in placed)])
        placed.append(place)
        line = lines[name]
        colour = COLOURS[list(lines).index(name) % len(COLOURS)]
        path = "L".join(f"{across.at(x):.1f} {up.at(y):.1f}" for x, y in line)
        out.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        out += [f'<circle cx="{across.at(x):.1f}" cy="{up.at(y):.1f}" r="3.5" fill="{colour}"/>' for x, y in line]
        near = across.at(line[-1][0]) + 8
        out.append(
            f'<text x="{near:.1f}" y="{place + 4:.1f}" style="fill:{colour}">'
            f"{escape(name)} {escape(_told(line[-1][1], unit))}</text>"
        )
    return _drawing(title, out, height)


@dataclass(frozen=True, slots=True)
class _Scale:
    """A logarithmic scale over whole decades or, where that would waste most of it, over what there is."""

    low: float
    high: float
    start: float
    end: float

    @classmethod
    def over(cls, values: Sequence[float], start: float, end: float) -> _Scale:
        positive = [value for value in values if value > 0] or [1.0]
        low, high = min(positive) / 1.6, max(positive) * 1.2
        return cls(low, high, start, end)

    def at(self, value: float) -> float:
        share = math.log(max(value, self.low) / self.low) / math.log(self.high / self.low)
        return self.start + share * (self.end - self.start)

    def ticks(self) -> list[float]:
        first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
        decades = [10.0**power for power in range(first, last + 1)]
        finer = [step * decade for decade in decades for step in ((1, 2, 5) if last - first <= 3 else (1,))]
        return [tick for tick in finer if self.low <= tick <= self.high]


def _told(value: float, unit: str) -> str:
    if unit == "s" and value < 1:
        return f"{value * 1000:.0f} ms"
    return f"{value:,.1f} {unit}" if value < 10 and value != int(value) else f"{value:,.0f} {unit}"


def _drawing(title: str, parts: Sequence[str], height: float) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" role="img">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n"
        f'<rect width="{WIDTH}" height="{height:.0f}" class="b"/>\n'
        f'<text x="8" y="22" class="h">{escape(title)}</text>\n' + "\n".join(parts) + "\n</svg>\n"
    )
