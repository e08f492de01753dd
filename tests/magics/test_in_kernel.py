"""`%dep` in a real kernel: displays, payloads, comms, errors and the switch as a front end sees them."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client import BlockingKernelClient, KernelManager
from magics.test_switch import SITE, environment

import jupyter_dep_magics

pytestmark = pytest.mark.kernel
AGENT = [sys.executable, str(Path(__file__).parents[1] / "support" / "magics_agent.py")]
MAGICS = Path(jupyter_dep_magics.__path__[0]).parent


class Kernel:
    """A kernel with the magics started on the environment in `folder`."""

    def __init__(self, client: BlockingKernelClient) -> None:
        self.client = client

    def run(self, cell: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """The reply's content, and what went out on iopub, as messages."""
        request = self.client.execute(cell)
        reply = self.client.get_shell_msg(timeout=30)
        while reply["parent_header"].get("msg_id") != request:
            reply = self.client.get_shell_msg(timeout=30)
        seen = []
        while True:
            message = self.client.get_iopub_msg(timeout=30)
            if message["parent_header"].get("msg_id") != request:
                continue
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                return reply["content"], seen
            seen.append(message)

    def text(self, cell: str) -> str:
        """What a plain front end would show."""
        _, messages = self.run(cell)
        shown = [
            message["content"]["text"]
            if message["msg_type"] == "stream"
            else message["content"].get("data", {}).get("text/plain", "")
            for message in messages
            if message["msg_type"] in ("stream", "display_data", "execute_result")
        ]
        return "\n".join(shown)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kernel")
    environment(folder / "a", alpha="1.0", beta="1.0")
    environment(folder / "b", alpha="2.0", beta="2.0", fresh="3.0")
    (folder / "lease").touch()
    return folder


@pytest.fixture
def kernel(folder: Path) -> Iterator[Kernel]:
    manager = KernelManager()
    manager.start_kernel(cwd=str(folder), env={**os.environ, "PYTHONPATH": str(MAGICS)})
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        context = {
            "agent": AGENT,
            "notebook": str(folder / "n.ipynb"),
            "key": "a",
            "path": str(folder / "a"),
            "python": str(folder / "a" / "bin" / "python"),
            "guards": "",
        }
        kernel = Kernel(client)
        kernel.run(
            f"import sys; sys.path.append({str(folder / 'a' / SITE)!r})\n"
            f"import jupyter_dep_magics; jupyter_dep_magics.start(get_ipython(), {context!r})"
        )
        yield kernel
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def answer(folder: Path, **outcome: Any) -> str:
    path = folder / f"answer-{time.monotonic_ns()}.json"
    path.write_text(json.dumps(outcome), encoding="utf-8")
    return f"%dep answer {path}"


def switch_to(folder: Path, name: str, *changed: tuple[str, str, str]) -> dict[str, Any]:
    root = folder / name
    return {
        "key": name,
        "path": str(root),
        "python": str(root / "bin" / "python"),
        "site_packages": [str(root / SITE)],
        "lease": str(folder / "lease"),
        "changed": changed,
    }


def test_report_is_a_display_with_html_and_text(kernel: Kernel, folder: Path) -> None:
    report = {"headline": "added <numpy>", "tone": "good"}
    _, messages = kernel.run(answer(folder, report=report))
    (shown,) = [message for message in messages if message["msg_type"] == "display_data"]
    assert shown["content"]["data"]["text/plain"] == "added <numpy>"
    assert "added &lt;numpy&gt;" in shown["content"]["data"]["text/html"]


def test_progress_is_one_display_updated_in_place_at_a_readable_pace(kernel: Kernel) -> None:
    _, messages = kernel.run("%dep quick 150")
    displays = [message for message in messages if message["msg_type"] == "display_data"]
    updates = [message for message in messages if message["msg_type"] == "update_display_data"]
    identifier = displays[0]["content"]["transient"]["display_id"]
    assert len(displays) == 1
    assert {message["content"]["transient"]["display_id"] for message in updates} == {identifier}
    assert 2 <= len(updates) <= 15
    assert updates[-1]["content"]["data"]["text/plain"] == "done", "the result takes its place"


def test_a_page_gets_an_edit_after_the_result_so_that_it_saves_both(kernel: Kernel, folder: Path) -> None:
    """The file never holds half of a result: no progress, and nothing that comes after the save."""
    client = kernel.client
    opening = {"comm_id": "c9", "target_name": "jupyter-dep", "data": {"holds": True, "block": None}}
    client.shell_channel.send(client.session.msg("comm_open", opening))
    edit = {"project": "p", "before": None, "after": "# /// script\n# ///"}
    report = {"headline": "added alpha", "lines": ["more"], "folded": True}
    _, messages = kernel.run(answer(folder, edit=edit, report=report))
    kinds = [message["msg_type"] for message in messages if message["msg_type"] in ("display_data", "comm_open")]
    assert kinds[0] == "display_data"
    assert "comm_open" in kinds
    (shown,) = [message["content"]["data"] for message in messages if message["msg_type"] == "display_data"]
    assert shown["text/plain"] == "added alpha"
    assert "<details>" in shown["text/html"] and "more" in shown["text/html"]
    client.shell_channel.send(client.session.msg("comm_close", {"comm_id": "c9", "data": {}}))


def test_what_is_quick_shows_no_progress(kernel: Kernel) -> None:
    _, messages = kernel.run("%dep quick 2")
    assert [message["msg_type"] for message in messages if "display" in message["msg_type"]] == ["display_data"]


