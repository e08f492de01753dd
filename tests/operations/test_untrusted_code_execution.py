"""What runs a stranger's code, and does not run it here: each canary is first shown to sing, then to be silent.

The first half of each test is the engine as it comes (or Python as it comes); the second is the command line, from a
working folder that belongs to a stranger.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support import canary as birds
from support.canary import Canary
from support.index import Index
from support.notebooks import lock_path, notebook, snapshot
from support.sandbox import UserSandbox, user_at
from support.wheels import build_sdist, build_wheel
from uv import find_uv_bin

from jupyter_dep.base.engine_port import LockRequest
from jupyter_dep.base.errors import DepError
from jupyter_dep.io.engine import uv
from jupyter_dep.operations.edit.relock import relock
from jupyter_dep.operations.kernel_start.result import Ready
from jupyter_dep.operations.project.context import CommandContext

MINOR = f"{sys.version_info[0]}.{sys.version_info[1]}"
posix = pytest.mark.skipif(os.name == "nt", reason="programs of the canaries are shell scripts here")


@dataclass(frozen=True, slots=True, kw_only=True)
class HostileFolder:
    """A user with an index, a stranger with another, and a working folder that the stranger has filled."""

    user: UserSandbox
    index: Index
    stranger: Index
    canary: Canary

    def raw_environment(self, name: str) -> Path:
        """A fresh environment's folder, made by the engine."""
        environment = self.user.home / "raw" / name
        done = self.user.uv("venv", "--no-config", "--python", sys.executable, environment, cwd=self.user.home)
        assert done.returncode == 0, done.stderr
        return environment

    def raw_sync(self, environment: Path, lock: str, *options: str, **env: str) -> subprocess.CompletedProcess[str]:
        file = environment.parent / "pylock.toml"
        file.write_text(lock, "utf-8")
        python = environment / "bin" / "python"
        options = ("--preview", "--no-config", "--python", str(python), *options)
        return self.user.uv("pip", "sync", *options, file, cwd=environment.parent, **env)

    def kept(self) -> list[Path]:
        """The sealed environments, and anything else that lies where environments are built."""
        return [item for item in (self.user.home / "dep/data/store/e").glob("*") if item.is_dir()]


@pytest.fixture
def hostile(toys: Path, tmp_path: Path) -> Iterator[HostileFolder]:
    folder, index_folder, strange = tmp_path / "work", tmp_path / "index", tmp_path / "strange"
    for made in (folder, index_folder, strange):
        made.mkdir()
    with Index(index_folder, toys) as index, Index(strange) as stranger:
        user = user_at(tmp_path / "user", index.url, folder=folder)
        yield HostileFolder(user=user, index=index, stranger=stranger, canary=Canary(path=tmp_path / "canary"))


def site_of(environment: Path) -> Path:
    (site,) = environment.glob("lib/python*/site-packages")
    return site


# Starts of the environment's Python


@pytest.mark.counts("hostile", "a .pth, and what starts an environment's Python")
@posix
def test_a_pth_runs_when_its_environment_is_started_and_we_start_none(hostile: HostileFolder) -> None:
    wheel = birds.pth_wheel(hostile.index.folder, hostile.canary)
    environment = hostile.raw_environment("env")
    python = environment / "bin" / "python"
    installed = hostile.user.uv("pip", "install", "--python", python, wheel, "--no-index", cwd=environment)
    assert installed.returncode == 0, installed.stderr
    hostile.canary.reset()
    for program in (["python", "-I", "-c", ""], ["python", "-I", "-m", "site"]):
        subprocess.run([environment / "bin" / program[0], *program[1:]], check=False, capture_output=True)
        assert hostile.canary.fired
        hostile.canary.reset()
    for line in (["check"], ["install", "beta", "--compile-bytecode", "--default-index", hostile.index.url]):
        hostile.user.uv("pip", *line, "--python", python, cwd=environment, UV_CACHE_DIR=str(environment / "cache"))
        assert hostile.canary.fired, f"the engine starts it: {line}"
        hostile.canary.reset()

    path = notebook(hostile.user.folder, "pthbird")
    assert hostile.user.cli("lock", path).code == 0
    assert hostile.user.cli("sync", path, UV_COMPILE_BYTECODE="1").code == 0
    sealed = hostile.user.cli("env", "info", "--json", path).entry
    active = {"VIRTUAL_ENV": sealed["path"], "PATH": f"{Path(sealed['python']).parent}{os.pathsep}{os.environ['PATH']}"}
    for line in (["status", path], ["show", path], ["add", path, "beta"], ["undo", path], ["python", path], ["env", "gc"]):
        assert hostile.user.cli(*line, **active).code == 0
    assert hostile.user.cli("doctor", **active).code in (0, 1)
    assert not hostile.canary.fired
    assert hostile.user.cli("exec", path, "--", "python", "-c", "").code == 0
    assert set(hostile.canary.voices) == {"pth"}, "when the user runs it, it runs"


# Builds


