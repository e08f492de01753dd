"""The launcher: a kernel like a plain ipykernel, with the magics, in a marked and activated environment."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from support.kernel_client import Front, environment, gone, kernel, module
from support.kernel_looks import ready

from jupyter_dep.io.system.locks import FileLock
from jupyter_dep_kernels import PIP_SHIM
from jupyter_dep_kernels.start import launch_spec

pytestmark = pytest.mark.kernel

PLAIN = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
Start = Callable[..., Front]
MAGICS = """
def start(shell, context):
    shell.user_ns["told"] = context
"""


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts the launcher with magics that only tell what they were given; named values change the context."""
    magics = tmp_path / "elsewhere" / "jupyter_dep_magics"
    magics.mkdir(parents=True)
    (magics / "__init__.py").write_text(MAGICS)
    with ExitStack() as stack:

        def begin(*, env: Mapping[str, str] | None = None, **changed: Any) -> Front:
            launch = launch_spec.launch_environment(ready(), "{connection_file}", env or environment(tmp_path))
            given = {**json.loads(launch.env[launch_spec.CONTEXT]), "magics": str(magics), **changed}
            started = {**launch.env, launch_spec.CONTEXT: json.dumps(given)}
            return stack.enter_context(kernel(launch.argv, tmp_path, started))

        yield begin


def test_sys_path_is_that_of_plain_ipykernel(start: Start, tmp_path: Path) -> None:
    ask = "import sys; print(sys.path, sys.flags.safe_path)"
    env = environment(tmp_path)
    del env["PYTHONPATH"]
    with kernel(PLAIN, tmp_path, env) as plain:
        expected = plain.run(ask)
    assert start().run(ask) == expected


@pytest.mark.counts("hostile", "modules beside the notebook")
def test_files_beside_the_notebook_do_not_replace_what_starts_the_kernel(start: Start, tmp_path: Path) -> None:
    for name in ("ipykernel_launcher", "ipykernel", "zmq", "base64", "json"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('taken')")
    (tmp_path / "beside.py").write_text("value = 7")
    assert start().run("import beside; print(beside.value)") == "7\n"


def test_python_variables_that_add_packages_are_left_out_with_a_note(start: Start, tmp_path: Path) -> None:
    front = start(env=environment(tmp_path, PYTHONPATH="/somewhere/else"))
    assert front.run("import sys; print('/somewhere/else' in sys.path)") == "False\n"
    assert "`PYTHONPATH` is set" in front.run("print(told['notes'])")


def test_children_find_the_environment_first_and_nothing_of_the_context(start: Start) -> None:
    front = start()
    seen = json.loads(
        front.run(
            "import json, subprocess, sys\n"
            "code = 'import json, os; print(json.dumps(dict(os.environ)))'\n"
            "print(subprocess.run([sys.executable, '-c', code], capture_output=True, text=True).stdout)"
        )
    )
    first, second, *_ = seen["PATH"].split(os.pathsep)
    assert first.endswith("pip_shim")
    assert second == str(Path(sys.executable).parent)
    assert seen["VIRTUAL_ENV"] == sys.prefix
    assert launch_spec.CONTEXT not in seen
    assert "JUPYTER_DEP_NOTEBOOK" not in seen


def test_a_session_name_is_marked_as_this_kernels_own(start: Start, tmp_path: Path) -> None:
    front = start(env=environment(tmp_path, JPY_SESSION_NAME="/a/b.ipynb"))
    assert front.run("import os; print(os.environ['JUPYTER_DEP_OUTER_SESSION'])") == "/a/b.ipynb\n"


def test_magics_get_the_context(start: Start) -> None:
    assert start(key="abc").run("print(told['key'], told['agent'][-1])") == "abc jupyter_dep_cli.agent\n"


@pytest.mark.parametrize("magics", ["/nowhere", None])
def test_a_kernel_whose_magics_fail_starts_and_says_why(start: Start, magics: str | None) -> None:
    front = start(magics=magics)
    told = front.run("print('ran')")
    assert "ran\n" in told
    assert ("`%dep` is not available in this kernel" in told) == (magics is not None)
    assert front.run("print('again')") == "again\n"


@pytest.mark.skipif(sys.platform == "win32", reason="an open file is the lease there")
def test_the_lease_is_held_while_the_kernel_lives_and_no_longer(start: Start, tmp_path: Path) -> None:
    file = tmp_path / "lease"
    front = start(lease=str(file))
    assert FileLock.try_acquire(file, exclusive=True) is None
    front.manager.shutdown_kernel()
    taken = FileLock.try_acquire(file, exclusive=True)
    assert taken is not None
    taken.release()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_worker_holds_the_lease_after_its_kernel(start: Start, tmp_path: Path) -> None:
    file = tmp_path / "lease"
    front = start(lease=str(file))
    worker = int(front.run("import os, time\npid = os.fork()\nif not pid:\n    os.setsid(); time.sleep(60)\nprint(pid)"))
    front.manager.shutdown_kernel(now=True)
    try:
        assert FileLock.try_acquire(file, exclusive=True) is None
    finally:
        os.kill(worker, 9)


def test_a_lease_that_cannot_be_taken_is_reported_and_the_kernel_starts(start: Start, tmp_path: Path) -> None:
    front = start(lease=str(tmp_path / "no" / "such" / "folder"))
    assert "could not mark this kernel's environment as in use" in front.run("print('ran')")


def test_kept_requests_that_cannot_be_read_are_reported(start: Start, tmp_path: Path) -> None:
    assert "are lost" in start(kept=str(tmp_path / "gone.json")).run("print('ran')")


def test_interrupt_restart_and_shutdown_work(start: Start) -> None:
    front = start()
    cell = front.execute("import time; print('on', flush=True); time.sleep(60)")
    front.until(lambda: "on" in front.text(cell))
    front.manager.interrupt_kernel()
    front.done(cell)
    assert front.replies[cell]["ename"] == "KeyboardInterrupt"
    front.run("x = 1")
    before = front.pid
    front.manager.restart_kernel()
    front.client.wait_for_ready(timeout=30)
    assert front.pid != before
    assert front.run("print('x' in globals())") == "False\n"
    after = front.pid
    front.manager.shutdown_kernel()
    assert gone(after, 3)


def test_spawned_workers_import_from_the_environment(start: Start) -> None:
    front = start()
    code = (
        "import multiprocessing as m, os\n"
        "with m.get_context('spawn').Pool(1) as pool: print(pool.apply(os.path.basename, ('a/b',)))"
    )
    assert front.run(code) == "b\n"


@pytest.mark.counts("hostile", "%pip and !pip")
@pytest.mark.skipif(sys.platform == "win32", reason="the Windows guard is another file")
@pytest.mark.parametrize(("line", "told"), [("pip install -q x", "%dep add"), ("pip3 uninstall x", "%dep remove")])
def test_pip_by_name_refuses_and_says_what_to_type(line: str, told: str) -> None:
    path = os.pathsep.join([str(PIP_SHIM), os.environ["PATH"]])
    done = subprocess.run(line.split(), env={**os.environ, "PATH": path}, capture_output=True, text=True)
    assert done.returncode == 1
    assert f"`{told}`" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="handles instead of parents there")
