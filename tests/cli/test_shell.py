"""Living in a folder's environment: `run`, `shell`, `env activate`, with real programs and real shells."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from support.index import Index
from support.packages import BACKEND, package
from support.sandbox import UserSandbox, terminal_at
from support.typist import Typist, shell_program

from jupyter_dep.io.system import shell as system_shell
from jupyter_dep.io.system.shell_rc import sweep, write_start_files
from jupyter_dep.operations.kernel_start.cache import read_cached_start
from jupyter_dep_cli import fast_run
from jupyter_dep_cli.parser import parse, split
from jupyter_dep_kernels import PIP_SHIM

MINOR = f"{sys.version_info[0]}.{sys.version_info[1]}"
ENTRY = (sys.executable, "-P", "-m", "jupyter_dep_cli.entry")
WHERE = "import os, sys; print(sys.prefix == os.environ['VIRTUAL_ENV'], sys.argv[1:])"


@pytest.fixture
def sandbox(tmp_path: Path, toy_index: Index) -> UserSandbox:
    return terminal_at(tmp_path, toy_index)


@pytest.fixture
def project(sandbox: UserSandbox) -> Path:
    """A locked folder with one package."""
    return locked(sandbox, sandbox.folder, "alpha")


def declared(folder: Path, *dependencies: str, name: str = "study") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    text = (
        f'[project]\nname = "{name}"\nversion = "0.1"\nrequires-python = "=={MINOR}.*"\ndependencies = {list(dependencies)}\n'
    )
    (folder / "pyproject.toml").write_text(text, "utf-8")
    return folder / "pyproject.toml"


def locked(sandbox: UserSandbox, folder: Path, *dependencies: str) -> Path:
    manifest = declared(folder, *dependencies)
    assert sandbox.dep("lock", "--project", str(folder)).code == 0
    return manifest


def entered(sandbox: UserSandbox, *words: str, cwd: Path | None = None, **more: str) -> subprocess.CompletedProcess[str]:
    """The installed program in a process of its own."""
    return subprocess.run(
        [*ENTRY, *words],
        cwd=cwd or sandbox.folder,
        env=sandbox.environ(**more),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
    )


# run


def test_run_becomes_the_command_with_all_its_options(sandbox: UserSandbox, project: Path) -> None:
    for _ in range(2):  # the first builds and looks at everything, the second takes the short way
        ran = entered(sandbox, "run", "python", "-c", WHERE, "-q", "--json", "--help", "x.ipynb", "--", "-o")
        assert ran.stdout == "True ['-q', '--json', '--help', 'x.ipynb', '--', '-o']\n", ran.stderr
        assert ran.returncode == 0
    assert entered(sandbox, "run", "--", "python", "-c", "import alpha, sys; sys.exit(7)").returncode == 7


def test_run_works_below_the_folder_and_on_a_named_one(sandbox: UserSandbox, project: Path, tmp_path: Path) -> None:
    below = sandbox.folder / "notes" / "deep"
    below.mkdir(parents=True)
    where = "import os, alpha; print(os.getcwd())"
    assert entered(sandbox, "run", "python", "-c", where, cwd=below).stdout == f"{below}\n"
    named = entered(sandbox, "run", "--project", str(sandbox.folder), "python", "-c", where, cwd=tmp_path)
    assert named.stdout == f"{tmp_path}\n", named.stderr


def test_run_drops_what_would_bring_other_packages(sandbox: UserSandbox, project: Path) -> None:
    show = "import os; print([os.environ.get(n) for n in ('PYTHONHOME', 'PYTHONPATH', 'KEPT')])"
    for _ in range(2):
        ran = entered(sandbox, "run", "python", "-c", show, PYTHONPATH=os.pathsep.join(sys.path), KEPT="yes")
        assert ran.stdout == "[None, None, 'yes']\n", ran.stderr


def test_the_pip_shim_stands_before_everything_on_path(sandbox: UserSandbox, project: Path) -> None:
    for _ in range(2):
        ran = entered(sandbox, "run", "pip", "install", "gamma")
        assert ran.returncode == 1 and "gamma" in ran.stderr, ran.stderr
    path = entered(sandbox, "run", "python", "-c", "import os; print(os.environ['PATH'])").stdout.split(os.pathsep)
    assert path[0] == str(PIP_SHIM) and path[1].startswith(str(sandbox.services().paths.store))


def test_a_signal_ends_the_command_and_is_told(sandbox: UserSandbox, project: Path) -> None:
    entered(sandbox, "run", "true")
    told = "import signal, time; print('up', flush=True); time.sleep(60)"
    for number in (signal.SIGTERM, signal.SIGINT):
        with subprocess.Popen(
            [*ENTRY, "run", "python", "-c", told], cwd=sandbox.folder, env=sandbox.environ(), stdout=-1, stderr=-1
        ) as process:
            assert process.stdout is not None and process.stdout.readline() == b"up\n"
            process.send_signal(number)
            assert process.wait(20) == -number


def test_a_command_at_the_end_of_a_pipe_ends_with_it(sandbox: UserSandbox, project: Path) -> None:
    entered(sandbox, "run", "true")
    line = f"{' '.join(ENTRY)} run yes | head -n 1; echo ${{PIPESTATUS[0]}}"
    ran = subprocess.run(
        [shell_program("bash"), "-c", line],
        cwd=sandbox.folder,
        env=sandbox.environ(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.split() == ["y", str(128 + signal.SIGPIPE)] and ran.stderr == ""


def test_scripts_of_the_folders_own_package_run(sandbox: UserSandbox) -> None:
    scripts = "    files[info + 'entry_points.txt'] = b'[console_scripts]\\ngreet = mine:greet\\n'\n"
    backend = BACKEND.replace('    rows = ""\n', scripts + '    rows = ""\n')
    manifest = package(sandbox.folder, "mine", backend=backend, more='[project.scripts]\ngreet = "mine:greet"\n')
    (sandbox.folder / "src" / "mine" / "__init__.py").write_text("def greet():\n    print('hello from mine')\n", "utf-8")
    own = f"path:{os.path.realpath(sandbox.folder)}"
    assert sandbox.dep("lock").code == 0, manifest.read_text()
    refused = entered(sandbox, "run", "greet")
    assert refused.returncode == 6 and own in refused.stderr, "its build program is code of whoever wrote the folder"
    ran = entered(sandbox, "run", "--allow", own, "greet")
    assert ran.stdout == "hello from mine\n", ran.stderr
    assert entered(sandbox, "run", "greet").stdout == "hello from mine\n"


@pytest.mark.parametrize(
    ("words", "code", "exit_code"),
    [
        (("run", "no-such-program-here"), "no-such-program-here", 1),
        (("run",), "no command", 2),
        (("run", "--project", "nowhere", "true"), "no project", 2),
        (("run", "--bogus", "true"), "--bogus", 2),
    ],
)
def test_a_line_that_cannot_run_says_why(
    sandbox: UserSandbox, project: Path, words: tuple[str, ...], code: str, exit_code: int
) -> None:
    ran = entered(sandbox, *words)
    assert ran.returncode == exit_code and code in ran.stderr, ran.stderr
    assert "next: " in ran.stderr and "Traceback" not in ran.stderr


def test_a_script_that_cannot_be_started_is_no_traceback(sandbox: UserSandbox, project: Path) -> None:
    script = sandbox.folder / "broken"
    script.write_bytes(b"\0\0")
    script.chmod(0o755)
    for _ in range(2):
        ran = entered(sandbox, "run", "./broken")
        assert ran.returncode == 1 and "could not be started" in ran.stderr and "Traceback" not in ran.stderr


def test_a_folder_that_is_not_locked_or_stale_is_not_run(sandbox: UserSandbox) -> None:
    declared(sandbox.folder, "alpha")
    assert entered(sandbox, "run", "true").returncode == 3
    assert sandbox.dep("lock").code == 0
    assert entered(sandbox, "run", "true").returncode == 0
    declared(sandbox.folder, "alpha", "beta")
    stale = entered(sandbox, "run", "true")
    assert stale.returncode == 3 and "jupyter dep lock" in stale.stderr


def test_a_notebook_is_still_executed(kernel_index: Index, tmp_path: Path) -> None:
    sandbox = terminal_at(tmp_path, kernel_index)
    sandbox.notebook()
    assert sandbox.dep("lock", "nb.ipynb").code == 0
    ran = entered(sandbox, "run", "nb.ipynb", "--json")
    assert json.loads(ran.stdout)["results"][0]["cells"] == 2, ran.stdout


@pytest.mark.parametrize(
    ("line", "ours", "command"),
    [
        ("run pytest -q --json", "run", "pytest -q --json"),
        ("run --json pytest", "run --json", "pytest"),
        ("--json run pytest --help", "--json run", "pytest --help"),
        ("run --project ../x -o y pytest z.ipynb", "run --project ../x -o y", "pytest z.ipynb"),
        ("run --project=../x true", "run --project=../x", "true"),
        ("run -- -odd --name", "run", "-odd --name"),
        ("run --offline -- python -- x", "run --offline", "python -- x"),
        ("run python -- x", "run", "python -- x"),
        ("run nb.ipynb -o out.ipynb", "run nb.ipynb -o out.ipynb", ""),
        ("run -o out.ipynb nb.ipynb", "run -o out.ipynb nb.ipynb", ""),
        ("exec nb.ipynb -- a b", "exec nb.ipynb", "a b"),
        ("status nb.ipynb", "status nb.ipynb", ""),
    ],
)
def test_what_follows_a_commands_name_is_the_commands(line: str, ours: str, command: str) -> None:
    assert split(line.split()) == (ours.split(), tuple(command.split()))
    assert parse(line.split()).program == tuple(command.split())


# The short way


def short(sandbox: UserSandbox, monkeypatch: pytest.MonkeyPatch, *words: str, **more: str) -> list[str] | None:
    """What the short way would become, None where it leaves the line to the verb."""
    became: list[list[str]] = []

    def replace(argv: list[str], *, cwd: Path, env: Mapping[str, str]) -> int:
        became.append([*argv, env["VIRTUAL_ENV"]])
        return 0

    environ = sandbox.environ(**more)
    with monkeypatch.context() as patched:
        patched.chdir(sandbox.folder)
        for name in list(os.environ):
            patched.delenv(name)
        for name, value in environ.items():
            patched.setenv(name, value)
        patched.setattr("jupyter_dep.io.system.process.replace_or_supervise", replace)
        try:
            fast_run.run_fast(words)
        except SystemExit:
            return became[0]
    return None


def test_the_short_way_is_taken_only_while_nothing_has_changed(
    sandbox: UserSandbox, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert short(sandbox, monkeypatch, "true") is None, "nothing is known yet"
    entered(sandbox, "run", "true")
    became = short(sandbox, monkeypatch, "true", "-x")
    assert became is not None and became[1] == "-x"
    assert became[-1].startswith(str(sandbox.services().paths.store))
    for words in ((), ("--project", ".", "true"), ("nb.ipynb",), ("no-such-program-here",), ("--",)):
        assert short(sandbox, monkeypatch, *words) is None, words

    text = project.read_bytes()
    project.write_bytes(text + b"# a comment\n")
    assert short(sandbox, monkeypatch, "true") is None
    project.write_bytes(text)
    assert short(sandbox, monkeypatch, "true") is not None
    lock = sandbox.folder / "pylock.toml"
    lock.write_bytes(lock.read_bytes() + b"\n")
    assert short(sandbox, monkeypatch, "true") is None


def test_a_yes_that_was_taken_back_ends_the_short_way(
    sandbox: UserSandbox, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered(sandbox, "run", "true")
    assert short(sandbox, monkeypatch, "true") is not None
    sandbox.services().consent.revoke([given.value for given in sandbox.services().consent.grants()])
    assert short(sandbox, monkeypatch, "true") is None


def test_a_withdrawn_environment_ends_the_short_way(
    sandbox: UserSandbox, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered(sandbox, "run", "true")
    services = sandbox.services()
    for sealed in services.store.all():
        services.store.quarantine(sealed)
    assert short(sandbox, monkeypatch, "true") is None
    assert entered(sandbox, "run", "true").returncode == 0
    assert short(sandbox, monkeypatch, "true") is not None


def test_a_nearer_folder_ends_the_short_way(sandbox: UserSandbox, project: Path) -> None:
    entered(sandbox, "run", "true")
    inner = sandbox.folder / "inner"
    declared(inner, "beta", name="inner")
    assert entered(sandbox, "run", "true", cwd=inner).returncode == 3, "it is its own project, and not locked"


def test_a_folder_above_the_repository_is_no_project_of_it(sandbox: UserSandbox, project: Path) -> None:
    entered(sandbox, "run", "true")
    repository = sandbox.folder / "checkout"
    (repository / ".git").mkdir(parents=True)
    assert "no project" in entered(sandbox, "run", "true", cwd=repository).stderr


def test_a_folder_that_is_built_is_never_remembered(sandbox: UserSandbox, tmp_path: Path) -> None:
    """Every file of it is a part of the environment's key, and none of them is looked at on the short way."""
    package(tmp_path / "library", "library")
    declared(sandbox.folder)
    assert sandbox.dep("add", str(tmp_path / "library")).code == 0
    assert entered(sandbox, "run", "python", "-c", "import library").returncode == 0
    services = sandbox.services()
    assert read_cached_start(sandbox.folder / "pyproject.toml", services.paths, services.environ) is None


