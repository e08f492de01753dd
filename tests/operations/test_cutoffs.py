"""Kind: a rule for what the user declares (`exclude-newer`) that hits what only the kernel needs."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.index import Index
from support.sandbox import UserSandbox, terminal_at
from support.wheels import build_wheel

from jupyter_dep.model.lock import lockfile

OLD, LATER = "2020-05-01T00:00:00Z", "2022-05-01T00:00:00Z"


@pytest.fixture
def sandbox(toy_index: Index, tmp_path: Path) -> UserSandbox:
    """The toys' kernel packages are of 2026; `vintage` has one version before the cutoff and one after it."""
    toy_index.add(build_wheel(tmp_path / "old", "vintage", "1.0"), upload_time=OLD)
    toy_index.add(build_wheel(tmp_path / "later", "vintage", "2.0"), upload_time=LATER)
    return terminal_at(tmp_path, toy_index)


def locked(sandbox: UserSandbox) -> dict[str, str]:
    return dict(lockfile.read((sandbox.folder / "pylock.nb.toml").read_bytes(), context={}).versions())


def test_an_old_cutoff_holds_for_the_declared_and_spares_the_kernel(sandbox: UserSandbox) -> None:
    sandbox.notebook("vintage")
    ran = sandbox.dep("lock", "nb.ipynb", "--exclude-newer", "2021-01-01")
    assert ran.code == 0, ran.said
    assert locked(sandbox) == {"vintage": "1.0", "ipykernel": "7.1.0", "ipywidgets": "8.1.0"}
    assert "the kernel's own packages" in ran.said


def test_the_pins_stay_when_such_a_notebook_is_locked_again(sandbox: UserSandbox, toy_index: Index, tmp_path: Path) -> None:
    sandbox.notebook("vintage")
    assert sandbox.dep("lock", "nb.ipynb", "--exclude-newer", "2021-01-01").code == 0
    toy_index.add(build_wheel(tmp_path / "new", "ipykernel", "7.9.0"), upload_time="2026-10-01T00:00:00Z")
    toy_index.add(build_wheel(tmp_path / "old", "antique", "1.0"), upload_time=OLD)
    ran = sandbox.dep("add", "nb.ipynb", "antique")
    assert ran.code == 0, ran.said
    assert locked(sandbox)["ipykernel"] == "7.1.0" and locked(sandbox)["antique"] == "1.0"


def test_what_the_user_declares_is_never_spared(sandbox: UserSandbox) -> None:
    sandbox.notebook("vintage", "ipykernel")
    sandbox.refused("lock", "nb.ipynb", "--exclude-newer", "2021-01-01", code="cutoff", exit_code=4)


def test_a_cutoff_that_leaves_a_kernel_spares_nothing(sandbox: UserSandbox) -> None:
    sandbox.notebook("vintage")
    ran = sandbox.dep("lock", "nb.ipynb", "--exclude-newer", "2030-01-01")
    assert ran.code == 0 and "the kernel's own packages" not in ran.said
    assert locked(sandbox)["vintage"] == "2.0"


def test_the_cutoff_of_one_package_keeps_the_pins_of_the_others(sandbox: UserSandbox, toy_index: Index, tmp_path: Path) -> None:
    sandbox.notebook("vintage", "beta<2", toml='[tool.uv.exclude-newer-package]\nvintage = "2021-01-01T00:00:00Z"')
    assert sandbox.dep("lock", "nb.ipynb").code == 0 and locked(sandbox)["vintage"] == "1.0"
    toy_index.add(build_wheel(tmp_path / "new", "beta", "1.5"), upload_time="2026-10-01T00:00:00Z")
    assert sandbox.dep("add", "nb.ipynb", "alpha<2").code == 0
    assert locked(sandbox)["beta"] == "1.0", "a pin moved, because the engine dropped a lock with other cutoffs"
