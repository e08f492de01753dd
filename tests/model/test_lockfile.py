"""The lock as text: what is written is what is read, and what cannot be read says why."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Callable

import pytest
from support import locks
from support.index import Index
from support.notebooks import block
from support.wheels import build_wheel

from jupyter_dep.base.engine_port import EngineAnswer, LockRequest
from jupyter_dep.base.errors import DepError
from jupyter_dep.io.engine.runner import EngineRunner
from jupyter_dep.io.engine.uv import Uv
from jupyter_dep.io.index.settings import IndexSettings
from jupyter_dep.model.declaration import script_block
from jupyter_dep.model.lock import lockfile
from jupyter_dep.model.lock.compose import compose
from jupyter_dep.model.lock.graph import Graph
from jupyter_dep.model.lock.lockfile import LockTable

DECLARATIONS = {
    "bare": block("alpha"),
    "nothing": block(),
    "extras, bounds and markers": block("Alpha[B, a] >=1, <2 ; python_version < '3.13'", "beta==1.*", "gamma"),
    "an address": block("alpha @ https://files.example/alpha-1.0-py3-none-any.whl"),
    "cutoff": block("alpha", toml='[tool.uv]\nexclude-newer = "2026-01-31"'),
    "toml date": block("alpha", toml="[tool.uv]\nexclude-newer = 2026-01-31T12:00:00Z"),
    "tables before keys": block(
        "alpha",
        toml="""
[tool.uv]
prerelease = "allow"
constraint-dependencies = ["beta<3"]
environments = ["sys_platform == 'linux'", "sys_platform == 'darwin'"]

[[tool.uv.index]]
name = "corp"
url = "https://corp.example/simple"
explicit = true

[[tool.uv.index]]
name = "more"
url = "https://more.example/simple"

[tool.uv.sources]
alpha = { index = "corp" }
beta = [{ index = "corp", marker = "sys_platform == 'linux'" }, { index = "more", marker = "sys_platform == 'darwin'" }]
""",
    ),
    "package cutoffs": block("alpha", toml='[tool.uv.exclude-newer-package]\n"zope.interface" = "2026-01-31"'),
    "our settings": block(
        "alpha",
        toml='[tool.jupyter-dep]\nwidgets = false\nbuild = ["delta"]\nplatforms = ["sys_platform == \'linux\'"]',
    ),
}


def declared(*names: str) -> LockTable:
    return LockTable(notebook="n.ipynb", python="3.11", declaration=script_block.parse(block(*names)).canonical())


EXPORT = 'lock-version = "1.0"\ncreated-by = "uv"\nrequires-python = ">=3.11"\n\n' + "\n".join(
    [locks.package("alpha", "2.0"), locks.package("beta", "1.0"), locks.package("beta", "2.0")]
)
GRAPH = Graph(
    edges={("alpha", "2.0"): (("beta", "2.0"),), ("beta", "1.0"): (), ("beta", "2.0"): ()},
    roots=(("alpha", "2.0"),),
)


@pytest.mark.parametrize(("stem", "name"), [("analysis", "pylock.analysis.toml"), ("a.b c", "pylock.a_b c.toml")])
def test_the_name_has_no_dot_of_the_notebooks(stem: str, name: str) -> None:
    assert lockfile.lock_name(stem) == name


@pytest.mark.parametrize("text", DECLARATIONS.values(), ids=DECLARATIONS)
def test_the_declaration_comes_back_with_its_digest(text: str) -> None:
    declaration = script_block.parse(text)
    table = LockTable(
        notebook='we "quote" \\ \t\n\x7f é 📓.ipynb',
        python="3.11",
        declaration=declaration.canonical(),
        cutoff="2026-01-31T00:00:00Z",
        kernel=("ipykernel",),
        unavailable={"macos-arm64": ("epsilon",)},
    )
    read = lockfile.read(compose(EXPORT, GRAPH, table), context={}).table
    assert read is not None
    assert read.declaration_digest() == declaration.digest()
    assert (read.notebook, read.python, read.cutoff) == (table.notebook, table.python, table.cutoff)
    assert (read.kernel, read.unavailable) == (table.kernel, table.unavailable)


def test_declarations_that_differ_in_one_thing_differ_in_their_digest() -> None:
    digests = {script_block.parse(text).digest() for text in DECLARATIONS.values()}
    assert len(digests) == len(DECLARATIONS)


def test_the_graph_is_written_and_read_with_versions_where_a_name_has_several() -> None:
    data = compose(EXPORT, GRAPH, declared("alpha"))
    assert b'dependencies = [{ name = "beta", version = "2.0" }]' in data
    lock = lockfile.read(data, context={})
    assert lock.graph().edges == GRAPH.edges
    assert lock.graph().roots == GRAPH.roots
    assert lock.versions() == {"alpha": "2.0", "beta": "1.0 / 2.0"}


def test_composing_the_same_answer_again_gives_the_same_bytes(toy_index: Index) -> None:
    """With a real export: one artifact a line, in an order that does not depend on the declaration's."""
    made = [compose(answer.pylock, GRAPH, declared("alpha")) for answer in (real(toy_index, "alpha", "gamma"),) * 2]
    other = compose(real(toy_index, "gamma", "alpha").pylock, GRAPH, declared("alpha"))
    assert made[0] == made[1] == other


