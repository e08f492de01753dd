"""What the REST interface tells of projects, and the jobs that change them, over a real server in this process."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import pytest
from support.notebooks import MINOR, block, raw_notebook
from support.rest import Asker, GatedEngine, somebody_elses
from support.sandbox import UserSandbox

from jupyter_dep.messages import PROTOCOL
from jupyter_dep.messages.web import HEADER
from jupyter_dep.model.lock import lockfile
from jupyter_dep.model.notebook.notebook import Notebook

LOCK = "pylock.n.toml"


def declared(notebook: Path) -> list[str]:
    declaration = Notebook.parse(notebook.read_bytes(), context={}).declaration()
    return [str(item) for item in declaration.dependencies] if declaration else []


async def test_about_says_who_answers_and_what_the_caller_may(rest: Asker) -> None:
    answer = await rest.ask("GET", "about")
    assert answer.body["protocol"] == PROTOCOL
    assert answer.body["allowed"] is True
    assert answer.body["version"]
    assert answer.headers[HEADER] == str(PROTOCOL)
    assert answer.headers["Cache-Control"] == "no-store"


# what is told


async def test_a_notebook_that_declares_nothing(rest: Asker, rest_sandbox: UserSandbox) -> None:
    raw_notebook(rest_sandbox.folder, ["print('hello')"], name="plain")
    found = await rest.get("projects", path="plain.ipynb")
    assert (found["state"], found["lock"], found["block"], found["problem"]) == ("none", None, None, None)
    assert found["trusted"]
    assert found["writable"]
    assert found["declared"] == []


async def test_a_project_from_the_first_add_to_its_environment(rest: Asker, rest_sandbox: UserSandbox) -> None:
    notebook = rest_sandbox.notebook(name="n")
    assert (await rest.get("projects", path="n.ipynb"))["state"] == "unlocked"
    job = await rest.do("add", "n.ipynb", names=["alpha"])
    assert job["state"] == "done", job
    assert "alpha 2.0" in job["outcome"]["report"]["headline"]
    assert job["outcome"]["data"]["locked"]["beta"] == "2.0"
    found = await rest.get("projects", path="n.ipynb")
    assert (found["state"], found["lock"], found["python"], found["undo"]) == ("fresh", LOCK, MINOR, "add alpha")
    assert found["declared"] == [{"name": "alpha", "text": "alpha", "locked": "2.0"}]
    assert found["sealed"]
    assert found["environment"]
    assert found["trusted"]
    assert found["packages"] == 4
    assert found["size"] == 4000
    assert found["locked_at"].endswith("Z")
    assert found["block"] == Notebook.parse(notebook.read_bytes(), context={}).block.source  # type: ignore[union-attr]


async def test_packages_tell_who_needs_them_and_which_cells_use_them(rest: Asker, rest_sandbox: UserSandbox) -> None:
    sources = [block("alpha", "gamma"), "import alpha", "x = 1", "from alpha import y\nimport beta"]
    raw_notebook(rest_sandbox.folder, sources, name="n")
    job = await rest.do("lock", "n.ipynb")
    assert job["state"] == "done", job
    found = {one["name"]: one for one in (await rest.get("projects/packages", path="n.ipynb"))["packages"]}
    assert list(found)[:2] == ["alpha", "gamma"], "declared ones come first"
    assert found["alpha"]["cells"] == [1, 3]
    assert not found["alpha"]["unused"]
    assert found["gamma"]["unused"]
    assert found["gamma"]["text"] == "gamma"
    assert found["alpha"]["via"] == ["gamma"]
    assert found["alpha"]["version"] == "1.0"
    assert found["ipykernel"]["kernel"]
    page = await rest.get("projects/graph", path="n.ipynb")
    assert {"source": "gamma", "target": "alpha"} in page["edges"]
    assert set(page["roots"]) == {"alpha", "gamma", "ipykernel", "ipywidgets"}


async def test_who_reads_what_a_job_locked_parses_no_lock(
    rest: Asker, rest_sandbox: UserSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    rest_sandbox.notebook(name="n")
    await rest.do("add", "n.ipynb", names=["gamma"])

    def parse(data: bytes) -> None:
        raise AssertionError("a large lock takes a tenth of a second, beside the server's loop")

    monkeypatch.setattr(lockfile, "_read", parse)
    found = {one["name"]: one for one in (await rest.get("projects/packages", path="n.ipynb"))["packages"]}
    assert found["alpha"]["via"] == ["gamma"]
    assert (await rest.get("projects/graph", path="n.ipynb"))["roots"]
    assert (await rest.get("projects", path="n.ipynb"))["state"] == "fresh"


async def test_an_import_that_nothing_provides_is_told_with_the_name_to_add(rest: Asker, rest_sandbox: UserSandbox) -> None:
    (rest_sandbox.folder / "mine.py").write_text("")
    sources = [block("alpha"), "import alpha, sklearn.tree, beta, json, mine\nfrom odd_thing import x"]
    raw_notebook(rest_sandbox.folder, sources, name="n")
    assert (await rest.do("sync", "n.ipynb"))["state"] == "failed"  # not locked yet
    assert (await rest.do("add", "n.ipynb", names=["alpha"]))["state"] == "done"
    found = await rest.get("projects", path="n.ipynb")
    assert found["missing"] == [
        {"module": "sklearn", "name": "scikit-learn", "cells": [1]},
        {"module": "odd_thing", "name": "", "cells": [1]},
    ]


async def test_a_slip_in_the_block_is_a_state_with_its_problem(rest: Asker, rest_sandbox: UserSandbox) -> None:
    raw_notebook(rest_sandbox.folder, ["# /// script\n# dependencies = [\n# ///"], name="n")
    found = await rest.get("projects", path="n.ipynb")
    assert found["state"] == "invalid"
    assert found["problem"]["code"] == "bad-toml"
    assert found["problem"]["hint"]


async def test_a_damaged_lock_is_a_state_with_its_problem(rest: Asker, rest_sandbox: UserSandbox) -> None:
    rest_sandbox.notebook("alpha", name="n")
    (rest_sandbox.folder / LOCK).write_text("nothing = [")
    found = await rest.get("projects", path="n.ipynb")
    assert (found["state"], found["problem"]["code"], found["block"] is not None) == ("invalid", "bad-lock", True)
    assert (await rest.ask("GET", "projects/packages", path="n.ipynb")).code == "bad-lock"


async def test_pythons_to_choose_from(rest: Asker, rest_sandbox: UserSandbox) -> None:
    rest_sandbox.notebook("alpha", name="n")
    await rest.do("lock", "n.ipynb")
    found = (await rest.get("projects/pythons", path="n.ipynb"))["pythons"]
    assert [one["minor"] for one in found if one["chosen"]] == [MINOR]
    assert all(one["fits"] == (one["version"] >= MINOR) for one in found if one["version"].startswith(f"{MINOR}."))


async def test_pythons_to_choose_from_while_the_declaration_is_not_saved_yet(rest: Asker, rest_sandbox: UserSandbox) -> None:
    raw_notebook(rest_sandbox.folder, ["print()"], name="n")
    assert (await rest.do("add", "n.ipynb", names=["alpha"], held=True, block=None))["state"] == "done"
    found = (await rest.get("projects/pythons", path="n.ipynb"))["pythons"]
    assert [one["minor"] for one in found if one["chosen"]] == [MINOR]


async def test_pythons_to_choose_from_beside_a_declaration_that_cannot_be_read(rest: Asker, rest_sandbox: UserSandbox) -> None:
    raw_notebook(rest_sandbox.folder, ["# /// script\n# dependencies = [\n# ///"], name="n")
    found = (await rest.get("projects/pythons", path="n.ipynb"))["pythons"]
    assert found
    assert all(one["fits"] and not one["chosen"] for one in found)
    assert (await rest.ask("GET", "projects/pythons", path="gone.ipynb")).code == "no-such-notebook"


async def test_an_unknown_name_is_told_to_look_like_a_popular_one(rest: Asker) -> None:
    found = await rest.get("packages", q="requsts")
    assert found["near"] == "requests"
    assert "requsts" not in [hit["name"] for hit in found["hits"]]
    assert (await rest.get("packages", q="requests"))["near"] == ""


async def test_reading_writes_nothing_in_the_folder(rest: Asker, rest_sandbox: UserSandbox, engine: GatedEngine) -> None:
    somebody_elses(rest_sandbox, engine)
    engine.calls.clear()
    before = rest_sandbox.listing()
    for address in ("projects", "projects/packages", "projects/graph", "projects/pythons", "consent", "jobs"):
        await rest.get(address, path="theirs.ipynb")
    await rest.get("packages", q="alp")
    assert rest_sandbox.listing() == before
    assert engine.calls == []


async def test_names_and_texts_that_are_hostile_travel_as_text(rest: Asker, rest_sandbox: UserSandbox) -> None:
    name = "<img src=x onerror=alert(1)>‮ é.ipynb"
    rest_sandbox.notebook("alpha", name=name)
    found = await rest.get("projects", path=name)
    assert found["path"] == found["name"] == name
    answer = await rest.ask("GET", "projects", path=name)
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    job = await rest.do("add", name, names=["<script>alert(1)</script>"])
    assert job["failure"]["code"] == "bad-requirement"


# jobs


async def test_a_job_is_accepted_polled_and_readable_after_its_end(
    rest: Asker, rest_sandbox: UserSandbox, engine: GatedEngine
) -> None:
    rest_sandbox.notebook(name="n")
    engine.gate.clear()
    begun = await rest.begin("add", "n.ipynb", names=["alpha"])
    assert begun["state"] == "queued"
    assert begun["created"].endswith("Z")
    assert begun["ended"] is None
    running = await rest.until(begun["id"], "running")
    while running["progress"] is None:
        running = await rest.until(begun["id"], "running")
    assert running["progress"]["phase"] == "resolving"
    assert "a while" in running["progress"]["text"]
    engine.gate.set()
    ended = await rest.end(begun["id"])
    assert ended["state"] == "done"
    assert ended["ended"] >= ended["created"]
    assert (await rest.get("jobs", path="n.ipynb"))["jobs"] == [ended]
    assert (await rest.get("jobs", path="other.ipynb"))["jobs"] == []
    over = await rest.ask("DELETE", f"jobs/{begun['id']}")
    assert (over.status, over.code) == (409, "job-over")


async def test_a_server_is_active_while_a_job_runs(
    rest: Asker, rest_sandbox: UserSandbox, engine: GatedEngine, jp_serverapp: Any
) -> None:
    rest_sandbox.notebook(name="n")
    manager, app = jp_serverapp.extension_manager, jp_serverapp.web_app
    assert not manager.any_activity()
    before = app.last_activity()
    engine.gate.clear()
    job = await rest.begin("add", "n.ipynb", names=["alpha"])
    assert manager.any_activity(), "it does not shut itself down"
    engine.gate.set()
    await rest.end(job["id"])
    assert not manager.any_activity()
    marked = app.settings["last_activity_times"]["jupyter_dep_server"]
    assert marked >= before
    assert app.last_activity() >= marked, "a culler that asks /api/status sees it"


async def test_an_administrator_sets_the_limits(rest: Asker, rest_sandbox: UserSandbox, jp_serverapp: Any) -> None:
    (extension,) = jp_serverapp.extension_manager.extension_apps["jupyter_dep_server"]
    traits = extension.class_own_traits(config=True)
    assert {"parallel_jobs", "queued_jobs", "kept_jobs", "kept_seconds", "parallel_reads", "worker_idle_seconds"} <= set(traits)
    assert all(trait.help for trait in traits.values())
    assert (extension.state.limits.parallel, extension.state.limits.kept_seconds) == (2, 3600.0)


async def test_a_running_job_is_cancelled_and_changes_nothing(
    rest: Asker, rest_sandbox: UserSandbox, engine: GatedEngine
) -> None:
    rest_sandbox.notebook(name="n")
    before = rest_sandbox.listing()
    engine.gate.clear()
    begun = await rest.begin("add", "n.ipynb", names=["alpha"])
    while not engine.arrived.is_set():
        await asyncio.sleep(0.01)
    assert (await rest.ask("DELETE", f"jobs/{begun['id']}")).status == 202
    ended = await rest.end(begun["id"])
    assert ended["state"] == "cancelled"
    assert ended["failure"]["code"] == "cancelled"
    assert rest_sandbox.listing() == before


async def test_two_tabs_queue_on_one_project_and_see_each_other(
    rest: Asker, rest_sandbox: UserSandbox, engine: GatedEngine
) -> None:
    notebook = rest_sandbox.notebook(name="n")
    engine.gate.clear()
    first = await rest.begin("add", "n.ipynb", names=["alpha"])
    second = await rest.begin("add", "n.ipynb", names=["beta"])
    third = await rest.begin("add", "n.ipynb", names=["gamma"])
    await rest.until(first["id"], "running")
    await asyncio.sleep(0.1)
    shown = (await rest.get("jobs", path="n.ipynb"))["jobs"]
    assert [(one["id"], one["state"]) for one in shown] == [
        (third["id"], "queued"),
        (second["id"], "queued"),
        (first["id"], "running"),
    ]
    gone = await rest.ask("DELETE", f"jobs/{third['id']}")
    assert (gone.status, gone.body["state"]) == (202, "cancelled"), "what waits is cancelled at once"
    engine.gate.set()
    assert [(await rest.end(one["id"]))["state"] for one in (first, second)] == ["done", "done"]
    assert declared(notebook) == ["alpha", "beta"]


async def test_two_projects_are_worked_on_at_once_and_a_third_waits(
    rest: Asker, rest_sandbox: UserSandbox, engine: GatedEngine
) -> None:
    for name in ("a", "b", "c"):
        rest_sandbox.notebook(name=f"{name}.ipynb")
    engine.gate.clear()
    begun = [await rest.begin("add", f"{name}.ipynb", names=["alpha"]) for name in ("a", "b", "c")]
    await rest.until(begun[0]["id"], "running")
    await rest.until(begun[1]["id"], "running")
    assert (await rest.get(f"jobs/{begun[2]['id']}"))["state"] == "queued"
    engine.gate.set()
    assert [(await rest.end(one["id"]))["state"] for one in begun] == ["done"] * 3


async def test_too_many_jobs_are_refused(rest: Asker, rest_sandbox: UserSandbox, engine: GatedEngine) -> None:
    rest_sandbox.notebook(name="n")
    engine.gate.clear()
    for _ in range(50):
        await rest.begin("outdated", "n.ipynb")
    # the first ones may be over already, since nothing is locked: fill up with what waits
    answers = [await rest.ask("POST", "jobs", body={"kind": "lock", "path": "n.ipynb"}) for _ in range(60)]
    assert {answer.status for answer in answers} == {202, 429}
    assert answers[-1].code == "too-many-jobs"


async def test_a_page_that_holds_the_notebook_gets_the_edit_and_the_file_stays(rest: Asker, rest_sandbox: UserSandbox) -> None:
    notebook = rest_sandbox.notebook(name="n")
    before = notebook.read_bytes()
    live = block("beta")
    job = await rest.do("add", "n.ipynb", names=["alpha"], held=True, block=live)
    edit = job["outcome"]["edit"]
    assert edit["before"] == live
    assert '"alpha"' in edit["after"]
    assert '"beta"' in edit["after"]
    assert notebook.read_bytes() == before
    assert (rest_sandbox.folder / LOCK).is_file()


async def test_a_kernel_of_the_page_is_told_where_to_move(rest: Asker, rest_sandbox: UserSandbox) -> None:
    rest_sandbox.notebook(name="n")
    first = (await rest.do("add", "n.ipynb", names=["alpha"]))["outcome"]
    key = first["data"]["environment"]["key"]
    assert first["switch"] is None, "no kernel of ours asked"
    switch = (await rest.do("add", "n.ipynb", names=["gamma"], environment=key))["outcome"]["switch"]
    assert switch["key"] != key
    assert ["alpha", "2.0", "1.0"] in switch["changed"]


async def test_undo_and_redo(rest: Asker, rest_sandbox: UserSandbox) -> None:
    notebook = rest_sandbox.notebook(name="n")
    await rest.do("add", "n.ipynb", names=["alpha"])
    assert (await rest.do("undo", "n.ipynb"))["state"] == "done"
    assert declared(notebook) == []
    assert not (rest_sandbox.folder / LOCK).exists()
    page = await rest.get("projects", path="n.ipynb")
    assert (page["undo"], page["redo"]) == (None, "add alpha")
    assert (await rest.do("redo", "n.ipynb"))["state"] == "done"
    assert declared(notebook) == ["alpha"]
    await rest.do("remove", "n.ipynb", names=["alpha"])
    assert declared(notebook) == []


async def test_init_declares_what_is_imported_if_asked(rest: Asker, rest_sandbox: UserSandbox) -> None:
    notebook = raw_notebook(rest_sandbox.folder, ["import sklearn"], name="n")
    job = await rest.do("init", "n.ipynb", imports=True, python=MINOR)
    assert job["state"] == "done"
    assert job["outcome"]["data"]["declared"] == ["scikit-learn"]
    assert declared(notebook) == ["scikit-learn"]


async def test_a_preview_changes_nothing(rest: Asker, rest_sandbox: UserSandbox) -> None:
    rest_sandbox.notebook(name="n")
    before = rest_sandbox.listing()
    job = await rest.do("add", "n.ipynb", names=["alpha"], dry_run=True)
    assert job["outcome"]["data"]["dry_run"]
    assert "would change" in job["outcome"]["report"]["headline"]
    assert rest_sandbox.listing() == before


async def test_outdated_and_update(rest: Asker, rest_sandbox: UserSandbox) -> None:
    notebook = rest_sandbox.notebook("alpha==1.0", name="n")
    await rest.do("lock", "n.ipynb")
    text = notebook.read_text().replace("alpha==1.0", "alpha")
    notebook.write_text(text)
    job = await rest.do("outdated", "n.ipynb")
    assert job["outcome"]["data"]["packages"] == [{"name": "alpha", "version": "1.0", "latest": "2.0"}]
    assert (await rest.do("update", "n.ipynb", names=["alpha"]))["outcome"]["data"]["locked"]["alpha"] == "2.0"


async def test_a_python_that_no_page_may_name(rest: Asker, rest_sandbox: UserSandbox, tmp_path: Path) -> None:
    rest_sandbox.notebook("alpha", name="n")
    program = tmp_path / "python"
    marker = tmp_path / "ran"
    program.write_text(f"#!/bin/sh\ntouch {marker}\n")
    program.chmod(0o755)
    for kind in ("python", "init"):
        job = await rest.do(kind, "n.ipynb", python=str(program))
        assert job["failure"]["code"] == "bad-python", job
    assert not marker.exists()


async def test_a_page_gets_a_known_python_by_its_path(rest: Asker, rest_sandbox: UserSandbox) -> None:
    rest_sandbox.notebook("alpha", name="n")
    await rest.do("lock", "n.ipynb")
    pythons = (await rest.get("projects/pythons", path="n.ipynb"))["pythons"]
    chosen = next(one for one in pythons if one["chosen"])
    assert (await rest.do("python", "n.ipynb", python=chosen["executable"]))["state"] == "done"


# bad days


async def test_the_index_is_down(rest: Asker, rest_sandbox: UserSandbox, engine: GatedEngine) -> None:
    rest_sandbox.notebook(name="n")
    before = rest_sandbox.listing()
    engine.reachable = False
    job = await rest.do("add", "n.ipynb", names=["alpha"])
    assert job["state"] == "failed"
    assert job["failure"]["code"] == "network"
    assert job["failure"]["hint"]
    assert rest_sandbox.listing() == before


async def test_the_notebook_is_deleted_during_a_job(rest: Asker, rest_sandbox: UserSandbox, engine: GatedEngine) -> None:
    notebook = rest_sandbox.notebook(name="n")
    engine.hook = notebook.unlink
    job = await rest.do("add", "n.ipynb", names=["alpha"])
    assert job["state"] == "failed"
    assert job["failure"]["code"] == "no-such-file"
    assert rest_sandbox.listing() == {}
    gone = await rest.ask("GET", "projects", path="n.ipynb")
    assert (gone.status, gone.code) == (404, "no-such-notebook")


async def test_the_notebook_is_saved_by_somebody_during_a_job(
    rest: Asker, rest_sandbox: UserSandbox, engine: GatedEngine
) -> None:
    notebook = rest_sandbox.notebook(name="n")
    engine.hook = lambda: rest_sandbox.notebook("beta", name="n") and None
    job = await rest.do("add", "n.ipynb", names=["alpha"])
    assert job["failure"]["code"] == "changed-meanwhile"
    assert declared(notebook) == ["beta"]
    assert not (rest_sandbox.folder / LOCK).exists()


async def test_a_mistake_of_ours_is_a_problem_without_detail(
    rest: Asker, rest_sandbox: UserSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    rest_sandbox.notebook("alpha", name="n")

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the secret")

    monkeypatch.setattr("jupyter_dep.operations.inspect.status.status", broken)
    answer = await rest.ask("GET", "projects", path="n.ipynb")
    assert (answer.status, answer.code) == (500, "internal")
    assert "secret" not in json.dumps(answer.body)
    monkeypatch.setattr("jupyter_dep_server.jobs.dispatch.relock.relock", broken)
    job = await rest.do("lock", "n.ipynb")
    assert job["failure"]["code"] == "internal"
    assert "secret" not in json.dumps(job)


async def test_nothing_told_of_an_error_names_this_machines_folders(rest: Asker, rest_sandbox: UserSandbox) -> None:
    folder = str(rest_sandbox.folder)
    (rest_sandbox.folder / "sub").mkdir()
    (rest_sandbox.folder / "sub" / "n.ipynb").write_text("{")
    for path in ("sub/n.ipynb", "sub/none.ipynb"):
        for address in ("projects", "projects/packages", "consent"):
            answer = await rest.ask("GET", address, path=path)
            assert folder not in json.dumps(answer.body), answer.body
    job = await rest.do("add", "sub/none.ipynb", names=["alpha"])
    assert folder not in json.dumps(job["failure"]), job


# what is no request


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ({"path": "n.ipynb"}, "kind"),
        ({"kind": "dance", "path": "n.ipynb"}, "kind"),
        ({"kind": "add", "path": "n.ipynb"}, "names"),
        ({"kind": "add", "path": "n.ipynb", "names": "alpha"}, "names"),
        ({"kind": "add", "path": "n.ipynb", "names": [1]}, "names"),
        ({"kind": "add", "path": "n.ipynb", "names": ["a"] * 201}, "names"),
        ({"kind": "add", "path": "n.ipynb", "names": ["\ud800"]}, "names"),
        ({"kind": "add", "path": "n.ipynb", "names": ["a"], "held": 1}, "held"),
        ({"kind": "add", "path": "n.ipynb", "names": ["a"], "environment": "../../etc/passwd"}, "environment"),
        ({"kind": "python", "path": "n.ipynb"}, "python"),
        ({"kind": "undo", "path": "n.ipynb", "dry_run": True}, "dry_run"),
        ([], None),
        ("text", None),
    ],
    ids=str,
)
async def test_a_bad_body_is_refused_and_the_key_is_named(
    rest: Asker, rest_sandbox: UserSandbox, body: Any, key: str | None
) -> None:
    rest_sandbox.notebook(name="n")
    answer = await rest.ask("POST", "jobs", body=body)
    assert (answer.status, answer.code) == (400, "bad-request")
    assert answer.body["hint"]
    assert key is None or answer.body["context"] == {"key": key}
    assert (await rest.get("jobs"))["jobs"] == []


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff", b"[" * 100_000, b" " * (5 << 20)], ids=lambda raw: str(raw[:3]))
async def test_what_is_no_json_is_refused(rest: Asker, raw: bytes) -> None:
    answer = await rest.ask("POST", "jobs", raw=raw)
    assert (answer.status, answer.code) == (400, "bad-request")


async def test_what_a_newer_page_sends_besides_is_left_out(rest: Asker, rest_sandbox: UserSandbox) -> None:
    rest_sandbox.notebook(name="n")
    job = await rest.do("add", "n.ipynb", names=["alpha"], colour="blue")
    assert job["state"] == "done"


async def test_addresses_and_methods_that_are_not_there(rest: Asker) -> None:
    nothing = await rest.ask("GET", "no/such")
    assert (nothing.status, nothing.code) == (404, "no-such-page")
    assert nothing.headers[HEADER]
    method = await rest.ask("PUT", "projects", body={})
    assert (method.status, method.code) == (405, "no-such-method")
    job = await rest.ask("GET", "jobs/0000")
    assert (job.status, job.code) == (404, "no-such-job")


@pytest.mark.parametrize(("sent", "side"), [(str(PROTOCOL + 1), "server"), ("0", "page"), ("x", "page")])
async def test_a_page_of_another_version_is_told_which_side_to_upgrade(rest: Asker, sent: str, side: str) -> None:
    for method, address in (("GET", "about"), ("POST", "jobs"), ("GET", "jobs/x")):
        answer = await rest.ask(method, address, headers={HEADER: sent})
        assert (answer.status, answer.code) == (409, "protocol-mismatch")
        assert ("restart the Jupyter server" in answer.body["hint"]) == (side == "server")
        assert ("reload the page" in answer.body["hint"]) == (side == "page")
    assert (await rest.ask("GET", "about", headers={HEADER: str(PROTOCOL)})).status == 200


# where it is asked


@pytest.mark.parametrize("jp_base_url", ["/", "/user/x/", "/proxy/8888/a%40b/"])
async def test_it_answers_below_any_base_url(rest: Asker, rest_sandbox: UserSandbox, jp_base_url: str) -> None:
    rest_sandbox.notebook(name="n")
    assert (await rest.get("about"))["allowed"]
    assert (await rest.do("add", "n.ipynb", names=["alpha"]))["state"] == "done"


async def test_search_and_details_come_from_the_core(rest: Asker) -> None:
    found = await rest.get("packages", q="sklearn", limit=5)
    assert found["words"] == "sklearn"
    assert len(found["hits"]) <= 5
    for limit in ("0", "-1", "x", "1000", "1e1"):
        assert (await rest.ask("GET", "packages", q="a", limit=limit)).code == "bad-request"
    assert (await rest.ask("GET", "packages")).code == "bad-request"
    unreachable = await rest.ask("GET", "packages/alpha")
    assert (unreachable.status, unreachable.code) == (502, "network")
    assert unreachable.body["hint"]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root writes everywhere")
async def test_a_read_only_notebook_is_told_before_anything_is_tried(rest: Asker, rest_sandbox: UserSandbox) -> None:
    notebook = rest_sandbox.notebook(name="n")
    notebook.chmod(0o444)
    assert not (await rest.get("projects", path="n.ipynb"))["writable"]
    assert (await rest.do("add", "n.ipynb", names=["alpha"]))["failure"]["code"] == "read-only"
