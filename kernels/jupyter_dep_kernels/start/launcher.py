"""Starts a notebook's kernel inside its environment: `python launcher.py -f CONNECTION`, run by its path.

Standard library and ipykernel only, Python 3.8 and later; jupyter-dep cannot be imported here. The variable
JUPYTER_DEP_CONTEXT holds one JSON object. It is removed from the environment, so that child processes do not see it:

    agent      argument list of the agent that the magics talk to
    notebook   absolute path or null
    key, path, python    the environment
    base       whether it is the base environment, which holds only the kernel's own packages
    notes      texts that the first cell shows
    lease      file whose shared lock says "in use", or null
    lock       the project's lock file, or null
    magics     folder of the package `jupyter_dep_magics`, or null
    pip_shim   folder with a `pip` that changes nothing, put first on PATH
    verify     argument list of the check that runs behind the start, or null
    kept       file with requests that the placeholder kernel kept, or null:
               {"clients": {"shell": N, "iopub": N}, "messages": [[base64 frame, ...], ...]}

Errors here are shown in the first cell, and the kernel starts anyway: Jupyter would restart a kernel that exits, in a loop.
"""

from __future__ import annotations

import base64
import importlib.util
import json
import os
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any, ClassVar

if sys.path and sys.path[0] and Path(sys.path[0]).resolve() == Path(__file__).resolve().parent:
    del sys.path[0]

import zmq
from ipykernel.kernelapp import IPKernelApp
from zmq.utils.monitor import parse_monitor_message

_MAGICS = "jupyter_dep_magics"
_PATIENCE = 2.0
"""Seconds to wait for clients to reconnect before the kept requests run; a client needs 0.2 s."""
_VERIFY_DELAY = 3.0
"""Seconds after the start at which the environment is checked, so that it does not slow down the first cells."""
_SETTLE = 0.05
"""Seconds for a client's subscription, which follows its connection at once."""


def take_context() -> dict[str, Any]:
    """Read the context, and remove from the environment what child processes must not inherit."""
    context: dict[str, Any] = json.loads(os.environ.pop("JUPYTER_DEP_CONTEXT", "{}"))
    os.environ.pop("JUPYTER_DEP_NOTEBOOK", None)
    if "JPY_SESSION_NAME" in os.environ:
        # marked as inherited, not removed, since user code reads it: a kernel that a cell starts has another notebook
        os.environ["JUPYTER_DEP_OUTER_SESSION"] = os.environ["JPY_SESSION_NAME"]
    return context


def enter(context: dict[str, Any]) -> None:
    """Set the variables that activating the environment would set, for child processes."""
    if context.get("path"):
        os.environ["VIRTUAL_ENV"] = context["path"]
    if context.get("agent"):
        os.environ["JUPYTER_DEP_PIP"] = context["agent"][0]
    first = [context.get("pip_shim"), str(Path(context.get("python") or sys.executable).parent)]
    entries = [*first, os.environ.get("PATH", "")]
    os.environ["PATH"] = os.pathsep.join(entry for entry in entries if entry)


