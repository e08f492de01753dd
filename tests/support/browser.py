"""A real JupyterLab or Notebook 7 with our extension, and the page of it that a test looks at and works in.

`Host` is the server's process, `Tab` one open notebook in a browser. A tab waits for states, never for times.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import sys
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Playwright, expect

from .sandbox import UserSandbox, user_at
from .server import TOKEN, Server
from .user_environment import user_environment

ROOT = Path(__file__).resolve().parents[2]
Kind = Literal["lab", "notebook"]

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = ("--no-sandbox", "--disable-dev-shm-usage", "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1")
"""The last one: not even a name is looked up; what a page asks for elsewhere fails, and is told by `Tab.elsewhere`."""
REQUIRED = "JUPYTER_DEP_REQUIRE_BROWSER"

SETTLED = 20_000
"""Milliseconds that anything of the page may take; what builds an environment has `BUILT`."""
BUILT = 40_000

SETTINGS: Mapping[str, Mapping[str, object]] = {
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/extensionmanager-extension/plugin": {"enabled": False},
    "@jupyterlab/docmanager-extension/plugin": {"autosave": False},
}


def chromium() -> str | None:
    """Where a browser is, Debian's first."""
    return next(
        (found for name in PROGRAMS if (found := shutil.which(name, path=f"/usr/bin:{os.environ.get('PATH', '')}"))), None
    )


def launch(playwright: Playwright) -> Browser:
    return playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))


class Host(Server):
    """`jupyter lab` or `jupyter notebook` over `root`, as `user` starts it, always at the same port."""

    def __init__(self, kind: Kind, root: Path, user: UserSandbox) -> None:
        self.kind, self.user = kind, user
        root.mkdir(parents=True, exist_ok=True)
        super().__init__(root, self._environment(root.parent / f"{root.name}-jupyter"))
        folder = Path(self.env["JUPYTER_CONFIG_DIR"]) / "lab" / "user-settings"
        for name, told in SETTINGS.items():
            file = folder / f"{name}.jupyterlab-settings"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(told))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]

    def _environment(self, own: Path) -> dict[str, str]:
        """What the wheel's data files do for an installed jupyter-dep, done from the tree, whatever is installed."""
        data, config = own / "share" / "jupyter", own / "etc" / "jupyter"
        if not own.exists():
            # a copy: whoever builds the bundle anew while tests run does not change what they look at
            shutil.copytree(ROOT / "labext" / "labextension", data / "labextensions" / "jupyter-dep")
            shutil.copytree(ROOT / "kernels" / "share" / "kernels" / "dep", data / "kernels" / "dep")
            (config / "jupyter_server_config.d").mkdir(parents=True)
            shutil.copy(ROOT / "extension" / "etc" / "jupyter_dep.json", config / "jupyter_server_config.d")
        return user_environment(
            self.user.home,
            self.user.index_url,
            JUPYTER_DEP_HOME=str(self.user.home / "dep"),
            JUPYTER_PATH=str(data),
            JUPYTER_CONFIG_PATH=str(config),
            JUPYTER_CONFIG_DIR=str(own / "config"),
            JUPYTER_RUNTIME_DIR=str(own / "run"),
            TERM="dumb",
        )

    def command(self) -> list[str]:
        module, app = {"lab": ("jupyterlab", "LabApp"), "notebook": ("notebook", "JupyterNotebookApp")}[self.kind]
        return [
            sys.executable, "-P", "-m", module, "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1",
            f"--port={self.port}", "--ServerApp.port_retries=0",
            f"--ServerApp.root_dir={self.root}", f"--IdentityProvider.token={TOKEN}",
            f"--{app}.expose_app_in_browser=True", "--LabApp.news_url=None", "--LabApp.extension_manager=readonly",
            "--LabApp.check_for_updates_class=jupyterlab.handlers.announcements.NeverCheckForUpdate",
            "--MappingKernelManager.shutdown_wait_time=1",
        ]  # fmt: skip

    def output(self) -> str:
        """What the server has said, also after its end."""
        return Path(self.log.name).read_text("utf-8", "replace")

    def address(self, path: str) -> str:
        """Of a notebook, with the token; in Lab in a workspace of its own."""
        where = quote(path)
        place = f"lab/workspaces/{uuid.uuid4().hex[:8]}/tree/{where}" if self.kind == "lab" else f"notebooks/{where}"
        return f"http://127.0.0.1:{self.port}/{place}?token={TOKEN}"

    def end_kernels(self) -> None:
        for session in self.call("GET", "api/sessions"):
            self.call("DELETE", f"api/sessions/{session['id']}")

    def read(self, path: str) -> dict[str, Any]:
        """The notebook in the file."""
        found: dict[str, Any] = json.loads((self.root / path).read_text("utf-8"))
        return found

    def blocks(self, path: str) -> list[str]:
        """The sources of all cells in the file that declare something."""
        sources = ["".join(cell["source"]) for cell in self.read(path)["cells"]]
        return [source for source in sources if "# /// script" in source]


