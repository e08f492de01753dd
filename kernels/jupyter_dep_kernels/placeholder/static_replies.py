"""Replies to the questions of a client that need no environment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .sockets import Request

Reply = tuple[str, dict[str, Any]]
"""Status and content."""

_INFO: dict[str, object] = {
    "protocol_version": "5.3",
    "implementation": "jupyter-dep",
    "implementation_version": "1",
    # front ends write this into the notebook; the environment's exact Python is not known yet
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


def answer(request: Request, ports: Mapping[str, int]) -> Reply:
    """Answer one request; `ports` are those of the connection file."""
    if request.type == "connect_request":
        return "ok", dict(ports)
    reply = _REPLIES.get(request.type)
    if reply is not None:
        return reply(request.content)
    return "error", {
        "ename": "NotReady",
        "evalue": f"`{request.type}` is not answered before the environment is ready",
        "traceback": [],
    }


def _complete(content: Mapping[str, Any]) -> Reply:
    cursor = content.get("cursor_pos", 0)
    return "ok", {"matches": [], "cursor_start": cursor, "cursor_end": cursor, "metadata": {}}


def _debug(content: Mapping[str, Any]) -> Reply:
    """Describe a debugger that is not started; front ends ask for it as soon as there is a kernel."""
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
    command = content.get("command", "")
    return "ok", {
        "type": "response",
        "request_seq": content.get("seq", 0),
        "command": command,
        "success": command == "debugInfo",
        "body": info if command == "debugInfo" else {},
    }


_REPLIES: dict[str, Callable[[Mapping[str, Any]], Reply]] = {
    "kernel_info_request": lambda _: ("ok", dict(_INFO)),
    "complete_request": _complete,
    "inspect_request": lambda _: ("ok", {"found": False, "data": {}, "metadata": {}}),
    "history_request": lambda _: ("ok", {"history": []}),
    "is_complete_request": lambda _: ("unknown", {}),
    "comm_info_request": lambda _: ("ok", {"comms": {}}),
    "debug_request": _debug,
    "interrupt_request": lambda _: ("ok", {}),
    "shutdown_request": lambda content: ("ok", {"restart": bool(content.get("restart"))}),
}
