"""Odd names of notebooks and folders, through the command line: it works, or says why. Forty of them."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from faults.conftest import Tally
from support.index import Index
from support.sandbox import CLI, Ran, UserSandbox, user_at

WHOLE = "works"
LONG = "a-long-folder-name-" * 6  # 114 bytes: names of more than 255 are no names

# what it is called: (folder, notebook); all of these work, and `/` separates folders
NAMES: dict[str, tuple[str, str]] = {
    "a space": ("my work", "my notebook.ipynb"),
    "spaces around": (" work ", " n .ipynb"),
    "a tab": ("a\tb", "c\td.ipynb"),
    "umlauts": ("Übung", "Lösung.ipynb"),
    "decomposed accents": ("re\u0301sume\u0301", "e\u0301.ipynb"),
    "cjk": ("数据", "分析.ipynb"),
    "arabic": ("بيانات", "تحليل.ipynb"),
    "emoji": ("🐍", "🧪🔬.ipynb"),
    "a joined emoji": ("👩‍🔬", "👩‍🔬.ipynb"),
    "right to left": ("a\u202eb", "c\u202ed.ipynb"),
    "nothing to see": ("a\u200bb", "\u200b.ipynb"),
    "a line end": ("a\nb", "c\nd.ipynb"),
    "a carriage return": ("a\rb", "c\rd.ipynb"),
    "an escape": ("a\x1b[31mb", "c\x1b]0;x\x07d.ipynb"),
    "a bell": ("a\x07b", "c\x07.ipynb"),
    "single quotes": ("it's", "o'clock.ipynb"),
    "double quotes": ('say "so"', '"n".ipynb'),
    "both quotes": ("'\"'", "'\"'.ipynb"),
    "backticks": ("`id`", "`id`.ipynb"),
    "a dollar": ("$HOME", "$(id).ipynb"),
    "braces": ("${HOME}", "{n}.ipynb"),
    "a backslash": ("a\\b", "c\\d.ipynb"),
    "ends in a backslash": ("a\\", "n\\.ipynb"),
    "a star": ("*", "*.ipynb"),
    "brackets": ("[a]", "[n].ipynb"),
    "a hash": ("#1", "n#2.ipynb"),
    "per cent": ("100%", "%2F%00.ipynb"),
    "an ampersand": ("a&b", "c;d|e&f.ipynb"),
    "a colon": ("C:", "a:b.ipynb"),
    "an at sign": ("@", "n@1.0.ipynb"),
    "a bang": ("!x", "!n.ipynb"),
    "markup": ("<b>", "<img src=x>.ipynb"),
    "a dash in front": ("-work", "./-n.ipynb"),
    "an option": ("--help", "./--json.ipynb"),
    "dots": ("...", "a.b.c.ipynb"),
    "a hidden one": (".hidden", ".n.ipynb"),
    "no stem": ("work", ".ipynb"),
    "a name of 240": ("work", "n" * 234 + ".ipynb"),
    "a path of over 700": ("/".join([LONG] * 7), "n.ipynb"),
    "only its case differs": ("Work/work", "N.IPYNB"),
}
SAYS_WHY = {
    "no stem": {"not-a-notebook-name"},
    "only its case differs": {"bad-usage"},
    "dots": {"dotted-name", WHOLE},
    "a name of 240": {"system", WHOLE},
}
"""Where a refusal is the right answer, with its codes."""


@pytest.fixture
def me(toy_index: Index, tmp_path: Path) -> UserSandbox:
    return user_at(tmp_path / "me", toy_index.url)


def whole_way(me: UserSandbox, folder: Path, notebook: str) -> set[str]:
    """init, add, status, sync, remove from within the folder; gives the codes of what was refused."""
    lines: list[list[str]] = [
        ["init", notebook], ["add", notebook, "alpha==1.0"], ["status", notebook], ["check", notebook], ["sync", notebook],
        ["export", notebook], ["remove", notebook, "alpha"], ["undo", notebook], ["trust", "allow", notebook],
    ]  # fmt: skip
    codes = set()
    for line in lines:
        done = me.dep(*line, "--json", cwd=folder)
        said = json.loads(done.out)["results"][0]
        assert done.err == "", done.err
        if "error" in said:
            assert said["error"]["hint"] and said["error"]["code"] not in ("internal", "engine-failed"), said
            codes.add(said["error"]["code"])
            break
    shown = me.dep("status", notebook, cwd=folder)
    steered = [sign for sign in shown.said if sign != "\n" and not sign.isprintable()]
    assert steered == [], f"{steered!r} reach the terminal"
    return codes


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_of_any_name_works_or_says_why(name: str, me: UserSandbox, tmp_path: Path, tally: Tally) -> None:
    where, notebook = NAMES[name]
    folder = tmp_path / "w" / where
    folder.mkdir(parents=True)
    codes = whole_way(me, folder, notebook)
    assert (codes or {WHOLE}) <= SAYS_WHY.get(name, {WHOLE}), codes
    if not codes:
        file = folder / notebook
        assert "alpha==1.0" in file.read_text("utf-8")
        assert [path.name for path in folder.iterdir() if path.suffix == ".tmp"] == []
        assert len([path for path in folder.iterdir() if path.name.startswith("pylock.")]) == 1
    tally("paths", cases=1, held=1)


@pytest.mark.parametrize("name", ["a line end", "both quotes", "umlauts", "a dollar", "a path of over 700", "an option"])
def test_a_folder_of_any_name_works_or_says_why(name: str, me: UserSandbox, tmp_path: Path, tally: Tally) -> None:
    folder = tmp_path / "w" / NAMES[name][0]
    folder.mkdir(parents=True)
    (folder / "pyproject.toml").write_text('[project]\nname = "mine"\nversion = "1"\nrequires-python = ">=3.11"\n')
    for line in (["add", "alpha==1.0"], ["status"], ["install"], ["remove", "alpha"]):
        done = me.dep(*line, "--json", cwd=folder)
        assert done.code == 0, done.said
    ran = me.cli("run", "python", "-c", "import sys; print(sys.prefix)", cwd=folder)
    assert ran.code == 0 and str(me.home) in ran.out, ran.said
    tally("paths", cases=1, held=1)


def raw(me: UserSandbox, *words: bytes, cwd: bytes) -> tuple[int, bytes]:
    environ = {os.fsencode(name): os.fsencode(text) for name, text in me.environ().items()}
    argv = [*map(os.fsencode, CLI), *words]
    done = subprocess.run(argv, cwd=cwd, env=environ, capture_output=True, stdin=subprocess.DEVNULL, check=False, timeout=60)
    assert b"Traceback" not in done.stderr + done.stdout, done.stderr.decode(errors="replace")
    return done.returncode, done.stdout + done.stderr


BYTES = {
    "a notebook": (b"work", b"caf\xe9.ipynb"),
    "a folder": (b"\xff\xfework", b"n.ipynb"),
    "both": (b"\x80", b"\x80\x81.ipynb"),
}


@pytest.mark.parametrize("name", BYTES)
def test_names_that_are_no_text_work_or_say_why(
    name: str, me: UserSandbox, tmp_path: Path, tally: Tally, need: Callable[..., None]
) -> None:
    need("paths", "linux")
    where, notebook = BYTES[name]
    folder = os.path.join(os.fsencode(tmp_path), where)
    os.mkdir(folder)
    for line in ([b"init", notebook], [b"add", notebook, b"alpha==1.0"], [b"status", notebook], [b"sync", notebook]):
        for more in ([], [b"--json"]) if line[0] == b"status" else ([b"--json"],):
            code, said = raw(me, *line, *more, cwd=folder)
            said.decode()  # what is told is text
            if code != 0:
                told = json.loads(said)["results"][0]["error"] if more else {"code": "", "hint": said.partition(b"next: ")[2]}
                assert told["hint"] and told["code"] != "internal", said
    tally("paths", cases=1, held=1)


def _linked(tmp_path: Path) -> Path:
    real = tmp_path / "real"
    real.mkdir()
    return real


def test_a_notebook_behind_a_link_is_edited_where_it_lies(me: UserSandbox, tmp_path: Path, tally: Tally) -> None:
    real = _linked(tmp_path)
    (tmp_path / "w").mkdir()
    me.dep("init", "n.ipynb", cwd=real)
    (tmp_path / "w" / "link.ipynb").symlink_to(real / "n.ipynb")
    done: Ran = me.dep("add", "link.ipynb", "alpha==1.0", "--json", cwd=tmp_path / "w")
    assert done.code == 0, done.said
    assert (tmp_path / "w" / "link.ipynb").is_symlink() and "alpha" in (real / "n.ipynb").read_text()
    tally("paths", cases=1, held=1)


def test_a_folder_behind_a_link_is_the_same_project(me: UserSandbox, tmp_path: Path, tally: Tally) -> None:
    real = _linked(tmp_path)
    (tmp_path / "w").symlink_to(real)
    assert whole_way(me, tmp_path / "w", "n.ipynb") == set()
    assert me.dep("status", "n.ipynb", "--json", cwd=real).entry["state"] == "fresh"
    tally("paths", cases=1, held=1)


@pytest.mark.parametrize("kind", ["loop", "dangling", "device", "pipe", "folder"])
def test_what_is_no_file_says_why(kind: str, me: UserSandbox, tmp_path: Path, tally: Tally) -> None:
    folder = tmp_path / "w"
    folder.mkdir()
    target = folder / "n.ipynb"
    if kind == "loop":
        target.symlink_to(target)
    elif kind == "dangling":
        target.symlink_to(folder / "nowhere" / "x.ipynb")
    elif kind == "device":
        target.symlink_to(os.devnull.replace("null", "zero"))
    elif kind == "pipe":
        os.mkfifo(target)
    else:
        target.mkdir()
    for verb in ("add", "status", "sync"):
        done = me.dep(verb, "n.ipynb", *(["alpha"] if verb == "add" else []), "--json", cwd=folder)
        assert done.code != 0 and done.error["hint"] and done.error["code"] != "internal", done.said
    tally("paths", cases=1, held=1)


def test_a_folder_that_is_gone_and_a_home_of_an_odd_name(
    me: UserSandbox, toy_index: Index, tmp_path: Path, tally: Tally
) -> None:
    odd = user_at(tmp_path / "my \"home\"\n'x' ü", toy_index.url)
    (tmp_path / "w").mkdir()
    assert whole_way(odd, tmp_path / "w", "n.ipynb") == set()
    gone = tmp_path / "gone"
    gone.mkdir()
    script = f'cd {gone} && rmdir {gone} && exec "$@"'
    argv = ["sh", "-c", script, "sh", *CLI, "status", "n.ipynb"]
    done = subprocess.run(argv, env=me.environ(), capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode != 0 and "Traceback" not in done.stderr, done.stderr
    tally("paths", cases=2, held=2)
