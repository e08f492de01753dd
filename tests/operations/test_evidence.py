"""What a notebook needs by its own code, and by the files of the user's own that it loads."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.index import Index
from support.notebooks import raw_notebook
from support.sandbox import UserSandbox, sandbox_at

from jupyter_dep.model.notebook.notebook import Notebook
from jupyter_dep.operations.project.evidence import Evidence, Proposal, gather, propose


def read(folder: Path, *cells: str) -> Evidence:
    """The evidence of a notebook of these cells in `folder/nb`."""
    notebook = raw_notebook(folder / "nb", cells)
    return gather(Notebook.parse(notebook.read_bytes(), context={}), notebook)


def places(evidence: Evidence) -> dict[str, tuple[str, ...]]:
    return {item.module: item.places for item in evidence.imports}


def test_modules_beside_the_notebook_are_read_in_place_of_guessed(tmp_path: Path) -> None:
    """A module that is a file of the user's own is no package: its imports are the notebook's."""
    (tmp_path / "nb" / "pack").mkdir(parents=True)
    (tmp_path / "nb/pack/__init__.py").write_text("from . import deep\n")
    (tmp_path / "nb/pack/deep.py").write_text("import toolz\n\nimport helper\n")
    (tmp_path / "nb/helper.py").write_text("import six\nimport helper\n")
    found = read(tmp_path, "import pack, numpy", "def f():\n    from helper import thing")
    assert places(found) == {"numpy": ("cell 1",), "six": ("helper.py line 1",), "toolz": ("pack/deep.py line 1",)}
    assert sorted(found.files) == ["helper.py", "pack/__init__.py", "pack/deep.py"]


@pytest.mark.parametrize(
    ("cell", "file"),
    [
        ("import sys\nsys.path.append('../lib')\nimport tool", "lib/tool.py"),
        ("%run tool.py", "nb/tool.py"),
        ("%run ../scripts/tool", "scripts/tool.py"),
        ("!python ../scripts/tool.py --fast", "scripts/tool.py"),
        ("%run -m tool", "nb/tool.py"),
        ("import importlib\nimportlib.import_module('tool')", "nb/tool.py"),
        ("from pack import tool", "nb/pack/tool.py"),
        ("%load_ext tool", "nb/tool.py"),
    ],
)
def test_what_the_kernel_would_load_is_followed(tmp_path: Path, cell: str, file: str) -> None:
    path = tmp_path / file
    path.parent.mkdir(parents=True)
    path.write_text("import six\n")
    assert list(places(read(tmp_path, cell))) == ["six"]


def test_a_notebook_that_is_run_is_read(tmp_path: Path) -> None:
    raw_notebook(tmp_path / "nb", ["import six"], name="other")
    assert list(places(read(tmp_path, "%run other.ipynb"))) == ["six"]


def test_the_project_that_the_notebook_lies_in_is_read(tmp_path: Path) -> None:
    """A package of the repository is found as an installation would bring it, and said to be the user's own."""
    (tmp_path / "src/mine").mkdir(parents=True)
    (tmp_path / "src/mine/__init__.py").write_text("from .core import run\n")
    (tmp_path / "src/mine/core.py").write_text("import six\n")
    (tmp_path / "setup.py").write_text("")
    (tmp_path / ".git").mkdir()
    found = read(tmp_path, "import mine")
    assert (list(places(found)), found.packages) == (["six"], ("..",))


def test_what_cannot_be_read_is_named_and_ends_nothing(tmp_path: Path) -> None:
    (tmp_path / "nb").mkdir()
    (tmp_path / "nb/bad.py").write_bytes(b"# coding: no-such\nimport six\n")
    (tmp_path / "nb/old.py").write_text("print 'hello'\nimport toolz\n")
    found = read(tmp_path, "import bad, old")
    assert (list(places(found)), found.unread) == (["toolz"], ("bad.py",))


def test_modules_that_load_each_other_end(tmp_path: Path) -> None:
    (tmp_path / "nb").mkdir()
    (tmp_path / "nb/a.py").write_text("import b")
    (tmp_path / "nb/b.py").write_text("import a, six")
    (tmp_path / "nb/loop").symlink_to(".")
    assert list(places(read(tmp_path, "import a\nfrom loop.loop import a"))) == ["six"]


@pytest.mark.parametrize(
    ("cells", "when", "proposal"),
    [
        (("import sklearn, numpy",), "", (("scikit-learn", "numpy"), ())),
        (("%load_ext watermark\n%matplotlib inline",), "", (("watermark", "matplotlib"), ())),
        (("import pyswarms",), "", ((), (("pyswarms",),))),
        (("!pip install pyswarms==1.1", "import pyswarms"), "", (("pyswarms==1.1",), ())),
        (("import twitter",), "", ((), (("python-twitter", "twitter"),))),
        (("!pip install twitter", "import twitter"), "", (("twitter",), ())),
        (("import fbprophet",), "2019-05-01", (("fbprophet",), ())),
        (("import fbprophet",), "", ((), (("fbprophet",),))),
        (("from Crypto.Cipher import AES",), "2013-01-01", (("pycrypto",), ())),
        (("from Crypto.Cipher import AES",), "", (("pycryptodome",), ())),
        (("try:\n    import nothing_known\nexcept ImportError:\n    pass",), "", ((), ())),
        (("from IPython.display import HTML",), "", ((), ())),
    ],
)
def test_what_is_known_is_proposed_and_what_is_not_is_a_guess(
    tmp_path: Path, cells: tuple[str, ...], when: str, proposal: tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]
) -> None:
    """A name that nothing vouches for is no certainty, and the day of the code decides which package had a name."""
    found: Proposal = propose(read(tmp_path, *cells), when)
    assert (found.requirements, tuple(guess.names for guess in found.guesses)) == proposal


@pytest.fixture
def sandbox(toy_index: Index, tmp_path: Path) -> UserSandbox:
    return sandbox_at(tmp_path, toy_index.url)


def test_init_names_what_it_does_not_know_and_asks_the_index_only_when_it_is_told_to(sandbox: UserSandbox) -> None:
    for name in ("a.ipynb", "b.ipynb"):
        raw_notebook(sandbox.folder, ["import alpha\nimport nowhere_to_be_found"], name=name)
    told = sandbox.dep("init", "a.ipynb", "--imports", "--json").entry
    assert told["declared"] == []
    assert [guess["names"] for guess in told["guesses"]] == [["alpha"], ["nowhere-to-be-found"]]
    asked = sandbox.dep("init", "b.ipynb", "--guess", "--json").entry
    assert (asked["declared"], asked["guessed"]) == (["alpha"], ["alpha"])
    assert [guess["module"] for guess in asked["guesses"]] == ["nowhere_to_be_found"]
