"""The running kernels as the browser is told of them, and that the extension is there without anybody's doing."""

from __future__ import annotations

import json
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from extension.test_rest_events import heard, subscribe
from support.rest import Asker, GatedEngine, somebody_elses
from support.sandbox import UserSandbox

from jupyter_dep_kernels.start.provisioner import DepProvisioner
from jupyter_dep_server.state.kernels import Kernels
from jupyter_dep_server.state.live_kernel import LiveKernel
from jupyter_dep_server.state.paths import Root
from jupyter_dep_server.views import views

ROOT = Path(__file__).parents[2]


@pytest.fixture
def kernelspec(jp_data_dir: Path, rest_sandbox: UserSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel `dep`, in a server whose user has this sandbox's home."""
    folder = jp_data_dir / "kernels" / "dep"
    folder.mkdir(parents=True)
    spec = json.loads((ROOT / "kernels" / "share" / "kernels" / "dep" / "kernel.json").read_text())
    spec["argv"][0] = sys.executable
    (folder / "kernel.json").write_text(json.dumps(spec))
    for name, text in rest_sandbox.environ().items():
        if name.startswith(("JUPYTER_DEP", "UV_")):
            monkeypatch.setenv(name, text)


@pytest.mark.kernel
@pytest.mark.usefixtures("kernelspec")
async def test_a_kernel_that_may_not_start_is_seen_from_its_start_to_its_end(
    rest: Asker, rest_sandbox: UserSandbox, engine: GatedEngine
) -> None:
    somebody_elses(rest_sandbox, engine)
    socket = await subscribe(rest)
    body = {"path": "theirs.ipynb", "name": "theirs.ipynb", "type": "notebook", "kernel": {"name": "dep"}}
    session = (await rest.ask("POST", "/api/sessions", body=body)).body
    assert [event["path"] for event in await heard(socket, "kernel")] == ["theirs.ipynb"]
    (kernel,) = (await rest.get("kernels"))["kernels"]
    assert kernel["id"] == session["kernel"]["id"]
    assert kernel["path"] == "theirs.ipynb"
    assert (kernel["holding"], kernel["starter"], kernel["key"], kernel["moved_on"]) == (True, False, None, False)
    assert (await rest.get("projects", path="theirs.ipynb"))["kernels"] == [kernel]
    assert (await rest.ask("DELETE", f"/api/sessions/{session['id']}")).status == 204
    assert [event["path"] for event in await heard(socket, "kernel")] == ["theirs.ipynb"]
    assert (await rest.get("kernels"))["kernels"] == []
    socket.close()


def provisioner(notebook: Path, key: str, *, holding: bool = False) -> DepProvisioner:
    found = DepProvisioner()
    found.notebook, found.placeholder, found.key = notebook, holding, key
    return found


def managers(kernels: dict[str, object], sessions: list[dict[str, Any]]) -> tuple[Any, Any]:
    async def listed() -> list[dict[str, Any]]:
        return sessions

    kernel_manager = SimpleNamespace(
        list_kernel_ids=lambda: list(kernels), get_kernel=lambda identity: SimpleNamespace(provisioner=kernels[identity])
    )
    return kernel_manager, SimpleNamespace(list_sessions=listed)


async def test_only_our_kernels_are_told_and_their_path_is_the_sessions(tmp_path: Path) -> None:
    kernels, sessions = managers(
        {"a": provisioner(tmp_path / "old.ipynb", "1" * 40), "b": object(), "c": provisioner(tmp_path / "c.ipynb", "2" * 40)},
        [{"path": "renamed.ipynb", "kernel": {"id": "a"}}, {"path": "x", "kernel": None}],
    )
    found = await Kernels(kernels, sessions, Root(folder=tmp_path)).running()
    assert [(one.id, one.path, one.key) for one in found] == [("a", "renamed.ipynb", "1" * 40), ("c", "c.ipynb", "2" * 40)]


async def test_a_kernel_has_moved_on_where_the_project_has_another_environment(rest: Asker, rest_sandbox: UserSandbox) -> None:
    rest_sandbox.notebook(name="n")
    key = (await rest.do("add", "n.ipynb", names=["alpha"]))["outcome"]["data"]["environment"]["key"]
    services = rest_sandbox.services()
    running = LiveKernel(id="a", path="n.ipynb", holding=True, starter=False, key=key)
    told = views.running(running, key, services)
    assert (told.holding, told.moved_on) == (False, False), "what it waited for is there: it has become the real one"
    waiting = views.running(LiveKernel(id="a", path="n.ipynb", holding=True, starter=False, key="0" * 40), key, services)
    assert (waiting.holding, waiting.moved_on) == (True, True)


def test_the_extension_enables_itself_where_the_wheel_is_installed() -> None:
    shared = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-data"]
    (source,) = [source for source, target in shared.items() if "jupyter_server_config.d/" in target]
    enabled = json.loads((ROOT / source).read_text())
    assert enabled == {"ServerApp": {"jpserver_extensions": {"jupyter_dep_server": True}}}
