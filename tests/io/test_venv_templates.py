"""Empty environments: virtualenv makes the first of an interpreter, the next ones are copies that differ in their path."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_dep.io.python import venv_templates
from jupyter_dep.io.python.venv_templates import Templates


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """What virtualenv itself was asked for."""
    asked: list[Path] = []
    real = venv_templates.make

    def make(folder: Path, interpreter: Path, app_data: Path) -> Path:
        asked.append(folder)
        return real(folder, interpreter, app_data)

    monkeypatch.setattr(venv_templates, "make", make)
    return asked


@pytest.fixture
def templates(tmp_path: Path) -> Templates:
    return Templates(tmp_path / "t", tmp_path / "app-data")


def create(templates: Templates, name: str, identity: str = "one") -> Path:
    return templates.create(templates.folder.parent / "e" / name, Path(sys.executable), identity)


def texts(environment: Path) -> dict[str, bytes]:
    return {
        path.relative_to(environment).as_posix(): path.read_bytes()
        for path in sorted(environment.rglob("*"))
        if path.is_file() and not path.is_symlink() and path.name != ".lock"
    }


def test_the_second_environment_is_what_virtualenv_would_have_made(templates: Templates, made: list[Path]) -> None:
    first, second = create(templates, "0123456789").parent.parent, create(templates, "9876543210").parent.parent
    assert made == [first]
    assert {name: text.replace(b"9876543210", b"0123456789") for name, text in texts(second).items()} == texts(first)
    assert not any(b"0123456789" in text for text in texts(second).values())


def test_a_copy_runs_and_knows_where_it_is(templates: Templates) -> None:
    create(templates, "0123456789")
    python = create(templates, "9876543210")
    told = subprocess.run([python, "-c", "import sys; print(sys.prefix)"], capture_output=True, text=True, check=True)
    assert Path(told.stdout.strip()).samefile(python.parent.parent)


@pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell")
def test_a_copy_is_activated_at_its_own_path(templates: Templates) -> None:
    create(templates, "0123456789")
    python = create(templates, "9876543210")
    script = f". '{python.parent}/activate'; command -v python; echo $VIRTUAL_ENV"
    told = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert told.stdout.split() == [str(python), str(python.parent.parent)]


def test_another_interpreter_has_a_template_of_its_own(templates: Templates, made: list[Path]) -> None:
    create(templates, "0123456789")
    create(templates, "9876543210", identity="two")
    assert len(made) == 2


@pytest.mark.parametrize("damage", ["changed", "missing", "record"])
def test_a_damaged_template_is_not_used(templates: Templates, made: list[Path], damage: str) -> None:
    create(templates, "0123456789")
    (record,) = templates.folder.glob("*.json")
    file = templates.folder / json.loads(record.read_text())["folder"] / "pyvenv.cfg"
    if damage == "changed":
        file.write_text("home = /elsewhere\n")
    elif damage == "missing":
        file.unlink()
    else:
        record.write_text('{"folder": 1}')
    python = create(templates, "9876543210")
    assert len(made) == 2
    assert "elsewhere" not in (python.parent.parent / "pyvenv.cfg").read_text()
    create(templates, "5555555555")
    assert len(made) == 2
