"""A notebook and a lock that somebody else wrote."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect
from support.browser import BUILT, Begin, Host, Tab
from support.index import Index
from support.notebooks import notebook, sent
from support.sandbox import user_at
from support.wheels import build_wheel

TITLE = "Allow this notebook to install packages?"


@pytest.fixture
def stranger(shop: Index, wheelhouse: Path, tmp_path: Path) -> Iterator[Index]:
    """An index that this user has not configured."""
    with Index(tmp_path / "strange", shop.folder, wheelhouse) as served:
        served.folder.mkdir()
        yield served


def gift(host: Host, tmp_path: Path, index: Index, *packages: str) -> str:
    """A locked notebook of another person in the server's folder; returns its path."""
    ann = user_at(tmp_path / "ann", index.url)
    written = notebook(tmp_path / "hers", *packages, name=f"gift-{tmp_path.name}")
    ann.lock(written)
    return sent(written, host.root).name


def question(tab: Tab) -> None:
    expect(tab.dialog).to_contain_text(TITLE)


def test_cells_that_wait_run_after_refused_and_given_later(host: Host, begin: Begin, shop: Index, tmp_path: Path) -> None:
    name = f"gift-of-{host.kind}"
    build_wheel(shop.folder, name, "1.0")
    path = gift(host, tmp_path, shop, name)
    shop.clear()
    tab = begin(host, path=path)
    question(tab)
    expect(tab.dialog.get_by_role("button", name="Open without installing")).to_be_focused()
    tab.page.keyboard.press("Enter")
    expect(tab.dialog).to_have_count(0)
    tab.stands("consent")
    assert shop.asked() == [], "nothing is fetched without a yes"
    tab.live("app.commands.execute('notebook:run-all-cells').catch(() => null) && true")
    expect(tab.page.locator(".jp-Stdin")).to_be_visible()
    expect(tab.page.locator(".jp-Dep-holding")).to_contain_text("2 cells wait")

    tab.page.locator(".jp-Dep-holding").get_by_role("button", name="Review and decide…").click()
    question(tab)
    tab.dialog.get_by_role("button", name="Allow").click()
    tab.stands("sync")
    tab.shows(1, "hello")
    expect(tab.page.locator(".jp-Stdin")).to_have_count(0)
    tab.wait_for_own_kernel()
    tab.run_expecting(f"import {name.replace('-', '_')} as it; print('it is', it.__version__)", "it is 1.0")


def test_a_host_that_the_index_does_not_vouch_for_is_ticked_apart(
    host: Host, begin: Begin, stranger: Index, tmp_path: Path
) -> None:
    name = f"private-{host.kind}"
    build_wheel(stranger.folder, name, "1.0")
    path = gift(host, tmp_path, stranger, name)
    stranger.clear()
    tab = begin(host, path=path)
    question(tab)
    # that the user's own index does not know the file is found out when it may be asked, which is after the first yes
    tab.dialog.get_by_role("button", name="Allow").click()
    allow, box = tab.dialog.get_by_role("button", name="Allow"), tab.dialog.get_by_role("checkbox")
    expect(box).to_have_count(1, timeout=BUILT)
    expect(box).not_to_be_checked()
    expect(allow).to_be_disabled()
    assert stranger.asked() == []
    box.check()
    expect(allow).to_be_enabled()
    allow.click()
    tab.stands("sync")
    tab.wait_for_own_kernel()
    tab.run_expecting(f"import {name.replace('-', '_')} as it; print('it is', it.__version__)", "it is 1.0")


def test_escape_is_no_and_is_remembered_over_a_reload(lab: Host, begin: Begin, shop: Index, tmp_path: Path) -> None:
    build_wheel(shop.folder, "unwanted", "1.0")
    tab = begin(lab, path=gift(lab, tmp_path, shop, "unwanted"))
    question(tab)
    expect(tab.dialog.get_by_role("button", name="Open without installing")).to_be_focused()
    tab.page.keyboard.press("Escape")
    expect(tab.dialog).to_have_count(0)
    tab.page.reload()
    tab.ready()
    tab.stands("consent")
    tab.open_panel()
    expect(tab.dialog).to_have_count(0)
    banner = tab.panel.locator('[data-banner="consent"]')
    expect(banner).to_contain_text("You have not allowed this lock.")
    banner.get_by_role("button", name="Review and decide…").click()
    question(tab)
    expect(tab.dialog).to_contain_text("Fingerprint", timeout=BUILT)
