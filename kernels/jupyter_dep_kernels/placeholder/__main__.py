"""`python -m jupyter_dep_kernels.placeholder -f CONNECTION …`: run the placeholder kernel, then become the real one."""

from __future__ import annotations

import argparse
import base64
import json
import os
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType

from jupyter_dep_kernels.start import launch_spec
from jupyter_dep_kernels.start.exec_replace import replace_process, watch_parent_windows
from jupyter_dep_kernels.start.notebook_discovery import NotebookMatch

from .build_thread import BuildThread
from .kernel import PlaceholderKernel
from .sockets import KernelSockets, Request


def main(argv: Sequence[str] | None = None) -> None:
    """Run until the environment is ready; arguments that are not known here go to the real kernel."""
    parser = argparse.ArgumentParser(prog="jupyter_dep_kernels.placeholder", allow_abbrev=False)
    parser.add_argument("-f", dest="connection_file", required=True)
    parser.add_argument("--notebook", type=Path)
    parser.add_argument("--cwd", type=Path, default=Path())
    parser.add_argument("--note", default="")
    parser.add_argument("--reuse")
    parser.add_argument("--no-build", dest="build", action="store_false")
    parser.add_argument("--look", default=launch_spec.LOOK)
    options, extra = parser.parse_known_args(argv)

    look = launch_spec.load_look(options.look)
    match = NotebookMatch(notebook=options.notebook, cwd=options.cwd.absolute(), why=options.note)

    def new_build() -> BuildThread:
        return BuildThread(look, match, reuse_key=options.reuse, build=options.build)

    notes = (match.why,) if match.why else ()
    kernel = PlaceholderKernel(KernelSockets(Path(options.connection_file)), new_build, notes=notes)
    _handle_signals(kernel)
    ready = kernel.run()
    kept, clients = kernel.hand_over()
    if ready is None or kernel.ended:
        return
    file = _write_kept(Path(options.connection_file).parent, kept, clients)
    replace_process(
        launch_spec.launch_environment(ready, options.connection_file, os.environ, kept=file, notes=notes, extra=extra)
    )


def _handle_signals(kernel: PlaceholderKernel) -> None:
    def on_signal(number: int, _: FrameType | None) -> None:
        if number == signal.SIGINT:
            kernel.interrupted = True
        else:
            kernel.terminated = True

    signal.signal(signal.SIGINT, on_signal)
    signal.signal(signal.SIGTERM, on_signal)
    if sys.platform == "win32" and os.environ.get("JPY_PARENT_PID"):
        watch_parent_windows(int(os.environ["JPY_PARENT_PID"]))


def _write_kept(folder: Path, kept: Sequence[Request], clients: Mapping[str, int]) -> Path:
    """Write the kept requests for `launcher.py`, which removes the file as soon as it has read it.

    Only this user can read the file.
    """
    text = json.dumps(
        {
            "clients": dict(clients),
            "messages": [[base64.b64encode(frame).decode() for frame in request.frames] for request in kept],
        }
    )
    descriptor, name = tempfile.mkstemp(prefix="kept-", suffix=".json", dir=folder)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text)
    return Path(name)


if __name__ == "__main__":
    main()