def test_the_short_way_loads_little(sandbox: UserSandbox, project: Path) -> None:
    entered(sandbox, "run", "true")
    program = (
        "import sys, jupyter_dep.io.system.process as p\n"
        "p.replace_or_supervise = lambda *a, **k: 0\n"
        "from jupyter_dep_cli.entry import main\n"
        "try: main(['run', 'true'])\n"
        "except SystemExit: pass\n"
        "heavy = {'packaging', 'tomlkit', 'tomllib', 'argparse', 'nbformat', 'rich', 'asyncio', 'jupyter_dep.services'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=sandbox.folder, env=sandbox.environ(), capture_output=True, text=True, check=True
    )
    assert ran.stdout == "[]\n"


# shell

RC = {
    "bash": (".bashrc", "export FROM_RC=read\nexport PATH=/rc/first:$PATH\nPS1='mine> '\n"),
    "zsh": (".zshrc", "export FROM_RC=read\nexport PATH=/rc/first:$PATH\nPS1='mine> '\n"),
    "fish": (
        ".config/fish/config.fish",
        "set -gx FROM_RC read\nset -gx PATH /rc/first $PATH\nfunction fish_prompt; printf 'mine> '; end\n",
    ),
}


def typist(sandbox: UserSandbox, kind: str, *, cwd: Path | None = None, **more: str) -> Typist:
    shell_program(kind)
    name, text = RC.get(kind, (".none", ""))
    rc = sandbox.home / name
    rc.parent.mkdir(parents=True, exist_ok=True)
    rc.write_text(text, "utf-8")
    env = sandbox.environ(TERM="xterm", LANG="C.UTF-8", **more)
    return Typist([*ENTRY, "shell", "--shell", kind], cwd=cwd or sandbox.folder, env=env)


