"""The kernel under other front ends: command line tools, plain clients, a kernelspec's plain arguments."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager
from support.index import Index
from support.sandbox import CLI, UserSandbox, jupyter_user_at
from support.wheels import build_wheel

pytestmark = pytest.mark.kernel

CELLS = ("import weather", "assert weather.TALE == 'sun, 1.0'\nimport sys; print('ran in', sys.prefix)")


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedNotebook:
    """A user with one locked notebook whose environment is sealed."""

    user: UserSandbox
    environment: str


@pytest.fixture(scope="module")
def index(wheelhouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    folder = tmp_path_factory.mktemp("index")
    build_wheel(folder, "weather", "1.0", files={"weather/__init__.py": "TALE = 'sun, 1.0'\n"})
    with Index(folder, wheelhouse) as served:
        yield served


@pytest.fixture(scope="module")
def settled(index: Index, tmp_path_factory: pytest.TempPathFactory) -> LockedNotebook:
    base = tmp_path_factory.mktemp("settled")
    user = jupyter_user_at(base / "home", index, base / "work")
    user.run(*CLI, "init", "tale.ipynb")
    book = json.loads((user.folder / "tale.ipynb").read_text())
    for number, source in enumerate(CELLS):
        cell = {"cell_type": "code", "id": f"c{number}", "metadata": {}, "outputs": [], "execution_count": None}
        book["cells"].append({**cell, "source": source})
    (user.folder / "tale.ipynb").write_text(json.dumps(book))
    user.run(*CLI, "add", "tale.ipynb", "weather")
    told = json.loads(user.run(*CLI, "env", "info", "tale.ipynb", "--json"))
    return LockedNotebook(user=user, environment=told["results"][0]["path"])


@pytest.fixture
def locked(settled: LockedNotebook, tmp_path: Path) -> LockedNotebook:
    """The settled user in a fresh folder with a copy of the notebook and its lock."""
    work = tmp_path / "work"
    shutil.copytree(settled.user.folder, work)
    return replace(settled, user=replace(settled.user, folder=work))


def outputs(notebook: Path) -> str:
    cells = json.loads(notebook.read_text())["cells"]
    return "".join("".join(part.get("text", "")) for cell in cells for part in cell.get("outputs", ()))


def test_jupyter_execute(locked: LockedNotebook) -> None:
    locked.user.run("jupyter", "execute", "--inplace", "tale.ipynb")
    assert f"ran in {locked.environment}" in outputs(locked.user.folder / "tale.ipynb")


def test_nbconvert(locked: LockedNotebook) -> None:
    locked.user.run("jupyter", "nbconvert", "--to", "notebook", "--execute", "tale.ipynb", "--output", "out.ipynb")
    assert f"ran in {locked.environment}" in outputs(locked.user.folder / "out.ipynb")


def test_papermill(locked: LockedNotebook) -> None:
    locked.user.run("papermill", "--no-progress-bar", "tale.ipynb", "out.ipynb")
    assert f"ran in {locked.environment}" in outputs(locked.user.folder / "out.ipynb")


def test_our_own_run(locked: LockedNotebook) -> None:
    locked.user.run(*CLI, "run", "tale.ipynb", "-o", "out.ipynb")
    assert f"ran in {locked.environment}" in outputs(locked.user.folder / "out.ipynb")
    failing = json.loads((locked.user.folder / "tale.ipynb").read_text())
    failing["cells"][-1]["source"] = "1/0"
    (locked.user.folder / "tale.ipynb").write_text(json.dumps(failing))
    assert "ZeroDivisionError" in locked.user.run(*CLI, "run", "tale.ipynb", code=1)


def test_jupyter_console(locked: LockedNotebook) -> None:
    said = locked.user.run(
        "jupyter", "console", "--kernel", "dep", "--simple-prompt",
        stdin="import weather, sys; print('ran in', sys.prefix)\n%dep\nexit\n",
    )  # fmt: skip
    assert f"ran in {locked.environment}" in said
    assert "locked: weather" in said


def manager(locked: LockedNotebook, *, provisioner: bool) -> KernelManager:
    """A manager of the wheel's kernelspec, with its provisioner, or with its plain arguments as VS Code starts it."""
    spec = KernelSpecManager(ensure_native_kernel=False, kernel_dirs=[f"{sys.prefix}/share/jupyter/kernels"]).get_kernel_spec(
        "dep"
    )
    if not provisioner:
        spec.metadata.pop("kernel_provisioner")
        spec.argv[0] = sys.executable
    made = KernelManager(kernel_name="dep")
    made._kernel_spec = spec
    return made


