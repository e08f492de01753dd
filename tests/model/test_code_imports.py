"""What cells import and what their install lines name."""

from __future__ import annotations

import warnings

import pytest

from jupyter_dep.model.notebook.code_imports import imported_modules, installed_by_lines


def modules(source: str) -> list[str]:
    return list(imported_modules([source]))


def test_imports_are_given_with_their_cells_in_order() -> None:
    cells = ["import numpy as np, pandas\n", "x = 1", "from pandas import DataFrame\nimport numpy\nimport numpy"]
    assert imported_modules(cells) == {"numpy": (0, 2), "pandas": (0, 2)}


def test_dotted_names_are_kept() -> None:
    assert modules("import sklearn.svm\nfrom plotly.express import line") == ["sklearn.svm", "plotly.express"]


def test_what_comes_from_a_shared_namespace_is_the_module() -> None:
    assert modules("from google.cloud import storage, bigquery") == ["google.cloud.storage", "google.cloud.bigquery"]


def test_the_standard_library_and_relative_imports_are_left_out() -> None:
    assert modules("import os, json.decoder\nfrom __future__ import annotations\nfrom . import a\nfrom .b import c") == []


def test_imports_in_functions_and_branches_count_in_the_order_of_lines() -> None:
    assert modules("def f():\n    import a\ntry:\n    import b\nexcept ImportError:\n    pass\nimport c") == [
        "a",
        "b",
        "c",
    ]


@pytest.mark.parametrize(
    "source",
    [
        "%matplotlib inline\nimport a",
        "!ls *.csv\nimport a",
        "!pip install x \\\n   y z\nimport a",
        "!echo \\\n  import b\nimport a",
        "files = !ls\nimport a",
        "x = %sql select 1\nimport a",
        "df?\nimport a",
        "?df\nimport a",
        "pip install b\nimport a",
        "if x:\n    !ls\n    import a",
        "%%time\nimport a",
        "%%capture out\n%%time\nimport a",
        "%time import a",
        "await thing()\nimport a",
        "x = 5 % 3\n!ls\nimport a",
        "def broken(:\nimport a",
        "x = (b\n  % c)\n!ls\nimport a",
        "print 'old'\nimport a",
    ],
)
def test_what_only_ipython_understands_hides_no_import(source: str) -> None:
    assert modules(source) == ["a"]


@pytest.mark.parametrize(
    "source", ["def f(:\nimport a as b, c.d\nfrom e.f import g", "!x\n)\nimport a as b, c.d\nfrom e.f import *"]
)
def test_a_cell_that_is_no_python_is_read_line_by_line(source: str) -> None:
    assert modules(source) == ["a", "c.d", "e.f"]


@pytest.mark.parametrize("magic", ["%%bash", "%%writefile a.py", "%%html", "%%R", "%%javascript"])
def test_other_languages_and_written_files_import_nothing(magic: str) -> None:
    assert modules(f"{magic}\nimport a") == []


@pytest.mark.parametrize("source", ["", "\x00import a", "(" * 5000, "import", "%%time", "s = '\\d'"])
def test_any_text_is_survived_without_a_warning(source: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        imported_modules([source])
        installed_by_lines([source])


@pytest.mark.parametrize(
    "line",
    [
        "%pip install a 'b>=2'",
        "!pip install a b>=2",
        "!pip3 install a b>=2 > /dev/null 2>&1",
        "!python -m pip install a b>=2",
        "!python3.11 -m pip install a b>=2",
        "!{sys.executable} -m pip install a b>=2",
        "!sudo pip install a b>=2",
        "!uv pip install a b>=2",
        "%uv pip install a b>=2",
        "!uv add a b>=2",
        "pip install a b>=2",
        "%pip install -U -q a --index-url https://index.example/ b>=2 -r more.txt",
        "%pip install --extra-index-url=https://index.example/ a b>=2 # both",
        "!pip install a && pip install b>=2",
        "!pip install a; pip install b>=2",
        "!pip install a b>=2 | tail -1",
        "%pip install a \\\n    b>=2",
        "import x\nif True:\n    !pip install a b>=2",
        "%%capture\n!pip install a b>=2",
        "%%bash\nset -e\npip install a b>=2",
        "!pip install . ./c git+https://index.example/d $E {f} a b>=2",
        "!pip install A a b>=2",
    ],
)
def test_install_lines_name_requirements(line: str) -> None:
    assert [text.lower() for text in installed_by_lines([line])] == ["a", "b>=2"]


@pytest.mark.parametrize(
    "source",
    [
        "%conda install a",
        "!conda install a",
        "# %pip install a",
        "'''\n%pip install a\n'''",
        "!pip freeze",
        "!pip install -r requirements.txt",
        "!pip uninstall a",
        "%%writefile a.sh\npip install a",
        "!echo pip install a",
    ],
)
def test_other_lines_name_nothing(source: str) -> None:
    assert installed_by_lines([source]) == ()


def test_a_quoted_marker_stays_whole() -> None:
    assert installed_by_lines(["!pip install \"a; python_version < '3.13'\""]) == ("a; python_version < '3.13'",)


def test_a_requirement_is_named_once() -> None:
    assert installed_by_lines(["%pip install a", "%pip install A", "%pip install a>=1"]) == ("a", "a>=1")