@pytest.mark.poetry("poetry shell")
@pytest.mark.parametrize("kind", ["bash", "zsh", "fish"])
def test_a_shell_reads_its_users_files_and_is_in_the_environment(sandbox: UserSandbox, project: Path, kind: str) -> None:
    with typist(sandbox, kind) as shell:
        shell.wait_for(r"a \w+ for work: `exit` leaves it")
        shell.wait_for(r"\(work\) mine> ")
        first = shell.say(
            "echo R=$FROM_RC P=(string join : $PATH)" if kind == "fish" else 'echo "R=$FROM_RC P=$PATH"', r"R=read P=(\S+)\n"
        )
        path = first[1].split(":")
        assert path[0] == str(PIP_SHIM) and "/rc/first" in path[2:], (
            "the environment stays first, whatever the rc file puts there"
        )
        assert path.count(path[1]) == 1, "and once"
        shell.say(
            "python -c 'import alpha, sys; print(\"in\", sys.prefix)'", r"[\r\n]in " + re.escape(str(Path(path[1]).parent))
        )
        again = shell.say(f"{' '.join(ENTRY)} shell", r"error: this is already the shell of work")
        assert again
        shell.wait_for(r"\(work\) mine> ", since=again.end())
        left = "echo L=(string join : $PATH)" if kind == "fish" else 'echo "L=$PATH"'
        after = shell.say("deactivate", r"mine> ").end()
        assert shell.say(left, r"[\r\n]L=(\S+)\n")[1].startswith("/rc/first:") and after
        shell.type("exit 5")
        assert shell.ended() == 5
    assert not any((sandbox.services().paths.state / "shells").glob("*")), "the start files are gone"


