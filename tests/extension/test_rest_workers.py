"""Jobs in processes of their own: what a worker that is killed, cancelled, broken or left alone means for the page."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.index import Index
from support.rest import Asker
from support.sandbox import UserSandbox, sandbox_at
from support.server import Server
from support.user_environment import user_environment

from jupyter_dep.base.progress import CancelToken, Progress, silent
from jupyter_dep.messages import Failure, Outcome, Report, Switch, Table
from jupyter_dep.messages.jobs import JobRequest
from jupyter_dep.model.lock.audit import ConsentScope
from jupyter_dep_server.jobs import protocol, worker_process
from jupyter_dep_server.jobs.protocol import (
    Begun,
    CancelJob,
    Done,
    Hello,
    HostScopes,
    JobOrder,
    ProgressEvent,
    ReadAnswer,
    ReadOrder,
)
from jupyter_dep_server.jobs.workers import Runner, Workers
from jupyter_dep_server.state.live_kernel import LiveKernel

PROGRAM = Path(__file__).parents[1] / "support" / "job_worker.py"
LOG = logging.getLogger("test-workers")
linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture
def signs(tmp_path: Path) -> Path:
    folder = tmp_path / "signs"
    folder.mkdir()
    return folder


@pytest.fixture
def command(rest_sandbox: UserSandbox, signs: Path) -> tuple[str, ...]:
    return (sys.executable, "-P", str(PROGRAM), str(rest_sandbox.folder), str(rest_sandbox.home), str(signs))


@pytest.fixture
def make_runner(command: tuple[str, ...]) -> Callable[[logging.Logger], Runner]:
    return lambda log: Workers(log, command=command)


@pytest.fixture
def crew(command: tuple[str, ...]) -> Iterator[Workers]:
    made = Workers(LOG, command=command)
    yield made
    made.close()


def pids(signs: Path) -> set[int]:
    """The workers that came to the engine so far."""
    return {int(file.name.removeprefix("arrived-")) for file in signs.glob("arrived-*")}


async def arrival(signs: Path, known: frozenset[int] = frozenset()) -> int:
    """The process of a worker that has come to the engine, another than those that are known."""
    deadline = time.monotonic() + 20
    while not (new := pids(signs) - known):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)
    return min(new)


def runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def until(held: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not held():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def order(sandbox: UserSandbox, kind: Any = "lock", name: str = "n.ipynb") -> JobOrder:
    return JobOrder(
        request=JobRequest(kind=kind, path=name),
        notebook=os.fsencode(sandbox.folder / name),
        folder=os.fsencode(sandbox.folder),
    )


def failure(done: Done) -> Failure:
    assert isinstance(done.result, Failure), done
    return done.result


# through REST


async def test_a_job_is_done_by_a_worker_that_is_kept_for_the_next(rest: Asker, rest_sandbox: UserSandbox, signs: Path) -> None:
    rest_sandbox.notebook(name="n")
    (signs / "gate").touch()
    job = await rest.begin("add", "n.ipynb", names=["alpha"])
    pid = await arrival(signs)
    assert pid != os.getpid()
    while (progress := (await rest.get(f"jobs/{job['id']}"))["progress"]) is None or progress["phase"] != "resolving":
        await asyncio.sleep(0.01)
    assert "in a worker" in progress["text"]
    (signs / "gate").unlink()
    ended = await rest.end(job["id"])
    assert ended["state"] == "done", ended
    assert ended["outcome"]["data"]["locked"]["beta"] == "2.0", ended
    assert (await rest.do("add", "n.ipynb", names=["gamma"]))["state"] == "done"
    assert pids(signs) == {pid}


async def test_a_worker_that_is_killed_fails_its_job_and_no_other(rest: Asker, rest_sandbox: UserSandbox, signs: Path) -> None:
    rest_sandbox.notebook(name="n")
    before = rest_sandbox.listing()
    (signs / "gate").touch()
    job = await rest.begin("add", "n.ipynb", names=["alpha"])
    pid = await arrival(signs)
    os.kill(pid, signal.SIGKILL)
    ended = await rest.end(job["id"])
    assert (ended["state"], ended["failure"]["code"]) == ("failed", "worker-died"), ended
    assert "signal 9" in ended["failure"]["message"]
    assert ended["failure"]["hint"]
    assert ended["failure"]["context"] == {"file": "n.ipynb"}
    assert rest_sandbox.listing() == before
    (signs / "gate").unlink()
    assert (await rest.do("add", "n.ipynb", names=["alpha"]))["state"] == "done"
    assert len(pids(signs)) == 2


async def test_a_job_is_cancelled_in_the_middle_and_its_worker_stays(
    rest: Asker, rest_sandbox: UserSandbox, signs: Path
) -> None:
    rest_sandbox.notebook(name="n")
    before = rest_sandbox.listing()
    (signs / "gate").touch()
    job = await rest.begin("add", "n.ipynb", names=["alpha"])
    await arrival(signs)
    assert (await rest.ask("DELETE", f"jobs/{job['id']}")).status == 202
    ended = await rest.end(job["id"])
    assert (ended["state"], ended["failure"]["code"]) == ("cancelled", "cancelled")
    assert rest_sandbox.listing() == before
    (signs / "gate").unlink()
    assert (await rest.do("add", "n.ipynb", names=["alpha"]))["state"] == "done"
    assert len(pids(signs)) == 1


async def test_what_does_not_hear_a_cancel_is_ended(
    rest: Asker, rest_sandbox: UserSandbox, signs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_process, "CANCEL_SECONDS", 0.3)
    rest_sandbox.notebook(name="n")
    (signs / "gate").touch()
    (signs / "deaf").touch()
    job = await rest.begin("add", "n.ipynb", names=["alpha"])
    pid = await arrival(signs)
    await rest.ask("DELETE", f"jobs/{job['id']}")
    ended = await rest.end(job["id"])
    assert ended["state"] == "cancelled"
    assert "did not stop" in ended["failure"]["message"]
    assert not runs(pid)


async def test_two_projects_are_worked_on_in_two_processes(rest: Asker, rest_sandbox: UserSandbox, signs: Path) -> None:
    for name in ("a.ipynb", "b.ipynb"):
        rest_sandbox.notebook(name=name)
    (signs / "gate").touch()
    jobs = [await rest.begin("add", name, names=["alpha"]) for name in ("a.ipynb", "b.ipynb")]
    first = await arrival(signs)
    await arrival(signs, frozenset({first}))
    (signs / "gate").unlink()
    assert [(await rest.end(job["id"]))["state"] for job in jobs] == ["done", "done"]


async def test_a_slip_of_ours_is_logged_and_tells_the_page_nothing(
    rest: Asker, rest_sandbox: UserSandbox, signs: Path, caplog: pytest.LogCaptureFixture, jp_serverapp: Any
) -> None:
    rest_sandbox.notebook(name="n")
    (signs / "broken").touch()
    jp_serverapp.web_app.settings["jupyter_dep_state"].log.addHandler(caplog.handler)
    ended = await rest.do("add", "n.ipynb", names=["alpha"])
    assert ended["failure"]["code"] == "internal", ended
    assert "slip" not in str(ended), ended
    assert "RuntimeError: a slip of ours" in caplog.text
    assert "Traceback" in caplog.text
    (signs / "broken").unlink()
    assert (await rest.do("add", "n.ipynb", names=["alpha"]))["state"] == "done"
    until(lambda: "a library says something on stdout" in caplog.text)
    assert len(pids(signs)) == 1


async def test_who_looks_for_a_package_finds_a_worker_ready(rest: Asker, jp_serverapp: Any) -> None:
    runner = jp_serverapp.web_app.settings["jupyter_dep_state"].runner
    assert not runner.processes
    for _ in range(3):
        await rest.get("packages", q="alp")
    (ready,) = runner.processes
    assert ready.ready


async def test_a_page_is_made_by_a_worker_that_is_kept(rest: Asker, rest_sandbox: UserSandbox, jp_serverapp: Any) -> None:
    rest_sandbox.notebook("alpha", name="n")
    runner = jp_serverapp.web_app.settings["jupyter_dep_state"].runner
    await rest.get("projects", path="n.ipynb")
    (worker,) = runner.processes
    await rest.get("projects", path="n.ipynb")
    assert runner.processes == (worker,)
    os.kill(worker.pid, signal.SIGKILL)
    assert (await rest.get("projects", path="n.ipynb"))["state"] == "unlocked", "another one does it"
    assert (await rest.ask("GET", "projects", path="gone.ipynb")).code == "no-such-notebook"


async def test_a_slip_of_ours_in_a_reading_is_logged_and_tells_the_page_nothing(
    rest: Asker, rest_sandbox: UserSandbox, signs: Path, caplog: pytest.LogCaptureFixture, jp_serverapp: Any
) -> None:
    rest_sandbox.notebook(name="n")
    (signs / "broken-services").touch()
    jp_serverapp.web_app.settings["jupyter_dep_state"].log.addHandler(caplog.handler)
    answer = await rest.ask("GET", "projects", path="n.ipynb")
    assert (answer.status, answer.code) == (500, "internal")
    assert "slip" not in str(answer.body)
    assert "RuntimeError: a slip of ours" in caplog.text
    assert "Traceback" in caplog.text


# beside REST


def test_a_worker_that_ended_while_nobody_wanted_it_is_not_missed(
    crew: Workers, rest_sandbox: UserSandbox, signs: Path
) -> None:
    rest_sandbox.notebook(name="n")
    assert isinstance(crew.run(order(rest_sandbox), silent, CancelToken()).result, Outcome)
    (pid,) = pids(signs)
    os.kill(pid, signal.SIGKILL)
    assert isinstance(crew.run(order(rest_sandbox), silent, CancelToken()).result, Outcome)


def test_a_worker_that_ends_before_it_takes_an_order_is_not_missed_either(
    crew: Workers, rest_sandbox: UserSandbox, signs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rest_sandbox.notebook(name="n")
    crew.run(order(rest_sandbox), silent, CancelToken())
    monkeypatch.setattr(worker_process.WorkerProcess, "ended", False)  # it ends between the look and the order
    (pid,) = pids(signs)
    os.kill(pid, signal.SIGKILL)
    until(lambda: not runs(pid))
    assert isinstance(crew.run(order(rest_sandbox), silent, CancelToken()).result, Outcome)


def test_a_worker_has_the_environment_that_the_server_has_now(
    crew: Workers, rest_sandbox: UserSandbox, signs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rest_sandbox.notebook(name="n")
    crew.run(order(rest_sandbox), silent, CancelToken())
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://index.example/simple")
    done = crew.run(order(rest_sandbox, "update"), silent, CancelToken())
    assert isinstance(done.result, Outcome)
    assert len(pids(signs)) == 2


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("import sys; sys.exit(3)", "worker-died"),
        ("""print('{"type":"hello","version":"0.0"}', flush=True); input()""", "other-protocol"),
        ("print('no such line', flush=True); input()", "internal"),
    ],
    ids=["ends", "of another version", "babbles"],
)
def test_a_worker_that_is_none(rest_sandbox: UserSandbox, source: str, code: str) -> None:
    odd = Workers(LOG, command=[sys.executable, "-P", "-c", source])
    told = failure(odd.run(order(rest_sandbox), silent, CancelToken()))
    assert told.code == code
    assert told.hint
    assert failure(odd.run(order(rest_sandbox), silent, CancelToken())).code == code, "it was not kept for this one"
    assert len(odd.processes) <= 1, "the next one"
    odd.close()


@pytest.mark.parametrize(
    ("source", "status"),
    [("import sys; sys.exit(3)", 422), ("print('no such line', flush=True); input()", 500)],
    ids=["ends", "babbles"],
)
def test_a_reading_by_a_worker_that_is_none(source: str, status: int) -> None:
    odd = Workers(LOG, command=[sys.executable, "-P", "-c", source])
    answer = odd.read(ReadOrder(view="kernels"))
    assert answer.status == status
    assert b"hint" in answer.body
    assert not odd.processes
    odd.close()
    assert odd.read(ReadOrder(view="kernels")).status == 503


def test_a_worker_that_cannot_be_started(rest_sandbox: UserSandbox, tmp_path: Path) -> None:
    crew = Workers(LOG, command=[str(tmp_path / "nothing")])
    crew.prepare()
    assert failure(crew.run(order(rest_sandbox), silent, CancelToken())).code == "program-missing"
    crew.close()


def test_a_worker_that_does_not_begin_is_waited_for_a_while(rest_sandbox: UserSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_process, "START_SECONDS", 0.2)
    crew = Workers(LOG, command=[sys.executable, "-P", "-c", "import time; time.sleep(60)"])
    assert failure(crew.run(order(rest_sandbox), silent, CancelToken())).code == "worker-died"
    crew.close()
    monkeypatch.setattr(worker_process, "START_SECONDS", 60)
    crew = Workers(LOG, command=[sys.executable, "-P", "-c", "import time; time.sleep(60)"])
    cancel = CancelToken()
    threading.Timer(0.1, cancel.set).start()
    assert failure(crew.run(order(rest_sandbox), silent, cancel)).code == "cancelled"
    crew.close()
    assert failure(crew.run(order(rest_sandbox), silent, CancelToken())).code == "server-stopping"


def test_closing_ends_what_works_and_what_waits(crew: Workers, rest_sandbox: UserSandbox, signs: Path) -> None:
    for name in ("a.ipynb", "b.ipynb"):
        rest_sandbox.notebook(name=name)
    crew.run(order(rest_sandbox, name="a.ipynb"), silent, CancelToken())
    (signs / "gate").touch()
    found: list[Done] = []
    threads = [
        threading.Thread(target=lambda one=one: found.append(crew.run(one, silent, CancelToken())))
        for one in (order(rest_sandbox, "update", name) for name in ("a.ipynb", "b.ipynb"))
    ]
    for thread in threads:
        thread.start()
    until(lambda: len(pids(signs)) == 2)
    started = time.monotonic()
    crew.close()
    for thread in threads:
        thread.join(5)
    assert time.monotonic() - started < 3
    assert {failure(done).code for done in found} == {"worker-died"}
    assert len(found) == 2
    assert not any(runs(pid) for pid in pids(signs))


def test_a_worker_ends_with_its_input_and_stops_what_it_does(crew: Workers, rest_sandbox: UserSandbox, signs: Path) -> None:
    rest_sandbox.notebook(name="n")
    before = rest_sandbox.listing()
    (signs / "gate").touch()
    thread = threading.Thread(target=crew.run, args=(order(rest_sandbox), silent, CancelToken()))
    thread.start()
    until(lambda: bool(pids(signs)))
    every: list[worker_process.WorkerProcess] = []

    def all_have_ended() -> bool:
        """Hang up on each, as it is when the server dies, where no signal tells; a spare may have come meanwhile."""
        for one in crew.processes:
            if one not in every:
                every.append(one)
                one.hang_up()
        return not crew.processes

    until(all_have_ended, 20)
    thread.join(5)
    assert {one.returncode for one in every} == {0}
    assert rest_sandbox.listing() == before


def test_a_worker_ends_by_itself_where_nobody_wants_it() -> None:
    lonely = Workers(LOG, idle=0.1)
    lonely.prepare()
    until(lambda: bool(lonely.processes))
    (one,) = lonely.processes
    until(lambda: one.ended, 20)
    assert one.returncode == 0
    lonely.close()


@pytest.mark.parametrize(
    "line",
    [
        JobOrder(request=JobRequest(kind="add", path="é.ipynb", names=("a", "b")), notebook=b"/caf\xe9/\xc3\xa9.ipynb", id=3),
        CancelJob(id=3),
        ReadOrder(
            view="kernels",
            folder=b"/caf\xe9",
            kernels=(LiveKernel(id="a", path="n.ipynb", holding=True, starter=False, key=None),),
        ),
        ReadAnswer(status=404, body=b'{"code":"c"}', id=4),
        Hello(version="1.0"),
        Begun(id=1),
        ProgressEvent(id=1, progress=Progress(phase="linking", detail="x", done=1, total=2)),
        Done(
            outcome=Outcome(
                verb="add",
                report=Report(headline="h", tables=(Table(columns=("a", "b"), rows=(("1", "2"),), tones=("good",)),)),
                data={"anything": [1, None, {"deep": 0.5}]},
                switch=Switch(key="k", path="p", python="y", site_packages=("s",), lease="", changed=(("a", "1", "2"),)),
            ),
            id=7,
        ),
        Done(
            failure=Failure(verb="lock", code="c", message="caf\udce9", context={"cell": 1, "file": "n.ipynb"}, exit_code=6),
            hosts=HostScopes(fingerprint="f", items=(ConsentScope(kind="host", value="files.example"),)),
            trouble="a\nb",
        ),
    ],
    ids=lambda line: type(line).__name__,
)
def test_a_line_says_what_was_meant(line: Any) -> None:
    text = protocol.write(line)
    assert text.isascii()
    assert "\n" not in text
    assert protocol.read(text) == line


# a server of its own


def of_user(tmp_path: Path) -> dict[int, str]:
    """The processes that are this test's: the folder is in what they were started with."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and int(entry.name) != os.getpid():
            with contextlib.suppress(OSError):
                said = (entry / "environ").read_bytes() + (entry / "cmdline").read_bytes()
                state = (entry / "stat").read_text().rsplit(")", 1)[1].split()[0]
                if str(tmp_path).encode() in said and state != "Z":
                    found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    return found


