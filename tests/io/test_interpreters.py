"""Finding Pythons: what is chosen, what is remembered, what is never started."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import packaging
import pytest
from packaging.markers import Marker
from packaging.specifiers import SpecifierSet

from jupyter_dep.base.errors import DepError, UsageError
from jupyter_dep.io.python import discovery, probe_script
from jupyter_dep.io.python.interpreters import Interpreter, Interpreters
from jupyter_dep.io.system.process import Completed

posix = pytest.mark.skipif(sys.platform == "win32", reason="links and shell scripts")


class Machine:
    """A machine of pretended Pythons: files below a folder, and what each says when it is asked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.started: list[str] = []
        self.says: dict[str, dict[str, object] | Completed | DepError] = {}
        self.offered: list[Path] = []
        self.environ = {"PATH": str(folder / "bin"), "HOME": str(folder / "home")}
        (folder / "bin").mkdir()
        self.host = self.python("host", "3.11.0")

    def python(self, name: str, version: str, /, **facts: object) -> Path:
        """One more Python, found by the search; `facts` replace what it says of itself."""
        path = self.folder / "bin" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(version)
        numbers = "".join(filter(str.isdigit, ".".join(version.split(".")[:2])))
        said: dict[str, object] = {**probe_script.describe(), "executable": str(path), "version": version}
        said |= {"abi": f"cp{numbers}", "prerelease": not version.replace(".", "").isdigit()}
        self.says[str(path)] = {**said, **facts}
        self.offered.append(path)
        return path

    def run(self, argv: Sequence[str], *, cwd: Path, env: Mapping[str, str], timeout: float) -> Completed:
        assert list(argv[1:4]) == ["-I", "-S", "-B"]
        assert not any(name.startswith("PYTHONPATH") for name in env)
        self.started.append(argv[0])
        said = self.says[argv[0]]
        if isinstance(said, DepError):
            raise said
        if isinstance(said, Completed):
            return said
        return Completed(returncode=0, stdout=f"noise\n{probe_script.MARK}{json.dumps(said)}\nnoise\n", stderr="")

    def found(self, cache: str = "cache.json") -> Interpreters:
        def discover(environ: Mapping[str, str], folder: Path) -> Iterable[Path]:
            return list(self.offered)

        return Interpreters(
            self.folder / "state" / cache,
            environ=self.environ,
            run=self.run,
            discover=discover,
            host=str(self.host),
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def versions(interpreters: Iterable[Interpreter]) -> list[str]:
    return [one.version for one in interpreters]


def test_all_are_sorted_newest_first(machine: Machine) -> None:
    for version in ("3.9.1", "3.13.0", "3.10.12", "3.14.0rc2", "3.14.0rc1", "3.9.10"):
        machine.python(version, version)
    expected = ["3.14.0rc2", "3.14.0rc1", "3.13.0", "3.11.0", "3.10.12", "3.9.10", "3.9.1"]
    assert versions(machine.found().all()) == expected


def test_nothing_is_started_twice(machine: Machine) -> None:
    machine.python("a", "3.12.1")
    first = machine.found().all()
    machine.started.clear()
    assert machine.found().all() == first
    assert machine.started == []


def test_a_second_answer_takes_less_than_five_milliseconds(machine: Machine) -> None:
    for minor in range(8, 16):
        machine.python(f"python3.{minor}", f"3.{minor}.1")
    machine.found().all()
    interpreters = machine.found()
    assert best_of_five(lambda: interpreters.all()) < 0.005
    assert best_of_five(lambda: interpreters.cached_minor("3.12")) < 0.003


def best_of_five(call: object) -> float:
    assert callable(call)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


def test_a_python_installed_meanwhile_is_found_and_only_it_is_asked(machine: Machine) -> None:
    machine.found().all()
    machine.started.clear()
    new = machine.python("new", "3.12.4")
    assert versions(machine.found().all()) == ["3.12.4", "3.11.0"]
    assert machine.started == [str(new)]


def test_a_python_that_changed_is_asked_again_and_one_that_is_gone_is_forgotten(machine: Machine) -> None:
    changed, gone = machine.python("changed", "3.12.1"), machine.python("gone", "3.13.1")
    machine.found().all()
    machine.python("changed", "3.12.22")
    os.utime(changed, ns=(1, 1))
    gone.unlink()
    assert versions(machine.found().all(refresh=True)) == ["3.12.22", "3.11.0"]


def test_what_was_found_from_one_path_stays_known_from_another(machine: Machine) -> None:
    machine.python("a", "3.12.1")
    machine.found().all()
    machine.offered.clear()
    machine.environ["PATH"] = ""
    assert versions(machine.found().all()) == ["3.12.1", "3.11.0"]
    assert machine.found().find("3.12").version == "3.12.1"


def test_an_unreadable_cache_is_made_anew(machine: Machine) -> None:
    cache = machine.folder / "state" / "cache.json"
    machine.found().all()
    for content in ("", "[]", '{"format": 1}', '{"format": 1, "known": [[[1, 2], {"real": "x"}]]}'):
        cache.write_text(content)
        assert machine.found().cached_minor("3.11") is None
        assert versions(machine.found().all()) == ["3.11.0"]
        assert machine.found().cached_minor("3.11") is not None


@posix
def test_links_to_one_python_are_one(machine: Machine) -> None:
    for name in ("python", "python3"):
        link = machine.folder / "bin" / name
        link.symlink_to(machine.host)
        machine.offered.insert(0, link)
    (one,) = machine.found().all()
    assert one.real == os.path.realpath(machine.host)
    assert len(machine.started) == 1


@posix
def test_a_shim_stands_for_the_python_that_it_starts(machine: Machine) -> None:
    real = machine.python("real", "3.12.1")
    machine.offered.remove(real)
    machine.python("shim", "3.12.1", executable=str(real))
    assert machine.found().find("3.12").executable == str(real)


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"implementation": "pypy"}, "not CPython"),
        ({"version": "3.7.16"}, "older than 3.8"),
        ({"platform": "linux-armv7l", "bits": 32}, "linux-armv7l"),
        ({"platform": "linux-x86_64", "libc": "strange"}, "strange"),
        ({"version": "three"}, "does not answer like a Python"),
        ({"bits": 64, "unknown": 1}, "does not answer like a Python"),
    ],
)
def test_what_is_no_fitting_python_is_passed_over_with_the_reason(
    machine: Machine, facts: dict[str, object], reason: str
) -> None:
    odd = machine.python("odd", "3.12.1", **facts)
    interpreters = machine.found()
    assert versions(interpreters.all()) == ["3.11.0"]
    assert reason in interpreters.broken[str(odd)]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (Completed(returncode=1, stdout="", stderr="warning\nno such library\n"), "exit code 1: no such library"),
        (Completed(returncode=0, stdout="hello\n", stderr=""), "exit code 0"),
        (Completed(returncode=0, stdout=f"{probe_script.MARK}{{", stderr=""), "does not answer like a Python"),
        (DepError("program-missing", "`odd` could not be started", hint="x"), "could not be started"),
    ],
)
def test_a_broken_python_is_asked_once_and_again_only_on_request(
    machine: Machine, said: Completed | DepError, reason: str
) -> None:
    odd = machine.python("odd", "3.12.1")
    machine.says[str(odd)] = said
    machine.found().all()
    machine.started.clear()
    interpreters = machine.found()
    interpreters.all()
    assert reason in interpreters.broken[str(odd)]
    assert machine.started == []
    interpreters.all(refresh=True)
    assert machine.started == [str(odd)]


