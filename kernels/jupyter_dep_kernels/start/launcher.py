"""The start of a notebook's kernel, inside its environment: `python launcher.py -f CONNECTION`, run by its path.

Standard library and ipykernel only, Python 3.8 and later; nothing else of ours is importable here. Protocol: the
variable JUPYTER_DEP_CONTEXT holds one JSON object and is taken out of the environment, so that children do not see it:

    agent      argument list of the agent that the magics talk to
    notebook   absolute path or null
    key, path, python, starter, notes    what the kernel runs on, and what the first cell tells
    lease      file whose shared lock says "in use", or null
    lock       the project's lock file, or null
    magics     folder of the package `jupyter_dep_magics`, or null
    pip_shim   folder with a `pip` that refuses, put first on PATH
    verify     argument list of the check that runs behind the start, or null
    kept       file with requests that the holding kernel kept, or null:
               {"clients": {"shell": N, "iopub": N}, "messages": [[base64 frame, ...], ...]}

What fails here is told, and the kernel starts all the same: a kernel that dies is started again, in a loop.
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
"""Seconds to wait for clients to come back before their kept requests run; a client reconnects within 0.2 s."""
_LATER = 3.0
"""Seconds after the start at which the environment is checked: not while the first cells are waited for."""
_SETTLE = 0.05
"""Seconds between a client's connection and its subscription, which follows at once."""


def take_context() -> dict[str, Any]:
    """The context, with what this process and its children must not inherit taken out of the environment."""
    context: dict[str, Any] = json.loads(os.environ.pop("JUPYTER_DEP_CONTEXT", "{}"))
    os.environ.pop("JUPYTER_DEP_NOTEBOOK", None)
    if "JPY_SESSION_NAME" in os.environ:
        # stays for those who read it, marked as ours: a kernel that a cell starts belongs to another notebook
        os.environ["JUPYTER_DEP_OUTER_SESSION"] = os.environ["JPY_SESSION_NAME"]
    return context


def enter(context: dict[str, Any]) -> None:
    """What activating the environment would do for children. A virtualenv has no user site, for children neither."""
    if context.get("path"):
        os.environ["VIRTUAL_ENV"] = context["path"]
    first = [context.get("pip_shim"), str(Path(context.get("python") or sys.executable).parent)]
    places = [place for place in first if place] + [os.environ.get("PATH", "")]
    os.environ["PATH"] = os.pathsep.join(place for place in places if place)


def hold_lease(path: str | None) -> int | None:
    """Lock the lease as shared for as long as this process, or one that it forks, lives."""
    if not path:
        return None
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    os.set_inheritable(descriptor, True)
    if sys.platform == "win32":
        import msvcrt

        os.lseek(descriptor, os.getpid() % (1 << 30), os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    return descriptor


def load_magics(folder: str) -> Any:
    """The magics from where they are, without their folder's neighbours on `sys.path`."""
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
    """The kept requests; the file holds the user's code and is removed at once."""
    if not path:
        return {"clients": {}, "messages": []}
    file = Path(path)
    try:
        kept: dict[str, Any] = json.loads(file.read_text(encoding="ascii"))
    finally:
        file.unlink()
    return kept


class DepKernelApp(IPKernelApp):
    """ipykernel's application with our magics, and with requests that came before it was there."""

    dep_context: ClassVar[dict[str, Any]] = {}
    dep_troubles: ClassVar[list[str]] = []

    def initialize(self, argv: Any = None) -> None:
        self._troubles = list(self.dep_troubles)
        self._monitors: dict[str, Any] = {}
        self._kept: dict[str, Any] = {"clients": {}, "messages": []}
        try:
            self._kept = read_kept(self.dep_context.get("kept"))
        except (OSError, ValueError) as error:
            self._troubles.append(f"cells that were run while the environment was built are lost: {error}")
        super().initialize(argv)  # type: ignore[no-untyped-call]

    def _bind_socket(self, s: Any, port: int) -> Any:
        """Count the clients that come back: what is sent to one that is not there yet is lost without a word."""
        name = "shell" if s is self.shell_socket else "iopub" if s.type in (zmq.PUB, zmq.XPUB) else None
        if name and self._kept["clients"]:
            self._monitors[name] = (s, s.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED))
        return super()._bind_socket(s, port)  # type: ignore[no-untyped-call]

    def init_extensions(self) -> None:
        super().init_extensions()  # type: ignore[no-untyped-call]
        folder = self.dep_context.get("magics")
        try:
            if folder:
                load_magics(folder).start(self.shell, self.dep_context)
        except Exception:
            self._troubles.append("`%dep` is not available in this kernel:\n" + traceback.format_exc())
            self._troubles.extend(self.dep_context.get("notes", ()))
        if self._troubles:
            self._tell_in_first_cell()

    def _tell_in_first_cell(self) -> None:
        events: Any = self.shell.events  # type: ignore[union-attr]

        def tell(*_: Any) -> None:
            events.unregister("pre_run_cell", tell)
            for trouble in self._troubles:
                sys.stderr.write(trouble + "\n")

        events.register("pre_run_cell", tell)

    def start(self) -> None:
        if self._monitors:
            self._await_clients()
        if self._kept["messages"]:
            self._feed_kept()
        if self.dep_context.get("verify"):
            timer = threading.Timer(_LATER, self._verify)
            timer.daemon = True
            timer.start()
        super().start()  # type: ignore[no-untyped-call]

    def _verify(self) -> None:
        """Run the check in a process of its own: it tells the next start what it finds."""
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
            # ipykernel's debugger is a client of its own shell, and the first to be there
            wanted["shell"] += 1
        end = time.monotonic() + _PATIENCE
        for name, (socket, monitor) in self._monitors.items():
            seen = 0
            while seen < wanted[name] and monitor.poll(max(0.0, end - time.monotonic()) * 1000):
                parse_monitor_message(monitor.recv_multipart())
                seen += 1
            socket.disable_monitor()
            # a socket left open would hold up the end of the process
            monitor.close()
        time.sleep(_SETTLE)

    def _frames(self) -> list[list[bytes]]:
        return [[base64.b64decode(frame) for frame in message] for message in self._kept["messages"]]

    def _feed_kept(self) -> None:
        """Hand the kept requests to the shell's own handler, ahead of what its socket brings."""
        stream = self.kernel.shell_stream
        register = stream.on_recv
        messages = self._frames()

        def on_recv(callback: Any, copy: bool = True) -> None:
            del stream.on_recv

            async def feed() -> None:
                for message in messages:
                    result = callback([zmq.Frame(frame) for frame in message])
                    if hasattr(result, "__await__"):
                        await result

            # before the socket is listened to: what comes in later must run later
            stream.io_loop.add_callback(feed)
            register(callback, copy=copy)

        stream.on_recv = on_recv


def main() -> None:
    context = take_context()
    enter(context)
    troubles = []
    try:
        hold_lease(context.get("lease"))
    except OSError as error:
        troubles.append(f"this kernel's environment could not be marked as in use: {error}")
    DepKernelApp.dep_context = context
    DepKernelApp.dep_troubles = troubles
    DepKernelApp.launch_instance()


if __name__ == "__main__":
    main()
