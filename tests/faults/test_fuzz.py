"""Broken declarations, locks, protocol lines and requests: each gets a typed error or success, soon, and never a traceback."""

from __future__ import annotations

import asyncio
import io
import json
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast, get_args, get_type_hints

from faults.conftest import Tally
from faults.mutation import SCRAPS, anything, as_bytes, mutated
from support.fake_engine import Catalogue, FakeEngine
from support.notebooks import block, command_context
from support.releases import RELEASES
from support.rest import Asker
from support.sandbox import UserSandbox, sandbox_at

from jupyter_dep.base.errors import DepError
from jupyter_dep.messages import PROTOCOL
from jupyter_dep.messages.jobs import JobRequest
from jupyter_dep.model.declaration import requirement, script_block
from jupyter_dep.model.lock import lockfile
from jupyter_dep.model.manifest import edit, manifest
from jupyter_dep.model.notebook.notebook import Notebook
from jupyter_dep.operations.edit import relock
from jupyter_dep.operations.kernel_start.resolve import resolve_environment
from jupyter_dep.operations.project.state import read_state
from jupyter_dep_cli.agent import Agent
from jupyter_dep_server.api.routes import ROUTES
from jupyter_dep_server.jobs import protocol
from jupyter_dep_server.jobs.worker import Worker

BOUND = 2.0
BLOCKS = [
    '# /// script\n# requires-python = ">=3.11"\n# dependencies = ["alpha", "beta[x]>=2; python_version < \'4\'"]\n# ///',
    "# /// script\n# dependencies = [\n#   'a @ https://h.example/a-1-py3-none-any.whl', # why\n# ]\n#\n# [tool.uv]\n"
    '# exclude-newer = "2026-01-01"\n# [[tool.uv.index]]\n# name = "corp"\n# url = "https://index.example/simple"\n'
    "# explicit = true\n# [tool.uv.sources]\n# a = { index = 'corp' }\n# [tool.jupyter-dep]\n# build = ['a']\n# ///",
]
MANIFESTS = [
    '[project]\nname = "p"\nversion = "1.0"\nrequires-python = ">=3.11"\ndependencies = ["alpha", "p[x]"]\n'
    '[project.optional-dependencies]\nx = ["beta>1"]\n[dependency-groups]\ndev = ["pytest", {include-group = "lint"}]\n'
    'lint = ["ruff"]\n[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\nbackend-path = ["."]\n',
    '[project]\nname = "p"\ndynamic = ["version"]\n[tool.uv]\npackage = false\nconstraint-dependencies = ["a<2"]\n'
    '[tool.uv.sources]\nalpha = { path = "../alpha", editable = true }\nbeta = { workspace = true }\n'
    "[tool.jupyter-dep]\nplatforms = [\"sys_platform == 'linux'\"]\n",
    '[tool.poetry]\nname = "p"\nversion = "0.1.0"\n[tool.poetry.dependencies]\npython = "^3.11"\nalpha = "^1.2"\n',
]


class Watch:
    """What the cases did: how many, and which were too slow or broke."""

    def __init__(self) -> None:
        self.count = 0
        self.accepted = 0
        self.wrong: dict[str, str] = {}
        self.slowest = 0.0

    @contextmanager
    def case(self, name: str) -> Iterator[None]:
        self.count += 1
        begin = time.perf_counter()
        try:
            yield
            self.accepted += 1
        except DepError as error:
            if not (error.code and error.message and error.hint):
                self.wrong[name] = f"an error without a hint: {error!r}"
        except Exception as error:
            self.wrong[name] = f"{type(error).__name__}: {str(error)[:200]}"
        took = time.perf_counter() - begin
        self.slowest = max(self.slowest, took)
        if took > BOUND and time.process_time() > 0:
            self.wrong.setdefault(name, f"{took:.1f} s")

    def told(self, tally: Tally, seed: int) -> None:
        tally("fuzz", cases=self.count, held=self.count - len(self.wrong))
        print(f"{self.count} cases, {self.accepted} accepted, the slowest {self.slowest:.2f} s")
        assert not self.wrong, (
            f"seed {seed}: {len(self.wrong)} of {self.count}: {json.dumps(dict(list(self.wrong.items())[:8]), indent=1)}"
        )


