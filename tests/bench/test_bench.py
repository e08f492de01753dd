"""The bench's form: what counts as holding, what is printed and written, that a broken case is told. No time is measured."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from bench import __main__ as program  # noqa: E402
from bench import table  # noqa: E402
from bench.cases import CASES, Bench  # noqa: E402
from bench.measure import Result, Row, Skipped, in_turns, quartiles  # noqa: E402
from bench.sandbox import Sandbox, same_but_for_the_name, wheels_kernelspec  # noqa: E402


def ratio(ours: tuple[float, ...], theirs: tuple[float, ...], bound: float | None = 1.5) -> Row:
    return Row(case="c", title="a ratio", unit="ratio", ours=ours, theirs=theirs, bound=bound)


def test_a_ratio_is_of_medians_so_that_one_slow_turn_decides_nothing() -> None:
    row = ratio((1.0, 1.2, 60.0), (1.0, 1.0, 1.0))
    assert row.value == pytest.approx(1.2)
    assert row.holds
    assert row.spread == (1.0, 60.0)


def test_the_spread_is_that_of_each_turn_so_that_what_slows_both_sides_cancels_out() -> None:
    row = ratio((1.0, 2.0, 4.0, 8.0), (1.0, 2.0, 4.0, 8.0))
    assert row.spread == (1.0, 1.0)


@pytest.mark.parametrize(("value", "holds"), [(1.49, True), (1.5, True), (1.51, False)])
def test_a_bound_is_held_up_to_itself(value: float, holds: bool) -> None:
    assert ratio((value,), (1.0,)).holds is holds


def test_a_row_without_a_bound_neither_holds_nor_fails() -> None:
    assert ratio((9.0,), (1.0,), bound=None).holds is None


@pytest.mark.parametrize(("ours", "theirs"), [((), ()), ((1.0,), ()), ((1.0, 2.0), (1.0,))])
def test_a_ratio_needs_both_sides_in_equal_number(ours: tuple[float, ...], theirs: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="`c`"):
        ratio(ours, theirs)


def test_quartiles_of_few_samples_are_the_extremes() -> None:
    assert quartiles((3.0, 1.0, 2.0)) == (1.0, 3.0)
    assert quartiles((1.0, 2.0, 3.0, 4.0, 5.0)) == (2.0, 4.0)


def test_the_sides_take_turns_and_change_who_begins() -> None:
    order: list[str] = []

    def side(name: str) -> object:
        async def turn() -> float:
            order.append(name)
            return float(len(order))

        return turn

    first, second = asyncio.run(in_turns(2, side("a"), side("b")))  # type: ignore[arg-type]
    assert order == ["b", "a", "a", "b", "b", "a"]
    assert first == (3.0, 6.0), "the first turn warms up and is not counted"
    assert second == (4.0, 5.0)


def test_every_case_of_the_issue_is_there_and_says_what_it_compares() -> None:
    notebooks = ["reopen", "add", "environment", "cell", "import", "status", "first-sight", "memory"]
    assert list(CASES) == [*notebooks, "install", "folder-add", "run"]
    assert all((case.__doc__ or "").strip() for case in CASES.values())


RESULTS: list[Result] = [
    ratio((1.0, 1.0), (1.0, 0.5)),
    Row(case="m", title="memory", unit="MB", ours=(130.0,), bound=120, note="too much"),
    Row(case="i", title="only told", unit="ms", ours=(3.0,)),
    Skipped(case="s", reason="this system does not tell"),
]


def test_the_table_says_of_each_row_whether_it_holds() -> None:
    lines = table.text(RESULTS).splitlines()
    assert lines[0].split() == ["case", "ours", "theirs", "value", "spread", "bound", "holds"]
    assert [line.split()[-1] for line in lines[2:6]] == ["yes", "NO", "3.00-3.00", "measured"]
    assert lines[-2:] == ["memory: too much", "s: not measured, this system does not tell"]


def test_the_json_holds_every_sample_and_no_name_of_the_machine(tmp_path: Path) -> None:
    file = tmp_path / "new" / "latest.json"
    table.write(RESULTS, file, quick=True, versions={"uv": "1"})
    text = file.read_text(encoding="utf-8")
    written = json.loads(text)
    assert written["schema"] == 1
    assert written["quick"] is True
    assert written["versions"] == {"uv": "1"}
    first, *_, skipped = written["results"]
    assert first["ours"]["samples"] == [1.0, 1.0]
    assert first["theirs"]["samples"] == [1.0, 0.5]
    assert (first["value"], first["bound"], first["holds"]) == (pytest.approx(1 / 0.75), 1.5, True)
    assert skipped == {"case": "s", "skipped": "this system does not tell", "holds": None}
    assert str(Path.home()) not in text
    assert os.uname().nodename not in text if hasattr(os, "uname") else True
    assert list(file.parent.iterdir()) == [file]


def test_a_broken_case_is_told_and_the_next_one_still_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async def broken(bench: Bench) -> list[Result]:
        raise RuntimeError("the index is away\nand more")

    async def sound(bench: Bench) -> list[Result]:
        return [ratio((1.0,), (1.0,))]

    monkeypatch.setitem(CASES, "reopen", broken)
    monkeypatch.setitem(CASES, "add", sound)
    bench = Bench(Sandbox.at(tmp_path), quick=True)
    results = asyncio.run(program.measure(bench, ["reopen", "add", "reopen"]))
    assert results == [Skipped(case="reopen", reason="the index is away"), ratio((1.0,), (1.0,))]


@pytest.mark.parametrize(
    ("results", "code"),
    [
        ([ratio((1.0,), (1.0,))], 0),
        ([ratio((1.0,), (1.0,)), ratio((9.0,), (1.0,), bound=None)], 0),
        ([ratio((9.0,), (1.0,))], 1),
        ([Skipped(case="reopen", reason="it broke")], 1),
    ],
)
def test_the_exit_code_says_whether_everything_holds(
    results: list[Result], code: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, user_home: Path
) -> None:
    async def case(bench: Bench) -> list[Result]:
        return results

    monkeypatch.setitem(CASES, "reopen", case)
    monkeypatch.setattr(Sandbox, "enter", lambda self: None)
    assert program.main(["--json", str(tmp_path / "out.json"), "reopen"]) == code
    assert len(json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))["results"]) == len(results)


def test_an_unknown_case_is_a_usage_error_that_names_the_known_ones() -> None:
    done = subprocess.run([sys.executable, "-m", "bench", "warp"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "no such case: warp" in done.stderr
    assert all(name in done.stderr for name in CASES)


def test_a_sandbox_keeps_everything_in_its_folder_and_lets_imports_write_bytecode(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("JUPYTER_DEP_TRUST", "/somewhere")
    monkeypatch.setenv("JPY_SESSION_NAME", "/other.ipynb")
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    sandbox = Sandbox.at(tmp_path)
    paths = sandbox.services().paths
    assert all(path.is_relative_to(tmp_path) for path in (paths.store, paths.engine_cache, paths.lock_cache, paths.state))
    assert all(
        sandbox.environ[name].startswith(str(tmp_path)) for name in ("JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    )
    assert not {"PYTHONDONTWRITEBYTECODE", "JUPYTER_DEP_TRUST", "JPY_SESSION_NAME"} & sandbox.environ.keys()
    assert sandbox.environ["UV_DEFAULT_INDEX"] == "http://127.0.0.1:9/simple", "packages come from the user's own index"


def test_a_copied_lock_says_the_same_in_other_bytes(tmp_path: Path) -> None:
    lock = tmp_path / "pylock.x.toml"
    lock.write_text('lock-version = "1.0"\n[tool.jupyter-dep]\nformat = 1\nnotebook = "x.ipynb"\n', encoding="utf-8")
    assert same_but_for_the_name(lock, "y") == lock.read_bytes().replace(b"x.ipynb", b"y.ipynb")
    lock.write_text("", encoding="utf-8")
    with pytest.raises(RuntimeError, match="names 0 notebooks"):
        same_but_for_the_name(lock, "y")


def test_the_reopened_kernel_is_the_wheels_own() -> None:
    spec = json.loads((wheels_kernelspec() / "kernel.json").read_text(encoding="utf-8"))
    assert spec["metadata"]["kernel_provisioner"] == {"provisioner_name": "jupyter-dep"}
