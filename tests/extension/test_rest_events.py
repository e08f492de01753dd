"""What goes out on Jupyter's event bus, seen by a subscriber, and what the jobs behind it keep and forget."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator, ValidationError
from support.rest import Asker, GatedEngine, somebody_elses
from support.sandbox import UserSandbox
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.progress import Progress
from jupyter_dep.messages import Failure, Outcome, Switch
from jupyter_dep.messages.jobs import Job, JobEvent, JobProgress, JobRequest, ProjectEvent
from jupyter_dep_server.codec import encode
from jupyter_dep_server.jobs.jobs import JobLimits, Jobs
from jupyter_dep_server.state.events import JOB, PROJECT, event_schema
from jupyter_dep_server.state.reader import Reader


async def subscribe(rest: Asker) -> Any:
    url = rest.client.get_url(rest.base + "api/events/subscribe").replace("http", "ws", 1)  # type: ignore[attr-defined]
    return await websocket_connect(HTTPRequest(url, headers=rest.headers))


async def heard(socket: Any, until: str) -> list[dict[str, Any]]:
    """What arrives, up to the event about a project for this reason."""
    found = []
    while True:
        event = json.loads(await asyncio.wait_for(socket.read_message(), 10))
        if event["schema_id"] in (JOB, PROJECT):
            found.append(event)
            if event.get("why") == until:
                return found


async def test_a_subscriber_hears_every_change_of_a_job_and_then_of_the_project(rest: Asker, rest_sandbox: UserSandbox) -> None:
    rest_sandbox.notebook(name="n")
    socket = await subscribe(rest)
    job = await rest.begin("add", "n.ipynb", names=["alpha"])
    events = await heard(socket, "add")
    socket.close()
    states = [event["job"]["state"] for event in events if event["schema_id"] == JOB]
    assert [state for at, state in enumerate(states) if states[at - 1] != state or at == 0] == ["queued", "running", "done"]
    phases = {event["job"]["progress"]["phase"] for event in events if "job" in event and event["job"]["progress"]}
    assert {"resolving", "checking"} <= phases
    last = events[-2]["job"]
    assert last["id"] == job["id"]
    assert last["outcome"]["report"]["headline"]
    assert events[-1]["path"] == "n.ipynb"


async def test_a_switch_survives_the_bus(rest: Asker, rest_sandbox: UserSandbox) -> None:
    rest_sandbox.notebook(name="n")
    key = (await rest.do("add", "n.ipynb", names=["alpha"]))["outcome"]["data"]["environment"]["key"]
    socket = await subscribe(rest)
    await rest.begin("add", "n.ipynb", names=["gamma"], environment=key)
    events = await heard(socket, "add")
    socket.close()
    assert ["alpha", "2.0", "1.0"] in events[-2]["job"]["outcome"]["switch"]["changed"]


async def test_a_yes_and_its_taking_back_are_told(rest: Asker, rest_sandbox: UserSandbox, engine: GatedEngine) -> None:
    somebody_elses(rest_sandbox, engine)
    socket = await subscribe(rest)
    asked = (await rest.ask("POST", "consent/nonce", body={"path": "theirs.ipynb"})).body
    sent = {"kind": "trust", "path": "theirs.ipynb", "nonce": asked["nonce"], "fingerprint": asked["page"]["fingerprint"]}
    await rest.end((await rest.ask("POST", "jobs", body=sent)).body["id"])
    await heard(socket, "trust")
    assert (await rest.ask("DELETE", "consent", path="theirs.ipynb")).status == 204
    await heard(socket, "revoke")
    socket.close()


async def test_what_changed_nothing_says_so(rest: Asker, rest_sandbox: UserSandbox) -> None:
    rest_sandbox.notebook(name="n")
    socket = await subscribe(rest)
    await rest.do("add", "n.ipynb", names=["alpha"], dry_run=True)
    await rest.do("add", "n.ipynb", names=["no-such-thing"])
    await rest.do("add", "n.ipynb", names=["beta"])
    events = await heard(socket, "add")
    socket.close()
    assert [event["why"] for event in events if event["schema_id"] == PROJECT] == ["add"]


async def test_a_cut_stream_loses_nothing_that_cannot_be_read(
    rest: Asker, rest_sandbox: UserSandbox, engine: GatedEngine
) -> None:
    rest_sandbox.notebook(name="n")
    socket = await subscribe(rest)
    engine.gate.clear()
    job = await rest.begin("add", "n.ipynb", names=["alpha"])
    socket.stream.close()
    engine.gate.set()
    assert (await rest.end(job["id"]))["state"] == "done"


FULL = Job(
    id="1",
    kind="add",
    path="n.ipynb",
    state="done",
    created="2026-01-01T00:00:00Z",
    progress=JobProgress(text="t", phase="p"),
    outcome=Outcome(
        switch=Switch(key="k", path="/e", python="/p", site_packages=("/s",), lease="", changed=(("a", "1", "2"),)),
        data={"anything": [1, None]},
    ),
    failure=Failure(code="c", context={"cell": 1}),
)


@pytest.mark.parametrize(
    ("identity", "event"),
    [(JOB, JobEvent(job=FULL)), (PROJECT, ProjectEvent(path="n.ipynb", why="add"))],
    ids=["job", "project"],
)
def test_the_schema_of_an_event_fits_what_is_sent_and_nothing_else(identity: str, event: Any) -> None:
    schema = event_schema(identity, type(event))
    Draft7Validator.check_schema(schema)
    sent = json.loads(encode(event))
    Draft7Validator(schema).validate(sent)
    for key in sent:
        with pytest.raises(ValidationError):
            Draft7Validator(schema).validate({**sent, key: 1})
    if identity == JOB:
        sent["job"]["outcome"]["switch"]["changed"] = [["a", "1"], ["a", "1", "2", "3"]]
        with pytest.raises(ValidationError):
            Draft7Validator(schema).validate(sent)


# the jobs behind it


def request(path: str = "n.ipynb") -> JobRequest:
    return JobRequest(kind="lock", path=path)


class Told(list[Job]):
    def __call__(self, job: Job) -> None:
        self.append(job)


async def ended(jobs: Jobs, *identities: str) -> None:
    while any(jobs.get(one).ended is None for one in identities):
        await asyncio.sleep(0.005)


async def test_progress_is_told_ten_times_a_second_and_at_each_new_phase() -> None:
    def work(request: JobRequest, notebook: Path, reporter: Any, cancel: Any) -> Outcome:
        for done in range(3000):
            reporter(Progress(phase="downloading", done=done, total=3000))
        reporter(Progress(phase="linking"))
        return Outcome(verb="lock")

    told = Told()
    jobs = Jobs(work, told, clock=lambda: 5.0)
    job = jobs.submit(request(), Path("/n.ipynb"), "/n.ipynb")
    await ended(jobs, job.id)
    assert [one.progress.phase for one in told if one.progress and one.state == "running"] == ["downloading", "linking"]
    await jobs.close()


async def test_old_jobs_are_forgotten_and_running_ones_are_not() -> None:
    now = [100.0]
    limits = JobLimits(kept=3)
    jobs = Jobs(lambda *_: Outcome(verb="lock"), Told(), limits=limits, clock=lambda: now[0])
    made = []
    for place in range(5):
        made.append(jobs.submit(request(), Path(f"/{place}.ipynb"), f"/{place}.ipynb").id)
        await ended(jobs, made[-1])
    assert [job.id for job in jobs.all()] == made[:1:-1]
    now[0] += limits.kept_seconds + 1
    assert jobs.all() == ()
    with pytest.raises(DepError, match="no such job"):
        jobs.get(made[-1])
    await jobs.close()


async def test_a_closing_server_cancels_what_runs_and_takes_nothing_new() -> None:
    begun = asyncio.Event()
    loop = asyncio.get_running_loop()

    def work(request: JobRequest, notebook: Path, reporter: Any, cancel: Any) -> Failure:
        loop.call_soon_threadsafe(begun.set)
        while not cancel.is_set:
            pass
        return Failure(verb="lock", code="cancelled")

    told = Told()
    jobs = Jobs(work, told)
    running, waiting = (jobs.submit(request(), Path("/n.ipynb"), "/n.ipynb").id for _ in range(2))
    await begun.wait()
    await jobs.close()
    assert {job.id: job.state for job in told if job.ended} == {running: "cancelled", waiting: "cancelled"}
    with pytest.raises(DepError, match="the server is ending"):
        jobs.submit(request(), Path("/n.ipynb"), "/n.ipynb")


async def test_one_notebook_by_two_names_is_one_project(rest: Asker, rest_sandbox: UserSandbox, engine: GatedEngine) -> None:
    (rest_sandbox.folder / "a").mkdir()
    (rest_sandbox.folder / "b").symlink_to(rest_sandbox.folder / "a")
    rest_sandbox.notebook(name="a/n")
    engine.gate.clear()
    first = await rest.begin("add", "a/n.ipynb", names=["alpha"])
    second = await rest.begin("add", "b/n.ipynb", names=["beta"])
    await rest.until(first["id"], "running")
    await asyncio.sleep(0.1)
    assert (await rest.get(f"jobs/{second['id']}"))["state"] == "queued"
    engine.gate.set()
    assert [(await rest.end(one["id"]))["state"] for one in (first, second)] == ["done", "done"]


async def test_who_asks_during_a_reading_gets_a_later_one_and_shares_it() -> None:
    import threading

    gate, count, begun = threading.Event(), [0], threading.Event()

    def work() -> int:
        count[0] += 1
        mine = count[0]
        begun.set()
        gate.wait(5)
        return mine

    reader = Reader()
    first = asyncio.ensure_future(reader.read("k", work))
    while not begun.is_set():
        await asyncio.sleep(0.005)
    later = [asyncio.ensure_future(reader.read("k", work)) for _ in range(20)]
    other = asyncio.ensure_future(reader.read("other", lambda: "at once"))
    assert await other == "at once"
    gate.set()
    assert await first == 1
    assert await asyncio.gather(*later) == [2] * 20
    assert await reader.read("k", work) == 3
    reader.close()


async def test_a_reading_that_fails_fails_for_all_who_wait_and_not_for_the_next() -> None:
    def broken() -> None:
        raise DepError("system", "no", hint="try again")

    reader = Reader()
    results = await asyncio.gather(*(reader.read("k", broken) for _ in range(3)), return_exceptions=True)
    assert [getattr(one, "code", None) for one in results] == ["system"] * 3
    assert await reader.read("k", lambda: 1) == 1
    reader.close()
