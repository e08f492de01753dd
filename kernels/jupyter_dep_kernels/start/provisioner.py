"""The kernel provisioner `jupyter-dep`, which Jupyter calls to start a notebook's kernel.

`pre_launch` does not raise because of an environment, does not block the server's loop and does not take long: a missing
environment is built by the placeholder kernel.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from jupyter_dep.operations.kernel_start.result import NeedsBuild, Ready, StartResult

from . import launch_spec
from .notebook_discovery import NotebookMatch, find_batch_run, find_notebook


class DepProvisioner(LocalProvisioner):
    """Starts the environment's Python on the launcher if it exists, else the placeholder kernel."""

    look: str = launch_spec.LOOK
    """`module:function` of the look-up, see `launch_spec.Look`."""
    deadline: float = 5.0
    """Seconds for the look-up; after that the placeholder kernel continues it."""

    notebook: Path | None = None
    """The notebook that this kernel was started for, if it is known."""
    placeholder: bool = False
    """Whether the placeholder kernel was started; it becomes the real one later, without notice here."""
    base: bool = False
    """Whether this is the base environment, which holds only the kernel's own packages."""

    key: str | None = None
    """The environment that the kernel was started on or that is being built for it, None if not known."""

    _asked_to_stop = True
    """Whether the last process was stopped on request; if not, it died and this is an automatic restart."""

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Choose the process for the notebook as it is now; after a crash, for the environment that it ran on."""
        batch = find_batch_run()
        automatic, self._asked_to_stop = not self._asked_to_stop, False
        kwargs = await super().pre_launch(**kwargs)
        env: dict[str, str] = kwargs["env"]
        cwd = Path(kwargs.get("cwd") or Path.cwd()).absolute()
        command: list[str] = kwargs["cmd"]
        options = launch_spec.PlaceholderOptions(look=self.look, reuse_key=self.key if automatic else None, build=not automatic)
        match = NotebookMatch(notebook=None, cwd=cwd, why="finding this kernel's notebook failed or took too long")
        start: StartResult | None = None
        try:
            async with asyncio.timeout(self.deadline):
                match = await asyncio.to_thread(find_notebook, env, cwd, batch=batch, inherited=os.environ)
                start = await asyncio.to_thread(self._look_up, match, options.reuse_key)
        except Exception as error:  # noqa: BLE001  the placeholder kernel looks again and can show what it finds
            self.log.warning("jupyter-dep: the look-up failed or took too long: %r", error)
        if isinstance(start, Ready | NeedsBuild):
            self.key = start.key or None
        self.notebook, self.placeholder = match.notebook, not isinstance(start, Ready)
        self.base = isinstance(start, Ready) and start.base
        connection_file, extra = self._split_command(command)
        if isinstance(start, Ready):
            notes = (match.why,) if match.why else ()
            launch = launch_spec.launch_environment(start, connection_file, env, notes=notes, extra=extra)
        else:
            launch = launch_spec.launch_placeholder(match, connection_file, env, options, extra=extra)
        kwargs["cmd"], kwargs["env"] = list(launch.argv), dict(launch.env)
        return kwargs

    async def shutdown_requested(self, restart: bool = False) -> None:  # noqa: FBT001, FBT002  jupyter_client's signature
        """Note that the next start is not an automatic restart."""
        self._asked_to_stop = True
        await super().shutdown_requested(restart=restart)

    async def kill(self, restart: bool = False) -> None:  # noqa: FBT001, FBT002  jupyter_client's signature
        """Kill the process. The automatic restart calls this too, but after the process has died."""
        if self.process is not None and self.process.poll() is None:
            self._asked_to_stop = True
        await super().kill(restart=restart)

    def _look_up(self, match: NotebookMatch, reuse_key: str | None) -> StartResult:
        return launch_spec.load_look(self.look)(match.notebook, match.cwd, reuse_key=reuse_key)

    def _split_command(self, command: list[str]) -> tuple[str, list[str]]:
        """Return the connection file, and the arguments that a front end added to the kernelspec's own."""
        extra = command[len(self.kernel_spec.argv) :]
        manager: Any = self.parent
        return os.path.realpath(manager.connection_file), extra
