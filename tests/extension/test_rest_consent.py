"""A yes given in the browser: only with a word that the server made for this person, this lock, and what was shown."""

from __future__ import annotations

import os
from typing import Any

import pytest
from support.fake_engine import Catalogue, FakeEngine
from support.notebooks import block, command_context
from support.releases import RELEASES
from support.rest import Asker, GatedEngine, somebody_elses
from support.sandbox import UserSandbox

from jupyter_dep.operations.project import context
from jupyter_dep_server.state.nonces import LIFETIME, Nonces, PendingConsent

PATH = "theirs.ipynb"


async def nonce(rest: Asker, path: str = PATH) -> dict[str, Any]:
    answer = await rest.ask("POST", "consent/nonce", body={"path": path})
    assert answer.status == 201, answer
    return dict(answer.body)


def yes(given: dict[str, Any], **more: object) -> dict[str, Any]:
    sent = {"kind": "trust", "path": PATH, "nonce": given["nonce"], "fingerprint": given["page"]["fingerprint"]}
    return {**sent, **more}


async def test_a_strangers_lock_is_shown_and_not_run(rest: Asker, rest_sandbox: UserSandbox, engine: GatedEngine) -> None:
    somebody_elses(rest_sandbox, engine)
    assert not (await rest.get("projects", path=PATH))["trusted"]
    page = await rest.get("consent", path=PATH)
    assert not page["given"]
    assert len(page["fingerprint"]) == 32
    assert page["before"] is None
    shown = {one["name"]: one for one in page["artifacts"]}
    assert (shown["alpha"]["version"], shown["alpha"]["kind"], shown["alpha"]["host"]) == ("2.0", "wheel", "fake.example")
    assert page["size"] == sum(one["size"] for one in page["artifacts"])
    for kind in ("sync", "add", "update"):
        job = await rest.do(kind, PATH, names=["gamma"] if kind == "add" else [])
        assert job["state"] == "failed" or not job["outcome"]["data"]["environment"]["sealed"], job
    assert not (await rest.get("projects", path=PATH))["trusted"]


async def test_sync_is_no_yes(rest: Asker, rest_sandbox: UserSandbox, engine: GatedEngine) -> None:
    somebody_elses(rest_sandbox, engine)
    job = await rest.do("sync", PATH)
    assert job["failure"]["code"] == "consent-missing"
    assert not (await rest.get("consent", path=PATH))["given"]


async def test_a_yes_with_the_servers_word_is_recorded(rest: Asker, rest_sandbox: UserSandbox, engine: GatedEngine) -> None:
    somebody_elses(rest_sandbox, engine)
    job = await rest.end((await rest.ask("POST", "jobs", body=yes(await nonce(rest)))).body["id"])
    assert job["state"] == "done", job
    assert (await rest.get("consent", path=PATH))["given"]
    assert (await rest.get("projects", path=PATH))["trusted"]
    assert (await rest.do("sync", PATH))["state"] == "done"
    again = await rest.ask("POST", "consent/nonce", body={"path": PATH})
    assert (again.status, again.code) == (409, "nothing-to-allow")


async def test_a_word_is_good_once(rest: Asker, rest_sandbox: UserSandbox, engine: GatedEngine) -> None:
    somebody_elses(rest_sandbox, engine)
    given = await nonce(rest)
    engine.reachable = False  # so that the first one comes to nothing
    first = await rest.end((await rest.ask("POST", "jobs", body=yes(given))).body["id"])
    assert first["failure"]["code"] == "not-vouched"
    engine.reachable = True
    replayed = await rest.ask("POST", "jobs", body=yes(given))
    assert (replayed.status, replayed.code) == (403, "nonce-refused")
    assert not (await rest.get("consent", path=PATH))["given"]


