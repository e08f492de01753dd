"""`python -m tests.faults.report [--full]`: the counts of the last run as a table, put into docs/reliability.md.

With `--check` nothing is written, and the exit code is 1 if a check did not run, did not hold, or fell short of its volume.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

if __package__:
    from .counting import CHECKS, Count, recorded
else:
    from faults.counting import CHECKS, Count, recorded

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
BEGIN, END = "<!-- figures: python -m tests.faults.report -->", "<!-- end of figures -->"
HEAD = ("check", "must hold", "cases", "held", "skipped", "seconds")


def rows(*, full: bool) -> list[tuple[str, ...]]:
    """One row for each check, in the order of the battery; dashes for what did not run."""
    counted = recorded(full=full)
    table = []
    for check, (words, _, _, bound) in CHECKS.items():
        if check not in counted:
            table.append((words, bound, "–", "–", "–", "–"))
            continue
        count, seconds = counted[check]
        table.append((words, bound, f"{count.cases:,}", f"{count.held:,}", f"{count.skipped:,}", f"{seconds:.0f}"))
    return table


def failing(*, full: bool) -> list[str]:
    """What a reader has to be told: a check that did not run, did not hold, or tried less than it should."""
    counted = recorded(full=full)
    said = []
    for check, (words, ci, long, _) in CHECKS.items():
        count, _ = counted.get(check, (Count(), 0.0))
        wanted = long if full else ci
        if count.held < count.cases:
            said.append(f"{words}: {count.cases - count.held} of {count.cases} did not hold")
        elif count.cases + count.skipped < wanted:
            said.append(f"{words}: {count.cases} of {wanted} were tried")
        elif count.cases < wanted:
            said.append(f"{words}: {count.skipped} were skipped")
    return said


def markdown(*, full: bool) -> str:
    lines = ["| " + " | ".join(HEAD) + " |", "| --- | --- | ---: | ---: | ---: | ---: |"]
    lines += ["| " + " | ".join(row) + " |" for row in rows(full=full)]
    return "\n".join(lines)


def into(page: str, table: str) -> str:
    """The page with the table between its two marks."""
    before, found, rest = page.partition(BEGIN)
    _, closed, after = rest.partition(END)
    if not (found and closed):
        raise ValueError(f"the page has no `{BEGIN}` … `{END}`")
    return f"{before}{BEGIN}\n{table}\n{END}{after}"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.report", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--full", action="store_true", help="the figures of the long run")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if something did not hold")
    asked = parser.parse_args(arguments)
    table = markdown(full=asked.full)
    print(table)
    said = failing(full=asked.full)
    for line in said:
        print(f"- {line}", file=sys.stderr)
    if asked.check:
        return 1 if said else 0
    PAGE.write_text(into(PAGE.read_text("utf-8"), table), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