@pytest.mark.parametrize(
    ("wanted", "version", "abi"),
    [
        ("3.12", "3.12.9", "cp312"),
        ("3.12.1", "3.12.1", "cp312"),
        ("python3.12", "3.12.9", "cp312"),
        ("3", "3.13.2", "cp313"),
        ("3.13", "3.13.2", "cp313"),
        ("3.13t", "3.13.2", "cp313t"),
        (">=3.11,<3.13", "3.12.9", "cp312"),
        (">=3.11", "3.13.2", "cp313"),
        ("==3.12.1", "3.12.1", "cp312"),
        ("3.14", "3.14.0rc1", "cp314"),
        ("3.14.0rc1", "3.14.0rc1", "cp314"),
        (">=3.14.0rc1", "3.14.0rc1", "cp314"),
        (" 3.12 ", "3.12.9", "cp312"),
        ("", "3.13.2", "cp313"),
    ],
)
def test_a_request_finds_the_newest_stable_python_that_fits(machine: Machine, wanted: str, version: str, abi: str) -> None:
    for name in ("3.12.1", "3.12.9", "3.13.2", "3.14.0rc1"):
        machine.python(name, name)
    machine.python("threaded", "3.13.2", abi="cp313t")
    machine.python("debug", "3.12.9", abi="cp312d")
    found = machine.found().find(wanted)
    assert (found.version, found.abi) == (version, abi)


