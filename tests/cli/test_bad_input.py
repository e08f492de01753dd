"""What bad input gets: one line of what and where, the next step, the same code everywhere, and nothing changed."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from support.index import Index
from support.notebooks import notebook, sent
from support.sandbox import CLI, UserSandbox, terminal_at, user_at
from support.wheels import build_wheel
from support.wire import Answer, Request


@pytest.fixture
def sandbox(tmp_path: Path, toy_index: Index) -> UserSandbox:
    return terminal_at(tmp_path, toy_index)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A file that is no notebook with one good block; `where` are parts of the context that must be there."""

    content: bytes
    code: str
    where: dict[str, object]


def _cells(*sources: str) -> bytes:
    cells: list[dict[str, object]] = [
        {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": text} for text in sources
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}).encode()


def _block(*lines: str) -> str:
    return "\n".join(["# /// script", *(f"# {line}" for line in lines), "# ///"])


UNREADABLE = {
    "no cells": Unreadable(content=b'{"a": 1}', code="not-a-notebook", where={}),
    "old format": Unreadable(content=b'{"worksheets": [], "nbformat": 3}', code="not-a-notebook", where={}),
    "broken json": Unreadable(content=b'{"cells": [\n}', code="unreadable-json", where={"line": 2}),
    "empty": Unreadable(content=b"", code="unreadable-json", where={"line": 1}),
    "not utf-8": Unreadable(content=b"\xff\xfe\x00", code="unreadable-json", where={}),
    "two blocks": Unreadable(
        content=_cells("1", _block("dependencies = []"), _block("dependencies = []")), code="two-script-blocks", where={}
    ),
    "two in a cell": Unreadable(
        content=_cells("1", _block("dependencies = []") + "\n" + _block("dependencies = []")),
        code="two-script-blocks",
        where={"cell": 2},
    ),
    "bad toml": Unreadable(content=_cells("1", _block("dependencies = [")), code="bad-toml", where={"cell": 2}),
    "unclosed": Unreadable(content=_cells("# /// script\n# dependencies = []"), code="bad-block", where={"cell": 1}),
    "no requirement": Unreadable(
        content=_cells(_block('dependencies = ["ok", "a b"]')), code="bad-requirement", where={"cell": 1, "entry": 2}
    ),
    "unknown key": Unreadable(
        content=_cells(_block("[tool.uv]", "pip = 1")), code="unsupported-key", where={"cell": 1, "key": "tool.uv.pip"}
    ),
    "bad python": Unreadable(
        content=_cells(_block('requires-python = "three"')), code="bad-requires-python", where={"key": "requires-python"}
    ),
    "secret": Unreadable(
        content=_cells(_block('dependencies = ["a @ https://me:pw@h/a.whl"]')), code="credentials-in-declaration", where={}
    ),
    "conflict markers": Unreadable(
        content=b'{"cells": [\n<<<<<<< ours\n{}\n=======\n[]\n>>>>>>> theirs\n], "nbformat": 4}', code="unmerged", where={}
    ),
}


@pytest.mark.parametrize("case", UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_no_notebook_or_declares_badly(sandbox: UserSandbox, case: Unreadable) -> None:
    (sandbox.folder / "bad.ipynb").write_bytes(case.content)
    error = sandbox.refused("add", "bad.ipynb", "alpha", code=case.code, exit_code=1)
    assert error["context"]["file"] == "bad.ipynb"
    assert {key: error["context"].get(key) for key in case.where} == case.where
    for verb in ("status", "lock", "sync", "run", "show"):
        assert sandbox.dep(verb, "bad.ipynb", "--json").error["code"] == case.code


def test_names_that_are_no_notebook(sandbox: UserSandbox) -> None:
    (sandbox.folder / "folder.ipynb").mkdir()
    sandbox.refused("status", "missing.ipynb", code="no-such-notebook", exit_code=1)
    sandbox.refused("status", "folder.ipynb", code="is-a-folder", exit_code=1)
    sandbox.refused("status", "script.py", code="bad-usage", exit_code=2)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("alpha 1.0", "`alpha==1.0`"), ("alpha=>1", "`alpha>=1`"), ("pip install alpha", "`alpha`"), ("alpha==latest", "`alpha`")],
)
def test_a_requirement_that_is_none_tells_what_was_meant(sandbox: UserSandbox, typed: str, meant: str) -> None:
    sandbox.notebook()
    assert meant in sandbox.refused("add", "nb.ipynb", typed, code="bad-requirement", exit_code=1)["hint"]


