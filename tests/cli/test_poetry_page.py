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
def sandbox(toy_index: Index, tmp_path: Path) -> UserSandbox:
    build_wheel(toy_index.folder, "zeta", "1.0", requires=["beta<2"])
    made = terminal_at(tmp_path, toy_index)
    (made.folder / "pyproject.toml").write_text(MANIFEST)
    assert made.dep("lock").code == 0
    return made


def locked(sandbox: UserSandbox) -> dict[str, str]:
    packages = tomllib.loads((sandbox.folder / "pylock.toml").read_text())["packages"]
    return {package["name"]: package["version"] for package in packages}


@pytest.mark.poetry("poetry lock --regenerate")
@pytest.mark.poetry("poetry lock")
def test_lock_keeps_what_is_locked_and_regenerates_on_request(sandbox: UserSandbox, toy_index: Index) -> None:
    build_wheel(toy_index.folder, "beta", "1.5")
    (sandbox.folder / "pyproject.toml").write_text(MANIFEST.replace('"alpha<2"', '"alpha<2", "gamma"'))
    assert sandbox.dep("lock").code == 0
    assert (locked(sandbox)["beta"], locked(sandbox)["gamma"]) == ("1.0", "1.0")
    assert sandbox.dep("lock", "--upgrade").code == 0
    assert locked(sandbox)["beta"] == "1.5"


@pytest.mark.poetry("poetry check --lock")
def test_lock_check_tells_whether_the_lock_answers(sandbox: UserSandbox) -> None:
    assert sandbox.dep("lock", "--check").code == 0
    (sandbox.folder / "pyproject.toml").write_text(MANIFEST.replace('"zeta"', '"zeta", "gamma"'))
    assert sandbox.dep("lock", "--check").code == 3


@pytest.mark.poetry("poetry show --why NAME")
@pytest.mark.poetry("poetry show NAME")
@pytest.mark.poetry("poetry show")
def test_show_lists_what_is_locked_and_who_needs_it(sandbox: UserSandbox) -> None:
    listed = {package["name"]: package for package in sandbox.dep("show", "--json").entry["packages"]}
    assert listed["alpha"]["version"] == "1.1" and listed["beta"]["via"] == ["zeta"]
    assert "zeta" in sandbox.dep("why", "beta").out


@pytest.mark.poetry("poetry show --tree")
def test_show_as_a_tree_has_the_groups_too(sandbox: UserSandbox) -> None:
    lines = sandbox.dep("show", "--tree").out.splitlines()
    at = next(number for number, line in enumerate(lines) if line.strip().startswith("zeta"))
    assert lines[at + 1].strip().startswith("beta") and lines[at + 1].index("beta") > lines[at].index("zeta")


@pytest.mark.poetry("poetry show --outdated")
def test_show_outdated_tells_what_an_update_would_bring(sandbox: UserSandbox, toy_index: Index) -> None:
    assert "nothing is outdated" in sandbox.dep("show", "--outdated").out
    build_wheel(toy_index.folder, "beta", "1.5")
    told = sandbox.dep("show", "--outdated", "--json").entry["packages"]
    assert [(package["name"], package["latest"]) for package in told] == [("beta", "1.5")]


@pytest.mark.poetry("poetry sync")
def test_sync_leaves_exactly_what_is_locked(sandbox: UserSandbox) -> None:
    def installed() -> set[str]:
        site = Path(sandbox.dep("sync", "--json").entry["environment"]["path"]) / "lib"
        return {path.name.partition("-")[0] for path in site.glob("*/site-packages/*.dist-info")}

    assert {"alpha", "beta", "zeta"} <= installed()
    (sandbox.folder / "pyproject.toml").write_text(MANIFEST.replace('dev = ["zeta"]', ""))
    assert sandbox.dep("lock").code == 0
    assert "alpha" in installed() and not {"beta", "zeta"} & installed()


@pytest.mark.poetry("poetry export")
def test_export_takes_the_groups_that_are_named(sandbox: UserSandbox) -> None:
    assert sandbox.dep("export", "--without-hashes").out == "alpha==1.1\n"
    assert "zeta==1.0" in sandbox.dep("export", "--without-hashes", "--with", "dev").out


def test_a_project_elsewhere_is_named_with_an_option(sandbox: UserSandbox, tmp_path: Path) -> None:
    (sandbox.folder / "inner").mkdir()
    assert sandbox.dep("show", "--project", sandbox.folder / "inner").code == 2
    assert "alpha" in sandbox.dep("show", "--project", sandbox.folder).out