@pytest.mark.counts("hostile", "sources, folders, editables, git")
@pytest.mark.parametrize("kind", ["setup.py", "backend"])
def test_no_source_is_built_to_lock_or_to_install(hostile: HostileFolder, kind: str) -> None:
    if kind == "setup.py":
        birds.setup_sdist(hostile.index.folder, hostile.canary, name="bird")
    else:
        birds.backend_sdist(hostile.index.folder, hostile.canary, name="bird")
    hostile.user.uv_lock("p", "bird")
    if kind == "backend":
        environment = hostile.raw_environment("env")
        python = environment / "bin" / "python"
        hostile.user.uv("pip", "install", "--python", python, "bird", "--default-index", hostile.index.url)
    assert set(hostile.canary.voices) == {kind}
    hostile.canary.reset()

    path = notebook(hostile.user.folder, "bird")
    before = snapshot(hostile.user.folder)
    for line in (("lock", path), ("add", path, "alpha"), ("sync", path)):
        ran = hostile.user.cli(line[0], "--json", *line[1:])
        assert ran.code in (1, 4)
        if line[0] != "sync":
            assert (ran.code, ran.error["code"]) == (4, "needs-build")
            assert "bird" in ran.error["message"]
            assert "[tool.jupyter-dep] build" in ran.error["hint"]
    assert not hostile.canary.fired
    assert snapshot(hostile.user.folder) == before
    named = notebook(hostile.user.folder, "bird", toml='[tool.jupyter-dep]\nbuild = ["bird"]', name="named")
    ran = hostile.user.cli("lock", "--json", named)
    assert (ran.code, ran.error["code"]) == (6, "consent-missing"), "the notebook's author cannot permit it"
    assert not hostile.canary.fired
    assert hostile.user.cli("trust", "allow", named, "--allow", "build:bird").code == 0
    assert hostile.user.cli("lock", named).code == 0
    assert hostile.user.cli("sync", named).code == 0
    assert hostile.canary.fired, "after the yes it is built"


def entry(kind: str, hostile: HostileFolder, tmp_path: Path) -> tuple[str, str]:
    """A lock's entry of a source without index, and the item that asks for it."""
    project = birds.directory_project(tmp_path / "dirbird", hostile.canary)
    if kind == "directory":
        return f'directory = {{ path = "{project}" }}', f"path:{project}"
    if kind == "editable":
        return f'directory = {{ path = "{project}", editable = true }}', f"path:{project}"
    if kind == "archive":
        archive = birds.backend_sdist(hostile.stranger.folder, hostile.canary, name="dirbird")
        digest = hashlib.sha256(archive.read_bytes()).hexdigest()
        url = f"{hostile.stranger.files_url}/{archive.name}"
        return f'archive = {{ url = "{url}", hashes = {{ sha256 = "{digest}" }} }}', f"archive:{url}"
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org", "-C", str(project)]
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "x"]):
        subprocess.run([*git, *words], check=True, capture_output=True)
    commit = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    url = project.as_uri()
    return f'vcs = {{ type = "git", url = "{url}", commit-id = "{commit}" }}', f"vcs:git+{url}@{commit}"


@pytest.mark.counts("hostile", "sources, folders, editables, git")
@posix
@pytest.mark.parametrize("kind", ["directory", "editable", "archive", "git"])
def test_a_locks_source_runs_its_build_only_after_a_yes_of_its_own(hostile: HostileFolder, tmp_path: Path, kind: str) -> None:
    if kind == "git" and shutil.which("git") is None:
        pytest.skip("git is not here")
    text, item = entry(kind, hostile, tmp_path)
    lone = f'lock-version = "1.0"\ncreated-by = "x"\n[[packages]]\nname = "dirbird"\nversion = "1.0"\n{text}\n'
    done = hostile.raw_sync(hostile.raw_environment("env"), lone, UV_NO_BUILD="1")
    assert hostile.canary.fired, f"the variable does not stop the engine: {done.stderr}"
    hostile.canary.reset()
    hostile.stranger.clear()

    path = notebook(hostile.user.folder, "alpha<2")
    lock = hostile.user.lock(path)
    content = f'[[packages]]\nname = "dirbird"\nversion = "1.0"\n{text}\n\n[tool.jupyter-dep]'
    lock.write_text(lock.read_text("utf-8").replace("[tool.jupyter-dep]", content), "utf-8")
    for verb in ("sync", "run", "exec"):
        ran = hostile.user.cli(verb, "--json", path, *(["--", "true"] if verb == "exec" else []))
        assert (ran.code, ran.error["code"]) == (6, "consent-missing"), ran.said
        assert item in ran.error["hint"]
    assert hostile.user.cli("trust", "allow", path).code == 6
    assert not hostile.canary.fired
    assert hostile.stranger.requests == []
    allowed = hostile.user.cli("trust", "allow", path, "--allow", item)
    assert allowed.code == 0, allowed.said
    assert not hostile.canary.fired, "a yes is not a start"
    hostile.user.cli("sync", path)
    assert hostile.canary.fired, "the yes was for this"


# Hashes


LONE = """\
lock-version = "1.0"
created-by = "x"
[[packages]]
name = "alpha"
version = "1.1"
{index}wheels = [{{ name = "alpha-1.1-py3-none-any.whl", url = "{url}", hashes = {{ {hashes} }} }}]
"""


