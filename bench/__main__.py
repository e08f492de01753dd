"""`python -m bench [--quick] [--json FILE] [case ...]`: prints the table, writes JSON, says by its exit code what holds."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from . import table
from .cases import CASES, Bench
from .desk import Desk
from .measure import Result, Skipped

_DEFAULT = Path(__file__).parent / "results" / "latest.json"
_VERSIONS = ("jupyter-dep", "uv", "virtualenv", "packaging", "jupyter-client", "ipykernel")


def main(argv: Sequence[str] | None = None) -> int:
    """Measure; gives 0 if every bound holds, 1 if one does not or a case could not be measured."""
    asked = _arguments(argv)
    with tempfile.TemporaryDirectory(prefix="jd-", ignore_cleanup_errors=True) as folder:
        desk = Desk.at(Path(folder).resolve())
        desk.enter()
        results = asyncio.run(measure(Bench(desk, quick=asked.quick), asked.case or list(CASES)))
    table.write(results, asked.json, quick=asked.quick, versions={name: version(name) for name in _VERSIONS})
    sys.stdout.write(table.text(results))
    return 0 if all(result.holds for result in _decisive(results)) else 1


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Speed and memory against the tools underneath.")
    parser.add_argument("--quick", action="store_true", help="three turns each and smaller sizes, to see that it runs")
    parser.add_argument("--json", type=Path, default=_DEFAULT, metavar="FILE", help="where the results are written")
    parser.add_argument("case", nargs="*", metavar="case", help=f"of {', '.join(CASES)}; all by default")
    asked = parser.parse_args(argv)
    if unknown := [name for name in asked.case if name not in CASES]:
        parser.error(f"no such case: {', '.join(unknown)}; choose from {', '.join(CASES)}")
    return asked


async def measure(bench: Bench, names: Sequence[str]) -> list[Result]:
    """The results of the named cases; one that breaks is told and does not stop the rest."""
    results: list[Result] = []
    for name in dict.fromkeys(names):
        table.progress(f"{name}: {(CASES[name].__doc__ or '').strip()}")
        try:
            results += await CASES[name](bench)
        except Exception as error:
            table.progress(f"{name} failed: {error}")
            results.append(Skipped(case=name, reason=(str(error).splitlines() or [type(error).__name__])[0]))
    return results


def _decisive(results: Sequence[Result]) -> list[Result]:
    return [result for result in results if isinstance(result, Skipped) or result.bound is not None]


if __name__ == "__main__":
    sys.exit(main())