@pytest.mark.parametrize("provisioner", [True, False], ids=["provisioner", "plain-arguments"])
def test_a_plain_client_starts_interrupts_restarts_and_ends_it(locked: LockedNotebook, *, provisioner: bool) -> None:
    kernel = manager(locked, provisioner=provisioner)
    kernel.start_kernel(
        cwd=str(locked.user.folder), env={**locked.user.environ(), "JPY_SESSION_NAME": str(locked.user.folder / "tale.ipynb")}
    )
    client = kernel.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        pid = int(prefix(client, "import os; print(os.getpid())"))
        assert prefix(client, "import weather, sys; print(sys.prefix)") == locked.environment
        asked = client.execute("import time\nprint('sleeping', flush=True)\ntime.sleep(60)")
        while client.get_iopub_msg(timeout=30)["msg_type"] != "stream":
            pass
        kernel.interrupt_kernel()
        reply = client.get_shell_msg(timeout=20)
        assert reply["parent_header"]["msg_id"] == asked
        assert reply["content"]["ename"] == "KeyboardInterrupt"
        kernel.restart_kernel()
        client.wait_for_ready(timeout=60)
        assert prefix(client, "import weather, sys; print(sys.prefix)") == locked.environment
        again = int(prefix(client, "import os; print(os.getpid())"))
    finally:
        client.stop_channels()
        kernel.shutdown_kernel()
    assert not alive(pid)
    assert not alive(again)


def prefix(client: object, code: str) -> str:
    said: list[str] = []

    def hook(message: dict[str, dict[str, str]]) -> None:
        said.append(message["content"].get("text", ""))

    reply = client.execute_interactive(code, output_hook=hook, timeout=60, allow_stdin=False)  # type: ignore[attr-defined]
    assert reply["content"]["status"] == "ok", reply["content"]
    return "".join(said).strip()


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]


def test_kernel_and_agent_end_when_their_parent_dies(locked: LockedNotebook) -> None:
    """A host that is killed leaves no process behind: not the kernel, not the agent, not a worker of theirs."""
    script = (
        "import sys, time\nfrom jupyter_client.manager import KernelManager\n"
        "k = KernelManager(kernel_name='dep'); k.start_kernel(); c = k.client(); c.start_channels(); c.wait_for_ready(60)\n"
        "c.execute_interactive('%dep', timeout=60, output_hook=lambda m: None)\n"
        "c.execute_interactive('import os; print(os.getpid())', timeout=60,"
        " output_hook=lambda m: print(m['content'].get('text', '').strip(), flush=True))\ntime.sleep(600)\n"
    )
    env = {**locked.user.environ(), "JPY_SESSION_NAME": str(locked.user.folder / "tale.ipynb")}
    host = subprocess.Popen([sys.executable, "-c", script], cwd=locked.user.folder, env=env, stdout=subprocess.PIPE, text=True)
    assert host.stdout is not None
    kernel = int(next(line for line in host.stdout if line.strip()))
    family = [kernel, *children(kernel)]
    assert len(family) >= 2, "the agent should be a child of the kernel"
    host.send_signal(signal.SIGKILL)
    host.wait()
    deadline = time.monotonic() + 30
    while any(map(alive, family)):
        assert time.monotonic() < deadline, f"left behind: {[pid for pid in family if alive(pid)]}"
        time.sleep(0.1)


def children(pid: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except OSError:
                continue
            if parent == pid:
                found.append(int(entry.name))
    return found


def test_a_batch_run_of_a_strangers_notebook_fails_and_says_why(locked: LockedNotebook, index: Index, tmp_path: Path) -> None:
    stranger = jupyter_user_at(tmp_path / "home", index, locked.user.folder)
    index.clear()
    said = stranger.run("jupyter", "execute", "tale.ipynb", code=1)
    assert "trust allow tale.ipynb" in said
    assert not index.requests


def test_the_public_kernel_suite_passes(locked: LockedNotebook) -> None:
    said = locked.user.run(
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        str(Path(__file__).parents[1] / "support" / "kernel_suite.py"),
    )
    assert " passed" in said
    assert "failed" not in said
