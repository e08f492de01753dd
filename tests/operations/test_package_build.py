"""`jupyter dep build`: wheel and source archive by the folder's own backend, whole or not at all, after a yes."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from packaging.utils import parse_wheel_filename
from support.index import Index
from support.packages import BACKEND, package
from support.sandbox import UserSandbox, terminal_at

from jupyter_dep.io.engine import output
from jupyter_dep.io.files import dist_files

WHEEL, SDIST = "mine-0.1.0-py3-none-any.whl", "mine-0.1.0.tar.gz"


@pytest.fixture
def sandbox(toy_index: Index, tmp_path: Path) -> UserSandbox:
    made = terminal_at(tmp_path, toy_index)
    package(made.folder)
    return made


def yes(sandbox: UserSandbox) -> tuple[str, str]:
    return "--allow", f"path:{os.path.realpath(sandbox.folder)}"


def dist(sandbox: UserSandbox) -> list[str]:
    return sorted(path.name for path in (sandbox.folder / "dist").iterdir()) if (sandbox.folder / "dist").exists() else []


def failing(body: str) -> str:
    return f"def build_wheel(folder, settings=None, metadata=None):\n    {body}\n\n\nbuild_sdist = build_wheel\n"


@pytest.mark.poetry("poetry build")
def test_both_are_built_into_dist_and_nothing_else_is_left_there(sandbox: UserSandbox) -> None:
    done = sandbox.dep("build", *yes(sandbox))
    assert done.code == 0 and "built mine: 2 files in dist" in done.out
    assert dist(sandbox) == [WHEEL, SDIST]
    assert (
        sorted(path.name for path in sandbox.folder.iterdir()) == ["backend.py", "dist", "pyproject.toml", "src"]
        or (sandbox.folder / "__pycache__").exists()
    )


@pytest.mark.poetry("poetry build --format wheel")
@pytest.mark.parametrize(("flag", "made"), [("--wheel", [WHEEL]), ("--sdist", [SDIST])])
def test_one_of_the_two_on_request(sandbox: UserSandbox, flag: str, made: list[str]) -> None:
    assert sandbox.dep("build", flag, *yes(sandbox)).code == 0
    assert dist(sandbox) == made


def test_the_place_can_be_chosen_and_a_folder_s_name_may_be_anything(sandbox: UserSandbox) -> None:
    strange = sandbox.folder / "a [1] * folder’s"
    package(strange, "other")
    done = sandbox.dep("build", "--project", strange, "--allow", f"path:{os.path.realpath(strange)}", "-o", "out put", "--json")
    assert done.entry["folder"] == str(sandbox.folder / "out put")
    assert len(list((sandbox.folder / "out put").iterdir())) == 2 and not (strange / "dist").exists()


def test_a_stranger_s_build_program_is_not_run_unasked(sandbox: UserSandbox) -> None:
    marker = sandbox.folder / "ran"
    (sandbox.folder / "backend.py").write_text(f"open({str(marker)!r}, 'w')\n" + BACKEND)
    error = sandbox.refused("build", code="consent-missing", exit_code=6)
    assert f"--allow path:{os.path.realpath(sandbox.folder)}" in error["hint"]
    assert not marker.exists() and dist(sandbox) == []


def test_a_lock_of_one_s_own_is_no_yes_for_the_build_program(sandbox: UserSandbox) -> None:
    assert sandbox.dep("lock").code == 0
    sandbox.refused("build", code="consent-missing", exit_code=6)


def test_the_yes_is_asked_once_and_not_kept_where_the_build_fails(sandbox: UserSandbox) -> None:
    good = (sandbox.folder / "backend.py").read_text()
    (sandbox.folder / "backend.py").write_text(failing("raise SystemExit('no')"))
    sandbox.refused("build", *yes(sandbox), code="build-failed", exit_code=1)
    sandbox.refused("build", code="consent-missing", exit_code=6)
    (sandbox.folder / "backend.py").write_text(good)
    assert sandbox.dep("build", *yes(sandbox)).code == 0
    assert sandbox.dep("build").code == 0


def test_a_backend_that_fails_is_told_by_its_last_words_and_its_whole_log(sandbox: UserSandbox) -> None:
    (sandbox.folder / "backend.py").write_text(
        failing("[print('compile', at, flush=True) for at in range(400)]; raise SystemExit('no such compiler')")
    )
    error = sandbox.refused("build", "--wheel", *yes(sandbox), code="build-failed", exit_code=1)
    assert "no such compiler" in error["message"] and len(error["message"].splitlines()) < 20
    logs = sorted((sandbox.services().paths.state / "builds").iterdir())
    assert str(logs[-1]) in error["hint"] or str(logs[0]) in error["hint"]
    log = logs[-1].read_text()
    assert "compile 0\n" in log and "compile 399\n" in log
    assert stat.S_IMODE(logs[-1].stat().st_mode) == 0o600
    assert dist(sandbox) == []


def test_of_failed_builds_the_last_logs_are_kept(sandbox: UserSandbox) -> None:
    folder = sandbox.services().paths.state / "builds"
    folder.mkdir(parents=True)
    for number in range(30):
        (folder / f"old-{number:02}.log").write_text("x")
    (sandbox.folder / "backend.py").write_text(failing("raise SystemExit('no')"))
    sandbox.dep("build", *yes(sandbox))
    assert len(list(folder.iterdir())) == output.LOGS


def test_what_the_build_itself_needs_comes_from_the_user_s_index(sandbox: UserSandbox) -> None:
    manifest = sandbox.folder / "pyproject.toml"
    manifest.write_text(manifest.read_text().replace("requires = []", 'requires = ["alpha==1.0"]'))
    sandbox.index.clear()
    assert sandbox.dep("build", "--wheel", *yes(sandbox)).code == 0
    assert any("alpha" in path for path in sandbox.index.asked())
    manifest.write_text(manifest.read_text().replace("alpha==1.0", "no-such-backend"))
    error = sandbox.refused("build", "--wheel", *yes(sandbox), code="unknown-package", exit_code=5)
    assert "build-system" in error["message"] and "no-such-backend" in error["message"]


def test_a_build_program_sees_compilers_flags_and_no_secrets(sandbox: UserSandbox) -> None:
    secrets = {
        "JUPYTER_DEP_PUBLISH_TOKEN": "t0p",
        "UV_PUBLISH_TOKEN": "t0p",
        "GITHUB_TOKEN": "t0p",
        "AWS_SECRET_ACCESS_KEY": "t0p",
    }
    wanted = {"SOURCE_DATE_EPOCH": "315532800", "CFLAGS": "-O2", "SETUPTOOLS_SCM_PRETEND_VERSION": "1"}
    assert sandbox.dep("build", "--wheel", *yes(sandbox), **secrets, **wanted).code == 0
    seen = (sandbox.folder / "ran.txt").read_text().split()
    assert wanted.keys() <= set(seen) and not secrets.keys() & set(seen)


def test_files_that_are_there_give_way_and_that_is_said(sandbox: UserSandbox) -> None:
    sandbox.dep("build", *yes(sandbox))
    (sandbox.folder / "dist" / "notes.txt").write_text("mine")
    (sandbox.folder / "dist" / WHEEL).write_bytes(b"older")
    told = {one["name"]: one for one in sandbox.dep("build", "--wheel", "--json").entry["files"]}
    assert told[WHEEL]["replaced"] and not told[WHEEL]["same"]
    assert dist(sandbox) == [WHEEL, SDIST, "notes.txt"]
    assert parse_wheel_filename(WHEEL) and (sandbox.folder / "dist" / WHEEL).read_bytes()[:2] == b"PK"
    assert "unchanged" in sandbox.dep("build", "--wheel").out


def test_no_half_written_file_is_left_where_the_last_step_fails(
    sandbox: UserSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, into = tmp_path / "made", tmp_path / "into"
    made.mkdir()
    into.mkdir()
    (made / SDIST).write_bytes(b"new sdist")
    (made / WHEEL).write_bytes(b"new wheel")
    (into / WHEEL).write_bytes(b"old wheel")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(dist_files.os, "fsync", full)
    with pytest.raises(Exception, match="no space left"):
        dist_files.place(made, into)
    assert [path.name for path in into.iterdir()] == [WHEEL] and (into / WHEEL).read_bytes() == b"old wheel"


def test_a_backend_that_makes_nothing_is_told_of(sandbox: UserSandbox) -> None:
    (sandbox.folder / "backend.py").write_text(failing("return 'nothing.whl'"))
    done = sandbox.dep("build", "--wheel", *yes(sandbox), "--json")
    assert done.error["code"] in ("nothing-built", "build-failed") and dist(sandbox) == []


def test_a_folder_that_nothing_builds_says_what_is_missing(sandbox: UserSandbox) -> None:
    (sandbox.folder / "pyproject.toml").write_text('[project]\nname = "mine"\nversion = "1"\n')
    assert "[build-system]" in sandbox.refused("build", code="no-build-system", exit_code=1)["hint"]


def test_a_file_in_the_place_of_dist_is_told_of(sandbox: UserSandbox) -> None:
    (sandbox.folder / "dist").write_text("a file")
    done = sandbox.dep("build", *yes(sandbox), "--json")
    assert not done.entry["ok"] and done.error["context"]["file"].endswith("dist") and done.error["hint"]
    assert (sandbox.folder / "dist").read_text() == "a file"


def test_credentials_of_an_index_do_not_get_into_a_build_s_log(sandbox: UserSandbox) -> None:
    manifest = sandbox.folder / "pyproject.toml"
    manifest.write_text(manifest.read_text().replace("requires = []", 'requires = ["no-such-backend"]'))
    secret = sandbox.index.url.replace("://", "://me:pa55-w0rd@")
    done = sandbox.dep("build", "--wheel", *yes(sandbox), UV_DEFAULT_INDEX=secret)
    assert done.code == 5 and "pa55" not in done.said
    for path in sandbox.home.rglob("*"):
        assert not path.is_file() or b"pa55" not in path.read_bytes(), path