def test_the_argv_shim_is_the_same_process_from_start_to_end(tmp_path: Path) -> None:
    env = environment(tmp_path, FAKE_LOOK="ready")
    with kernel(module("shim"), tmp_path, env) as front:
        assert front.run("import os; print(os.getpid())") == f"{front.pid}\n"
        cell = front.execute("import time; print('on', flush=True); time.sleep(60)")
        front.until(lambda: "on" in front.text(cell))
        front.manager.interrupt_kernel()
        front.done(cell)
        assert front.replies[cell]["ename"] == "KeyboardInterrupt"
        front.manager.restart_kernel()
        front.client.wait_for_ready(timeout=30)
        front.manager.shutdown_kernel()
        assert gone(front.pid or 0, 3)


def test_the_shim_becomes_the_placeholder_kernel_where_there_is_nothing_to_run_in(tmp_path: Path) -> None:
    with kernel(module("shim"), tmp_path, environment(tmp_path, FAKE_LOOK="refused")) as front:
        cell = front.execute("1")
        front.done(cell)
        assert front.replies[cell]["evalue"] == "the lock is damaged"


def test_the_shim_of_a_project_opens_that_project(tmp_path: Path) -> None:
    (tmp_path / "a.ipynb").write_text("{}")
    arguments = ("--project", str(tmp_path / "a.ipynb"))
    with kernel(module("shim", *arguments), tmp_path, environment(tmp_path, FAKE_LOOK="ready")) as front:
        front.run("1")
    assert (tmp_path / "calls").read_text().splitlines() == ["look a.ipynb -"]


@pytest.mark.parametrize("python", ["3.8", "3.9"])
def test_the_launcher_is_written_for_old_pythons_too(python: str) -> None:
    source = Path(launch_spec.__file__).with_name("launcher.py").read_text()
    major, minor = map(int, python.split("."))
    ast.parse(source, feature_version=(major, minor))
