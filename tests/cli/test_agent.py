"""The agent as the kernel sees it: a program that gets JSON lines and answers in JSON lines, and nothing else."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from support.index import Index
from support.notebooks import notebook, raw_notebook
from support.sandbox import UserSandbox, terminal_at
from support.wheels import build_wheel

from jupyter_dep.messages import PROTOCOL


@dataclass(slots=True, kw_only=True)
class Wire:
    """The kernel's end. `send` gives the request's number, `answer` reads on until that request is answered."""

    process: subprocess.Popen[str]
    notebook: Path | None
    cwd: Path
    sent: int = 0
    progress: list[dict[str, Any]] = field(default_factory=list)

    def raw(self, text: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()

    def send(self, line: str, **more: object) -> int:
        self.sent += 1
        asked = {"type": "request", "id": self.sent, "line": line, "cwd": str(self.cwd), "protocol": PROTOCOL}
        where = {"notebook": str(self.notebook) if self.notebook else None}
        self.raw(json.dumps({**asked, **where, **more}))
        return self.sent

    def read(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "the agent ended"
        message: dict[str, Any] = json.loads(line)
        return message

    def answer(self, number: int) -> dict[str, Any]:
        while (message := self.read())["id"] != number or message["type"] == "progress":
            self.progress.append(message)
        return message

    def ask(self, line: str, **more: object) -> dict[str, Any]:
        return self.answer(self.send(line, **more))


@pytest.fixture
def sandbox(tmp_path: Path, toy_index: Index) -> UserSandbox:
    return terminal_at(tmp_path, toy_index)


@contextmanager
def agent(sandbox: UserSandbox, of: Path | None, **environ: str) -> Iterator[Wire]:
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "jupyter_dep_cli.agent"],
        cwd=sandbox.folder,
        env=sandbox.environ(**environ),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield Wire(process=process, notebook=of, cwd=sandbox.folder)
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def test_a_cell_gives_a_folders_notebook_its_own_declaration_only_by_that_word(sandbox: UserSandbox) -> None:
    (sandbox.folder / "pyproject.toml").write_text('[project]\nname = "study"\nversion = "1"\n', "utf-8")
    path = raw_notebook(sandbox.folder, ["print('mine')"])
    with agent(sandbox, path) as wire:
        refused = wire.ask("init")
        assert (refused["code"], "%dep init --notebook" in refused["hint"]) == ("belongs-to-folder", True), refused
        made = wire.ask("init --notebook")
    assert "/// script" in made["edit"]["after"]
    assert "dependencies" not in (sandbox.folder / "pyproject.toml").read_text("utf-8")


def test_an_outcome_carries_the_report_the_edit_and_the_switch(sandbox: UserSandbox) -> None:
    path = sandbox.notebook()
    sandbox.dep("sync", "nb.ipynb")
    sandbox.dep("add", "nb.ipynb", "beta==1.0")
    key = sandbox.dep("status", "nb.ipynb", "--json").entry["environment"]["key"]
    before = path.read_bytes()
    with agent(sandbox, path) as wire:
        done = wire.ask("add 'alpha<2'", environment=key)
    assert done["type"] == "outcome" and done["report"]["headline"].startswith("added alpha 1.1")
    assert done["data"]["state"] == "pending"
    edit = done["edit"]
    assert edit["pending"] and edit["before"] == json.loads(before)["cells"][0]["source"]
    assert '"alpha<2"' in edit["after"] and '"beta==1.0"' in edit["after"]
    assert done["switch"]["key"] != key and done["switch"]["changed"] == [["alpha", "", "1.1"]]
    assert Path(done["switch"]["python"]).exists() and Path(done["switch"]["site_packages"][0]).is_dir()
    assert path.read_bytes() == before, "the editor holds the file: it is not written behind its back"


def test_a_live_block_counts_before_the_file(sandbox: UserSandbox) -> None:
    path = sandbox.notebook()
    live = path.read_text("utf-8")
    block = '# /// script\n# requires-python = ">=3.9"\n# dependencies = ["beta"]\n# ///'
    with agent(sandbox, path) as wire:
        done = wire.ask("add alpha", block=block)
    assert done["data"]["declared"] == ["beta", "alpha"]
    assert done["edit"]["before"] == block and not done["edit"]["pending"]
    assert path.read_text("utf-8") == live


def test_another_notebook_gets_neither_this_ones_block_nor_moves_this_kernel(sandbox: UserSandbox) -> None:
    mine = sandbox.notebook("beta", name="mine")
    sandbox.notebook("alpha", name="other")
    key = sandbox.dep("add", "mine.ipynb", "beta", "--json").entry["environment"]["key"]
    block = '# /// script\n# dependencies = ["gamma"]\n# ///'
    with agent(sandbox, mine) as wire:
        done = wire.ask("lock other.ipynb", block=block, environment=key)
        refused = wire.ask("lock mine.ipynb other.ipynb")
    assert done["data"]["declared"] == ["alpha"] and done["switch"] is None and done["edit"] is None
    assert refused["code"] == "bad-usage" and "one notebook" in refused["message"]


def test_progress_comes_before_the_answer_in_order(sandbox: UserSandbox) -> None:
    path = sandbox.notebook()
    with agent(sandbox, path) as wire:
        wire.ask("add alpha")
    phases = [message["phase"] for message in wire.progress]
    assert phases[0] == "resolving" and "sealing" in phases
    assert all(message["type"] == "progress" and message["text"] for message in wire.progress)


@pytest.mark.alone
def test_a_cancel_is_answered_within_a_second_and_changes_nothing(sandbox: UserSandbox) -> None:
    path = sandbox.notebook()
    sandbox.index.delay("/simple/alpha/", 60)
    before = sandbox.contents()
    with agent(sandbox, path) as wire:
        number = wire.send("add alpha")
        _until(lambda: bool(sandbox.index.asked("/simple/alpha/")))
        started = time.monotonic()
        wire.raw(json.dumps({"type": "cancel", "id": number}))
        failed = wire.answer(number)
        assert time.monotonic() - started < 1
        assert (failed["type"], failed["code"]) == ("failure", "cancelled")
        assert wire.ask("status")["type"] == "outcome", "and it works on"
    assert sandbox.contents() == before


def test_a_request_that_waits_can_be_cancelled_before_it_begins(sandbox: UserSandbox) -> None:
    path = sandbox.notebook()
    sandbox.index.delay("/simple/alpha/", 60)
    with agent(sandbox, path) as wire:
        first, second = wire.send("add alpha"), wire.send("add beta")
        _until(lambda: bool(sandbox.index.asked("/simple/alpha/")))
        for number in (second, first):
            wire.raw(json.dumps({"type": "cancel", "id": number}))
        assert wire.answer(first)["code"] == "cancelled"
        assert wire.answer(second)["code"] == "cancelled"
    assert not sandbox.index.asked("/simple/beta/")


@pytest.mark.parametrize(
    "line", ["{", "[]", "null", '"text"', "{}", '{"id": 9}', '{"id": 9, "line": null}', '{"id": "x", "line": "status"}', "\x00"]
)
def test_a_bad_line_is_answered_and_forgotten(sandbox: UserSandbox, line: str) -> None:
    path = sandbox.notebook()
    with agent(sandbox, path) as wire:
        wire.raw(line)
        failed = wire.read()
        assert (failed["type"], failed["code"]) == ("failure", "bad-request")
        assert failed["id"] == (9 if '"id": 9' in line else 0)
        wire.raw(json.dumps({"type": "cancel", "id": 77}))
        wire.raw("")
        assert wire.ask("status")["data"]["state"] == "unlocked"


def test_another_protocol_is_told_and_later_keys_are_passed_over(sandbox: UserSandbox) -> None:
    path = sandbox.notebook()
    with agent(sandbox, path) as wire:
        assert wire.ask("status", protocol=PROTOCOL + 1)["code"] == "other-protocol"
        assert wire.ask("status", something_new=[1])["type"] == "outcome"


@pytest.mark.parametrize("line", ["trust allow", "trust list", "run", "exec -- ls", "setup", "mv other.ipynb"])
def test_what_is_not_for_a_cell_is_refused(sandbox: UserSandbox, line: str) -> None:
    path = sandbox.notebook("alpha")
    sandbox.dep("lock", "nb.ipynb")
    with agent(sandbox, path) as wire:
        failed = wire.ask(line)
    assert (failed["code"], failed["exit_code"]) == ("not-from-a-cell", 2)
    assert "in a terminal" in failed["hint"] and "jupyter dep" in failed["hint"], "not `%dep`, since that is refused"


def test_a_cell_is_told_what_to_type_in_a_cell(sandbox: UserSandbox) -> None:
    path = sandbox.notebook("alpha", name="my notebook")
    with agent(sandbox, path) as wire:
        status = wire.ask("")
        assert status["verb"] == "status", "`%dep` alone"
        assert status["report"]["next"] == ["%dep lock"]
        assert wire.ask("show")["hint"] == "`%dep add NAME` or `%dep lock`"
        assert "`%dep add --help`" in wire.ask("add --bogus")["hint"]
        usage = wire.ask("add --help")
        assert usage["report"]["headline"].startswith("usage: %dep add REQUIREMENT")
        assert "%dep add" in wire.ask("add")["hint"]


def test_a_cell_that_names_another_notebook_is_told_what_to_type_in_a_cell(sandbox: UserSandbox) -> None:
    path = sandbox.notebook("alpha")
    sandbox.notebook("alpha", name="other one")
    with agent(sandbox, path) as wire:
        assert wire.ask("status 'other one.ipynb'")["report"]["next"] == ['%dep lock "other one.ipynb"']
        hint = wire.ask("show 'other one.ipynb'")["hint"]
        missing = wire.ask("add 'other one.ipynb'")["hint"]
    assert hint == '`%dep add "other one.ipynb" NAME` or `%dep lock "other one.ipynb"`'
    assert missing.startswith("usage: %dep add ")


def test_a_percent_percent_cell_gives_one_requirement_a_line(sandbox: UserSandbox) -> None:
    path = sandbox.notebook()
    with agent(sandbox, path) as wire:
        done = wire.ask("add", body="alpha<2  # because\nbeta\n\n")
        failed = wire.ask("add", body="alpha\nnot good\n")
    assert done["data"]["declared"] == ["alpha<2", "beta"]
    assert failed["code"] == "bad-requirement" and failed["context"]["line"] == 2


def test_the_same_code_in_cell_and_terminal(sandbox: UserSandbox) -> None:
    path = sandbox.notebook("gamma")
    with agent(sandbox, path) as wire:
        for line in (["add", "a b"], ["add", "alpha>=2"], ["add", "nowhere-to-be-found"], ["remove", "beta"], ["why", "beta"]):
            in_cell = wire.ask(" ".join(f"'{word}'" for word in line))
            on_line = sandbox.dep(line[0], "nb.ipynb", *line[1:], "--json").error
            assert in_cell["code"] == on_line["code"]
            assert in_cell["context"] == {key: value for key, value in on_line["context"].items() if key != "file"}


def test_what_a_cell_saves_names_no_home_no_notebook_and_no_time(sandbox: UserSandbox) -> None:
    """A cell's output goes with its notebook to others: one line, and details without a path, a name or a duration."""
    path = sandbox.notebook("gamma")
    lines = [
        "add alpha",
        "status",
        "add alpha gamma",
        "remove alpha",
        "undo",
        "update",
        "sync",
        "lock",
        "python",
        "show",
        "why gamma",
    ]
    with agent(sandbox, path) as wire:
        for line in ["sync", *lines, "check", "undo --redo", "doctor", "add nowhere-to-be-found", "python 2.7"]:
            answer = wire.ask(line)
            shown = json.dumps(
                answer.get("report") or [answer[key] for key in ("message", "hint", "context")], ensure_ascii=False
            )
            assert str(sandbox.home) not in shown, line
            assert "nb.ipynb" not in shown and "pylock.nb" not in shown, line
            assert not re.search(r"\d m?s\b", shown), line
            if answer["type"] == "outcome" and line.split()[0] in ("add", "remove", "undo", "update", "sync", "lock", "status"):
                assert answer["report"]["folded"] and "\n" not in answer["report"]["headline"], line