class ServerOfOurs(Server):
    def command(self) -> list[str]:
        return [*super().command(), "--ServerApp.jpserver_extensions={'jupyter_dep_server': True}"]


@linux
@pytest.mark.kernel
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL], ids=lambda end: end.name)
def test_a_server_that_ends_in_the_middle_of_a_job_leaves_no_process(
    toy_index: Index, tmp_path: Path, end: signal.Signals
) -> None:
    toy_index.delay("/simple/alpha/*", 60)
    sandbox = sandbox_at(tmp_path / "user", toy_index.url)
    notebook = sandbox.notebook(name="n")
    before = sandbox.listing()
    env = user_environment(tmp_path / "user" / "jupyter", toy_index.url, JUPYTER_DEP_HOME=str(sandbox.dep_home))
    server = ServerOfOurs(sandbox.folder, env)
    with server:
        server.call("POST", "jupyter-dep/jobs", {"kind": "add", "path": notebook.name, "names": ["alpha"]})
        until(lambda: any("uv" in line.split(" ")[0].rsplit("/", 1)[-1] for line in of_user(tmp_path).values()), 30)
        # one for the job, and one for what is read meanwhile
        assert sum("jupyter_dep_server.jobs.worker" in line for line in of_user(tmp_path).values()) == 2
        started = time.monotonic()
        server.process.send_signal(end)
        server.process.wait(20)
        until(lambda: not of_user(tmp_path), 5)
        assert time.monotonic() - started < 5, server.output()
        assert sandbox.listing() == before
