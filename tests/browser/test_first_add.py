"""The first package of a notebook, in each of the ways that lead there."""

from __future__ import annotations

import re

from playwright.sync_api import expect
from support.browser import BUILT, Begin, Host, Tab, wait_until
from support.notebooks import raw_notebook


def assert_declared_once(tab: Tab, *names: str) -> None:
    """The page's model, the file and the lock say the same, nothing is left to be saved, and nobody was asked anything."""
    wait_until(lambda: len(tab.host.blocks(tab.path)) == 1, tab)
    assert tab.blocks() == tab.host.blocks(tab.path)
    lock = (tab.host.root / f"pylock.{tab.path.removesuffix('.ipynb')}.toml").read_text()
    for name in names:
        assert f'"{name}' in tab.blocks()[0]
        assert f'name = "{name}"' in lock
    expect(tab.dialog).to_have_count(0)


def test_a_notebook_opens_with_its_badge(host: Host, begin: Begin) -> None:
    tab = begin(host)
    tab.stands("none")
    expect(tab.badge).to_have_accessible_name("Packages: No packages yet. This notebook declares no packages.")


def test_by_panel(host: Host, begin: Begin) -> None:
    tab = begin(host, "print('mine')")
    tab.wait_for_own_kernel()
    tab.open_panel()
    tab.add("tabulate")
    expect(tab.panel.get_by_role("progressbar")).to_be_visible()
    expect(tab.row("tabulate")).to_contain_text("0.9.0", timeout=BUILT)
    tab.stands("sync")
    assert_declared_once(tab, "tabulate")
    assert not tab.dirty
    assert tab.sources()[1:] == ["print('mine')"]
    tab.run_expecting("import tabulate; print('it is', tabulate.__version__)", "it is 0.9.0")
    tab.stands("sync")


def test_by_magic(host: Host, begin: Begin) -> None:
    tab = begin(host, "print('mine')")
    tab.wait_for_own_kernel()
    tab.run("%dep add humanize")
    tab.stands("sync")
    assert_declared_once(tab, "humanize")
    tab.open_panel()
    expect(tab.row("humanize")).to_contain_text("4.9.0")
    tab.run_expecting("import humanize, tqdm; print('it is', humanize.__version__)", "it is 4.9.0")


def test_by_picker(host: Host, begin: Begin) -> None:
    tab = begin(host, "print('mine')")
    tab.wait_for_own_kernel()
    picker = tab.output(tab.run("%dep ui"))
    picker.get_by_label("Find").press_sequentially("tabul")
    expect(picker.get_by_text(re.compile("ask your package index for tabul$"))).to_be_visible()
    expect(picker.locator("option").first).to_have_text(re.compile(r"^tabulate\b"))
    picker.get_by_label("Packages").select_option(index=0)
    picker.get_by_role("button", name="Choose").click()
    apply = picker.get_by_role("button", name="Add 1 package")
    expect(apply).to_be_enabled()
    apply.click()
    tab.stands("sync")
    assert_declared_once(tab, "tabulate")
    tab.run_expecting("import tabulate; print('it is', tabulate.__version__)", "it is 0.9.0")


def test_by_panel_in_a_folder_that_is_a_project(host: Host, begin: Begin) -> None:
    folder = host.root / "study"
    folder.mkdir()
    (folder / "pyproject.toml").write_text(
        '[project]\nname = "study"\nversion = "1"\nrequires-python = ">=3.11"\ndependencies = []\n'
    )
    raw_notebook(folder, ["print('mine')"], name="first")
    tab = begin(host, path="study/first.ipynb")
    tab.wait_for_own_kernel()
    tab.open_panel()
    expect(tab.panel.get_by_text("Shared by the notebooks of the folder “study”.")).to_be_visible()
    tab.add("tabulate")
    expect(tab.row("tabulate")).to_contain_text("0.9.0", timeout=BUILT)
    tab.stands("sync")
    assert '"tabulate"' in (folder / "pyproject.toml").read_text()
    assert 'name = "tabulate"' in (folder / "pylock.toml").read_text()
    assert tab.blocks() == [] and tab.host.blocks(tab.path) == []
    tab.run_expecting("import tabulate; print('it is', tabulate.__version__)", "it is 0.9.0")