def test_a_notebook_that_is_gone(sandbox: UserSandbox) -> None:
    path = sandbox.notebook()
    path.rename(path.with_name("renamed.ipynb"))
    with agent(sandbox, path) as wire:
        failed = wire.ask("add alpha")
    assert failed["code"] == "notebook-moved" and "nb.ipynb" in failed["message"]


def test_without_a_notebook_a_named_one_is_worked_on(sandbox: UserSandbox) -> None:
    sandbox.notebook("alpha")
    with agent(sandbox, None) as wire:
        assert wire.ask("status")["code"] == "no-notebook"
        assert wire.ask("status nb.ipynb")["data"]["declared"] == ["alpha"]


def test_nothing_but_json_lines_goes_to_stdout(sandbox: UserSandbox) -> None:
    """Not even what a library or a child prints: it goes where the log is."""
    path = sandbox.notebook()
    noisy = sandbox.folder / "noisy"
    noisy.mkdir()
    (noisy / "sitecustomize.py").write_text(
        "import sys, threading\n"
        "def shout():\n    import os\n    while True:\n        print('noise'); os.write(1, b'raw noise\\n'); "
        "import time; time.sleep(0.01)\n"
        "def later():\n    import time\n    while 'jupyter_dep_cli.dispatch' not in sys.modules: time.sleep(0.01)\n"
        "    time.sleep(0.2); shout()\n"
        "threading.Thread(target=later, daemon=True).start()\n",
        "utf-8",
    )
    with agent(sandbox, path, PYTHONPATH=str(noisy)) as wire:
        assert wire.ask("add alpha")["type"] == "outcome"
        time.sleep(0.3)  # lets the noise come, which no event tells of
        assert wire.ask("status")["type"] == "outcome"
        assert all(message["type"] == "progress" for message in wire.progress)


