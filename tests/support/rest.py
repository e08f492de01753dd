"""A Jupyter server in this process with our extension on it, and somebody who asks its REST interface."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPResponse

from jupyter_dep.base.engine_port import EngineAnswer, LockRequest
from jupyter_dep.base.errors import DepError
from jupyter_dep.base.progress import CancelToken, Progress, Reporter, silent
from jupyter_dep.operations.edit import relock
from jupyter_dep_server.extension import DepExtension
from jupyter_dep_server.jobs.dispatch import MakeServices, execute
from jupyter_dep_server.jobs.protocol import Done, JobOrder, ReadAnswer, ReadOrder
from jupyter_dep_server.jobs.reading import read_page
from jupyter_dep_server.jobs.workers import Runner

from .fake_engine import Catalogue, FakeEngine
from .notebooks import command_context
from .releases import RELEASES
from .sandbox import UserSandbox, sandbox_at


class GatedEngine(FakeEngine):
    """An engine over `RELEASES` whose `lock` waits at a gate; `arrived` is set while somebody waits there."""

    def __init__(self) -> None:
        self.reachable = True
        self.gate, self.arrived = threading.Event(), threading.Event()
        self.gate.set()
        self.hook: Callable[[], None] | None = None
        super().__init__(self._look_up)

    def _look_up(self) -> Catalogue:
        if not self.reachable:
            raise ConnectionError
        return Catalogue.of(RELEASES)

    def lock(self, request: LockRequest, *, reporter: Reporter = silent, cancel: CancelToken | None = None) -> EngineAnswer:
        reporter(Progress(phase="resolving", detail="a while"))
        self.arrived.set()
        while not self.gate.wait(0.01):
            if cancel is not None and cancel.is_set:
                raise DepError("cancelled", "cancelled", hint="run the same again")
        self.arrived.clear()
        if self.hook is not None:
            self.hook()
        return super().lock(request, reporter=reporter, cancel=cancel)


class InThread:
    """A runner in the thread that waits for it: what a test puts in the place of the engine is in this process."""

    def __init__(self, make_services: MakeServices) -> None:
        self.make_services = make_services

    def run(self, order: JobOrder, reporter: Reporter, cancel: CancelToken) -> Done:
        return execute(order, self.make_services, reporter, cancel)

    def read(self, order: ReadOrder) -> ReadAnswer:
        return read_page(order, self.make_services)

    def prepare(self) -> None:
        pass

    def close(self) -> None:
        pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer of the server; `body` is decoded JSON, None for an empty one."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def code(self) -> str:
        return str(self.body["code"])


@dataclass(kw_only=True)
class Asker:
    """Somebody who talks to the server at `base` (with slashes around), with these headers on each request."""

    client: AsyncHTTPClient
    base: str
    headers: dict[str, str] = field(default_factory=dict)

    async def ask(
        self,
        method: str,
        address: str,
        /,
        *,
        body: Any = None,
        raw: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        anonymous: bool = False,
        **query: object,
    ) -> Answer:
        """One request to `address` below `jupyter-dep/`, or below the server's base URL where it begins with `/`."""
        where = address[1:] if address.startswith("/") else f"jupyter-dep/{address}"
        url = self.base + quote(where, safe="/:%") + ("?" + urlencode(query, doseq=True) if query else "")
        sent = raw if raw is not None else json.dumps(body).encode() if body is not None else None
        response: HTTPResponse = await self.client.fetch(
            url,
            method=method,
            body=sent if sent is not None or method not in ("POST", "PUT", "PATCH") else b"",
            headers={**({} if anonymous else self.headers), **(headers or {})},
            raise_error=False,
            follow_redirects=False,
            request_timeout=30,
        )
        if response.code == 599:
            raise AssertionError(f"no answer: {response.error}")
        content = response.body.decode() if response.body else ""
        is_json = response.headers.get("Content-Type", "").startswith("application/json")
        return Answer(
            status=response.code, body=json.loads(content) if content and is_json else None, headers=dict(response.headers)
        )

    async def get(self, address: str, /, **query: object) -> Any:
        """The body of a GET that succeeds."""
        answer = await self.ask("GET", address, **query)
        assert answer.status == 200, (address, answer)
        return answer.body

    async def begin(self, kind: str, path: str, **more: object) -> dict[str, Any]:
        """A job that is accepted."""
        answer = await self.ask("POST", "jobs", body={"kind": kind, "path": path, **more})
        assert answer.status == 202, answer
        return dict(answer.body)

    async def do(self, kind: str, path: str, **more: object) -> dict[str, Any]:
        """A job, to its end."""
        return await self.end((await self.begin(kind, path, **more))["id"])

    async def end(self, identity: str) -> dict[str, Any]:
        return await self.until(identity, "done", "failed", "cancelled")

    async def until(self, identity: str, *states: str, seconds: float = 20) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        while True:
            job = await self.get(f"jobs/{identity}")
            if job["state"] in states:
                return dict(job)
            assert time.monotonic() < deadline, job
            await asyncio.sleep(0.01)


@pytest.fixture
def engine() -> Iterator[GatedEngine]:
    made = GatedEngine()
    yield made
    made.gate.set()


@pytest.fixture
def rest_sandbox(tmp_path: Path) -> UserSandbox:
    """The sandbox of the server's user; its folder is what the server shows."""
    return sandbox_at(tmp_path / "rest", "http://127.0.0.1:9/simple")  # where nobody answers: the engine is not asked


@pytest.fixture
def jp_root_dir(rest_sandbox: UserSandbox) -> Path:
    return rest_sandbox.folder


@pytest.fixture
def jp_server_config() -> dict[str, Any]:
    return {"ServerApp": {"jpserver_extensions": {"jupyter_dep_server": True, "jupyter_server_terminals": False}}}


@pytest.fixture
def make_runner(rest_sandbox: UserSandbox, engine: GatedEngine) -> Callable[[logging.Logger], Runner]:
    """What does the work of the server; the tests of workers have their own."""
    return lambda log: InThread(lambda: rest_sandbox.services(engine))


@pytest.fixture
def rest(
    rest_sandbox: UserSandbox,
    engine: GatedEngine,
    make_runner: Callable[[logging.Logger], Runner],
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> Iterator[Asker]:
    """The server's own user, by token."""

    monkeypatch.setattr(DepExtension, "make_services", staticmethod(lambda: rest_sandbox.services(engine)))
    monkeypatch.setattr(DepExtension, "make_runner", lambda app: make_runner(app.log))
    client = request.getfixturevalue("http_server_client")
    base = request.getfixturevalue("jp_base_url")
    yield Asker(client=client, base=base, headers=dict(request.getfixturevalue("jp_auth_header")))
    engine.gate.set()
    server = request.getfixturevalue("jp_serverapp")
    loop = request.getfixturevalue("jp_asyncio_loop")
    loop.run_until_complete(server.web_app.settings["jupyter_dep_state"].close())


def somebody_elses(sandbox: UserSandbox, engine: FakeEngine, name: str = "theirs.ipynb", *requirements: str) -> Path:
    """A locked notebook in the server's folder that another user wrote."""
    author = sandbox_at(sandbox.folder.parent, sandbox.index_url, home="other-home")
    notebook = author.notebook(*(requirements or ("alpha",)), name=name)
    relock.relock(notebook, author.services(engine), command_context("lock", sync=False))
    return notebook
