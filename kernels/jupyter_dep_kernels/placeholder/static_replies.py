"""The questions of a client that need no environment, and what a kernel without one answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .sockets import Request

_INFO: dict[str, object] = {
    "protocol_version": "5.3",
    "implementation": "jupyter-dep",
    "implementation_version": "1",
    # The environment's exact Python is not known yet; front ends write this into the notebook.
    "language_info": {
        "name": "python",
        "version": "3",
        "mimetype": "text/x-python",
        "codemirror_mode": {"name": "ipython", "version": 3},
        "pygments_lexer": "ipython3",
        "nbconvert_exporter": "python",
        "file_extension": ".py",
    },
    "banner": "jupyter-dep: the environment of this notebook is not ready yet",
    "help_links": [],
    "supported_features": [],
}


def answer(request: Request, ports: Mapping[str, int]) -> tuple[str, dict[str, Any]]:
    """Status and content of the reply."""
    content = request.content
    match request.type:
        case "kernel_info_request":
            return "ok", dict(_INFO)
        case "complete_request":
            here = content.get("cursor_pos", 0)
            return "ok", {"matches": [], "cursor_start": here, "cursor_end": here, "metadata": {}}
        case "inspect_request":
            return "ok", {"found": False, "data": {}, "metadata": {}}
        case "history_request":
            return "ok", {"history": []}
        case "is_complete_request":
            return "unknown", {}
        case "comm_info_request":
            return "ok", {"comms": {}}
        case "connect_request":
            return "ok", dict(ports)
        case "debug_request":
            return "ok", _debugger(content)
        case "interrupt_request":
            return "ok", {}
        case "shutdown_request":
            return "ok", {"restart": bool(content.get("restart"))}
        case _:
            return "error", {
                "ename": "NotReady",
                "evalue": f"`{request.type}` is not answered before the environment is ready",
                "traceback": [],
            }


def _debugger(asked: Mapping[str, Any]) -> dict[str, Any]:
    """A debugger that is not started: front ends ask after it as soon as a kernel is there."""
    info = {
        "isStarted": False,
        "hashMethod": "Murmur2",
        "hashSeed": 0,
        "tmpFilePrefix": "",
        "tmpFileSuffix": ".py",
        "breakpoints": [],
        "stoppedThreads": [],
        "richRendering": False,
        "exceptionPaths": [],
        "copyToGlobals": False,
    }
    command = asked.get("command", "")
    return {
        "type": "response",
        "request_seq": asked.get("seq", 0),
        "command": command,
        "success": command == "debugInfo",
        "body": info if command == "debugInfo" else {},
    }