def test_declarations_in_blocks(tally: Tally, seed: int, volume: Callable[[int, int], int]) -> None:
    watch = Watch()
    whole = [
        json.dumps({"cells": [{"cell_type": "code", "metadata": {}, "source": text}], "nbformat": 4, "nbformat_minor": 5})
        for text in BLOCKS
    ]
    for number in range(volume(500, 15_000)):
        chance = random.Random(f"{seed}-{number}")
        name = f"block {number}"
        if number % 3:
            text = mutated(chance.choice(BLOCKS), chance, BLOCKS)
            with watch.case(name):
                declared = script_block.parse(text)
                edited = script_block.add(text, ["rich>=13"])
                assert "rich" in {one.name for one in script_block.parse(edited).dependencies}, "what was added is not declared"
                assert declared.canonical() is not None
                script_block.remove(edited, ["rich"])
        else:
            with watch.case(name):
                found = Notebook.parse(as_bytes(mutated(chance.choice(whole), chance, whole), chance))
                found.declaration()
                Notebook.parse(found.with_kernelspec("dep", "Python (dep)"))
    for number, scrap in enumerate(SCRAPS):
        with watch.case(f"requirement {number}"):
            requirement.parse(scrap)
    watch.told(tally, seed)
    assert watch.accepted > watch.count // 20, "the accidents are too big: nothing gets far enough"


def test_declarations_in_manifests(tally: Tally, seed: int, volume: Callable[[int, int], int]) -> None:
    watch = Watch()
    for number in range(volume(500, 12_000)):
        chance = random.Random(f"{seed}-{number}")
        text = mutated(chance.choice(MANIFESTS), chance, MANIFESTS)
        with watch.case(f"manifest {number}"):
            manifest.is_project(text)
            found = manifest.parse(text)
            manifest.declaration(found)
            edited = edit.add(text, ["rich>=13"])
            assert "rich" in {one.name for one in manifest.parse(edited).dependencies}, "what was added is not declared"
    watch.told(tally, seed)
    assert watch.accepted > watch.count // 20


def test_locks(tally: Tally, seed: int, volume: Callable[[int, int], int], tmp_path: Path) -> None:
    watch = Watch()
    engine = FakeEngine(lambda: Catalogue.of(RELEASES))
    sandbox = sandbox_at(tmp_path, "http://127.0.0.1:9/simple")
    path = sandbox.notebook("alpha", "beta", name="n")
    relock.relock(path, sandbox.services(engine), command_context("lock", sync=False))
    whole = sandbox.lock_path(path).read_text("utf-8")
    services = sandbox.services(engine)
    for number in range(volume(500, 12_000)):
        chance = random.Random(f"{seed}-{number}")
        data = as_bytes(mutated(whole, chance, [whole, *MANIFESTS]), chance)
        if number % 5:
            with watch.case(f"lock {number}"):
                lock = lockfile.read(data, context={})
                lock.missing_dependencies()
                lock.graph()
        else:
            sandbox.lock_path(path).write_bytes(data)
            with watch.case(f"lock {number}, opened"):
                state = read_state(path, services)
                assert state.lock_error is None or state.lock_error.hint
                assert resolve_environment(path, path.parent, services=services) is not None
    watch.told(tally, seed)


def _protocol_line(chance: random.Random, notebook: Path) -> str:
    verbs = [
        "status",
        "show",
        "add",
        "remove alpha",
        "tree",
        "why alpha",
        "log",
        "check",
        "help",
        "search al",
        "lock --check",
        "undo",
        "",
        "-h",
    ]
    request: dict[str, Any] = {
        "type": "request", "id": chance.randrange(1, 10**6), "line": chance.choice(verbs), "protocol": PROTOCOL,
        "cwd": str(notebook.parent), "notebook": str(notebook),
    }  # fmt: skip
    kind = chance.randrange(6)
    if kind == 0:
        return mutated(json.dumps(request), chance)
    if kind == 1:
        return json.dumps(anything(chance))
    if kind == 2:
        request[chance.choice([*request, "body", "block", "environment"])] = anything(chance)
    elif kind == 3:
        request["line"] += " " + chance.choice(SCRAPS)
    elif kind == 4:
        request["line"] = "show " + chance.choice(["--", "'", '"']) + chance.choice(SCRAPS)
    else:
        request = {"type": chance.choice(["cancel", "request", "hello", ""]), "id": anything(chance)}
    return json.dumps(request)


