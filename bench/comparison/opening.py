"""Heats over a kernel: from the wish for one to its first answer."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

from bench.kernels import Kernels
from bench.peers import MissingError
from bench.resource_usage import Spent

from .heat import Heat, Turn, run
from .others import Poetry, Uv
from .ours import Notebook
from .project import DECLARED
from .side import Side, nothing

BARE = "ipykernel, bare"


def reopen(sides: Sequence[Side], rounds: int) -> list[Heat]:
    """A kernel of an environment that is there: from the request to start it to its first reply."""
    by_type = {type(side): side for side in sides}
    ours = by_type[Notebook]
    peer_sandbox = ours.peer_sandbox
    kernels = Kernels(peer_sandbox.sandbox, ours.start(*DECLARED).folder)
    cells: dict[str, Turn] = {BARE: _opened(kernels, "bare")}
    cells["jupyter-dep, provisioner"] = _opened(kernels, "wheel")
    cells["jupyter-dep, plain argv"] = _opened(kernels, "plain")

    uv = by_type.get(Uv)
    if uv is not None:
        folder = uv.start(*DECLARED).folder
        launch = ["run", "--project", str(folder), "python", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        kernels.join(
            "uv-run",
            [str(peer_sandbox.peers.program("uv")), *launch],
            _own(peer_sandbox.environ("uv"), peer_sandbox.sandbox.environ),
        )
        cells["uv run ipykernel"] = _opened(kernels, "uv-run", folder)
    poetry = by_type.get(Poetry)
    if poetry is not None:
        cells["poetry-kernel"] = _poetry_kernel(kernels, poetry)
    cells["pixi-kernel"] = _there("pixi-kernel", ours)
    cells["juv"] = lambda: nothing("`juv run` starts a whole JupyterLab of its own; the kernel in it is a bare ipykernel")
    return [Heat(case="reopen", title="kernel of an environment that is there", taken=run(cells, rounds))]


def _opened(kernels: Kernels, name: str, cwd: Path | None = None) -> Turn:
    return lambda: Spent(seconds=asyncio.run(kernels.to_info(name, cwd)))


def _poetry_kernel(kernels: Kernels, poetry: Side) -> Turn:
    """`poetry-kernel` runs `poetry run python -m ipykernel_launcher` in the notebook's folder; Poetry has to be on PATH."""
    peer_sandbox = poetry.peer_sandbox
    made: list[Path] = []

    def once() -> Spent:
        if not made:
            folder = poetry.start(*DECLARED).folder
            path = os.pathsep.join([str(peer_sandbox.peers.bin("poetry")), peer_sandbox.sandbox.environ["PATH"]])
            argv = [str(peer_sandbox.peers.bin("poetry-kernel") / "python"), "-m", "poetry_kernel", "-f", "{connection_file}"]
            kernels.join(
                "poetry-kernel", argv, {**_own(peer_sandbox.environ("poetry"), peer_sandbox.sandbox.environ), "PATH": path}
            )
            made.append(folder)
        return _opened(kernels, "poetry-kernel", made[0])()

    return once


def _there(name: str, side: Side) -> Turn:
    def once() -> Spent:
        side.peer_sandbox.peers.bin(name)
        raise MissingError(f"`{name}` is there, but how it would get the same packages is not written yet")

    return once


def _own(environ: dict[str, str], common: dict[str, str]) -> dict[str, str]:
    """What a peer's variables have beyond those that every kernel here gets."""
    return {name: text for name, text in environ.items() if common.get(name) != text}