@pytest.mark.counts("hostile", "hashes: wrong, empty, md5")
@posix
@pytest.mark.parametrize(
    ("hashes", "installs"),
    [('sha256 = "' + "0" * 64 + '"', False), ("", True), ('md5 = "{md5}"', True)],
    ids=["wrong", "empty", "md5"],
)
def test_only_the_locked_bytes_are_installed(hostile: HostileFolder, toys: Path, hashes: str, installs: bool) -> None:
    wheel = toys / "alpha-1.1-py3-none-any.whl"
    md5 = hashlib.md5(wheel.read_bytes(), usedforsecurity=False).hexdigest()
    hashes = hashes.format(md5=md5)
    url = f"{hostile.index.files_url}/{wheel.name}"
    done = hostile.raw_sync(hostile.raw_environment("env"), LONE.format(url=url, hashes=hashes, index=""))
    assert (done.returncode == 0) is installs, done.stderr

    path = notebook(hostile.user.folder, "alpha==1.1")
    lock = hostile.user.lock(path)
    hostile.index.clear()
    text = lock.read_text("utf-8")
    lock.write_text(re.sub(r"(alpha-1\.1-py3[^}]*hashes = \{)[^}]*\}", rf"\1 {hashes} }}", text), "utf-8")
    assert lock.read_text("utf-8") != text
    ran = hostile.user.cli("sync", "--json", path)
    if installs:
        assert (ran.code, ran.error["code"]) in ((1, "unsafe-lock"), (1, "bad-lock")), ran.said
    else:
        assert (ran.code, ran.error["code"]) == (6, "host-not-vouched"), ran.said
    assert hostile.index.asked("/files/*.whl") == []
    assert hostile.kept() == []


@pytest.mark.counts("hostile", "hashes: wrong, empty, md5")
def test_bytes_that_the_index_replaced_are_refused(hostile: HostileFolder) -> None:
    build_wheel(hostile.index.folder, "zeta", "1.0")
    path = notebook(hostile.user.folder, "zeta")
    hostile.user.lock(path)
    before = snapshot(hostile.user.folder)
    build_wheel(hostile.index.folder, "zeta", "1.0", files={"zeta/more.py": "replaced = True\n"})
    ran = hostile.user.cli("sync", "--json", path)
    assert (ran.code, ran.error["code"]) == (1, "hash-mismatch"), ran.said
    assert "zeta" in ran.error["message"]
    assert hostile.kept() == []
    assert snapshot(hostile.user.folder) == before


# The working folder


@pytest.mark.counts("hostile", ".python-version, uv.toml, .venv, the engine's variables and locks")
@posix
def test_what_lies_in_the_working_folder_is_not_obeyed(hostile: HostileFolder) -> None:
    birds.trapped_folder(hostile.user.folder, hostile.canary, hostile.stranger.url)
    (hostile.user.folder / "pip.conf").write_text(f"[global]\nindex-url = {hostile.stranger.url}\n")
    (hostile.user.folder / ".env").write_text(f"UV_DEFAULT_INDEX={hostile.stranger.url}\n")
    build_wheel(hostile.stranger.folder, "alpha", "9.0")
    hostile.user.uv("pip", "list", "--no-config")
    assert "python" in hostile.canary.voices, "`.venv/bin/python` is started, even without configuration"
    assert "2.7" in hostile.user.uv("python", "find", "--no-project").stderr, "`.python-version` is obeyed"
    (hostile.user.folder / "names.in").write_text("alpha\n")
    hostile.user.uv("pip", "compile", "--python", sys.executable, "names.in")
    assert hostile.stranger.asked("/simple/alpha/"), "`uv.toml` is obeyed"
    hostile.stranger.clear()
    (hostile.user.folder / "uv.toml").rename(hostile.user.folder / "uv.off")
    (hostile.user.folder / "pyproject.toml").write_text(
        '[project]\nname = "trap"\nversion = "0"\nrequires-python = "==2.7.*"\n'
        f'[[tool.uv.index]]\nname = "s"\nurl = "{hostile.stranger.url}"\ndefault = true\n'
    )
    hostile.user.uv("pip", "compile", "--python", sys.executable, "names.in")
    assert hostile.stranger.asked("/simple/alpha/"), "`pyproject.toml` is obeyed"
    (hostile.user.folder / "uv.off").rename(hostile.user.folder / "uv.toml")
    hostile.canary.reset()
    hostile.stranger.clear()

    programs = f"{hostile.user.folder / '.venv' / 'bin'}{os.pathsep}.{os.pathsep}{os.environ['PATH']}"
    path = hostile.user.folder / "fresh.ipynb"
    init = ["init", path, "--notebook"]  # the folder is a project by its `pyproject.toml`
    for line in (init, ["add", path, "alpha<2"], ["sync", path], ["status", path], ["update", path]):
        ran = hostile.user.cli(*line, PATH=programs)
        assert ran.code == 0, ran.said
    assert hostile.user.cli("doctor", PATH=programs).code in (0, 1)
    assert 'version = "1.1"' in lock_path(path).read_text("utf-8")
    assert hostile.stranger.requests == []
    assert not hostile.canary.fired


