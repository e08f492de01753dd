"""A stranger's folder: what its `pyproject.toml` and the files beside it ask for runs nothing, and asks nobody, before a yes.

The other hostile things are tested elsewhere in the suite, by tests that are marked `counts("hostile", ROW)`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from faults.conftest import Tally
from operations.test_untrusted_code_execution import HostileFolder, hostile  # noqa: F401  a fixture
from support import canary as birds
from support.marks import marked
from support.packages import BACKEND

TESTS = Path(__file__).parents[1]
MINOR = f"{sys.version_info[0]}.{sys.version_info[1]}"
HEAD = f'[project]\nname = "theirs"\nversion = "1.0"\nrequires-python = ">={MINOR}"\n'
BUILT = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
LOOKING = (["status"], ["show"], ["check"], ["tree"], ["lock", "--check"], ["kernel", "install"])
DOING = (["lock"], ["install"], ["run", "python", "-c", "1"], ["lock", "--offline"])


def manifest(dependency: str, more: str = "") -> str:
    return f'{HEAD}dependencies = ["{dependency}"]\n{more}'


MANIFESTS: dict[str, str] = {
    "a build backend beside it": manifest("beta", BUILT),
    "metadata that only a build tells": HEAD.replace('version = "1.0"\n', 'dynamic = ["version", "dependencies"]\n') + BUILT,
    "an index of a stranger for one package": manifest(
        "alpha",
        '[[tool.uv.index]]\nname = "corp"\nurl = "{url}"\nexplicit = true\n[tool.uv.sources]\nalpha = {{ index = "corp" }}\n',
    ),
    "an index of a stranger for all": manifest("alpha", '[[tool.uv.index]]\nname = "corp"\nurl = "{url}"\n'),
    "a file at a stranger's host": manifest(
        "alpha", '[tool.uv.sources]\nalpha = {{ url = "{files}/alpha-9.0-py3-none-any.whl" }}\n'
    ),
    "a repository at a stranger's host": manifest("alpha", '[tool.uv.sources]\nalpha = {{ git = "{files}/x.git" }}\n'),
    "a folder as a source": manifest("dirbird", '[tool.uv.sources]\ndirbird = {{ path = "dirbird" }}\n'),
    "an editable folder as a source": manifest(
        "dirbird", '[tool.uv.sources]\ndirbird = {{ path = "dirbird", editable = true }}\n'
    ),
    "a workspace": manifest(
        "member", '[tool.uv.sources]\nmember = {{ workspace = true }}\n[tool.uv.workspace]\nmembers = ["member"]\n' + BUILT
    ),
    "a keyring program": manifest("alpha<2", '[tool.uv]\nkeyring-provider = "subprocess"\nindex-url = "{user}"\n'),
}


def their_folder(hostile: HostileFolder, text: str) -> None:  # noqa: F811
    """The folder with that manifest and with sources that sing where they are built."""
    folder = hostile.user.folder
    named = hostile.stranger.url.replace("://", "://someone@")
    filled = text.replace("{{", "{").replace("}}", "}")
    for mark, told in (("{url}", hostile.stranger.url), ("{files}", hostile.stranger.files_url), ("{user}", named)):
        filled = filled.replace(mark, told)
    (folder / "pyproject.toml").write_text(filled)
    singing = hostile.canary.python("backend") + "\n" + BACKEND
    (folder / "backend.py").write_text(singing)
    birds.directory_project(folder / "dirbird", hostile.canary)
    member = folder / "member"
    member.mkdir()
    (member / "pyproject.toml").write_text(HEAD.replace("theirs", "member") + BUILT)
    (member / "backend.py").write_text(singing)
    (folder / "nb.ipynb").write_text('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')


def engine_alone(hostile: HostileFolder, *lines: list[str], **env: str) -> None:  # noqa: F811
    for line in lines:
        hostile.user.uv(*line, "--python", sys.executable, UV_CACHE_DIR=str(hostile.user.home / "raw" / line[0]), **env)


@pytest.mark.skipif(os.name == "nt", reason="programs of the canaries are shell scripts here")
@pytest.mark.parametrize("kind", MANIFESTS)
def test_a_strangers_manifest_runs_nothing_and_asks_nobody(kind: str, hostile: HostileFolder, tally: Tally) -> None:  # noqa: F811
    their_folder(hostile, MANIFESTS[kind])
    programs = birds.fake_keyring(hostile.user.home / "programs", hostile.canary)
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    hostile.stranger.require_auth("someone", "s3cret")
    index = {} if "index" in kind or "keyring" in kind else {"UV_DEFAULT_INDEX": hostile.index.url}
    nothing = {"UV_DEFAULT_INDEX": hostile.index.url} if "one package" in kind else {}
    engine_alone(hostile, ["lock"], ["sync"], PATH=path, **{**index, **nothing})
    assert hostile.canary.fired or hostile.stranger.requests, "the positive control: with the engine alone it happens"
    hostile.canary.reset()
    hostile.stranger.clear()
    for name in ("uv.lock", ".venv"):
        target = hostile.user.folder / name
        if target.is_dir():
            shutil.rmtree(target)
        else:
            target.unlink(missing_ok=True)

    for words in (*LOOKING, *DOING):
        ran = hostile.user.cli(*words, PATH=path)
        said = f"{kind}: {words}: {ran.said}"
        assert not hostile.canary.fired, said
        assert hostile.stranger.requests == [], said
        if words == ["install"]:  # `lock` of names from the user's own index needs no yes
            assert ran.code != 0, said
    assert hostile.kept() == [], "nothing of it was built"
    tally("hostile", cases=1, held=1)


@pytest.mark.skipif(os.name == "nt", reason="programs of the canaries are shell scripts here")
def test_what_lies_beside_a_strangers_manifest_is_not_obeyed(hostile: HostileFolder, tally: Tally) -> None:  # noqa: F811
    their_folder(hostile, manifest("alpha<2"))
    birds.trapped_folder(hostile.user.folder, hostile.canary, hostile.stranger.url)
    engine_alone(hostile, ["lock"], ["sync"])
    told = hostile.user.uv("python", "find", cwd=hostile.user.folder)
    assert hostile.canary.fired or hostile.stranger.requests or "2.7" in told.stderr + told.stdout, "the engine obeys them"
    hostile.canary.reset()
    hostile.stranger.clear()
    for words in (*LOOKING[:3], ["lock"], ["install", "--yes"], ["install"], ["status"]):
        ran = hostile.user.cli(*words)
        assert not hostile.canary.fired and hostile.stranger.requests == [], f"{words}: {ran.said}"
    assert hostile.user.cli("lock", "--check").code == 0
    tally("hostile", cases=1, held=1)


@pytest.mark.skipif(os.name == "nt", reason="programs of the canaries are shell scripts here")
def test_a_kernel_in_a_strangers_folder_starts_nothing_of_it(hostile: HostileFolder, tally: Tally) -> None:  # noqa: F811
    """Modules with names of the standard library, and a wheel with a `.pth` in the lock: looking at it opens neither."""
    their_folder(hostile, manifest("pthbird", BUILT))
    birds.pth_wheel(hostile.index.folder, hostile.canary)
    for name in ("json", "tomllib", "sitecustomize", "ipykernel_launcher", "jupyter_dep"):
        (hostile.user.folder / f"{name}.py").write_text(hostile.canary.python(name) + "\n")
    look = ["-c", "import json"]
    subprocess.run([sys.executable, *look], cwd=hostile.user.folder, check=False)
    assert hostile.canary.fired, "Python alone takes them"
    hostile.canary.reset()
    for words in (*LOOKING, ["lock"], ["install"]):
        hostile.user.cli(*words)
        assert not hostile.canary.fired, words
    tally("hostile", cases=1, held=1)


def test_every_row_of_what_runs_code_leaks_or_lies_has_tests_elsewhere() -> None:
    rows = [(row, name) for check, row, name in marked("counts") if check == "hostile"]
    assert len({row for row, _ in rows}) >= 11
    assert len(rows) + len(MANIFESTS) + 2 >= 45
