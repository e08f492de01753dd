"""REST under load while environments are built; and every route that the server has, asked by everybody who should not."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from faults.conftest import Tally
from jupyter_server.auth import Authorizer
from support.index import Index
from support.rest import Asker
from support.sandbox import UserSandbox
from support.server import TOKEN, Server
from support.user_environment import user_environment
from support.wheels import build_wheel

from bench.server_load import BOUNDS, Load, measure
from jupyter_dep_server.api.routes import BASE, ROUTES

REQUESTS, CLIENTS = 2000, 20
TRIES = 3
"""A bound on time: a neighbour on the machine may spoil a run, not each of three."""


@pytest.mark.kernel
@pytest.mark.timeout(600)
def test_answers_stay_fast_while_environments_are_built(kernel_index: Index, tmp_path: Path, tally: Tally) -> None:
    for name in ("six", "idna", "attrs", "large"):
        files = {f"{name}/m{at}.py": f"x = {at}\n" * 50 for at in range(300)}
        build_wheel(kernel_index.folder, name, "1.0", files=files)
    late: dict[str, float] = {}
    for at in range(TRIES):
        work = tmp_path / f"work-{at}" / "root"
        work.mkdir(parents=True)
        env = user_environment(tmp_path / f"home-{at}", kernel_index.url)
        with Server(work, env) as server:
            load = Load(url=server.url, token=TOKEN)
            asyncio.run(measure(load, work, ["large"], REQUESTS, CLIENTS))
        assert len(load.taken["ours"]) == REQUESTS and load.jobs and set(load.jobs) == {"done"}
        late = {what: sorted(load.taken[what])[int(len(load.taken[what]) * 0.99)] for what in BOUNDS}
        if all(late[what] <= bound for what, bound in BOUNDS.items()):
            break
    note = ", ".join(f"{what} p99 {seconds * 1000:.0f} ms" for what, seconds in late.items())
    held = late["ours"] <= BOUNDS["ours"]
    tally("load", cases=REQUESTS, held=REQUESTS if held else 0, note=f"{note}, {len(load.jobs)} builds meanwhile")
    assert held, note


METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
WHO: dict[str, tuple[bool, dict[str, str]]] = {
    "nobody": (True, {}),
    "a wrong token": (True, {"Authorization": "token wrong"}),
    "an empty token": (True, {"Authorization": "token "}),
    "somebody else's cookie": (True, {"Cookie": "username-127-0-0-1=forged; _xsrf=x", "X-XSRFToken": "x"}),
    "a foreign host": (False, {"Host": "evil.example"}),
    "who may do nothing": (False, {}),
}


class Refusing(Authorizer):
    """Lets nobody do anything with us."""

    on = False

    def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
        return resource != BASE or not Refusing.on


@pytest.fixture
def jp_server_config() -> dict[str, Any]:
    extensions = {"jupyter_dep_server": True, "jupyter_server_terminals": False}
    return {"ServerApp": {"jpserver_extensions": extensions, "authorizer_class": Refusing}}


def _served(app: Any) -> set[str]:
    """The patterns below our address that the server really has, whoever registered them."""
    found = set()
    todo = list(app.default_router.rules)
    while todo:
        rule = todo.pop()
        todo += list(getattr(rule.target, "rules", ()))
        pattern = getattr(getattr(rule, "matcher", None), "regex", None)
        if pattern is not None and BASE in pattern.pattern:
            found.add(pattern.pattern)
    return found


async def test_no_route_is_open_to_anybody_else(
    rest: Asker, rest_sandbox: UserSandbox, jp_serverapp: Any, tally: Tally, monkeypatch: pytest.MonkeyPatch
) -> None:
    rest_sandbox.notebook("alpha", name="n")
    before = rest_sandbox.listing()
    known = {route.path.replace("{name}", "alpha").replace("{id}", "0000") for route in ROUTES}
    addresses = known | {"", "no/such", "jobs/", "schema", "openapi.json"}
    # what is asked covers what is served: a route that somebody adds elsewhere is found here
    patterns = _served(jp_serverapp.web_app)
    assert patterns, "the server's own table was not understood"
    base = jp_serverapp.web_app.settings["base_url"].rstrip("/")
    for pattern in patterns:
        assert any(re.match(pattern, f"{base}/{BASE}/{address}") for address in addresses), f"`{pattern}` is not asked"
    cases, open_ = 0, []
    for who, (anonymous, headers) in WHO.items():
        monkeypatch.setattr(Refusing, "on", who == "who may do nothing")
        for address in sorted(addresses):
            for method in METHODS:
                if method == "OPTIONS" and who in ("a foreign host", "who may do nothing"):
                    continue
                body = {"path": "n.ipynb", "kind": "lock"} if method in ("POST", "PUT", "PATCH") else None
                answer = await rest.ask(method, address, body=body, anonymous=anonymous, headers=headers, path="n.ipynb", q="a")
                cases += 1
                refused = answer.status in (403, 404, 405)
                if method == "OPTIONS":  # the server's own answer to a browser's question; it holds nothing of ours
                    refused = answer.body is None or answer.status >= 400
                if not refused:
                    open_.append((who, method, address, answer.status))
    assert not open_
    monkeypatch.setattr(Refusing, "on", False)
    assert (await rest.get("jobs"))["jobs"] == [] and rest_sandbox.listing() == before
    tally("load", cases=cases, held=cases - len(open_), note=f"{len(known)} routes, {cases} questions, {len(open_)} open")


def test_the_measuring_program_says_what_it_would_measure() -> None:
    done = subprocess.run([sys.executable, "-m", "bench.server_load", "--help"], capture_output=True, text=True, check=True)
    assert "--requests" in done.stdout
