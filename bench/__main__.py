"""`python -m bench [--peers] [--quick] [--json FILE] [case ...]`: prints the table, writes JSON, tells what holds."""

from __future__ import annotations

import argparse
import asyncio
import gc
import sys
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from . import page, table
from .bench import Bench
from .cases import CASES
from .comparison.kept import QUICK, RESULTS
from .comparison.program import CASES as HEATS
from .comparison.program import race
from .measure import Result, Skipped
from .peers import PINS
from .sandbox import Sandbox

_VERSIONS = ("jupyter-dep", "uv", "virtualenv", "packaging", "jupyter-client", "ipykernel")


def main(argv: Sequence[str] | None = None) -> int:
    """Measure; gives 0 if every bound holds, 1 if one does not or a case could not be measured."""
    asked = _arguments(argv)
    if asked.page:
        _write_page()
        return 0
    with tempfile.TemporaryDirectory(prefix="jd-", ignore_cleanup_errors=True) as folder:
        sandbox = Sandbox.at(Path(folder).resolve())
        sandbox.enter()
        if asked.peers:
            results_file = asked.json or (QUICK if asked.quick else RESULTS)
            code = race(sandbox, asked.case or list(HEATS), quick=asked.quick, results=results_file)
            if results_file == RESULTS:
                _write_page()
            return code
        with Bench(sandbox, quick=asked.quick) as bench:
            results = asyncio.run(measure(bench, asked.case or list(CASES)))
        whole = not asked.quick and not asked.case
        file = asked.json or (page.LATEST if whole else page.LATEST.with_name("some.json"))
        table.write(results, file, quick=asked.quick, versions=_versions())
        sys.stdout.write(table.text(results))
        if file == page.LATEST:
            _write_page()
        sys.stdout.flush()  # clearing away takes a while
    return 0 if all(result.holds for result in _decisive(results)) else 1


def _write_page() -> None:
    for written in page.write():
        table.progress(f"written: {written.name}")


def _versions() -> dict[str, str]:
    """What was compared; Poetry's is the pinned one, which lies in a virtualenv of its own."""
    return {**{name: version(name) for name in _VERSIONS}, "poetry": PINS["poetry"][0].partition("==")[2]}


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Speed and memory against the tools underneath.")
    parser.add_argument("--quick", action="store_true", help="three turns each and smaller sizes, to see that it runs")
    parser.add_argument("--peers", action="store_true", help="the long race: the same things done by us and by other tools")
    parser.add_argument("--page", action="store_true", help="measure nothing; write docs/performance.md from what is kept")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where the results are written; by default in bench/results")
    names = f"of {', '.join(CASES)}; with --peers of {', '.join(HEATS)}; all by default"
    parser.add_argument("case", nargs="*", metavar="case", help=names)
    asked = parser.parse_args(argv)
    known = list(HEATS if asked.peers else CASES)
    if unknown := [name for name in asked.case if name not in known]:
        parser.error(f"no such case: {', '.join(unknown)}; choose from {', '.join(known)}")
    return asked


async def measure(bench: Bench, names: Sequence[str]) -> list[Result]:
    """The results of the named cases; one that breaks is told and does not stop the rest."""
    results: list[Result] = []
    for name in dict.fromkeys(names):
        table.progress(f"{name}: {(CASES[name].__doc__ or '').strip()}")
        gc.collect()
        gc.freeze()  # what is measured in this process must not pay for what the cases before have left in it
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