def test_of_two_equal_pythons_our_own_wins_and_else_the_answer_is_stable(machine: Machine) -> None:
    machine.python("another", "3.11.0")
    for name in ("b", "a", "c"):
        machine.python(name, "3.12.1")
    forwards, backwards = machine.found("one.json"), machine.found("two.json")
    chosen = [forwards.find(wanted).executable for wanted in ("3.11", "3.12")]
    machine.offered.reverse()
    assert [backwards.find(wanted).executable for wanted in ("3.11", "3.12")] == chosen
    assert chosen[0] == str(machine.host)


def test_the_fast_path_answers_as_the_search_did_and_searches_nothing(machine: Machine) -> None:
    machine.python("a", "3.12.1")
    machine.python("b", "3.12.9")
    machine.python("threaded", "3.12.9", abi="cp312t")
    assert machine.found().cached_minor("3.12") is None
    assert machine.started == []
    found = machine.found().find("3.12")
    assert machine.found().cached_minor("3.12") == found
    assert machine.found().cached_minor("3.10") is None


def test_the_fast_path_imports_nothing_of_others() -> None:
    code = (
        "import sys; from pathlib import Path; from jupyter_dep.io.python.interpreters import Interpreters\n"
        "Interpreters(Path('cache.json'), environ={}).cached_minor('3.11')\n"
        "print([name for name in ('packaging', 'virtualenv', 'python_discovery', 'subprocess') if name in sys.modules])"
    )
    core = Path(discovery.__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(core)}, capture_output=True, text=True
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_a_request_that_nothing_fits_names_the_choices_and_how_to_install(machine: Machine) -> None:
    machine.python("threaded", "3.13.2", abi="cp313t")
    with pytest.raises(DepError) as caught:
        machine.found().find("3.12")
    assert caught.value.code == "no-matching-python"
    assert "3.13.2 (cp313t), 3.11.0" in str(caught.value.hint)
    assert "uv python install 3.12" in str(caught.value.hint)


def test_a_request_that_nothing_fits_searches_once_more_before_it_gives_up(machine: Machine) -> None:
    machine.found().all()
    stamp = (machine.folder / "bin").stat()
    new = machine.python("new", "3.12.4")
    os.utime(machine.folder / "bin", ns=(stamp.st_atime_ns, stamp.st_mtime_ns))  # as a registry would not tell
    assert machine.found().find("3.12").executable == str(new)


@pytest.mark.parametrize("wanted", ["three", "3.12.1.4.5", ">=3.11 <3.12"])
def test_a_request_that_means_nothing_is_told_so(machine: Machine, wanted: str) -> None:
    with pytest.raises(UsageError) as caught:
        machine.found().find(wanted)
    assert caught.value.code == "bad-python"


