"""Requests under load: `python -m bench.server_load [--requests N] [--clients N] [--package NAME ...]`.

A real Jupyter server with our extension; several clients, each asking as soon as it has its answer, while one project
after another is locked and built from the index that the user has configured. One more client asks the server's own
`/api/status` all the time. Prints how long the answers took, and exits with 1 if a bound does not hold.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tornado.simple_httpclient import SimpleAsyncHTTPClient

from jupyter_dep.model.declaration import script_block
from jupyter_dep.model.notebook.notebook import blank

from .sandbox import Sandbox

BOUNDS = {"ours": 0.250, "/api/status": 0.100}
"""Seconds that the 99th of 100 answers may take."""
ADDRESSES = ("projects", "projects", "projects", "projects/packages", "consent", "jobs", "about", "kernels")
WATCHED = "watched.ipynb"


@dataclass
class Load:
    """One run: the server's address, what it took, and what was built meanwhile."""

    url: str
    token: str
    taken: dict[str, list[float]] = field(default_factory=dict)
    jobs: list[str] = field(default_factory=list)
    cookie: str = ""
    """What a browser sends from its second request on."""

    async def ask(self, client: SimpleAsyncHTTPClient, method: str, address: str, body: Any = None, **query: str) -> Any:
        url = f"{self.url}{address}" + ("?" + urlencode(query) if query else "")
        headers = {"Authorization": f"token {self.token}", **({"Cookie": self.cookie} if self.cookie else {})}
        data = json.dumps(body) if body is not None else None
        answer = await client.fetch(url, method=method, headers=headers, body=data, request_timeout=120)
        self.cookie = self.cookie or answer.headers.get("Set-Cookie", "").partition(";")[0]
        return json.loads(answer.body)

    async def timed(self, client: SimpleAsyncHTTPClient, what: str, address: str, **query: str) -> None:
        started = time.perf_counter()
        await self.ask(client, "GET", address, **query)
        self.taken.setdefault(what, []).append(time.perf_counter() - started)

    async def job(self, client: SimpleAsyncHTTPClient, kind: str, path: str, names: Sequence[str] = ()) -> dict[str, Any]:
        made = await self.ask(client, "POST", "jupyter-dep/jobs", {"kind": kind, "path": path, "names": list(names)})
        while True:
            found: dict[str, Any] = await self.ask(client, "GET", f"jupyter-dep/jobs/{made['id']}")
            if found["ended"]:
                if found["state"] != "done":
                    raise RuntimeError(f"{kind} failed: {found['failure']['message']}; {found['failure']['hint']}")
                return found
            await asyncio.sleep(0.2)


async def measure(load: Load, folder: Path, packages: Sequence[str], requests: int, clients: int) -> None:
    """Ask, while projects are built one after another."""
    SimpleAsyncHTTPClient.configure(None)
    client = SimpleAsyncHTTPClient(force_instance=True, max_clients=clients + 10)
    _notebook(folder / WATCHED)
    await load.job(client, "add", WATCHED, packages)
    left = iter(range(requests))
    over = asyncio.Event()

    async def asking() -> None:
        for at in left:
            address = ADDRESSES[at % len(ADDRESSES)]
            query = {} if address in ("about", "kernels") else {"path": WATCHED}
            await load.timed(client, "ours", f"jupyter-dep/{address}", **query)

    async def watching() -> None:
        while not over.is_set():
            await load.timed(client, "/api/status", "api/status")
            await asyncio.sleep(0.01)

    async def building() -> None:
        for at in range(10_000):
            name = f"built-{at}.ipynb"
            _notebook(folder / name)
            # another subset each time: another environment, so that it is linked and not found
            wanted = [package for place, package in enumerate(packages) if (at + 1) >> place & 1] or [packages[0]]
            load.jobs.append((await load.job(client, "add", name, [*wanted, *_EXTRA[at % len(_EXTRA)]]))["state"])
            if over.is_set():
                return

    others = [asyncio.ensure_future(watching()), asyncio.ensure_future(building())]
    await asyncio.sleep(0.5)
    started = time.perf_counter()
    await asyncio.gather(*(asking() for _ in range(clients)))
    load.taken["all"] = [time.perf_counter() - started]
    over.set()
    await asyncio.gather(*others)


_EXTRA = (["six"], ["idna"], ["attrs"], ["six", "idna"], ["six", "attrs"], ["idna", "attrs"], ["six", "idna", "attrs"])


def _notebook(path: Path) -> None:
    minor = f">={sys.version_info[0]}.{sys.version_info[1]}"
    path.write_bytes(blank(script_block.new([], minor), "dep", "Python (dep)"))


@contextmanager
def server(sandbox: Sandbox, root: Path) -> Iterator[Load]:
    token = secrets.token_hex(16)
    root.mkdir(parents=True)
    command = [sys.executable, "-m", "jupyter_server", "--no-browser", "--port=0", "--ServerApp.log_level=ERROR"]
    command += [f"--ServerApp.root_dir={root}", f"--IdentityProvider.token={token}", "--allow-root"]
    command += ["--ServerApp.jpserver_extensions={'jupyter_dep_server': True}"]
    process = subprocess.Popen(command, env=sandbox.environ, cwd=root)
    try:
        run = Path(sandbox.environ["JUPYTER_RUNTIME_DIR"])
        deadline = time.monotonic() + 30
        while not (found := list(run.glob("jpserver-*.json"))):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the server did not start")
            time.sleep(0.1)
        time.sleep(0.5)
        yield Load(url=json.loads(found[0].read_text())["url"], token=token)
    finally:
        process.terminate()
        process.wait(30)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.server_load", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--package", action="append", help="what is installed; pandas and matplotlib by default")
    asked = parser.parse_args(argv)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory(prefix="jd-", ignore_cleanup_errors=True) as folder:
        sandbox = Sandbox.at(Path(folder).resolve())
        root = sandbox.folder / "work"
        with server(sandbox, root) as load:
            packages = asked.package or ["pandas", "matplotlib"]
            asyncio.run(measure(load, root, packages, asked.requests, asked.clients))
    return report(load)


def report(load: Load) -> int:
    """Print what was measured; 1 if a bound does not hold."""
    (seconds,) = load.taken.pop("all")
    held = True
    sys.stdout.write(
        f"{seconds:.1f} s, {len(load.taken['ours']) / seconds:.0f} requests/s, {len(load.jobs)} builds meanwhile\n"
    )
    for what, taken in load.taken.items():
        ordered = sorted(taken)
        middle, late = ordered[len(ordered) // 2], ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
        held = held and late <= BOUNDS[what]
        sys.stdout.write(
            f"{what}: {len(ordered)} answers, p50 {middle * 1000:.0f} ms, p99 {late * 1000:.0f} ms "
            f"(bound {BOUNDS[what] * 1000:.0f}), longest {ordered[-1] * 1000:.0f} ms\n"
        )
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