def test_a_project_above_the_temporary_folder_says_nothing(hostile: HostileFolder, tmp_path: Path) -> None:
    """Where users share `/tmp`, any of them may lay a `pyproject.toml` there that takes our project for a part of its own."""
    shared = tmp_path / "shared"
    ours = shared / "jupyter-dep-raw"
    ours.mkdir(parents=True)
    build_wheel(hostile.stranger.folder, "alpha", "9.0")
    (shared / "pyproject.toml").write_text(
        '[project]\nname = "trap"\nversion = "0"\n[tool.uv.workspace]\nmembers = ["jupyter-dep-*"]\n'
        f'[tool.uv.sources]\nalpha = {{ index = "s" }}\n[[tool.uv.index]]\nname = "s"\nurl = "{hostile.stranger.url}"\n'
    )
    (ours / "pyproject.toml").write_text(
        f'[project]\nname = "raw"\nversion = "0"\nrequires-python = ">={MINOR}"\ndependencies = ["alpha"]\n'
    )
    hostile.user.uv("lock", "--no-config", "--python", sys.executable, cwd=ours, UV_DEFAULT_INDEX=hostile.index.url)
    assert hostile.stranger.asked("/simple/alpha/"), "the engine looks for a workspace above"
    shutil.rmtree(ours)
    hostile.stranger.clear()

    path = notebook(hostile.user.folder, "alpha")
    for text in (None, "this is no TOML ["):
        if text is not None:
            (shared / "pyproject.toml").write_text(text)
            lock_path(path).unlink()
        ran = hostile.user.cli("lock", path, TMPDIR=str(shared))
        assert ran.code == 0, ran.said
        assert 'version = "1.1"' in lock_path(path).read_text("utf-8") or 'version = "2.0"' in lock_path(path).read_text(
            "utf-8"
        )
    assert hostile.stranger.requests == []


SHADOWED = (
    "uv", "json", "packaging", "tomlkit", "filelock", "platformdirs", "virtualenv", "nbformat", "rich", "jupyter_dep",
    "jupyter_dep_cli", "jupyter_dep_kernels", "sitecustomize", "usercustomize", "zmq", "ipykernel_launcher", "ctypes",
    "secrets", "shlex", "tempfile", "IPython", "jupyter_client", "nbclient", "python_discovery", "distlib",
)  # fmt: skip


@pytest.mark.counts("hostile", "modules beside the notebook")
@posix
def test_modules_beside_the_notebook_are_not_imported_by_what_we_start(hostile: HostileFolder) -> None:
    for name in SHADOWED:
        (hostile.user.folder / f"{name}.py").write_text(hostile.canary.python(name) + "\n")
    subprocess.run([sys.executable, "-m", "virtualenv", "--version"], cwd=hostile.user.folder, capture_output=True, check=False)
    assert hostile.canary.fired, "`python -m` from that folder imports them"
    hostile.canary.reset()

    path = notebook(hostile.user.folder, "alpha<2")
    for line in (["lock", path], ["sync", path], ["add", path, "beta"], ["status", path], ["doctor"]):
        assert hostile.user.cli(*line).code == 0
    assert not hostile.canary.fired