def test_a_path_names_a_python_that_no_search_finds(machine: Machine) -> None:
    hidden = machine.python("hidden", "3.10.2")
    machine.offered.remove(hidden)
    interpreters = machine.found()
    assert interpreters.find(str(hidden)).version == "3.10.2"
    with pytest.raises(DepError, match="file not found"):
        interpreters.find(str(machine.folder / "nothing"))
    machine.says[str(hidden)] = Completed(returncode=3, stdout="", stderr="")
    hidden.write_text("changed")
    with pytest.raises(DepError, match="exit code 3"):
        interpreters.find(str(hidden))


def environment(folder: Path, lines: str) -> Path:
    """The executable of a pretended virtual environment."""
    python = folder / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text("an environment's")
    (folder / "pyvenv.cfg").write_text(lines)
    return python


def test_an_environments_python_is_never_started_but_its_base_is(machine: Machine) -> None:
    home = machine.folder / "bin"
    inner = environment(machine.folder / "inner", f"home = {home}\nbase-executable = {machine.host}\n")
    outer = environment(machine.folder / "outer", f"home = {inner.parent}\nversion = 3.11.0\n")
    machine.offered[:] = [outer, inner]
    interpreters = machine.found()
    assert [one.executable for one in interpreters.all()] == [str(machine.host)]
    assert interpreters.find(str(outer)).executable == str(machine.host)
    assert machine.started == [str(machine.host)]


def test_environments_and_shims_are_taken_off_the_path_and_nothing_steers_a_python(tmp_path: Path) -> None:
    python = environment(tmp_path / "env", "home = x\n")
    shims, plain = tmp_path / "shims", tmp_path / "plain"
    shims.mkdir()
    plain.mkdir()
    path = os.pathsep.join(map(str, (python.parent, shims, plain, "relative", plain)))
    kept = discovery.clean_environment(
        {"PATH": path, "PYTHONPATH": "x", "PYTHONHOME": "y", "__PYVENV_LAUNCHER__": "z", "A": "b"}
    )
    assert kept == {"PATH": str(plain), "A": "b", "PYTHONNOUSERSITE": "1"}


def test_version_managers_folders_are_searched_without_versions_that_are_too_old(tmp_path: Path) -> None:
    layouts = ("3.12.1/bin/python", "cpython-3.13.0-linux/install/bin/python3", "3.7.1/bin/python", "3.11.4/python.exe")
    for name in layouts:
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("")
    found = {path.relative_to(tmp_path).parts[0] for path in discovery.managed_pythons([tmp_path, tmp_path / "nowhere"])}
    assert found == {"3.12.1", "cpython-3.13.0-linux", "3.11.4"}


@pytest.mark.parametrize(
    ("system", "environ", "expected"),
    [
        ("linux", {"HOME": "/h"}, "/h/.local/share/uv/python"),
        ("darwin", {"HOME": "/h", "PYENV_ROOT": "/p"}, "/p/versions"),
        ("win32", {"USERPROFILE": "/u"}, "/u/.pyenv/pyenv-win/versions"),
        ("win32", {"USERPROFILE": "/u", "APPDATA": "/u/roaming"}, "/u/roaming/uv/python"),
        ("linux", {"HOME": "/h", "UV_PYTHON_INSTALL_DIR": "/x"}, "/x"),
    ],
)
def test_version_managers_keep_their_pythons_where_each_platform_does(
    system: str, environ: dict[str, str], expected: str
) -> None:
    assert Path(expected) in discovery.version_folders(environ, system)


def some(**facts: object) -> Interpreter:
    said = {key: value for key, value in probe_script.describe().items() if key != "libc"}
    return Interpreter(**{**said, "real": "/opt/python3.11", **facts})  # type: ignore[arg-type]


def test_identity_says_what_makes_two_pythons_different() -> None:
    one = some(version="3.11.7", abi="cp311")
    assert one.identity == "cpython 3.11.7 cp311 /opt/python3.11"
    others = [replace(one, version="3.11.8"), replace(one, abi="cp311d"), replace(one, real="/usr/bin/python3.11")]
    assert len({one.identity, *(other.identity for other in others)}) == 4
    assert replace(one, executable="/elsewhere/python").identity == one.identity


