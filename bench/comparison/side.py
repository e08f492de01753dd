"""What every side of the race can be asked to do, and the folder that it starts from."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.peer_sandbox import PeerSandbox
from bench.peers import MissingError
from bench.resource_usage import Spent


@dataclass(frozen=True)
class Start:
    """A folder with declaration, lock and environment, and the bytes that it is set back to after a turn."""

    folder: Path
    files: dict[str, bytes]

    @classmethod
    def of(cls, folder: Path, names: Sequence[str]) -> Start:
        return cls(folder, {name: (folder / name).read_bytes() for name in names})

    def write(self, folder: Path | None = None) -> None:
        for name, data in self.files.items():
            ((folder or self.folder) / name).write_bytes(data)


class Side(ABC):
    """One way to do it. Each method gives what the command took, or raises `MissingError` for what it has no command for."""

    name: str
    files: tuple[str, ...]
    """Declaration and lock: what a colleague would be sent."""
    locks = True
    """Whether `lock` is a command of its own."""

    def __init__(self, peer_sandbox: PeerSandbox) -> None:
        self.peer_sandbox = peer_sandbox
        self._starts: dict[tuple[str, ...], Start] = {}

    @abstractmethod
    def declare(self, folder: Path, declared: Sequence[str]) -> None:
        """Write the declaration; the kernel's packages belong to it."""

    @abstractmethod
    def lock(self, folder: Path) -> Spent:
        """Make or renew the lock; versions that are in it stay."""

    @abstractmethod
    def build(self, folder: Path) -> Spent:
        """The environment of the lock."""

    @abstractmethod
    def add(self, folder: Path, name: str) -> Spent: ...

    @abstractmethod
    def remove(self, folder: Path, name: str) -> Spent: ...

    @abstractmethod
    def upgrade(self, folder: Path, name: str) -> Spent: ...

    @abstractmethod
    def check(self, folder: Path) -> Spent:
        """Whether the lock answers the declaration."""

    def first(self, folder: Path) -> Spent:
        """From a declaration to its environment."""
        return self.lock(folder) + self.build(folder)

    def reset(self, folder: Path) -> None:
        """Bring the environment back to what the lock says, untimed."""
        self.build(folder)

    def start(self, *declared: str, before: Sequence[str] = ()) -> Start:
        """A folder with all three, made once for each declaration. `before` was declared when the lock was first made."""
        key = (*declared, "", *before)
        if key not in self._starts:
            folder = self.new_folder("start")
            for each in (before, declared) if before else (declared,):
                self.declare(folder, each)
                self.lock(folder)
            self.build(folder)
            self._check_real(self.site(folder))
            self._starts[key] = Start.of(folder, self.files)
        return self._starts[key]

    def new_folder(self, word: str) -> Path:
        return self.peer_sandbox.sandbox.new_folder(f"{self.name.replace(' ', '').replace(',', '-')}-{word}")

    def site(self, folder: Path) -> Path:
        """The environment's folder of packages."""
        (found,) = (folder / ".venv").glob("[Ll]ib/**/site-packages")
        return found

    def _check_real(self, site: Path) -> None:
        """Make sure that what is measured has the real wheels: another Python would have been given stand-ins."""
        empty = [path.parent.name for path in site.glob("*.dist-info/WHEEL") if b"Generator: bench" in path.read_bytes()]
        if empty:
            raise RuntimeError(
                f"`{self.name}` took another Python than {self.peer_sandbox.minor}: it has {len(empty)} empty stand-ins"
            )

    @contextmanager
    def turn(self, start: Start) -> Iterator[Path]:
        """The folder of a start for one command; afterwards everything is as it was."""
        try:
            yield start.folder
        finally:
            start.write()
            self.reset(start.folder)

    @contextmanager
    def alone(self, start: Start) -> Iterator[Path]:
        """A folder with declaration and lock and no environment, as after a clone; nothing is known of it afterwards."""
        folder = self.new_folder("clone")
        start.write(folder)
        yield folder

    @contextmanager
    def nothing_cached(self) -> Iterator[None]:
        """Inside, this side has never downloaded anything. What it leaves stays: see `Sandbox.new_folder`."""
        peer_sandbox = self.peer_sandbox
        home = peer_sandbox.sandbox.new_folder("nowhere")
        self.peer_sandbox = peer_sandbox.elsewhere(home)
        try:
            yield
        finally:
            self.peer_sandbox = peer_sandbox

    @property
    def room(self) -> list[Path]:
        """The folders outside of projects that hold what this side keeps."""
        return [self.peer_sandbox.own(self.name)]


def nothing(words: str) -> Spent:
    """For what a side cannot do: raises `MissingError`."""
    raise MissingError(words)


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