def test_it_ends_when_its_input_ends_even_in_the_middle_of_work(sandbox: UserSandbox) -> None:
    path = sandbox.notebook()
    sandbox.index.delay("/simple/alpha/", 60)
    before = sandbox.contents()
    with agent(sandbox, path) as wire:
        wire.send("add alpha")
        _until(lambda: bool(sandbox.index.asked("/simple/alpha/")))
        assert wire.process.stdin is not None
        wire.process.stdin.close()
        assert wire.process.wait(5) == 0
    assert sandbox.contents() == before
    with agent(sandbox, path) as wire:
        assert wire.process.stdin is not None
        wire.process.stdin.close()
        assert wire.process.wait(5) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_it_stays_small_while_it_adds(sandbox: UserSandbox) -> None:
    """The bound of the bench, with an environment of many files: nothing may be held that grows with it."""
    many = {f"many/m{number}.py": "x = 1\n" * 20 for number in range(3000)}
    build_wheel(sandbox.index.folder, "many", "1.0", files=many)
    path = notebook(sandbox.folder, name="many")
    with agent(sandbox, path) as wire:
        assert wire.ask("add many")["type"] == "outcome"
        status = Path(f"/proc/{wire.process.pid}/status").read_text()
    peak = int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])
    assert peak < 120_000, f"{peak / 1000:.0f} MB"


def test_it_reads_no_environment_of_the_kernels(sandbox: UserSandbox) -> None:
    """`VIRTUAL_ENV` and `PYTHONPATH` of the kernel's environment do not steer what the engine does."""
    path = raw_notebook(sandbox.folder, ["print(1)"])
    with agent(sandbox, path, VIRTUAL_ENV=str(sandbox.folder / "nowhere"), UV_PYTHON="3.1", CONDA_PREFIX=os.devnull) as wire:
        assert wire.ask("add alpha")["type"] == "outcome"


def _until(true: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)
