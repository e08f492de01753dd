"""Kind: a user name in an address that is not a secret (`git@host`), and everything near it that may be one."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.index import Index
from support.sandbox import terminal_at

from jupyter_dep.base.errors import DepError
from jupyter_dep.model.declaration import requirement
from jupyter_dep.model.lock.audit import check_url


@pytest.mark.parametrize(
    "address",
    ["ssh://git@host.example/a/b.git", "git+ssh://git@host.example/a.git@v1", "ssh://org-123@host.example:2222/a.git"],
)
def test_an_account_of_ssh_is_no_secret(address: str) -> None:
    requirement.refuse_secrets(f"six @ {address}")
    check_url(address, {})


@pytest.mark.parametrize(
    "address",
    [
        "ssh://git:secret@host.example/a.git",
        "https://git@host.example/a.git",
        "https://token@host.example/a.git",
        "git+https://user:pw@host.example/a.git",
        "ssh://git@evil@host.example/a.git",
        "ssh://git@host.example/a.git?token=abc",
    ],
)
def test_what_may_be_a_secret_stays_refused(address: str) -> None:
    with pytest.raises(DepError) as caught:
        requirement.refuse_secrets(f"six @ {address}")
    assert caught.value.code == "credentials-in-declaration" and "abc" not in str(caught.value)


@pytest.mark.parametrize("address", ["ssh://git:secret@host.example/a.git", "https://git@host.example/a.git", "ssh://a@b@c/d"])
def test_a_lock_with_what_may_be_a_secret_is_unsafe(address: str) -> None:
    with pytest.raises(DepError) as caught:
        check_url(address, {})
    assert caught.value.code == "unsafe-lock"


def test_a_poetry_project_with_such_an_address_keeps_it(toy_index: Index, tmp_path: Path) -> None:
    sandbox = terminal_at(tmp_path, toy_index)
    (sandbox.folder / "pyproject.toml").write_text(
        '[tool.poetry]\nname = "mine"\nversion = "1"\n[tool.poetry.dependencies]\npython = ">=3.9"\n'
        'six = { git = "git@host.example:a/b.git" }\n'
    )
    ran = sandbox.dep("init", "--json")
    assert "ssh://git@host.example/a/b.git" in (sandbox.folder / "pyproject.toml").read_text("utf-8"), ran.said
