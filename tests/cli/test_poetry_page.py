"""`docs/poetry.md`: every command of Poetry's has a row, and what a row says is there. Then what its users type."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.index import Index
from support.marks import marked
from support.notebooks import PINNED
from support.sandbox import UserSandbox, terminal_at
from support.wheels import build_wheel

from jupyter_dep_cli.parser import BY_NAME

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "poetry.md").read_text("utf-8")

_LISTED = """about, add, build, cache clear, cache list, check, config, debug info, debug resolve, debug tags, env activate,
env info, env list, env remove, env use, export, help, init, install, list, lock, new, publish, python install, python list,
python remove, remove, run, search, self add, self install, self lock, self remove, self show, self show plugins, self sync,
self update, shell, show, source add, source remove, source show, sync, update, version"""
COMMANDS = re.split(r",\s+", _LISTED)
"""What `poetry list` of Poetry 2.5 shows, and the commands of its plugins `export` and `shell`."""

STANDINGS = {"same", "different", "not ours", "not yet"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    poetry: str
    ours: str
    standing: str
    why: str

    @property
    def command(self) -> str:
        """Poetry's command without options and arguments: the longest that the row begins with."""
        line = re.sub(r"`|poetry ", "", self.poetry)
        known = sorted(COMMANDS, key=len, reverse=True)
        return next((command for command in known if re.match(rf"{command}(?![\w])", line)), "")


def rows() -> list[Row]:
    found = []
    for line in PAGE.splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if len(cells) == 4 and cells[0].startswith("`poetry"):
            found.append(Row(poetry=cells[0], ours=cells[1], standing=cells[2], why=cells[3]))
    return found


def test_every_command_of_poetry_has_a_row() -> None:
    assert len(COMMANDS) == 45
    assert sorted(set(COMMANDS) - {row.command for row in rows()}) == []
    assert [row.poetry for row in rows() if not row.command] == [], "no command of Poetry's"


def test_every_row_stands_somewhere_and_says_why_where_it_is_not_the_same() -> None:
    assert [row.poetry for row in rows() if row.standing not in STANDINGS] == []
    assert [row.poetry for row in rows() if row.standing != "same" and len(row.why) < 20] == []


def test_every_verb_and_option_that_the_page_names_is_there() -> None:
    lines = re.findall(r"`jupyter dep ([^`]*)`", PAGE)
    assert len(lines) > 30
    for line in lines:
        words = line.split()
        if words[0] in ("help", "--help", "--version"):
            continue
        verb = BY_NAME.get(words[0])
        assert verb is not None, line
        if verb.actions and len(words) > 1 and words[1].islower():
            assert words[1] in verb.actions, line
        known = {flag for option in verb.options for flag in option.flags} | {"--project", "--json"}
        assert {word for word in words if re.fullmatch(r"--[a-z-]+", word)} <= known, line


def test_every_row_that_is_the_same_has_a_test_and_every_test_of_a_row_has_a_row() -> None:
    proved = {command for command, _ in marked("poetry")}
    assert sorted({row.poetry.strip("`") for row in rows() if row.standing == "same"} - proved) == []
    assert sorted(proved - {row.poetry.strip("`") for row in rows()}) == []


# What Poetry's users type

MANIFEST = f"""[project]
name = "mine"
version = "1.0"
requires-python = "{PINNED}"
dependencies = ["alpha<2"]

[dependency-groups]
dev = ["zeta"]
"""


@pytest.fixture
def desk(toy_index: Index, tmp_path: Path) -> UserSandbox:
    build_wheel(toy_index.folder, "zeta", "1.0", requires=["beta<2"])
    made = terminal_at(tmp_path, toy_index)
    (made.folder / "pyproject.toml").write_text(MANIFEST)
    assert made.dep("lock").code == 0
    return made


def locked(desk: UserSandbox) -> dict[str, str]:
    packages = tomllib.loads((desk.folder / "pylock.toml").read_text())["packages"]
    return {package["name"]: package["version"] for package in packages}


