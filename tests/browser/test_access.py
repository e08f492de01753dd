"""Without the mouse, and for those who do not see the page."""

from __future__ import annotations

from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from support.browser import BUILT, Begin, Host, Tab, wait_until
from support.index import Index
from support.notebooks import notebook, sent
from support.sandbox import UserSandbox, user_at
from support.wheels import build_wheel

GRAVE = {"serious", "critical"}


def assert_accessible(tab: Tab, selector: str) -> None:
    """axe-core finds nothing serious or critical within what `selector` finds."""
    found = Axe().run(tab.page, context=selector).response
    assert found["passes"], "nothing was looked at"
    faults = [
        f"{fault['id']} ({fault['impact']}): {node['target']} {node['failureSummary']}"
        for fault in found["violations"]
        if fault["impact"] in GRAVE
        for node in fault["nodes"]
    ]
    assert not faults, "\n".join(faults)


def test_from_the_palette_to_an_added_and_removed_package(host: Host, begin: Begin) -> None:
    tab = begin(host)
    tab.wait_for_own_kernel()
    keys = tab.page.keyboard
    keys.press("Control+Shift+C")
    keys.type("Show Packages of This")
    expect(tab.page.locator(".lm-CommandPalette-item.lm-mod-active")).to_contain_text("Show Packages of This Notebook")
    keys.press("Enter")
    expect(tab.search).to_be_focused()
    keys.type("tabulate")
    expect(tab.hits.first).to_be_visible()
    keys.press("ArrowDown")
    keys.press("Enter")
    expect(tab.row("tabulate")).to_be_visible(timeout=BUILT)
    tab.stands("sync")
    expect(tab.search).to_be_focused()
    for _ in range(12):
        keys.press("Tab")
        if tab.row("tabulate").evaluate("row => row === document.activeElement"):
            break
    expect(tab.row("tabulate")).to_be_focused()
    keys.press("Delete")
    expect(tab.row("tabulate")).to_have_count(0, timeout=BUILT)
    wait_until(lambda: "tabulate" not in "".join(tab.blocks()), tab)


def test_the_badge_opens_its_menu_by_key_and_gets_the_focus_back(host: Host, begin: Begin) -> None:
    tab = begin(host)
    tab.wait_for_own_kernel()
    tab.badge.focus()
    tab.page.keyboard.press("Enter")
    menu = tab.page.get_by_role("menuitem", name="Show Packages")
    expect(menu).to_be_visible()
    tab.page.keyboard.press("Escape")
    expect(menu).to_have_count(0)
    expect(tab.badge).to_be_focused()


def test_badge_menu_and_panel_have_no_grave_fault(host: Host, begin: Begin, me: UserSandbox) -> None:
    path = notebook(host.root, "tabulate", "humanize", name=f"axe-{host.kind}").name
    me.lock(host.root / path)
    tab = begin(host, path=path)
    tab.wait_for_own_kernel()
    tab.badge.click()
    expect(tab.page.locator(".jp-Dep-menu")).to_be_visible()
    assert_accessible(tab, ".jp-Dep-badge")
    assert_accessible(tab, ".jp-Dep-menu")
    tab.page.keyboard.press("Enter")
    expect(tab.row("humanize")).to_be_visible()
    tab.panel.get_by_text("Dependencies of these").click()
    assert_accessible(tab, ".jp-Dep-panel")
    tab.search.fill("tab")
    expect(tab.hits.first).to_be_visible()
    assert_accessible(tab, ".jp-Dep-panel")
    tab.search.fill("tabulatr")
    tab.search.press("Enter")
    expect(tab.panel.get_by_role("region", name="About tabulatr")).to_contain_text("newest")
    assert_accessible(tab, ".jp-Dep-panel")


def test_consent_dialog_and_waiting_kernel_have_no_grave_fault(lab: Host, begin: Begin, shop: Index, tmp_path: Path) -> None:
    build_wheel(shop.folder, "axe-gift", "1.0")
    ann = user_at(tmp_path / "ann", shop.url)
    written = notebook(tmp_path / "hers", "axe-gift", name="axe-gift")
    ann.lock(written)
    tab = begin(lab, path=sent(written, lab.root).name)
    expect(tab.dialog).to_contain_text("All packages")
    tab.dialog.get_by_text("All packages", exact=True).click()
    expect(tab.dialog.get_by_role("table")).to_be_visible()
    assert_accessible(tab, ".jp-Dialog")
    tab.page.keyboard.press("Escape")
    expect(tab.page.locator(".jp-Dep-holding")).to_be_visible()
    assert_accessible(tab, ".jp-Dep-holding")


def test_the_dark_theme_has_the_contrasts_too(lab: Host, begin: Begin, me: UserSandbox) -> None:
    path = notebook(lab.root, "tabulate", "humanize", name="axe-dark").name
    me.lock(lab.root / path)
    tab = begin(lab, path=path)
    tab.wait_for_own_kernel()
    tab.live("app.commands.execute('apputils:change-theme', { theme: 'JupyterLab Dark' }).then(() => true)")
    try:
        expect(tab.page.locator('body[data-jp-theme-light="false"]')).to_have_count(1)
        tab.open_panel()
        expect(tab.row("humanize")).to_be_visible()
        assert_accessible(tab, ".jp-Dep-panel")
        assert_accessible(tab, ".jp-Dep-badge")
    finally:
        tab.live("app.commands.execute('apputils:change-theme', { theme: 'JupyterLab Light' }).then(() => true)")