def test_markers_are_evaluated_for_the_interpreter_on_todays_kernel() -> None:
    said = {**probe_script.markers(), "python_full_version": "3.9.1", "python_version": "3.9", "platform_release": "old"}
    environment = some(version="3.9.1", abi="cp39", markers=said).environment()
    assert len(environment) == 11
    assert Marker("python_version < '3.10'").evaluate(dict(environment))
    assert environment["platform_release"] == platform.release()


def test_tags_follow_the_interpreter_and_not_the_process_that_computes_them() -> None:
    windows = [str(tag) for tag in some(version="3.12.1", abi="cp312", platform="win32").tags()]
    assert windows[0] == "cp312-cp312-win32"
    assert windows[-1] == "py30-none-any"
    machine = {**probe_script.markers(), "platform_machine": "arm64"}
    apple = some(version="3.12.1", abi="cp312", platform="macosx-11.0-universal2", markers=machine)
    if sys.platform == "darwin":
        assert all("x86_64" not in tag.platform for tag in apple.tags())
    threaded = [str(tag) for tag in some(version="3.13.0", abi="cp313t", platform="win-amd64").tags()]
    assert threaded[0] == "cp313-cp313t-win_amd64"
    assert not any("-abi3-" in tag for tag in threaded)
    debug = [str(tag) for tag in some(version="3.12.1", abi="cp312d", platform="win-amd64").tags()]
    assert debug[:2] == ["cp312-cp312d-win_amd64", "cp312-cp312-win_amd64"]


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Interpreters:
    return Interpreters(tmp_path_factory.mktemp("interpreters") / "cache.json", environ=os.environ)


def test_this_machines_pythons_are_found_and_none_is_an_environment(real: Interpreters) -> None:
    found = real.all()
    assert os.path.realpath(discovery.base_interpreter(Path(sys.executable))) in {one.real for one in found}
    assert len({one.real for one in found}) == len(found)
    assert all(discovery.find_pyvenv_cfg(Path(one.executable)) is None for one in found)


def test_tags_and_markers_agree_with_what_every_python_here_says(real: Interpreters) -> None:
    found = real.all()
    if len(found) < 2:
        pytest.skip("only one Python here")
    package = Path(packaging.__file__).parent.parent
    runs_on = SpecifierSet(importlib.metadata.metadata("packaging")["Requires-Python"])
    code = (
        f"import sys, json; sys.path.append({str(package)!r})\n"
        "from packaging.tags import sys_tags; from packaging.markers import default_environment\n"
        "print(json.dumps([list(map(str, sys_tags())), default_environment()]))"
    )
    compared = 0
    for one in found:
        done = subprocess.run([one.executable, "-I", "-S", "-c", code], capture_output=True, text=True)
        if done.returncode != 0:
            assert one.version not in runs_on, done.stderr
            continue
        tags, markers = json.loads(done.stdout)
        assert [str(tag) for tag in one.tags()] == tags
        assert dict(one.environment()) == markers
        compared += 1
    assert compared >= 1


@pytest.mark.counts("hostile", "a .pth, and what starts an environment's Python")
@posix
def test_a_pth_file_of_an_environment_on_the_path_does_not_run(tmp_path: Path) -> None:
    from virtualenv import cli_run

    ran = tmp_path / "ran"
    made = cli_run([str(tmp_path / "env"), "--no-seed"])
    site = Path(str(made.creator.purelib))
    (site / "evil.pth").write_text(f"import pathlib; pathlib.Path({str(ran)!r}).touch()\n")
    python = tmp_path / "env" / "bin" / "python"
    environ = {**os.environ, "PATH": f"{python.parent}{os.pathsep}{os.defpath}", "VIRTUAL_ENV": str(tmp_path / "env")}
    interpreters = Interpreters(tmp_path / "state" / "cache.json", environ=environ)
    assert interpreters.all()
    assert Path(interpreters.find(str(python)).executable) == discovery.base_interpreter(python)
    assert not ran.exists()