@pytest.mark.poetry("poetry lock --regenerate")
@pytest.mark.poetry("poetry lock")
def test_lock_keeps_what_is_locked_and_regenerates_on_request(desk: UserSandbox, toy_index: Index) -> None:
    build_wheel(toy_index.folder, "beta", "1.5")
    (desk.folder / "pyproject.toml").write_text(MANIFEST.replace('"alpha<2"', '"alpha<2", "gamma"'))
    assert desk.dep("lock").code == 0
    assert (locked(desk)["beta"], locked(desk)["gamma"]) == ("1.0", "1.0")
    assert desk.dep("lock", "--upgrade").code == 0
    assert locked(desk)["beta"] == "1.5"


@pytest.mark.poetry("poetry check --lock")
def test_lock_check_tells_whether_the_lock_answers(desk: UserSandbox) -> None:
    assert desk.dep("lock", "--check").code == 0
    (desk.folder / "pyproject.toml").write_text(MANIFEST.replace('"zeta"', '"zeta", "gamma"'))
    assert desk.dep("lock", "--check").code == 3


@pytest.mark.poetry("poetry show --why NAME")
@pytest.mark.poetry("poetry show NAME")
@pytest.mark.poetry("poetry show")
def test_show_lists_what_is_locked_and_who_needs_it(desk: UserSandbox) -> None:
    listed = {package["name"]: package for package in desk.dep("show", "--json").entry["packages"]}
    assert listed["alpha"]["version"] == "1.1" and listed["beta"]["via"] == ["zeta"]
    assert "zeta" in desk.dep("why", "beta").out


@pytest.mark.poetry("poetry show --tree")
def test_show_as_a_tree_has_the_groups_too(desk: UserSandbox) -> None:
    lines = desk.dep("show", "--tree").out.splitlines()
    at = next(number for number, line in enumerate(lines) if line.strip().startswith("zeta"))
    assert lines[at + 1].strip().startswith("beta") and lines[at + 1].index("beta") > lines[at].index("zeta")


@pytest.mark.poetry("poetry show --outdated")
def test_show_outdated_tells_what_an_update_would_bring(desk: UserSandbox, toy_index: Index) -> None:
    assert "nothing is outdated" in desk.dep("show", "--outdated").out
    build_wheel(toy_index.folder, "beta", "1.5")
    told = desk.dep("show", "--outdated", "--json").entry["packages"]
    assert [(package["name"], package["latest"]) for package in told] == [("beta", "1.5")]


@pytest.mark.poetry("poetry sync")
def test_sync_leaves_exactly_what_is_locked(desk: UserSandbox) -> None:
    def installed() -> set[str]:
        site = Path(desk.dep("sync", "--json").entry["environment"]["path"]) / "lib"
        return {path.name.partition("-")[0] for path in site.glob("*/site-packages/*.dist-info")}

    assert {"alpha", "beta", "zeta"} <= installed()
    (desk.folder / "pyproject.toml").write_text(MANIFEST.replace('dev = ["zeta"]', ""))
    assert desk.dep("lock").code == 0
    assert "alpha" in installed() and not {"beta", "zeta"} & installed()


@pytest.mark.poetry("poetry export")
def test_export_takes_the_groups_that_are_named(desk: UserSandbox) -> None:
    assert desk.dep("export", "--without-hashes").out == "alpha==1.1\n"
    assert "zeta==1.0" in desk.dep("export", "--without-hashes", "--with", "dev").out


def test_a_project_elsewhere_is_named_with_an_option(desk: UserSandbox, tmp_path: Path) -> None:
    (desk.folder / "inner").mkdir()
    assert desk.dep("show", "--project", desk.folder / "inner").code == 2
    assert "alpha" in desk.dep("show", "--project", desk.folder).out


@pytest.mark.poetry("poetry debug resolve NAME")
@pytest.mark.poetry("poetry add --dry-run NAME")
def test_a_dry_run_of_add_shows_what_would_be_resolved(desk: UserSandbox) -> None:
    before = desk.contents()
    assert "gamma" in desk.dep("add", "gamma", "--dry-run").out
    assert desk.contents() == before