def hold_lease(path: str | None) -> int | None:
    """Take the shared lock of the lease, which lasts until this process and those that it forks have ended."""
    if not path:
        return None
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    os.set_inheritable(descriptor, True)  # noqa: FBT003  takes no keywords
    if sys.platform == "win32":
        import msvcrt

        os.lseek(descriptor, os.getpid() % (1 << 30), os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    return descriptor


def load_magics(folder: str) -> Any:
    """Import the magics from their folder without putting its parent on `sys.path`."""
    spec = importlib.util.spec_from_file_location(
        _MAGICS, str(Path(folder) / "__init__.py"), submodule_search_locations=[folder]
    )
    if spec is None or spec.loader is None:
        raise ImportError("no magics in " + folder)
    module = importlib.util.module_from_spec(spec)
    sys.modules[_MAGICS] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[_MAGICS]
        raise
    return module


def read_kept(path: str | None) -> dict[str, Any]:
    """Read the kept requests and remove the file, which holds the user's code."""
    if not path:
        return {"clients": {}, "messages": []}
    file = Path(path)
    try:
        kept: dict[str, Any] = json.loads(file.read_text(encoding="ascii"))
    finally:
        file.unlink()
    return kept


class DepKernelApp(IPKernelApp):
    """ipykernel's application with the `%dep` magics and the requests that the placeholder kernel kept."""

    dep_context: ClassVar[dict[str, Any]] = {}
    dep_errors: ClassVar[list[str]] = []

    def initialize(self, argv: Any = None) -> None:
        """Read the kept requests before the sockets are bound."""
        self._errors = list(self.dep_errors)
        self._monitors: dict[str, Any] = {}
        self._kept: dict[str, Any] = {"clients": {}, "messages": []}
        try:
            self._kept = read_kept(self.dep_context.get("kept"))
        except (OSError, ValueError) as error:
            self._errors.append(f"the cells that were run during the build are lost: {error}")
        super().initialize(argv)  # type: ignore[no-untyped-call]

    def _bind_socket(self, s: Any, port: int) -> Any:
        """Monitor the connections: messages to a client that has not reconnected yet would be lost."""
        name = "shell" if s is self.shell_socket else "iopub" if s.type in (zmq.PUB, zmq.XPUB) else None
        if name and self._kept["clients"]:
            self._monitors[name] = (s, s.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED))
        return super()._bind_socket(s, port)  # type: ignore[no-untyped-call]

    def init_extensions(self) -> None:
        """Load the magics after the configured extensions."""
        super().init_extensions()  # type: ignore[no-untyped-call]
        folder = self.dep_context.get("magics")
        try:
            if folder:
                load_magics(folder).start(self.shell, self.dep_context)
        except Exception:  # noqa: BLE001  the user's notebook runs without the magics too
            self._errors.append("`%dep` is not available in this kernel:\n" + traceback.format_exc())
            self._errors.extend(self.dep_context.get("notes", ()))
        if self._errors:
            self._show_errors_in_first_cell()

    def _show_errors_in_first_cell(self) -> None:
        events: Any = self.shell.events  # type: ignore[union-attr]

        def show(*_: Any) -> None:
            events.unregister("pre_run_cell", show)
            for error in self._errors:
                sys.stderr.write(error + "\n")

        events.register("pre_run_cell", show)

    def start(self) -> None:
        """Run the kernel: kept requests first, then those of the sockets."""
        if self._monitors:
            self._await_clients()
        if self._kept["messages"]:
            self._feed_kept()
        if self.dep_context.get("verify"):
            timer = threading.Timer(_VERIFY_DELAY, self._verify)
            timer.daemon = True
            timer.start()
        super().start()  # type: ignore[no-untyped-call]

    def _verify(self) -> None:
        """Check the environment in a separate process, which records its findings for the next start."""
        from subprocess import DEVNULL, call

        try:
            call(  # noqa: S603
                self.dep_context["verify"], stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL, start_new_session=True
            )
        except OSError:
            pass

    def _await_clients(self) -> None:
        wanted: dict[str, int] = dict(self._kept["clients"])
        if getattr(self, "debug_shell_socket", None) is not None:
            # ipykernel's debugger is a client of its own shell, and the first to connect
            wanted["shell"] += 1
        end = time.monotonic() + _PATIENCE
        for name, (socket, monitor) in self._monitors.items():
            seen = 0
            while seen < wanted[name] and monitor.poll(max(0.0, end - time.monotonic()) * 1000):
                parse_monitor_message(monitor.recv_multipart())
                seen += 1
            socket.disable_monitor()
            # an open socket would delay the end of the process
            monitor.close()
        time.sleep(_SETTLE)

    def _decode_kept(self) -> list[list[bytes]]:
        return [[base64.b64decode(frame) for frame in message] for message in self._kept["messages"]]

    def _feed_kept(self) -> None:
        """Pass the kept requests to the shell's own handler, ahead of those from its socket."""
        stream = self.kernel.shell_stream
        register = stream.on_recv
        messages = self._decode_kept()

        def on_recv(callback: Any, copy: bool = True) -> None:  # noqa: FBT001, FBT002  the signature of the method it replaces
            del stream.on_recv

            async def feed() -> None:
                for message in messages:
                    result = callback([zmq.Frame(frame) for frame in message])
                    if hasattr(result, "__await__"):
                        await result

            # scheduled before the socket is registered: later requests must run later
            stream.io_loop.add_callback(feed)
            register(callback, copy=copy)

        stream.on_recv = on_recv


def main() -> None:
    """Start the kernel."""
    context = take_context()
    enter(context)
    errors = []
    try:
        hold_lease(context.get("lease"))
    except OSError as error:
        errors.append(f"could not mark this kernel's environment as in use: {error}")
    DepKernelApp.dep_context = context
    DepKernelApp.dep_errors = errors
    DepKernelApp.launch_instance()


if __name__ == "__main__":
    main()
