"""The OpenAPI document is generated, committed, and what the server does: random requests after it meet no surprise."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from support.index import Index
from support.notebooks import notebook
from support.server import TOKEN, Server
from support.user_environment import user_environment

from jupyter_dep.messages import comm
from jupyter_dep_server.api.routes import ROUTES
from tools import openapi

COMMITTED = Path(__file__).parents[2] / "docs" / "openapi.json"
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


def test_the_committed_document_is_the_generated_one() -> None:
    assert COMMITTED.read_text() == openapi.text(), "run: python -m tools.openapi > docs/openapi.json"


def test_every_reference_leads_somewhere_and_every_address_is_there() -> None:
    text = COMMITTED.read_text()
    document = json.loads(text)
    names = set(document["components"]["schemas"])
    referred = {part.partition('"')[0] for part in text.split('"#/components/schemas/')[1:]}
    assert referred <= names
    assert "$defs" not in text
    assert {(method.upper(), path) for path, item in document["paths"].items() for method in item} == {
        (route.method, f"/jupyter-dep/{route.path}") for route in ROUTES
    }
    assert {"HoldingState", "EditOrder", "Holds", comm.MissingImport.__name__} <= names, "what the comm carries"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of somebody whose package index is empty, with one notebook in its folder."""
    base = tmp_path_factory.mktemp("openapi")
    home = base / "home"
    (home / ".jupyter").mkdir(parents=True)
    enabled = {"ServerApp": {"jpserver_extensions": {"jupyter_dep_server": True}}}
    (home / ".jupyter" / "jupyter_server_config.json").write_text(json.dumps(enabled))
    notebook(base / "work", "alpha")
    (base / "index").mkdir()
    with Index(base / "index") as index:
        env = user_environment(home, index.url, UV_HTTP_RETRIES="0")
        with Server(base / "work", env) as running:
            yield running


def operations() -> list[Any]:
    document = schemathesis.openapi.from_dict(openapi.document())
    return [found.ok() for found in document.get_all_operations()]


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["fitting", "broken"])
@pytest.mark.parametrize("operation", operations(), ids=lambda operation: operation.label)
def test_random_requests_get_what_the_document_says(operation: Any, mode: GenerationMode, server: Server) -> None:
    if mode is GenerationMode.NEGATIVE and not (operation.path_parameters or operation.query or operation.body):
        pytest.skip("nothing in it can be broken")
    required = operation.body or any(one.is_required for one in (*operation.query, *operation.path_parameters))
    # what is unknown in a query is left out, since a newer page may send it
    checks = [*CHECKS, negative_data_rejection] if mode is GenerationMode.NEGATIVE and required else CHECKS
    count = 0

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=25,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: Any) -> None:
        nonlocal count
        count += 1
        if count % 3 == 0 and mode is GenerationMode.POSITIVE:  # a random path is seldom one that is there
            if "path" in (case.query or {}):
                case.query["path"] = "nb.ipynb"
            if isinstance(case.body, dict) and "path" in case.body:
                case.body["path"] = "nb.ipynb"
        response = case.call(base_url=server.url.rstrip("/"), headers={"Authorization": f"token {TOKEN}"})
        case.validate_response(response, checks=checks)

    ask()
    assert count >= 5 or not (operation.path_parameters or operation.query or operation.body)
    assert server.call("GET", "jupyter-dep/about")["allowed"]
