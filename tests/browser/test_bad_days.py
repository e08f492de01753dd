"""What a person sees when something around the page goes wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Route, expect
from support.browser import BUILT, Begin, Host, Tab, wait_until
from support.index import Index
from support.notebooks import notebook
from support.sandbox import UserSandbox
from support.wheels import build_wheel


def ready(host: Host, begin: Begin, **more: str) -> Tab:
    tab = begin(host, **more)
    tab.wait_for_own_kernel()
    return tab


def test_a_renamed_notebook_keeps_its_packages(host: Host, begin: Begin) -> None:
    tab = ready(host, begin)
    tab.open_panel()
    tab.add("tabulate")
    expect(tab.row("tabulate")).to_be_visible(timeout=BUILT)
    tab.stands("sync")
    new = f"renamed-{host.kind}.ipynb"
    tab.live("nb.context.rename(given).then(() => true)", new)
    expect(tab.panel.locator(".jp-Dep-title")).to_contain_text("renamed")
    expect(tab.row("tabulate")).to_be_visible()
    tab.stands("sync")
    expect(tab.dialog).to_have_count(0)
    tab.add("tqdm")
    expect(tab.row("tqdm")).to_be_visible(timeout=BUILT)
    tab.stands("sync")
    assert '"tqdm"' in host.blocks(new)[0]
    assert (host.root / f"pylock.renamed-{host.kind}.toml").exists()
    tab.run_expecting("import tabulate, tqdm; print('both are', 'here')", "both are here")


def test_two_tabs_of_one_notebook_agree(host: Host, begin: Begin) -> None:
    one = ready(host, begin)
    other = begin(host, path=one.path)
    other.wait_for_own_kernel()
    other.open_panel()
    one.page.bring_to_front()
    one.open_panel()
    one.add("tabulate")
    for tab in (one, other):
        expect(tab.row("tabulate")).to_be_visible(timeout=BUILT)
        tab.stands("sync")
        wait_until(lambda tab=tab: len(tab.blocks()) == 1, tab)  # type: ignore[misc]
    assert one.blocks() == other.blocks() == host.blocks(one.path)
    other.page.bring_to_front()
    other.run("%dep add tqdm")
    for tab in (one, other):
        wait_until(lambda tab=tab: len(tab.blocks()) == 1 and "tqdm" in tab.blocks()[0], tab)  # type: ignore[misc]
        expect(tab.row("tqdm")).to_be_visible(timeout=BUILT)
        tab.stands("sync")
        expect(tab.dialog).to_have_count(0)
    wait_until(lambda: host.blocks(one.path) == one.blocks(), one)
    assert one.blocks() == other.blocks()


@pytest.fixture
def own_lab(browser_program: str, me: UserSandbox, tmp_path: Path) -> Iterator[Host]:
    """A server that a test may stop."""
    with Host("lab", tmp_path / "own" / "work", me) as running:
        yield running


def test_a_server_that_is_restarted_under_the_page(own_lab: Host, begin: Begin) -> None:
    tab = ready(own_lab, begin)
    tab.run("%dep add tabulate")
    tab.stands("sync")
    tab.open_panel()
    own_lab.__exit__(None, None, None)
    tab.stands("offline")
    expect(tab.panel.locator('[data-banner="lost"]')).to_contain_text("Server not responding.")
    own_lab.__enter__()
    tab.stands("sync")
    expect(tab.panel.locator('[data-banner="lost"]')).to_have_count(0)
    while tab.dialog.count():
        tab.page.keyboard.press("Escape")
        tab.page.wait_for_timeout(200)
    tab.add("tqdm")
    expect(tab.row("tqdm")).to_be_visible(timeout=BUILT)
    wait_until(lambda: "tqdm" in "".join(own_lab.blocks(tab.path)), tab)


def test_a_notebook_that_is_deleted_during_a_job(lab: Host, begin: Begin, shop: Index) -> None:
    build_wheel(shop.folder, "slow-to-come", "1.0")
    shop.delay("/files/slow_to_come-*", 2)
    tab = ready(lab, begin)
    tab.open_panel()
    tab.search.fill("pip install slow-to-come")
    tab.search.press("Enter")
    tab.stands("building")
    (lab.root / tab.path).unlink()
    expect(tab.notices.filter(has_text="its file no longer exists. Save it to write it again.")).to_be_visible(timeout=BUILT)
    tab.stands("failed")
    assert not (lab.root / tab.path).exists(), "a file that somebody deleted does not come back by itself"
    assert len(tab.blocks()) == 1, "what was added is not lost"
    tab.save()
    tab.stands("sync")
    assert len(lab.blocks(tab.path)) == 1


def patched(tab_or_context: BrowserContext, pattern: str, change: Callable[[dict], object]) -> None:
    """Answers of the server, changed on their way."""

    def handle(route: Route) -> None:
        answer = route.fetch()
        body = json.loads(answer.text())
        change(body)
        route.fulfill(response=answer, json=body)

    tab_or_context.route(re.compile(pattern), handle)


@pytest.fixture
def own_context(browser) -> Iterator[BrowserContext]:
    """For what changes what the server says."""
    made = browser.new_context(viewport={"width": 1280, "height": 860})
    yield made
    made.close()


def test_a_read_only_notebook_offers_no_change(lab: Host, begin: Begin, own_context: BrowserContext, me: UserSandbox) -> None:
    path = notebook(lab.root, "tabulate", name="read-only").name
    me.lock(lab.root / path)
    patched(own_context, r"/api/contents/read-only\.ipynb\?", lambda body: body.update(writable=False))
    patched(own_context, r"/jupyter-dep/projects\?path=read-only", lambda body: body.update(writable=False))
    tab = begin(lab, path=path, within=own_context)
    tab.wait_for_own_kernel()
    tab.open_panel()
    expect(tab.panel).to_contain_text("The notebook is read-only.")
    expect(tab.row("tabulate").get_by_role("button", name="Remove tabulate")).to_have_attribute("aria-disabled", "true")
    tab.add("tqdm")
    expect(tab.panel.get_by_role("search")).to_contain_text("The notebook is read-only.")
    assert lab.call("GET", f"jupyter-dep/jobs?path={path}")["jobs"] == []


def test_without_the_stream_of_events_a_job_is_followed_all_the_same(
    lab: Host, begin: Begin, own_context: BrowserContext
) -> None:
    own_context.route_web_socket(re.compile("/api/events/subscribe"), lambda socket: socket.close())
    tab = begin(lab, within=own_context)
    tab.wait_for_own_kernel()
    tab.open_panel()
    tab.add("tabulate")
    expect(tab.row("tabulate")).to_be_visible(timeout=BUILT)
    tab.stands("sync")
    assert len(tab.blocks()) == 1


@pytest.mark.counts("network", "a silent index, on the page")
def test_a_silent_index_is_told_and_what_was_typed_is_kept(lab: Host, begin: Begin, shop: Index) -> None:
    tab = ready(lab, begin)
    tab.open_panel()
    shop.fail("*", 404)
    tab.add("altair")
    tab.stands("failed")
    expect(tab.search).to_have_value("altair")
    assert tab.blocks() == []
    shop.heal()
    build_wheel(shop.folder, "altair", "5.0")
    tab.search.press("Enter")
    expect(tab.row("altair")).to_be_visible(timeout=BUILT)
    tab.stands("sync")
