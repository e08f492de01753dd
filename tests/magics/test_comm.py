"""The comm between kernel and page: the messages in both directions, and that neither side can harm the other."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar, cast

import pytest
from IPython.core.interactiveshell import InteractiveShell
from jsonschema import Draft7Validator
from magics.test_in_kernel import Kernel, answer, folder, kernel, switch_to  # noqa: F401  (fixtures)
from support.wire_schema import message_definitions

from jupyter_dep_magics.comm import PageComm

SHAPES = {"edit": "EditOrder", "switched": "Switched", "carried": "Carried"}


def conforms(data: Mapping[str, Any]) -> None:
    """Whether a message is one of the wire's."""
    reference = f"#/$defs/{SHAPES[data['type']]}"
    Draft7Validator({"$ref": reference, "$defs": message_definitions()}).validate(data)


class Comm:
    """A comm as the kernel's manager hands it over; what the kernel opens itself lands in `sent` of a class for one page."""

    sent: ClassVar[list[dict[str, Any]]]

    def __init__(self, target_name: str = "", data: dict[str, Any] | None = None) -> None:
        self.message: Callable[[Any], None] = lambda _: None
        self.closed: Callable[[Any], None] = lambda _: None
        if target_name:
            assert target_name == "jupyter-dep"
            self.sent.append(data or {})

    def close(self) -> None:
        pass

    def on_msg(self, callback: Callable[[Any], None]) -> None:
        self.message = callback

    def on_close(self, callback: Callable[[Any], None]) -> None:
        self.closed = callback

    def say(self, data: Any) -> None:
        self.message({"content": {"data": data}})


