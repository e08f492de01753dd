"""The provisioner `jupyter-dep`: what Jupyter asks to start a notebook's kernel.

Nothing raises in `pre_launch` for a reason of ours, nothing there blocks the server's loop, and nothing there takes
long: an environment that is not there is the holding kernel's work.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from jupyter_dep.operations.kernel_start.result import NeedsBuild, Ready, StartResult

from . import launch_spec
from .notebook_discovery import NotebookMatch, batch_engine, find_notebook


class DepProvisioner(LocalProvisioner):
    """Starts the environment's Python on the launcher if it is there, and the holding kernel if it is not."""

    look: str = launch_spec.LOOK
    """`module:function` of what says what a notebook runs on."""
    deadline: float = 5.0
    """Seconds for everything before the launch; after that the holding kernel goes on waiting in our place."""

    notebook: Path | None = None
    """The notebook that this kernel was started for, if it is known."""
    holding: bool = False
    """Whether the holding kernel was started; it becomes the real one by itself, of which nobody is told here."""
    starter: bool = False
    """Whether the environment holds the kernel's packages only."""

    _last_key: str | None = None
    _asked_to_stop = True
    """Whether the process that ran before was told to end; if not, it ended by itself and is started again unasked."""

    @property
    def key(self) -> str | None:
        """The environment that the kernel was started on, or that is being built for it; None if neither is known."""
        return self._last_key or None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """The launch of the kernel for the notebook as it is now, of the same environment after a crash."""
        engine = batch_engine()
        automatic, self._asked_to_stop = not self._asked_to_stop, False
        kwargs = await super().pre_launch(**kwargs)
        env: dict[str, str] = kwargs["env"]
        cwd = Path(kwargs.get("cwd") or Path.cwd()).absolute()
        command: list[str] = kwargs["cmd"]
        reuse_key = self._last_key if automatic else None
        found = NotebookMatch(notebook=None, cwd=cwd, why="looking for this kernel's notebook failed or took too long")
        opening: StartResult | None = None
        try:
            async with asyncio.timeout(self.deadline):
                found = await asyncio.to_thread(find_notebook, env, cwd, engine=engine, inherited=os.environ)
                opening = await asyncio.to_thread(self._look, found, reuse_key)
        except Exception as error:
            # the holding kernel looks again, with all the time in the world and a place to show what it finds
            self.log.warning("jupyter-dep: looking failed or took too long: %r", error)
        if isinstance(opening, Ready | NeedsBuild):
            self._last_key = opening.key
        self.notebook, self.holding = found.notebook, not isinstance(opening, Ready)
        self.starter = isinstance(opening, Ready) and opening.starter
        connection_file, extra = self._arguments(command)
        if isinstance(opening, Ready):
            notes = (found.why,) if found.why else ()
            launch = launch_spec.launch_environment(opening, connection_file, env, notes=notes, extra=extra)
        else:
            launch = launch_spec.placeholder_argv(
                found, connection_file, env, reuse_key=reuse_key, build=not automatic, look=self.look, extra=extra
            )
        kwargs["cmd"], kwargs["env"] = list(launch.argv), dict(launch.env)
        return kwargs

    async def shutdown_requested(self, restart: bool = False) -> None:
        """Somebody wants the kernel to end; what starts after it is not an automatic restart."""
        self._asked_to_stop = True
        await super().shutdown_requested(restart=restart)

    async def kill(self, restart: bool = False) -> None:
        """End the process. The restarter comes here too, but with one that is dead already."""
        if self.process is not None and self.process.poll() is None:
            self._asked_to_stop = True
        await super().kill(restart=restart)

    def _look(self, found: NotebookMatch, reuse_key: str | None) -> StartResult:
        return launch_spec.load_look(self.look)(found.notebook, found.cwd, reuse_key=reuse_key)

    def _arguments(self, command: list[str]) -> tuple[str, list[str]]:
        """The connection file, and what a front end added to the kernelspec's own arguments."""
        extra = command[len(self.kernel_spec.argv) :]
        manager: Any = self.parent
        return os.path.realpath(manager.connection_file), extra