def test_every_artifact_has_a_line_of_its_own(toy_index: Index) -> None:
    text = real(toy_index, "epsilon", "alpha").pylock
    assert text.count(".whl") == 4
    assert all(line.count("url = ") <= 1 for line in text.splitlines())


def test_recomposing_what_was_composed_keeps_every_other_line() -> None:
    first = compose(EXPORT, GRAPH, declared("alpha")).decode()
    exported = [line for line in EXPORT.splitlines() if line and not line.startswith("created-by")]
    position = -1
    for line in exported:  # in the same order
        position = first.index(line, position + 1)


def real(index: Index, *names: str) -> EngineAnswer:
    engine = Uv(
        runner=EngineRunner(cache=index.folder.parent / "engine", settings=IndexSettings(default=index.url), environ={})
    )
    request = LockRequest(declaration=script_block.parse(block(*names)), requires_python=">=3.11", python=sys.executable)
    return engine.lock(request)


MERGED = b"""lock-version = "1.0"
<<<<<<< HEAD
created-by = "a"
=======
created-by = "b"
>>>>>>> theirs
"""


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (MERGED, "unmerged-lock"),
        (MERGED.replace(b"\n", b"\r\n"), "unmerged-lock"),
        (b"lock-version = 1.0\xff", "bad-lock"),
        (b"lock-version = ", "bad-lock"),
        (b"", "bad-lock"),
        (b"x = " + b"[" * 100_000, "bad-lock"),
        (b'lock-version = "1.0"\npackages = 1\n', "bad-lock"),
        (b'lock-version = "1.0"\ncreated-by = "x"\npackages = [1]\n', "bad-lock"),
        (locks.document(version="2.0"), "lock-too-new"),
        (b'lock-version = "2.0"\nwhat = "nobody knows yet"\n', "lock-too-new"),
        (locks.document(ours=locks.table(format_=2)), "lock-too-new"),
        (locks.document(ours=locks.table(python="$(id)")), "bad-lock"),
        (locks.document(ours='[tool.jupyter-dep]\npython = "3.11"\n'), "bad-lock"),
        (locks.document(ours='[tool]\njupyter-dep = "x"\n'), "bad-lock"),
        (locks.document(ours='[tool.jupyter-dep]\npython = "3.11"\ndeclaration = 3\n'), "bad-lock"),
        (locks.document(ours=locks.table(extra={"unavailable": "3"})), "bad-lock"),
    ],
)
def test_what_cannot_be_read_is_one_error_with_a_place_and_a_next_step(data: bytes, code: str) -> None:
    with pytest.raises(DepError) as caught:
        lockfile.read(data, context={"file": "pylock.n.toml"})
    assert caught.value.code == code
    assert caught.value.context["file"] == "pylock.n.toml"
    assert caught.value.hint


def test_markers_inside_a_text_are_no_merge_conflict() -> None:
    lock = lockfile.read(locks.document(ours=locks.table(notebook="=======.ipynb")), context={})
    assert lock.table is not None


def test_a_lock_of_another_tool_is_read_without_our_table() -> None:
    lock = lockfile.read(locks.document(locks.package("alpha"), ours=""), context={})
    assert lock.table is None
    assert lock.missing_dependencies() == ()


@pytest.mark.parametrize(
    ("packages", "declared_names", "missing_dependencies"),
    [
        ([locks.package("alpha", needs=["beta"]), locks.package("beta")], ["alpha"], ()),
        ([locks.package("alpha", needs=["beta"])], ["alpha"], ("beta",)),
        ([locks.package("beta")], ["alpha", "Beta>=1"], ("alpha",)),
        ([], ["alpha ; sys_platform == 'win32'"], ()),
    ],
    ids=["whole", "a need is lacking", "a declared one is lacking", "one with a marker may be absent"],
)
def test_open_ends(packages: list[str], declared_names: list[str], missing_dependencies: tuple[str, ...]) -> None:
    data = locks.document(*packages, ours=locks.table(declared=declared_names))
    assert lockfile.read(data, context={}).missing_dependencies() == missing_dependencies


CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "a comment": lambda data: b"# hello\n" + data,
    "line ends": lambda data: data.replace(b"\n", b"\r\n"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_bytes_that_mean_the_same_are_the_same_lock_with_another_digest(change: Callable[[bytes], bytes]) -> None:
    data = locks.document(locks.package("alpha"))
    one, other = lockfile.read(data, context={}), lockfile.read(change(data), context={})
    assert one.pylock == other.pylock
    assert one.digest != other.digest


def test_the_composed_lock_is_a_pylock_that_names_its_maker(toy_index: Index) -> None:
    build_wheel(toy_index.folder, "zeta", "1.0", requires=["alpha"])
    answer = real(toy_index, "zeta")
    raw = tomllib.loads(compose(answer.pylock, GRAPH, declared("zeta")).decode())
    assert raw["created-by"] == "jupyter-dep"
    for entry in raw["packages"]:
        for file in entry["wheels"]:
            assert re.fullmatch(r"[0-9a-f]{64}", file["hashes"]["sha256"])
            assert "upload-time" in file