@pytest.mark.poetry("poetry update")
def test_update_without_names_moves_all_within_the_bounds(desk: UserSandbox, toy_index: Index) -> None:
    build_wheel(toy_index.folder, "alpha", "1.2")
    build_wheel(toy_index.folder, "beta", "1.5")
    assert desk.dep("update").code == 0
    assert (locked(desk)["alpha"], locked(desk)["beta"]) == ("1.2", "1.5")
    assert '"alpha<2"' in (desk.folder / "pyproject.toml").read_text()


# Living in the environment, and one's own settings


def environment(desk: UserSandbox) -> Path:
    return Path(desk.dep("env", "info", "--path").out.strip())


@pytest.mark.poetry("poetry run COMMAND")
def test_run_hands_on_arguments_and_exit_code(desk: UserSandbox) -> None:
    desk.dep("install")
    code = "import sys, alpha; print(sys.argv[1:], sys.prefix); sys.exit(7)"
    done = desk.cli("run", "python", "-c", code, "--json", "-x", cwd=desk.folder)
    assert done.code == 7
    assert done.out.strip() == f"['--json', '-x'] {environment(desk)}"


@pytest.mark.poetry("poetry env info --path")
@pytest.mark.poetry("poetry env info")
def test_the_environment_s_path_is_printed_alone(desk: UserSandbox) -> None:
    desk.dep("install")
    assert (environment(desk) / "pyvenv.cfg").is_file()


@pytest.mark.poetry("poetry env remove")
@pytest.mark.poetry("poetry env list")
def test_environments_are_listed_and_removed(desk: UserSandbox) -> None:
    desk.dep("install")
    path = environment(desk)
    assert len(desk.dep("env", "list").out.splitlines()) > 1
    assert desk.dep("env", "remove").code == 0
    assert not path.exists()


@pytest.mark.poetry("poetry env activate")
@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_what_env_activate_prints_is_evaluated_by_the_shell(desk: UserSandbox) -> None:
    desk.dep("install")
    text = desk.dep("env", "activate", "--shell", "bash").out
    script = text + '\ncommand -v python; deactivate; echo "${VIRTUAL_ENV-left}"\n'
    done = subprocess.run(["bash", "--norc", "-c", script], capture_output=True, text=True, check=True, env=desk.environ())
    assert done.stdout.splitlines() == [str(environment(desk) / "bin" / "python"), "left"]


@pytest.mark.poetry("poetry source remove NAME")
@pytest.mark.poetry("poetry source show")
@pytest.mark.poetry("poetry source add NAME URL")
def test_a_source_is_named_listed_and_taken_away(desk: UserSandbox) -> None:
    before = (desk.folder / "pyproject.toml").read_bytes()
    assert desk.dep("source", "add", "corp", desk.index.url).code == 0
    assert f'url = "{desk.index.url}"' in (desk.folder / "pyproject.toml").read_text()
    assert "corp" in desk.dep("source", "list").out
    assert desk.dep("source", "remove", "corp").code == 0
    assert (desk.folder / "pyproject.toml").read_bytes().rstrip() == before.rstrip()


@pytest.mark.poetry("poetry config")
def test_a_setting_is_set_shown_and_unset(desk: UserSandbox) -> None:
    desk.dep("config", "repositories.corp.url", "https://index.example/upload")
    assert desk.dep("config", "repositories.corp.url").out == "https://index.example/upload\n"
    assert "https://index.example/upload" in desk.dep("config", "--list").out
    desk.dep("config", "--unset", "repositories.corp.url")
    assert "index.example" not in desk.dep("config", "--list").out


@pytest.mark.poetry("poetry cache clear")
@pytest.mark.poetry("poetry cache list")
def test_the_cache_is_shown_and_emptied_and_environments_stay(desk: UserSandbox) -> None:
    desk.dep("install")
    assert "engine" in desk.dep("cache", "info").out
    assert desk.dep("cache", "clear", "--yes").code == 0
    assert desk.cli("run", "python", "-c", "import alpha", cwd=desk.folder).code == 0
