"""The kernel's side of the Jupyter messaging protocol: five sockets, no execution."""

from __future__ import annotations

import json
import socket
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import zmq
from jupyter_client.session import Session
from zmq.utils.monitor import parse_monitor_message

from jupyter_dep.base.fast_dataclass import frozen_dataclass

Channel = Literal["shell", "control", "stdin"]
Content = Mapping[str, object]
_LINGER_MS = 1000
_FLUSH = 0.02
"""Seconds for the last replies to be sent: ZeroMQ has no way to ask whether they were."""
_HALF_CLOSED = 0.5
"""Seconds that clients get to notice the half-closed connection; they need a few milliseconds."""


@frozen_dataclass
class Request:
    """One message from a client; `frames` is the whole message as received, to be passed to the real kernel."""

    channel: Channel
    identities: tuple[bytes, ...]
    header: Mapping[str, Any]
    content: Mapping[str, Any]
    frames: tuple[bytes, ...]

    @property
    def type(self) -> str:
        """The message type, such as `execute_request`."""
        return str(self.header["msg_type"])


class KernelSockets:
    """The sockets of a connection file, for as long as the placeholder kernel answers on them."""

    def __init__(self, connection_file: Path) -> None:
        info = json.loads(connection_file.read_text(encoding="utf-8"))
        self.ports = {name: info[name] for name in info if name.endswith("_port")}
        self.session = Session(
            key=str(info.get("key", "")).encode(),
            signature_scheme=info.get("signature_scheme", "hmac-sha256"),
            username="kernel",
        )
        self._topic = f"kernel.{self.session.session}".encode()
        self._context = zmq.Context()
        self._subscribers = 0
        self._shell_handles: set[int] = set()

        def bind(kind: int, name: str) -> Any:
            socket = self._context.socket(kind)
            socket.linger = _LINGER_MS
            if kind == zmq.ROUTER:
                # a client that reconnects under its old identity replaces its dead connection
                socket.router_handover = 1
            if name == "shell_port":
                self._shell_monitor = socket.get_monitor_socket(zmq.EVENT_ACCEPTED | zmq.EVENT_DISCONNECTED)
            if kind == zmq.XPUB:
                # report each subscription, not only the first and the last of a topic
                socket.setsockopt(zmq.XPUB_VERBOSER, 1)
            joint = ":" if info["transport"] == "tcp" else "-"
            socket.bind(f"{info['transport']}://{info['ip']}{joint}{info[name]}")
            return socket

        self._channels: dict[Channel, Any] = {
            "control": bind(zmq.ROUTER, "control_port"),
            "shell": bind(zmq.ROUTER, "shell_port"),
            "stdin": bind(zmq.ROUTER, "stdin_port"),
        }
        self._heartbeat = bind(zmq.ROUTER, "hb_port")
        self._iopub = bind(zmq.XPUB, "iopub_port")
        self._poller = zmq.Poller()
        for each in (*self._channels.values(), self._heartbeat, self._iopub):
            self._poller.register(each, zmq.POLLIN)

    def clients(self) -> dict[str, int]:
        """Count the connected clients: `shell` to send requests, `iopub` to listen."""
        return {"shell": len(self._connections()), "iopub": self._subscribers}

    def receive(self, timeout: float) -> list[Request]:
        """Wait up to `timeout` seconds for requests; returns at most one for each channel, control first."""
        ready = {socket for socket, _ in self._poller.poll(int(timeout * 1000))}
        if self._heartbeat in ready:
            self._heartbeat.send_multipart(self._heartbeat.recv_multipart())
        if self._iopub in ready:
            self._count_subscription(self._iopub.recv())
        requests = (
            self._parse(channel, socket.recv_multipart()) for channel, socket in self._channels.items() if socket in ready
        )
        return [request for request in requests if request is not None]

    def reply(self, request: Request, content: Content, *, status: str = "ok") -> None:
        """Send the reply for the request's type to the client that sent it."""
        self.session.send(
            self._channels[request.channel],
            request.type.rpartition("_")[0] + "_reply",
            {"status": status, **content},
            parent={"header": dict(request.header)},
            ident=list(request.identities),
            metadata={"started": datetime.now(UTC).isoformat()},
        )

    def publish(self, kind: str, content: Content, parent: Request | None) -> None:
        """Send a message to all clients as an effect of `parent`."""
        self.session.send(
            self._iopub,
            kind,
            dict(content),
            parent={"header": dict(parent.header)} if parent else {},
            ident=self._topic + b"." + kind.encode(),
        )

    def status(self, state: Literal["starting", "busy", "idle"], parent: Request | None) -> None:
        """Publish the execution state."""
        self.publish("status", {"execution_state": state}, parent)

    def request_input(self, request: Request, prompt: str) -> None:
        """Send an `input_request` to the client of an execute request; discards answers to earlier ones."""
        self._drain("stdin")
        self.session.send(
            self._channels["stdin"],
            "input_request",
            {"prompt": prompt, "password": False},
            parent={"header": dict(request.header)},
            ident=list(request.identities),
        )

    def drain_and_half_close(self) -> list[Request]:
        """Stop the connections of the shell, and return the requests that clients have sent until then, unanswered.

        Closing a connection loses what its client has just written. So only the sending half is closed first: the client
        notices, closes its side and reconnects later, and everything it wrote before is still read here.
        """
        # not unbound: libzmq would close the endpoint's connections with it
        time.sleep(_FLUSH)
        requests: list[Request] = []
        half_closed: set[int] = set()
        end = time.monotonic() + _HALF_CLOSED
        while (connections := self._connections()) and time.monotonic() < end:
            for handle in connections - half_closed:
                _close_sending_half(handle)
            half_closed = connections
            self._shell_monitor.poll(10)
            requests += self._drain("shell")
        return requests + self._drain("shell")

    def close(self) -> None:
        """Close the sockets once all replies are delivered."""
        self._channels["shell"].disable_monitor()
        self._shell_monitor.close()
        for each in (*self._channels.values(), self._heartbeat, self._iopub):
            each.close()
        self._context.term()

    def _connections(self) -> set[int]:
        """Return the file descriptors of the shell's connections."""
        while self._shell_monitor.poll(0):
            event = parse_monitor_message(self._shell_monitor.recv_multipart())
            if event["event"] == zmq.EVENT_ACCEPTED:
                self._shell_handles.add(event["value"])
            else:
                self._shell_handles.discard(event["value"])
        return set(self._shell_handles)

    def _drain(self, channel: Channel) -> list[Request]:
        requests: list[Request] = []
        while True:
            try:
                frames = self._channels[channel].recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return requests
            request = self._parse(channel, frames)
            if request is not None:
                requests.append(request)

    def _parse(self, channel: Channel, frames: list[bytes]) -> Request | None:
        try:
            identities, rest = self.session.feed_identities(frames)
            message = self.session.deserialize(rest)
            header, content = message["header"], message["content"]
            return Request(
                channel=channel,
                identities=tuple(identities),
                header=header,
                content=content,
                frames=tuple(frames),
            )
        except (ValueError, KeyError, TypeError) as error:
            # not signed with this kernel's key, or not a Jupyter message
            sys.stderr.write(f"jupyter-dep: a message on {channel} was dropped: {error}\n")
            return None

    def _count_subscription(self, frame: bytes) -> None:
        if frame[:1] == b"\x01":
            self._subscribers += 1
            message = self.session.msg("iopub_welcome", {"subscription": frame[1:].decode("utf-8", "replace")})
            self.session.send(self._iopub, message, ident=frame[1:] or None)
        elif frame[:1] == b"\x00":
            self._subscribers = max(0, self._subscribers - 1)


def _close_sending_half(handle: int) -> None:
    connection = socket.socket(fileno=handle)
    try:
        connection.shutdown(socket.SHUT_WR)
    except OSError:
        # the client has closed it already
        pass
    finally:
        # libzmq owns the descriptor
        connection.detach()
