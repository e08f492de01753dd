"""Kernelspecs of jupyter-dep in the user's Jupyter data folder."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from jupyter_core.paths import jupyter_data_dir

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.base.steps import Hint, step
from jupyter_dep.io.files.manifest_paths import MANIFEST
from jupyter_dep.io.files.read_write import list_folder
from jupyter_dep.io.system.presence import Presence, presence, presence_of_project
from jupyter_dep_kernels.start.notebook_discovery import KERNEL_NAME

_MARK = "jupyter-dep"
_LOGO = "logo-svg.svg"
_DISPLAY_NAME = "Python (dep)"


@frozen_dataclass
class RegisteredKernel:
    """One kernelspec on disk. `project` is None for the general `dep` kernel; `stale` says why it cannot start."""

    name: str
    display_name: str
    folder: Path
    project: Path | None = None
    stale: str | None = None


class DiskKernelRegistry:
    """Writes, lists and removes kernelspecs; only folders whose `kernel.json` carries jupyter-dep's mark are touched.

    `data` is the Jupyter data folder, the user's by default; `python` an interpreter that has this package. The specs
    name an absolute interpreter and plain arguments, but no provisioner: a Jupyter without this package hides specs
    whose provisioner it cannot load.
    """

    def __init__(self, *, data: Path | None = None, python: Path | None = None) -> None:
        self._kernels = (data or _data_folder()) / "kernels"
        self._python = python or Path(sys.executable)

    def setup(self) -> RegisteredKernel:
        """Write the general `dep` kernelspec, or renew it."""
        return self._write(KERNEL_NAME, _DISPLAY_NAME, None)

    def install(self, project: Path, display_name: str) -> RegisteredKernel:
        """Register a kernel for one notebook or folder, under a name derived from its path."""
        project = project.absolute()
        label = project.parent.name if project.name == MANIFEST else project.stem
        slug = re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-")
        digest = hashlib.sha256(str(project).encode()).hexdigest()[:8]
        return self._write(f"{KERNEL_NAME}-{slug}-{digest}".replace("--", "-"), display_name, project)

    def kernels(self) -> tuple[RegisteredKernel, ...]:
        """List the registered kernels, sorted by name."""
        return tuple(self._iter_kernels())

    def remove(self, name: str) -> RegisteredKernel:
        """Remove the kernelspec `name`. Errors: `no-such-kernel`, also for kernels of other tools."""
        kernels = self.kernels()
        for kernel in kernels:
            if kernel.name == name:
                shutil.rmtree(kernel.folder)
                return kernel
        names = [f"`{kernel.name}`" for kernel in kernels]
        raise DepError(
            "no-such-kernel",
            f"jupyter-dep has not registered a kernel `{name}`",
            context={"file": str(self._kernels)},
            hint="choose one of " + ", ".join(names) if names else Hint(step("setup", target=None), " registers one"),
        )

    def _write(self, name: str, display_name: str, project: Path | None) -> RegisteredKernel:
        folder = self._kernels / name
        if presence(folder) is not Presence.ABSENT and self._read(folder) is None:
            raise DepError(
                "kernel-name-taken",
                f"another tool has registered a kernel `{name}`",
                context={"file": str(folder / "kernel.json")},
                hint=f"`jupyter kernelspec remove {name}` removes it if it is not needed",
            )
        argv = [str(self._python), "-P", "-m", "jupyter_dep_kernels.shim", "-f", "{connection_file}"]
        if project is not None:
            argv += ["--project", str(project)]
        spec = {
            "argv": argv,
            "display_name": display_name,
            "language": "python",
            "interrupt_mode": "signal",
            "metadata": {"debugger": True, _MARK: {"project": str(project) if project else None}},
        }
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(Path(__file__).with_name(_LOGO), folder / _LOGO)
        # last and in one step: Jupyter ignores a folder without this file
        draft = folder / ".kernel.json"
        draft.write_text(json.dumps(spec, indent=1) + "\n", encoding="utf-8")
        draft.replace(folder / "kernel.json")
        return RegisteredKernel(name=name, display_name=display_name, folder=folder, project=project)

    def _iter_kernels(self) -> Iterator[RegisteredKernel]:
        for name in list_folder(self._kernels):
            kernel = self._read(self._kernels / name)
            if kernel is not None:
                yield kernel

    def _read(self, folder: Path) -> RegisteredKernel | None:
        try:
            spec = json.loads((folder / "kernel.json").read_bytes())
            mark = spec["metadata"][_MARK]
            project = Path(mark["project"]) if mark["project"] else None
            python = Path(spec["argv"][0])
            display_name = str(spec["display_name"])
        except (OSError, ValueError, LookupError, TypeError):
            return None
        stale = None
        if presence(python) is Presence.ABSENT:
            stale = f"its interpreter `{python}` no longer exists"
        elif project is not None and presence_of_project(project, None) is Presence.ABSENT:
            stale = f"its project `{project}` no longer exists"
        return RegisteredKernel(name=folder.name, display_name=display_name, folder=folder, project=project, stale=stale)


def _data_folder() -> Path:
    try:
        return Path(jupyter_data_dir())
    except RuntimeError as error:
        raise DepError(
            "no-home",
            "Jupyter's data folder is unknown: `HOME` is not set and the user database has no entry",
            hint="set `HOME` or `JUPYTER_DATA_DIR` to a folder that you can write to",
        ) from error
