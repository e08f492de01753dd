"""Servers, a browser, and notebooks to open in it. A test that fails leaves a picture and the console's log."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright
from support.browser import REQUIRED, Begin, Host, Kind, Tab, chromium, launch, user
from support.index import Index
from support.notebooks import raw_notebook
from support.offers import fill
from support.sandbox import UserSandbox

TABS = pytest.StashKey[list[Tab]]()


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.alone)
            item.add_marker(pytest.mark.timeout(150))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    tabs = item.stash.get(TABS, [])
    if report.failed and call.when == "call" and tabs:
        folder = Path(item.config._tmp_path_factory.getbasetemp()) / "browser"  # type: ignore[attr-defined]
        stem = re.sub(r"[^a-z0-9]+", "-", item.name.lower()).strip("-")
        words = [tab.evidence(folder, f"{stem}-{at}") for at, tab in enumerate(tabs)]
        words += [f"server:\n{tab.host.output()[-2000:]}" for tab in tabs[:1]]
        report.sections.append(("browser", "\n".join(words)))
    return report


@pytest.fixture(scope="session")
def browser_program() -> str:
    found = chromium()
    if found is None:
        if os.environ.get(REQUIRED):
            pytest.fail(f"no Chromium, and {REQUIRED} is set: `apt-get install chromium`", pytrace=False)
        pytest.skip("no Chromium on this machine")
    return found


# one a module: while Playwright is there, its event loop is, and tests of other folders could not run one
@pytest.fixture(scope="module")
def browser(browser_program: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = launch(playwright)
        yield started
        started.close()


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """Shared by the tests of a module: what a page has fetched, the next one has."""
    made = browser.new_context(viewport={"width": 1280, "height": 860})
    yield made
    made.close()


@pytest.fixture(scope="session")
def shop(wheelhouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """The package index of everybody here."""
    folder = tmp_path_factory.mktemp("shop") / "files"
    fill(folder)
    with Index(folder, wheelhouse) as served:
        yield served


@pytest.fixture(scope="session")
def me(shop: Index, tmp_path_factory: pytest.TempPathFactory) -> UserSandbox:
    """The user at whose machine the servers run. Its store is shared: a second start takes no build."""
    return user(tmp_path_factory.mktemp("me") / "home", shop.url)


@pytest.fixture(scope="session")
def hosts(me: UserSandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Kind], Host]]:
    """The servers, each started when it is first asked for."""
    running: dict[Kind, Host] = {}
    with ExitStack() as stack:

        def started(kind: Kind) -> Host:
            if kind not in running:
                running[kind] = stack.enter_context(Host(kind, tmp_path_factory.mktemp(kind) / "work", me))
            return running[kind]

        yield started


@pytest.fixture
def lab(browser_program: str, hosts: Callable[[Kind], Host], shop: Index) -> Iterator[Host]:
    yield from _for_one_test(hosts("lab"), shop)


@pytest.fixture(params=["lab", "notebook"])
def host(request: pytest.FixtureRequest, browser_program: str, hosts: Callable[[Kind], Host], shop: Index) -> Iterator[Host]:
    """JupyterLab, and then Notebook 7."""
    yield from _for_one_test(hosts(request.param), shop)


def _for_one_test(running: Host, shop: Index) -> Iterator[Host]:
    yield running
    shop.heal()
    if running.process.poll() is None:
        running.end_kernels()


@pytest.fixture
def begin(request: pytest.FixtureRequest, context: BrowserContext) -> Iterator[Begin]:
    """`begin(host, sources…)` writes a fresh notebook and opens it; `begin(host, path=…)` opens one that is there."""
    tabs: list[Tab] = []
    request.node.stash[TABS] = tabs
    stem = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower()).strip("-")[:40]

    def opened(host: Host, *sources: str, path: str = "", within: BrowserContext | None = None) -> Tab:
        if not path:
            path = raw_notebook(host.root, sources or ("print('hello')",), name=f"{stem}-{len(tabs)}").name
        tab = Tab(page=(within or context).new_page(), host=host, path=path)
        tabs.append(tab)
        tab.open()
        return tab

    yield opened
    elsewhere = [url for tab in tabs for url in tab.elsewhere]
    struck = [tab.path for tab in tabs if not tab.page.is_closed() and tab.page.evaluate("window.struck")]
    for tab in tabs:
        tab.page.close()
    assert not elsewhere, f"the page asked for something that is not on loopback: {elsewhere}"
    assert not struck, f"markup ran as a script in {struck}"


# pytest-jupyter's, for every test there is: they would close the event loop that Playwright is in
@pytest.fixture(autouse=True)
def jp_asyncio_loop() -> None: ...


@pytest.fixture(autouse=True)
def jp_server_cleanup() -> None: ...
