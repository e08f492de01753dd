"""One order from its begin to its end, wherever it is carried out: whatever goes wrong is in the answer."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.progress import CancelToken, Reporter
from jupyter_dep.services import Services
from jupyter_dep_server.api import problems
from jupyter_dep_server.views import consent

from . import dispatch
from .protocol import Done, Hosts, JobOrder

MakeServices = Callable[[], Services]


def work(order: JobOrder, make_services: MakeServices, reporter: Reporter, cancel: CancelToken) -> Done:
    """Carry an order out in this thread. Nothing escapes: somebody waits for the answer."""
    kind, notebook = order.request.kind, Path(order.notebook)
    folder = Path(order.folder) if order.folder is not None else None
    try:
        # made anew for each, as each command makes them, so that changed settings count
        services = make_services()
        try:
            return Done(result=dispatch.run_job(order.request, notebook, services, reporter, cancel))
        except DepError as error:
            hosts = _hosts(notebook, services) if error.code == "host-not-vouched" else None
            return Done(result=problems.failure(error, kind, folder), hosts=hosts)
    except Exception:
        return Done(result=problems.failure(problems.internal(), kind), trouble=traceback.format_exc())


def _hosts(notebook: Path, services: Services) -> Hosts | None:
    """What the next question has to name, each to be ticked; None where the index does not tell (any more)."""
    with suppress(DepError):
        fingerprint, found = consent.not_vouched(notebook, services)
        return Hosts(fingerprint=fingerprint, items=found)
    return None