def test_an_unknown_package_offers_the_nearest_names(sandbox: UserSandbox) -> None:
    sandbox.notebook()
    typo = sandbox.refused("add", "nb.ipynb", "pandsa", code="unknown-package", exit_code=5)
    assert "`pandsa`" in typo["message"] and "`pandas`" in typo["hint"]
    for module, package in (("sklearn", "scikit-learn"), ("PIL", "pillow"), ("cv2", "opencv-python")):
        assert f"`{package}`" in sandbox.dep("add", "nb.ipynb", module, "--json").error["hint"]


def test_an_unknown_package_that_another_needs_is_told_with_it(sandbox: UserSandbox) -> None:
    build_wheel(sandbox.index.folder, "needy", "1.0", requires=["nowhere-to-be-found"])
    sandbox.notebook()
    error = sandbox.refused("add", "nb.ipynb", "needy", code="unknown-package", exit_code=5)
    assert "`nowhere-to-be-found`" in error["message"] and "`needy`" in error["message"]


def test_versions_that_do_not_exist(sandbox: UserSandbox) -> None:
    sandbox.notebook()
    for wanted in ("alpha==9", "alpha>=9"):
        error = sandbox.refused("add", "nb.ipynb", wanted, code="no-such-version", exit_code=4)
        assert "`alpha`" in error["message"].splitlines()[0]


def test_a_conflict_names_the_two_that_clash_first(sandbox: UserSandbox) -> None:
    sandbox.notebook()
    error = sandbox.refused("add", "nb.ipynb", "gamma", "alpha>=2", code="conflict", exit_code=4)
    first, *explanation = error["message"].splitlines()
    assert "`alpha<2` (asked by gamma)" in first and "`alpha>=2` (asked by the declaration)" in first
    assert explanation and "cause:" not in error["message"] and "your project" not in error["message"]


def test_two_bounds_of_one_requirement_clash(sandbox: UserSandbox) -> None:
    sandbox.notebook()
    error = sandbox.refused("add", "nb.ipynb", "alpha>2,<1", code="conflict", exit_code=4)
    assert "`alpha<1`" in error["message"].splitlines()[0] and "`alpha>2`" in error["message"].splitlines()[0]


def test_a_package_for_newer_pythons_only_suggests_a_range_that_works(sandbox: UserSandbox) -> None:
    build_wheel(sandbox.index.folder, "late", "1.0", requires_python=f">=3.{sys.version_info[1]}")
    sandbox.notebook(python=">=3.9")
    error = sandbox.refused("add", "nb.ipynb", "late", code="not-on-every-python", exit_code=4)
    wanted = f">=3.{sys.version_info[1]}"
    assert f'requires-python = "{wanted}"' in error["hint"]
    notebook(sandbox.folder, "late", python=wanted)  # what the hint says
    assert sandbox.dep("lock", "nb.ipynb").code == 0


def test_wheels_of_another_python_only_suggest_that_python(sandbox: UserSandbox) -> None:
    build_wheel(sandbox.index.folder, "oldie", "1.0", tag="cp38-cp38-any")
    sandbox.notebook()
    hint = sandbox.refused("add", "nb.ipynb", "oldie", code="not-on-every-python", exit_code=4)["hint"]
    assert 'requires-python = "==3.8.*"' in hint and "build" not in hint, "there is nothing that could be built"


def test_a_platform_without_wheels_suggests_to_leave_it_out(sandbox: UserSandbox) -> None:
    build_wheel(sandbox.index.folder, "winonly", "1.0", tag="py3-none-win_amd64")
    both = "required-environments = [\"sys_platform == 'linux'\", \"sys_platform == 'win32'\"]"
    sandbox.notebook(toml=f"[tool.uv]\n{both}")
    hint = sandbox.refused("add", "nb.ipynb", "winonly", code="not-on-every-python", exit_code=4)["hint"]
    assert "platforms" in hint and "linux" in hint


def test_only_source_asks_for_a_build_permission_and_what_it_says_works(sandbox: UserSandbox) -> None:
    sandbox.notebook()
    hint = sandbox.refused("add", "nb.ipynb", "delta", code="needs-build", exit_code=4)["hint"]
    assert '[tool.jupyter-dep] build = ["delta"]' in hint


