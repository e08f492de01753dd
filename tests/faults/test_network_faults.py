"""A network on its bad days: a typed error within the deadline, nothing damaged kept, and the same line works afterwards.

The faults hit what locking asks for (pages), what building fetches (files), and uploads.
"""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from faults.conftest import Tally
from support.index import JSON_TYPE, Index
from support.notebooks import command_context, versions
from support.packages import package
from support.sandbox import sandbox_at, terminal_at
from support.upload_index import WRITER, UploadIndex
from support.wheels import build_wheel
from support.wire import Request

from jupyter_dep.base.errors import DepError
from jupyter_dep.io.engine import uv
from jupyter_dep.operations.edit import relock
from jupyter_dep.operations.environment import install

DEADLINE = 20.0
"""Seconds that a lock or a build may take here; the real ones are 10 and 30 minutes."""
LATE = 40.0
"""Over this nothing was within any deadline: the engine tries four times, with pauses, before it gives up by itself."""
PORTAL = b"<html><body><h1>Welcome to our hotel! Please log in.</h1><a href='/login'>log in</a></body></html>"
FILES = 40
CUT = {"network", "broken-download", "engine-timeout"}
"""Of a big file the engine's four tries may take until the deadline."""

Fault = Callable[[Index, str], Any]


def _nobody() -> str:
    """An address at which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


# name: (what happens, codes while locking, codes while building)
FAULTS: dict[str, tuple[Fault, set[str], set[str]]] = {
    "reset": (lambda index, at: index.reset(at), CUT, CUT),
    "stall": (lambda index, at: index.delay(at, 60), {"engine-timeout"}, {"engine-timeout"}),
    "trickle": (lambda index, at: index.trickle(at, 20), {"engine-timeout"}, {"engine-timeout"}),
    "429": (lambda index, at: index.fail(at, 429), {"index-failed"}, {"index-failed"}),
    "503": (lambda index, at: index.fail(at, 503), {"index-failed"}, {"index-failed"}),
    "500": (lambda index, at: index.fail(at, 500), {"index-failed"}, {"index-failed"}),
    # of a page its first bit: one within a hash shows only when the file is fetched, see below
    "bit flip": (
        lambda index, at: index.corrupt(at, at=0.0 if "simple" in at else 0.5),
        {"no-package-page"},
        {"hash-mismatch", "broken-download"},
    ),
    "portal page": (
        lambda index, at: index.say(at, PORTAL, "text/html"),
        {"no-package-page"},
        {"broken-download", "hash-mismatch", "no-package-page"},
    ),
    "redirect to nobody": (lambda index, at: index.redirect(at, _nobody() + "{path}"), {"network"}, {"network"}),
    "redirect to itself": (
        lambda index, at: index.redirect(at, index.origin + "{path}"),
        {"network", "no-package-page"},
        {"network", "hash-mismatch"},
    ),
    "truncated": (lambda index, at: index.truncate(at), CUT | {"no-package-page"}, CUT),
    "refused": (lambda index, at: index.stop(), {"network"}, {"network"}),
}


def _case(name: str, root: Path, toys: Path) -> list[str]:
    """One fault at a lock, then at a build, by somebody of their own; gives what did not hold."""
    break_, locking, building = FAULTS[name]
    wrong: list[str] = []
    with Index(root / "index", toys) as index:
        # more than a socket's buffer takes, so that half of it is really half
        build_wheel(index.folder, "large", "1.0", files={f"large/m{at}.py": f"x = {at}\n" * 2000 for at in range(FILES)})
        sandbox = sandbox_at(root, index.url)
        notebook = sandbox.notebook("large", "alpha==1.0", name="n")
        steps: list[tuple[str, str, set[str], Callable[[], object]]] = [
            (
                "lock",
                "/simple/large/",
                locking,
                lambda: relock.relock(notebook, sandbox.services(), command_context(sync=False)),
            ),
            ("build", "/files/large-*.whl", building, lambda: install.sync(notebook, sandbox.services(), command_context())),
        ]
        for step, pattern, codes, deed in steps:
            before = sandbox.listing()
            break_(index, pattern)
            wrong += [f"{name}, {step}: {what}" for what in _refused(deed, codes)]
            if sandbox.listing() != before:
                wrong.append(f"{name}, {step}: a file changed")
            entries = sandbox.services().store.root / "e"
            if sandbox.services().store.all() or (entries.is_dir() and any(path.is_dir() for path in entries.iterdir())):
                wrong.append(f"{name}, {step}: something half-built was left")
            index.heal()
            index.start() if name == "refused" else None
            try:
                deed()
            except DepError as error:
                wrong.append(f"{name}, {step}: afterwards {error.code}: {error}")
        if not wrong:
            assert versions(sandbox.read_lock(notebook)) == {"large": "1.0", "alpha": "1.0"}
            (sealed,) = sandbox.services().store.all()
            assert not sandbox.services().store.has_changed(sealed)
            assert len(list((Path(sealed.site) / "large").glob("m*.py"))) == FILES
    return wrong


def _refused(deed: Callable[[], object], codes: set[str]) -> list[str]:
    begin = time.monotonic()
    try:
        deed()
    except DepError as error:
        late = time.monotonic() - begin > LATE
        return (
            (["no hint"] if not error.hint else [])
            + (["too late"] if late else [])
            + ([f"{error.code}: {error}"] if error.code not in codes or "Traceback" in str(error) else [])
        )
    return ["it was not noticed"]


def test_locks_and_builds_that_the_network_spoils_are_told_and_work_afterwards(
    toys: Path, tmp_path: Path, tally: Tally, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uv, "LOCK_DEADLINE", DEADLINE)
    monkeypatch.setattr(uv, "INSTALL_DEADLINE", DEADLINE)
    with ThreadPoolExecutor(len(FAULTS)) as pool:  # most of it is waiting: the engine tries four times
        at = enumerate(FAULTS)
        found = list(pool.map(lambda one: _case(one[1], tmp_path / str(one[0]), toys), at))
    wrong = [what for case in found for what in case]
    tally("network", cases=2 * len(FAULTS), held=2 * len(FAULTS) - len({what.partition(":")[0] for what in wrong}))
    assert not wrong, "\n".join(wrong)


def test_a_bit_that_flips_in_a_pages_hash_stops_the_build(toy_index: Index, tmp_path: Path, tally: Tally) -> None:
    sandbox = sandbox_at(tmp_path, toy_index.url)
    notebook = sandbox.notebook("gamma==1.0", "alpha==1.0", name="n")
    page = toy_index.answer(Request(method="GET", path="/simple/gamma/", headers={"accept": JSON_TYPE}, host="")).body
    digest = re.search(rb"[0-9a-f]{64}", page)
    assert digest is not None
    toy_index.corrupt("/simple/gamma/", at=(digest.start() + 8) / len(page))
    relock.relock(notebook, sandbox.services(), command_context(sync=False))
    assert _refused(lambda: install.sync(notebook, sandbox.services(), command_context()), {"hash-mismatch"}) == []
    assert sandbox.services().store.all() == ()
    tally("network", cases=1, held=1)


@pytest.mark.parametrize("name", ["reset", "503", "429", "truncated"])
def test_a_fault_that_passes_is_not_even_noticed(toy_index: Index, tmp_path: Path, name: str, tally: Tally) -> None:
    sandbox = sandbox_at(tmp_path, toy_index.url)
    notebook = sandbox.notebook("alpha==1.0", name="n")
    effects: dict[str, Callable[[str], None]] = {
        "reset": lambda at: toy_index.reset(at, 1),
        "503": lambda at: toy_index.fail(at, 503, 1),
        "429": lambda at: toy_index.fail(at, 429, 1),
        "truncated": lambda at: toy_index.truncate(at, 1),
    }
    effects[name]("/simple/alpha/")
    relock.relock(notebook, sandbox.services(), command_context("lock", sync=False))
    assert install.sync(notebook, sandbox.services(), command_context()).sealed is not None
    tally("network", cases=1, held=1)


UPLOADS: dict[str, tuple[dict[str, Any], set[str]]] = {
    "429": ({"status": "429 Too Many Requests"}, {"index-failed"}),
    "503": ({"status": "503 Service Unavailable"}, {"index-failed"}),
    "portal page": ({"status": "302 Found", "headers": (("Location", "/login"),)}, {"upload-redirected"}),
    "stall": ({"status": "200 OK", "stall": 60.0}, {"engine-timeout"}),
}


@pytest.mark.parametrize("name", UPLOADS)
def test_an_upload_that_the_network_spoils_goes_on_afterwards(
    name: str, toy_index: Index, tmp_path: Path, tally: Tally, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uv, "PUBLISH_DEADLINE", 5.0)
    fault, codes = UPLOADS[name]
    with UploadIndex(tmp_path / "served") as server:
        sandbox = terminal_at(tmp_path, toy_index)
        package(sandbox.folder)
        build_wheel(sandbox.folder / "dist", "mine", "0.1.0")
        me = {"JUPYTER_DEP_PUBLISH_USERNAME": WRITER[0], "JUPYTER_DEP_PUBLISH_PASSWORD": WRITER[1]}
        server.fail(**fault)
        begin = time.monotonic()
        done = sandbox.dep("publish", "--repository", server.url, "--json", cwd=sandbox.folder, **me)
        assert time.monotonic() - begin < LATE
        assert done.code != 0 and done.error["code"] in codes, done.said
        assert done.error["hint"] and WRITER[1] not in done.said
        assert server.has() == []
        server.faults.clear()
        again = sandbox.dep("publish", "--repository", server.url, "--json", cwd=sandbox.folder, **me)
        assert again.code == 0, again.said
        assert server.has() == ["mine-0.1.0-py3-none-any.whl"]
    tally("network", cases=1, held=1)
