"""The events on Jupyter's event bus: a job has changed, a project should be read again."""

from __future__ import annotations

import json
from typing import Any

from jupyter_dep.messages import PROTOCOL
from jupyter_dep.messages.jobs import Job, JobEvent, ProjectEvent
from jupyter_dep_server.codec import encode
from jupyter_dep_server.schema import definitions, draft7

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
        """Send that a job has changed."""
        self._emit(JOB, JobEvent(job=job))

    def project(self, path: str, why: str) -> None:
        """Send that a project should be read again."""
        self._emit(PROJECT, ProjectEvent(path=path, why=why))

    def _emit(self, identity: str, event: JobEvent | ProjectEvent) -> None:
        self._logger.emit(schema_id=identity, data=json.loads(encode(event)))


def event_schema(identity: str, kind: type[JobEvent | ProjectEvent]) -> dict[str, Any]:
    """Build the schema of an event as the bus wants it: one document of draft 7."""
    found = definitions([kind])
    whole = found.pop(kind.__name__)
    described: dict[str, Any] = draft7({"$id": identity, "version": str(PROTOCOL), **whole, "$defs": found})
    return described
