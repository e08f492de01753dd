"""`jupyter dep version`: shown, raised, set; the rest of `pyproject.toml` stays as it was written."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.index import Index
from support.packages import package
from support.sandbox import UserSandbox, terminal_at


@pytest.fixture
def sandbox(toy_index: Index, tmp_path: Path) -> UserSandbox:
    made = terminal_at(tmp_path, toy_index)
    package(made.folder)
    return made


@pytest.mark.poetry("poetry version")
def test_it_is_shown_with_the_name_or_alone(sandbox: UserSandbox) -> None:
    assert sandbox.dep("version").out == "mine 0.1.0\n"
    assert sandbox.dep("version", "--short").out == "0.1.0\n"
    assert sandbox.dep("version", "--json").entry["version"] == "0.1.0"


@pytest.mark.poetry("poetry version RULE")
@pytest.mark.parametrize(
    ("rule", "after"),
    [
        ("patch", "0.1.1"),
        ("minor", "0.2.0"),
        ("major", "1.0.0"),
        ("prerelease", "0.1.1a0"),
        ("dev", "0.1.1.dev0"),
        ("3.0", "3.0"),
    ],
)
def test_a_rule_or_a_version_changes_that_one_value(sandbox: UserSandbox, rule: str, after: str) -> None:
    manifest = sandbox.folder / "pyproject.toml"
    before = manifest.read_text()
    done = sandbox.dep("version", rule)
    assert done.code == 0 and f"is now {after} (was 0.1.0)" in done.out
    assert manifest.read_text() == before.replace('"0.1.0"', f'"{after}"')


def test_a_dry_run_writes_nothing(sandbox: UserSandbox) -> None:
    before = (sandbox.folder / "pyproject.toml").read_bytes()
    assert "would be 0.2.0" in sandbox.dep("version", "minor", "--dry-run").out
    assert (sandbox.folder / "pyproject.toml").read_bytes() == before


@pytest.mark.poetry("poetry version --next-phase")
def test_the_next_phase_of_a_prerelease(sandbox: UserSandbox) -> None:
    sandbox.dep("version", "1.0a3")
    assert "1.0b0" in sandbox.dep("version", "prerelease", "--next-phase").out
    sandbox.refused("version", "--next-phase", code="bad-usage", exit_code=2)


def test_the_same_version_is_no_change(sandbox: UserSandbox) -> None:
    entry = sandbox.dep("version", "0.1.0", "--json").entry
    assert entry["ok"] and not entry["changed"]


@pytest.mark.poetry("poetry version X.Y.Z")
def test_a_version_that_goes_backwards_is_refused(sandbox: UserSandbox) -> None:
    assert "0.0.9" in sandbox.refused("version", "0.0.9", code="version-backwards", exit_code=1)["message"]


def test_a_misspelled_rule_is_met_with_the_right_one(sandbox: UserSandbox) -> None:
    assert "`minor`" in sandbox.refused("version", "minro", code="bad-version-rule", exit_code=2)["hint"]
    sandbox.refused("version", "minor", "patch", code="bad-usage", exit_code=2)


def test_a_version_of_the_backend_s_is_told_with_its_place_and_not_written(sandbox: UserSandbox) -> None:
    package(sandbox.folder, version=None, more='\n[tool.hatch.version]\npath = "src/mine/__init__.py"\n')
    shown = sandbox.dep("version")
    assert shown.code == 0 and "build backend" in shown.out and "src/mine/__init__.py" in shown.out
    assert sandbox.dep("version", "--json").entry["dynamic"] is True
    assert "src/mine/__init__.py" in sandbox.refused("version", "patch", code="dynamic-metadata", exit_code=1)["hint"]
    sandbox.refused("version", "--short", code="no-version", exit_code=1)


def test_where_no_version_is_written_a_first_one_has_to_be_named(sandbox: UserSandbox) -> None:
    manifest = sandbox.folder / "pyproject.toml"
    manifest.write_text('[project]\nname = "mine"\n')
    assert "no version" in sandbox.dep("version").out
    assert "0.1.0" in sandbox.refused("version", "patch", code="no-version", exit_code=1)["hint"]
    assert "is now 0.1.0" in sandbox.dep("version", "0.1.0").out
    assert 'version = "0.1.0"' in manifest.read_text()


def test_outside_a_project_there_is_none_to_raise(sandbox: UserSandbox, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    assert sandbox.dep("version", "--project", tmp_path / "elsewhere", "--json").error["code"] == "no-project"


def test_a_raised_version_leaves_the_lock_fresh(sandbox: UserSandbox) -> None:
    assert sandbox.dep("lock").code == 0
    sandbox.dep("version", "minor")
    assert sandbox.dep("lock", "--check").code == 0