@pytest.mark.parametrize(
    "more",
    [{"nonce": ""}, {"nonce": "guessed"}, {"fingerprint": "0" * 32}, {"fingerprint": ""}, {"allow": ["build:alpha"]}],
    ids=str,
)
async def test_a_yes_that_does_not_fit_its_question_is_refused(
    rest: Asker, rest_sandbox: UserSandbox, engine: GatedEngine, more: dict[str, object]
) -> None:
    somebody_elses(rest_sandbox, engine)
    answer = await rest.ask("POST", "jobs", body=yes(await nonce(rest), **more))
    assert (answer.status, answer.code) == (403, "nonce-refused")
    assert (await rest.get("jobs"))["jobs"] == []
    assert not (await rest.get("consent", path=PATH))["given"]


async def test_a_word_for_another_notebook_is_refused(rest: Asker, rest_sandbox: UserSandbox, engine: GatedEngine) -> None:
    somebody_elses(rest_sandbox, engine)
    somebody_elses(rest_sandbox, engine, "other.ipynb")
    answer = await rest.ask("POST", "jobs", body=yes(await nonce(rest, "other.ipynb")))
    assert (answer.status, answer.code) == (403, "nonce-refused")


async def test_another_users_word_is_refused(
    rest: Asker, rest_sandbox: UserSandbox, engine: GatedEngine, jp_serverapp: Any
) -> None:
    notebook = somebody_elses(rest_sandbox, engine)
    given = await nonce(rest)
    page = given["page"]
    given["nonce"] = jp_serverapp.web_app.settings["jupyter_dep_state"].nonces.create(
        PendingConsent(
            user="user somebody",
            notebook=os.path.realpath(notebook),
            fingerprint=page["fingerprint"],
            items=frozenset(one["item"] for one in page["unusual"]),
        )
    )
    answer = await rest.ask("POST", "jobs", body=yes(given))
    assert (answer.status, answer.code) == (403, "nonce-refused")


async def test_a_lock_that_changed_since_it_was_shown_is_not_allowed(
    rest: Asker, rest_sandbox: UserSandbox, engine: GatedEngine
) -> None:
    somebody_elses(rest_sandbox, engine)
    given = await nonce(rest)
    somebody_elses(rest_sandbox, engine, PATH, "alpha", "gamma")
    answer = await rest.ask("POST", "jobs", body=yes(given))
    job = await rest.end(answer.body["id"])
    assert job["failure"]["code"] == "changed-since-shown"
    assert not (await rest.get("consent", path=PATH))["given"]


async def test_the_next_question_says_what_is_different(rest: Asker, rest_sandbox: UserSandbox, engine: GatedEngine) -> None:
    somebody_elses(rest_sandbox, engine, PATH, "alpha")
    await rest.end((await rest.ask("POST", "jobs", body=yes(await nonce(rest)))).body["id"])
    somebody_elses(rest_sandbox, engine, PATH, "gamma")
    lock = rest_sandbox.folder / "pylock.theirs.toml"
    lock.unlink()
    somebody_elses(rest_sandbox, engine, PATH, "gamma")
    page = await rest.get("consent", path=PATH)
    assert not page["given"]
    assert page["before"].endswith("Z")
    assert (page["added"], page["removed"], page["changed"]) == (["gamma"], ["beta"], [["alpha", "2.0", "1.0"]])


async def test_a_yes_can_be_taken_back(rest: Asker, rest_sandbox: UserSandbox, engine: GatedEngine) -> None:
    somebody_elses(rest_sandbox, engine)
    nothing = await rest.ask("DELETE", "consent", path=PATH)
    assert (nothing.status, nothing.code) == (422, "not-allowed")
    await rest.end((await rest.ask("POST", "jobs", body=yes(await nonce(rest)))).body["id"])
    gone = await rest.ask("DELETE", "consent", path=PATH)
    assert (gone.status, gone.body) == (204, None)
    assert not (await rest.get("projects", path=PATH))["trusted"]


