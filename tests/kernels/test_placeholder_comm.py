"""The placeholder kernel and an open page: what the page is sent, and what other front ends never see."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, cast

import pytest
from jsonschema import Draft7Validator
from support.kernel_client import Front, environment, kernel, module
from support.wire_schema import message_definitions

from jupyter_dep.base.progress import Progress
from jupyter_dep.operations.kernel_start.result import Refused
from jupyter_dep_kernels.placeholder import page_comm
from jupyter_dep_kernels.placeholder.sockets import KernelSockets, Request

pytestmark = pytest.mark.kernel
Hold = Callable[..., Front]


@pytest.fixture
def hold(tmp_path: Path) -> Iterator[Hold]:
    with ExitStack() as stack:

        def start(kind: str, *arguments: str, seconds: float = 0.6) -> Front:
            env = environment(tmp_path, FAKE_LOOK=kind, FAKE_SECONDS=str(seconds))
            return stack.enter_context(kernel(module("placeholder", *arguments), tmp_path, env))

        yield start


def send(front: Front, kind: str, comm: str = "page", **content: Any) -> str:
    message = front.client.session.msg(kind, {"comm_id": comm, **content})
    front.client.shell_channel.send(message)
    return str(message["header"]["msg_id"])


def announce(front: Front, comm: str = "page") -> str:
    return send(front, "comm_open", comm, target_name="jupyter-dep", data={"holds": True, "block": None, "path": "a.ipynb"})


def opened(front: Front) -> list[dict[str, Any]]:
    """The data of every comm that the kernel opened, whoever caused it."""
    messages = [message for of in front.outputs.values() for message in of if message["msg_type"] == "comm_open"]
    return [message["content"]["data"] for message in messages if message["content"]["target_name"] == "jupyter-dep"]


def states(front: Front) -> list[str]:
    return [data["state"] for data in opened(front)]


def conforms(data: dict[str, Any]) -> None:
    Draft7Validator({"$ref": "#/$defs/HoldingState", "$defs": message_definitions()}).validate(data)


def test_a_page_sees_the_build_the_waiting_cells_and_ready(hold: Hold) -> None:
    front = hold("building", seconds=1.0)
    page = announce(front)
    front.until(lambda: opened(front))
    cells = [front.execute("x = 1"), front.execute("print(x)"), front.execute("x", silent=True)]
    front.done(*cells)
    seen = opened(front)
    for data in seen:
        conforms(data)
    building = [data for data in seen if data["state"] == "building"]
    assert building[-1]["headline"] == "building the environment"
    assert building[-1]["progress"]["text"] == "downloading 1 of 3"
    assert building[-1]["kept"] == 2
    assert (seen[-1]["state"], seen[-1]["kept"]) == ("ready", 2)
    assert front.states(page)[:2] == ["busy", "idle"]
    assert front.text(cells[1]).endswith("1\n")


class Said:
    """A wire that keeps what is published."""

    def __init__(self) -> None:
        self.comms: list[Any] = []

    def publish(self, kind: str, content: dict[str, Any], parent: None) -> None:
        if kind == "comm_open":
            self.comms.append(content["data"])


def asked(kind: str, **content: Any) -> Request:
    return Request(channel="shell", identities=(), header={"msg_type": kind}, content=content, frames=())


def test_progress_is_sent_at_most_five_times_a_second_and_a_new_state_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr("jupyter_dep_kernels.placeholder.page_comm.time.monotonic", lambda: clock[0])
    said = Said()
    page = page_comm.PageComm(cast(KernelSockets, said))
    page.send_state(page_comm.building("b", None, 0))
    assert said.comms == []
    assert not page
    assert page.handle(asked("comm_open", comm_id="c", target_name="jupyter-dep", data={"holds": True}))
    for done in range(100):
        page.send_state(page_comm.building("b", Progress(phase="linking", done=done, total=100), 0))
        clock[0] += 0.01
    assert len(said.comms) == 5
    page.send_state(page_comm.stopped(Refused(code="c", message="m", steps=()), 0, asking=False))
    assert said.comms[-1]["state"] == "diagnosis"
    assert said.comms[-1]["problem"]["hint"]
    assert page.handle(asked("comm_msg", comm_id="c", data={"holds": False}))
    assert not page
    assert not page.handle(asked("comm_msg", comm_id="other", data={"holds": True}))


def test_a_front_end_that_has_not_announced_itself_gets_no_comm(hold: Hold) -> None:
    front = hold("building")
    cell = front.execute("print('ran')")
    front.done(cell)
    assert opened(front) == []


def test_the_page_itself_makes_no_kernel_look_busy(hold: Hold) -> None:
    front = hold("slow")
    page = announce(front)
    front.until(lambda: front.states(page) == ["busy", "idle"])
    front.pump(0.3)
    assert front.states(page) == ["busy", "idle"]


def test_a_page_that_comes_late_gets_the_state_at_once_and_so_does_kernel_info(hold: Hold) -> None:
    front = hold("refused")
    cell = front.execute("1")
    front.done(cell)
    announce(front)
    front.until(lambda: opened(front))
    (data,) = opened(front)
    conforms(data)
    assert data["state"] == "diagnosis"
    assert data["problem"]["code"] == "bad-lock"
    assert data["problem"]["hint"] == "run `jupyter dep lock`"
    assert data["steps"] == ["run `jupyter dep lock`", "restart the kernel"]
    front.client.kernel_info()
    front.until(lambda: len(opened(front)) == 2)
    announce(front, "second tab")
    front.until(lambda: len(opened(front)) == 3)


def test_a_closed_page_gets_no_more_messages(hold: Hold) -> None:
    front = hold("building", seconds=60)
    announce(front)
    front.until(lambda: opened(front))
    send(front, "comm_close", data={})
    front.pump(0.3)
    count = len(opened(front))
    front.pump(0.6)
    assert len(opened(front)) == count


def test_a_cancelled_build_is_sent_as_a_diagnosis(hold: Hold) -> None:
    front = hold("building", seconds=60)
    announce(front)
    front.until(lambda: opened(front))
    front.client.control_channel.send(front.client.session.msg("interrupt_request", {}))
    front.until(lambda: states(front)[-1:] == ["diagnosis"])
    assert opened(front)[-1]["problem"]["code"] == "cancelled"


def test_a_prompt_is_sent_as_asking_until_it_is_answered(hold: Hold) -> None:
    front = hold("question")
    announce(front)
    cell = front.execute("print('ran')", allow_stdin=True)
    front.until(lambda: front.prompts)
    front.until(lambda: states(front)[-1:] == ["asking"])
    data = opened(front)[-1]
    conforms(data)
    assert data["problem"]["code"] == "no-consent"
    assert data["kept"] == 1
    front.client.input("7391")
    front.done(cell)
    assert states(front)[-1] == "ready"


def test_cells_that_wait_run_after_a_consent_on_the_page(hold: Hold, tmp_path: Path) -> None:
    """What is answered elsewhere (a dialog, a lock) closes the cell's question and runs the cells that wait."""
    front = hold("question")
    announce(front)
    cells = [front.execute("print('first')", allow_stdin=True), front.execute("print('second')", allow_stdin=True)]
    front.until(lambda: front.prompts)
    front.until(lambda: states(front)[-1:] == ["asking"])
    (tmp_path / "calls.consent").touch()
    send(front, "comm_msg", data={"type": "retry"})
    front.done(*cells)
    assert [front.replies[cell]["status"] for cell in cells] == ["ok", "ok"]
    assert front.of(cells[0], "clear_output")[0]["content"] == {"wait": False}
    assert front.text(cells[1]) == "second\n"


def test_what_is_nonsense_on_a_pages_comm_harms_nothing(hold: Hold) -> None:
    front = hold("building")
    announce(front)
    for data in (None, [], "holds", {"type": "switch", "switch": 3}, {"holds": []}):
        send(front, "comm_msg", data=data)
    send(front, "comm_open", target_name="jupyter-dep")
    cell = front.execute("print('ran')")
    front.done(cell)
    assert front.text(cell).endswith("ran\n")


def test_a_page_that_opens_its_comm_again_reaches_the_real_kernel(hold: Hold) -> None:
    front = hold("building")
    announce(front)
    setup = front.execute(
        "get_ipython().kernel.comm_manager.register_target('jupyter-dep', lambda comm, msg: print(comm.comm_id))"
    )
    front.until(lambda: states(front)[-1:] == ["ready"])
    again = announce(front, "again")
    front.done(setup)
    front.until(lambda: front.text(again) == "again\n")
    # the first comm was the placeholder kernel's: handing it on too would count one page twice
    assert "page" not in "".join(front.text(request) for request in front.outputs)