def test_a_lock_without_a_file_for_this_machine(sandbox: UserSandbox) -> None:
    other = "win_amd64" if sys.platform != "win32" else "macosx_11_0_arm64"
    build_wheel(sandbox.index.folder, "elsewhere", "1.0", tag=f"py3-none-{other}")
    sandbox.notebook()
    error = sandbox.refused("add", "nb.ipynb", "elsewhere", code="not-installable-here", exit_code=4)
    assert "`elsewhere`" in error["message"] and other in error["message"]
    assert error["context"]["file"] == "nb.ipynb", "there is no lock yet that could be named"


def test_a_cutoff_before_everything(sandbox: UserSandbox) -> None:
    sandbox.notebook("alpha")
    assert sandbox.dep("lock", "nb.ipynb").code == 0
    error = sandbox.refused("lock", "nb.ipynb", "--exclude-newer", "2019-01-01", code="cutoff", exit_code=4)
    assert "exclude-newer" in error["hint"]
    sandbox.refused("lock", "nb.ipynb", "--exclude-newer", "yesterday", code="bad-cutoff", exit_code=1)


# The network


def _broken(index: Index, how: str) -> None:
    if how == "portal":
        page = Answer(headers={"Content-Type": "text/html"}, body=b"<html><body><h1>Welcome! Please log in</h1></body></html>")
        index._fault("/simple/*", lambda _request, _answer: page, None)
    elif how == "nonsense":
        page = Answer(headers={"Content-Type": "application/vnd.pypi.simple.v1+json"}, body=b'{"name": ')
        index._fault("/simple/*", lambda _request, _answer: page, None)
    elif how == "401":
        index.require_auth("me", "secret")
    else:
        index.fail("*", int(how))


@pytest.mark.counts("network", "an index that misbehaves or is not there")
@pytest.mark.parametrize(
    ("how", "code"),
    [
        ("401", "index-refused"),
        ("403", "index-refused"),
        ("404", "unknown-package"),
        ("503", "index-failed"),
        ("portal", "no-package-page"),
        ("nonsense", "no-package-page"),
    ],
)
def test_an_index_that_misbehaves(sandbox: UserSandbox, how: str, code: str) -> None:
    sandbox.notebook()
    _broken(sandbox.index, how)
    error = sandbox.refused("add", "nb.ipynb", "alpha", code=code, exit_code=5)
    assert "secret" not in json.dumps(error)
    sandbox.index.heal()
    assert sandbox.dep("add", "nb.ipynb", "alpha").code == 0, "and when it is well again, the same line works"


@pytest.mark.counts("network", "an index that misbehaves or is not there")
def test_an_index_that_is_not_there(sandbox: UserSandbox) -> None:
    sandbox.notebook()
    sandbox.index.stop()
    error = sandbox.refused("add", "nb.ipynb", "alpha", code="network", exit_code=5)
    assert sandbox.index.origin.removeprefix("http://") in error["message"]
    sandbox.refused("add", "nb.ipynb", "alpha", "--offline", code="offline", exit_code=5)


@pytest.mark.counts("network", "an index that misbehaves or is not there")
@pytest.mark.parametrize(("status", "code"), [(404, "index-missing-file"), (503, "index-failed"), (401, "index-refused")])
def test_files_that_the_index_does_not_give(sandbox: UserSandbox, status: int, code: str) -> None:
    sandbox.notebook("alpha")
    assert sandbox.dep("lock", "nb.ipynb").code == 0
    sandbox.index.fail("/files/*.whl", status)
    sandbox.refused("sync", "nb.ipynb", code=code, exit_code=5)


@pytest.mark.counts("network", "other bytes than were locked")
def test_a_file_with_other_bytes_than_locked(sandbox: UserSandbox) -> None:
    sandbox.notebook("beta==1.0")
    assert sandbox.dep("lock", "nb.ipynb").code == 0
    build_wheel(sandbox.index.folder, "beta", "1.0", summary="another")
    sandbox.index.folders.reverse()  # the last folder that has a name decides
    error = sandbox.refused("sync", "nb.ipynb", code="hash-mismatch", exit_code=1)
    assert "beta" in error["message"]


# Disk and files


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[int, str], Path]]:
    """Mounts a file system in memory of so many bytes, with options; skips where that is not possible."""
    mounted: list[Path] = []

    def mount(size: int, options: str = "") -> Path:
        folder = tmp_path / f"disk{len(mounted)}"
        folder.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}{options}", "none", folder], capture_output=True)
        if done.returncode != 0:
            pytest.skip("only root may mount a small disk")
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "-l", folder], check=False)


