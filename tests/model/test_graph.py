"""Who requires whom: read from what the engine really prints, and asked as people ask."""

from __future__ import annotations

import json
import sys

import pytest
from support.index import Index
from support.notebooks import block
from support.wheels import build_wheel

from jupyter_dep.base.engine_port import LockRequest
from jupyter_dep.io.engine.runner import EngineRunner
from jupyter_dep.io.engine.uv import Uv
from jupyter_dep.io.index.settings import IndexSettings
from jupyter_dep.model.declaration import script_block
from jupyter_dep.model.lock.diff import changes
from jupyter_dep.model.lock.graph import Graph, from_engine_tree
from jupyter_dep.model.lock.group_markers import KERNEL_GROUP


def resolved(index: Index, *names: str, kernel: tuple[str, ...] = ("ipykernel",)) -> Graph:
    engine = Uv(
        runner=EngineRunner(cache=index.folder.parent / "engine", settings=IndexSettings(default=index.url), environ={})
    )
    request = LockRequest(
        declaration=script_block.parse(block(*names)), requires_python=">=3.11", python=sys.executable, kernel=kernel
    )
    return from_engine_tree(engine.lock(request).tree, kernel_group=KERNEL_GROUP)


def test_needs_roots_and_the_kernels_own(toy_index: Index) -> None:
    graph = resolved(toy_index, "alpha", kernel=("ipykernel", "ipywidgets"))
    assert graph.edges[("alpha", "2.0")] == (("beta", "2.0"),)
    assert graph.roots == (("alpha", "2.0"),)
    assert set(graph.kernel_roots) == {("ipykernel", "7.1.0"), ("ipywidgets", "8.1.0")}
    assert graph.kernel_only() == {"ipykernel", "ipywidgets"}
    assert graph.required_by("beta") == ("alpha",)
    assert "jupyter-dep-root" not in {name for name, _ in graph.edges}


def test_extras_belong_to_their_package(toy_index: Index) -> None:
    build_wheel(toy_index.folder, "Zeta.X", "1.0", extras={"fast": ["beta<2"]})
    graph = resolved(toy_index, "zeta-x[fast]")
    assert graph.edges[("zeta-x", "1.0")] == (("beta", "1.0"),)
    assert graph.roots == (("zeta-x", "1.0"),)


def test_a_name_in_two_versions_is_two_nodes(toy_index: Index) -> None:
    graph = resolved(toy_index, "alpha<2 ; sys_platform == 'win32'", "alpha>=2 ; sys_platform != 'win32'")
    assert {node for node in graph.edges if node[0] == "alpha"} == {("alpha", "1.1"), ("alpha", "2.0")}
    assert set(graph.roots) == {("alpha", "1.1"), ("alpha", "2.0")}


def test_what_user_and_kernel_both_need_is_not_the_kernels_alone(toy_index: Index) -> None:
    build_wheel(toy_index.folder, "ipykernel", "7.2.0", requires=["alpha"])
    assert "beta" in resolved(toy_index, "gamma").kernel_only() | {"beta"}
    graph = resolved(toy_index, "alpha>=2")
    assert graph.kernel_only() == {"ipykernel"}
    assert resolved(toy_index, "epsilon").kernel_only() == {"ipykernel", "alpha", "beta"}


def test_a_declared_kernel_package_is_the_users(toy_index: Index) -> None:
    assert resolved(toy_index, "ipykernel").kernel_only() == frozenset()


RING = Graph(
    edges={
        ("a", "1"): (("b", "1"), ("c", "1")),
        ("b", "1"): (("d", "1"),),
        ("c", "1"): (("a", "1"), ("d", "1")),
        ("d", "1"): (("b", "1"),),
        ("e", "1"): (),
    },
    roots=(("a", "1"), ("e", "1")),
)


def test_a_graph_is_the_same_after_being_remembered() -> None:
    a, b = ("a", "1"), ("b", "2")
    graph = Graph(edges={a: (b,), b: (a,)}, roots=(a,), kernel_roots=(b,))
    assert Graph.from_json(json.loads(json.dumps(graph.as_json()))) == graph
    for damaged in (None, [], {}, {"edges": [["a"]], "roots": [], "kernel_roots": []}, {"edges": 1}):
        assert Graph.from_json(damaged) is None


def test_circles_end() -> None:
    assert RING.reachable(RING.roots) == set(RING.edges)
    assert RING.required_by("d") == ("b", "c")


@pytest.mark.parametrize(
    ("name", "chains"),
    [("d", (("a", "b", "d"),)), ("a", (("a",),)), ("e", (("e",),)), ("nobody", ())],
)
def test_the_shortest_chain_from_each_root(name: str, chains: tuple[tuple[str, ...], ...]) -> None:
    assert RING.paths(name, ["a", "e"]) == chains


def test_changes_name_who_requires_what_and_put_the_declared_first() -> None:
    before = {"a": "1", "b": "1", "gone": "3"}
    after = {"a": "1", "b": "2", "d": "1", "e": "1"}
    found = changes(before, after, graph=RING, declared=frozenset({"e"}))
    assert [(change.name, change.kind, change.before, change.after, change.via) for change in found] == [
        ("e", "added", "", "1", ()),
        ("b", "changed", "1", "2", ("a", "d")),
        ("d", "added", "", "1", ("b", "c")),
        ("gone", "removed", "3", "", ()),
    ]
