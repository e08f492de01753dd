"""The race's form: who takes turns with whom, what is told of a side that is not there, what the mirror and the page do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
import xml.etree.ElementTree as ElementTree
import zipfile
from pathlib import Path

import pytest
from support.wheels import build_wheel

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from bench import __main__ as program  # noqa: E402
from bench import page, peers, plots, wheelhouse  # noqa: E402
from bench.comparison import heat, kept, telling  # noqa: E402
from bench.comparison.heat import Heat, Taken, slope  # noqa: E402
from bench.comparison.kept import Measured  # noqa: E402
from bench.comparison.program import CASES  # noqa: E402
from bench.mirror import JSON_TYPE, mirror  # noqa: E402
from bench.peer_sandbox import _path  # noqa: E402
from bench.peers import PINS, MissingError, Peers  # noqa: E402
from bench.resource_usage import Spent, spend  # noqa: E402
from bench.sandbox import Sandbox  # noqa: E402


def taken(side: str, *seconds: float) -> Taken:
    return Taken(side=side, samples=tuple(Spent(seconds=each, cpu=each / 2, peak=40.0) for each in seconds))


def measured(case: str, *heats: Heat) -> Measured:
    machine = {"system": "Linux", "processors": 2, "python": "3.11.0"}
    return Measured(
        case=case, about="What it is.", day="2026-01-02", quick=False, machine=machine, versions={"uv": "1"}, heats=heats
    )


CHECK = measured(
    "check",
    Heat(
        case="check",
        title="lock check",
        taken=(taken("jupyter-dep", 0.1, 0.2, 0.3), taken("uv", 0.02), Taken(side="juv", reason="it has no such command")),
    ),
)
GROWTH = measured(
    "packages",
    *(
        Heat(
            case="packages",
            title=f"build {at}",
            taken=(taken("uv", at / 100), taken("jupyter-dep", 1 + at / 50)),
            at=at,
            axis="packages",
        )
        for at in (10, 50, 200)
    ),
)


# heats


def test_a_side_that_fails_is_out_with_its_reason_and_the_others_go_on() -> None:
    calls: list[str] = []

    def sound() -> Spent:
        calls.append("sound")
        return Spent(seconds=1.0)

    def absent() -> Spent:
        calls.append("absent")
        raise MissingError("not on PATH\nand more")

    found = heat.run({"a": sound, "b": absent}, 3)
    assert found == (Taken(side="a", samples=(Spent(seconds=1.0),) * 3), Taken(side="b", reason="not on PATH"))
    assert calls.count("absent") == 1


def test_who_goes_first_changes_with_every_round() -> None:
    order: list[str] = []

    def side(name: str) -> heat.Turn:
        def once() -> Spent:
            order.append(name)
            return Spent(seconds=len(order))

        return once

    first, second = heat.run({"a": side("a"), "b": side("b")}, 2)
    assert order == ["b", "a", "a", "b", "b", "a"]
    assert first.of("seconds") == (3, 6)
    assert second.of("seconds") == (4, 5)


def test_a_slope_is_by_how_much_the_second_grows_with_one_of_the_first() -> None:
    assert slope([(10, 5.0), (50, 25.0), (200, 100.0)]) == pytest.approx(0.5)
    assert slope([(10, 5.0)]) is None
    assert slope([(10, 5.0), (10, 6.0)]) is None


def test_spent_adds_up_in_time_and_not_in_memory() -> None:
    both = Spent(seconds=1, cpu=0.5, peak=30) + Spent(seconds=2, cpu=1, peak=20)
    assert both == Spent(seconds=3, cpu=1.5, peak=30)
    assert (both + Spent(seconds=1)).cpu is None


# commands


@pytest.mark.skipif(sys.platform == "win32", reason="the system tells nothing there")
def test_time_processor_and_memory_are_those_of_the_whole_tree_and_not_ours(tmp_path: Path) -> None:
    ballast = bytearray(120_000_000)  # what this process holds must not be told as the other's
    small = spend([sys.executable, "-I", "-S", "-c", "pass"], tmp_path, os.environ)
    assert small.peak is not None and small.peak < 60, len(ballast)
    busy = "import time\nd = time.process_time() + 0.2\nb = b'x' * 90_000_000\nwhile time.process_time() < d: pass"
    nested = f"import subprocess, sys; subprocess.run([sys.executable, '-I', '-S', '-c', {busy!r}], check=True)"
    large = spend([sys.executable, "-I", "-S", "-c", nested], tmp_path, os.environ)
    assert large.cpu is not None and 0.2 <= large.cpu < 5
    assert large.peak is not None and large.peak > 80
    assert large.seconds >= 0.2


def test_a_command_that_fails_raises_with_what_it_said_and_may_be_expected(tmp_path: Path) -> None:
    failing = [sys.executable, "-c", "import sys; sys.exit('no such thing')"]
    with pytest.raises(RuntimeError, match=r"exit code 1: no such thing"):
        spend(failing, tmp_path, os.environ)
    assert spend(failing, tmp_path, os.environ, codes=(0, 1)).seconds > 0
    with pytest.raises(RuntimeError, match="no program"):
        spend(["no-such-program"], tmp_path, os.environ)


# peers


def test_a_peer_whose_program_no_wheel_brings_is_missing_with_that_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingError, match="`pixi-kernel` starts `pixi`, which is not on PATH"):
        Peers(tmp_path).program("pixi-kernel")


def test_a_peer_that_cannot_be_installed_is_missing_and_is_tried_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Path] = []

    def uv() -> Path:
        calls.append(tmp_path)
        return Path(sys.executable)  # it knows no `venv`

    monkeypatch.setattr(peers, "engine", uv)
    there = Peers(tmp_path)
    for _ in range(2):
        with pytest.raises(MissingError, match="`juv` could not be installed"):
            there.program("juv")
    assert len(calls) == 1


def test_peers_come_from_the_users_own_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str | None] = []

    def run(argv: list[str], *, env: dict[str, str], **_: object) -> subprocess.CompletedProcess[str]:
        seen.append(env.get("UV_DEFAULT_INDEX"))
        return subprocess.CompletedProcess(argv, 1, "", "no")

    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://own.example/simple/")
    there = Peers(tmp_path)
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:1/mirror/")  # the race has begun
    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(MissingError):
        there.program("juv")
    assert seen == ["https://own.example/simple/"]


def test_every_peer_is_pinned_and_juv_has_our_engine() -> None:
    assert all("==" in pin for pins in PINS.values() for pin in pins)
    assert f"uv=={peers.UV}" in PINS["juv"]
    assert Peers().versions.keys() == {"uv", *PINS}


def test_folders_with_other_pythons_leave_the_path_and_what_a_shell_needs_stays(tmp_path: Path) -> None:
    for name, inside in (("same", "python3.11"), ("other", "python3.13"), ("none", "tool")):
        (tmp_path / name).mkdir()
        (tmp_path / name / inside).touch()
    path = os.pathsep.join(str(tmp_path / name) for name in ("same", "other", "none", "absent"))
    first, *rest = _path(path, "3.11", tmp_path / "bin").split(os.pathsep)
    assert rest == [str(tmp_path / "same"), str(tmp_path / "none")]
    assert sys.platform == "win32" or (Path(first) / "true").exists()


# wheels and their mirror


def test_what_is_for_this_platform_has_stand_ins_for_others_with_the_same_metadata(tmp_path: Path) -> None:
    real = build_wheel(tmp_path, "alpha", "1.0", requires=["beta>=2"], tag="cp311-cp311-manylinux_2_17_x86_64")
    wheelhouse._for_others(tmp_path)
    wheelhouse._stand_in(tmp_path)
    others = sorted(path.name for path in tmp_path.glob("alpha-*") if path != real)
    assert len(others) == len(wheelhouse._PYTHONS) * len(wheelhouse._PLATFORMS) - 1, "all but the one that is there"
    assert any("win_amd64" in name for name in others) and any("cp314" in name for name in others)
    assert [path.name for path in tmp_path.glob("beta-*")] == ["beta-2-py3-none-any.whl"]
    with zipfile.ZipFile(real) as one, zipfile.ZipFile(tmp_path / others[0]) as two:
        assert one.read("alpha-1.0.dist-info/METADATA") == two.read("alpha-1.0.dist-info/METADATA")


def test_a_selection_of_small_packages_is_another_for_every_number() -> None:
    assert len({tuple(wheelhouse.subset(number)) for number in range(1024)}) == 1024


def ask(url: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    request = urllib.request.Request(url, headers={name.replace("_", "-"): value for name, value in headers.items()})
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), b""


def test_the_mirror_answers_as_an_index_does_and_can_be_far_away(tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path, "alpha", "1.0", files={"alpha/big.py": "#" * 300_000})
    with mirror(tmp_path) as line:
        status, headers, body = ask(f"{line.url}alpha/", Accept=JSON_TYPE)
        (entry,) = json.loads(body)["files"]
        assert (status, headers["Content-Type"], entry["filename"]) == (200, JSON_TYPE, wheel.name)
        assert ask(f"{line.url}alpha/", Accept=JSON_TYPE, If_None_Match=headers["ETag"])[0] == 304
        assert b"alpha-1.0" in ask(f"{line.url}alpha/")[2], "HTML for who does not ask for JSON"
        assert ask(f"{line.url}beta/")[0] == 404
        assert b"Name: alpha" in ask(f"{entry['url']}.metadata")[2]
        assert ask(entry["url"])[2] == wheel.read_bytes()
        with line.shaped(rate=600_000, latency=0.1):
            started = time.monotonic()
            assert ask(entry["url"])[2] == wheel.read_bytes()
            assert time.monotonic() - started >= 0.1 + 300_000 / 600_000 * 0.9
    with pytest.raises(OSError):  # noqa: PT011  whichever way the connection ends
        ask(f"{line.url}alpha/")


# what is kept, and the page


def test_a_case_that_is_run_again_takes_the_place_of_its_figures_and_the_rest_stays(tmp_path: Path) -> None:
    file = tmp_path / "new" / "race.json"
    for each in (GROWTH, CHECK, CHECK):
        kept.keep(file, each, list(CASES))
    assert kept.load(file) == {"check": CHECK, "packages": GROWTH}
    assert list(kept.load(file)) == ["check", "packages"], "in the order of the race"
    assert str(Path.home()) not in file.read_text(encoding="utf-8")
    assert kept.load(tmp_path / "none.json") == {}


def test_a_terminal_is_told_medians_quartiles_and_how_many_are_missing() -> None:
    lines = telling.plain(CHECK.heats).splitlines()
    assert lines[1].split() == ["jupyter-dep", "0.200", "s", "0.100-0.300", "cpu", "0.100", "s", "peak", "40", "MB"]
    assert lines[3].split(maxsplit=1) == ["juv", "not measured: it has no such command"]
    assert lines[4] == "1 not measured"


def test_the_page_has_every_case_or_the_command_that_would_measure_it() -> None:
    found = page.blocks(None, {"check": CHECK, "packages": GROWTH})
    assert found["limits"] == "Not measured yet: `python -m bench`"
    assert found["crowd"] == "Not measured yet: `python -m bench --peers crowd`"
    assert "| lock check | 0.200 (0.100–0.300) | 0.020 (0.020–0.020) | – |" in found["project"]
    assert "- not measured, lock check: juv: it has no such command" in found["project"]
    assert "`python -m bench --peers check`" in found["project"]
    assert "| **ms for each more** | 20.0 | 10.0 |" in found["packages"]
    assert "![The environment of a lock, by packages](packages.svg)" in found["packages"]


def test_a_list_has_the_unit_of_each_line_and_the_slope_of_what_stands_on_an_axis() -> None:
    store = [
        Heat(
            case="store", title=f"status, {at} environments", taken=(taken("jupyter-dep", seconds),), at=at, axis="environments"
        )
        for at, seconds in ((10, 0.2), (1010, 0.3))
    ]
    looked = Heat(case="crowd-few", title="status, 30 notebooks", taken=(taken("jupyter-dep", 9.0),), unit="ms")
    lines = telling.listed(measured("crowd", looked, *store))
    assert "| status, 30 notebooks | jupyter-dep | 9.00 ms | 9.00–9.00 |" in lines
    assert "| status, 10 environments | jupyter-dep | 0.200 s | 0.200–0.200 |" in lines
    assert "- status: 0.100 ms for each more of the environments" in lines


def test_a_page_is_filled_between_its_markers_only_and_places_and_blocks_have_to_match() -> None:
    text = "a\n<!-- bench:x -->\nold\n<!-- /bench:x -->\nb\n"
    assert page.filled(text, {"x": "1 \\1"}) == "a\n<!-- bench:x -->\n1 \\1\n<!-- /bench:x -->\nb\n"
    for blocks in ({}, {"x": "1", "y": "2"}):
        with pytest.raises(ValueError, match="the page has places for"):
            page.filled(text, blocks)
    with pytest.raises(ValueError, match="does not end"):
        page.filled("<!-- bench:x -->\n", {"x": "1"})


def test_the_pages_figures_are_those_that_are_kept() -> None:
    text = (page.DOCS / "performance.md").read_text(encoding="utf-8")
    if not page.LATEST.exists() or not kept.RESULTS.exists():
        pytest.skip("nothing is kept here: `python -m bench` and `python -m bench --peers` were not run in this folder")
    latest = json.loads(page.LATEST.read_text(encoding="utf-8"))
    cases = kept.load()
    assert page.filled(text, page.blocks(latest, cases)) == text, "run `python -m bench --page`"
    for name, drawing in telling.plots(cases).items():
        assert (page.DOCS / name).read_text(encoding="utf-8") == drawing, "run `python -m bench --page`"


def test_between_its_markers_the_page_has_every_figure() -> None:
    text = (page.DOCS / "performance.md").read_text(encoding="utf-8")
    outside = page.filled(text, dict.fromkeys(page.blocks(None, {}), ""))
    words = outside.replace("100 Mbit/s", "").replace("40 ms", "")  # what the line is set to, which is no result
    assert not [word for word in words.split() if word[0].isdigit()], "a figure that nobody measures again"


def test_plots_are_well_formed_and_longer_takes_a_longer_bar() -> None:
    drawn = telling.plots({"check": CHECK, "packages": GROWTH})
    assert set(drawn) == {"race.svg", "packages.svg"}
    space = {"s": "http://www.w3.org/2000/svg"}
    bars = ElementTree.fromstring(drawn["race.svg"])
    ours, theirs = (float(each.get("width", 0)) for each in bars.findall("s:rect", space)[1:])
    assert ours > theirs > 0
    assert len(ElementTree.fromstring(drawn["packages.svg"]).findall("s:circle", space)) == 6
    hostile = plots.bars("<&", {'"': [plots.Bar(label="<script>", value=1, low=1, high=1)]}, "s")
    assert ElementTree.fromstring(hostile).find("s:title", space) is not None


# the command


def test_cases_of_the_race_are_named_and_say_what_they_do() -> None:
    assert all((case.__doc__ or "").strip() for case in CASES.values())
    command = [sys.executable, "-m", "bench", "--peers", "reopen", "memory"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "no such case: memory; choose from first, add" in done.stderr


def test_the_race_goes_where_it_was_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen: list[tuple[list[str], bool, Path]] = []
    pages: list[None] = []

    def race(sandbox: Sandbox, names: list[str], *, quick: bool, results: Path) -> int:
        seen.append((names, quick, results))
        return 0

    monkeypatch.setattr(program, "race", race)
    monkeypatch.setattr(program, "_write_page", lambda: pages.append(None))
    monkeypatch.setattr(Sandbox, "enter", lambda self: None)
    assert program.main(["--peers", "--quick", "--json", str(tmp_path / "r.json"), "check"]) == 0
    assert program.main(["--peers", "--quick"]) == 0
    assert not pages, "what was only tried out does not come on the page"
    assert program.main(["--peers"]) == 0
    assert [quick for _, quick, _ in seen] == [True, True, False]
    assert [file for *_, file in seen] == [tmp_path / "r.json", kept.QUICK, kept.RESULTS]
    assert [names for names, *_ in seen] == [["check"], list(CASES), list(CASES)]
    assert len(pages) == 1
