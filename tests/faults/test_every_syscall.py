"""Every look and every change fails once: what is in use stays, and nothing that a user made is lost.

`strace` writes down one run of a command first. Then each call of it that concerns the project, what is remembered or the
store fails in a run of its own, by its number. A call that only starts Python is left to `test_syscalls`.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from faults.conftest import Tally
from faults.test_kill import big_index  # noqa: F401  a fixture
from faults.test_syscalls import run_traced, untold
from support.index import Index
from support.notebooks import command_context
from support.sandbox import UserSandbox, sandbox_at

from jupyter_dep.base.errors import DepError
from jupyter_dep.io.store.store import Sealed
from jupyter_dep.operations.edit import add_remove, undo
from jupyter_dep.operations.environment import gc, install
from jupyter_dep.services import Services

FAILURES: dict[str, tuple[str, ...]] = {
    "look": ("EIO", "EACCES", "ELOOP", "ENOMEM"),
    "list": ("EIO", "ENOMEM"),
    "open": ("ENOSPC", "EIO", "EMFILE", "EACCES"),
    "read": ("EIO", "ESTALE"),
    "lock": ("EIO", "ENOLCK"),
    "change": ("EIO", "ENOSPC", "EROFS", "EDQUOT"),
}
"""Answers that say nothing about whether something is there."""
KINDS = {
    "look": ("newfstatat", "stat", "lstat", "statx", "access", "faccessat", "faccessat2", "readlink", "readlinkat"),
    "list": ("getdents64",),
    "open": ("openat",),
    "read": ("read", "pread64"),
    "lock": ("flock",),
    "change": (
        "write", "pwrite64", "fsync", "fdatasync", "rename", "renameat", "renameat2", "link", "linkat", "mkdir", "mkdirat",
        "unlink", "unlinkat", "rmdir", "chmod", "fchmodat",
    ),
}  # fmt: skip
KIND_OF = {name: kind for kind, names in KINDS.items() for name in names}
CALL = re.compile(r"^(\d+) +(\w+)\((.*)$", re.MULTILINE)
ENTRY = re.compile(r"/data/store/e/[0-9a-f]{10}/")
"""A path in an environment."""
ALIKE = 4
NOTEBOOK = "n.ipynb"
LANES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """The call of that name with that number, counted from 1 in its thread, fails."""

    name: str
    number: int
    error: str

    def __str__(self) -> str:
        return f"{self.name} {self.number} {self.error}"


@dataclass(slots=True, kw_only=True)
class Scene:
    """A command in a sandbox: the folder's files `before` and `after` it, the environments that it has to leave (`in_use`)."""

    verb: str
    sandbox: UserSandbox
    before: dict[str, bytes] = field(default_factory=dict)
    after: dict[str, bytes] = field(default_factory=dict)
    in_use: list[Sealed] = field(default_factory=list)

    @property
    def notebook(self) -> Path:
        return self.sandbox.folder / NOTEBOOK

    @property
    def state(self) -> Path:
        return self.sandbox.dep_home / "state"

    @property
    def pristine(self) -> Path:
        return self.sandbox.home.parent / "pristine"

    def set_up(self) -> list[tuple[str, int]]:
        """Lay everything out, do the command once, and give its calls: name and number."""
        sandbox, services = self.sandbox, self.sandbox.services()
        used = add_remove.add(sandbox.notebook(name=NOTEBOOK), ["alpha"], services, command_context("add alpha")).sealed
        assert used is not None
        self.in_use = [used]
        PREPARE[self.verb](self, services)
        self.before = sandbox.listing()
        for name in ("state", "data/store"):
            shutil.copytree(sandbox.dep_home / name, self.pristine / name, symlinks=True)
        self.traced([])  # a first run leaves the bytecode that the others find
        self.reset()
        log = sandbox.home.parent / "calls.log"
        done = self.traced(["-y", "-e", "trace=" + ",".join(KIND_OF), "-o", str(log)])
        assert done.returncode == 0, done.stdout + done.stderr
        self.after = sandbox.listing()
        return self._own(log.read_text("utf-8", "replace"))

    def _own(self, log: str) -> list[tuple[str, int]]:
        root = str(self.sandbox.home.parent)
        counted: Counter[tuple[str, str]] = Counter()
        inside: Counter[str] = Counter()
        main, own = log.split(" ", 1)[0], []
        for thread, name, words in CALL.findall(log):
            counted[thread, name] += 1
            concerns = re.sub(r"^AT_FDCWD<[^>]*>", "", words)
            if thread != main or (root not in concerns and "mountinfo" not in concerns):
                continue
            if ENTRY.search(concerns):  # a folder's many files are removed and looked through in one way
                inside[name] += 1
            if inside[name] <= ALIKE or not ENTRY.search(concerns):
                own.append((name, counted[thread, name]))
        return own

    def traced(self, options: list[str]) -> subprocess.CompletedProcess[str]:
        options = options or ["-o", "/dev/null", "-e", "trace=none"]
        return run_traced(options, WORDS[self.verb], self.sandbox, PYTHONHASHSEED="0")

    def reset(self) -> None:
        sandbox = self.sandbox
        if sandbox.listing() != self.before:
            for path in sandbox.folder.iterdir():
                path.unlink()
            for name, data in self.before.items():
                (sandbox.folder / name).write_bytes(data)
        for name in ("state", "data/store"):
            shutil.rmtree(sandbox.dep_home / name)
            shutil.copytree(self.pristine / name, sandbox.dep_home / name, symlinks=True)

    def strike(self, fault: Fault) -> str:
        """What one fault did that it must not; empty if nothing."""
        inject = f"inject={fault.name}:error={fault.error}:when={fault.number}"
        done = self.traced(["-o", "/dev/null", "-e", f"trace={fault.name}", "-e", inject])
        now = {name: data for name, data in self.sandbox.listing().items() if not name.endswith(".tmp")}
        said = f"exit {done.returncode}: {done.stdout[-300:]}{done.stderr[-300:]}"
        if now not in (self.before, self.after):
            changed = sorted(name for name in {*now, *self.before} if now.get(name) != self.before.get(name))
            return f"neither before nor after: {changed}; {said}"
        if done.returncode == 0 and now != self.after:
            return f"a false success: {said}"
        if done.returncode != 0 and '"error": {' in done.stdout and now != self.before:
            return f"it says that it failed, and did it: {said}"
        if done.returncode != 0 and untold(done):
            return f"no reason: {said}"
        if lost := self._lost():
            return f"{lost}; {said}"
        try:
            return self._again(now)
        except DepError as error:
            return f"the same once more fails: {error}; {said}"

    def _lost(self) -> str:
        services = self.sandbox.services()
        for sealed in self.in_use:
            if services.store.sealed(sealed.key) != sealed or services.store.has_changed(sealed):
                return "an environment in use is gone"
        if not self._remembers(services):
            return "what was remembered is lost"
        was, consents = (json.loads((root / "consent.json").read_bytes()) for root in (self.pristine / "state", self.state))
        if any(not was[kind].items() <= consents[kind].items() for kind in ("fingerprint", "item", "folder")):
            return "a consent is lost"
        return ""

    def _remembers(self, services: Services) -> bool:
        """Whether every step is still there, done or undone, with the locks that it names."""
        file = services.history.file(self.notebook)
        was, now = (json.loads((root / "projects" / file.name).read_bytes()) for root in (self.pristine / "state", self.state))
        steps = [*now["steps"], *now.get("undone", [])]
        for step in steps:
            for end in ("lock_before", "lock_after"):
                services.history.lock_bytes(self.notebook, step[end])
        commands = {step["command"] for step in (*was["steps"], *was.get("undone", []))}
        return commands <= {step["command"] for step in steps} and set(was["environments"]) <= set(now["environments"])

    def _again(self, now: dict[str, bytes]) -> str:
        services = self.sandbox.services()
        if self.verb != "undo" or now != self.after:
            AGAIN[self.verb](self, services)
        if self.sandbox.listing() != self.after:
            return f"once more, it is not done: {sorted(self.sandbox.listing())}"
        folders = [path for path in (services.store.root / "e").iterdir() if path.is_dir()]
        if self.verb == "gc" and len(folders) != len(self.in_use):
            return f"once more, {len(folders)} environments stay"
        return self._lost()