@pytest.mark.poetry("poetry debug resolve NAME")
@pytest.mark.poetry("poetry add --dry-run NAME")
def test_a_dry_run_of_add_shows_what_would_be_resolved(sandbox: UserSandbox) -> None:
    before = sandbox.contents()
    assert "gamma" in sandbox.dep("add", "gamma", "--dry-run").out
    assert sandbox.contents() == before


@pytest.mark.poetry("poetry update")
def test_update_without_names_moves_all_within_the_bounds(sandbox: UserSandbox, toy_index: Index) -> None:
    build_wheel(toy_index.folder, "alpha", "1.2")
    build_wheel(toy_index.folder, "beta", "1.5")
    assert sandbox.dep("update").code == 0
    assert (locked(sandbox)["alpha"], locked(sandbox)["beta"]) == ("1.2", "1.5")
    assert '"alpha<2"' in (sandbox.folder / "pyproject.toml").read_text()


# Living in the environment, and one's own settings


def environment(sandbox: UserSandbox) -> Path:
    return Path(sandbox.dep("env", "info", "--path").out.strip())


@pytest.mark.poetry("poetry run COMMAND")
def test_run_hands_on_arguments_and_exit_code(sandbox: UserSandbox) -> None:
    sandbox.dep("install")
    code = "import sys, alpha; print(sys.argv[1:], sys.prefix); sys.exit(7)"
    done = sandbox.cli("run", "python", "-c", code, "--json", "-x", cwd=sandbox.folder)
    assert done.code == 7
    assert done.out.strip() == f"['--json', '-x'] {environment(sandbox)}"


@pytest.mark.poetry("poetry env info --path")
@pytest.mark.poetry("poetry env info")
def test_the_environment_s_path_is_printed_alone(sandbox: UserSandbox) -> None:
    sandbox.dep("install")
    assert (environment(sandbox) / "pyvenv.cfg").is_file()


@pytest.mark.poetry("poetry env remove")
@pytest.mark.poetry("poetry env list")
def test_environments_are_listed_and_removed(sandbox: UserSandbox) -> None:
    sandbox.dep("install")
    path = environment(sandbox)
    assert len(sandbox.dep("env", "list").out.splitlines()) > 1
    assert sandbox.dep("env", "remove").code == 0
    assert not path.exists()


@pytest.mark.poetry("poetry env activate")
@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_what_env_activate_prints_is_evaluated_by_the_shell(sandbox: UserSandbox) -> None:
    sandbox.dep("install")
    text = sandbox.dep("env", "activate", "--shell", "bash").out
    script = text + '\ncommand -v python; deactivate; echo "${VIRTUAL_ENV-left}"\n'
    done = subprocess.run(["bash", "--norc", "-c", script], capture_output=True, text=True, check=True, env=sandbox.environ())
    assert done.stdout.splitlines() == [str(environment(sandbox) / "bin" / "python"), "left"]


@pytest.mark.poetry("poetry source remove NAME")
@pytest.mark.poetry("poetry source show")
@pytest.mark.poetry("poetry source add NAME URL")
def test_a_source_is_named_listed_and_taken_away(sandbox: UserSandbox) -> None:
    before = (sandbox.folder / "pyproject.toml").read_bytes()
    assert sandbox.dep("source", "add", "corp", sandbox.index.url).code == 0
    assert f'url = "{sandbox.index.url}"' in (sandbox.folder / "pyproject.toml").read_text()
    assert "corp" in sandbox.dep("source", "list").out
    assert sandbox.dep("source", "remove", "corp").code == 0
    assert (sandbox.folder / "pyproject.toml").read_bytes().rstrip() == before.rstrip()


@pytest.mark.poetry("poetry config")
def test_a_setting_is_set_shown_and_unset(sandbox: UserSandbox) -> None:
    sandbox.dep("config", "repositories.corp.url", "https://index.example/upload")
    assert sandbox.dep("config", "repositories.corp.url").out == "https://index.example/upload\n"
    assert "https://index.example/upload" in sandbox.dep("config", "--list").out
    sandbox.dep("config", "--unset", "repositories.corp.url")
    assert "index.example" not in sandbox.dep("config", "--list").out


@pytest.mark.poetry("poetry cache clear")
@pytest.mark.poetry("poetry cache list")
def test_the_cache_is_shown_and_emptied_and_environments_stay(sandbox: UserSandbox) -> None:
    sandbox.dep("install")
    assert "engine" in sandbox.dep("cache", "info").out
    assert sandbox.dep("cache", "clear", "--yes").code == 0
    assert sandbox.cli("run", "python", "-c", "import alpha", cwd=sandbox.folder).code == 0
