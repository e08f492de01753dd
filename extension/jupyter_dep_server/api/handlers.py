"""From the table of addresses to tornado's handlers: authenticate, authorise, decode, call, encode."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from jupyter_core.utils import ensure_async
from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from tornado import web

from jupyter_dep.base.errors import DepError
from jupyter_dep.messages import PROTOCOL
from jupyter_dep.messages.web import HEADER
from jupyter_dep_server import problems
from jupyter_dep_server.codec import encode
from jupyter_dep_server.jobs.protocol import ReadAnswer
from jupyter_dep_server.problems import bad_request, http_status

from .app_state import ExtensionState, ProjectCall
from .decoding import check_unicode, decode_body
from .routes import BASE, RESOURCE, ROUTES, Action, Query, Route

Method = Callable[..., Awaitable[None] | None]

_PART = r"([^/]+)"


def _guard(action: Action, method: Method) -> Method:
    """Let only callers through who are signed in and whom the Authorizer allows the action."""
    allowed: Method = authorized(action=action, resource=RESOURCE)(method)
    return web.authenticated(allowed)


def _refuse(status: int) -> Method:
    async def refuse(self: APIHandler, *parts: str) -> None:
        raise web.HTTPError(status)

    return _guard("read", refuse)


class DepHandler(APIHandler):
    """What every address shares. No method answers a caller who is not signed in and allowed to read."""

    auth_resource = RESOURCE
    get = head = post = put = patch = delete = _refuse(405)

    def initialize(self, state: ExtensionState) -> None:
        """Keep the state; tornado calls this for each request."""
        self.state = state

    def set_default_headers(self) -> None:
        """Name the protocol on each answer, and keep it out of caches."""
        super().set_default_headers()
        self.set_header(HEADER, str(PROTOCOL))
        self.set_header("Cache-Control", "no-store")

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer with a `Problem` without details: the server refused the request, or an exception escaped."""
        error = problems.of_status(status_code)
        self.finish(encode(problems.problem(error)))

    async def answer(self, route: Route, parts: Mapping[str, str]) -> None:
        """Answer a request that is authenticated and authorised."""
        try:
            check_protocol(self.request.headers.get(HEADER))
            call = ProjectCall(
                state=self.state,
                query=read_query(route.query, self.request.query_arguments),
                parts={name: check_unicode(part, name) for name, part in parts.items()},
                body=decode_body(route.body, self.request.body) if route.body else None,
                user=self._name_user(),
                may_execute=self._may_execute,
            )
            found = await route.does(call)
        except DepError as error:
            self.set_status(http_status(error))
            self.finish(encode(problems.problem(error, self.state.folder)))
            return
        if isinstance(found, ReadAnswer):
            self.set_status(found.status if found.failed else route.status)
            self.finish(found.body or None)
        else:
            self.set_status(route.status)
            self.finish(encode(found))

    def _name_user(self) -> str:
        """Name the user that a nonce is bound to.

        All who have the server's token are one user, though each request without a cookie gets another anonymous name.
        """
        if self.token_authenticated and self.identity_provider.token:
            return "token"
        return f"user {self.current_user.username}"

    async def _may_execute(self) -> bool:
        return bool(await ensure_async(self.authorizer.is_authorized(self, self.current_user, "execute", RESOURCE)))


class NoSuchPage(DepHandler):
    """Any other address below `jupyter-dep/`: a page of another version asks for it."""

    get = head = post = put = patch = delete = _refuse(404)


def _build_method(route: Route) -> Method:
    async def handle(self: DepHandler, *parts: str) -> None:
        await self.answer(route, dict(zip(re.findall(r"{(\w+)}", route.path), parts, strict=True)))

    return _guard(route.action, handle)


def handlers(state: ExtensionState) -> list[tuple[str, type[DepHandler], dict[str, Any]]]:
    """Map each address pattern below the server's base URL to the class that answers it."""
    found: list[tuple[str, type[DepHandler], dict[str, Any]]] = []
    for path in dict.fromkeys(route.path for route in ROUTES):
        methods = {route.method.lower(): _build_method(route) for route in ROUTES if route.path == path}
        kind = type(f"{path.title().replace('/', '')}Handler", (DepHandler,), methods)
        found.append((f"/{BASE}/{re.sub(r'{[a-z]+}', lambda _: _PART, path)}", kind, {"state": state}))
    return [*found, (f"/{BASE}(?:/.*)?", NoSuchPage, {"state": state})]


def check_protocol(sent: str | None) -> None:
    """Refuse a page that speaks another version than this server. Errors: `protocol-mismatch` says which side is behind."""
    if sent is None or sent == str(PROTOCOL):
        return
    newer = sent.isdecimal() and len(sent) < 10 and int(sent) > PROTOCOL
    if newer:
        hint = "restart the Jupyter server; if that does not help, upgrade jupyter-dep in its environment"
    else:
        hint = "reload the page without its cache: the browser still holds the jupyter-dep from before an upgrade"
    raise DepError("protocol-mismatch", f"the page speaks protocol {sent[:20]!r}, this server {str(PROTOCOL)!r}", hint=hint)


def read_query(wanted: tuple[Query, ...], given: Mapping[str, list[bytes]]) -> dict[str, str]:
    """Check the parameters that an address knows, and leave out others. Errors: `bad-request`."""
    found = {}
    for query in wanted:
        values = given.get(query.name, [])
        if not values:
            if query.required:
                raise bad_request(f"`{query.name}` is missing", {"key": query.name})
            continue
        try:
            text = values[-1].decode()
        except UnicodeDecodeError as error:
            raise bad_request(f"`{query.name}` is not UTF-8", {"key": query.name}) from error
        if len(text) > query.longest:
            raise bad_request(f"`{query.name}` is too long", {"key": query.name})
        if query.most and not (re.fullmatch(r"[0-9]{1,6}", text) and 1 <= int(text) <= query.most):
            raise bad_request(f"`{query.name}` is not a number from 1 to {query.most}", {"key": query.name})
        found[query.name] = text
    return found
