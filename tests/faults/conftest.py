"""The fault battery: how much of it runs, what it may need of the machine, and the count of what held.

`pytest tests/faults` runs the volume of CI, `pytest tests/faults --full` the long one. Each check counts with
`tally("check", cases=…, held=…)`; `python -m tests.faults` runs everything, gathered tests too, and prints the table.
A test that needs something of the machine says `need("strace")` first: without it the test is skipped and the skip counted,
and where `JUPYTER_DEP_CAPABILITIES=all` is set, which `.ci/run` does, it fails.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from faults.counting import CHECKS, Count, forget, record

HERE = Path(__file__).parent
SEED = 20
ALL_HERE = os.environ.get("JUPYTER_DEP_CAPABILITIES") == "all"  # read once: the tests' own homes hide what starts with JUPYTER_


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", default=False, help="the fault battery at its long volume")
    parser.addoption("--seed", type=int, default=None, help="the seed of the fault battery; fixed if it is not given")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.faults)
            item.add_marker(pytest.mark.alone)


def is_full(config: pytest.Config) -> bool:
    return bool(config.getoption("full", default=False))


@pytest.fixture(scope="session")
def full(request: pytest.FixtureRequest) -> bool:
    """Whether the long volume is asked for."""
    return is_full(request.config)


@pytest.fixture(scope="session")
def volume(full: bool) -> Callable[[int, int], int]:
    """`volume(60, 500)`: how many cases to run, in CI and in the long run."""
    return lambda ci, long: long if full else ci


@pytest.fixture
def seed(request: pytest.FixtureRequest, full: bool) -> int:
    """A number for `random.Random`: always the same in CI; another one in each long run, which prints it."""
    given: int | None = request.config.getoption("seed", default=None)
    chosen = given if given is not None else (random.SystemRandom().randrange(2**32) if full else SEED)
    if full:
        with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
            print(f"\n{request.node.name}: --seed {chosen}", flush=True)
    return chosen


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What one test counts; several calls for one check add up."""

    test: str
    full: bool
    counts: dict[str, Count]
    begin: float

    def __call__(self, check: str, *, cases: int, held: int, note: str = "") -> None:
        self._add(check, Count(cases=cases, held=held, notes=(note,) if note else ()))

    def skipped(self, check: str, why: str, *, cases: int = 1) -> None:
        self._add(check, Count(skipped=cases, notes=(f"skipped: {why}",)))

    def _add(self, check: str, count: Count) -> None:
        assert check in CHECKS, f"`{check}` is none of {sorted(CHECKS)}"
        self.counts[check] = self.counts.get(check, Count()) + count
        record(self.test, self.counts, seconds=time.monotonic() - self.begin, full=self.full)


@pytest.fixture
def tally(request: pytest.FixtureRequest, full: bool) -> Tally:
    """`tally("kill", cases=60, held=60)`; `tally.skipped("disk", "no quota here", cases=3)`."""
    forget(request.node.nodeid, full=full)
    return Tally(test=request.node.nodeid, full=full, counts={}, begin=time.monotonic())


def _works(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, timeout=20, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _may_mount() -> bool:
    return _works("unshare", "-m", "sh", "-c", "d=$(mktemp -d) && mount -t tmpfs -o size=64k none $d")


CAPABILITIES: dict[str, Callable[[], bool]] = {
    "root": lambda: sys.platform != "win32" and os.geteuid() == 0,
    "strace": lambda: _works("strace", "-f", "-o", os.devnull, "-e", "inject=mkdir:error=EIO:when=9", "true"),
    "mount": _may_mount,
    "namespaces": lambda: _works("unshare", "-n", "true"),
    "faketime": lambda: shutil.which("faketime") is not None,
    "posix": lambda: sys.platform != "win32",
    "linux": lambda: sys.platform == "linux",
}
_known: dict[str, bool] = {}


def has(capability: str) -> bool:
    if capability not in _known:
        _known[capability] = CAPABILITIES[capability]()
    return _known[capability]


@pytest.fixture
def need(tally: Tally) -> Callable[..., None]:
    """`need("kill", "root", "strace", cases=80)`: go on only if this machine can do what the check needs."""

    def needed(check: str, *capabilities: str, cases: int = 1) -> None:
        missing = [capability for capability in capabilities if not has(capability)]
        if not missing:
            return
        why = f"this machine lacks {', '.join(missing)}"
        tally.skipped(check, why, cases=cases)
        if ALL_HERE:
            pytest.fail(f"JUPYTER_DEP_CAPABILITIES=all, but {why}")
        pytest.skip(why)

    return needed


class CountElsewhere:
    """Count the tests that are marked `counts(CHECK, ROW)`: a plugin, since a conftest's hooks see its own folder only."""

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            for mark in item.iter_markers("counts"):
                assert mark.args[0] in CHECKS, f"{item.nodeid}: `{mark.args[0]}` is none of {sorted(CHECKS)}"
                item.user_properties.append(("counts", mark.args[0]))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for name, check in report.user_properties:
            if name == "counts":
                self._count(report, str(check))

    def _count(self, report: pytest.TestReport, check: str) -> None:
        if report.skipped:
            count = Count(skipped=1, notes=("skipped: a test elsewhere",))
        elif report.when == "call" or report.failed:
            count = Count(cases=1, held=int(report.passed))
        else:
            return
        for full in (False, True):
            record(report.nodeid, {check: count}, seconds=report.duration, full=full)


def pytest_configure(config: pytest.Config) -> None:
    if not config.pluginmanager.has_plugin("faults-elsewhere"):
        config.pluginmanager.register(CountElsewhere(), "faults-elsewhere")
