"""The placeholder kernel: it answers at once, keeps cells, and becomes the real kernel or says why not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from jupyter_client.session import Session
from support.kernel_client import Front, environment, gone, kernel, module

from jupyter_dep.operations.kernel_start.result import Refused
from jupyter_dep_kernels.placeholder import diagnosis

pytestmark = pytest.mark.kernel

Hold = Callable[..., Front]


@pytest.fixture
def hold(tmp_path: Path) -> Iterator[Hold]:
    """Starts a placeholder kernel whose look is of a kind."""
    with ExitStack() as stack:

        def start(kind: str, *arguments: str, seconds: float = 0.6) -> Front:
            env = environment(tmp_path, FAKE_LOOK=kind, FAKE_SECONDS=str(seconds))
            return stack.enter_context(kernel(module("placeholder", *arguments), tmp_path, env))

        yield start


def calls(folder: Path) -> list[str]:
    return (folder / "calls").read_text().splitlines()


def test_three_kept_cells_run_in_order_in_the_real_kernel_of_the_same_process(hold: Hold) -> None:
    front = hold("building")
    cells = [front.execute(code) for code in ("x = [1]; print('one')", "x.append(2)", "import os; print(x, os.getpid())")]
    front.done(*cells)
    assert front.text(cells[0]).endswith("one\n")
    assert front.text(cells[2]).endswith(f"[1, 2] {front.pid}\n")
    assert [front.replies[cell]["execution_count"] for cell in cells] == [1, 2, 3]
    assert front.run("print(x)") == "[1, 2]\n"


def test_idle_of_a_kept_cell_comes_only_after_it_ran(hold: Hold) -> None:
    front = hold("building")
    cell = front.execute("print('ran')")
    # a question in between must not make the cell look finished
    front.client.complete("pri", 3)
    front.done(cell)
    kinds = [(m["msg_type"], m["content"].get("execution_state")) for m in front.outputs[cell]]
    assert kinds.index(("status", "idle")) > kinds.index(("stream", None))


def test_progress_is_one_output_of_the_first_cell_that_goes_when_it_is_done(hold: Hold) -> None:
    front = hold("building", seconds=1.0)
    first, second = front.execute("print('ran')"), front.execute("pass")
    front.done(first, second)
    shown = [m for m in front.of(first, "display_data") if m["content"]["transient"]]
    assert len(shown) == 1
    assert "building the environment: downloading 1 of 3" in shown[0]["content"]["data"]["text/plain"]
    updates = front.of(first, "update_display_data")
    assert {m["content"]["transient"]["display_id"] for m in updates} <= {shown[0]["content"]["transient"]["display_id"]}
    assert len(shown + updates) <= 6
    assert front.of(first, "clear_output")[0]["content"] == {"wait": False}
    assert not any("built in" in m["content"]["data"]["text/plain"] for m in updates), "a time would be saved with the notebook"
    assert not front.of(second, "display_data")


def test_an_error_in_a_kept_cell_aborts_the_kept_ones_behind_it(hold: Hold) -> None:
    front = hold("building")
    cells = [front.execute("1/0"), front.execute("print('never')")]
    front.done(*cells)
    assert front.replies[cells[0]]["ename"] == "ZeroDivisionError"
    assert front.replies[cells[1]]["status"] == "aborted"
    assert front.run("print('on')") == "on\n"


def test_a_kept_cell_that_may_fail_does_not_abort_the_next(hold: Hold) -> None:
    front = hold("building")
    cells = [front.execute("1/0", stop_on_error=False), front.execute("print('still')")]
    front.done(*cells)
    assert front.text(cells[1]).endswith("still\n")


def test_a_silent_kept_cell_leaves_no_output_and_no_count(hold: Hold) -> None:
    front = hold("building")
    quiet, cell = front.execute("x = 1", silent=True), front.execute("print(x)")
    front.done(quiet, cell)
    assert not front.of(quiet, "display_data")
    assert not front.of(quiet, "execute_input")
    assert front.replies[cell]["execution_count"] == 1


def test_cells_that_come_while_the_kernel_changes_are_not_lost(hold: Hold) -> None:
    front = hold("building", seconds=0.3)
    cells: list[str] = []
    end = time.monotonic() + 1.2
    while time.monotonic() < end:
        cells.append(front.execute(f"print({len(cells)})"))
        front.pump(0.01)
    front.done(*cells)
    assert [front.replies[cell]["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))


def test_a_kernel_that_kept_cells_still_ends_promptly(hold: Hold) -> None:
    front = hold("building", seconds=0.2)
    cell = front.execute("1")
    front.done(cell)
    began = time.monotonic()
    front.manager.shutdown_kernel()
    assert time.monotonic() - began < 2


def test_questions_are_answered_before_there_is_an_environment(hold: Hold) -> None:
    front = hold("slow")
    client = front.client
    asked: dict[str, dict[str, object]] = {
        client.complete("pri", 3): {"matches": [], "cursor_end": 3},
        client.inspect("pri", 3): {"found": False},
        client.history(): {"history": []},
        client.is_complete("for"): {"status": "unknown"},
        client.comm_info(): {"comms": {}},
        client.kernel_info(): {"status": "ok", "implementation": "jupyter-dep"},
    }
    front.done(*asked, timeout=5)
    for request, expected in asked.items():
        assert expected.items() <= front.replies[request].items()
    assert client.is_alive()


@pytest.mark.parametrize("by", ["signal", "message"])
def test_an_interrupt_cancels_the_build_and_answers_the_kept_cells(hold: Hold, by: str) -> None:
    front = hold("building", seconds=60)
    cells = [front.execute("1"), front.execute("2")]
    front.until(lambda: front.of(cells[0], "display_data"))
    if by == "signal":
        front.manager.interrupt_kernel()
    else:
        front.client.control_channel.send(front.client.session.msg("interrupt_request", {}))
    front.done(*cells)
    assert front.replies[cells[0]]["evalue"] == "building the environment was cancelled"
    assert front.replies[cells[1]]["status"] == "aborted"
    after = front.execute("3")
    front.done(after)
    assert front.replies[after]["status"] == "error"


def test_a_refusal_is_the_error_of_every_cell_with_numbered_steps(hold: Hold) -> None:
    front = hold("refused")
    for count in (1, 2):
        cell = front.execute("1")
        front.done(cell)
        reply, shown = front.replies[cell], front.of(cell, "error")[0]["content"]
        assert (reply["status"], reply["ename"], reply["execution_count"]) == ("error", "DepError", count)
        assert shown["evalue"] == "the lock is damaged"
        assert shown["traceback"][-2:] == ["  1. run `jupyter dep lock`", "  2. restart the kernel"]
        assert front.states(cell) == ["busy", "idle"]
    assert front.manager.is_alive()


def test_a_build_that_fails_answers_kept_cells_with_its_hint(hold: Hold) -> None:
    front = hold("failing")
    cells = [front.execute("1"), front.execute("2")]
    front.done(*cells)
    assert "there is no `nunpy`" in front.replies[cells[0]]["evalue"]
    assert "  1. did you mean `numpy`?" in front.replies[cells[0]]["traceback"]
    assert front.replies[cells[1]]["status"] == "aborted"


def test_the_right_code_consents_and_the_asking_cell_runs(hold: Hold, tmp_path: Path) -> None:
    front = hold("question")
    cell = front.execute("print('ran')", allow_stdin=True)
    # the question and the text that it is about come by two channels, in either order
    front.until(lambda: front.prompts and "ab12cd" in front.text(cell))
    assert "type 7391" in front.prompts[0]["prompt"]
    assert "3 packages from index.example" in front.text(cell)
    front.client.input(" 7391 ")
    front.done(cell)
    assert front.text(cell).endswith("ran\n")
    assert (tmp_path / "calls.consent").exists()


def test_any_other_answer_leaves_the_kernel_closed_and_asks_again_at_the_next_cell(hold: Hold, tmp_path: Path) -> None:
    front = hold("question")
    cells = [front.execute("1", allow_stdin=True), front.execute("2", allow_stdin=True)]
    front.until(lambda: front.prompts)
    front.client.input("yes")
    front.done(*cells)
    assert [front.replies[cell]["status"] for cell in cells] == ["error", "aborted"]
    assert not (tmp_path / "calls.consent").exists()
    front.execute("3", allow_stdin=True)
    front.until(lambda: len(front.prompts) == 2)


def test_without_a_prompt_the_error_shows_the_fingerprint(hold: Hold) -> None:
    front = hold("question")
    cell = front.execute("1")
    front.done(cell)
    assert not front.prompts
    assert "fingerprint ab12cd" in front.replies[cell]["traceback"]
    assert "  1. jupyter dep trust allow" in front.replies[cell]["traceback"]


def test_after_a_crash_nothing_is_built(hold: Hold, tmp_path: Path) -> None:
    front = hold("building", "--no-build")
    cell = front.execute("1")
    front.done(cell)
    assert "automatic restart does not build it" in front.replies[cell]["evalue"]
    assert "build" not in calls(tmp_path)


def test_a_message_with_a_wrong_signature_changes_nothing(hold: Hold) -> None:
    front = hold("refused")
    stranger = front.manager.client(session=Session(key=b"guessed"))
    stranger.start_channels()
    stranger.execute("1")
    cell = front.execute("2")
    front.done(cell)
    assert front.replies[cell]["execution_count"] == 1
    stranger.stop_channels()


def test_a_comm_that_is_opened_early_reaches_the_real_kernel(hold: Hold) -> None:
    front = hold("building")
    session = front.client.session
    cell = front.execute(
        "get_ipython().kernel.comm_manager.register_target('t', lambda comm, msg: print(msg['content']['data']))"
    )
    message = session.msg("comm_open", {"comm_id": "c", "target_name": "t", "data": {"hello": 1}})
    front.client.shell_channel.send(message)
    front.done(cell)
    front.until(lambda: "hello" in front.text(message["header"]["msg_id"]))


@pytest.mark.parametrize("kind", ["building", "refused"])
def test_shutdown_is_prompt(hold: Hold, kind: str) -> None:
    front = hold(kind, seconds=60)
    began = time.monotonic()
    front.manager.shutdown_kernel()
    assert gone(front.pid or 0, 3)
    assert time.monotonic() - began < 3


@pytest.mark.skipif(sys.platform == "win32", reason="no such signal")
def test_sigterm_ends_it(hold: Hold) -> None:
    front = hold("building", seconds=60)
    os.kill(front.pid, signal.SIGTERM)
    assert gone(front.pid, 5)


@pytest.mark.skipif(sys.platform == "win32", reason="the parent is watched by a handle there")
def test_it_ends_with_the_process_that_wanted_it(tmp_path: Path) -> None:
    starter = textwrap.dedent(
        f"""
        import sys, time
        from support.kernel_client import kernel, module, environment
        from pathlib import Path
        here = Path({str(tmp_path)!r})
        with kernel(module("placeholder"), here, environment(here, FAKE_LOOK="slow")) as front:
            print(front.pid, flush=True)
            time.sleep(60)
        """
    )
    parent = subprocess.Popen([sys.executable, "-c", starter], env=environment(tmp_path), stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert gone(pid, 5)


def test_an_unexpected_error_is_reported_as_a_bug_with_a_next_step() -> None:
    refused = diagnosis.of_error(ZeroDivisionError("division by zero"))
    assert refused.code == "internal-error"
    assert refused.steps
    assert "ZeroDivisionError: division by zero" in refused.message


def test_a_diagnosis_without_steps_has_no_empty_heading() -> None:
    assert diagnosis.lines(Refused(code="c", message="m", steps=()))[-1] == "m"