async def test_hosts_that_the_index_does_not_vouch_for_are_asked_for_by_name(
    rest: Asker, rest_sandbox: UserSandbox, engine: GatedEngine
) -> None:
    theirs = FakeEngine(Catalogue.of((*RELEASES, *_private())), url="http://files.example/simple")
    somebody_elses(rest_sandbox, theirs, PATH, "private-thing")
    job = await rest.end((await rest.ask("POST", "jobs", body=yes(await nonce(rest)))).body["id"])
    assert job["failure"]["code"] == "host-not-vouched"
    given = await nonce(rest)
    (unusual,) = given["page"]["unusual"]
    assert (unusual["item"], unusual["kind"], unusual["given"]) == ("host:files.example", "host", False)
    job = await rest.end((await rest.ask("POST", "jobs", body=yes(given, allow=[unusual["item"]]))).body["id"])
    assert job["state"] == "done", job


def _private() -> list[Any]:
    from support.fake_engine import release

    return [release("private-thing", "1.0")]


async def test_what_a_declaration_asks_besides_is_shown_and_each_named(
    rest: Asker, rest_sandbox: UserSandbox, engine: GatedEngine
) -> None:
    notebook = rest_sandbox.notebook("alpha", name="theirs", toml='[tool.jupyter-dep]\nbuild = ["delta"]')
    assert not (await rest.get("projects", path=PATH))["trusted"]
    job = await rest.do("lock", PATH)
    assert job["failure"]["code"] == "consent-missing"
    given = await nonce(rest)
    assert [(one["item"], one["given"]) for one in given["page"]["unusual"]] == [("build:delta", False)]
    assert given["page"]["fingerprint"] == ""
    without = await rest.end((await rest.ask("POST", "jobs", body=yes(given))).body["id"])
    assert without["failure"]["code"] == "consent-missing"
    done = await rest.ask("POST", "jobs", body=yes(await nonce(rest), allow=["build:delta"]))
    assert (await rest.end(done.body["id"]))["state"] == "done"
    assert (await rest.get("projects", path=PATH))["trusted"]
    assert notebook.is_file()


async def test_ones_own_lock_needs_no_question(rest: Asker, rest_sandbox: UserSandbox) -> None:
    rest_sandbox.notebook(name="n")
    await rest.do("add", "n.ipynb", names=["alpha"])
    assert (await rest.get("consent", path="n.ipynb"))["given"]


def test_a_word_is_forgotten_after_its_time_and_only_so_many_are_kept() -> None:
    now = [0.0]
    nonces = Nonces(clock=lambda: now[0])
    question = PendingConsent(user="a", notebook="/n", fingerprint="f", items=frozenset())
    late = nonces.create(question)
    now[0] = LIFETIME + 1
    with pytest.raises(Exception, match="came too late"):
        nonces.spend(late, user="a", notebook="/n", fingerprint="f", allow=())
    first, *others = [nonces.create(question) for _ in range(201)]
    nonces.spend(others[-1], user="a", notebook="/n", fingerprint="f", allow=())
    with pytest.raises(Exception, match="does not belong"):
        nonces.spend(first, user="a", notebook="/n", fingerprint="f", allow=())


def test_the_command_line_still_says_why_an_index_did_not_answer(rest_sandbox: UserSandbox, engine: GatedEngine) -> None:
    from jupyter_dep.base.errors import ConsentError
    from jupyter_dep.operations.environment import trust

    notebook = somebody_elses(rest_sandbox, engine)
    engine.reachable = False
    with pytest.raises(ConsentError) as caught:
        trust.allow(notebook, (), rest_sandbox.services(engine), command_context())
    assert caught.value.code == "not-vouched"
    engine.reachable = True
    assert trust.allow(notebook, (), rest_sandbox.services(engine), command_context()).fingerprint
    assert block("alpha")
    assert context.require_current_lock(notebook, rest_sandbox.services(engine)).lock_answers
