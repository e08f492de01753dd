"""Fixtures that the tests of every package may use: package indexes on loopback, and a home of their own."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support.index import Index
from support.user_environment import foreign_variables, home_variables
from support.wheels import build_sdist, build_wheel, repack_closure

from jupyter_dep.base.errors import DepError
from tools.error_registry import registry

if TYPE_CHECKING:
    from jupyter_dep.base.error_codes import ErrorCode

# a shell starts what runs in its background with Ctrl-C ignored, and the tests of interrupts need it
signal.signal(signal.SIGINT, signal.default_int_handler)


pytest_plugins = ["pytest_jupyter.jupyter_server", "support.rest"]


@pytest.fixture(autouse=True, scope="session")
def errors_are_of_their_registered_kind() -> Iterator[None]:
    """Whatever any test makes the product raise has the exit code that the registry documents for its code."""
    original, wrong = DepError.__init__, []

    def checked(self: DepError, code: ErrorCode, *arguments: Any, **named: Any) -> None:
        original(self, code, *arguments, **named)
        info = registry().get(code)
        if info is not None and self.exit_code not in info.exits:
            wrong.append((code, type(self).__name__))

    DepError.__init__ = checked  # type: ignore[method-assign]
    yield
    DepError.__init__ = original  # type: ignore[method-assign]
    assert not wrong


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    """An empty index; what is put into `index.folder` is served."""
    with Index(tmp_path / "index") as served:
        served.folder.mkdir()
        yield served


@pytest.fixture
def mirror(index: Index) -> Iterator[Index]:
    """The files of `index` at another origin."""
    with Index(*index.folders) as served:
        yield served


@pytest.fixture(scope="session")
def wheelhouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the real ipykernel, ipywidgets and all they need, as wheels for the running interpreter."""
    folder = tmp_path_factory.mktemp("wheelhouse")
    repack_closure(["ipykernel", "ipywidgets"], folder)
    return folder


@pytest.fixture
def kernel_index(wheelhouse: Path, tmp_path: Path) -> Iterator[Index]:
    """An index with the real kernel packages and whatever is put into `kernel_index.folder`."""
    with Index(tmp_path / "kernel-index", wheelhouse) as served:
        served.folder.mkdir()
        yield served


@pytest.fixture(scope="session")
def toys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with fake kernel packages and toys: see the code for who needs whom."""
    folder = tmp_path_factory.mktemp("toys")
    build_wheel(folder, "ipykernel", "7.1.0")
    build_wheel(folder, "ipywidgets", "8.1.0")
    build_wheel(folder, "alpha", "1.0")
    build_wheel(folder, "alpha", "1.1")
    build_wheel(folder, "alpha", "2.0", requires=["beta>=2"])
    build_wheel(folder, "beta", "1.0")
    build_wheel(folder, "beta", "2.0")
    build_wheel(folder, "gamma", "1.0", requires=["alpha<2"])
    build_sdist(folder, "delta", "1.0")
    build_wheel(folder, "epsilon", "1.0", tag="py3-none-win_amd64")
    build_wheel(folder, "epsilon", "1.0", tag="py3-none-manylinux_2_17_x86_64")
    return folder


@pytest.fixture
def toy_index(toys: Path, tmp_path: Path) -> Iterator[Index]:
    """An index with the toys, for resolutions that take no time, and whatever is put into `toy_index.folder`."""
    with Index(tmp_path / "toy-index", toys) as served:
        served.folder.mkdir()
        yield served


@pytest.fixture
def user_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh user: an empty home that every per-user folder lies in, and none of this user's tool settings."""
    home = tmp_path / "home"
    home.mkdir()
    for name in foreign_variables():
        monkeypatch.delenv(name)
    for name, folder in home_variables(home).items():
        monkeypatch.setenv(name, folder)
    return home