@pytest.mark.skipif(sys.platform != "linux", reason="mounts a tmpfs")
@pytest.mark.parametrize("size", [40_000, 400_000])
def test_a_full_disk_under_our_own_home(sandbox: UserSandbox, small_disk: Callable[[int, str], Path], size: int) -> None:
    build_wheel(sandbox.index.folder, "big", "1.0", files={"big/blob.bin": os.urandom(600_000)})
    sandbox.notebook()
    home = small_disk(size, "")
    error = sandbox.refused("add", "nb.ipynb", "big", code="disk-full", exit_code=1, JUPYTER_DEP_HOME=str(home))
    assert "space" in error["message"]


@pytest.mark.skipif(sys.platform != "linux", reason="mounts a tmpfs")
def test_a_full_disk_under_the_notebook(sandbox: UserSandbox, small_disk: Callable[[int, str], Path]) -> None:
    full = small_disk(16_384, "")
    tight = replace(sandbox, folder=full)
    tight.notebook("alpha")
    with (full / "filler").open("wb", buffering=0) as file:
        try:
            while file.write(b"x" * 512):
                pass
        except OSError:
            pass
    tight.refused("lock", "nb.ipynb", code="disk-full", exit_code=1)
    assert sorted(path.name for path in full.iterdir()) == ["filler", "nb.ipynb"]


@pytest.mark.skipif(sys.platform != "linux", reason="mounts a tmpfs")
def test_a_read_only_folder(sandbox: UserSandbox, small_disk: Callable[[int, str], Path]) -> None:
    folder = small_disk(1_000_000, "")
    locked = replace(sandbox, folder=folder)
    locked.notebook()
    subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
    locked.refused("add", "nb.ipynb", "alpha", code="read-only", exit_code=1)
    assert locked.dep("status", "nb.ipynb").code == 0


def test_a_file_without_permission(sandbox: UserSandbox) -> None:
    if sys.platform == "win32" or os.geteuid() == 0:
        pytest.skip("permissions do not hold back this user")
    path = sandbox.notebook()
    path.chmod(0)
    sandbox.refused("status", "nb.ipynb", code="read-only", exit_code=1)
    path.chmod(stat.S_IRUSR)
    sandbox.refused("add", "nb.ipynb", "alpha", code="read-only", exit_code=1)


def test_a_notebook_that_changes_meanwhile(sandbox: UserSandbox) -> None:
    path = sandbox.notebook()
    go_on = threading.Event()

    def held(_: Request, answer: Answer) -> Answer:
        go_on.wait(20)
        return answer

    sandbox.index._fault("/simple/alpha/", held, 1)
    process = subprocess.Popen(
        [*CLI, "add", "nb.ipynb", "alpha", "--json"],
        cwd=sandbox.folder,
        env=sandbox.environ(),
        stdout=subprocess.PIPE,
        text=True,
    )
    _until(lambda: bool(sandbox.index.asked("/simple/alpha/")))
    theirs = path.read_bytes().replace(b"hello", b"their edit")
    path.write_bytes(theirs)
    go_on.set()
    out, _ = process.communicate(timeout=30)
    entry = json.loads(out)["results"][0]
    assert entry["error"]["code"] == "changed-meanwhile"
    assert path.read_bytes() == theirs
    assert not (sandbox.folder / "pylock.nb.toml").exists()


def test_two_notebooks_that_want_one_lock_name(sandbox: UserSandbox) -> None:
    sandbox.notebook(name="a.b")
    sandbox.notebook(name="a_b")
    error = sandbox.refused("add", "a.b.ipynb", "alpha", code="lock-name-taken", exit_code=1)
    assert "a.b.ipynb" in error["message"] and "a_b.ipynb" in error["message"]


def test_no_python_that_fits(sandbox: UserSandbox) -> None:
    sandbox.notebook("alpha", python=">=3.99")
    error = sandbox.refused("lock", "nb.ipynb", code="no-matching-python", exit_code=1)
    assert ".".join(map(str, sys.version_info[:3])) in error["hint"], "the choices are told"
    sandbox.notebook()
    sandbox.refused("python", "nb.ipynb", "3.99", code="no-matching-python", exit_code=1)


# The lock

HASH = "sha256 = "