def test_a_shell_inside_another_projects_shell_nests(sandbox: UserSandbox, project: Path, tmp_path: Path) -> None:
    other = locked(sandbox, tmp_path / "other", "beta").parent
    with typist(sandbox, "bash") as shell:
        shell.wait_for(r"\(work\) mine> ")
        # the shell that it is asked from decides which is started
        inside = shell.say(
            f"cd {other} && {' '.join(ENTRY)} shell", r"a bash for other inside the one of work: `exit` leaves it"
        )
        shell.wait_for(r"\(other\) mine> ", since=inside.end())
        shell.say('python -c \'import beta; print("beta is", "here")\'', "beta is here")
        left = shell.say("exit", r"\(work\) mine> ")
        assert left
        shell.say('python -c \'import alpha; print("alpha is", "here")\'', "alpha is here")
        shell.type("exit")
        assert shell.ended() == 0


def test_zsh_keeps_the_folder_that_its_user_has_set(sandbox: UserSandbox, project: Path) -> None:
    shell_program("zsh")
    dots = sandbox.home / "dots"
    dots.mkdir(parents=True)
    (sandbox.home / ".zshenv").write_text(f"ZDOTDIR={dots}\n")
    (dots / ".zshrc").write_text("PS1='dots> '\nSAVED=$ZDOTDIR\n")
    with typist(sandbox, "zsh") as shell:
        shell.wait_for(r"\(work\) dots> ")
        assert shell.say('echo "Z=$ZDOTDIR S=$SAVED"', r"Z=(\S+) S=(\S+)\n").groups() == (str(dots), str(dots))


