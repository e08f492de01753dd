"""What code imports and runs without an import statement."""

from __future__ import annotations

import pytest

from jupyter_dep.model.notebook.code_imports import imports_of
from jupyter_dep.model.notebook.code_runs import Script, dynamic_imports, import_targets, path_additions, run_scripts


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("sys.path.append('..')", ("..",)),
        ("sys.path.insert(0, '../src/')", ("../src",)),
        ("import sys\nsys.path += 1", ()),
        ("sys.path.extend(['a', \"b/c\"])", ("a", "b/c")),
        ("sys.path.append(os.path.join('..', 'lib'))", ("../lib",)),
        ("sys.path.append(os.path.join(os.getcwd(), os.pardir, 'lib'))", ("../lib",)),
        ("sys.path.insert(1, os.path.abspath(os.path.join(os.getcwd(), '..')))", ("..",)),
        ("sys.path.append(os.path.dirname(os.path.abspath('..')))", ("../..",)),
        ("sys.path.append(str(Path('..') / 'src'))", ("../src",)),
        ("sys.path.append(str(Path.cwd().parent / 'src'))", ("../src",)),
        ("sys.path.insert(0, str(pathlib.Path('..').resolve()))", ("..",)),
        ("sys.path.append('../code/' + 'lib')", ("../code/lib",)),
        ("import site; site.addsitedir('lib')", ("lib",)),
        ("%matplotlib inline\nsys.path.append('x')", ("x",)),
        ("sys.path.append(where)", ()),
        ("sys.path.append(os.environ['HOME'])", ()),
    ],
)
def test_folders_that_code_adds_to_its_path_are_read(source: str, found: tuple[str, ...]) -> None:
    assert path_additions(source) == found


@pytest.mark.parametrize(
    ("line", "script"),
    [
        ("%run script.py", Script(path="script.py")),
        ("%run -i ../lib/setup", Script(path="../lib/setup")),
        ("%run -n -t -N2 'my script.py' --flag", Script(path="my script.py")),
        ("%run -m package.tool 1 2", Script(module="package.tool")),
        ("    %run other.ipynb", Script(path="other.ipynb")),
        ("!python tool.py --fast", Script(path="tool.py")),
        ("!python3 -W ignore -u tool.py", Script(path="tool.py")),
        ("!/usr/bin/python3.8 -m tool", Script(module="tool")),
        ("!python -c 'import this'", None),
        ("%run $name", None),
        ("%run", None),
        ("# %run script.py", None),
    ],
)
def test_scripts_that_a_line_runs_are_found(line: str, script: Script | None) -> None:
    assert run_scripts(f"x = 1\n{line}\n") == ((script,) if script else ())


def test_names_that_are_imported_by_a_call_are_found() -> None:
    source = "__import__('six')\nimportlib.import_module('a.b')\nimport_module('.c', package)\n__import__(name)"
    assert dynamic_imports(source) == ("six", "a.b")


def test_every_file_that_an_import_may_load_is_named() -> None:
    source = "import a.b as x\nfrom c import d\nfrom . import e\nfrom ..f.g import h"
    assert import_targets(source) == ((0, "a.b"), (0, "c"), (0, "c.d"), (1, ""), (1, "e"), (2, "f.g"), (2, "f.g.h"))


@pytest.mark.parametrize(
    "module", ["urllib2", "cPickle", "StringIO", "Tkinter", "ConfigParser", "imp", "distutils.core", "os.path"]
)
def test_what_was_once_part_of_python_is_no_package(module: str) -> None:
    """A module of an older Python stands for no package of that name on an index."""
    assert imports_of(f"import {module}") == ()