def _unused(scene: Scene, services: Services) -> None:
    """An environment of a notebook that was deleted, and what a builder left that is gone."""
    gone = scene.sandbox.notebook(name="gone")
    assert add_remove.add(gone, ["gamma"], services, command_context()).sealed is not None
    gone.unlink()
    scene.sandbox.lock_path(gone).unlink()
    (services.store.root / "e" / "0000000000" / "lib").mkdir(parents=True)


def _second_step(scene: Scene, services: Services) -> None:
    sealed = add_remove.add(scene.notebook, ["beta"], services, command_context("add beta")).sealed
    assert sealed is not None
    scene.in_use.append(sealed)


def _stale(scene: Scene, services: Services) -> None:
    """A lock without its environment."""
    add_remove.add(scene.notebook, ["beta"], services, command_context("add beta", sync=False))


def _another(scene: Scene, services: Services) -> None:
    """A second notebook, whose environment is not to go with the first one's."""
    sealed = add_remove.add(scene.sandbox.notebook(name="other"), ["gamma"], services, command_context()).sealed
    assert sealed is not None
    scene.in_use = [sealed]


WORDS = {
    "gc": ["env", "gc", "--json"],
    "undo": ["undo", "--json", NOTEBOOK],
    "add": ["add", "--json", NOTEBOOK, "beta"],
    "sync": ["sync", "--json", NOTEBOOK],
    "env remove": ["env", "remove", "--json", NOTEBOOK],
}
PREPARE: dict[str, Callable[[Scene, Services], None]] = {
    "gc": _unused,
    "undo": _second_step,
    "add": lambda scene, services: None,
    "sync": _stale,
    "env remove": _another,
}
AGAIN: dict[str, Callable[[Scene, Services], object]] = {
    "gc": lambda scene, services: gc.collect(services),
    "undo": lambda scene, services: undo.undo(scene.notebook, services, command_context("undo")),
    "add": lambda scene, services: add_remove.add(scene.notebook, ["beta"], services, command_context("add beta")),
    "sync": lambda scene, services: install.sync(scene.notebook, services, command_context()),
    "env remove": lambda scene, services: gc.remove_environments(scene.notebook, services),
}


