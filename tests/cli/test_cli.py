"""The command line: every verb, its `--json`, its exit code, and what a person sees."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support.index import Index
from support.notebooks import raw_notebook, sent
from support.sandbox import CLI, UserSandbox, terminal_at, user_at
from support.wheels import build_wheel
from support.wire import Answer, Request

from jupyter_dep.io.store import record_check
from jupyter_dep_cli.call import spellings
from jupyter_dep_cli.command_table import COMMANDS


@pytest.fixture
def sandbox(tmp_path: Path, toy_index: Index) -> UserSandbox:
    return terminal_at(tmp_path, toy_index)


@pytest.fixture
def kernel_sandbox(tmp_path: Path, kernel_index: Index) -> UserSandbox:
    return terminal_at(tmp_path, kernel_index)


# What can be typed


@pytest.mark.poetry("poetry help COMMAND")
@pytest.mark.parametrize("verb", COMMANDS, ids=lambda verb: verb.name)
def test_every_verb_has_help(sandbox: UserSandbox, verb: object) -> None:
    name = verb.name  # type: ignore[attr-defined]
    ran = sandbox.dep(name, "--help")
    assert ran.code == 0 and ran.out.startswith(f"usage: jupyter dep {name}")
    assert name in sandbox.dep("--help").out


@pytest.mark.poetry("poetry list")
def test_without_a_verb_the_verbs_are_shown(sandbox: UserSandbox) -> None:
    assert sandbox.dep().code == 2
    assert sandbox.dep("--version").out.startswith("jupyter-dep ")


def test_a_part_that_cannot_be_loaded_is_a_sentence(tmp_path: Path) -> None:
    """A full table of files, a disk that fails: Python's own traceback of an import would tell nobody anything."""
    code = (
        "import sys; sys.meta_path.insert(0, type('Failing', (), {'find_spec': staticmethod(find)})())\n"
        "from jupyter_dep_cli.entry import main; sys.exit(main(['status']))"
    )
    find = "def find(name, *_):\n if name == 'jupyter_dep.messages': raise OSError(24, 'Too many open files')\n"
    done = subprocess.run([sys.executable, "-c", find + code], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert done.stderr.startswith("error: a part of jupyter-dep could not be loaded: [Errno 24] Too many open files")


def test_a_part_that_cannot_be_loaded_in_the_middle_of_a_verb_is_a_sentence_too(
    sandbox: UserSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(call: object) -> None:
        raise ImportError("_ssl.so: undefined symbol")

    monkeypatch.setattr("jupyter_dep_cli.commands.inspect.status", broken)
    ran = sandbox.dep("status", "nb.ipynb", "--json")
    assert ran.code == 1 and ran.error["code"] == "not-loadable" and "undefined symbol" in ran.error["message"]


@pytest.mark.parametrize(
    ("line", "code", "hint"),
    [
        (("stats", "nb.ipynb"), "unknown-verb", "`status`"),
        (("add",), "no-project", "--project DIR"),
        (("add", "nb.ipynb"), "bad-usage", "REQUIREMENT"),
        (("add", "nb.ipynb", "--bogus"), "bad-usage", "--help"),
        (("env",), "bad-usage", "info|list|use"),
        (("exec", "nb.ipynb"), "bad-usage", "COMMAND"),
        (("run", "nb.ipynb", "--timeout", "soon"), "bad-usage", "seconds"),
        (("mv", "nb.ipynb"), "bad-usage", "NEW"),
    ],
)
def test_a_wrong_line_is_exit_code_two(sandbox: UserSandbox, line: tuple[str, ...], code: str, hint: str) -> None:
    sandbox.notebook()
    ran = sandbox.dep(*line, "--json")
    assert (ran.code, ran.error["code"]) == (2, code)
    assert hint in ran.error["hint"]


def test_json_may_stand_anywhere_but_behind_two_dashes(sandbox: UserSandbox) -> None:
    sandbox.notebook()
    for line in (("--json", "status", "nb.ipynb"), ("status", "--json", "nb.ipynb")):
        assert sandbox.dep(*line).entry["state"] == "unlocked"


# The life of a project


def test_the_whole_life_of_a_project(sandbox: UserSandbox) -> None:
    made = sandbox.dep("init", "new.ipynb", "--python", ".".join(map(str, sys.version_info[:2])), "--json")
    assert made.code == 0 and made.entry["project"] == str(sandbox.folder / "new.ipynb")

    added = sandbox.dep("add", "new.ipynb", "gamma", "--json").entry
    assert added["declared"] == ["gamma"] and added["state"] == "fresh"
    assert {change["name"]: change["change"] for change in added["changes"]}["alpha"] == "added"
    assert added["environment"]["sealed"] and Path(added["environment"]["path"]).is_dir()

    shown = sandbox.dep("show", "new.ipynb", "--json").entry["packages"]
    assert {row["name"]: row["via"] for row in shown}["alpha"] == ["gamma"]
    assert sandbox.dep("why", "new.ipynb", "alpha", "--json").entry["chains"] == [["gamma", "alpha"]]
    assert "gamma 1.0\n" in sandbox.dep("show", "new.ipynb", "--tree").out

    assert sandbox.dep("remove", "new.ipynb", "gamma", "--json").entry["declared"] == []
    assert sandbox.dep("undo", "new.ipynb", "--json").entry["declared"] == ["gamma"]
    assert sandbox.dep("undo", "new.ipynb", "--redo", "--json").entry["declared"] == []

    moved = sandbox.dep("mv", "new.ipynb", "other.ipynb", "--json").entry
    assert moved["project"] == str(sandbox.folder / "other.ipynb")
    assert sorted(path.name for path in sandbox.folder.iterdir()) == ["other.ipynb", "pylock.other.toml"]
    assert sandbox.dep("status", "other.ipynb", "--json").entry["state"] == "fresh"


def test_status_has_the_promised_keys(sandbox: UserSandbox) -> None:
    sandbox.notebook("alpha")
    keys = {"project", "lock", "state", "trusted", "environment", "python", "declared", "locked"}
    before = sandbox.dep("status", "nb.ipynb", "--json").entry
    assert keys <= set(before) and before["state"] == "unlocked" and before["lock"] is None
    sandbox.dep("add", "nb.ipynb", "beta")
    after = sandbox.dep("status", "nb.ipynb", "--json").entry
    assert (after["state"], after["trusted"], after["declared"]) == ("fresh", True, ["alpha", "beta"])
    assert after["lock"] == str(sandbox.folder / "pylock.nb.toml")
    assert after["locked"]["alpha"] == "2.0" and after["environment"]["sealed"] is True
    assert after["python"] == ".".join(map(str, sys.version_info[:2]))


def test_a_declaration_taken_away_is_state_none(sandbox: UserSandbox) -> None:
    raw_notebook(sandbox.folder, ["print(1)"])
    assert sandbox.dep("status", "nb.ipynb", "--json").entry["state"] == "none"


def test_adding_what_is_declared_says_so_and_asks_nobody(sandbox: UserSandbox) -> None:
    sandbox.notebook()
    assert "added alpha 2.0" in sandbox.dep("add", "nb.ipynb", "alpha").out
    before, asked = sandbox.contents(), len(sandbox.index.requests)
    again = sandbox.dep("add", "nb.ipynb", "alpha")
    assert again.code == 0 and "alpha 2.0 is already declared and locked" in again.out
    assert sandbox.contents() == before and len(sandbox.index.requests) == asked


def test_adding_what_another_brought_declares_it(sandbox: UserSandbox) -> None:
    sandbox.notebook("alpha")
    sandbox.dep("lock", "nb.ipynb")
    ran = sandbox.dep("add", "nb.ipynb", "beta")
    assert "added beta 2.0" in ran.out and "already" not in ran.out
    assert sandbox.dep("status", "nb.ipynb", "--json").entry["declared"] == ["alpha", "beta"]


def test_sync_says_what_it_did(sandbox: UserSandbox) -> None:
    sandbox.notebook("alpha")
    sandbox.dep("lock", "nb.ipynb")
    first = sandbox.dep("sync", "nb.ipynb", "--json")
    assert "up to date" in sandbox.dep("sync", "nb.ipynb").out
    lost = sandbox.services().store
    sealed = lost.sealed(first.entry["environment"]["key"])
    assert sealed is not None and lost.remove(sealed)
    again = sandbox.dep("sync", "nb.ipynb").out
    assert "built the environment" in again and sealed.path not in again, "a fresh folder, never the old one"


def test_lock_says_whether_anything_changed(sandbox: UserSandbox) -> None:
    sandbox.notebook("alpha")
    assert "locked 4 packages" in sandbox.dep("lock", "nb.ipynb").out
    before = sandbox.contents()
    assert "the lock is up to date" in sandbox.dep("lock", "nb.ipynb").out
    assert sandbox.contents() == before


def test_a_cutoff_moves_versions_back(sandbox: UserSandbox) -> None:
    for path in (build_wheel(sandbox.index.folder.parent, "zeta", version) for version in ("1.0", "2.0")):
        sandbox.index.add(path, upload_time="2020-01-01T00:00:00Z" if "1.0" in path.name else "2026-06-01T00:00:00Z")
    for name, version in (("ipykernel", "7.1.0"), ("ipywidgets", "8.1.0")):
        sandbox.index.add(build_wheel(sandbox.index.folder.parent, name, version), upload_time="2020-01-01T00:00:00Z")
    sandbox.notebook("zeta")
    assert sandbox.dep("lock", "nb.ipynb", "--json").entry["locked"]["zeta"] == "2.0"
    entry = sandbox.dep("lock", "nb.ipynb", "--exclude-newer", "2026-01-31", "--json").entry
    assert entry["locked"]["zeta"] == "1.0"
    assert 'cutoff = "2026-02-01T00:00:00Z"' in (sandbox.folder / "pylock.nb.toml").read_text("utf-8")


def test_the_declared_way_to_choose_versions_counts(sandbox: UserSandbox) -> None:
    sandbox.notebook("alpha", toml='[tool.uv]\nresolution = "lowest-direct"')
    assert sandbox.dep("lock", "nb.ipynb", "--json").entry["locked"]["alpha"] == "1.0"


def test_update_moves_what_is_named_only(sandbox: UserSandbox) -> None:
    sandbox.notebook("alpha==1.0", "beta==1.0")
    sandbox.dep("lock", "nb.ipynb")
    sandbox.notebook("alpha", "beta")
    assert sandbox.dep("lock", "nb.ipynb", "--json").entry["locked"]["alpha"] == "1.0", "a lock keeps its pins"
    dry = sandbox.dep("update", "nb.ipynb", "--dry-run", "--json").entry
    assert dry["dry_run"] and {change["name"] for change in dry["changes"]} == {"alpha", "beta"}
    moved = sandbox.dep("update", "nb.ipynb", "beta", "--json").entry["locked"]
    assert (moved["alpha"], moved["beta"]) == ("1.0", "2.0")
    shown = sandbox.dep("show", "nb.ipynb", "--outdated", "--json").entry["packages"]
    assert {row["name"]: row["latest"] for row in shown} == {"alpha": "2.0"}


def test_a_dry_run_writes_nothing(sandbox: UserSandbox) -> None:
    sandbox.notebook()
    before = sandbox.contents()
    ran = sandbox.dep("add", "nb.ipynb", "alpha", "--dry-run")
    assert ran.code == 0 and "would change the lock" in ran.out
    assert sandbox.contents() == before


def test_requirements_files(sandbox: UserSandbox) -> None:
    sandbox.notebook()
    (sandbox.folder / "req.txt").write_text("# mine\nalpha<2\nbeta\n", "utf-8")
    assert sandbox.dep("add", "nb.ipynb", "-r", "req.txt", "--json").entry["declared"] == ["alpha<2", "beta"]
    sandbox.refused("add", "nb.ipynb", "-r", "missing.txt", code="no-such-file", exit_code=1)
    (sandbox.folder / "req.txt").write_text("alpha\n-e .\n", "utf-8")
    assert (
        sandbox.refused("add", "nb.ipynb", "-r", "req.txt", code="option-in-requirements", exit_code=1)["context"]["line"] == 2
    )


def test_a_modules_name_that_is_a_package_too_is_added_with_a_word(sandbox: UserSandbox) -> None:
    build_wheel(sandbox.index.folder, "sklearn", "0.0")
    sandbox.notebook()
    ran = sandbox.dep("add", "nb.ipynb", "sklearn")
    assert ran.code == 0 and "scikit-learn" in ran.out


@pytest.mark.poetry("poetry python list")
def test_python_shows_the_choices_and_changes(sandbox: UserSandbox) -> None:
    machine = {"PYENV_ROOT": os.environ.get("PYENV_ROOT") or str(Path.home() / ".pyenv")}
    sandbox.notebook("beta", python=">=3.9")
    sandbox.dep("lock", "nb.ipynb")
    used = sandbox.dep("status", "nb.ipynb", "--json").entry["python"]
    shown = sandbox.dep("python", "nb.ipynb", "--json", **machine).entry
    choices = {row["version"]: row["state"] for row in shown["choices"]}
    assert shown["python"] == used and list(choices.values()).count("in use") == 1
    other = next(
        (version for version, state in choices.items() if state == "fits" and not version.startswith(f"{used}.")), None
    )
    if other is None:
        pytest.skip("there is one Python only")
    minor = other.rpartition(".")[0]
    assert sandbox.dep("python", "nb.ipynb", minor, **machine).code == 0
    assert sandbox.dep("status", "nb.ipynb", "--json").entry["python"] == minor


def test_environments_and_kernels_are_listed(sandbox: UserSandbox) -> None:
    sandbox.notebook("alpha")
    sandbox.refused("env", "info", "nb.ipynb", code="no-environment", exit_code=1)
    sandbox.dep("add", "nb.ipynb", "beta")
    info = sandbox.dep("env", "info", "nb.ipynb", "--json").entry
    assert info["packages"]["alpha"] == "2.0"
    listed = sandbox.dep("env", "list", "--json").entry["environments"]
    assert [item["projects"] for item in listed if item["key"] == info["key"]] == [[str(sandbox.folder / "nb.ipynb")]]
    (sandbox.folder / "nb.ipynb").unlink()
    assert info["key"] in sandbox.dep("env", "gc", "--json").entry["removed"]
    assert not Path(info["path"]).exists()

    data = {"JUPYTER_DATA_DIR": str(sandbox.home / "jupyter")}
    sandbox.notebook()
    assert sandbox.dep("kernel", "list", "--json", **data).entry["kernels"] == []
    assert sandbox.dep("setup", **data).code == 0
    name = sandbox.dep("kernel", "install", "nb.ipynb", "--json", **data).entry["name"]
    assert {row["name"] for row in sandbox.dep("kernel", "list", "--json", **data).entry["kernels"]} == {"dep", name}
    (sandbox.folder / "nb.ipynb").unlink()
    assert sandbox.dep("kernel", "remove", "--stale", "--json", **data).entry["removed"] == [name]
    assert sandbox.dep("setup", "--remove", **data).code == 0


@pytest.mark.poetry("poetry debug info")
def test_doctor_finds_and_withdraws_a_damaged_environment(sandbox: UserSandbox) -> None:
    sandbox.notebook("alpha")
    entry = sandbox.dep("add", "nb.ipynb", "beta", "--json").entry
    whole = sandbox.dep("doctor", "--json")
    assert whole.code == 0 and whole.entry["problems"] == [] and whole.entry["index"] == sandbox.index.url
    module = next(Path(entry["environment"]["path"]).rglob("alpha/__init__.py"))
    module.chmod(0o644)
    module.write_bytes(b"#" * module.stat().st_size)
    ill = sandbox.dep("doctor", "--json")
    assert ill.code == 1 and "alpha" in json.dumps(ill.entry["damaged"])
    assert sandbox.dep("sync", "nb.ipynb").code == 0
    assert sandbox.dep("doctor", "--json").code == 0


def test_doctor_hashes_files_only_when_asked_and_each_once(sandbox: UserSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work that grows with the store is done on request, and says how far it is."""
    for name, packages in (("a", ["alpha"]), ("b", ["alpha", "beta"])):
        sandbox.notebook(*packages, name=name)
        sandbox.dep("lock", f"{name}.ipynb")
        sandbox.dep("sync", f"{name}.ipynb")
    path = Path(sandbox.dep("status", "a.ipynb", "--json").entry["environment"]["path"])
    module = next(path.rglob("alpha/__init__.py"))
    times = module.stat()
    module.chmod(0o644)
    module.write_bytes(b"#" * times.st_size)
    os.utime(module, ns=(times.st_atime_ns, times.st_mtime_ns))  # size and time tell nothing now
    assert sandbox.dep("doctor", "--json").entry["damaged"] == {}
    read: list[Path] = []
    hash_file = record_check._sha256
    monkeypatch.setattr(record_check, "_sha256", lambda file: read.append(file) or hash_file(file))
    assert "alpha" in json.dumps(sandbox.dep("doctor", "--full", "--json").entry["damaged"])
    inodes = [file.stat().st_ino for file in read]
    assert len(inodes) == len(set(inodes))


# Exit codes, several targets


def test_check_tells_by_exit_code_and_writes_nothing(sandbox: UserSandbox) -> None:
    sandbox.notebook("alpha")
    sandbox.refused("lock", "nb.ipynb", "--check", code="unlocked", exit_code=3)
    sandbox.dep("lock", "nb.ipynb")
    assert sandbox.dep("lock", "nb.ipynb", "--check").code == 0
    sandbox.notebook("alpha", "beta")
    error = sandbox.refused("lock", "nb.ipynb", "--check", code="stale", exit_code=3)
    assert "beta" in error["message"]


def test_a_strangers_lock_needs_a_yes_and_a_command_that_means_it_gives_one(sandbox: UserSandbox, tmp_path: Path) -> None:
    sandbox.notebook("alpha")
    sandbox.dep("lock", "nb.ipynb")
    other = user_at(tmp_path / "them", sandbox.index.url, folder=tmp_path / "theirs")
    sent(sandbox.folder / "nb.ipynb", other.folder)
    assert other.dep("status", "nb.ipynb", "--json").entry["trusted"] is False
    assert "jupyter dep trust allow nb.ipynb" in other.dep("status", "nb.ipynb").out
    allowed = other.dep("trust", "allow", "nb.ipynb", "--json")
    assert allowed.code == 0
    assert other.dep("status", "nb.ipynb", "--json").entry["trusted"] is True
    fingerprint = allowed.entry["fingerprint"]
    assert fingerprint in other.dep("trust", "list").out
    assert other.dep("trust", "revoke", fingerprint[:12]).code == 0
    assert other.dep("status", "nb.ipynb", "--json").entry["trusted"] is False
    assert other.dep("sync", "nb.ipynb").code == 0


def test_several_targets_are_reported_in_order_and_the_first_failure_is_the_exit_code(sandbox: UserSandbox) -> None:
    sandbox.notebook("beta", name="good")
    sandbox.notebook("gamma", "alpha>=2", name="clash")
    (sandbox.folder / "bad.ipynb").write_text("{", "utf-8")
    ran = sandbox.dep("lock", "good.ipynb", "clash.ipynb", "bad.ipynb", "missing.ipynb", "--json")
    results = json.loads(ran.out)["results"]
    assert [Path(entry["project"]).stem for entry in results] == ["good", "clash", "bad", "missing"]
    assert [entry["exit_code"] for entry in results] == [0, 4, 1, 1] and ran.code == 4
    assert sandbox.dep("lock", "bad.ipynb", "clash.ipynb", "good.ipynb").code == 1
    assert sandbox.dep("lock", "good.ipynb", "good.ipynb", "--json").out.count('"verb"') == 1, "named twice, done once"


def test_several_targets_are_worked_on_at_the_same_time(sandbox: UserSandbox) -> None:
    sandbox.notebook("alpha", name="one")
    sandbox.notebook("beta", name="two")
    together = threading.Barrier(2, timeout=10)

    def meet(_: Request, answer: Answer) -> Answer:
        together.wait()  # breaks if the other one comes only after this one is answered
        return answer

    sandbox.index._fault("/simple/alpha/", meet, 1)
    sandbox.index._fault("/simple/beta/", meet, 1)
    assert sandbox.dep("lock", "one.ipynb", "two.ipynb").code == 0
    assert not together.broken


def test_a_target_is_reported_while_the_next_is_still_being_worked_on(sandbox: UserSandbox) -> None:
    sandbox.notebook("beta", name="fast")
    sandbox.notebook("alpha==1.0", name="slow")
    sandbox.dep("lock", "fast.ipynb")
    reported = threading.Event()

    def held(_: Request, answer: Answer) -> Answer:
        reported.wait(15)
        return answer

    sandbox.index._fault("/simple/alpha/", held, 1)
    process = subprocess.Popen(
        [*CLI, "lock", "fast.ipynb", "slow.ipynb"],
        cwd=sandbox.folder,
        env=sandbox.environ(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("fast.ipynb: ")
    reported.set()
    rest = process.stdout.read()
    assert process.wait(20) == 0 and "slow.ipynb: locked" in rest


# What a person sees


def test_steps_can_be_typed_from_where_the_person_is(sandbox: UserSandbox) -> None:
    inner = sandbox.folder / "my notebooks"
    raw_notebook(inner, ["print(1)"], name="first try")
    step = sandbox.dep("status", "my notebooks/first try.ipynb").out.splitlines()[-1]
    assert step == "  next: jupyter dep add 'my notebooks/first try.ipynb' NAME"
    assert sandbox.dep("add", "my notebooks/first try.ipynb", "alpha").code == 0
    refused = sandbox.dep("remove", "my notebooks/first try.ipynb", "nothing")
    assert "(my notebooks/first try.ipynb)" in refused.err
    usage = sandbox.dep("exec", "my notebooks/first try.ipynb").err
    assert "jupyter dep exec 'my notebooks/first try.ipynb' -- COMMAND" in usage


def test_a_word_that_looks_like_a_placeholder_stays_what_was_typed(sandbox: UserSandbox) -> None:
    sandbox.notebook(name="n")
    refused = sandbox.dep("add", "n.ipynb", "NOTEBOOK 7.0")
    assert refused.code == 2 or refused.code == 1
    assert "NOTEBOOK==7.0" in refused.err and "n.ipynb==7.0" not in refused.err


def test_steps_come_as_data_too(sandbox: UserSandbox) -> None:
    sandbox.notebook("alpha", name="my notebook")
    (step,) = sandbox.dep("lock", "my notebook.ipynb", "--check", "--json").error["steps"]
    assert step == {
        "command": "lock",
        "target": "my notebook.ipynb",
        "arguments": [],
        "complete": True,
        "text": "jupyter dep lock 'my notebook.ipynb'",
    }


def test_a_log_gets_plain_lines_on_stderr_and_the_result_on_stdout(sandbox: UserSandbox) -> None:
    sandbox.notebook()
    ran = sandbox.cli("add", "nb.ipynb", "alpha", cwd=sandbox.folder, CI="true")
    assert ran.code == 0 and ran.err.splitlines()[:2] == ["resolving", "checking"]
    assert "\x1b" not in ran.said and "\r" not in ran.said
    assert len(ran.err.splitlines()) == len(set(ran.err.splitlines())), "nothing is told twice"
    assert ran.out.splitlines()[0].startswith("nb.ipynb: added alpha 2.0")


def test_json_is_alone_on_stdout_and_stderr_is_silent(sandbox: UserSandbox) -> None:
    sandbox.notebook()
    ran = sandbox.cli("add", "nb.ipynb", "alpha", "--json", cwd=sandbox.folder)
    assert json.loads(ran.out)["schema"] == 1 and ran.err == ""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_a_terminal_gets_a_live_line_with_a_bar(sandbox: UserSandbox) -> None:
    import pty

    build_wheel(sandbox.index.folder, "big", "1.0", files={"big/blob.bin": os.urandom(3_000_000)})
    sandbox.index.trickle("/files/big-*.whl", 4_000_000)
    sandbox.notebook()
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*CLI, "add", "nb.ipynb", "big"],
        cwd=sandbox.folder,
        env=sandbox.environ(TERM="xterm-256color", COLUMNS="120"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=theirs,
        text=True,
    )
    os.close(theirs)
    seen = b""
    try:
        while chunk := os.read(ours, 65536):
            seen += chunk
    except OSError:  # Linux: the other side is closed
        pass
    os.close(ours)
    assert process.stdout is not None
    out = process.stdout.read()
    assert process.wait(20) == 0
    drawn = seen.decode("utf-8", "replace")
    assert "resolving" in drawn and "downloading" in drawn and "of 3.0 MB" in drawn and "━" in drawn
    assert "\x1b[?25h" in drawn, "the cursor is shown again"
    assert "\x1b" not in out, "a pipe gets no colours"


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
def test_ctrl_c_stops_at_once_and_changes_nothing(sandbox: UserSandbox) -> None:
    sandbox.notebook()
    sandbox.index.delay("/simple/alpha/", 30)
    before = sandbox.contents()
    process = subprocess.Popen(
        [*CLI, "add", "nb.ipynb", "alpha"], cwd=sandbox.folder, env=sandbox.environ(), stderr=subprocess.PIPE, text=True
    )
    _until(lambda: bool(sandbox.index.asked("/simple/alpha/")))
    started = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=10)
    assert time.monotonic() - started < 3
    assert process.returncode == 130 and "stopped" in err and "Traceback" not in err
    assert sandbox.contents() == before


def test_a_reader_that_goes_away_is_no_traceback(sandbox: UserSandbox) -> None:
    for number in range(30):
        sandbox.notebook("alpha", name=f"n{number}")
    names = [f"n{number}.ipynb" for number in range(30)]
    process = subprocess.Popen(
        [*CLI, "status", *names],
        cwd=sandbox.folder,
        env=sandbox.environ(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == ""
    process.wait(20)


def test_it_is_a_subcommand_of_jupyter(sandbox: UserSandbox) -> None:
    jupyter = Path(sys.executable).with_name("jupyter")
    if not jupyter.exists():
        pytest.skip("jupyter is not installed beside this Python")
    sandbox.notebook()
    path = f"{jupyter.parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [jupyter, "dep", "status", "nb.ipynb", "--json"],
        cwd=sandbox.folder,
        env=sandbox.environ(PATH=path),
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout)["results"][0]["state"] == "unlocked"


def test_a_mistake_of_ours_is_a_sentence_with_a_log(sandbox: UserSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    from jupyter_dep.operations.inspect import status

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(status, "status", broken)
    sandbox.notebook()
    error = sandbox.dep("status", "nb.ipynb", "--json").error
    assert error["code"] == "internal" and "ZeroDivisionError" in error["message"]
    log = sandbox.services().paths.state / "mistakes.log"
    assert str(log) in error["hint"] and "Traceback" in log.read_text("utf-8")


def test_only_what_is_needed_is_imported_for_a_status(sandbox: UserSandbox) -> None:
    sandbox.notebook()
    program = (
        "import sys; from jupyter_dep_cli.main import main; main(['status', 'nb.ipynb']); "
        "print(*[name for name in ('nbformat', 'nbclient', 'jupyter_client', 'rich', 'virtualenv', 'asyncio', 'zmq') "
        "if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=sandbox.folder, env=sandbox.environ(), capture_output=True, text=True, check=True
    )
    assert done.stderr.strip() == ""


# Running


@pytest.mark.kernel
def test_run_executes_in_the_exact_environment(kernel_sandbox: UserSandbox) -> None:
    build_wheel(kernel_sandbox.index.folder, "alpha", "1.0")
    kernel_sandbox.notebook("alpha")
    raw = (kernel_sandbox.folder / "nb.ipynb").read_text("utf-8")
    code = "import sys, alpha; print(sys.prefix); sys.stderr.write('from the notebook')"
    (kernel_sandbox.folder / "nb.ipynb").write_text(raw.replace("print('hello')", code), "utf-8")
    kernel_sandbox.refused("run", "nb.ipynb", code="unlocked", exit_code=3)
    kernel_sandbox.dep("lock", "nb.ipynb")
    before = kernel_sandbox.contents()["nb.ipynb"]
    ran = kernel_sandbox.cli("run", "nb.ipynb", "-o", "out.ipynb", cwd=kernel_sandbox.folder)
    assert ran.code == 0, ran.said
    path = kernel_sandbox.dep("env", "info", "nb.ipynb", "--json").entry["path"]
    out = (kernel_sandbox.folder / "out.ipynb").read_text("utf-8")
    assert path in out and "from the notebook" in out
    assert kernel_sandbox.contents()["nb.ipynb"] == before, "the notebook itself stays as it is"
    allowed = ("resolving", "checking", "downloading", "linking", "sealing", "running")
    assert [line for line in ran.err.splitlines() if not line.startswith(allowed)] == []


@pytest.mark.kernel
def test_run_stops_at_the_first_failing_cell(kernel_sandbox: UserSandbox) -> None:
    block = "# /// script\n# dependencies = []\n# ///"
    raw_notebook(kernel_sandbox.folder, [block, "1", "raise ValueError('no luck')", "print('never')"])
    kernel_sandbox.dep("lock", "nb.ipynb")
    ran = kernel_sandbox.dep("run", "nb.ipynb", "-o", "out.ipynb", "--json")
    assert ran.code == 1 and ran.error["code"] == "cell-failed"
    assert ran.error["context"]["cell"] == ran.entry["failed_cell"] == 3
    assert "no luck" in ran.error["message"]
    out = (kernel_sandbox.folder / "out.ipynb").read_text("utf-8")
    assert "no luck" in out and '"never\\n"' not in out


@pytest.mark.kernel
def test_run_tells_of_a_kernel_that_dies(kernel_sandbox: UserSandbox) -> None:
    block = "# /// script\n# dependencies = []\n# ///"
    raw_notebook(kernel_sandbox.folder, [block, "import os; os.write(2, b'my last words\\n'); os._exit(3)"])
    kernel_sandbox.dep("lock", "nb.ipynb")
    ran = kernel_sandbox.dep("run", "nb.ipynb", "--json")
    assert ran.code == 1 and "the kernel died" in ran.error["message"]


def test_exec_is_the_command_in_the_environment(sandbox: UserSandbox) -> None:
    sandbox.notebook("alpha")
    sandbox.dep("lock", "nb.ipynb")
    program = "import alpha, sys, os; print(sys.prefix == os.environ['VIRTUAL_ENV'], sys.argv[1:]); sys.exit(7)"
    ran = sandbox.cli("exec", "nb.ipynb", "--", "python", "-c", program, "--json", "--help", cwd=sandbox.folder)
    assert ran.code == 7 and ran.out == "True ['--json', '--help']\n"
    missing = sandbox.cli("exec", "nb.ipynb", "--", "no-such-program-here", cwd=sandbox.folder)
    assert missing.code == 1 and "no-such-program-here" in missing.err


def _until(true: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


def test_doctor_asks_the_index_that_environments_come_from(sandbox: UserSandbox) -> None:
    dead = sandbox.dep("doctor", "--json", UV_DEFAULT_INDEX="http://127.0.0.1:9/simple")
    assert dead.code == 1
    assert "127.0.0.1" in dead.entry["problems"][0]["what"]
    assert sandbox.dep("doctor", "--offline", UV_DEFAULT_INDEX="http://127.0.0.1:9/simple").code == 0


def test_a_path_is_allowed_and_revoked_under_all_its_names_and_an_address_as_it_is(
    sandbox: UserSandbox, tmp_path: Path
) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.mkdir()
    link.symlink_to(real)
    address = "path:file:///srv/foo-1.0.tar.gz"
    assert spellings(tmp_path, ["path:link", address], typed=False) == (f"path:{link}", f"path:{real}", address)
    consent = sandbox.services().consent
    consent.allow("item", [f"path:{link}", f"path:{real}", address], by="asked")
    assert sandbox.dep("trust", "revoke", f"path:{link}").code == 0
    assert [given.value for given in sandbox.services().consent.grants() if given.kind == "item"] == [address]
    assert sandbox.dep("trust", "revoke", address).code == 0
