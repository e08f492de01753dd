"""What goes out on Jupyter's event bus: that a job has changed, that a project is to be read again."""

from __future__ import annotations

import json
from typing import Any

from jupyter_dep import schema
from jupyter_dep.messages import PROTOCOL
from jupyter_dep.messages.web import Job, JobEvent, ProjectEvent
from jupyter_dep_server.api.decoding import encode

JOB = "https://jupyter-dep.example/events/job/v1"
PROJECT = "https://jupyter-dep.example/events/project/v1"


class Events:
    """The two events on an event logger of `jupyter_events`. Only for the thread of the server's loop."""

    def __init__(self, logger: Any) -> None:
        self._logger = logger
        for identity, kind in ((JOB, JobEvent), (PROJECT, ProjectEvent)):
            if identity not in logger.schemas:
                logger.register_event_schema(event_schema(identity, kind))

    def job(self, job: Job) -> None:
        self._emit(JOB, JobEvent(job=job))

    def project(self, path: str, why: str) -> None:
        self._emit(PROJECT, ProjectEvent(path=path, why=why))

    def _emit(self, identity: str, event: JobEvent | ProjectEvent) -> None:
        self._logger.emit(schema_id=identity, data=json.loads(encode(event)))


def event_schema(identity: str, kind: type[JobEvent | ProjectEvent]) -> dict[str, Any]:
    """The schema of an event as the bus wants it: one document of draft 7."""
    definitions: dict[str, Any] = {}
    schema.of(kind, definitions)
    whole = definitions.pop(kind.__name__)
    described = {
        "$id": identity,
        "version": str(PROTOCOL),
        "title": kind.__name__,
        "description": " ".join((kind.__doc__ or "").split()),
        **whole,
        "$defs": dict(sorted(definitions.items())),
    }
    found = _draft7(described)
    assert isinstance(found, dict)
    return found


def _draft7(value: Any) -> Any:
    """Draft 7 says `items` and `additionalItems` for what later drafts call `prefixItems` and `items`."""
    if isinstance(value, list):
        return [_draft7(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "prefixItems" in value:
        rest = {key: item for key, item in value.items() if key not in ("prefixItems", "items")}
        value = {**rest, "items": value["prefixItems"], "additionalItems": value["items"]}
    return {key: _draft7(item) for key, item in value.items()}