def test_an_rc_file_that_becomes_another_shell_still_has_the_environment(sandbox: UserSandbox, project: Path) -> None:
    shell_program("bash")
    with typist(sandbox, "bash") as shell:
        pass
    (sandbox.home / ".bashrc").write_text("exec sh -i\n")
    env = sandbox.environ(TERM="xterm", PS1="plain> ")
    with Typist([*ENTRY, "shell", "--shell", "bash"], cwd=sandbox.folder, env=env) as shell:
        shell.say('python -c \'import alpha; print("alpha is", "here")\'', "alpha is here")
    assert not any((sandbox.services().paths.state / "shells").glob("*"))


def test_a_prompt_theme_that_writes_the_prompt_each_time_still_shows_the_project(sandbox: UserSandbox, project: Path) -> None:
    shell_program("bash")
    with typist(sandbox, "bash") as shell:
        pass
    (sandbox.home / ".bashrc").write_text("PROMPT_COMMAND='PS1=\"[$?] theme> \"'\n")
    with Typist([*ENTRY, "shell", "--shell", "bash"], cwd=sandbox.folder, env=sandbox.environ(TERM="xterm")) as shell:
        shell.wait_for(r"\(work\) \[0\] theme> ")
        shell.say("false", r"\(work\) \[1\] theme> ")


