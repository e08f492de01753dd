"""The committed bundle is the one that the sources make, is small, and is what a fresh installation finds."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import re
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
LABEXT = ROOT / "labext"
BUNDLE = LABEXT / "labextension"


def _bundle_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("labext_bundle", LABEXT / "bundle.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_bundle_was_built_from_these_sources() -> None:
    assert (BUNDLE / "sources.sha256").read_text().strip() == _bundle_script().digest(), "run: make labext"


def test_a_changed_source_changes_the_digest_and_a_test_does_not(tmp_path: Path) -> None:
    script = _bundle_script()
    for path in script.sources():
        copy = tmp_path / path.relative_to(LABEXT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    assert script.digest(tmp_path) == script.digest()
    (tmp_path / "src" / "more.spec.ts").write_text("1\n")
    assert script.digest(tmp_path) == script.digest()
    (tmp_path / "src" / "more.ts").write_text("1\n")
    assert script.digest(tmp_path) != script.digest()


def test_the_bundle_is_whole_and_small() -> None:
    load = json.loads((BUNDLE / "package.json").read_text())["jupyterlab"]["_build"]["load"]
    assert (BUNDLE / load).is_file()
    remotes = list((BUNDLE / "static").glob("remoteEntry.*.js"))
    assert [BUNDLE / load] == remotes, "a bundle of an earlier build was left behind"
    size = sum(path.stat().st_size for path in BUNDLE.rglob("*") if path.is_file())
    assert size <= 150_000


def test_the_bundle_names_no_folder_of_the_machine_that_built_it() -> None:
    for path in BUNDLE.rglob("*"):
        if path.is_file():
            assert not re.search(r"/(?:work|home|root|Users)/", path.read_text(encoding="utf-8")), path.name


def test_a_wheel_puts_the_bundle_where_lab_looks() -> None:
    shared = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-data"]
    name = json.loads((BUNDLE / "package.json").read_text())["name"]
    assert shared["labext/labextension"] == f"share/jupyter/labextensions/{name}"
    assert shared["labext/install.json"] == f"share/jupyter/labextensions/{name}/install.json"
    assert json.loads((LABEXT / "install.json").read_text())["packageName"] == "jupyter-dep"
    assert not (BUNDLE / "install.json").exists(), "a wheel would hold it twice, and not be built"


def test_the_page_s_types_are_made_from_the_committed_schema() -> None:
    schema = (ROOT / "docs" / "messages.schema.json").read_bytes().replace(b"\r\n", b"\n")
    first = (LABEXT / "src" / "model" / "wire.ts").read_text().splitlines()[0]
    assert hashlib.sha256(schema).hexdigest() in first, "run: make labext"


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("readonly names?: readonly string[];", "JobRequest"),
        ("readonly restart: readonly (readonly [string, string, string])[];", "Switched"),
        ("readonly type: 'holding';", "HoldingState"),
        ("readonly [k: string]: string | number;", "Problem"),
        ("readonly state: JobState;", "Job"),
    ],
)
def test_what_is_sent_may_be_left_out_and_what_is_received_is_there(line: str, name: str) -> None:
    types = (LABEXT / "src" / "model" / "wire.ts").read_text()
    assert line in types.split(f"export interface {name} {{", 1)[1].split("\n}\n", 1)[0]