def sweep(scene: Scene, *, full: bool) -> tuple[list[str], Counter[str]]:
    """Let each call fail, in CI with one error by turns; gives what went wrong and how many calls of each kind failed."""
    calls = scene.set_up()
    scene.reset()
    wrong: list[str] = []
    tried: Counter[str] = Counter()
    for turn, (name, number) in enumerate(calls):
        kind = KIND_OF[name]
        errors = FAILURES[kind] if full else (FAILURES[kind][turn % len(FAILURES[kind])],)
        for error in errors:
            fault = Fault(name=name, number=number, error=error)
            if said := scene.strike(fault):
                wrong.append(f"{scene.verb}: {fault}: {said}")
            tried[kind] += 1
            scene.reset()
    return wrong, tried


@pytest.mark.skipif(sys.platform != "linux", reason="strace")
def test_what_is_in_use_stays_whichever_call_fails(
    big_index: Index,  # noqa: F811
    tmp_path: Path, tally: Tally, need: Callable[..., None], full: bool,
) -> None:  # fmt: skip
    need("syscalls", "strace", cases=400)
    verbs = list(WORDS) if full else ["gc", "undo"]
    scenes = [Scene(verb=verb, sandbox=sandbox_at(tmp_path / verb.replace(" ", "-"), big_index.url)) for verb in verbs]
    wrong: list[str] = []
    tried: Counter[str] = Counter()
    with ThreadPoolExecutor(LANES) as pool:
        for said, counted in pool.map(lambda scene: sweep(scene, full=full), scenes):
            wrong += said
            tried += counted
    print(f"{sum(tried.values())} faults: {dict(tried)}")
    tally("syscalls", cases=sum(tried.values()), held=sum(tried.values()) - len(wrong))
    assert set(tried) == set(KINDS)
    assert not wrong, f"{len(wrong)}: " + "\n".join(wrong[:12])
