"""`%dep` in an IPython shell without a kernel, with an agent that does what the line says."""

from __future__ import annotations

import json
import os
import platform
import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from magics.test_switch import environment
from traitlets.config import Config

import jupyter_dep_magics
from jupyter_dep.messages.comm import MISSING_MIME, MissingImport
from jupyter_dep_kernels import PIP_SHIM
from jupyter_dep_magics import DepFailure, completion, installers, missing_import
from jupyter_dep_magics.agent import environment_for_agent

AGENT = [sys.executable, str(Path(__file__).parents[1] / "support" / "magics_agent.py")]
Start = Callable[..., InteractiveShell]


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Start]:
    """Starts the magics in a fresh shell with a context of the test's."""
    monkeypatch.setattr(jupyter_dep_magics, "active_sessions", [])
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)

    def begin(**context: Any) -> InteractiveShell:
        settings = Config()
        settings.HistoryManager.enabled = False
        shell = InteractiveShell(config=settings)
        jupyter_dep_magics.start(shell, {"agent": AGENT, "key": "k1", "path": sys.prefix, **context})
        return shell

    yield begin
    for session in jupyter_dep_magics.active_sessions:
        session.close()


def echoed(text: str) -> dict[str, Any]:
    seen: dict[str, Any] = json.loads(text.strip().splitlines()[-1])
    return seen


def failure(shell: InteractiveShell, cell: str) -> DepFailure:
    error = shell.run_cell(cell).error_in_exec
    assert isinstance(error, DepFailure)
    return error


def test_line_reaches_the_agent_as_it_was_typed(start: Start, capsys: pytest.CaptureFixture[str]) -> None:
    shell = start()
    shell.run_cell("x = 'changed'\nversion = 'changed'")
    shell.run_cell("%dep tell \"numpy>=2; python_version >= '3.11'\" {x} $version")
    assert capsys.readouterr().out == "tell \"numpy>=2; python_version >= '3.11'\" {x} $version|\n"


def test_cell_body_holds_one_requirement_a_line(start: Start, capsys: pytest.CaptureFixture[str]) -> None:
    start().run_cell("%%dep add\nnumpy>=2\npandas[{x}]\n")
    assert capsys.readouterr().out == "add|numpy>=2, pandas[{x}]\n"


def test_dep_alone_is_status(start: Start, capsys: pytest.CaptureFixture[str]) -> None:
    start().run_cell("%dep")
    assert capsys.readouterr().out == "status|\n"


