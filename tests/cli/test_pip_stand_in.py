"""What stands for `pip` in a sealed environment: what counts as installed, and what to type for the rest."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from magics.test_switch import SITE, environment

from jupyter_dep.base.steps import FrontEnd
from jupyter_dep_cli import pip
from jupyter_dep_cli.installer_line import parse_installer_line
from jupyter_dep_cli.pip import judge

REPOSITORY = {
    "url": "https://code.example/a/toy.git",
    "vcs_info": {"vcs": "git", "requested_revision": "v1", "commit_id": "c0"},
}


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with Python 3.12, an extra of `rich-toy` whose package is there, and one whose package is not."""
    root = environment(
        tmp_path_factory.mktemp("pip") / "sealed", "3.12", numpy="1.26.4", six="1.16.0", toy="1.0", rich_toy="2.0"
    )
    (root / "lib").mkdir(exist_ok=True)
    found = next(root.rglob("site-packages"))
    if found.parent.name != "python3.12":
        found.parent.rename(found.parent.with_name("python3.12"))
    site = root / "lib" / "python3.12" / "site-packages"
    (site / "toy-1.0.dist-info" / "direct_url.json").write_text(json.dumps(REPOSITORY))
    with (site / "rich_toy-2.0.dist-info" / "METADATA").open("a") as file:
        file.write('Requires-Dist: six>=1; extra == "small"\nRequires-Dist: big; extra == "large"\n')
    return root


def judged(sealed: Path, cwd: Path, *words: str, tool: str = "pip") -> tuple[str, bool]:
    verdict = judge(parse_installer_line(tool, words), sealed, cwd, FrontEnd(kind="cell", own=True))
    return verdict.text, verdict.satisfied


@pytest.mark.skipif(SITE.parts[0] == "Lib", reason="another layout")
@pytest.mark.parametrize(
    "words",
    [
        ["install", "Six"],
        ["install", "--upgrade", "six>=1,<2", "numpy==1.26.*"],
        ["install", "pip", "uv"],
        ["install", "-r", "wants.txt", "-c", "bounds.txt"],
        ["install", "gone; python_version < '3.9'"],
        ["install", "rich-toy[small]"],
        ["install", "git+https://code.example/a/toy"],
        ["install", "git+https://code.example/a/toy.git@v1#egg=toy"],
        ["install", "toy @ git+https://code.example/a/toy.git@c0"],
        ["uninstall", "-y", "gone"],
    ],
)
def test_what_is_installed_is_satisfied(sealed: Path, tmp_path: Path, words: list[str]) -> None:
    """Names, bounds, files, markers, extras and addresses: whatever the spelling, nothing is left to do."""
    (tmp_path / "wants.txt").write_text("# ours\nsix\nnumpy<2\n")
    text, satisfied = judged(sealed, tmp_path, *words)
    assert satisfied
    assert "\n" not in text


@pytest.mark.skipif(SITE.parts[0] == "Lib", reason="another layout")
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["install", "six", "gone[x]>=1"], "not installed here: `gone[x]>=1`; run `%dep add gone[x]>=1`"),
        (["install", "six<1.16"], "not installed here: `six<1.16` (1.16.0 is); run `%dep add six<1.16`"),
        (["install", "-r", "wants.txt"], "not installed here: what `wants.txt` lists; run `%dep add -r wants.txt`"),
        (["install", "rich-toy[large]"], "not installed here: `rich-toy[large]` (2.0 is); run `%dep add rich-toy[large]`"),
        (
            ["install", "toy @ git+https://code.example/a/toy.git@v2"],
            "not installed here: `toy @ git+https://code.example/a/toy.git@v2` (1.0 is); run "
            '`%dep add "toy @ git+https://code.example/a/toy.git@v2"`',
        ),
        (
            ["install", "gone; python_version > '3.9'"],
            "not installed here: `gone; python_version > '3.9'`; run `%dep add \"gone; python_version > '3.9'\"`",
        ),
        (["uninstall", "six", "gone"], "installed from the lock: `six`; run `%dep remove six`"),
        (["install"], "no packages named: run `%dep add NAME`"),
    ],
)
def test_what_is_missing_is_one_line_with_the_command(sealed: Path, tmp_path: Path, words: list[str], told: str) -> None:
    (tmp_path / "wants.txt").write_text("six\ngone\n")
    assert judged(sealed, tmp_path, *words) == (told, False)


@pytest.mark.skipif(SITE.parts[0] == "Lib", reason="another layout")
@pytest.mark.parametrize(
    ("tool", "words", "told"),
    [
        ("conda", ["install", "-y", "python=3.12", "numpy=1.26"], "already installed: numpy 1.26.4"),
        ("conda", ["install", "python=3.11"], "this environment has Python 3.12.0: run `%dep python 3.11`"),
        ("uv", ["sync"], "`uv` cannot change this environment: run `%dep sync`"),
        ("uv", ["pip", "sync", "wants.txt"], "already installed: six 1.16.0"),
    ],
)
def test_other_installers_are_understood(sealed: Path, tmp_path: Path, tool: str, words: list[str], told: str) -> None:
    (tmp_path / "wants.txt").write_text("six\n")
    assert judged(sealed, tmp_path, *words, tool=tool)[0] == told


def test_a_quiet_installer_is_quiet(sealed: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("VIRTUAL_ENV", str(sealed))
    assert pip.main(["install", "-q", "pip"]) == 0
    assert capsys.readouterr() == ("", "")
