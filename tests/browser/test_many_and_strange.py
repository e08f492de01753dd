"""Long lists, and names and texts that were written to do harm."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect
from support.browser import Begin, Host, Tab
from support.index import Index
from support.locks import document, package, table
from support.notebooks import notebook, raw_notebook
from support.offers import MARKUP

MANY = 2000


def crowded(host: Host) -> str:
    """A stranger's notebook that declares and locks 2,000 packages."""
    names = [f"package-{at:04}" for at in range(MANY)]
    path = notebook(host.root, *names, name=f"crowded-{host.kind}", python=">=3.11")
    ours = table(declared=names, notebook=path.name)
    path.with_name(f"pylock.{path.stem}.toml").write_bytes(document(*map(package, names), ours=ours))
    return path.name


def test_two_thousand_packages_are_listed_scrolled_and_found(host: Host, begin: Begin) -> None:
    tab = begin(host, path=crowded(host))
    tab.dialog.get_by_role("button", name="Open without installing").click()
    expect(tab.dialog).to_have_count(0)
    tab.open_panel()
    declared = tab.panel.locator('section[aria-labelledby="jp-Dep-declared"]')
    expect(declared.locator(".jp-Dep-count")).to_have_text(str(MANY))
    rows = declared.locator(".jp-Dep-row")
    expect(rows.first).to_be_visible()
    assert rows.count() <= 200, "not all at once"
    before = rows.count()
    declared.get_by_role("button", name="more of").click()
    expect(rows.nth(before)).to_be_attached()
    rows.last.scroll_into_view_if_needed()
    expect(rows.last).to_be_in_viewport()
    declared.get_by_role("textbox", name="Filter this list").fill("package-1999")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("package-1999")


def assert_inert(tab: Tab) -> None:
    """No text became an element of ours, none ran."""
    assert tab.page.evaluate("window.struck") is None
    assert tab.page.locator(".jp-Dep-panel img, .jp-Dep-panel script, .jp-Dialog img, .jp-Dep-holding img").count() == 0


@pytest.mark.counts("markup", "on the page, in a browser")
def test_a_summary_of_the_index_is_text(host: Host, begin: Begin) -> None:
    tab = begin(host)
    tab.open_panel()
    tab.search.fill("tabulatr")
    tab.search.press("Enter")
    card = tab.panel.get_by_role("region", name="About tabulatr")
    expect(card).to_contain_text(MARKUP)
    expect(card).to_contain_text("safe\\u202egnp.exe\\u0007\\u200b")
    expect(card).to_contain_text("one letter from the well-known package “tabulate”")
    assert_inert(tab)


@pytest.mark.counts("markup", "on the page, in a browser")
def test_a_notebooks_name_is_text(host: Host, begin: Begin, shop: Index) -> None:
    name = "<img src=x onerror=window.struck=3>\u202egnp"
    tab = begin(host, path=notebook(host.root, "tabulate", name=name).name)
    tab.open_panel()
    expect(tab.panel.locator(".jp-Dep-title")).to_contain_text("<img src=x onerror=window.struck=3>\\u202egnp")
    assert_inert(tab)


@pytest.mark.counts("markup", "on the page, in a browser")
def test_a_note_in_an_untrusted_output_is_text_without_a_button(host: Host, begin: Begin) -> None:
    path = raw_notebook(host.root, ["import sklearn"], name=f"stored-{host.kind}")
    content = json.loads(path.read_text())
    bundle = {
        "application/vnd.jupyter-dep.missing+json": {"module": MARKUP, "names": ["scikit-learn", MARKUP]},
        "text/html": MARKUP,
        "text/plain": f"stored words {MARKUP}",
    }
    content["cells"][0]["outputs"] = [{"output_type": "display_data", "metadata": {}, "data": bundle}]
    path.write_text(json.dumps(content))
    tab = begin(host, path=path.name)
    tab.wait_for_own_kernel()
    expect(tab.output(0)).to_contain_text("stored words <img")
    expect(tab.output(0).get_by_role("button")).to_have_count(0)
    assert_inert(tab)


def test_a_note_that_a_cell_forges_offers_possible_names_only_and_asks_first(lab: Host, begin: Begin) -> None:
    tab = begin(lab)
    tab.wait_for_own_kernel()
    bundle = {"application/vnd.jupyter-dep.missing+json": {"module": MARKUP, "names": [MARKUP, "requsts"]}, "text/plain": "x"}
    at = tab.run(f"from IPython.display import display; display({bundle!r}, raw=True)")
    expect(tab.output(at).get_by_role("button")).to_have_count(1)
    tab.output(at).get_by_role("button", name="Add requsts and run again").click()
    expect(tab.dialog).to_contain_text(re.compile("not the well-known package requests|requsts is not a known package"))
    expect(tab.dialog.get_by_role("button", name="Cancel")).to_be_focused()
    tab.page.keyboard.press("Enter")
    expect(tab.dialog).to_have_count(0)
    assert tab.blocks() == []
    assert_inert(tab)


def test_no_command_of_lab_that_an_output_may_invoke_changes_anything(lab: Host, begin: Begin) -> None:
    tab = begin(lab)
    ours = tab.live("app.commands.listCommands().filter(id => id.startsWith('jupyter-dep:'))")
    assert set(ours) == {"jupyter-dep:open-panel", "jupyter-dep:ask-consent", "jupyter-dep:restart-kernel"}
    names: Path = lab.root / tab.path
    before = names.read_bytes()
    for command in ours:
        tab.live("app.commands.execute(given, { names: ['tabulate'], allow: true }).catch(() => null) && true", command)
    assert names.read_bytes() == before
    assert lab.call("GET", f"jupyter-dep/jobs?path={tab.path}")["jobs"] == []
