"""The main job through a real Jupyter Server: add, import, restart, rename; and the two files on another machine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from support.index import Index
from support.server import Page, Server
from support.user_environment import user_environment
from support.wheels import build_wheel

pytestmark = pytest.mark.kernel

FACTS = """
import importlib.metadata, json, sys

def files(distribution):
    # programs hold the path of their environment; everything else is the wheel's own
    lines = (distribution.read_text("RECORD") or "").splitlines()
    return [line for line in lines if not line.startswith("../") and "uv_cache" not in line]

print(json.dumps({d.name: [d.version, files(d)] for d in importlib.metadata.distributions()}, sort_keys=True))
"""


@pytest.fixture
def stocked(kernel_index: Index) -> Index:
    build_wheel(kernel_index.folder, "weather", "1.0", files={"weather/__init__.py": "TALE = 'sun, 1.0'\n"}, requires=["sky"])
    build_wheel(kernel_index.folder, "sky", "2.0")
    return kernel_index


def test_from_an_untitled_notebook_to_another_machine(stocked: Index, tmp_path: Path) -> None:
    author = tmp_path / "author"
    (author / "work").mkdir(parents=True)
    home = user_environment(author / "home", stocked.url)
    with Server(author / "work", home) as server:
        facts = _author(server, author / "work")

    with Index(*stocked.folders) as mirror:
        reader = tmp_path / "reader"
        (reader / "inbox").mkdir(parents=True)
        for name in ("forecast.ipynb", "pylock.forecast.toml"):
            shutil.copy(author / "work" / name, reader / "inbox" / name)
        before = {path: path.read_bytes() for path in (reader / "inbox").iterdir()}
        other = user_environment(reader / "home", mirror.url)
        stocked.clear()
        with Server(reader / "inbox", other) as server:
            read = _reader(server, before, mirror, other)
        assert not stocked.requests, "the index of the lock's author was asked"
    assert read == facts


def visible(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def _author(server: Server, work: Path) -> dict[str, Any]:
    page = Page(server, server.new_notebook())
    assert page.path == "Untitled.ipynb"
    first = page.run("%dep")
    assert first.status == "ok", first.text
    assert "declares nothing" in first.text
    assert visible(work) == ["Untitled.ipynb"], "nothing is written before the first add"

    added = page.run("%dep add weather")
    assert added.status == "ok", added.text
    assert added.text.splitlines()[-2] == "added weather 1.0 (36 more added)"
    assert "sky" in json.dumps(added.messages, default=str), "the table is folded"
    assert page.run("import weather; print(weather.TALE)").text.strip() == "sun, 1.0"
    assert (work / "pylock.Untitled.toml").is_file()
    assert added.next_input is not None
    assert "weather" in added.next_input
    page.insert_first(added.next_input)

    page.restart()
    assert page.run("import weather; print(weather.TALE)").text.strip() == "sun, 1.0"

    page.rename("forecast.ipynb")
    moved = page.run("%dep status")
    assert moved.status == "error"
    assert "restart the kernel" in moved.text
    page.restart()
    renamed = page.run("import weather; print(weather.TALE)")
    assert renamed.text.strip().endswith("sun, 1.0"), renamed.text
    page.run("%dep lock")
    assert visible(work) == ["forecast.ipynb", "pylock.forecast.toml"]
    facts: dict[str, Any] = json.loads(page.run(FACTS).text)
    page.close()
    assert facts["weather"][0] == "1.0"
    assert "ipykernel" in facts
    return facts


def _reader(server: Server, before: dict[Path, bytes], mirror: Index, env: dict[str, str]) -> dict[str, Any]:
    page = Page(server, "forecast.ipynb")
    refused = page.run("import weather")
    assert refused.status == "error"
    assert ("trust allow forecast.ipynb" in refused.text and "Fingerprint" in refused.text) or "fingerprint" in refused.text
    assert not mirror.requests, "something was asked before the yes"
    assert {path: path.read_bytes() for path in before} == before

    done = subprocess.run(
        [sys.executable, "-m", "jupyter_dep_cli.main", "trust", "allow", "forecast.ipynb"],
        cwd=server.root, env=env, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    page.restart()
    ran = page.run("import weather; print(weather.TALE)")
    assert ran.status == "ok", ran.text
    assert ran.text.strip().endswith("sun, 1.0")
    facts: dict[str, Any] = json.loads(page.run(FACTS).text)
    page.close()
    return facts


def test_a_yes_typed_in_the_notebook_builds_and_runs_the_waiting_cell(stocked: Index, tmp_path: Path) -> None:
    author = tmp_path / "author"
    author.mkdir()
    env = user_environment(tmp_path / "home-1", stocked.url)
    for line in (["init", "tale.ipynb"], ["add", "tale.ipynb", "weather"]):
        subprocess.run([sys.executable, "-m", "jupyter_dep_cli.main", *line], cwd=author, env=env, check=True)

    asked: list[str] = []

    def answer(prompt: str) -> str:
        asked.append(prompt)
        return "no" if len(asked) == 1 else prompt.rsplit("type ", 1)[1].split()[0].strip("`'\".,:")

    with Server(author, user_environment(tmp_path / "home-2", stocked.url)) as server:
        page = Page(server, "tale.ipynb")
        refused = page.run("import weather", answer=answer)
        assert refused.status == "error", refused.text
        allowed = page.run("import weather; print(weather.TALE)", answer=answer)
        assert allowed.status == "ok", (asked, allowed.text)
        assert allowed.text.strip().endswith("sun, 1.0")
        page.close()
    assert len(asked) == 2


def test_a_cell_says_when_the_project_has_moved_on(stocked: Index, tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    env = user_environment(tmp_path / "home", stocked.url)

    def dep(*line: str) -> None:
        subprocess.run([sys.executable, "-m", "jupyter_dep_cli.main", *line], cwd=work, env=env, check=True)

    dep("init", "tale.ipynb")
    dep("add", "tale.ipynb", "sky")
    with Server(work, env) as server:
        page = Page(server, "tale.ipynb")
        assert "has changed outside" not in page.run("import sky").text
        dep("add", "tale.ipynb", "weather")
        assert "has changed outside" in page.run("1 + 1").text
        assert page.run("import weather").status == "error"
        assert page.run("%dep sync").text.startswith("this kernel uses the lock now: ")
        again = page.run("import weather; print(weather.TALE)")
        assert again.text.strip() == "sun, 1.0"
        page.close()


def test_a_server_with_refused_and_building_kernels_ends_on_sigterm(stocked: Index, tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    env = user_environment(tmp_path / "home", stocked.url)
    stocked.delay("/files/*", 20)
    with Server(work, env) as server:
        (work / "pylock.broken.toml").write_text("not a lock")
        subprocess.run([sys.executable, "-m", "jupyter_dep_cli.main", "init", "broken.ipynb"], cwd=work, env=env, check=True)
        broken = Page(server, "broken.ipynb")
        waiting = Page(server, server.new_notebook())
        assert "not TOML" in broken.run("1").text
        assert waiting.kernel != broken.kernel


def test_a_changed_environment_is_withdrawn_behind_the_start_and_built_anew(stocked: Index, tmp_path: Path) -> None:
    if sys.platform == "win32" or os.geteuid() != 0:
        pytest.skip("read-only files protect this user's environments")
    work = tmp_path / "work"
    work.mkdir()
    env = user_environment(tmp_path / "home", stocked.url)
    for line in (["init", "tale.ipynb"], ["add", "tale.ipynb", "weather"]):
        subprocess.run([sys.executable, "-m", "jupyter_dep_cli.main", *line], cwd=work, env=env, check=True)
    with Server(work, env) as server:
        page = Page(server, "tale.ipynb")
        where = page.run("import weather; print(weather.__file__)").text.strip()
        Path(where).write_text("TALE = 'rain'\n")
        page.restart()
        assert page.run("import weather; print(weather.TALE)").text.strip() == "rain", "the check is not waited for"
        reports = tmp_path / "home" / ".local" / "state" / "jupyter-dep" / "withdrawn"
        for _ in range(200):
            if reports.is_dir() and list(reports.iterdir()):
                break
            time.sleep(0.1)
        page.restart()
        healed = page.run("import weather; print(weather.TALE)")
        assert "sun, 1.0" in healed.text
        assert "withdrawn" in healed.text
        page.close()