def test_request_says_where_it_was_typed(start: Start, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    notebook = str(tmp_path / "a.ipynb")
    start(notebook=notebook).run_cell("%dep echo")
    request = echoed(capsys.readouterr().out)["request"]
    assert request["notebook"] == notebook
    assert request["cwd"] == str(tmp_path)
    assert request["environment"] == "k1"
    assert request["block"] is None
    assert request["protocol"] == 1


def test_vs_code_names_the_notebook_after_the_start(start: Start, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    shell = start()
    shell.user_ns["__vsc_ipynb_file__"] = str(tmp_path / "b.ipynb")
    shell.run_cell("%dep echo")
    assert echoed(capsys.readouterr().out)["request"]["notebook"] == str(tmp_path / "b.ipynb")


def test_agent_is_started_once(start: Start, capsys: pytest.CaptureFixture[str]) -> None:
    shell = start()
    shell.run_cell("%dep echo")
    first = echoed(capsys.readouterr().out)
    shell.run_cell("%dep echo")
    second = echoed(capsys.readouterr().out)
    assert first["pid"] == second["pid"]
    assert second["request"]["id"] > first["request"]["id"]


def test_nothing_is_started_before_the_first_line(start: Start) -> None:
    start(agent=["/nowhere/at/all"]).run_cell("1")


def test_agent_that_left_is_started_again_and_that_is_said(start: Start, capsys: pytest.CaptureFixture[str]) -> None:
    shell = start()
    shell.run_cell("%dep leave")
    time.sleep(0.2)
    shell.run_cell("%dep status")
    assert "the agent had exited (code 0) and was started again" in capsys.readouterr().out


def test_agent_that_dies_fails_the_cell_with_its_last_words(start: Start) -> None:
    shell = start()
    error = failure(shell, "%dep die")
    assert error.code == "agent-died"
    assert "exited during the command (code 7)" in error.message
    assert "one last word" in error.message
    assert error.hint
    assert shell.run_cell("%dep status").success


def test_missing_agent_is_a_failure_with_a_next_step(start: Start) -> None:
    error = failure(start(agent=["/nowhere/at/all"]), "%dep status")
    assert error.code == "agent-not-started"
    assert error.hint


def test_failure_shows_what_where_and_the_next_step_without_a_traceback(
    start: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not start().run_cell("%dep fail").success
    shown = capsys.readouterr().out
    assert shown == "\x1b[31mno `nunpy` (a.ipynb, cell 2)\x1b[0m\nnext: is it `numpy`?\n"


@pytest.mark.skipif(os.name == "nt", reason="signals to oneself")
def test_interrupt_cancels_the_request_and_not_the_agent(start: Start, capsys: pytest.CaptureFixture[str]) -> None:
    shell = start()
    shell.run_cell("%dep echo")
    before = echoed(capsys.readouterr().out)["pid"]
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    assert failure(shell, "%dep slow").code == "cancelled"
    capsys.readouterr()
    shell.run_cell("%dep echo")
    assert echoed(capsys.readouterr().out)["pid"] == before


@pytest.mark.skipif(os.name == "nt", reason="signals to oneself")
def test_agent_that_ignores_the_cancel_is_ended(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jupyter_dep_magics.agent.CANCEL_SECONDS", 0.2)
    shell = start()
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    error = failure(shell, "%dep deaf")
    assert error.code == "cancelled"
    assert "was stopped" in error.message
    assert shell.run_cell("%dep status").success


def test_progress_is_one_line_a_phase_where_nothing_can_be_updated(start: Start, capsys: pytest.CaptureFixture[str]) -> None:
    start().run_cell("%dep quick 60")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("linking")
    assert lines[1] == "done"


def test_agent_does_not_see_the_notebooks_environment() -> None:
    environ = {
        "PATH": os.pathsep.join(["/guards", "/env/bin", "/usr/bin"]),
        "VIRTUAL_ENV": "/env",
        "PYTHONPATH": "/x",
        "PYTHONHOME": "/y",
        "PYTHONNOUSERSITE": "1",
        "HOME": "/home/a",
    }
    seen = environment_for_agent(environ, ["/env/bin/", "/guards", ""])
    assert seen == {"PATH": "/usr/bin", "HOME": "/home/a"}
    assert "PYTHONNOUSERSITE" in environment_for_agent(environ, [], sealed=False)


def test_notes_are_shown_once_before_the_first_cell(start: Start, capsys: pytest.CaptureFixture[str]) -> None:
    shell = start(notes=["the lock is older than the declaration"], base=True)
    shell.run_cell("print('mine')")
    shell.run_cell("print('mine')")
    # the notes say how the project stands; "nothing is declared" beside them could be false
    assert capsys.readouterr().out.splitlines() == ["the lock is older than the declaration", "mine", "mine"]


def test_a_base_environment_without_notes_says_how_to_begin(start: Start, capsys: pytest.CaptureFixture[str]) -> None:
    shell = start(base=True)
    shell.run_cell("print('mine')")
    assert capsys.readouterr().out.splitlines() == ["no packages declared yet: add some with `%dep add NAME`", "mine"]


def test_ready_environment_is_silent(start: Start, capsys: pytest.CaptureFixture[str]) -> None:
    start().run_cell("print('mine')")
    assert capsys.readouterr().out == "mine\n"


def test_base_environment_says_nothing_to_a_cell_that_adds_already(start: Start, capsys: pytest.CaptureFixture[str]) -> None:
    start(base=True).run_cell("%dep add numpy")
    assert "no packages" not in capsys.readouterr().out


def answer(tmp_path: Path, **outcome: Any) -> str:
    path = tmp_path / "answer.json"
    path.write_text(json.dumps(outcome), encoding="utf-8")
    return f"%dep answer {path}"


BLOCK = '# /// script\n# dependencies = ["numpy"]\n# ///'


def test_pending_edit_is_offered_once_as_a_new_cell(
    start: Start, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = start()
    offered: list[tuple[str, bool]] = []
    monkeypatch.setattr(shell, "set_next_input", lambda text, replace: offered.append((text, replace)))
    line = answer(tmp_path, edit={"project": "p", "before": None, "after": BLOCK, "pending": True})
    shell.run_cell(line)
    assert "the block is in the cell below; save the notebook to keep it" in capsys.readouterr().out
    shell.run_cell(line)
    assert offered == [(BLOCK, False)]


def test_edit_that_was_written_is_not_offered(start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shell = start()
    offered: list[str] = []
    monkeypatch.setattr(shell, "set_next_input", lambda text, replace: offered.append(text))
    shell.run_cell(answer(tmp_path, edit={"project": "p", "before": None, "after": BLOCK}))
    assert not offered


def test_ordinary_kernel_says_which_kernel_to_choose_and_does_not_switch(
    start: Start, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    before = (sys.prefix, list(sys.path))
    switch = {"key": "k", "path": str(tmp_path), "python": "p", "site_packages": [], "lease": "", "changed": []}
    edit = {"project": "p", "before": None, "after": BLOCK}
    shell = start(key=None, path=None)
    assert shell.run_cell(answer(tmp_path, edit=edit, switch=switch)).success
    assert '"Python (dep)"' in capsys.readouterr().out
    assert (sys.prefix, sys.path) == before


def test_ordinary_kernel_keeps_its_pip(start: Start) -> None:
    shell = start(key=None, path=None)
    assert shell.getoutput("echo pip install numpy") == ["pip install numpy"]
    assert "PackagingMagics" in repr(shell.find_line_magic("pip"))


REAL_AGENT = [sys.executable, "-P", "-m", "jupyter_dep_cli.agent"]


@pytest.fixture
def sealed(start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> InteractiveShell:
    """A shell on an environment with numpy 1.26.4 and six 1.16.0, and the real program that stands for installers."""
    environment(tmp_path / "sealed", numpy="1.26.4", six="1.16.0")
    base = Path(sys.executable).resolve()
    (tmp_path / "sealed" / "bin" / "python").symlink_to(base)
    told = f"home = {base.parent}\nversion_info = {platform.python_version()}\ninclude-system-site-packages = false\n"
    (tmp_path / "sealed" / "pyvenv.cfg").write_text(told)
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / "sealed"))
    monkeypatch.setenv("JUPYTER_DEP_PIP", sys.executable)
    monkeypatch.setenv("JPY_PARENT_PID", "1")
    monkeypatch.setenv("PATH", os.pathsep.join([str(PIP_SHIM), os.environ["PATH"]]))
    return start(agent=REAL_AGENT, path=str(tmp_path / "sealed"), pip_shim=str(PIP_SHIM))


@pytest.mark.parametrize(
    ("cell", "advice"),
    [
        ("%pip install -U six a b", "`%dep add a b`"),
        ("%pip uninstall -y numpy", "`%dep remove numpy`"),
        ("%conda install -c conda-forge numpy=1.25", "`%dep add numpy==1.25.*`"),
        ("!pip install 'numpy>=2' six", "`%dep add numpy>=2`"),
        ("!{__import__('sys').executable} -m pip install rich", "`%dep add rich`"),
        ("!cd /tmp && pip install rich", "`%dep add rich`"),
        ("!uv pip install rich", "`%dep add rich`"),
        ("x = !pip install rich", "`%dep add rich`"),
        ("get_ipython().system('pip install rich')", "`%dep add rich`"),
    ],
)
def test_an_installer_is_refused_for_what_is_missing_in_one_line(sealed: InteractiveShell, cell: str, advice: str) -> None:
    """Each way of starting an installer from a cell: what is missing is an error of one line that names the command."""
    error = failure(sealed, cell)
    assert error.code == "installer-refused"
    assert advice in error.message
    assert len(error._render_traceback_()) == 1
    assert "\n" not in error.message


@pytest.mark.parametrize(
    "cell",
    [
        "%pip install six",
        "!pip install -U six 'numpy<2' > log.txt && cat log.txt",
        "%uv pip install six",
        "!conda install -y -c conda-forge numpy=1.26",
        "get_ipython().system('pip install six')",
        "!if true; then pip3 install six; fi",
        "!pip uninstall -y rich; pip install --upgrade pip",
        "!pip install -q six && pip install six",
        "%%bash\npip install six",
    ],
)
def test_an_installer_that_has_nothing_left_to_do_says_one_line(
    sealed: InteractiveShell, cell: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """An adopted notebook's install lines are satisfied by its lock, and Run All goes on."""
    assert sealed.run_cell(cell).success
    lines = [line for line in capfd.readouterr().out.splitlines() if line.strip()]
    assert lines
    assert all(line.startswith(("already installed: ", "not installed: ")) for line in lines)


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("!pip list", r"six +1\.16\.0"),
        ("%conda list", r"six +1\.16\.0"),
        ("!pip freeze | grep -i SIX", r"^six==1\.16\.0\s*$"),
        ("print(*get_ipython().getoutput('pip freeze'))", r"numpy==1\.26\.4 six==1\.16\.0"),
        ("!python -m pip show six", r"Version: 1\.16\.0"),
        ("!uv pip list", r"six +1\.16\.0"),
        ("!pip --version", r"^pip [\d.]+"),
    ],
)
def test_an_installer_answers_about_this_environment(
    sealed: InteractiveShell, cell: str, shown: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """What only reads is answered, by the program that was asked or one that answers the same."""
    assert sealed.run_cell(cell).success
    assert re.search(shown, capfd.readouterr().out, re.MULTILINE)


@pytest.mark.parametrize(
    "command",
    ["echo pip install numpy", "which pip", "ls pip", "python -c 'import pip'", "uv --version", "git pip", ""],
)
def test_other_commands_are_left_alone(command: str) -> None:
    assert not installers.find_installers(command)


def test_commands_still_see_local_variables(start: Start) -> None:
    shell = start()
    shell.run_cell("def f():\n    inner, cmd = 'deep', 'c'\n    y = !echo $inner {cmd}\n    return y\nz = f()")
    assert list(shell.user_ns["z"]) == ["deep c"]


COMMANDS: dict[str, Any] = {
    "add": {"options": ["--dry-run", "-r"], "names": "none"},
    "remove": {"options": [], "names": "declared"},
    "update": {"options": [], "names": "declared"},
    "why": {"options": [], "names": "locked"},
    "kernel": {"options": [], "names": "none", "words": ["install", "list", "remove"]},
    "undo": {"options": ["--redo"], "names": "none"},
}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("%dep up", {"update"}),
        ("%%dep ad", {"add"}),
        ("    %dep und", {"undo"}),
        ("%dep add --", {"--dry-run"}),
        ("%dep remove ", {"numpy", "pandas"}),
        ("%dep remove numpy ", {"pandas"}),
        ("%dep remove num", {"numpy"}),
        ("%dep why url", {"urllib3"}),
        ("%dep kernel ", {"install", "list", "remove"}),
        ("%dep add num", set()),
        ("%dept up", set()),
        ("x = up", set()),
    ],
)
def test_completion_offers_what_can_follow(line: str, expected: set[str]) -> None:
    words = completion.suggest(line, COMMANDS, declared=["numpy", "pandas"], locked=["numpy", "pandas", "urllib3"])
    assert set(words.options) == expected


def test_completion_never_offers_trust() -> None:
    commands = completion.read_commands()
    assert {"add", "remove", "update", "undo"} <= set(completion.suggest("%dep ", commands).options)
    assert "trust" not in commands


def test_completion_answers_in_the_middle_of_a_cell_with_what_is_declared(start: Start, tmp_path: Path) -> None:
    shell = start()
    shell.run_cell(answer(tmp_path, data={"declared": ["numpy>=2", "pandas[html]"], "locked": {"nucleus": "1.0"}}))
    cell = "import numpy\n%dep remove nu\nnumpy.array"
    cursor = cell.index("remove nu") + len("remove nu")
    assert shell.Completer is not None
    with _provisional():
        found = list(shell.Completer.completions(cell, cursor))
    assert [(one.text, cell[one.start : one.end]) for one in found] == [("numpy", "nu")]
    with _provisional():
        assert [one.text for one in shell.Completer.completions("%dep why nu", 11)] == ["nucleus"]


def _provisional() -> Any:
    from IPython.core.completer import provisionalcompleter

    return provisionalcompleter()


@pytest.mark.parametrize(
    ("missing", "source", "hint"),
    [
        ("sklearn", "import sklearn.svm", "`sklearn` comes with the distribution `scikit-learn`"),
        ("sklearn", "import sklearn.svm", "run `%dep add scikit-learn`"),
        ("google", "from google.cloud import storage", "run `%dep add google-cloud-storage`"),
        ("google", "import google", "shared by several distributions"),
        ("ruamel", "import ruamel.yaml", "run `%dep add ruamel-yaml`"),
        ("polars", "import polars as pl", "run `%dep add polars`"),
        ("yaml", "import helper", "run `%dep add pyyaml`"),
        ("no_such_thing", "import no_such_thing", "may have the same name or another one"),
    ],
)  # fmt: skip
def test_missing_module_names_its_distribution(missing: str, source: str, hint: str) -> None:
    found = missing_import.hint_for(missing, source)
    assert found is not None
    assert hint in found.text


@pytest.mark.parametrize(
    ("missing", "source"),
    [("_tkinter", "import tkinter"), ("tkinter", "import tkinter"), ("IPython.no", "import IPython.no")],
)
def test_hint_is_silent_where_no_distribution_would_help(missing: str, source: str) -> None:
    assert missing_import.hint_for(missing, source) is None


def test_hint_is_silent_for_local_files_and_declared_packages(tmp_path: Path) -> None:
    (tmp_path / "yaml.py").touch()
    assert missing_import.hint_for("yaml", "import yaml", folders=[str(tmp_path)]) is None
    unknown = missing_import.Standing(declared=frozenset({"scikit-learn"}))
    assert missing_import.hint_for("sklearn", "import sklearn", standing=lambda: unknown) is None


@pytest.mark.parametrize(
    ("state", "key", "kernel", "told", "fix"),
    [
        ("unlocked", None, "base", "`scikit-learn` is declared, but not locked yet: run `%dep lock`", "lock"),
        ("stale", "k2", "k1", "`scikit-learn` is declared, but the lock is out of date: run `%dep lock`", "lock"),
        ("unmerged", "k2", "k1", "`scikit-learn` is declared, but the lock was merged badly: run `%dep lock`", "lock"),
        ("invalid", None, "base", "`scikit-learn` is declared, but the lock cannot be used: do this", ""),
        ("fresh", "k2", "k1", "`scikit-learn` is locked, but not in this kernel: run `%dep sync`", "sync"),
        ("pending", "k1", "k1", "`scikit-learn` is declared, but not for this platform or Python", ""),
        ("fresh", "k1", None, '`scikit-learn` is declared: switch to the kernel "Python (dep)" to use it', ""),
    ],
)
def test_a_declared_package_is_not_to_be_added(state: str, key: str | None, kernel: str | None, told: str, fix: str) -> None:
    """The hint looks at the declaration: what is declared needs a lock, a switch or a restart, whatever its module's name."""
    now = missing_import.Standing(frozenset({"scikit-learn"}), state, key, kernel, next="do this")
    found = missing_import.hint_for("sklearn", "import sklearn.svm", standing=lambda: now)
    assert found is not None
    assert (found.text, found.names, found.fix) == (told, (), fix)


def test_a_declared_package_that_is_installed_needs_a_restart() -> None:
    now = missing_import.Standing(frozenset({"ipython"}), "fresh", "k1", "k1")
    found = missing_import.hint_for("ipython", "import ipython", standing=lambda: now)
    assert found is not None
    assert found.fix == "restart"


def test_the_project_is_asked_how_it_stands(start: Start, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    told = {"state": "stale", "declared": ["MDAnalysis>=2"], "locked": {}, "environment": {"key": "k2"}}
    (tmp_path / "status.json").write_text(json.dumps(told))
    start().run_cell("import MDAnalysis")
    assert capsys.readouterr().out.rstrip().endswith("the lock is out of date: run `%dep lock`")


@pytest.mark.parametrize(
    ("missing", "source", "module", "names"),
    [
        ("sklearn", "import sklearn.svm", "sklearn", ("scikit-learn",)),
        ("ruamel", "import ruamel", "ruamel", ("ruamel-yaml", "ruamel-yaml-clib")),
        ("google", "import google", "google", ()),
        # a guess is for the person to look up, not for one click
        ("no_such_thing", "import no_such_thing", "no_such_thing", ()),
    ],
)
def test_a_page_gets_the_names_to_choose_from_and_no_guess(
    missing: str, source: str, module: str, names: tuple[str, ...]
) -> None:
    found = missing_import.hint_for(missing, source)
    assert found is not None
    told = found.bundle()[MISSING_MIME]
    made = MissingImport(module=told["module"], names=tuple(told["names"]), fix=told["fix"])
    assert made == MissingImport(module=module, names=names)
    assert found.bundle()["text/plain"] == found.text
    assert "<code>" in found.bundle()["text/html"]


def test_hint_follows_the_failed_cell(start: Start, capsys: pytest.CaptureFixture[str]) -> None:
    start().run_cell("import MDAnalysis.analysis")
    assert capsys.readouterr().out.rstrip().endswith("run `%dep add mdanalysis`")


def test_hint_sees_through_a_library_that_wraps_the_error(start: Start, capsys: pytest.CaptureFixture[str]) -> None:
    start().run_cell(
        "try:\n    import MDAnalysis\nexcept ImportError as error:\n    raise ImportError('it is missing') from error"
    )
    assert capsys.readouterr().out.rstrip().endswith("run `%dep add mdanalysis`")


def test_second_start_changes_nothing(start: Start, capsys: pytest.CaptureFixture[str]) -> None:
    shell = start()
    jupyter_dep_magics.load_ipython_extension(shell)
    shell.run_cell("%dep status")
    assert capsys.readouterr().out == "status|\n"


def test_extension_can_be_unloaded_but_not_in_a_sealed_environment(start: Start) -> None:
    shell = start()
    jupyter_dep_magics.unload_ipython_extension(shell)
    assert jupyter_dep_magics.active_sessions
    jupyter_dep_magics.active_sessions.pop().close()
    jupyter_dep_magics.load_ipython_extension(shell)
    jupyter_dep_magics.unload_ipython_extension(shell)
    assert not jupyter_dep_magics.active_sessions


def test_a_second_edit_is_shown_as_text_since_a_second_cell_would_be_a_second_block(
    start: Start, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = start()
    offered: list[str] = []
    monkeypatch.setattr(shell, "set_next_input", lambda text, replace: offered.append(text))
    shell.run_cell(answer(tmp_path, edit={"project": "p", "before": None, "after": BLOCK, "pending": True}))
    more = BLOCK.replace('"numpy"', '"numpy", "six"')
    shell.run_cell(answer(tmp_path, edit={"project": "p", "before": None, "after": more, "pending": True}))
    assert offered == [BLOCK]
    said = capsys.readouterr().out
    assert more in said
    assert "in place of the existing block" in said
