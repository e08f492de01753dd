"""Next steps: what a terminal, a cell and a page make of the same values."""

from __future__ import annotations

import ast
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

import jupyter_dep
import jupyter_dep_cli
import jupyter_dep_kernels
import jupyter_dep_server
from jupyter_dep.base.steps import NAME, TERMINAL_ONLY, FrontEnd, Hint, Placeholder, step
from jupyter_dep.presentation.hints import next_steps
from jupyter_dep_cli.agent import split_words
from jupyter_dep_cli.command_table import COMMANDS

HERE = Path("/somewhere")
NOTEBOOK = HERE / "in" / "a b.ipynb"
CELL = FrontEnd(kind="cell", project=NOTEBOOK, cwd=NOTEBOOK.parent, own=True)
TERMINAL = FrontEnd(project=NOTEBOOK, cwd=HERE, windows=False)
PAGE = FrontEnd(kind="page", project=NOTEBOOK, cwd=HERE, windows=False)


@pytest.mark.parametrize(
    ("hint", "cell", "terminal"),
    [
        (Hint(step("lock"), " helps"), "`%dep lock` helps", "`jupyter dep lock 'in/a b.ipynb'` helps"),
        (Hint(step("add", NAME, target=NOTEBOOK)), "%dep add NAME", "jupyter dep add 'in/a b.ipynb' NAME"),
        (Hint(step("add", "pandas>=2")), "%dep add pandas>=2", "jupyter dep add 'in/a b.ipynb' 'pandas>=2'"),
        (Hint(step("lock", target=HERE / "c.ipynb")), f"%dep lock {HERE / 'c.ipynb'}", "jupyter dep lock c.ipynb"),
        (Hint("run ", step("doctor", target=None)), "run `%dep doctor`", "run `jupyter dep doctor`"),
        (
            Hint("first ", step("trust allow")),
            "first `jupyter dep trust allow 'a b.ipynb'` in a terminal",
            "first `jupyter dep trust allow 'in/a b.ipynb'`",
        ),
        (Hint("see pylock.a b.ipynb.toml or NOTEBOOK"), *(2 * ("see pylock.a b.ipynb.toml or NOTEBOOK",))),
    ],
)
def test_a_step_is_written_as_it_is_typed(hint: Hint, cell: str, terminal: str) -> None:
    assert CELL.write(hint).replace('"', "'") == cell
    assert TERMINAL.write(hint) == terminal


def test_a_page_means_the_project_that_it_shows() -> None:
    assert PAGE.write(Hint(step("lock", target=NOTEBOOK), " locks it")) == "`%dep lock` locks it"
    assert PAGE.write(step("trust allow")) == "jupyter dep trust allow 'in/a b.ipynb' in a terminal"


def test_a_step_on_a_folder_names_it_where_it_is_not_the_nearest() -> None:
    manifest = HERE / "my project" / "pyproject.toml"
    inside = FrontEnd(project=manifest, cwd=manifest.parent / "notes")
    outside = FrontEnd(project=manifest, cwd=HERE, windows=False)
    assert inside.write(step("lock")) == inside.write(step("lock", target=manifest)) == "jupyter dep lock"
    assert outside.write(step("add", "x")) == "jupyter dep add --project 'my project' x"
    assert FrontEnd(kind="cell", project=manifest, cwd=HERE, own=True).write(step("lock")) == "%dep lock"


def test_what_a_front_end_does_not_know_stays_open() -> None:
    assert str(Hint(step("add", NAME))) == "jupyter dep add NOTEBOOK NAME"
    assert FrontEnd(kind="cell").write(step("add", NAME)) == "%dep add NAME"
    assert FrontEnd(kind="cell").write(step("add", target=Placeholder(name="NOTEBOOK.ipynb"))) == "%dep add NOTEBOOK.ipynb"


@pytest.mark.parametrize("word", ["pandas>=2", "a b.ipynb", "it's", 'say "x"', "a$b", "NOTEBOOK 7.0", "x[y]", "", "ä"])
def test_what_is_written_reads_back_as_the_same_word(word: str) -> None:
    assert shlex.split(TERMINAL.write(step("add", word, target=None)))[3:] == [word]
    assert split_words(CELL.write(step("add", word, target=None)))[2:] == [word]


@pytest.mark.parametrize(
    ("word", "written"),
    [
        ("numpy", "numpy"),
        (r"C:\notes\a.ipynb", r"C:\notes\a.ipynb"),
        ("my notebook.ipynb", '"my notebook.ipynb"'),
        ("pandas>=2", '"pandas>=2"'),
        ("a$b", "'a$b'"),
        ("it's $x", "'it''s $x'"),
    ],
)
def test_words_on_windows(word: str, written: str) -> None:
    assert FrontEnd(windows=True).write(step("add", word, target=None)) == f"jupyter dep add {written}"


def test_steps_for_programs() -> None:
    (known,) = next_steps(Hint("either ", step("add", "pandas>=2")), TERMINAL)
    assert (known.command, known.target, known.arguments, known.complete) == ("add", "in/a b.ipynb", ("pandas>=2",), True)
    assert known.text == "jupyter dep add 'in/a b.ipynb' 'pandas>=2'"
    (unknown,) = next_steps(Hint(step("add", NAME)), FrontEnd())
    assert (unknown.target, unknown.arguments, unknown.complete) == (None, ("NAME",), False)
    assert next_steps("wait", TERMINAL) == ()


def test_a_change_of_a_hint_reaches_its_arguments() -> None:
    hint = Hint("hide secret, ", step("add", "secret", NAME))
    assert str(hint.map(lambda text: text.replace("secret", "***"))) == "hide ***, `jupyter dep add NOTEBOOK '***' NAME`"


def test_every_command_of_the_list_exists() -> None:
    assert {command.name for command in COMMANDS} >= TERMINAL_ONLY


WRITTEN_OUT = {
    "command_table.py",  # a command's usage
    "parser.py",  # the help
    "steps.py",  # the renderer
    "dockerfile.py",  # an exported file
    "templates.py",  # a README
    "activation.py",  # a script for a shell
}


def literals(file: Path) -> Iterator[ast.Constant]:
    tree = ast.parse(file.read_text())
    documents = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documents:
            yield node


def test_no_text_of_the_product_holds_a_command_line() -> None:
    """A text cannot know where it is read: a command in it is a `Step`."""
    found = [
        f"{file.name}:{node.lineno}: {node.value}"
        for package in (jupyter_dep, jupyter_dep_cli, jupyter_dep_kernels, jupyter_dep_server)
        for file in sorted(Path(package.__path__[0]).rglob("*.py"))
        if file.name not in WRITTEN_OUT
        for node in literals(file)
        if "jupyter dep " in node.value
    ]
    assert not found, "\n".join(found)
