"""The picker's looks: ipywidgets over a `Picker`. Only texts are shown, each made visible and escaped.

Widgets are updated in the thread that brings the news: the kernel's main thread may be busy with a cell. Every control
has a label, so that screen readers name it, and everything is reached with Tab, arrows, Enter and Space.
"""

from __future__ import annotations

import threading
from functools import partial
from typing import Any, Callable, Dict, List, Mapping, Tuple

import ipywidgets as widgets

from .. import document
from ..text import visible
from .agent_client import Details
from .model import Picker, State, _name

CLASS = "jupyter-dep-ui"
"""The form's class, by which our page keeps a notebook's own shortcuts away from it: in JupyterLab arrows change cells."""
_ROWS = 8
_ANY = "newest that fits"
_SUMMARY = 90


class View:
    """`root` is the widget to show."""

    def __init__(self, picker: Picker) -> None:
        self._picker = picker
        self._shown = State()
        self._renderer = 0
        self._chip_buttons: Dict[str, Any] = {}
        label = {"description_width": "5em"}
        self.text = widgets.Text(
            description="Find", placeholder="numpy, or: read excel", continuous_update=True, layout=_wide(), style=label
        )
        self.hits = widgets.Select(description="Packages", options=(), rows=_ROWS, layout=_wide(), style=label)
        self.said = widgets.HTML(layout=_wide())
        self.details = widgets.HTML(layout=_wide())
        self.version = widgets.Dropdown(
            description="Version", options=[(_ANY, "")], layout=widgets.Layout(width="18em"), style=label
        )
        self.choose = widgets.Button(description="Choose", icon="plus")
        self.chips = widgets.Box(layout=widgets.Layout(flex_flow="row wrap"))
        self.plan = widgets.HTML(layout=_wide())
        self.apply = widgets.Button(description="Add", button_style="primary", icon="check")
        self.cancel = widgets.Button(description="Cancel", icon="stop")
        self.bar = widgets.IntProgress(description="Adding", min=0, max=1, style=label)
        self.progress = widgets.HTML()
        self.result = widgets.HTML(layout=_wide())
        _tip(self.text, "the name of a package, or what it is for; Enter takes exactly this name")
        _tip(self.choose, "take the selected package")
        _tip(self.apply, "declare, lock and install what is chosen")
        self._selection = widgets.VBox([self.details, widgets.HBox([self.version, self.choose])])
        self._running = widgets.HBox([self.bar, self.cancel, self.progress])
        self.root = widgets.VBox(
            [
                self.text,
                self.said,
                self.hits,
                self._selection,
                self.chips,
                self.plan,
                self.apply,
                self._running,
                self.result,
            ],
            layout=widgets.Layout(max_width="52em"),
        )
        self.root.add_class(CLASS)
        self._listen()
        self._render(picker.state)
        picker.watcher = self.show

    def show(self, state: State) -> None:
        """Bring the widgets up to date; called under the picker's lock, so that states come in order."""
        was, self._renderer = self._renderer, threading.get_ident()
        try:
            self._render(state)
        finally:
            self._renderer = was

    def _listen(self) -> None:
        picker = self._picker
        self.text.observe(self._unless_rendering(lambda value: picker.type(value or "")), "value")
        # What the text field sends on Enter; ipywidgets' own way to be told of it is deprecated.
        self.text.on_msg(lambda _, content, __: picker.enter() if content.get("event") == "submit" else None)
        self.hits.observe(self._unless_rendering(lambda value: picker.select(value or "")), "value")
        self.version.observe(self._unless_rendering(lambda value: picker.pin(value or "")), "value")
        self.choose.on_click(lambda _: picker.choose())
        self.apply.on_click(lambda _: self._then_focus(picker.apply, self.cancel))
        self.cancel.on_click(lambda _: picker.cancel())

    def _then_focus(self, act: Callable[[], None], widget: Any) -> None:
        """What was pressed goes away: who works with the keyboard goes on elsewhere in the form."""
        act()
        if hasattr(widget, "focus"):  # ipywidgets 8
            widget.focus()

    def _unless_rendering(self, act: Any) -> Any:
        def changed(change: Mapping[str, Any]) -> None:
            # What another thread hears meanwhile comes from the user.
            if self._renderer != threading.get_ident():
                act(change["new"])

        return changed

    def _render(self, state: State) -> None:
        old, self._shown = self._shown, state
        if state.text == "" and old.text != "" and self.text.value.strip() == old.text:
            self.text.value = ""
        if (state.hits, state.declared) != (old.hits, old.declared) or (old.selected and not state.selected):
            self._list(state)
        self.said.value = document.text_html(state.said)
        if (state.selected, state.details) != (old.selected, old.details) or state.looked != old.looked:
            self.details.value = details_html(state)
        if state.details != old.details or state.selected != old.selected:
            versions = state.details.versions if state.details is not None else ()
            self.version.options = [(_ANY, ""), *((visible(version), version) for version in versions)]
        self.choose.disabled = state.working or not state.selected
        _shown(self._selection, bool(state.selected))
        _shown(self.hits, bool(state.hits))
        if (state.chips, state.working) != (old.chips, old.working):
            self._chips(state)
        _shown(self.chips, bool(state.chips))
        self.plan.value = document.text_html(state.plan, state.tone) if state.plan else ""
        count = len(state.chips)
        self.apply.description = "Add {} package{}".format(count, "" if count == 1 else "s")
        self.apply.disabled = not state.ready
        _shown(self.apply, bool(state.chips) and not state.working)
        _shown(self._running, state.working)
        self._progress(state)
        self.result.value = document.html(state.report) if state.report is not None else ""

    def _list(self, state: State) -> None:
        names = [hit.name for hit in state.hits]
        with self.hits.hold_sync():
            self.hits.options = rows(state)
            # nothing is selected by itself: a selection asks the index
            self.hits.index = names.index(state.selected) if state.selected in names else None

    def _chips(self, state: State) -> None:
        kept: Dict[str, Any] = {}
        for chip in state.chips:
            button = self._chip_buttons.pop(chip, None)
            if button is None:
                button = widgets.Button(description=visible(chip), icon="times", layout=widgets.Layout(width="auto"))
                _tip(button, "do not add {}".format(visible(chip)))
                drop = partial(self._picker.drop, chip)
                button.on_click(lambda _, drop=drop: self._then_focus(drop, self.text))
            button.disabled = state.working
            kept[chip] = button
        gone, self._chip_buttons = self._chip_buttons, kept
        self.chips.children = tuple(kept.values())
        for button in gone.values():
            button.close()

    def _progress(self, state: State) -> None:
        progress = state.progress
        if progress is None:
            self.bar.value, self.bar.max = 0, 1
            self.progress.value = document.text_html("starting") if state.working else ""
            return
        done, total = progress.bytes_done, progress.bytes_total
        if not total:
            done, total = progress.done, progress.total
        with self.bar.hold_sync():
            self.bar.max, self.bar.value = max(total or 1, 1), min(done, total or 1) if total else 0
        self.progress.value = document.text_html(progress.text)


