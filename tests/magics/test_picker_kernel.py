"""`%dep ui` in a real kernel: the form as a front end gets it, and what a running cell means for it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from magics.test_in_kernel import Kernel, folder, kernel, switch_to  # noqa: F401  (fixtures)

pytestmark = pytest.mark.kernel
VIEW = "application/vnd.jupyter.widget-view+json"


class Form:
    """What a front end knows of the widgets: their state by description, updated from iopub."""

    def __init__(self, kernel: Kernel, cell: str) -> None:  # noqa: F811
        self.client = kernel.client
        self.states: dict[str, dict[str, Any]] = {}
        self.shown: dict[str, Any] = {}
        self.idle: set[str] = set()
        self.request = self.client.execute(cell)
        self.until(lambda: self.request in self.idle)

    def pump(self) -> None:
        try:
            message = self.client.get_iopub_msg(timeout=0.1)
        except Empty:
            return
        content, kind = message["content"], message["msg_type"]
        if kind == "comm_open" and content["target_name"] == "jupyter.widget":
            self.states[content["comm_id"]] = dict(content["data"]["state"])
        elif kind == "comm_msg" and content["data"].get("method") in ("update", "echo_update"):
            self.states[content["comm_id"]].update(content["data"]["state"])
        elif kind == "display_data" and message["parent_header"].get("msg_id") == self.request:
            self.shown = content["data"]
        elif kind == "status" and content["execution_state"] == "idle":
            self.idle.add(message["parent_header"].get("msg_id"))

    def until(self, condition: Callable[[], Any], seconds: float = 20) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, self.states
            self.pump()

    def id(self, model: str, description: str) -> str:
        (found,) = [
            comm
            for comm, state in self.states.items()
            if state.get("_model_name") == model and str(state.get("description", "")).startswith(description)
        ]
        return found

    def get(self, model: str, description: str) -> dict[str, Any]:
        return self.states[self.id(model, description)]

    def texts(self) -> str:
        return "\n".join(state["value"] for state in self.states.values() if state.get("_model_name") == "HTMLModel")

    def set(self, model: str, description: str, **state: Any) -> None:
        self._send(self.id(model, description), {"method": "update", "state": state, "buffer_paths": []})

    def press(self, model: str, description: str, **content: Any) -> None:
        self._send(self.id(model, description), {"method": "custom", "content": content})

    def _send(self, comm: str, data: dict[str, Any]) -> None:
        message = self.client.session.msg("comm_msg", {"comm_id": comm, "data": data})
        self.client.shell_channel.send(message)


@pytest.fixture
def form(kernel: Kernel) -> Iterator[Callable[[str], Form]]:  # noqa: F811
    return lambda cell: Form(kernel, cell)


def test_the_form_is_a_widget_with_a_text_for_front_ends_without_widgets(form: Callable[[str], Form]) -> None:
    shown = form("%dep ui ric").shown
    assert shown[VIEW]["model_id"]
    assert "%dep search WORDS" in shown["text/plain"]
    assert "2 packages" in shown["text/plain"]
    assert "VBox" not in shown["text/plain"]


def test_from_typing_to_the_moved_kernel(form: Callable[[str], Form], kernel: Kernel, folder: Path) -> None:  # noqa: F811
    added = {"switch": switch_to(folder, "b", ("fresh", "", "3.0"))}
    (folder / "added.json").write_text(json.dumps(added), encoding="utf-8")
    ui = form("%dep ui")
    ui.set("TextModel", "Find", value="ric")
    ui.until(lambda: ui.get("SelectModel", "Packages")["_options_labels"])
    assert ui.get("SelectModel", "Packages")["_options_labels"] == ["rich – Rich text", "requests – HTTP"]
    ui.set("SelectModel", "Packages", index=0)
    ui.until(lambda: "newest version 14.0" in ui.texts())
    ui.press("ButtonModel", "Choose", event="click")
    ui.until(lambda: "adds 1 package (up to 3 MB), no conflict" in ui.texts())
    ui.until(lambda: not ui.get("ButtonModel", "Add")["disabled"])
    ui.press("ButtonModel", "Add", event="click")
    ui.until(lambda: "usable now" in ui.texts())
    assert kernel.text("import fresh; print(fresh.VERSION)") == "3.0\n"
    (folder / "added.json").unlink()


def test_the_kernel_is_not_moved_under_a_running_cell_and_the_form_says_so(
    form: Callable[[str], Form],
    kernel: Kernel,  # noqa: F811
    folder: Path,  # noqa: F811
) -> None:
    added = {"switch": switch_to(folder, "b", ("fresh", "", "3.0"))}
    (folder / "added.json").write_text(json.dumps(added), encoding="utf-8")
    (folder / "wait").touch()
    ui = form("%dep ui")
    ui.set("TextModel", "Find", value="rich")
    ui.press("TextModel", "Find", event="submit")
    ui.until(lambda: not ui.get("ButtonModel", "Add")["disabled"])
    ui.press("ButtonModel", "Add", event="click")
    ui.until(lambda: "downloading 1 of 3" in ui.texts())
    assert (ui.get("IntProgressModel", "Adding")["value"], ui.get("IntProgressModel", "Adding")["max"]) == (1, 3)
    # the form's own work goes on while the kernel's main thread is busy
    cell = kernel.client.execute(
        "import os, time, sys\nbefore = sys.prefix\n"
        "while not os.path.exists('go'): time.sleep(0.05)\n"
        "stayed = sys.prefix == before"
    )
    (folder / "wait").unlink()
    ui.until(lambda: "when the running cell has finished" in ui.texts())
    assert cell not in ui.idle
    (folder / "go").touch()
    ui.until(lambda: "usable now" in ui.texts())
    ui.until(lambda: cell in ui.idle)
    assert kernel.text("import fresh; print(stayed, fresh.VERSION)") == "True 3.0\n"
    (folder / "added.json").unlink()


def test_help_and_options_of_the_form(kernel: Kernel) -> None:  # noqa: F811
    assert kernel.text("%dep ui --help").startswith("usage: %dep ui [WORDS…]")
    reply, _ = kernel.run("%dep ui --json")
    assert (reply["status"], reply["ename"]) == ("error", "DepFailure")


def test_without_ipywidgets_the_same_is_text(kernel: Kernel) -> None:  # noqa: F811
    kernel.run("import sys; sys.modules['ipywidgets'] = None")
    told = kernel.text("%dep ui ric")
    assert told.splitlines()[0] == "2 packages"
    assert "next: %dep add NAME" in told
    assert "needs ipywidgets" in kernel.text("%dep ui")
