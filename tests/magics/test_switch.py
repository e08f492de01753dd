"""The live switch, in processes of their own: what a kernel sees after it moved from one environment to another."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import jupyter_dep_magics

MAGICS = Path(jupyter_dep_magics.__path__[0]).parent
SITE = Path("Lib/site-packages") if os.name == "nt" else Path(f"lib/python3.{sys.version_info[1]}/site-packages")


def environment(folder: Path, minor: str = f"3.{sys.version_info[1]}", **versions: str) -> Path:
    """An environment with toy distributions: `ns_a` and `ns_b` share the namespace `ns`."""
    site = folder / SITE
    site.mkdir(parents=True)
    (folder / "bin").mkdir()
    (folder / "pyvenv.cfg").write_text(f"home = /\nversion_info = {minor}.0.final.0\n", encoding="utf-8")
    for name, version in versions.items():
        path = f"ns/{name[3:]}.py" if name.startswith("ns_") else f"{name}/__init__.py"
        (site / path).parent.mkdir(exist_ok=True)
        content = f"VERSION = {version!r}\n".encode()
        (site / path).write_bytes(content)
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        info = site / f"{name}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", encoding="utf-8")
        (info / "RECORD").write_text(f"{path},sha256={digest},{len(content)}\n", encoding="utf-8")
    return folder


PRELUDE = """
import importlib.metadata, json, os, sys, site
from jupyter_dep_magics import lease, stale_modules, sys_path_switch
from jupyter_dep_magics.wire import Change, Switch

def env(path):
    return sys_path_switch.Environment(path, path, os.path.join(path, "bin", "python"), (os.path.join(path, SITE),))

def go(old, new):
    sys_path_switch.switch_sys_path(env(old), env(new))

def tell(**found):
    print(json.dumps(found, default=list))