def test_failure_is_an_error_without_a_traceback(kernel: Kernel) -> None:
    reply, messages = kernel.run("%dep fail")
    assert reply["status"] == "error"
    (error,) = [message["content"] for message in messages if message["msg_type"] == "error"]
    assert error["ename"] == "DepFailure"
    assert error["evalue"] == "no `nunpy` (a.ipynb, cell 2)"
    assert error["traceback"] == ["\x1b[31mno `nunpy` (a.ipynb, cell 2)\x1b[0m", "next: is it `numpy`?"]


def test_switch_makes_the_new_usable_and_names_what_needs_a_restart(kernel: Kernel, folder: Path) -> None:
    kernel.run("import alpha")
    changed = [("alpha", "1.0", "2.0"), ("beta", "1.0", "2.0"), ("fresh", "", "3.0")]
    shown = kernel.text(answer(folder, switch=switch_to(folder, "b", *changed)))
    assert shown.splitlines() == [
        "in this kernel",
        "  usable now  beta 2.0, fresh 3.0",
        "note: alpha 1.0 → 2.0 is imported: restart the kernel to use it",
    ]
    assert kernel.text("import fresh, beta; print(alpha.VERSION, beta.VERSION, fresh.VERSION)") == "1.0 2.0 3.0\n"
    echoed = json.loads(kernel.text("%dep echo"))
    assert echoed["request"]["environment"] == "b"
    assert str(folder / "b") not in echoed["environ"]["PATH"]
    changed = [("alpha", "2.0", "1.0"), ("beta", "2.0", "1.0"), ("fresh", "3.0", "")]
    shown = kernel.text(answer(folder, switch=switch_to(folder, "a", *changed)))
    assert shown.splitlines() == [
        "in this kernel",
        "  usable now  alpha 1.0",
        "note: beta 2.0 → 1.0 is imported: restart the kernel to use it",
        "note: fresh 3.0 → removed is imported: usable until the kernel is restarted",
    ]


def test_pending_edit_is_a_cell_below_unless_a_front_end_holds_the_notebook(kernel: Kernel, folder: Path) -> None:
    edit = {"project": "p", "before": None, "after": "# /// script\n# ///", "pending": True}
    reply, _ = kernel.run(answer(folder, edit=edit))
    assert [payload["text"] for payload in reply["payload"]] == [edit["after"]]

    client = kernel.client
    live = {"holds": True, "block": "# /// script\n# live\n# ///"}
    opening = {"comm_id": "c1", "target_name": "jupyter-dep", "data": live}
    client.shell_channel.send(client.session.msg("comm_open", opening))
    assert json.loads(kernel.text("%dep echo"))["request"]["block"] == live["block"]

    wanted = {**edit, "before": live["block"], "after": "# /// script\n# wanted\n# ///"}
    reply, messages = kernel.run(answer(folder, edit=wanted))
    assert not reply["payload"]
    sent = [message["content"] for message in messages if message["msg_type"] == "comm_open"]
    assert {content["target_name"] for content in sent} == {"jupyter-dep"}
    edited, carried = [content["data"] for content in sent]
    assert edited == {"type": "edit", "before": wanted["before"], "after": wanted["after"], "project": "p"}
    assert carried["type"] == "carried"
    assert json.loads(kernel.text("%dep echo"))["request"]["block"] == wanted["after"]

    client.shell_channel.send(client.session.msg("comm_close", {"comm_id": "c1", "data": {}}))
    assert json.loads(kernel.text("%dep echo"))["request"]["block"] is None


def test_completion_answers_a_front_end(kernel: Kernel) -> None:
    code = "import os\n%dep upd\nos"
    request = kernel.client.complete(code, code.index("upd") + 3)
    reply = kernel.client.get_shell_msg(timeout=10)
    while reply["parent_header"].get("msg_id") != request:
        reply = kernel.client.get_shell_msg(timeout=10)
    content = reply["content"]
    assert content["matches"] == ["update"]
    assert code[content["cursor_start"] : content["cursor_end"]] == "upd"


@pytest.mark.skipif(os.name == "nt", reason="looks for the process as POSIX does")
def test_agent_ends_with_its_kernel(kernel: Kernel) -> None:
    agent = json.loads(kernel.text("%dep echo"))["pid"]
    kernel.client.execute("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    deadline = time.monotonic() + 10
    while _alive(agent):
        assert time.monotonic() < deadline, "the agent outlived its kernel"
        time.sleep(0.05)


@pytest.mark.skipif(os.name == "nt", reason="no fork there")
def test_forked_worker_does_not_keep_the_agent_alive(kernel: Kernel) -> None:
    agent = json.loads(kernel.text("%dep echo"))["pid"]
    worker = int(
        kernel.text(
            "import os, time, warnings; warnings.simplefilter('ignore')\n"
            "pid = os.fork()\nif not pid:\n    time.sleep(20); os._exit(0)\nprint(pid)"
        )
    )
    kernel.client.execute("import signal; os.kill(os.getpid(), signal.SIGKILL)")
    deadline = time.monotonic() + 5
    try:
        while _alive(agent):
            assert time.monotonic() < deadline, "a forked worker kept the agent alive"
            time.sleep(0.05)
    finally:
        os.kill(worker, 9)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{process}/stat")
    # A container without an init process leaves orphans as zombies.
    return not (status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z")