def user(home: Path, index_url: str) -> UserSandbox:
    """Whoever starts the servers and uses the command line beside them."""
    return user_at(home, index_url)


@dataclass
class Tab:
    """One notebook, open in a browser."""

    page: Page
    host: Host
    path: str
    said: list[str] = field(default_factory=list)
    """What the console had to say, and every error that nobody caught."""
    elsewhere: list[str] = field(default_factory=list)
    """Requests to anything but loopback."""

    def open(self) -> None:
        self.page.set_default_timeout(SETTLED)
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.said.append(f"uncaught: {error}"))
        self.page.on("request", lambda request: self._on_request(request.url))
        self.page.on("websocket", lambda opened: self._on_request(opened.url))
        self.page.goto(self.host.address(self.path))
        self.ready()

    def _on_console(self, message: ConsoleMessage) -> None:
        self.said.append(f"{message.type}: {message.text}")

    def _on_request(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob", "about") and parts.hostname != "127.0.0.1":
            self.elsewhere.append(url)

    # the front end

    def ready(self) -> None:
        """The notebook is painted and its project read."""
        self.page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=BUILT)
        self.page.wait_for_selector('.jp-Dep-badge:not([data-status="reading"])', timeout=BUILT)

    def live(self, expression: str, argument: object = None) -> Any:
        """The value of an expression over `nb`, the notebook in front, and `app`; `argument` is `given` in it."""
        return self.page.evaluate(f"given => {{ {_LIVE} return ({expression}); }}", argument)

    def until(self, expression: str, argument: object = None, *, timeout: int = SETTLED) -> None:
        """Wait until such an expression is true."""
        self.page.wait_for_function(f"given => {{ {_LIVE} return ({expression}); }}", arg=argument, timeout=timeout)

    def wait_for_kernel(self, status: str = "idle", *, timeout: int = BUILT) -> None:
        self.until("nb.sessionContext.session?.kernel?.status === given", status, timeout=timeout)

    def wait_for_own_kernel(self) -> None:
        """The real kernel is there, not the one that holds its place."""
        self.wait_for_kernel()
        expect(self.page.locator(".jp-Dep-holding")).to_be_hidden(timeout=BUILT)
        self.until("nb.sessionContext.session?.kernel?.status === 'idle'", timeout=BUILT)

    def sources(self) -> list[str]:
        """Of every cell of the shared model, in order."""
        found: list[str] = self.live("nb.context.model.sharedModel.cells.map(cell => cell.getSource())")
        return found

    def blocks(self) -> list[str]:
        return [source for source in self.sources() if "# /// script" in source]

    @property
    def dirty(self) -> bool:
        return bool(self.live("nb.context.model.dirty"))

    def save(self) -> None:
        self.live("nb.context.save().then(() => true)")

    def run(self, source: str) -> int:
        """Put `source` into a new last cell and run it by keyboard; returns the cell's place."""
        at = self.begin_run(source)
        self.until("nb.content.widgets[given].model.executionState === 'idle'", at, timeout=BUILT)
        return at

    def begin_run(self, source: str) -> int:
        """The same without waiting for its end."""
        at = int(self.live("nb.content.widgets.length"))
        self.live(_APPEND, source)
        self.page.keyboard.press("Control+Enter")
        return at

    def output(self, at: int) -> Locator:
        return self.page.locator(".jp-Notebook .jp-Cell").nth(at).locator(".jp-OutputArea")

    def run_expecting(self, source: str, text: str) -> None:
        self.shows(self.begin_run(source), text)

    def shows(self, at: int, text: str) -> None:
        """Wait until a cell's outputs hold this; from the model, for what is not in view is not painted."""
        outputs = "JSON.stringify(nb.content.widgets[given[0]]?.model.outputs.toJSON() ?? '')"
        self.until(f"{outputs}.includes(given[1])", [at, text], timeout=BUILT)

    # ours

    @property
    def badge(self) -> Locator:
        return self.page.locator(".jp-Dep-badge")

    @property
    def panel(self) -> Locator:
        return self.page.locator(".jp-Dep-panel")

    @property
    def search(self) -> Locator:
        return self.panel.get_by_role("combobox", name="Search for a package")

    @property
    def hits(self) -> Locator:
        """What the search box has found."""
        return self.panel.locator(".jp-Dep-hit")

    @property
    def dialog(self) -> Locator:
        return self.page.locator(".jp-Dialog:visible")

    def row(self, name: str) -> Locator:
        """A declared package in the panel."""
        return self.panel.locator('section[aria-labelledby="jp-Dep-declared"] .jp-Dep-row').filter(
            has=self.page.locator(".jp-Dep-name").get_by_text(name, exact=True)
        )

    def stands(self, *names: str, timeout: int = BUILT) -> str:
        """Wait until the badge says one of these; returns which."""
        selector = ", ".join(f'.jp-Dep-badge[data-status="{name}"]' for name in names)
        found = self.page.wait_for_selector(selector, timeout=timeout)
        assert found is not None
        return str(found.get_attribute("data-status"))

    def open_panel(self) -> None:
        """As with the mouse: the badge, then the first entry of its menu."""
        self.badge.click()
        self.page.get_by_role("menuitem", name="Show Packages").click()
        expect(self.search).to_be_visible()

    def add(self, requirement: str) -> None:
        """Type into the panel's box and press Enter, once the list has come."""
        self.search.fill(requirement)
        expect(self.hits.first).to_be_visible()
        self.search.press("Enter")

    @property
    def notices(self) -> Locator:
        """All notifications that are shown."""
        return self.page.locator(".Toastify__toast")

    def evidence(self, folder: Path, name: str) -> str:
        """What a failure leaves to be looked at; returns it in words."""
        folder.mkdir(parents=True, exist_ok=True)
        shot = folder / f"{name}.png"
        try:
            self.page.screenshot(path=shot)
        except Exception as error:  # a page that is gone has no picture
            shot.with_suffix(".txt").write_text(str(error))
        log = folder / f"{name}.log"
        log.write_text("\n".join(self.said) + "\n", "utf-8")
        tail = "\n".join(line[:400] for line in self.said[-25:])
        return f"{self.path}: {shot}, {log}\n{tail}"


Begin = Callable[..., Tab]
"""The fixture `begin`: a host and sources, or a host and the `path` of a notebook that is there."""

_LIVE = "const app = window.jupyterapp; const nb = app.shell.currentWidget;"

_APPEND = """(() => {
  const shared = nb.context.model.sharedModel;
  shared.insertCell(shared.cells.length, { cell_type: 'code', source: given, metadata: { trusted: true } });
  nb.content.activeCellIndex = shared.cells.length - 1;
  nb.content.mode = 'command';
  nb.content.deselectAll();
  nb.content.activate();
  // as by mouse: a panel that has just been opened lets go of the focus
  nb.content.node.dispatchEvent(new PointerEvent('pointerdown', { bubbles: true }));
  nb.content.node.focus();
})()"""


def wait_until(true: Callable[[], bool], tab: Tab, *, seconds: float = 20) -> None:
    """For what is not in the page: files and answers of the server. The page goes on meanwhile."""
    for _ in range(int(seconds * 20)):
        if true():
            return
        tab.page.wait_for_timeout(50)
    raise AssertionError("it did not become true")