class Patient:
    """Lines that end only after the last of them was answered: at its input's end the agent gives up what it has not done."""

    def __init__(self, lines: list[str], last: int) -> None:
        self.lines, self.last = lines, last
        self.told: list[dict[str, Any]] = []
        self.over = threading.Event()

    def __iter__(self) -> Iterator[str]:
        yield from (line + "\n" for line in self.lines)
        self.over.wait(120)

    def write(self, text: str) -> None:
        self.told.append(json.loads(text))
        if self.told[-1]["id"] == self.last and self.told[-1]["type"] != "progress":
            self.over.set()

    def flush(self) -> None:
        pass


def test_lines_to_the_agent(tally: Tally, seed: int, volume: Callable[[int, int], int], tmp_path: Path, capfd: Any) -> None:
    """Every line that can be one gets an answer, and the agent still answers after all of them."""
    count = volume(300, 6000)
    sandbox = sandbox_at(tmp_path, "http://127.0.0.1:9/simple")
    path = sandbox.notebook("alpha", name="n")
    services = sandbox.services(FakeEngine(lambda: Catalogue.of(RELEASES)))
    sent, last = [], {"type": "request", "id": 7_000_001, "line": "-h", "protocol": PROTOCOL, "cwd": str(tmp_path)}
    for number in range(count):
        line = _protocol_line(random.Random(f"{seed}-{number}"), path)
        sent.append(line.replace("\n", " ").replace("\r", " ").encode("utf-8", "replace").decode())
    wire = Patient([*sent, json.dumps(last)], 7_000_001)
    begin = time.monotonic()
    Agent(cast(Any, wire), cast(Any, wire), services).serve()
    took = time.monotonic() - begin
    answers = wire.told
    broken = [answer for answer in answers if answer.get("code") == "internal"]
    log = capfd.readouterr().err
    tally("fuzz", cases=count, held=count - len(broken))
    assert not broken, f"seed {seed}: {len(broken)}: {broken[:3]}\n{log[-3000:]}"
    assert "Traceback" not in log, log[-3000:]
    assert answers and any(answer["id"] == 7_000_001 and answer["type"] == "outcome" for answer in answers), (
        "it answers no more"
    )
    assert took < BOUND + count * 0.05


def test_bytes_to_the_agents_process(tally: Tally, seed: int, tmp_path: Path) -> None:
    """What is not even text, in a real process: it goes on and answers."""
    sandbox = sandbox_at(tmp_path, "http://127.0.0.1:9/simple")
    hostile = [
        b"\xff\xfe\x00", b"[" * 100_000, b'{"a":' * 100_000, b"\xed\xa0\x80", b'{"type":"cancel","id":1e999}', b"\x00" * 100,
        b'{"id": "\\ud800"}', b'{"type":"request","id":3,"line":"status \\ud800","protocol":1,"cwd":"\\ud800"}', b"9" * 100_000,
    ]  # fmt: skip
    last = json.dumps({"type": "request", "id": 99, "line": "-h", "protocol": PROTOCOL, "cwd": str(tmp_path)}).encode()
    held = 0
    for line in hostile:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "jupyter_dep_cli.agent"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=sandbox.environ(), cwd=tmp_path,
        )  # fmt: skip
        assert process.stdin and process.stdout and process.stderr
        process.stdin.write(line + b"\n" + last + b"\n")
        process.stdin.flush()
        answered = False
        for said in process.stdout:
            told = json.loads(said)
            if answered := told["id"] == 99:
                break
        process.stdin.close()
        log = process.stderr.read()
        process.wait(20)
        fine = answered and told["type"] == "outcome" and b"Traceback" not in log
        held += fine
        if not fine:
            print(line[:60], process.returncode, log[-800:].decode())
    tally("fuzz", cases=len(hostile), held=held)
    assert held == len(hostile)


