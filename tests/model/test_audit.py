"""What a lock or a declaration may hold: refused, asked about one by one, or harmless."""

from __future__ import annotations

import pytest
from support import locks
from support.notebooks import block

from jupyter_dep.base.errors import DepError
from jupyter_dep.model.declaration import script_block
from jupyter_dep.model.lock import audit, lockfile
from jupyter_dep.model.lock.digest import VERSION, LockDigest, digest_lock, problem

SHA = locks.sha256("x")
COMMIT = "0" * 40


def examined(*packages: str) -> list[str]:
    return [str(item) for item in audit.audit_lock(lockfile.read(locks.document(*packages), context={}), context={})]


def with_hashes(inside: str) -> str:
    return locks.package("alpha", wheels=[locks.wheel("alpha", hashes=inside)])


def with_url(url: str) -> str:
    return locks.package("alpha", wheels=[locks.wheel("alpha", url=url)])


def sdist(name: str, *, hashes: str | None = None) -> str:
    inside = hashes if hashes is not None else locks.good(name)
    return f'sdist = {{ url = "{locks.ORIGIN}/files/{name}-1.0.tar.gz", hashes = {{ {inside} }} }}'


def test_hashed_wheels_and_a_source_beside_wheels_are_harmless() -> None:
    assert examined(locks.package("alpha"), locks.package("beta", more=sdist("beta"))) == []


