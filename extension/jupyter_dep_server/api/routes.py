"""The table of addresses: handlers and the OpenAPI document are both made from it, so that they cannot differ."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Literal

from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.messages import jobs as job_messages
from jupyter_dep.messages import web

from . import endpoints
from .app_state import ProjectCall

BASE = "jupyter-dep"
RESOURCE = "jupyter-dep"
"""The name that an Authorizer knows the addresses by."""

Method = Literal["GET", "POST", "DELETE"]
Action = Literal["read", "write", "execute"]


@frozen_dataclass
class Query:
    """One parameter of an address. `pattern` is what a text has to match as a whole, `most` the largest whole number."""

    name: str
    words: str
    required: bool = True
    pattern: str = ""
    longest: int = 2000
    most: int = 0


@frozen_dataclass
class Route:
    """One method of one address. `{name}` in `path` is a part that is handed on.

    `action` is what the Authorizer has to allow: work that installs packages is `execute`, since packages are code.
    """

    method: Method
    path: str
    words: str
    does: Callable[[ProjectCall], Awaitable[object]]
    answer: type | None
    action: Action = "read"
    status: int = 200
    query: tuple[Query, ...] = ()
    body: type | None = None


_PATH = Query(name="path", words="the notebook: its path in the contents API", pattern=r"[^/.][^/]*(?:/[^/.][^/]*)*\.ipynb")
_OPTIONAL_PATH = Query(name="path", words=_PATH.words, required=False, pattern=_PATH.pattern)

ROUTES = (
    Route(
        method="GET",
        path="about",
        words="The server's version, and what the caller may do.",
        does=endpoints.about,
        answer=web.About,
    ),
    Route(
        method="GET",
        path="projects",
        words="A notebook's status.",
        does=endpoints.project,
        answer=web.Project,
        query=(_PATH,),
    ),
    Route(
        method="GET",
        path="projects/packages",
        words="Every locked package of a notebook.",
        does=endpoints.packages,
        answer=web.Packages,
        query=(_PATH,),
    ),
    Route(
        method="GET",
        path="projects/graph",
        words="Which locked package needs which.",
        does=endpoints.graph,
        answer=web.GraphPage,
        query=(_PATH,),
    ),
    Route(
        method="GET",
        path="projects/pythons",
        words="The Pythons to choose from.",
        does=endpoints.pythons,
        answer=web.Pythons,
        query=(_PATH,),
    ),
    Route(
        method="GET",
        path="packages",
        words="Names that match what is typed; without a network.",
        does=endpoints.search,
        answer=web.Hits,
        query=(
            Query(name="q", words="what is typed"),
            Query(name="limit", words="how many at most, 20 by default", required=False, most=100),
            _OPTIONAL_PATH,
        ),
    ),
    Route(
        method="GET",
        path="packages/{name}",
        words="What the configured index has for one name.",
        does=endpoints.details,
        answer=web.Details,
        query=(_OPTIONAL_PATH,),
    ),
    Route(
        method="GET", path="kernels", words="The running kernels of jupyter-dep.", does=endpoints.kernels, answer=web.Kernels
    ),
    Route(
        method="GET",
        path="jobs",
        words="The jobs, the newest first.",
        does=endpoints.jobs,
        answer=job_messages.Jobs,
        query=(_OPTIONAL_PATH,),
    ),
    Route(
        method="POST",
        path="jobs",
        words="Start a job.",
        does=endpoints.submit,
        answer=job_messages.Job,
        action="execute",
        status=202,
        body=job_messages.JobRequest,
    ),
    Route(method="GET", path="jobs/{id}", words="One job, also after its end.", does=endpoints.job, answer=job_messages.Job),
    Route(
        method="DELETE",
        path="jobs/{id}",
        words="Cancel a job.",
        does=endpoints.cancel,
        answer=job_messages.Job,
        action="execute",
        status=202,
    ),
    Route(
        method="GET",
        path="consent",
        words="What a consent to a notebook's lock would cover.",
        does=endpoints.consent,
        answer=web.ConsentPage,
        query=(_PATH,),
    ),
    Route(
        method="DELETE",
        path="consent",
        words="Take back the consent to a notebook's lock.",
        does=endpoints.revoke,
        answer=None,
        action="write",
        status=204,
        query=(_PATH,),
    ),
    Route(
        method="POST",
        path="consent/nonce",
        words="The consent question as it is shown, and the nonce that its answer needs.",
        does=endpoints.ask,
        answer=web.Nonce,
        action="execute",
        status=201,
        body=web.NonceRequest,
    ),
)