def rows(state: State) -> List[Tuple[str, str]]:
    """Label and name of each hit, as plain text: `rich – render rich text in the terminal (declared)`."""
    found: Dict[str, str] = {}
    for hit in state.hits:
        summary = visible(" ".join(hit.summary.split()))
        short = summary if len(summary) <= _SUMMARY else summary[: _SUMMARY - 1].rstrip() + "…"
        label = visible(hit.name) + (" – " + short if short else "")
        if hit.near:
            label += " (looks like {}: is it the one you mean?)".format(visible(hit.near))
        if _name(hit.name) in state.declared:
            label += " (declared)"
        # two rows must not read the same: a select knows its rows by their labels
        found.setdefault(label, hit.name)
    return list(found.items())


def details_html(state: State) -> str:
    """Name, summary and what the index says of it."""
    if not state.selected:
        return ""
    summary = next((hit.summary for hit in state.hits if hit.name == state.selected), "")
    lines = _facts(state.details) if state.details is not None else [state.looked]
    said = state.details.summary if state.details is not None and state.details.summary else summary
    head = document.text_html(state.selected + (" – " + " ".join(said.split()) if said else ""))
    return head + "".join(document.text_html(line) for line in lines if line)


def _facts(details: Details) -> List[str]:
    facts = []
    if details.versions:
        facts.append("newest version {}".format(details.versions[0]))
    if details.requires_python:
        facts.append("for Python {}".format(details.requires_python))
    if details.size:
        facts.append("{:.1f} MB".format(details.size / 1e6))
    lines = [", ".join(facts)]
    if details.near:
        lines.append("it looks like `{}`, which is far better known: is it the one you mean?".format(details.near))
    return lines


def _wide() -> Any:
    # one for each widget: what hides one would hide all that share it
    return widgets.Layout(width="100%")


def _shown(widget: Any, shown: bool) -> None:
    widget.layout.display = None if shown else "none"


def _tip(widget: Any, text: str) -> None:
    if widget.has_trait("tooltip"):  # of a text field: ipywidgets 8
        widget.tooltip = text
