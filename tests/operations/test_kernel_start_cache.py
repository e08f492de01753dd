"""The short way to an environment: the same answer without the parsers, and never a stale one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.index import Index
from support.notebooks import block, command_context, rewrite
from support.sandbox import UserSandbox, sandbox_at

from jupyter_dep.base.errors import ConsentError
from jupyter_dep.base.progress import CancelToken, silent
from jupyter_dep.model.notebook.notebook import Notebook
from jupyter_dep.operations.edit import add_remove
from jupyter_dep.operations.kernel_start.cache import read_cached_start
from jupyter_dep.operations.kernel_start.resolve import resolve_environment
from jupyter_dep.operations.kernel_start.result import NeedsBuild, Ready, Refused


@pytest.fixture
def sandbox(toy_index: Index, tmp_path: Path) -> UserSandbox:
    return sandbox_at(tmp_path, toy_index.url)


@pytest.fixture
def opened(sandbox: UserSandbox) -> Path:
    """A notebook that was locked, built and opened; its history was written by the first opening, so a second noted it."""
    notebook = sandbox.notebook(name="n")
    add_remove.add(notebook, ["alpha"], sandbox.services(), command_context("add alpha"))
    for _ in range(2):
        assert isinstance(resolve_environment(notebook, sandbox.folder, services=sandbox.services()), Ready)
    return notebook


def short(sandbox: UserSandbox, notebook: Path, **environ: str) -> Ready | None:
    return read_cached_start(notebook, sandbox.services().paths, {**sandbox.environ(), **environ})


def test_a_second_opening_gives_the_same_answer(sandbox: UserSandbox, opened: Path) -> None:
    assert short(sandbox, opened) == resolve_environment(opened, sandbox.folder, services=sandbox.services())


def test_a_second_opening_needs_no_parser(sandbox: UserSandbox, opened: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from jupyter_dep.operations.kernel_start.entry import look; "
        f"found = look(Path({str(opened)!r}), Path({str(sandbox.folder)!r})); "
        "print(type(found).__name__, sorted({'packaging', 'tomllib', 'tomlkit', 'hashlib'} & set(sys.modules)))"
    )
    env = {**sandbox.environ(), "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "Ready []"


def test_what_a_run_leaves_in_the_notebook_changes_nothing(sandbox: UserSandbox, opened: Path) -> None:
    text = opened.read_text(encoding="utf-8")
    opened.write_text(text.replace('"outputs": []', '"outputs": [{"output_type": "stream", "name": "stdout", "text": "1"}]'))
    assert text != opened.read_text(encoding="utf-8")
    assert short(sandbox, opened) is not None


def edit_the_block(sandbox: UserSandbox, notebook: Path) -> None:
    rewrite(notebook, block("alpha", "beta"))


def touch_the_lock(sandbox: UserSandbox, notebook: Path) -> None:
    lock = sandbox.lock_path(notebook)
    data, times = lock.read_bytes(), lock.stat()
    lock.write_bytes(data.replace(b"sha256", b"sha255", 1))
    os.utime(lock, ns=(times.st_atime_ns, times.st_mtime_ns))


def remove_the_lock(sandbox: UserSandbox, notebook: Path) -> None:
    sandbox.lock_path(notebook).unlink()


def take_back_the_consent(sandbox: UserSandbox, notebook: Path) -> None:
    consent = sandbox.services().consent
    consent.revoke([given.value for given in consent.grants()])


def withdraw_the_seal(sandbox: UserSandbox, notebook: Path) -> None:
    services = sandbox.services()
    for sealed in services.store.all():
        services.store.quarantine(sealed)


def leave_an_edit_pending(sandbox: UserSandbox, notebook: Path) -> None:
    add_remove.add(notebook, ["beta"], sandbox.services(), command_context("add beta", in_kernel=True))


def damage_the_note(sandbox: UserSandbox, notebook: Path) -> None:
    for file in (sandbox.services().paths.state / "openings").iterdir():
        file.write_text('{"format": 1}')


@pytest.mark.parametrize(
    "change",
    [
        edit_the_block,
        touch_the_lock,
        remove_the_lock,
        take_back_the_consent,
        withdraw_the_seal,
        leave_an_edit_pending,
        damage_the_note,
    ],
)
def test_whatever_the_answer_rests_on_is_looked_at_anew_when_it_changes(
    sandbox: UserSandbox, opened: Path, change: Callable[[UserSandbox, Path], None]
) -> None:
    assert short(sandbox, opened) is not None
    change(sandbox, opened)
    assert short(sandbox, opened) is None


def test_a_variable_that_widens_trust_is_a_change(sandbox: UserSandbox, opened: Path) -> None:
    assert short(sandbox, opened, JUPYTER_DEP_TRUST="/somewhere") is None


def test_a_lock_of_somebody_else_is_never_noted(sandbox: UserSandbox, opened: Path, tmp_path: Path) -> None:
    other = sandbox_at(tmp_path / "other", sandbox.index_url)
    for file in (opened, sandbox.lock_path(opened)):
        (other.folder / file.name).write_bytes(file.read_bytes())
    for _ in range(2):
        assert isinstance(resolve_environment(other.folder / opened.name, other.folder, services=other.services()), Refused)
    assert short(other, other.folder / opened.name) is None


def test_a_stale_lock_is_never_noted(sandbox: UserSandbox, opened: Path) -> None:
    edit_the_block(sandbox, opened)
    for _ in range(2):
        found = resolve_environment(opened, sandbox.folder, services=sandbox.services())
        assert isinstance(found, Ready) and found.notes
    assert short(sandbox, opened) is None
    assert Notebook.parse(opened.read_bytes(), context={}).declaration()


def test_a_consent_that_is_gone_once_python_is_found_is_refused_as_such(sandbox: UserSandbox, opened: Path) -> None:
    (sandbox.dep_home / "state" / "pythons.json").unlink()
    found = resolve_environment(opened, sandbox.folder, services=sandbox.services())
    assert isinstance(found, NeedsBuild) and found.key == ""
    take_back_the_consent(sandbox, opened)
    with pytest.raises(ConsentError) as caught:
        found.build(silent, CancelToken())
    assert caught.value.code == "consent-missing"
    assert caught.value.hint
