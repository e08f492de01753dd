"""A real Jupyter Server as a process of its own, and a front end that does over its API what a browser does."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from tornado.httpclient import HTTPRequest
from tornado.ioloop import IOLoop
from tornado.websocket import websocket_connect

TOKEN = "a-token-of-the-tests"


class Server:
    """`python -m jupyter_server` over a folder, with the environment of another user if need be."""

    def __init__(self, root: Path, env: Mapping[str, str]) -> None:
        self.root, self.env = root, dict(env)
        self.url = ""

    def command(self) -> list[str]:
        """What is started."""
        return [
            sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root", "--port=0",
            f"--ServerApp.root_dir={self.root}", f"--IdentityProvider.token={TOKEN}",
        ]  # fmt: skip

    def __enter__(self) -> Self:
        self.log = (self.root.parent / f"server-{uuid.uuid4().hex[:6]}.log").open("w+")
        runtime = Path(self.env["JUPYTER_RUNTIME_DIR"])
        self.process = subprocess.Popen(self.command(), env=self.env, cwd=self.root, stdout=self.log, stderr=subprocess.STDOUT)
        for _ in range(600):
            for file in runtime.glob("jpserver-*.json"):
                told = json.loads(file.read_text() or "{}")
                if told.get("pid") == self.process.pid:
                    self.url = told["url"]
            if self.url and self._answers():
                return self
            assert self.process.poll() is None, self.output()
            time.sleep(0.1)
        raise AssertionError(f"the server did not start: {self.output()}")

    def _answers(self) -> bool:
        try:
            self.call("GET", "api/status")
        except OSError:
            return False
        return True

    def output(self) -> str:
        self.log.flush()
        return Path(self.log.name).read_text()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError(f"the server did not end on SIGTERM: {self.output()[-3000:]}") from error
        finally:
            self.log.close()

    def call(self, method: str, path: str, body: Any = None) -> Any:
        request = Request(self.url + path, method=method, headers={"Authorization": f"token {TOKEN}"})
        data = None if body is None else json.dumps(body).encode()
        try:
            with urlopen(request, data, timeout=120) as answer:
                content = answer.read()
        except HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.code} {error.read().decode()}") from error
        return json.loads(content) if content else None

    def new_notebook(self, folder: str = "") -> str:
        made = self.call("POST", f"api/contents/{folder}", {"type": "notebook"})
        content = {"cells": [], "metadata": {"kernelspec": {"name": "dep", "display_name": "Python (dep)"}}}
        content |= {"nbformat": 4, "nbformat_minor": 5}
        self.call("PUT", f"api/contents/{made['path']}", {"type": "notebook", "content": content})
        return str(made["path"])


@dataclass
class Ran:
    """What the front end saw of one cell."""

    reply: dict[str, Any] = field(default_factory=dict)
    messages: list[dict[str, Any]] = field(default_factory=list)

    @property
    def status(self) -> str:
        return str(self.reply.get("status"))

    @property
    def text(self) -> str:
        """All output as text."""
        parts = []
        for message in self.messages:
            content = message["content"]
            if message["msg_type"] == "stream":
                parts.append(content["text"])
            elif "data" in content:
                parts.append(content["data"].get("text/plain", ""))
            elif message["msg_type"] == "error":
                parts.append("\n".join(content["traceback"]) or content["evalue"])
        return "\n".join(parts)

    @property
    def next_input(self) -> str | None:
        """The cell that the kernel asked the front end to insert."""
        for payload in self.reply.get("payload", []):
            if payload["source"] == "set_next_input":
                return str(payload["text"])
        return None


class Page:
    """One open notebook: a session and its kernel's channels."""

    def __init__(self, server: Server, path: str) -> None:
        self.server, self.path = server, path
        body = {"path": path, "name": path, "type": "notebook", "kernel": {"name": "dep"}}
        self.session = server.call("POST", "api/sessions", body)
        self.kernel = self.session["kernel"]["id"]
        self.loop = IOLoop(make_current=False)

    def run(self, code: str, *, answer: Any = None, timeout: float = 120) -> Ran:
        """Run one cell to its end; `answer(prompt)` gives what the person types when the kernel asks."""
        return self.loop.run_sync(lambda: self._run(code, answer), timeout=timeout)

    async def _run(self, code: str, answer: Any) -> Ran:
        url = self.server.url.replace("http", "ws", 1) + f"api/kernels/{self.kernel}/channels"
        socket = await websocket_connect(HTTPRequest(url, headers={"Authorization": f"token {TOKEN}"}))
        mine = uuid.uuid4().hex
        content = {"code": code, "silent": False, "store_history": True, "allow_stdin": answer is not None}
        content |= {"user_expressions": {}, "stop_on_error": True}
        await socket.write_message(json.dumps(_message("execute_request", mine, "shell", content)))
        ran, idle = Ran(), False
        while not (ran.reply and idle):
            raw = await socket.read_message()
            assert isinstance(raw, str), "the channels were closed"
            message = json.loads(raw)
            if message["parent_header"].get("msg_id") != mine:
                continue
            kind = message["msg_type"]
            if kind == "execute_reply":
                ran.reply = message["content"]
            elif kind == "status":
                idle = message["content"]["execution_state"] == "idle"
            elif kind == "input_request":
                typed = {"value": answer(message["content"]["prompt"]), "status": "ok"}
                reply = _message("input_reply", uuid.uuid4().hex, "stdin", typed)
                reply["parent_header"] = message["header"]
                await socket.write_message(json.dumps(reply))
            else:
                ran.messages.append(message)
        socket.close()
        return ran

    def restart(self) -> None:
        self.server.call("POST", f"api/kernels/{self.kernel}/restart")

    def rename(self, path: str) -> None:
        self.server.call("PATCH", f"api/contents/{self.path}", {"path": path})
        self.server.call("PATCH", f"api/sessions/{self.session['id']}", {"path": path, "name": path})
        self.path = path

    def insert_first(self, source: str) -> None:
        """What a front end does with a suggested cell, and a save."""
        content = self.server.call("GET", f"api/contents/{self.path}")["content"]
        cell = {"cell_type": "code", "execution_count": None, "id": uuid.uuid4().hex[:8], "metadata": {}, "outputs": []}
        content["cells"].insert(0, {**cell, "source": source})
        self.server.call("PUT", f"api/contents/{self.path}", {"type": "notebook", "content": content})

    def close(self) -> None:
        self.server.call("DELETE", f"api/sessions/{self.session['id']}")
        self.loop.close()


def _message(kind: str, identity: str, channel: str, content: dict[str, Any]) -> dict[str, Any]:
    header = {"msg_id": identity, "msg_type": kind, "username": "test", "session": "page", "version": "5.3", "date": ""}
    return {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": channel, "buffers": []}
