"""Renders a `Report` as text for terminals and as HTML for notebooks.

All text is escaped and its invisible characters are shown; the HTML has only inline styles, with the front end's theme
variables.
"""

from __future__ import annotations

import re
from html import escape
from typing import Dict, List

from .text import aligned, visible
from .wire import Report, Table

# JupyterLab's variable, then VS Code's, then a colour that is legible on light and dark backgrounds
_COLOUR = {
    "good": "var(--jp-success-color1, var(--vscode-charts-green, #2f9e44))",
    "warn": "var(--jp-warn-color1, var(--vscode-charts-orange, #d9822b))",
    "bad": "var(--jp-error-color1, var(--vscode-errorForeground, #e5534b))",
}
_BODY = (
    "font-family:var(--jp-ui-font-family, sans-serif);font-size:var(--jp-ui-font-size1, 13px);"
    "line-height:1.5;color:var(--jp-ui-font-color1, inherit)"
)
_CELL = "text-align:left;padding:1px 16px 1px 0;white-space:pre-wrap;background:none;border:none"
_CODE = re.compile(r"`([^`]+)`")


def plain(report: Report) -> str:
    """Render the report as lines with aligned columns."""
    lines: List[str] = []
    if report.headline:
        lines.append(visible(report.headline))
    lines += [visible(line, newlines=True) for line in report.lines]
    for table in report.tables:
        if table.title:
            lines.append(visible(table.title))
        head = [table.columns] if table.columns else []
        rows = [[visible(cell) for cell in row] for row in [*head, *table.rows]]
        lines += ["  " + line for line in aligned(rows)]
    lines += ["note: " + visible(note, newlines=True) for note in report.notes]
    lines += ["next: " + visible(step, newlines=True) for step in report.next]
    return "\n".join(lines)


def html(report: Report) -> str:
    """Render the report as one `<div>`, with the details of a folded one in `<details>`."""
    headline = _block(visible(report.headline), _tone_style(report.tone) + "font-weight:600") if report.headline else ""
    details = [_block(line) for line in report.lines] + [_table(table) for table in report.tables]
    parts = [headline, *details]
    if report.folded and headline and details:
        parts = ['<details><summary style="cursor:pointer">{}</summary>{}</details>'.format(_inline(report), "".join(details))]
    parts += [_block("note: " + note, "opacity:.8") for note in report.notes]
    parts += [_block("next: " + step) for step in report.next]
    return '<div style="{}">{}</div>'.format(_BODY, "".join(parts))


def bundle(report: Report) -> Dict[str, str]:
    """Return the MIME bundle that a cell displays."""
    short = report._replace(lines=(), tables=()) if report.folded and report.headline else report
    return {"text/plain": plain(short), "text/html": html(report)}


def _inline(report: Report) -> str:
    """Render the headline to follow the triangle of `<summary>`."""
    style = _tone_style(report.tone) + "font-weight:600"
    return '<span style="{}">{}</span>'.format(style, _mark_code(visible(report.headline)))


def text_html(text: str, tone: str = "plain") -> str:
    """Render a short text as one `<div>`; line breaks are kept."""
    return '<div style="{}">{}</div>'.format(_BODY, _block(text, _tone_style(tone))) if text else ""


def line_bundle(text: str) -> Dict[str, str]:
    """Return the MIME bundle of one dim line, for progress and hints."""
    shown = _block(text, "opacity:.8")
    return {
        "text/plain": visible(text, newlines=True),
        "text/html": '<div style="{}">{}</div>'.format(_BODY, shown),
    }


def _tone_style(tone: str) -> str:
    return "color:{};".format(_COLOUR[tone]) if tone in _COLOUR else ""


def _mark_code(text: str, *, newlines: bool = False) -> str:
    return _CODE.sub(r"<code>\1</code>", escape(visible(text, newlines=newlines), quote=True))


def _block(text: str, style: str = "") -> str:
    return '<div style="white-space:pre-wrap;{}">{}</div>'.format(style, _mark_code(text, newlines=True))


def _table(table: Table) -> str:
    title = _block(visible(table.title), "font-weight:600;margin-top:4px") if table.title else ""
    head = "".join(
        '<th style="{}"><span style="opacity:.7">{}</span></th>'.format(_CELL, _mark_code(name)) for name in table.columns
    )
    tones = table.tones or ("plain",) * len(table.rows)
    rows = [
        '<tr style="background:none">{}</tr>'.format(
            "".join('<td style="{}{}">{}</td>'.format(_CELL + ";", _tone_style(tone), _mark_code(cell)) for cell in row)
        )
        for row, tone in zip(table.rows, tones)  # noqa: B905   Python 3.8 has no `strict`
    ]
    head = '<tr style="background:none">{}</tr>'.format(head) if head else ""
    # `margin: 0`: notebook style sheets centre tables in outputs
    style = "border-collapse:collapse;margin:0;border:none;color:inherit;font:inherit"
    return '{}<table style="{}">{}{}</table>'.format(title, style, head, "".join(rows))
