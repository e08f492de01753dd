"""A notebook that was opened once opens again where there is no network at all: a namespace with loopback only."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from faults.conftest import Tally
from support.index import Index
from support.user_environment import user_environment
from support.wheels import build_wheel

pytestmark = pytest.mark.kernel

ROOT = Path(__file__).parents[2]
UP = """
import fcntl, os, socket, struct, sys
with socket.socket() as any_:
    fcntl.ioctl(any_, 0x8914, struct.pack("16sh14x", b"lo", 0x1 | 0x40))  # SIOCSIFFLAGS: up, running
with socket.socket() as probe:
    try:
        probe.connect(("192.0.2.1", 80))
        sys.exit("this namespace has a network")
    except OSError:
        pass
os.execvp(sys.argv[1], sys.argv[1:])
"""


def test_a_notebook_reopens_in_a_namespace_without_a_network(
    kernel_index: Index, tmp_path: Path, tally: Tally, need: Callable[..., None]
) -> None:
    need("offline", "linux", "root", "namespaces", "strace")
    build_wheel(kernel_index.folder, "weather", "1.0", files={"weather/__init__.py": "TALE = 'sun'\n"})
    folder = tmp_path / "work"
    folder.mkdir()
    env = user_environment(tmp_path / "home", kernel_index.url, JUPYTER_DEP_HOME=str(tmp_path / "dep"))
    dep = [sys.executable, "-m", "jupyter_dep_cli.main"]
    for line in (["init", "n.ipynb"], ["add", "n.ipynb", "weather"]):
        done = subprocess.run([*dep, *line], cwd=folder, env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    path = folder / "n.ipynb"
    content = json.loads(path.read_text())
    source = "import weather; print(weather.TALE)"
    cell = {"cell_type": "code", "id": "c1", "metadata": {}, "outputs": [], "execution_count": None, "source": source}
    content["cells"].append(cell)
    path.write_text(json.dumps(content))
    spec = tmp_path / "home" / ".local" / "share" / "jupyter" / "kernels" / "dep"
    if not spec.exists():
        spec.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", "-r", ROOT / "kernels" / "share" / "kernels" / "dep", spec], check=True)
    kernel_index.stop()
    kernel_index.clear()
    inside = ["unshare", "--net", sys.executable, "-c", UP]
    runs = {
        "jupyter dep run": [*dep, "run", "n.ipynb", "-o", "out.ipynb"],
        "jupyter dep sync": [*dep, "sync", "n.ipynb"],
        "jupyter execute": [sys.executable, "-c", "from nbclient.cli import main; main()", "n.ipynb", "--output=executed"],
    }
    for name, argv in runs.items():
        trace = tmp_path / "trace"
        watched = ["strace", "-f", "-qq", "-e", "trace=connect,sendto,sendmsg", "-o", str(trace), *argv]
        done = subprocess.run(
            [*inside, *watched], cwd=folder, env=env, capture_output=True, text=True, timeout=180, check=False
        )
        assert done.returncode == 0, (name, done.stdout[-2000:] + done.stderr[-2000:])
        asked = re.findall(r"sin6?_addr=\S*?\"([^\"]+)\"|inet_addr\(\"([^\"]+)\"\)", trace.read_text(errors="replace"))
        beyond = {address for pair in asked for address in pair if address and not address.startswith(("127.", "::1"))}
        assert not beyond, f"{name} asked {beyond}"
    for made in ("out.ipynb", "executed.ipynb"):
        cells = json.loads((folder / made).read_text())["cells"]
        assert "sun" in json.dumps(cells[-1]["outputs"]), made
    assert not kernel_index.requests
    # the positive control: the same watch sees a connection that leaves
    trace = tmp_path / "trace"
    code = "import socket; socket.socket().connect_ex(('192.0.2.1', 80))"
    subprocess.run(
        [*inside, "strace", "-f", "-qq", "-e", "trace=connect", "-o", str(trace), sys.executable, "-c", code],
        check=True,
        env={**os.environ},
    )
    assert "192.0.2.1" in trace.read_text()
    tally("offline", cases=1, held=1, note="run, sync and jupyter execute")