@pytest.mark.counts("hostile", "modules beside the notebook")
@posix
def test_the_kernels_first_process_and_the_agent_import_nothing_from_the_notebooks_folder(hostile: HostileFolder) -> None:
    """Opening a stranger's notebook starts these, in its folder, before anybody said yes."""
    from jupyter_dep_kernels.kernelspecs import DiskKernelRegistry
    from jupyter_dep_kernels.start import launch_spec

    for name in SHADOWED:
        (hostile.user.folder / f"{name}.py").write_text(hostile.canary.python(name) + "\n")
    path = notebook(hostile.user.folder, "alpha<2")
    data = hostile.user.home / "jupyter"
    spec = json.loads((DiskKernelRegistry(data=data).setup().folder / "kernel.json").read_text("utf-8"))
    assert spec["argv"][1] == "-P"
    opening = (
        "import sys, pathlib; from jupyter_dep_kernels import shim; "
        "plan = shim.plan(['-f', 'c.json', '--project', sys.argv[1]], dict(), pathlib.Path.cwd()); print(plan.argv)"
    )
    unsafe = [sys.executable, "-c", opening, str(path)]
    env = hostile.user.environ()
    subprocess.run(unsafe, cwd=hostile.user.folder, env=env, capture_output=True, check=False, timeout=60)
    assert hostile.canary.fired, "without safe path they are imported"
    hostile.canary.reset()
    safe = [sys.executable, "-P", "-c", opening, str(path)]
    done = subprocess.run(safe, cwd=hostile.user.folder, env=env, capture_output=True, text=True, check=False, timeout=60)
    assert "jupyter_dep_kernels.placeholder" in done.stdout or "launcher.py" in done.stdout, done.stderr
    agent = json.loads(
        launch_spec.launch_environment(
            Ready(key="k", path="/e", python="/e/python", notebook=None),
            "c.json",
            {},
        ).env[launch_spec.CONTEXT]
    )["agent"]
    request = json.dumps({"type": "request", "id": 1, "line": "status", "notebook": str(path), "cwd": str(hostile.user.folder)})
    beside = subprocess.Popen(
        agent,
        cwd=hostile.user.folder,
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert beside.stdin is not None and beside.stdout is not None
    beside.stdin.write(request + "\n")
    beside.stdin.flush()
    said = beside.stdout.readline()
    beside.communicate(timeout=60)
    assert '"outcome"' in said, said
    assert not hostile.canary.fired


# Variables


@pytest.mark.counts("hostile", ".python-version, uv.toml, .venv, the engine's variables and locks")
def test_the_engines_variables_do_not_change_what_is_locked(hostile: HostileFolder, tmp_path: Path) -> None:
    constraint = tmp_path / "constraint.txt"
    constraint.write_text("alpha==1.0\n")
    switches = {
        "UV_EXCLUDE_NEWER": "2020-01-01T00:00:00Z",
        "UV_RESOLUTION": "lowest",
        "UV_OFFLINE": "1",
    }
    plain = hostile.user.uv_lock("plain", "alpha<2")
    assert 'version = "1.1"' in plain
    for name, value in switches.items():
        changed = hostile.user.uv_lock(
            name, "alpha<2", options=("--no-config",), **{name: value, "UV_CACHE_DIR": str(tmp_path / name)}
        )
        assert changed != plain, name

    path = notebook(hostile.user.folder, "alpha<2")
    build_env = {"UV_CONSTRAINT": str(constraint), "UV_OVERRIDE": str(constraint), "UV_BUILD_CONSTRAINT": str(constraint)}
    more = {
        "UV_PYTHON": "2.7",
        "UV_PROJECT_ENVIRONMENT": str(tmp_path),
        "UV_WORKING_DIR": str(tmp_path),
        "PIP_CONSTRAINT": str(constraint),
    }
    ran = hostile.user.cli("lock", path, **switches, **build_env, **more)
    assert ran.code == 0, ran.said
    assert 'version = "1.1"' in lock_path(path).read_text("utf-8")
    ran = hostile.user.cli("sync", path, **switches, **more, UV_LINK_MODE="symlink", UV_TARGET=str(tmp_path / "target"))
    assert ran.code == 0, ran.said
    assert not (tmp_path / "target").exists()


@pytest.mark.counts("hostile", "credentials: by an index's name, keyring, netrc, ${VAR}")
def test_a_variable_in_an_address_is_not_filled_in(hostile: HostileFolder) -> None:
    url = f"{hostile.stranger.files_url}/${{SECRET}}/alpha-9.0-py3-none-any.whl"
    hostile.user.uv_lock("p", f"alpha @ {url}", SECRET="hunter2")
    (hostile.user.folder / "names.in").write_text(f"alpha @ {url}\n")
    hostile.user.uv("pip", "compile", "--no-config", "--python", sys.executable, "names.in", SECRET="hunter2")
    assert any("hunter2" in asked for asked in hostile.stranger.asked()), hostile.stranger.asked()
    hostile.stranger.clear()

    path = notebook(hostile.user.folder, f"alpha @ {url}")
    for line in (["lock", path], ["status", path], ["sync", path]):
        ran = hostile.user.cli(line[0], "--json", *line[1:], SECRET="hunter2")
        assert (ran.code, ran.error["code"]) == (1, "variable-in-declaration")
        assert ran.error["context"] == {"file": "nb.ipynb", "cell": 1, "entry": 1}
    typed = hostile.user.cli("add", "--json", notebook(hostile.user.folder), f"alpha @ {url}", SECRET="hunter2")
    assert typed.error["code"] == "variable-in-declaration"
    assert hostile.stranger.requests == []


# Wheels that reach beyond their own files


def hostile_wheel(kind: str, folder: Path) -> Path:
    data = "bird-1.0.data"
    if kind == "pyvenv.cfg and activate":
        return birds.data_wheel(folder, name="bird")
    if kind == "bin/python":
        return build_wheel(folder, "bird", "1.0", files={f"{data}/data/bin/python3.99": "x", f"{data}/data/bin/python": "x"})
    if kind == "another distribution":
        info = "ghost-1.0.dist-info"
        files = {f"{data}/purelib/{info}/METADATA": "Metadata-Version: 2.1\nName: ghost\nVersion: 1.0\n"}
        return build_wheel(folder, "bird", "1.0", files={**files, f"{data}/purelib/{info}/RECORD": ""})
    if kind == "another package's files":
        return build_wheel(folder, "bird", "1.0", requires=["beta"], files={"beta/__init__.py": "stolen = True\n"})
    raise AssertionError(kind)


@pytest.mark.counts("hostile", "wheels that reach beyond their own files")
@posix
@pytest.mark.parametrize(
    ("kind", "laid"),
    [
        ("pyvenv.cfg and activate", "pyvenv.cfg"),
        ("bin/python", ""),
        ("another distribution", "lib/python*/site-packages/ghost-1.0.dist-info/RECORD"),
        ("another package's files", "lib/python*/site-packages/beta/__init__.py"),
    ],
)
def test_a_wheel_that_reaches_beyond_its_own_files_is_not_sealed(
    hostile: HostileFolder, tmp_path: Path, kind: str, laid: str
) -> None:
    wheel = hostile_wheel(kind, hostile.index.folder)
    environment = hostile.raw_environment("env")
    before = snapshot(environment)
    done = hostile.user.uv(
        "pip", "install", "--python", environment / "bin/python", wheel, "--no-deps", "--no-index", cwd=tmp_path
    )
    if laid:
        assert done.returncode == 0, done.stderr
        (found,) = environment.glob(laid)
        name = str(found.relative_to(environment))
        assert before.get(name) != snapshot(environment)[name], "the engine lets it"
    else:
        assert "reserved name" in done.stderr, "here the engine itself minds"

    path = notebook(hostile.user.folder, "bird")
    untouched = snapshot(hostile.user.folder)
    ran = hostile.user.cli("add", "--json", path, "alpha<2")
    assert ran.code == 1, f"{kind}: {ran.said}"
    assert ran.error["code"] in ("hostile-wheel", "incomplete-environment", "engine-failed"), ran.said
    assert ran.error["hint"]
    assert hostile.kept() == []
    assert snapshot(hostile.user.folder) == untouched
    assert hostile.user.cli("status", "--json", path).entry["environment"]["sealed"] is False


@pytest.mark.counts("hostile", "wheels that reach beyond their own files")
@posix
@pytest.mark.parametrize("depth", [1, 4, 6, 12])
def test_a_path_in_a_wheel_that_leads_up_leaves_nothing_outside(hostile: HostileFolder, tmp_path: Path, depth: int) -> None:
    wheel = birds.escaping_wheel(hostile.index.folder, depth=depth)
    with zipfile.ZipFile(wheel) as archive:
        (member,) = [name for name in archive.namelist() if birds.MARK in name]
    assert member.startswith("../" * depth)
    path = notebook(hostile.user.folder, "escapebird")
    hostile.user.cli("lock", path)
    ran = hostile.user.cli("sync", path)
    store = hostile.user.home / "dep" / "data" / "store" / "e"
    for folder in (store, *store.parents):
        assert not list(folder.glob(f"{birds.MARK}*")), folder
    assert birds.overwritten(hostile.user.folder) == []
    assert ran.code in (0, 1)


@pytest.mark.counts("hostile", "a .pth, and what starts an environment's Python")
@posix
def test_a_build_beside_a_pth_does_not_start_the_environment(hostile: HostileFolder) -> None:
    """A second step of the engine into the same environment must not ask its Python anything."""
    birds.pth_wheel(hostile.index.folder, hostile.canary)
    birds.backend_sdist(hostile.index.folder, hostile.canary)
    path = notebook(hostile.user.folder, "pthbird", "backendbird", toml='[tool.jupyter-dep]\nbuild = ["backendbird"]')
    assert hostile.user.cli("trust", "allow", path, "--allow", "build:backendbird").code == 0
    assert hostile.user.cli("lock", path).code == 0
    assert hostile.user.cli("sync", path).code == 0
    assert set(hostile.canary.voices) == {"backend"}


@posix
def test_an_add_beside_a_pth_does_not_start_the_environment(hostile: HostileFolder) -> None:
    """It links in two steps: what is locked already while the engine resolves, and then the rest."""
    birds.pth_wheel(hostile.index.folder, hostile.canary)
    path = notebook(hostile.user.folder, "pthbird")
    assert hostile.user.cli("lock", path).code == 0
    assert hostile.user.cli("sync", path).code == 0
    assert hostile.user.cli("add", path, "alpha<2").code == 0
    assert not hostile.canary.fired


@posix
@pytest.mark.parametrize("added", [False, True])
def test_bytecode_that_a_wheel_brings_runs_nowhere(hostile: HostileFolder, added: bool) -> None:
    """Python believes bytecode of the unchecked kind without a look at its source, whichever package brought it."""
    birds.bytecode_wheel(hostile.index.folder, hostile.canary, "beta")
    environment = hostile.raw_environment("env")
    python = environment / "bin" / "python"
    names = ("beta", "bytebird")
    done = hostile.user.uv("pip", "install", "--python", python, *names, "--default-index", hostile.index.url, cwd=environment)
    assert done.returncode == 0, done.stderr
    subprocess.run([python, "-I", "-c", "import beta"], check=True)
    assert hostile.canary.fired, "the engine installs it, and Python runs it"
    hostile.canary.reset()

    path = notebook(hostile.user.folder, "bytebird" if added else "beta")
    assert hostile.user.cli("lock", path).code == 0
    assert hostile.user.cli("sync", path).code == 0
    assert hostile.user.cli("add", path, "beta" if added else "bytebird").code == 0
    assert hostile.user.cli("exec", path, "--", "python", "-c", "import beta").code == 0
    assert hostile.user.cli("remove", path, "bytebird").code == 0
    assert hostile.user.cli("exec", path, "--", "python", "-c", "import beta").code == 0
    assert not hostile.canary.fired


@pytest.mark.counts("hostile", "wheels that reach beyond their own files")
@posix
def test_a_kernel_that_a_wheel_brings_is_not_offered_by_jupyter(hostile: HostileFolder) -> None:
    birds.kernel_wheel(hostile.index.folder, hostile.canary)
    path = notebook(hostile.user.folder, "kernelbird")
    assert hostile.user.cli("lock", path).code == 0
    assert hostile.user.cli("sync", path).code == 0
    environment = Path(hostile.user.cli("env", "info", "--json", path).entry["path"])
    assert (environment / "share/jupyter/kernels/evil/kernel.json").exists(), "the wheel's file is there"
    listing = [sys.executable, "-P", "-c", "from jupyter_client.kernelspec import find_kernel_specs as f; print(sorted(f()))"]

    def offered(**env: str) -> str:
        return subprocess.run(
            listing,
            env=hostile.user.environ(**env),
            cwd=hostile.user.folder,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout

    assert "evil" in offered(JUPYTER_PATH=str(environment / "share/jupyter")), "on Jupyter's paths it would be offered"
    assert "evil" not in offered()
    ran = hostile.user.cli("exec", path, "--", sys.executable, "-P", "-c", "import os; print(os.environ.get('JUPYTER_PATH'))")
    assert ran.out.strip() == "None"
    assert not hostile.canary.fired


# Caches and engine locks that somebody doctored


@pytest.mark.counts("hostile", "a poisoned cache, by hard links")
@posix
def test_a_poisoned_cache_is_found_and_cleaned_by_doctor(hostile: HostileFolder, tmp_path: Path) -> None:
    """Hard links: one edit in place is in the engine's cache and in every later environment, at the same size."""
    path = notebook(hostile.user.folder, "alpha<2")
    assert hostile.user.cli("lock", path).code == 0
    assert hostile.user.cli("sync", path).code == 0
    environment = Path(hostile.user.cli("env", "info", "--json", path).entry["path"])
    module = site_of(environment) / "alpha" / "__init__.py"
    clean = module.read_bytes()
    if module.stat().st_nlink < 2:
        pytest.skip("this file system has no hard links")
    status = module.stat()
    module.chmod(0o644)
    with module.open("r+b") as file:
        file.write(b"#" * len(clean))
    os.utime(module, ns=(status.st_atime_ns, status.st_mtime_ns))
    raw = hostile.raw_environment("env")
    url = f"{hostile.index.files_url}/alpha-1.1-py3-none-any.whl"
    lone = LONE.format(url=url, hashes=alpha_hash(lock_path(path)), index=f'index = "{hostile.index.url}"\n')
    done = hostile.raw_sync(raw, lone, UV_CACHE_DIR=str(hostile.user.home / "dep/data/engine"))
    assert done.returncode == 0, done.stderr
    assert (site_of(raw) / "alpha/__init__.py").read_bytes() != clean, "the engine links the poison into a new environment"

    ran = hostile.user.cli("doctor", "--full", "--json")
    assert ran.code == 1
    assert list(ran.entry["damaged"].values()) == [{"alpha": [module.relative_to(environment).as_posix()]}]
    assert hostile.user.cli("status", "--json", path).entry["environment"]["sealed"] is False
    assert hostile.user.cli("sync", path).code == 0
    fresh = Path(hostile.user.cli("env", "info", "--json", path).entry["path"])
    assert (site_of(fresh) / "alpha/__init__.py").read_bytes() == clean


def alpha_hash(lock: Path) -> str:
    found = re.search(r'alpha-1\.1-py3[^}]*hashes = \{ (sha256 = "[0-9a-f]+")', lock.read_text("utf-8"))
    assert found is not None
    return found[1]


@pytest.mark.counts("hostile", ".python-version, uv.toml, .venv, the engine's variables and locks")
def test_an_engine_lock_that_lies_around_decides_nothing(hostile: HostileFolder) -> None:
    raw = hostile.user.home / "raw" / "p"
    locked = hostile.user.uv_lock("p", "alpha<2", "beta")
    doctored = locked.replace('    { name = "beta" },\n', "", 1)
    (raw / "uv.lock").write_text(doctored)
    assert doctored != locked
    check = hostile.user.uv("lock", "--check", "--python", sys.executable, cwd=raw, UV_DEFAULT_INDEX=hostile.index.url)
    assert check.returncode == 0, "the engine does not miss the declared package"

    shutil.copy(raw / "uv.lock", hostile.user.folder / "uv.lock")
    shutil.copy(raw / "pyproject.toml", hostile.user.folder / "pyproject.toml")
    path = notebook(hostile.user.folder, "alpha<2", "beta")
    assert hostile.user.cli("lock", path).code == 0
    assert {"alpha", "beta"} <= set(hostile.user.cli("status", "--json", path).entry["locked"])


# Time


def test_a_bare_date_means_the_same_day_everywhere(hostile: HostileFolder, toys: Path, tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path / "late", "omega", "2.0")
    build_wheel(hostile.index.folder, "omega", "1.0")
    hostile.index.add(wheel, upload_time="2026-06-16T03:00:00Z")
    zones = ("Etc/GMT+12", "Pacific/Kiritimati")
    control = {
        hostile.user.uv_lock(zone.replace("/", "-"), "omega", toml='[tool.uv]\nexclude-newer = "2026-06-15"', TZ=zone).count(
            "omega-2.0"
        )
        for zone in zones
    }
    assert control == {0, 1}, "for the engine it is the day of the machine's own time zone"

    for key, value in (("exclude-newer", '"2026-06-15"'), ("exclude-newer-package", '{ omega = "2026-06-15" }')):
        locks = set()
        for zone in zones:
            path = notebook(hostile.user.folder, "omega", toml=f"[tool.uv]\n{key} = {value}")
            lock_path(path).unlink(missing_ok=True)
            assert hostile.user.cli("lock", path, TZ=zone).code == 0
            locks.add(lock_path(path).read_bytes())
        assert len(locks) == 1
        assert b"omega-1.0" in locks.pop()


def test_dates_reach_the_engine_as_timestamps_in_utc(hostile: HostileFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """The scrubbed environment hides the variable TZ, but a machine's own time zone needs no variable."""
    seen: list[str] = []
    whole = uv.manifest

    def seeing(request: LockRequest) -> str:
        seen.append(whole(request))
        return seen[-1]

    monkeypatch.setattr(uv, "manifest", seeing)
    toml = '[tool.uv]\nexclude-newer = "2026-06-15"\nexclude-newer-package = { alpha = "2026-06-15", beta = false }'
    relock(notebook(hostile.user.folder, "alpha", toml=toml), hostile.user.services(), CommandContext(sync=False))
    assert seen[0].count('"2026-06-16T00:00:00Z"') == 2
    assert '"2026-06-15"' not in seen[0]
    for words in ("1 week", "yesterday", "2026-06-15T12:00:00"):
        bad = notebook(hostile.user.folder, "alpha", toml=f'[tool.uv]\nexclude-newer-package = {{ alpha = "{words}" }}')
        with pytest.raises(DepError) as caught:
            relock(bad, hostile.user.services(), CommandContext(sync=False))
        assert caught.value.code == "bad-cutoff"


@pytest.mark.counts("network", "a trickle")
def test_a_server_that_trickles_is_given_up_in_the_end(hostile: HostileFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    hostile.index.trickle("/simple/alpha/", 30)
    folder = hostile.user.home / "raw" / "slow"
    folder.mkdir(parents=True)
    (folder / "names.in").write_text("alpha\n")
    slow = subprocess.Popen(
        [find_uv_bin(), "pip", "compile", "--no-config", "--python", sys.executable, "names.in"],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "UV_DEFAULT_INDEX": hostile.index.url, "UV_HTTP_TIMEOUT": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    monkeypatch.setattr(uv, "LOCK_DEADLINE", 2.0)
    started = time.monotonic()
    with pytest.raises(DepError) as caught:
        relock(notebook(hostile.user.folder, "alpha"), hostile.user.services(), CommandContext(sync=False))
    assert caught.value.code == "engine-timeout"
    assert time.monotonic() - started < 10
    try:
        assert slow.poll() is None, "the engine's own limit of one second did not end it"
    finally:
        slow.kill()
        slow.wait()
    assert not lock_path(hostile.user.folder / "nb.ipynb").exists()


# The keys that a declaration may hold


FORBIDDEN = {
    "keyring-provider": '"subprocess"',
    "find-links": '["/tmp"]',
    "index-url": '"http://127.0.0.1:9/simple"',
    "extra-index-url": '["http://127.0.0.1:9/simple"]',
    "index-strategy": '"unsafe-best-match"',
    "allow-insecure-host": '["h.example"]',
    "native-tls": "true",
    "cache-dir": '"/tmp/cache"',
    "no-build": "false",
    "no-build-package": "[]",
    "no-build-isolation": "true",
    "build-constraint-dependencies": "[]",
    "extra-build-dependencies": "{ alpha = ['beta'] }",
    "config-settings": "{ x = 'y' }",
    "dependency-metadata": "[{ name = 'alpha', version = '1.0' }]",
    "python-downloads": '"automatic"',
    "python-install-mirror": '"http://127.0.0.1:9"',
    "python-preference": '"managed"',
    "preview": "true",
    "compile-bytecode": "true",
    "link-mode": '"symlink"',
    "no-verify-hashes": "true",
    "pip": "{ system = true }",
    "workspace": "{ members = ['*'] }",
    "dev-dependencies": "['alpha']",
    "conflicts": "[]",
    "package": "true",
    "cache-keys": "[]",
    "required-version": '"<1"',
    "http-proxy": '"http://127.0.0.1:9"',
}


@pytest.mark.counts("hostile", ".python-version, uv.toml, .venv, the engine's variables and locks")
def test_every_other_key_of_the_engine_is_refused_by_its_name(hostile: HostileFolder) -> None:
    for at, (key, value) in enumerate(FORBIDDEN.items()):
        path = notebook(hostile.user.folder, "alpha", name=f"n{at}", toml=f"[tool.uv]\n{key} = {value}")
        with pytest.raises(DepError) as caught:
            relock(path, hostile.user.services(), CommandContext(sync=False))
        assert caught.value.code == "unsupported-key", key
        assert caught.value.context == {"file": path.name, "cell": 1, "key": f"tool.uv.{key}"}
        assert "`exclude-newer`" in str(caught.value.hint)
    assert hostile.index.requests == []
    ran = hostile.user.cli("lock", "--json", hostile.user.folder / "n0.ipynb")
    assert (ran.code, ran.error["code"]) == (1, "unsupported-key")


@pytest.mark.counts("hostile", ".python-version, uv.toml, .venv, the engine's variables and locks")
@pytest.mark.parametrize("key", ["authenticate", "ignore-error-codes", "cache-control", "exclude-newer", "publish-url"])
def test_keys_of_a_declared_index_are_refused_too(hostile: HostileFolder, key: str) -> None:
    toml = f'[[tool.uv.index]]\nname = "s"\nurl = "{hostile.stranger.url}"\n{key} = "always"'
    ran = hostile.user.cli("lock", "--json", notebook(hostile.user.folder, "alpha", toml=toml))
    assert (ran.code, ran.error["code"]) == (1, "unsupported-key")
    assert ran.error["context"]["key"] == f"tool.uv.index.{key}"
    assert hostile.stranger.requests == []


@pytest.mark.counts("hostile", "sources, folders, editables, git")
def test_a_source_archive_beside_wheels_stays_untouched(hostile: HostileFolder) -> None:
    build_sdist(hostile.index.folder, "zeta", "1.0", setup_py=hostile.canary.python("setup.py"))
    build_wheel(hostile.index.folder, "zeta", "1.0")
    path = notebook(hostile.user.folder, "zeta")
    assert hostile.user.cli("lock", path).code == 0
    assert hostile.user.cli("sync", path).code == 0
    assert not hostile.index.asked("/files/*.tar.gz")
    assert not hostile.canary.fired