A, B = sys.argv[1:3]
sys.path.append(os.path.join(A, SITE))
os.environ["PATH"] = os.pathsep.join(["/guards", os.path.join(A, "bin"), "/usr/bin"])
"""


def run(code: str, first: Path, second: Path) -> dict[str, Any]:
    prelude = PRELUDE.replace("SITE", repr(str(SITE)))
    done = subprocess.run(
        [sys.executable, "-c", prelude + code, str(first), str(second)],
        env={**os.environ, "PYTHONPATH": str(MAGICS)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_new_packages_are_importable_and_gone_ones_are_not(tmp_path: Path) -> None:
    found = run(
        "go(A, B)\nimport beta\n"
        "try:\n    import alpha\nexcept ImportError:\n    alpha = None\n"
        "found = importlib.metadata.distributions(path=[p for p in sys.path if p.startswith((A, B))])\n"
        "tell(beta=beta.VERSION, alpha=alpha, names=[one.metadata['Name'] for one in found])",
        environment(tmp_path / "a", alpha="1.0"),
        environment(tmp_path / "b", beta="2.0"),
    )  # fmt: skip
    assert found == {"beta": "2.0", "alpha": None, "names": ["beta"]}


def test_process_looks_as_if_started_there(tmp_path: Path) -> None:
    a, b = environment(tmp_path / "a"), environment(tmp_path / "b")
    found = run(
        "import multiprocessing.spawn as spawn\ngo(A, B)\n"
        "tell(prefix=sys.prefix, exec_prefix=sys.exec_prefix, executable=sys.executable,"
        " venv=os.environ['VIRTUAL_ENV'], path=os.environ['PATH'].split(os.pathsep),"
        " spawn=os.fsdecode(spawn.get_executable()), site=site.getsitepackages())",
        a,
        b,
    )
    python = str(b / "bin/python")
    assert (found["prefix"], found["exec_prefix"], found["executable"]) == (str(b), str(b), python)
    assert found["venv"] == str(b)
    assert found["path"] == ["/guards", str(b / "bin"), "/usr/bin"]
    assert found["spawn"] == python
    assert str(b / SITE) in found["site"]


def test_path_keeps_the_users_entries_in_their_places(tmp_path: Path) -> None:
    a, b = environment(tmp_path / "a"), environment(tmp_path / "b")
    found = run(
        "sys.path.insert(0, '/mine/first'); sys.path.append('/mine/last')\nbefore = list(sys.path)\n"
        "go(A, B)\ntell(before=before, after=sys.path)",
        a,
        b,
    )
    assert found["after"] == [entry.replace(str(a), str(b)) for entry in found["before"]]


def test_there_and_back_leaves_the_path_as_it_was(tmp_path: Path) -> None:
    a, b = environment(tmp_path / "a"), environment(tmp_path / "b")
    found = run("before = list(sys.path)\ngo(A, B)\ngo(B, A)\ntell(same=before == sys.path)", a, b)
    assert found == {"same": True}


def test_pth_files_of_the_new_environment_count_once(tmp_path: Path) -> None:
    a, b = environment(tmp_path / "a"), environment(tmp_path / "b")
    common = "import sys; sys.ran = getattr(sys, 'ran', 0) + 1\nextra\n"
    for folder in (a, b):
        (folder / SITE / "extra").mkdir()
        (folder / SITE / "same.pth").write_text(common, encoding="utf-8")
    (b / SITE / "new.pth").write_text("import sys; sys.fresh = getattr(sys, 'fresh', 0) + 1\n", encoding="utf-8")
    found = run(
        "site.addsitedir(os.path.join(A, SITE))\nsys.path.append('/mine')\n".replace("SITE", repr(str(SITE)))
        + "go(A, B)\ntell(ran=sys.ran, fresh=sys.fresh, path=sys.path)",
        a,
        b,
    )
    assert (found["ran"], found["fresh"]) == (1, 1)
    assert found["path"][-3:] == [str(b / SITE), str(b / SITE / "extra"), "/mine"]
    assert not [entry for entry in found["path"] if entry.startswith(str(a))]


STALE = "tell(stale=stale_modules.find_stale([env(A), env(B)], env(sys.prefix), {names}))"


def test_imported_and_changed_needs_a_restart_by_name(tmp_path: Path) -> None:
    found = run(
        "import alpha\ngo(A, B)\nimport alpha as again\nassert again.VERSION == '1.0'\n"
        + STALE.format(names="['alpha', 'beta']"),
        environment(tmp_path / "a", alpha="1.0", beta="1.0"),
        environment(tmp_path / "b", alpha="2.0", beta="2.0"),
    )
    assert found["stale"] == [["alpha", "1.0", "2.0", ["alpha"]]]


def test_imported_and_removed_is_named(tmp_path: Path) -> None:
    found = run(
        "import alpha\ngo(A, B)\n" + STALE.format(names="['alpha']"),
        environment(tmp_path / "a", alpha="1.0"),
        environment(tmp_path / "b"),
    )
    assert found["stale"] == [["alpha", "1.0", "", ["alpha"]]]


def test_namespace_package_counts_only_its_own_files(tmp_path: Path) -> None:
    found = run(
        "import ns.a\ngo(A, B)\n" + STALE.format(names="['ns-a', 'ns-b']"),
        environment(tmp_path / "a", ns_a="1.0", ns_b="1.0"),
        environment(tmp_path / "b", ns_a="1.0", ns_b="2.0"),
    )
    assert found["stale"] == []


def test_switching_back_needs_no_restart(tmp_path: Path) -> None:
    found = run(
        "import alpha\ngo(A, B)\ngo(B, A)\n" + STALE.format(names="['alpha']"),
        environment(tmp_path / "a", alpha="1.0"),
        environment(tmp_path / "b", alpha="2.0"),
    )
    assert found["stale"] == []


def test_same_version_with_other_files_is_noticed(tmp_path: Path) -> None:
    a, b = environment(tmp_path / "a", alpha="1.0"), environment(tmp_path / "b", alpha="1.0")
    record = b / SITE / "alpha-1.0.dist-info" / "RECORD"
    record.write_text(record.read_text(encoding="utf-8").replace("sha256=", "sha256=x"), encoding="utf-8")
    found = run("import alpha\ngo(A, B)\n" + STALE.format(names="['alpha']"), a, b)
    assert found["stale"] == [["alpha", "1.0", "1.0", ["alpha"]]]


def test_live_workers_are_named(tmp_path: Path) -> None:
    found = run(
        "from concurrent.futures import ProcessPoolExecutor\nimport multiprocessing\n"
        "before = stale_modules.live_workers()\n"
        "with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context()) as pool:\n"
        "    pool.submit(int).result()\n    during = stale_modules.live_workers()\n"
        "tell(before=before, during=during)",
        environment(tmp_path / "a"),
        environment(tmp_path / "b"),
    )
    assert found["before"] == []
    assert len(found["during"]) == 1


def test_other_python_is_not_switched_to(tmp_path: Path) -> None:
    found = run(
        "tell(a=sys_path_switch.other_python(env(A)), b=sys_path_switch.other_python(env(B)))",
        environment(tmp_path / "a"),
        environment(tmp_path / "b", minor="3.99"),
    )
    assert found == {"a": "", "b": "3.99"}


@pytest.mark.skipif(os.name == "nt", reason="flock")
def test_lease_is_shared_and_keeps_a_collector_out(tmp_path: Path) -> None:
    (tmp_path / "lease").touch()
    found = run(
        f"import fcntl\npath = {str(tmp_path / 'lease')!r}\nlease.hold(path); lease.hold(path)\n"
        "collector = open(path)\n"
        "got = True\n"
        "try:\n    fcntl.flock(collector, fcntl.LOCK_EX | fcntl.LOCK_NB)\nexcept BlockingIOError:\n    got = False\n"
        "tell(got=got)",
        environment(tmp_path / "a"),
        environment(tmp_path / "b"),
    )
    assert found == {"got": False}


@pytest.mark.skipif(os.name == "nt", reason="flock")
def test_environment_that_was_collected_in_between_is_not_entered(tmp_path: Path) -> None:
    (tmp_path / "lease").touch()
    found = run(
        f"import fcntl, threading\npath = {str(tmp_path / 'lease')!r}\n"
        "collector = open(path); fcntl.flock(collector, fcntl.LOCK_EX)\n"
        "threading.Timer(0.3, lambda: (os.remove(path), collector.close())).start()\n"
        "try:\n    lease.hold(path, seconds=5); code = ''\nexcept Exception as error:\n    code = error.code\n"
        "tell(code=code)",
        environment(tmp_path / "a"),
        environment(tmp_path / "b"),
    )
    assert found == {"code": "environment-going"}


@pytest.mark.skipif(os.name == "nt", reason="flock")
def test_environment_that_is_being_collected_is_not_entered(tmp_path: Path) -> None:
    (tmp_path / "lease").touch()
    found = run(
        f"import fcntl\npath = {str(tmp_path / 'lease')!r}\n"
        "collector = open(path); fcntl.flock(collector, fcntl.LOCK_EX)\n"
        "try:\n    lease.hold(path, seconds=0.1); code = ''\nexcept Exception as error:\n    code = error.code\n"
        "tell(code=code)",
        environment(tmp_path / "a"),
        environment(tmp_path / "b"),
    )
    assert found == {"code": "environment-going"}
