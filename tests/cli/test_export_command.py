"""`jupyter dep export`: the lock of a notebook for tools that know nothing of us."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from support.index import Index
from support.sandbox import UserSandbox, terminal_at


@pytest.fixture
def sandbox(toy_index: Index, tmp_path: Path) -> UserSandbox:
    made = terminal_at(tmp_path, toy_index)
    made.notebook("alpha")
    made.dep("lock", "nb.ipynb")
    return made


def test_what_is_printed_can_be_piped_to_pip(sandbox: UserSandbox, tmp_path: Path) -> None:
    text = sandbox.dep("export", "nb.ipynb").out
    assert text.startswith("alpha==2.0") and "--hash=sha256:" in text and "ipykernel" not in text
    (tmp_path / "requirements.txt").write_text(text)
    command = [sys.executable, "-m", "pip", "install", "--require-hashes", "--target", str(tmp_path / "there")]
    index = ["--isolated", "--index-url", sandbox.index.url, "--quiet", "--disable-pip-version-check"]
    subprocess.run([*command, *index, "-r", str(tmp_path / "requirements.txt")], check=True)
    assert (tmp_path / "there" / "alpha" / "__init__.py").is_file() and (tmp_path / "there" / "beta").is_dir()


@pytest.mark.parametrize("name", ["pylock", "environment-yml", "dockerfile", "script", "cyclonedx"])
def test_every_format_names_what_is_declared(sandbox: UserSandbox, name: str) -> None:
    text = sandbox.dep("export", "nb.ipynb", "--format", name, "--without-hashes").out
    assert "alpha" in text if name != "dockerfile" else "FROM python:" in text
    if name == "pylock":
        assert {package["name"] for package in tomllib.loads(text)["packages"]} == {"alpha", "beta"}
    if name == "cyclonedx":
        assert {part["name"] for part in json.loads(text)["components"]} == {"alpha", "beta"}


def test_the_kernel_s_packages_come_along_where_they_are_asked_for(sandbox: UserSandbox) -> None:
    assert "ipykernel==" in sandbox.dep("export", "nb.ipynb", "--with-kernel", "--without-hashes").out


def test_a_file_that_is_there_is_not_replaced_unasked(sandbox: UserSandbox) -> None:
    sandbox.dep("export", "nb.ipynb", "-o", "out.txt")
    first = (sandbox.folder / "out.txt").read_text()
    sandbox.dep("export", "nb.ipynb", "-o", "out.txt")
    (sandbox.folder / "out.txt").write_text("mine\n")
    sandbox.refused("export", "nb.ipynb", "-o", "out.txt", code="file-there", exit_code=1)
    assert (sandbox.folder / "out.txt").read_text() == "mine\n"
    sandbox.dep("export", "nb.ipynb", "-o", "out.txt", "--overwrite")
    assert (sandbox.folder / "out.txt").read_text() == first


def test_an_unknown_format_lists_the_known_ones(sandbox: UserSandbox) -> None:
    sandbox.refused("export", "nb.ipynb", "--format", "pdf", code="bad-usage", exit_code=2)


def test_what_is_not_locked_cannot_go_out(sandbox: UserSandbox) -> None:
    (sandbox.folder / "pylock.nb.toml").unlink()
    sandbox.refused("export", "nb.ipynb", code="unlocked", exit_code=1)
