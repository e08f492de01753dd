"""What core asks of the outside, as protocols: each has one real implementation and, in tests, one fake."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from jupyter_dep.base.fast_dataclass import frozen_dataclass


@frozen_dataclass
class RegisteredKernel:
    """One kernelspec of ours on disk. `project` is None for the general `dep` kernel; `stale` says why it is dead."""

    name: str
    display_name: str
    folder: Path
    project: Path | None = None
    stale: str | None = None


class KernelRegistry(Protocol):
    """Kernelspecs of ours in the user's Jupyter data folder."""

    def setup(self) -> RegisteredKernel:
        """Write the general `dep` kernelspec with an absolute interpreter and plain arguments."""

    def install(self, project: Path, display_name: str) -> RegisteredKernel:
        """Register a kernel for one project."""

    def kernels(self) -> tuple[RegisteredKernel, ...]: ...

    def remove(self, name: str) -> RegisteredKernel:
        """Remove one by its name; `DepError("no-such-kernel")` names what there is."""
