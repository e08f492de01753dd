"""What each address answers: from a call to a value of `messages.web`. The table of addresses is `routes`."""

from __future__ import annotations

from jupyter_dep.base.errors import ConsentError, DepError
from jupyter_dep.messages import PROTOCOL
from jupyter_dep.messages.web import (
    About,
    ConsentPage,
    Details,
    GraphPage,
    Hit,
    Hits,
    Job,
    JobRequest,
    Jobs,
    Kernels,
    Nonce,
    NonceRequest,
    Packages,
    Project,
    Pythons,
)
from jupyter_dep.services import Services
from jupyter_dep_server import __version__
from jupyter_dep_server.jobs import dispatch
from jupyter_dep_server.state.app_state import ExtensionState, ProjectCall
from jupyter_dep_server.state.nonces import PendingConsent
from jupyter_dep_server.views import consent as views_consent
from jupyter_dep_server.views import views

from .paths import Place


async def about(call: ProjectCall) -> About:
    return About(protocol=PROTOCOL, version=__version__, allowed=await call.allowed())


async def project(call: ProjectCall) -> Project:
    path, desk = call.query["path"], call.desk
    kernels = tuple(one for one in await desk.kernels.running() if one.path == path)
    return await desk.reader.read(("project", path, kernels), lambda: views.project(desk.place(path), desk.services(), kernels))


async def packages(call: ProjectCall) -> Packages:
    return await call.read(_packages)


def _packages(place: Place, services: Services) -> Packages:
    return views.packages(place, services, _summary)


async def graph(call: ProjectCall) -> GraphPage:
    return await call.read(views.graph)


async def pythons(call: ProjectCall) -> Pythons:
    return await call.read(views.pythons)


async def search(call: ProjectCall) -> Hits:
    from jupyter_dep.operations.inspect import search as inspect_search

    words, limit = call.query["q"], int(call.query.get("limit", 20))
    if await call.allowed():  # who looks for a package is about to add it
        call.desk.carrier.expect()
    found = await call.desk.reader.read(
        ("search", words, limit), lambda: inspect_search.search(words, call.desk.services(), limit)
    )
    hits = tuple(Hit(name=one.name, summary=one.summary, tier=one.tier, source=one.source, near=one.near) for one in found.hits)
    return Hits(words=found.words, hits=hits, full=found.full, near=found.near)


async def details(call: ProjectCall) -> Details:
    from jupyter_dep.operations.inspect import search as inspect_search

    name = call.parts["name"]
    found = await call.desk.asker.read(("details", name), lambda: inspect_search.details(name, call.desk.services()))
    return Details(
        name=found.name,
        versions=found.versions,
        summary=found.summary,
        requires_python=found.requires_python,
        size=found.size,
        near=found.near,
    )


async def kernels(call: ProjectCall) -> Kernels:
    found = await call.desk.kernels.running()

    def read() -> Kernels:
        services = call.desk.services()
        keys = {path: _key(call.desk, path, services) for path in {one.path for one in found}}
        return Kernels(kernels=tuple(views.running(one, keys[one.path], services) for one in found))

    return await call.desk.reader.read(("kernels", found), read)


async def jobs(call: ProjectCall) -> Jobs:
    return Jobs(jobs=call.desk.jobs.all(call.query.get("path")))


async def job(call: ProjectCall) -> Job:
    return call.desk.jobs.get(call.parts["id"])


async def submit(call: ProjectCall) -> Job:
    request: JobRequest = call.body
    dispatch.check(request)
    place = await call.place(request.path)
    if request.kind == "trust":
        call.desk.nonces.spend(
            request.nonce,
            user=call.user,
            notebook=place.real,
            fingerprint=request.fingerprint,
            allow=request.allow,
        )
    # an editor's own block makes the notebook a project, whatever its file says yet
    own = (request.held and request.block is not None) or request.kind == "init"
    return call.desk.jobs.submit(request, place.notebook if own else place.file, place.real)


async def cancel(call: ProjectCall) -> Job:
    return call.desk.jobs.cancel(call.parts["id"])


async def consent(call: ProjectCall) -> ConsentPage:
    return await _consent_page(call, call.query["path"])


async def ask(call: ProjectCall) -> Nonce:
    request: NonceRequest = call.body
    place = await call.place(request.path)
    page = await _consent_page(call, request.path)
    if page.given:
        raise ConsentError(
            "nothing-to-allow",
            "everything here is allowed already",
            hint="start the kernel, or build the environment",
            context={"file": place.notebook.name},
        )
    word = call.desk.nonces.ask(
        PendingConsent(
            user=call.user,
            notebook=place.real,
            fingerprint=page.fingerprint,
            items=frozenset(one.item for one in page.unusual),
        )
    )
    call.desk.carrier.expect()
    return Nonce(nonce=word, page=page)


async def revoke(call: ProjectCall) -> None:
    place = await call.place(call.query["path"])
    await call.desk.reader.read(object(), lambda: views_consent.revoke(place.file, call.desk.services()))
    call.desk.events.project(place.path, "revoke")


def _key(desk: ExtensionState, path: str, services: Services) -> str | None:
    """The environment that answers the project of a session's path, which may be no notebook's."""
    try:
        return views.key_of(desk.place(path).file, services)
    except DepError:
        return None


def _summary(name: str) -> str:
    from jupyter_dep.model.packages.catalogue import entries

    known = entries().get(name)
    return known.summary if known else ""


async def _consent_page(call: ProjectCall, path: str) -> ConsentPage:
    desk = call.desk

    def read() -> ConsentPage:
        place, services = desk.place(path), desk.services()
        page = views_consent.page(place, services)
        hosts = desk.hosts.get(page.fingerprint, ())
        return views_consent.page(place, services, hosts) if hosts else page

    return await desk.reader.read(("consent", path), read)
