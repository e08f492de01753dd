"""What each address answers: a value of `messages.web`, or the page that a worker has made. The addresses are in `routes`."""

from __future__ import annotations

import msgspec

from jupyter_dep.base.errors import DepError
from jupyter_dep.messages import PROTOCOL
from jupyter_dep.messages.jobs import Job, JobRequest, Jobs
from jupyter_dep.messages.web import About, ConsentPage, Nonce, NonceRequest
from jupyter_dep_server.jobs.protocol import ReadAnswer
from jupyter_dep_server.state.nonces import PendingConsent
from jupyter_dep_server.version import VERSION

from .app_state import ProjectCall
from .decoding import check_job


async def about(call: ProjectCall) -> About:
    """Say who answers. A page asks this first, so that a worker is ready when it reads its project."""
    call.state.runner.prepare()
    return About(protocol=PROTOCOL, version=VERSION, allowed=await call.may_execute())


async def project(call: ProjectCall) -> ReadAnswer:
    """Read a notebook's status, with its running kernels."""
    path = call.query["path"]
    kernels = tuple(kernel for kernel in await call.state.kernels.running() if kernel.path == path)
    return await call.state.read("project", path=path, kernels=kernels)


async def packages(call: ProjectCall) -> ReadAnswer:
    """Read the locked packages."""
    return await call.state.read("packages", path=call.query["path"])


async def graph(call: ProjectCall) -> ReadAnswer:
    """Read which package needs which."""
    return await call.state.read("graph", path=call.query["path"])


async def pythons(call: ProjectCall) -> ReadAnswer:
    """Read the Pythons to choose from."""
    return await call.state.read("pythons", path=call.query["path"])


async def search(call: ProjectCall) -> ReadAnswer:
    """Search package names, without a network."""
    return await call.state.read("search", words=call.query["q"], limit=int(call.query.get("limit", 20)))


async def details(call: ProjectCall) -> ReadAnswer:
    """Ask the index for one package."""
    return await call.state.read("details", words=call.parts["name"])


async def kernels(call: ProjectCall) -> ReadAnswer:
    """Read the running kernels of the project's own kind."""
    return await call.state.read("kernels", kernels=await call.state.kernels.running())


async def jobs(call: ProjectCall) -> Jobs:
    """List the jobs."""
    return Jobs(jobs=call.state.jobs.all(call.query.get("path")))


async def job(call: ProjectCall) -> Job:
    """Return one job."""
    return call.state.jobs.get(call.parts["id"])


async def submit(call: ProjectCall) -> Job:
    """Queue a job. One that records a consent has to bring the nonce of its question."""
    request: JobRequest = call.body
    check_job(request)
    found = await call.state.find_notebook(request.path)
    if request.kind == "trust":
        call.state.nonces.spend(
            request.nonce,
            user=call.user,
            notebook=found.real,
            fingerprint=request.fingerprint,
            allow=request.allow,
        )
    # an editor's own block makes the notebook a project, whatever its file says yet
    own = (request.held and request.block is not None) or request.kind == "init"
    return call.state.jobs.submit(request, found.notebook if own else found.file, found.real)


async def cancel(call: ProjectCall) -> Job:
    """Cancel a job."""
    return call.state.jobs.cancel(call.parts["id"])


async def consent(call: ProjectCall) -> ReadAnswer:
    """Read what a consent would cover."""
    return await _read_consent(call, call.query["path"])


async def ask(call: ProjectCall) -> Nonce | ReadAnswer:
    """Open a consent question: its content, and the nonce that its answer has to bring."""
    request: NonceRequest = call.body
    found = await call.state.find_notebook(request.path)
    answer = await _read_consent(call, request.path)
    if answer.failed:
        return answer
    page = msgspec.json.decode(answer.body, type=ConsentPage)
    if page.given:
        raise DepError(
            "nothing-to-allow",
            "everything here is allowed already",
            hint="start the kernel, or build the environment",
            context={"file": found.notebook.name},
        )
    nonce = call.state.nonces.create(
        PendingConsent(
            user=call.user,
            notebook=found.real,
            fingerprint=page.fingerprint,
            items=frozenset(one.item for one in page.unusual),
        )
    )
    return Nonce(nonce=nonce, page=page)


async def revoke(call: ProjectCall) -> ReadAnswer:
    """Take back a consent."""
    path = call.query["path"]
    answer = await call.state.revoke(path)
    if not answer.failed:
        call.state.events.project(path, "revoke")
    return answer


async def _read_consent(call: ProjectCall, path: str) -> ReadAnswer:
    return await call.state.read("consent", path=path, hosts=tuple(call.state.hosts.values()))
