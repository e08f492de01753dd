"""Both readers of RECORD and of `.dist-info` names, the product's and the magics' own, give the answers of one table."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jupyter_dep.io.store import record
from jupyter_dep_magics import stale_modules

CASES: dict[str, Any] = json.loads((Path(__file__).parents[1] / "data" / "record_cases.json").read_text("utf-8"))
FOLDERS = [case for case in CASES["folders"] if case[1] is not None]


@pytest.mark.parametrize("name_of", [record.distribution_of, stale_modules.split_dist_info], ids=["core", "magics"])
@pytest.mark.parametrize(("folder", "name", "version"), FOLDERS)
def test_a_folder_names_a_distribution_and_its_version(
    folder: str, name: str, version: str, name_of: Callable[[str], tuple[str, str] | None]
) -> None:
    assert name_of(folder) == (name, version)


@pytest.mark.parametrize("folder", [case[0] for case in CASES["folders"] if case[1] is None])
def test_another_folder_names_none(folder: str) -> None:
    assert record.distribution_of(folder) is None


@pytest.mark.parametrize("case", CASES["records"])
def test_a_record_lists_path_hash_and_size(case: str, tmp_path: Path) -> None:
    text, rows = CASES["records"][case]
    file = tmp_path / "RECORD"
    file.write_bytes(text.encode())
    assert [list(row) for row in record.read_record(file)] == rows
    hashes = {os.path.normcase(os.path.normpath(path)): digest for path, digest, _ in rows}
    assert stale_modules.read_record(str(file)) == hashes


@pytest.mark.parametrize("content", CASES["unreadable"].values(), ids=CASES["unreadable"])
def test_what_is_no_record_lists_nothing(content: str, tmp_path: Path) -> None:
    file = tmp_path / "RECORD"
    file.write_bytes(bytes.fromhex(content))
    assert not record.read_record(file) and not stale_modules.read_record(str(file))