REFUSED = {
    "no strong hash": with_hashes('md5 = "d41d8cd98f00b204e9800998ecf8427e"'),
    "an empty hash": with_hashes('sha256 = ""'),
    "a short hash": with_hashes('sha256 = "abc"'),
    "capitals, which the engine might take otherwise": with_hashes(f'sha256 = "{SHA.upper()}"'),
    "sha512 alone, which an index need not tell": with_hashes(f'sha512 = "{SHA * 2}"'),
    "user and password": with_url("https://me:secret@index.example/files/alpha-1.0-py3-none-any.whl"),
    "a user": with_url("https://me@index.example/files/alpha-1.0-py3-none-any.whl"),
    "a variable": with_url("https://index.example/${HOME}/alpha-1.0-py3-none-any.whl"),
    "a space": with_url("https://index.example/a b/alpha-1.0-py3-none-any.whl"),
    "a line break": with_url("https://index.example/\\n/alpha-1.0-py3-none-any.whl"),
    "a malformed address": with_url("https://[::1/alpha-1.0-py3-none-any.whl"),
    "another package's file": with_url("https://index.example/files/beta-1.0-py3-none-any.whl"),
    "another version's file": with_url("https://index.example/files/alpha-2.0-py3-none-any.whl"),
    "no wheel's name": with_url("https://index.example/files/alpha.whl"),
    "a secret in the index": locks.package("alpha", index="https://me:secret@index.example/simple"),
    "a variable in the index": locks.package("alpha", index="https://${TOKEN}.example/simple"),
    "a source without a hash": locks.package("alpha", wheels=(), more=sdist("alpha", hashes='md5 = "x"')),
    "an archive without a hash": locks.package(
        "alpha", wheels=(), index=None, more='archive = { url = "https://x.example/a.zip", hashes = { md5 = "x" } }'
    ),
    "a secret in a repository": locks.package(
        "alpha",
        wheels=(),
        index=None,
        more=f'vcs = {{ type = "git", url = "https://me:x@x.example/r", commit-id = "{COMMIT}" }}',
    ),
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_refused(text: str) -> None:
    with pytest.raises(DepError) as caught:
        examined(locks.package("zeta"), text)
    assert caught.value.code in ("unsafe-lock", "bad-lock")
    assert caught.value.hint
    assert "secret" not in str(caught.value)


def test_a_missing_hash_table_is_refused_by_the_reader_or_the_policy() -> None:
    entry = f'{{ url = "{locks.ORIGIN}/files/alpha-1.0-py3-none-any.whl", hashes = {{}} }}'
    for text in (entry, entry.replace(", hashes = {}", "")):
        with pytest.raises(DepError):
            examined(locks.package("alpha", wheels=[text]))


UNUSUAL = {
    "build:alpha": locks.package("alpha", wheels=(), more=sdist("alpha")),
    f"vcs:git+https://x.example/r@{COMMIT}": locks.package(
        "alpha", wheels=(), index=None, more=f'vcs = {{ type = "git", url = "https://x.example/r", commit-id = "{COMMIT}" }}'
    ),
    "path:../here": locks.package("alpha", "", wheels=(), index=None, more='directory = { path = "../here" }'),
    "archive:https://x.example/a.zip": locks.package(
        "alpha",
        wheels=(),
        index=None,
        more=f'archive = {{ url = "https://x.example/a.zip", hashes = {{ sha256 = "{SHA}" }} }}',
    ),
    "path:file:///tmp/a.zip": locks.package(
        "alpha", wheels=(), index=None, more=f'archive = {{ url = "file:///tmp/a.zip", hashes = {{ sha256 = "{SHA}" }} }}'
    ),
    "path:file:///tmp/alpha-1.0-py3-none-any.whl": with_url("file:///tmp/alpha-1.0-py3-none-any.whl"),
    "path:./alpha-1.0-py3-none-any.whl": locks.package(
        "alpha", wheels=[f'{{ path = "./alpha-1.0-py3-none-any.whl", hashes = {{ sha256 = "{SHA}" }} }}']
    ),
}


@pytest.mark.parametrize(("item", "text"), UNUSUAL.items(), ids=UNUSUAL)
def test_unusual_things_are_listed_one_by_one(item: str, text: str) -> None:
    assert examined(locks.package("zeta"), text) == [item]


def test_what_the_user_reads_names_the_thing() -> None:
    for text in UNUSUAL.values():
        (item,) = audit.audit_lock(lockfile.read(locks.document(text), context={}), context={})
        assert item.value in item.words()


DECLARED = {
    "names from the user's index": (block("alpha>=1"), []),
    "an address": (
        block("alpha @ https://x.example/alpha-1.0-py3-none-any.whl"),
        ["archive:https://x.example/alpha-1.0-py3-none-any.whl"],
    ),
    "a repository": (block("alpha @ git+https://x.example/r"), ["vcs:git+https://x.example/r"]),
    "a build": (block("delta", toml='[tool.jupyter-dep]\nbuild = ["Delta"]'), ["build:delta"]),
    "an index": (
        block("alpha", toml='[[tool.uv.index]]\nname = "corp"\nurl = "https://corp.example/simple"'),
        ["index:https://corp.example/simple"],
    ),
    "a source": (
        block("alpha", toml='[tool.uv.sources]\nalpha = { git = "https://x.example/r" }'),
        ["vcs:git+https://x.example/r"],
    ),
    "each of several sources": (
        block(
            "alpha",
            toml='[tool.uv.sources]\nalpha = [{ git = "https://x.example/r", marker = "sys_platform == \'linux\'" },'
            ' { url = "https://x.example/a-1.0-py3-none-any.whl", marker = "sys_platform == \'win32\'" }]',
        ),
        ["archive:https://x.example/a-1.0-py3-none-any.whl", "vcs:git+https://x.example/r"],
    ),
}


@pytest.mark.parametrize(("text", "items"), DECLARED.values(), ids=DECLARED)
def test_what_a_declaration_asks_beyond_names(text: str, items: list[str]) -> None:
    assert [str(item) for item in audit.declared_items(script_block.parse(text))] == items


def test_a_summary_is_the_same_after_being_remembered() -> None:
    data = locks.document(
        UNUSUAL["build:alpha"],
        locks.package("beta", needs=["gone"]),
        ours=locks.table(extra={"cutoff": '"2026-01-01T00:00:00Z"'}),
    )
    summary = digest_lock(lockfile.read(data, context={}), context={})
    assert LockDigest.from_json(summary.as_json()) == summary
    assert summary.missing_dependencies == ("gone",)
    assert [str(item) for item in summary.unusual] == ["build:alpha"]


@pytest.mark.parametrize("raw", [None, [], {}, {"version": 0}, {"version": VERSION, "digest": "x"}])
def test_a_damaged_memory_of_a_summary_is_no_summary(raw: object) -> None:
    assert LockDigest.from_json(raw) is None


@pytest.mark.parametrize(
    ("code", "state"), [("unmerged-lock", "unmerged"), ("unsafe-lock", "invalid"), ("bad-lock", "invalid")]
)
def test_the_state_that_a_bad_lock_is_in(code: str, state: str) -> None:
    assert problem(DepError(code, "x", hint="y")) == state