def _spoilt(lock: Path, how: str) -> None:
    text = lock.read_text("utf-8")
    at = text.index('name = "alpha"')
    file = text.index(HASH, at)
    hashes = text[file : text.index("}", file)].rstrip()
    match how:
        case "not toml":
            text = text.replace("[[packages]]", "[[packages]", 1)
        case "no pylock":
            text = "answer = 42\n"
        case "conflict":
            version = text.index("version = ", at)
            line = text[version : text.index("\n", version)]
            text = text.replace(line, f'<<<<<<< ours\n{line}\n=======\nversion = "1.0"\n>>>>>>> theirs', 1)
        case "missing hash":
            text = text.replace(hashes, 'md5 = "d41d8cd98f00b204e9800998ecf8427e"', 1)
        case "empty hashes":
            text = text.replace("{ " + hashes + " }", "{}", 1)
        case "newer format":
            text = text.replace("format = 1", "format = 99", 1)
        case "newer pylock":
            text = text.replace('lock-version = "1.0"', 'lock-version = "2.0"', 1)
        case "our table damaged":
            text = text.replace("[tool.jupyter-dep]\nformat = 1", "[tool.jupyter-dep]\nformat = 1\nkernel = 3", 1)
    lock.write_text(text, "utf-8")


@pytest.mark.parametrize(
    ("how", "code", "state"),
    [
        ("not toml", "bad-lock", "invalid"),
        ("no pylock", "bad-lock", "invalid"),
        ("conflict", "unmerged-lock", "unmerged"),
        ("missing hash", "unsafe-lock", "invalid"),
        ("empty hashes", "bad-lock", "invalid"),
        ("newer format", "lock-too-new", "invalid"),
        ("newer pylock", "lock-too-new", "invalid"),
    ],
)
def test_a_lock_that_cannot_be_used(sandbox: UserSandbox, how: str, code: str, state: str) -> None:
    sandbox.notebook("alpha")
    assert sandbox.dep("lock", "nb.ipynb").code == 0
    _spoilt(sandbox.folder / "pylock.nb.toml", how)
    for verb in ("sync", "run", "show"):
        error = sandbox.refused(verb, "nb.ipynb", code=code, exit_code=1)
        assert error["context"]["file"] == "pylock.nb.toml"
    status = sandbox.dep("status", "nb.ipynb", "--json").entry
    assert status["state"] == state and not status["environment"]["sealed"]
    if code != "lock-too-new":
        assert sandbox.dep("lock", "nb.ipynb").code == 0, "the declaration makes it anew"
        assert sandbox.dep("lock", "nb.ipynb", "--check").code == 0
    else:
        sandbox.refused("lock", "nb.ipynb", code=code, exit_code=1)


def test_a_lock_edited_by_hand_is_somebody_elses(sandbox: UserSandbox) -> None:
    """A hash of another file is no damage that shows, but it is no lock of the user's either, and no index vouches for it."""
    sandbox.notebook("alpha")
    assert sandbox.dep("add", "nb.ipynb", "beta").code == 0
    lock = sandbox.folder / "pylock.nb.toml"
    text = lock.read_text("utf-8")
    start = text.index(HASH) + len(HASH) + 1
    lock.write_text(text[:start] + "0" * 64 + text[start + 64 :], "utf-8")
    status = sandbox.dep("status", "nb.ipynb", "--json").entry
    assert not status["trusted"]
    sandbox.refused("sync", "nb.ipynb", code="host-not-vouched", exit_code=6)


def test_a_foreign_lock_is_never_overwritten_without_a_word(sandbox: UserSandbox) -> None:
    sandbox.notebook("alpha")
    (sandbox.folder / "pylock.nb.toml").write_text('lock-version = "1.0"\ncreated-by = "other"\npackages = []\n', "utf-8")
    sandbox.refused("lock", "nb.ipynb", code="foreign-lock", exit_code=1)
    assert sandbox.dep("lock", "nb.ipynb", "--overwrite").code == 0


def test_a_strangers_lock_waits_for_a_yes(sandbox: UserSandbox, tmp_path: Path) -> None:
    mine = sandbox.notebook("alpha")
    assert sandbox.dep("lock", "nb.ipynb").code == 0
    other = user_at(tmp_path / "other", sandbox.index.url, folder=tmp_path / "theirs")
    sent(mine, other.folder)
    entry = other.dep("status", "nb.ipynb", "--json").entry
    assert entry["state"] == "fresh" and entry["trusted"] is False


def _until(true: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)
