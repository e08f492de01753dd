"""Make one page in this process: from a `ReadOrder` to the JSON that the browser gets."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable
from pathlib import Path

from jupyter_dep.base.errors import DepError
from jupyter_dep.messages.web import ConsentPage, Details, GraphPage, Hit, Hits, Kernels, Packages, Project, Pythons
from jupyter_dep.services import Services
from jupyter_dep_server import problems
from jupyter_dep_server.codec import encode
from jupyter_dep_server.state.paths import Root, ServedNotebook, find_notebook
from jupyter_dep_server.views import consent, views

from .dispatch import MakeServices
from .protocol import ReadAnswer, ReadOrder, refuse

Page = Project | Packages | GraphPage | Pythons | Hits | Details | Kernels | ConsentPage


def read_page(order: ReadOrder, make_services: MakeServices) -> ReadAnswer:
    """Make the page that an order asks for. Every error becomes an answer with its `Problem`."""
    root = Root(folder=Path(os.fsdecode(order.folder)), hidden=order.hidden) if order.folder is not None else None
    try:
        page = _VIEWS[order.view](order, root, make_services())
    except DepError as error:
        return refuse(error, order)
    except Exception:  # noqa: BLE001  the end of a reading: the server logs the traceback
        return refuse(problems.internal(), order, trouble=traceback.format_exc())
    return ReadAnswer(body=encode(page) if page is not None else b"")


def _read_project(order: ReadOrder, root: Root | None, services: Services) -> Project:
    return views.project(find_notebook(root, order.path, services), services, order.kernels)


def _read_packages(order: ReadOrder, root: Root | None, services: Services) -> Packages:
    return views.packages(find_notebook(root, order.path, services), services, _summarize)


def _read_search(order: ReadOrder, root: Root | None, services: Services) -> Hits:
    from jupyter_dep.operations.inspect import search

    found = search.search(order.words, services, order.limit)
    hits = tuple(Hit(name=one.name, summary=one.summary, tier=one.tier, source=one.source, near=one.near) for one in found.hits)
    return Hits(words=found.words, hits=hits, full=found.full, near=found.near)


def _read_details(order: ReadOrder, root: Root | None, services: Services) -> Details:
    from jupyter_dep.operations.inspect import search

    found = search.details(order.words, services)
    return Details(
        name=found.name,
        versions=found.versions,
        summary=found.summary,
        requires_python=found.requires_python,
        size=found.size,
        near=found.near,
    )


def _read_kernels(order: ReadOrder, root: Root | None, services: Services) -> Kernels:
    keys = {path: _find_key(root, path, services) for path in {kernel.path for kernel in order.kernels}}
    return Kernels(kernels=tuple(views.running(kernel, keys[kernel.path], services) for kernel in order.kernels))


def _read_consent(order: ReadOrder, root: Root | None, services: Services) -> ConsentPage:
    place = find_notebook(root, order.path, services)
    page = consent.page(place, services)
    hosts = next((found.items for found in order.hosts if found.fingerprint == page.fingerprint), ())
    return consent.page(place, services, hosts) if hosts else page


def _revoke(order: ReadOrder, root: Root | None, services: Services) -> None:
    consent.revoke(find_notebook(root, order.path, services).file, services)


def _find_key(root: Root | None, path: str, services: Services) -> str | None:
    """Find the environment of the project of a session's path, None where the path is not a notebook's."""
    try:
        return views.key_of(find_notebook(root, path, services).file, services)
    except DepError:
        return None


def _summarize(name: str) -> str:
    from jupyter_dep.model.packages.catalogue import entries

    known = entries().get(name)
    return known.summary if known else ""


def _on_notebook(view: Callable[[ServedNotebook, Services], Page]) -> Callable[[ReadOrder, Root | None, Services], Page]:
    return lambda order, root, services: view(find_notebook(root, order.path, services), services)


_VIEWS: dict[str, Callable[[ReadOrder, Root | None, Services], Page | None]] = {
    "project": _read_project,
    "packages": _read_packages,
    "graph": _on_notebook(views.graph),
    "pythons": _on_notebook(views.pythons),
    "search": _read_search,
    "details": _read_details,
    "kernels": _read_kernels,
    "consent": _read_consent,
    "revoke": _revoke,
}
