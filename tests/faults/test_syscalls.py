"""System calls that fail: for each verb, each kind of call on its way fails once, or from then on, by `strace`.

`strace` counts the calls of one run first; a fault is then put at one of them by number. A command that says that it worked
has to have worked; one that says that it did not has to say why, and leaves what it can run again from.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from faults.conftest import Tally
from faults.test_kill import CLI, FILES, big_index, check_whole, sweep  # noqa: F401  a fixture
from support.index import Index
from support.notebooks import block, command_context, rewrite
from support.sandbox import UserSandbox, sandbox_at

from jupyter_dep.base.errors import DepError
from jupyter_dep.model.notebook.notebook import Notebook
from jupyter_dep.operations.edit import add_remove, relock
from jupyter_dep.operations.environment import gc, install
from jupyter_dep.operations.project.state import read_state

CALLS = {
    "rename": "rename,renameat,renameat2,link,linkat",
    "write": "write,pwrite64,writev",
    "mkdir": "mkdir,mkdirat",
    "openat": "openat",
    "flock": "flock",
    "fsync": "fsync,fdatasync",
}
ERRORS = ("EIO", "ENOSPC", "EACCES", "EINTR", "EDQUOT", "ENOENT")
LOCKING = ("EIO", "ENOLCK", "ENOSYS", "EINTR")
"""Of `flock`: at EACCES somebody has the lock, and we wait with a deadline."""
VERBS = {"add": ["add", "--json", "n.ipynb", "big"], "sync": ["sync", "--json", "n.ipynb"], "gc": ["env", "gc", "--json"]}
LANES = 2
NOT_STARTED = (
    "Fatal Python error",
    "No module named",
    "ImportError",
    "cannot import",
    "while loading shared libraries",
    "init_",
)


def run_traced(options: list[str], words: list[str], sandbox: UserSandbox, **environ: str) -> subprocess.CompletedProcess[str]:
    """A command under `strace`; it follows the engine too."""
    process = subprocess.Popen(
        ["strace", "-f", "--seccomp-bpf", "-qq", *options, *CLI, *words],
        cwd=sandbox.folder, env={**sandbox.environ(), **environ}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    try:
        out, err = process.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)  # what is traced would go on without `strace`
        process.communicate()
        raise
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def untold(done: subprocess.CompletedProcess[str]) -> bool:
    """Whether a failure was not told as one of ours. A Python that cannot even be started says so in its own words."""
    if "Traceback" in done.stderr and not re.search(r'File ".*jupyter_dep', done.stderr):
        return False  # Python could not import the program
    if any(words in done.stderr for words in NOT_STARTED) or not done.stdout + done.stderr:
        return False  # Python says it, or nobody can: the exit code has to do
    try:
        told = json.loads(done.stdout)["results"][0]["error"]
        return not (told["code"] and told["hint"]) or told["code"] == "internal"
    except (ValueError, KeyError, IndexError, TypeError):
        return "error: " not in done.stderr or "Traceback" in done.stderr


@dataclass(slots=True, kw_only=True)
class Scene:
    """A verb in one lane: what is there before it, and how many calls of each kind it makes."""

    verb: str
    sandbox: UserSandbox
    before: dict[str, bytes] = field(default_factory=dict)
    after: dict[str, bytes] = field(default_factory=dict)
    counts: dict[str, list[int]] = field(default_factory=dict)
    """For each kind the calls of each thread that makes any: `strace` counts by thread."""

    def set_up(self) -> None:
        sandbox = self.sandbox
        notebook = sandbox.notebook("alpha", name="n")
        relock.relock(notebook, sandbox.services(), command_context(sync=False))
        if self.verb == "sync":
            rewrite(notebook, block("alpha", "big"))
            relock.relock(notebook, sandbox.services(), command_context(sync=False))
        if self.verb == "gc":
            install.sync(notebook, sandbox.services(), command_context())
        self.before = sandbox.listing()
        shutil.copytree(sandbox.dep_home / "state", sandbox.home.parent / "pristine")
        log = sandbox.home.parent / "calls.log"
        done = self.run(["-e", "trace=" + ",".join(CALLS.values()), "-o", str(log)])
        assert done.returncode == 0, done.stderr
        self.after = sandbox.listing() if self.verb != "gc" else self.before
        kinds = {name: kind for kind, names in CALLS.items() for name in names.split(",")}
        made: dict[str, Counter[str]] = {}
        for thread, name in re.findall(r"^(\d+) +(\w+)\(", log.read_text("utf-8", "replace"), re.MULTILINE):
            made.setdefault(kinds[name], Counter())[thread] += 1
        self.counts = {kind: sorted(counted.values()) for kind, counted in made.items()}
        self.reset()

    def run(self, options: list[str]) -> subprocess.CompletedProcess[str]:
        return run_traced(options, VERBS[self.verb], self.sandbox)

    def reset(self) -> None:
        sandbox = self.sandbox
        for path in sandbox.folder.iterdir():
            path.unlink()
        for name, data in self.before.items():
            (sandbox.folder / name).write_bytes(data)
        shutil.rmtree(sandbox.dep_home / "state", ignore_errors=True)
        shutil.copytree(sandbox.home.parent / "pristine", sandbox.dep_home / "state")
        services = sandbox.services()
        for sealed in services.store.all():
            if self.verb != "gc":
                services.store.remove(sealed)
        services.store.sweep()
        if self.verb == "gc":
            install.sync(sandbox.folder / "n.ipynb", services, command_context())
            begun = services.store.root / "e" / "0000000000"  # what a builder that is gone left
            (begun / "lib").mkdir(parents=True, exist_ok=True)

    def done(self) -> str:
        """What lacks for a success; empty if nothing does."""
        sandbox, now = self.sandbox, self.sandbox.listing()
        if self.verb == "gc":
            return "the environment in use is gone" if len(sandbox.services().store.all()) != 1 else ""
        if {name: data for name, data in now.items() if name in self.after} != self.after:
            return "the files are not what they are after a success"
        path = sandbox.folder / "n.ipynb"
        if not read_state(path, sandbox.services()).lock_answers:
            return "the lock does not answer"
        if not any("big" in sealed.packages for sealed in sandbox.services().store.all()):
            return "there is no environment"
        return ""

    def faulted(self, kind: str, error: str, at: str) -> str:
        """What went wrong with one fault; empty if nothing did."""
        fault = f"inject={CALLS[kind]}:error={error}:when={at}"
        try:
            done = self.run(["-o", "/dev/null", "-e", f"trace={CALLS[kind]}", "-e", fault])
        except subprocess.TimeoutExpired:
            return f"it does not end: {fault}"
        now = self.sandbox.listing()
        for name in {*self.before, *self.after}:
            if now.get(name) not in (self.before.get(name), self.after.get(name)):
                return f"`{name}` is torn"
        try:
            Notebook.parse(now["n.ipynb"], context={})
            check_whole(self.sandbox)
        except (AssertionError, DepError) as wrong:
            return f"half true: {wrong}"
        if done.returncode == 0:
            if lacking := self.done():
                return f"a false success: {lacking}"
        elif not at.endswith("+") and self._kept(done) and self._changed(now):
            return f"it failed and changed {self._changed(now)}: {done.stdout[-400:]}"
        elif untold(done):
            return f"exit {done.returncode} without a reason: {done.stdout[-300:]}{done.stderr[-600:]}"
        return self._again()

    def _changed(self, now: dict[str, bytes]) -> list[str]:
        return [name for name, data in now.items() if self.before.get(name) != data and not name.endswith(".tmp")]

    def _kept(self, done: subprocess.CompletedProcess[str]) -> bool:
        """Whether it says of itself that it failed: not where only the saying did."""
        return '"error": {' in done.stdout

    def _again(self) -> str:
        path, services = self.sandbox.folder / "n.ipynb", self.sandbox.services()
        try:
            if self.verb == "add":
                add_remove.add(path, ["big"], services, command_context())
            elif self.verb == "sync":
                install.sync(path, services, command_context())
            else:
                gc.collect(services)
            half = sweep(self.sandbox)
        except (AssertionError, DepError) as wrong:
            return f"the same once more fails: {wrong}"
        return self.done() or (f"{half} half-built environments stay" if half else "")


def lane(scene: Scene, rounds: int, chance: random.Random) -> tuple[list[str], Counter[str]]:
    scene.set_up()
    wrong, tried = [], Counter[str]()
    for number in range(rounds):
        made = [kind for kind in CALLS if kind in scene.counts]
        kind = made[number % len(made)]
        error = chance.choice(LOCKING if kind == "flock" else ERRORS)
        count = chance.choice(scene.counts[kind])
        # Python's own start reads and says little that is ours: most faults are put behind it
        first = chance.randint(1 if count < 200 else count // 3, count)
        at = (
            f"{first}{chance.choice(['', '', '+']) if error != 'EINTR' else ''}"  # what is interrupted is tried again, for ever
        )
        said = scene.faulted(kind, error, at)
        tried[kind] += 1
        if said:
            wrong.append(f"{scene.verb}: {kind} {error} at {at} of {count}: {said}")
        scene.reset()
    return wrong, tried


@pytest.mark.skipif(sys.platform != "linux", reason="strace")
def test_no_false_success_when_a_system_call_fails(
    big_index: Index,  # noqa: F811
    tmp_path: Path, tally: Tally, need: Callable[..., None], seed: int, volume: Callable[[int, int], int],
) -> None:  # fmt: skip
    rounds = volume(84, 600)
    need("syscalls", "strace", cases=rounds)
    wrong: list[str] = []
    tried: Counter[str] = Counter()
    with ThreadPoolExecutor(LANES) as pool:
        scenes = [Scene(verb=verb, sandbox=sandbox_at(tmp_path / verb, big_index.url)) for verb in VERBS]
        runs = [pool.submit(lane, scene, rounds // len(VERBS), random.Random(f"{seed}-{scene.verb}")) for scene in scenes]
        for one in runs:
            said, counted = one.result()
            wrong += said
            tried += counted
    print(f"{sum(tried.values())} faults: {dict(tried)}; calls of one run by thread: {[scene.counts for scene in scenes]}")
    tally("syscalls", cases=sum(tried.values()), held=sum(tried.values()) - len(wrong))
    assert set(tried) == set(CALLS) and FILES
    assert not wrong, f"seed {seed}: {len(wrong)}: " + "\n".join(wrong[:12])