class PageSide:
    """A kernel's object for its page, with all that it received and sent."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.comm_class = type("CommOfThisPage", (Comm,), {"sent": self.sent})
        self.opened = 0
        self.orders: list[Any] = []
        self.targets: dict[str, Callable[..., None]] = {}
        manager = SimpleNamespace(register_target=self.targets.__setitem__)
        shell = SimpleNamespace(kernel=SimpleNamespace(comm_manager=manager))
        self.page = PageComm(cast(InteractiveShell, shell), on_open=self._open, on_switch=self.orders.append)
        self.page.register()

    def _open(self) -> None:
        self.opened += 1

    def open(self, **data: Any) -> Comm:
        comm = self.comm_class()
        self.targets["jupyter-dep"](comm, {"content": {"data": {"holds": True, "block": None, "path": "", **data}}})
        return comm


def test_without_a_page_nothing_is_sent() -> None:
    page_side = PageSide()
    page_side.page.send({"type": "carried", "verb": "add"})
    comm = page_side.open()
    page_side.page.send({"type": "carried", "verb": "add"})
    comm.closed({})
    page_side.page.send({"type": "carried", "verb": "remove"})
    assert [message["verb"] for message in page_side.sent] == ["add"]


def test_a_page_is_greeted_once_for_each_opening() -> None:
    page_side = PageSide()
    first = page_side.open()
    first.say({"holds": True, "block": "b"})
    assert page_side.opened == 1
    page_side.open()
    assert page_side.opened == 2


def test_the_last_block_counts_until_its_page_closes() -> None:
    page_side = PageSide()
    first, second = page_side.open(block="first"), page_side.open(block="second")
    assert page_side.page.block == "second"
    first.say({"holds": True, "block": "first again"})
    assert page_side.page.block == "first again"
    first.closed({})
    # the second's text may be older than what the first has saved
    assert page_side.page.block is None
    assert page_side.page.connected
    second.say({"holds": False})
    assert not page_side.page.connected


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        "x",
        {"type": "switch"},
        {"type": "switch", "switch": None},
        {"type": "switch", "switch": {"key": "k"}},
        {"type": "switch", "switch": {"key": "k", "path": "/p", "python": "/q", "changed": [1]}},
        {"type": "switch", "switch": {"key": "k", "path": "/p", "python": "/q", "changed": [["a"]]}},
    ],
)
def test_a_malformed_switch_order_is_ignored(data: Any) -> None:
    page_side = PageSide()
    page_side.open().say(data)
    assert not page_side.orders


def test_a_renamed_notebook_is_followed_while_its_page_is_open(tmp_path: Path) -> None:
    page_side = PageSide()
    old, new = tmp_path / "work" / "a.ipynb", tmp_path / "work" / "b.ipynb"
    old.parent.mkdir()
    old.touch()
    comm = page_side.open(path="work/a.ipynb")
    comm.say({"holds": True, "block": None, "path": "work/b.ipynb"})
    assert page_side.page.current_path(str(old)) == str(old)
    old.rename(new)
    assert page_side.page.current_path(str(old)) == str(new)
    new.unlink()
    assert page_side.page.current_path(str(old)) == str(old)
    assert page_side.page.current_path(str(tmp_path / "other.ipynb")) == str(tmp_path / "other.ipynb")


# In a real kernel


def send(kernel: Kernel, kind: str, **content: Any) -> str:  # noqa: F811
    message = kernel.client.session.msg(kind, {"comm_id": "page", **content})
    kernel.client.shell_channel.send(message)
    return str(message["header"]["msg_id"])


def told(kernel: Kernel, request: str) -> list[dict[str, Any]]:  # noqa: F811
    """What the kernel told the page because of this message."""
    found = []
    while True:
        message = kernel.client.get_iopub_msg(timeout=20)
        if message["parent_header"].get("msg_id") != request:
            continue
        if message["msg_type"] == "comm_open":
            assert message["content"]["target_name"] == "jupyter-dep"
            conforms(message["content"]["data"])
            found.append(message["content"]["data"])
        if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
            return found


def announce(kernel: Kernel) -> list[dict[str, Any]]:  # noqa: F811
    data = {"holds": True, "block": None, "path": "n.ipynb"}
    return told(kernel, send(kernel, "comm_open", target_name="jupyter-dep", data=data))


def opened(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found = [message["content"]["data"] for message in messages if message["msg_type"] == "comm_open"]
    for data in found:
        conforms(data)
    return found


pytestmark = pytest.mark.kernel


def test_a_cell_without_a_page_opens_no_comm(kernel: Kernel, folder: Path) -> None:  # noqa: F811
    switch = switch_to(folder, "b", ("alpha", "1.0", "2.0"))
    _, messages = kernel.run(answer(folder, verb="add", switch=switch))
    assert opened(messages) == []


def test_a_page_gets_the_environment_the_finished_command_and_what_needs_a_restart(
    kernel: Kernel,  # noqa: F811
    folder: Path,  # noqa: F811
) -> None:
    kernel.run("import alpha")
    assert announce(kernel) == [{"type": "switched", "key": "a", "restart": [], "starter": False}]
    switch = switch_to(folder, "b", ("alpha", "1.0", "2.0"), ("beta", "1.0", "2.0"))
    edit = {"project": "p", "before": None, "after": "# /// script\n# ///", "pending": True}
    _, messages = kernel.run(answer(folder, verb="add", switch=switch, edit=edit))
    edited, switched, carried = opened(messages)
    assert edited["type"] == "edit"
    assert (switched["key"], switched["restart"]) == ("b", [["alpha", "1.0", "2.0"]])
    assert carried == {"type": "carried", "verb": "add"}
    # a second tab, or a reload, learns the same
    assert announce(kernel)[0]["restart"] == [["alpha", "1.0", "2.0"]]
    _, messages = kernel.run("%dep fail")
    assert opened(messages) == []


def test_a_page_makes_the_kernel_move_and_is_answered(kernel: Kernel, folder: Path) -> None:  # noqa: F811
    announce(kernel)
    order = {"type": "switch", "switch": switch_to(folder, "b", ("beta", "1.0", "2.0"), ("fresh", "", "3.0"))}
    (switched,) = told(kernel, send(kernel, "comm_msg", data=order))
    assert switched["key"] == "b"
    assert kernel.text("import fresh, beta; print(fresh.VERSION, beta.VERSION)") == "3.0 2.0\n"
    assert json.loads(kernel.text("%dep echo"))["request"]["environment"] == "b"


def test_an_order_that_cannot_be_followed_leaves_the_kernel_where_it_is(kernel: Kernel, folder: Path) -> None:  # noqa: F811
    announce(kernel)
    gone = {**switch_to(folder, "b"), "path": str(folder / "gone"), "site_packages": [str(folder / "gone" / "site")]}
    (switched,) = told(kernel, send(kernel, "comm_msg", data={"type": "switch", "switch": gone}))
    assert switched["key"] == "a"
    assert told(kernel, send(kernel, "comm_msg", data={"type": "switch", "switch": "b"})) == []
    assert kernel.text("import beta; print(beta.VERSION)") == "1.0\n"


def test_the_hint_of_a_missing_module_carries_what_a_page_makes_a_button_of(kernel: Kernel) -> None:  # noqa: F811
    _, messages = kernel.run("import sklearn")
    (data,) = [message["content"]["data"] for message in messages if message["msg_type"] == "display_data"]
    assert data["application/vnd.jupyter-dep.missing+json"] == {"module": "sklearn", "names": ["scikit-learn"], "fix": ""}
    assert data["text/plain"] == "`sklearn` comes with the distribution `scikit-learn`: run `%dep add scikit-learn`"
