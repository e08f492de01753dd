"""The environment key and the consent fingerprint: what they depend on, and what not."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace

import pytest
from support import locks

from jupyter_dep.model.lock import lockfile
from jupyter_dep.model.lock.keys import environment_key, fingerprint
from jupyter_dep.model.lock.select import Artifact

COMMIT = "1" * 40
VCS = f'vcs = {{ type = "git", url = "https://x.example/r", commit-id = "{COMMIT}" }}'
ARCHIVE = f'archive = {{ url = "https://x.example/a.zip", hashes = {{ sha256 = "{locks.sha256("a")}" }} }}'


def text(*packages: str, ours: str | None = None) -> str:
    return locks.document(*packages, ours=ours).decode()


BASE = text(
    locks.package("alpha", wheels=[locks.wheel("alpha", tag=tag) for tag in ("py3-none-win_amd64", "py3-none-any")]),
    locks.package("beta", more="marker = \"sys_platform == 'linux'\""),
    locks.package("delta", wheels=(), index=None, more=VCS),
    locks.package("eta", "", wheels=(), index=None, more='directory = { path = "./here" }'),
    locks.package("zeta", wheels=(), index=None, more=ARCHIVE),
    ours=locks.table(declared=["alpha"]),
)


def of(data: str) -> str:
    return fingerprint(lockfile.read(data.encode(), context={}))


def swapped(data: str) -> str:
    head, *packages = data.partition("[tool.jupyter-dep]")[0].split("[[packages]]\n")
    tail = data[data.index("[tool.jupyter-dep]") :]
    return "[[packages]]\n".join([head, *reversed(packages)]) + tail


def reordered_wheels(data: str) -> str:
    first, second = (locks.wheel("alpha", tag=tag) for tag in ("py3-none-win_amd64", "py3-none-any"))
    return data.replace(f"    {first},\n    {second},", f"    {second},\n    {first},")


SAME: dict[str, Callable[[str], str]] = {
    "comments": lambda data: "# a note\n" + data.replace("[[packages]]", "# here\n[[packages]]"),
    "order of packages": swapped,
    "order of wheels": reordered_wheels,
    "name of the notebook": lambda data: data.replace("n.ipynb", "other.ipynb"),
    "line ends": lambda data: data.replace("\n", "\r\n"),
    "sizes, which the hash covers": lambda data: data.replace("size = 10", "size = 11"),
    "the path of an address": lambda data: data.replace("/files/", "/elsewhere/"),
    "who made it": lambda data: data.replace('created-by = "tests"', 'created-by = "someone"'),
}
OTHER: dict[str, Callable[[str], str]] = {
    "a hash": lambda data: data.replace(locks.sha256("beta-1.0-py3-none-any.whl"), locks.sha256("x")),
    "a hash of another platform's file": lambda data: data.replace(
        locks.sha256("alpha-1.0-py3-none-win_amd64.whl"), locks.sha256("x")
    ),
    "a file less": lambda data: data.replace(f"    {locks.wheel('alpha', tag='py3-none-win_amd64')},\n", ""),
    "a file's name": lambda data: data.replace("beta-1.0-py3-none-any.whl", "beta-1.0-py2-none-any.whl"),
    "a version": lambda data: data.replace('name = "eta"', 'name = "eta"\nversion = "1"'),
    "a package more": lambda data: data.replace("[tool.jupyter-dep]\n", locks.package("theta") + "\n[tool.jupyter-dep]\n"),
    "a host": lambda data: data.replace("https://index.example/files/beta", "https://evil.example/files/beta"),
    "a port": lambda data: data.replace("https://index.example/files/beta", "https://index.example:8443/files/beta"),
    "an index": lambda data: data.replace("https://index.example/simple", "https://evil.example/simple", 1),
    "a marker": lambda data: data.replace("'linux'", "'win32'"),
    "a commit": lambda data: data.replace(COMMIT, "2" * 40),
    "a repository": lambda data: data.replace("x.example/r", "x.example/s"),
    "a path": lambda data: data.replace("./here", "./there"),
    "an archive": lambda data: data.replace("a.zip", "b.zip"),
    "the Python": lambda data: data.replace('python = "3.11"\nkernel', 'python = "3.12"\nkernel'),
}


@pytest.mark.parametrize("change", SAME.values(), ids=SAME)
def test_the_fingerprint_does_not_depend_on(change: Callable[[str], str]) -> None:
    assert change(BASE) != BASE
    assert of(change(BASE)) == of(BASE)


@pytest.mark.parametrize("change", OTHER.values(), ids=OTHER)
def test_the_fingerprint_depends_on(change: Callable[[str], str]) -> None:
    assert change(BASE) != BASE
    assert of(change(BASE)) != of(BASE)


def test_the_order_of_an_archives_hashes_does_not_count() -> None:
    sha, md5 = f'sha256 = "{locks.sha256("a")}"', 'md5 = "d41d8cd98f00b204e9800998ecf8427e"'
    one, other = (BASE.replace(sha, ", ".join(pair)) for pair in ((sha, md5), (md5, sha)))
    assert one != other
    assert of(one) == of(other)


def test_every_change_gives_a_fingerprint_of_its_own() -> None:
    assert len({of(change(BASE)) for change in OTHER.values()}) == len(OTHER)


def artifact(name: str, **changes: object) -> Artifact:
    made = Artifact(
        name=name,
        version="1.0",
        kind="wheel",
        filename=f"{name}-1.0-py3-none-any.whl",
        url=f"https://index.example/{name}",
        sha256=locks.sha256(name),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


PAIR = [artifact("alpha"), artifact("beta")]
PYTHON = "CPython 3.11.7 cp311 /opt/python3.11"


def test_the_key_is_the_same_for_every_order_address_and_index() -> None:
    keys = {environment_key(order, PYTHON) for order in itertools.permutations(PAIR)}
    keys.add(environment_key([replace(item, url="https://mirror.example/x", index="i", size=3) for item in PAIR], PYTHON))
    assert len(keys) == 1
    assert len(keys.pop()) == 40


@pytest.mark.parametrize(
    "changes",
    [{"sha256": locks.sha256("x")}, {"version": "1.1"}, {"kind": "sdist"}, {"name": "gamma"}],
    ids=lambda item: str(*item),
)
def test_the_key_depends_on_what_is_installed(changes: dict[str, object]) -> None:
    assert environment_key([PAIR[0], replace(PAIR[1], **changes)], PYTHON) != environment_key(PAIR, PYTHON)


def test_the_key_of_a_source_without_hash_depends_on_its_address() -> None:
    one, other = (artifact("alpha", kind="vcs", sha256="", url=f"git+https://x.example/r@{commit}") for commit in "12")
    assert environment_key([one], PYTHON) != environment_key([other], PYTHON)


@pytest.mark.parametrize(
    "python",
    ["CPython 3.11.8 cp311 /opt/python3.11", "CPython 3.11.7 cp311d /opt/python3.11", "CPython 3.11.7 cp311 /usr/python3.11"],
)
def test_the_key_depends_on_the_interpreter(python: str) -> None:
    assert environment_key(PAIR, python) != environment_key(PAIR, PYTHON)


def test_an_empty_environment_has_a_key_too() -> None:
    assert environment_key([], PYTHON) != environment_key(PAIR, PYTHON)
