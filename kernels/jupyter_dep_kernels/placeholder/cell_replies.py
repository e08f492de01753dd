"""Replies to requests that cannot run without an environment."""

from __future__ import annotations

from collections.abc import Sequence

from jupyter_dep.operations.kernel_start.result import ConsentPrompt, Refused

from . import diagnosis
from .sockets import KernelSockets, Request


class CellReplies:
    """Fails, aborts or asks in the place of a cell's own output; `notes` are shown with each of them."""

    def __init__(self, sockets: KernelSockets, notes: tuple[str, ...]) -> None:
        self._sockets = sockets
        self._notes = notes
        self._count = 0

    def fail(self, request: Request, refusal: Refused) -> None:
        """Reply with the diagnosis as the error of a cell; a comm message gets no error, which would have no place."""
        if request.type != "execute_request":
            self._ignore(request)
            return
        silent = bool(request.content.get("silent"))
        error = diagnosis.error_content(refusal, self._notes)
        self._sockets.status("busy", request)
        if not silent:
            self._count += 1
            executed = {"code": request.content.get("code", ""), "execution_count": self._count}
            self._sockets.publish("execute_input", executed, request)
            self._sockets.publish("error", error, request)
        reply = {**error, "execution_count": self._count, "user_expressions": {}, "payload": []}
        self._sockets.reply(request, reply, status="error")
        self._sockets.status("idle", request)

    def abort(self, requests: Sequence[Request]) -> None:
        """Reply as a kernel does to the cells behind one that failed."""
        for request in requests:
            if request.type != "execute_request":
                self._ignore(request)
                continue
            self._sockets.status("busy", request)
            self._sockets.reply(request, {}, status="aborted")
            self._sockets.status("idle", request)

    def ask(self, request: Request, prompt: ConsentPrompt) -> None:
        """Show what a consent covers as the output of a cell, and ask for its code."""
        self._sockets.status("busy", request)
        text = "\n".join((*self._notes, *prompt.lines, f"fingerprint {prompt.fingerprint}", ""))
        self._sockets.publish("stream", {"name": "stdout", "text": text}, request)
        self._sockets.request_input(request, f"type {prompt.code} to allow it, anything else to cancel: ")

    def take_back(self, request: Request) -> None:
        """Remove a question that was answered elsewhere, and what was shown with it."""
        self._sockets.publish("clear_output", {"wait": False}, request)

    def _ignore(self, request: Request) -> None:
        self._sockets.status("busy", request)
        if request.type == "comm_open":
            self._sockets.publish("comm_close", {"comm_id": request.content.get("comm_id"), "data": {}}, request)
        self._sockets.status("idle", request)