def test_what_is_piped_into_a_shell_runs_in_the_environment(sandbox: UserSandbox, project: Path) -> None:
    env = sandbox.environ()
    (sandbox.home / ".bashrc").write_text("echo the rc file was read\n")
    ran = subprocess.run(
        [*ENTRY, "shell", "--shell", "bash"],
        input="python -c 'import alpha; print(\"alpha is here\")'\nexit 4\n",
        cwd=sandbox.folder,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (4, "alpha is here\n"), ran.stderr


def test_a_shell_keeps_its_environment_from_being_removed(sandbox: UserSandbox, project: Path) -> None:
    with typist(sandbox, "bash") as shell:
        shell.wait_for(r"\(work\) mine> ")
        kept = sandbox.dep("env", "remove", "--json").entry
        assert kept["removed"] == [] and kept["kept"][0]["why"] == "a process runs on it"
        shell.type("exit")
        shell.ended()
    gone = sandbox.dep("env", "remove", "--json").entry
    assert len(gone["removed"]) == 1 and gone["freed"] >= 0
    assert sandbox.dep("env", "info").code == 1
    assert entered(sandbox, "run", "true").returncode == 0, "it is built again"


def test_start_files_that_nobody_read_are_swept_and_private(sandbox: UserSandbox) -> None:
    paths = sandbox.services().paths
    mine = write_start_files(paths, lambda path: {"rc": f"rm -rf {path}"}).path
    assert mine.stat().st_mode & 0o777 == 0o700 and (mine / "rc").stat().st_mode & 0o777 == 0o600
    ended = subprocess.Popen(["true"])
    ended.wait()
    stale = mine.with_name(f"{ended.pid}-00")
    stale.mkdir()
    sweep(paths)
    assert mine.exists() and not stale.exists()
    assert not write_start_files(paths, lambda _: {}).path.exists()


def test_the_users_shell_is_the_nearest_one_that_is_no_single_command(tmp_path: Path) -> None:
    for name in ("fish", "zsh", "bash", "sh"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    environ = {"PATH": str(tmp_path), "SHELL": str(tmp_path / "bash")}
    make = [["sh", "-c", "x"], ["make"], ["-zsh"], ["login"]]
    assert system_shell.detect(environ, make) == ("zsh", str(tmp_path / "zsh"))
    assert system_shell.detect(environ, [["bash", "-c", "x"], ["/usr/bin/python3"], ["fish", "-C", "x"]])[0] == "fish"
    assert system_shell.detect(environ, [["sh"], ["sshd"]]) == ("bash", str(tmp_path / "bash"))
    assert system_shell.detect({"PATH": str(tmp_path)}, [[""], []])[0] == "sh"
    assert system_shell.detect({**environ, "SHELL": "/usr/bin/tcsh"}, [])[0] == "sh"


def test_a_system_without_a_process_folder_is_asked_for_the_nearest_shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shellingham

    for name in ("fish", "bash"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    environ = {"PATH": str(tmp_path), "SHELL": str(tmp_path / "bash")}
    there = Path.exists
    monkeypatch.setattr(Path, "exists", lambda path: there(path) and path != Path("/proc/self/stat"))
    monkeypatch.setattr(shellingham, "detect_shell", lambda **_: ("fish", str(tmp_path / "fish")))
    assert system_shell.detect(environ) == ("fish", str(tmp_path / "fish"))

    def fails(**_: object) -> None:
        raise shellingham.ShellDetectionFailure

    monkeypatch.setattr(shellingham, "detect_shell", fails)
    assert system_shell.detect(environ)[0] == "bash"


# env


def test_what_activate_prints_enters_the_environment_and_is_left_again(sandbox: UserSandbox, project: Path) -> None:
    bash = shell_program("bash")
    line = (
        f'eval "$({" ".join(ENTRY)} env activate --shell bash)" && python -c "import alpha, sys; print(sys.prefix)"; deactivate'
    )
    ran = subprocess.run(
        [bash, "-c", f"{line}; echo ${{VIRTUAL_ENV-none}}"],
        cwd=sandbox.folder,
        env=sandbox.environ(),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    prefix, after = ran.stdout.splitlines()
    assert prefix == sandbox.dep("env", "info", "--path").out.strip() and after == "none"
    told = sandbox.dep("env", "activate", "--shell", "fish", "--json").entry
    assert told["shell"] == "fish" and told["environment"]["path"] == prefix and "set -gx PATH" in told["script"]
    assert sandbox.dep("env", "activate", "--shell", "tcsh", "--json").error["code"] == "unknown-shell"


def test_activate_prints_nothing_that_could_be_evaluated_where_it_fails(sandbox: UserSandbox) -> None:
    declared(sandbox.folder, "alpha")
    ran = sandbox.dep("env", "activate", "--shell", "bash")
    assert ran.code == 3 and ran.out == "" and "error: " in ran.err


def test_the_environments_of_a_project_and_those_of_the_store(sandbox: UserSandbox, project: Path) -> None:
    assert entered(sandbox, "run", "true").returncode == 0
    sandbox.dep("add", "beta<2")
    sandbox.notebook("gamma")
    sandbox.dep("lock", "nb.ipynb")
    sandbox.dep("sync", "nb.ipynb")
    mine = sandbox.dep("env", "list", "--json").entry
    assert [each["locked"] for each in mine["environments"]] == [True, False]
    assert len(sandbox.dep("env", "list", "--all", "--json").entry["environments"]) == 3
    assert "work: 2 environments" in sandbox.dep("env", "list").out
    assert sandbox.dep("env", "info", "--path").out == mine["environments"][0]["path"] + "\n"


def test_an_environment_that_another_project_uses_stays(sandbox: UserSandbox, project: Path, tmp_path: Path) -> None:
    assert entered(sandbox, "run", "true").returncode == 0
    twin = locked(sandbox, tmp_path / "twin", "alpha").parent
    assert entered(sandbox, "run", "true", cwd=twin).returncode == 0
    would = sandbox.dep("env", "remove", "--dry-run", "--json").entry
    done = sandbox.dep("env", "remove", "--json").entry
    assert would["removed"] == done["removed"] == [] and done["kept"][0]["why"] == "used by twin"
    assert entered(sandbox, "run", "true", cwd=twin).returncode == 0


@pytest.mark.poetry("poetry env use PYTHON")
def test_env_use_is_the_python_verb(sandbox: UserSandbox, project: Path) -> None:
    used = sandbox.dep("env", "use", MINOR, "--json")
    assert used.code == 0 and used.entry["verb"] == "env", used.out
    assert sandbox.dep("env", "use", "2.4", "--json").error["code"] == "no-matching-python"
    assert sandbox.dep("env", "info", "3.11", "--json").error["code"] == "bad-usage"


def test_run_is_nearly_as_fast_as_the_command(sandbox: UserSandbox, project: Path) -> None:
    """The bound is 150 ms; here only what no machine is slow enough for."""
    entered(sandbox, "run", "true")
    times = []
    for _ in range(5):
        started = time.monotonic()
        assert entered(sandbox, "run", "true").returncode == 0
        times.append(time.monotonic() - started)
    assert min(times) < 0.5