def test_lines_to_a_worker(tally: Tally, seed: int, volume: Callable[[int, int], int], tmp_path: Path) -> None:
    """Jobs of every kind with words and paths that nobody checked: each ends with a `Done` that has a code or an outcome."""
    count = volume(150, 3000)
    sandbox = sandbox_at(tmp_path, "http://127.0.0.1:9/simple")
    path = sandbox.notebook("alpha", name="n")
    engine = FakeEngine(lambda: Catalogue.of(RELEASES))
    kinds = get_args(get_type_hints(JobRequest)["kind"])
    orders = []
    for number in range(count):
        chance = random.Random(f"{seed}-{number}")
        words = tuple(
            chance.choice(["alpha", chance.choice(SCRAPS)]).encode("utf-8", "replace").decode()
            for _ in range(chance.randrange(3))
        )
        asked: dict[str, Any] = {
            "kind": chance.choice(kinds),
            "path": "n.ipynb",
            "names": words,
            "dry_run": chance.random() < 0.3,
        }
        if chance.random() < 0.3:
            asked |= {"held": True, "block": mutated(chance.choice(BLOCKS), chance).encode("utf-8", "replace").decode()}
        if asked["kind"] == "python" or chance.random() < 0.2:  # the server refuses a `python` without one
            asked |= {"python": chance.choice(["3.11", chance.choice(SCRAPS).encode("utf-8", "replace").decode()])}
        where = str(path) if chance.random() < 0.8 else str(tmp_path / "nowhere.ipynb")
        orders.append(
            protocol.JobOrder(
                id=number + 1, request=JobRequest(**asked), notebook=os.fsencode(where), folder=os.fsencode(sandbox.folder)
            )
        )
    sink = io.StringIO()
    worker = Worker(io.StringIO(), sink, lambda: sandbox.services(engine))
    wrong = {}
    for order in orders:
        again = protocol.read(protocol.write(order))
        assert again == order, "what is written is not what is read"
        begin = time.monotonic()
        worker.handle(order)
        done = protocol.read(sink.getvalue().splitlines()[-1])
        assert isinstance(done, protocol.Done) and done.id == order.id
        took = time.monotonic() - begin
        if done.trouble or getattr(done.result, "code", "") == "internal" or took > BOUND:
            wrong[order.id] = f"{order.request}: {took:.1f} s {done.result} {done.trouble[-500:]}"
    tally("fuzz", cases=count, held=count - len(wrong))
    assert not wrong, f"seed {seed}: {len(wrong)} of {count}: {list(wrong.values())[:3]}"


async def _asked(rest: Asker, chance: random.Random, watch: Watch, number: int) -> None:
    route = chance.choice(ROUTES)
    path = "/".join(
        part if not part.startswith("{") else chance.choice(["x", "0", "%00", "..%2f", "a" * 300])
        for part in route.path.split("/")
    )
    query: dict[str, object] = {}
    for parameter in route.query:
        if chance.random() < 0.8:
            text = chance.choice(["n.ipynb", "n.ipynb", "alpha", "1", chance.choice(SCRAPS)])
            query[parameter.name] = text.encode("utf-8", "replace").decode()[:1500]
    raw = None
    if route.method == "POST":
        whole = json.dumps({"kind": "lock", "path": "n.ipynb", "names": ["alpha"], "held": False, "block": None})
        raw = chance.choice([
            as_bytes(mutated(whole, chance), chance),
            json.dumps(anything(chance)).encode(),
            json.dumps({"kind": "add", "path": anything(chance), "names": anything(chance)}).encode(),
        ])  # fmt: skip
    begin = time.monotonic()
    answer = await rest.ask(route.method, path, raw=raw, **query)
    took = time.monotonic() - begin
    watch.count += 1
    watch.slowest = max(watch.slowest, took)
    watch.accepted += answer.status < 400
    name = f"{number}: {route.method} {path} {query} {raw[:200] if raw else b''!r}"
    if answer.status == 500 or answer.status > 504:  # 502 to 504 are the index that is not there
        watch.wrong[name] = f"{answer.status} {answer.body}"
    elif answer.status >= 400 and isinstance(answer.body, dict) and not answer.body.get("code"):
        watch.wrong[name] = f"no code: {answer.body}"
    elif "Traceback" in json.dumps(answer.body):
        watch.wrong[name] = "a traceback"
    elif took > BOUND:
        watch.wrong[name] = f"{took:.1f} s"


async def test_requests_to_the_server(
    rest: Asker, rest_sandbox: UserSandbox, tally: Tally, seed: int, volume: Callable[[int, int], int]
) -> None:
    watch = Watch()
    rest_sandbox.notebook("alpha", name="n")
    await asyncio.sleep(0)
    for number in range(volume(150, 4000)):
        await _asked(rest, random.Random(f"{seed}-{number}"), watch, number)
    await rest.get("about")
    watch.told(tally, seed)


def test_a_block_that_was_shown_is_a_block(tally: Tally) -> None:
    """The positive control: what is whole is accepted everywhere."""
    for text in (*BLOCKS, block("alpha")):
        assert script_block.parse(text).dependencies
    assert all(manifest.parse(text) for text in MANIFESTS)
