"""The kernel under the page: built while cells wait, restarted, dead; and the import that it can not find."""

from __future__ import annotations

from playwright.sync_api import Locator, expect
from support.browser import BUILT, Begin, Host, Tab
from support.index import Index
from support.notebooks import notebook
from support.sandbox import UserSandbox
from support.wheels import build_wheel


def locked(host: Host, me: UserSandbox, shop: Index, name: str) -> str:
    """A notebook of the user's own that is locked and not built: it needs a package that nobody has fetched yet."""
    build_wheel(shop.folder, name, "1.0")
    written = notebook(host.root, name, name=f"needs-{name}")
    me.lock(written)
    return written.name


def bar(tab: Tab) -> Locator:
    return tab.page.locator(".jp-Dep-holding")


def test_cells_that_are_run_during_the_build_run_after_it(host: Host, begin: Begin, me: UserSandbox, shop: Index) -> None:
    name = f"slow-{host.kind}"
    path = locked(host, me, shop, name)
    shop.delay(f"/files/{name.replace('-', '_')}-*.whl", 6)
    tab = begin(host, path=path)
    expect(bar(tab).get_by_role("button", name="Cancel")).to_be_visible()
    expect(bar(tab).get_by_role("progressbar")).to_be_visible()
    tab.stands("building")
    first = tab.begin_run(f"import {name.replace('-', '_')} as it; print('it is', it.__version__)")
    second = tab.begin_run("print('and', 6 * 7)")
    expect(bar(tab)).to_contain_text("2 cells wait")
    expect(tab.output(first)).to_contain_text("it is 1.0", timeout=BUILT)
    expect(tab.output(second)).to_contain_text("and 42")
    expect(bar(tab)).to_be_hidden()
    tab.stands("sync")


def test_a_build_is_cancelled_and_tried_again(host: Host, begin: Begin, me: UserSandbox, shop: Index) -> None:
    name = f"endless-{host.kind}"
    path = locked(host, me, shop, name)
    shop.delay(f"/files/{name.replace('-', '_')}-*.whl", 120)
    tab = begin(host, path=path)
    bar(tab).get_by_role("button", name="Cancel").click()
    expect(bar(tab)).to_contain_text("This kernel has not started.")
    tab.stands("failed")
    shop.heal()
    bar(tab).get_by_role("button", name="Try again").click()
    tab.stands("sync")
    tab.wait_for_own_kernel()
    tab.run_expecting(f"import {name.replace('-', '_')} as it; print('it is', it.__version__)", "it is 1.0")


def test_a_missing_import_is_added_and_run_again(host: Host, begin: Begin) -> None:
    tab = begin(host)
    tab.wait_for_own_kernel()
    at = tab.run("import sklearn\nprint('it is', sklearn.answer())")
    tab.output(at).get_by_role("button", name="Add scikit-learn and run again").click()
    expect(tab.dialog).to_contain_text("Add scikit-learn to this notebook?")
    tab.dialog.get_by_role("button", name="Add and run again").click()
    tab.shows(at + 1, "it is 42")  # the block's cell is above
    tab.stands("sync")
    assert len(tab.blocks()) == 1 and '"scikit-learn"' in tab.blocks()[0]


def test_an_upgrade_of_something_imported_asks_for_a_restart(host: Host, begin: Begin) -> None:
    tab = begin(host)
    tab.wait_for_own_kernel()
    tab.run("%dep add tabulate==0.8.10")
    tab.stands("sync")
    tab.run_expecting("import tabulate; print('it is', tabulate.__version__)", "it is 0.8.10")
    tab.open_panel()
    tab.search.fill("pip install tabulate==0.9.0")
    tab.search.press("Enter")
    tab.stands("restart")
    notice = tab.notices.filter(has_text="tabulate 0.8.10 → 0.9.0")
    expect(notice).to_be_visible()
    banner = tab.panel.locator('[data-banner="restart"]')
    expect(banner).to_contain_text("tabulate 0.8.10 → 0.9.0 is imported: restart to use it.")
    banner.get_by_role("button", name="Restart the kernel").click()
    tab.dialog.get_by_role("button", name="Confirm Kernel Restart").click()
    tab.stands("sync")
    expect(notice).to_have_count(0)
    tab.run_expecting("import tabulate; print('now', tabulate.__version__)", "now 0.9.0")


def test_a_kernel_that_dies_comes_back_on_its_environment(lab: Host, begin: Begin) -> None:
    tab = begin(lab)
    tab.wait_for_own_kernel()
    tab.run("%dep add tabulate")
    tab.stands("sync")
    tab.begin_run("import os; os._exit(1)")
    expect(tab.dialog).to_contain_text("Kernel Restarting", timeout=BUILT)
    tab.dialog.get_by_role("button").click()
    tab.wait_for_own_kernel()
    tab.run_expecting("import tabulate; print('it is', tabulate.__version__)", "it is 0.9.0")
    tab.stands("sync")


def test_without_a_kernel_the_panel_goes_on(lab: Host, begin: Begin) -> None:
    tab = begin(lab)
    tab.wait_for_own_kernel()
    tab.live("nb.sessionContext.shutdown().then(() => true)")
    tab.open_panel()
    tab.add("tabulate")
    expect(tab.row("tabulate")).to_contain_text("0.9.0", timeout=BUILT)
    tab.stands("sync")
    assert len(tab.blocks()) == 1
    assert tab.blocks() == lab.blocks(tab.path)
