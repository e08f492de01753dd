"""The form's widgets over a `Picker`. All text is escaped and its invisible characters are shown.

Widgets are updated in the thread that changes the state: the kernel's main thread may be busy with a cell. Every control
has a label for screen readers and can be reached with Tab, arrows, Enter and Space.
"""

from __future__ import annotations

import threading
from functools import partial
from typing import Any, Callable, Dict, List, Mapping, Tuple

import ipywidgets as widgets

from .. import document
from ..text import visible
from .agent_client import Details
from .model import Picker, State, requirement_name

CLASS = "jupyter-dep-ui"
"""The form's CSS class, for which the page disables the notebook's shortcuts: in JupyterLab arrow keys change cells."""
_ROWS = 8
_ANY = "newest that fits"
_SUMMARY = 90


class View:
    """The form; `root` is the widget to show."""

    def __init__(self, picker: Picker) -> None:
        self.picker = picker
        self._shown = State()
        self._renderer = 0
        self._chip_buttons: Dict[str, Any] = {}
        label = {"description_width": "5em"}
        self.text = widgets.Text(
            description="Find", placeholder="numpy, or: read excel", continuous_update=True, layout=_full_width(), style=label
        )
        self.hits = widgets.Select(description="Packages", options=(), rows=_ROWS, layout=_full_width(), style=label)
        self.list_note = widgets.HTML(layout=_full_width())
        self.details = widgets.HTML(layout=_full_width())
        self.version = widgets.Dropdown(
            description="Version", options=[(_ANY, "")], layout=widgets.Layout(width="18em"), style=label
        )
        self.choose = widgets.Button(description="Choose", icon="plus")
        self.chips = widgets.Box(layout=widgets.Layout(flex_flow="row wrap"))
        self.plan = widgets.HTML(layout=_full_width())
        self.apply = widgets.Button(description="Add", button_style="primary", icon="check")
        self.cancel = widgets.Button(description="Cancel", icon="stop")
        self.bar = widgets.IntProgress(description="Adding", min=0, max=1, style=label)
        self.progress = widgets.HTML()
        self.result = widgets.HTML(layout=_full_width())
        _set_tooltip(self.text, "the name or description of a package; Enter adds exactly this name")
        _set_tooltip(self.choose, "choose the selected package")
        _set_tooltip(self.apply, "declare, lock and install the chosen packages")
        self.selection = widgets.VBox([self.details, widgets.HBox([self.version, self.choose])])
        self.running = widgets.HBox([self.bar, self.cancel, self.progress])
        self.root = widgets.VBox(
            [
                self.text,
                self.list_note,
                self.hits,
                self.selection,
                self.chips,
                self.plan,
                self.apply,
                self.running,
                self.result,
            ],
            layout=widgets.Layout(max_width="52em"),
        )
        self.root.add_class(CLASS)
        self._listen()
        self._render(picker.state)
        picker.watcher = self.show

    def show(self, state: State) -> None:
        """Update the widgets; called with the picker's lock held, so that states come in order."""
        was, self._renderer = self._renderer, threading.get_ident()
        try:
            self._render(state)
        finally:
            self._renderer = was

    def _listen(self) -> None:
        picker = self.picker
        self.text.observe(self._unless_rendering(lambda value: picker.type(value or "")), "value")
        # what the text field sends on Enter; the ipywidgets API for it is deprecated
        self.text.on_msg(lambda _, content, __: picker.enter() if content.get("event") == "submit" else None)
        self.hits.observe(self._unless_rendering(lambda value: picker.select(value or "")), "value")
        self.version.observe(self._unless_rendering(lambda value: picker.pin(value or "")), "value")
        self.choose.on_click(lambda _: picker.choose())
        self.apply.on_click(lambda _: self._then_focus(picker.apply, self.cancel))
        self.cancel.on_click(lambda _: picker.cancel())

    def _then_focus(self, act: Callable[[], None], widget: Any) -> None:
        """Act and move the focus: the pressed button disappears, and keyboard users continue elsewhere in the form."""
        act()
        if hasattr(widget, "focus"):  # ipywidgets 8
            widget.focus()

    def _unless_rendering(self, act: Any) -> Any:
        def changed(change: Mapping[str, Any]) -> None:
            # a change that another thread reports meanwhile comes from the user
            if self._renderer != threading.get_ident():
                act(change["new"])

        return changed

    def _render(self, state: State) -> None:
        old, self._shown = self._shown, state
        if state.text == "" and old.text != "" and self.text.value.strip() == old.text:
            self.text.value = ""
        if (state.hits, state.declared) != (old.hits, old.declared) or (old.selected and not state.selected):
            self._list(state)
        self.list_note.value = document.text_html(state.list_note)
        if (state.selected, state.details) != (old.selected, old.details) or state.details_note != old.details_note:
            self.details.value = details_html(state)
        if state.details != old.details or state.selected != old.selected:
            versions = state.details.versions if state.details is not None else ()
            self.version.options = [(_ANY, ""), *((visible(version), version) for version in versions)]
        self.choose.disabled = state.working or not state.selected
        _set_visible(self.selection, shown=bool(state.selected))
        _set_visible(self.hits, shown=bool(state.hits))
        if (state.chips, state.working) != (old.chips, old.working):
            self._chips(state)
        _set_visible(self.chips, shown=bool(state.chips))
        self.plan.value = document.text_html(state.plan, state.tone) if state.plan else ""
        count = len(state.chips)
        self.apply.description = "Add {} package{}".format(count, "" if count == 1 else "s")
        self.apply.disabled = not state.ready
        _set_visible(self.apply, shown=bool(state.chips) and not state.working)
        _set_visible(self.running, shown=state.working)
        self._progress(state)
        self.result.value = document.html(state.report) if state.report is not None else ""

    def _list(self, state: State) -> None:
        names = [hit.name for hit in state.hits]
        with self.hits.hold_sync():
            self.hits.options = rows(state)
            # no row is selected automatically: a selection asks the index
            self.hits.index = names.index(state.selected) if state.selected in names else None

    def _chips(self, state: State) -> None:
        kept: Dict[str, Any] = {}
        for chip in state.chips:
            button = self._chip_buttons.pop(chip, None)
            if button is None:
                button = widgets.Button(description=visible(chip), icon="times", layout=widgets.Layout(width="auto"))
                _set_tooltip(button, "do not add {}".format(visible(chip)))
                drop = partial(self.picker.drop, chip)
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
    """Return label and name of each hit, as plain text: `rich – render rich text in the terminal (declared)`."""
    found: Dict[str, str] = {}
    for hit in state.hits:
        summary = visible(" ".join(hit.summary.split()))
        short = summary if len(summary) <= _SUMMARY else summary[: _SUMMARY - 1].rstrip() + "…"
        label = visible(hit.name) + (" – " + short if short else "")
        if hit.near:
            label += " (looks like {}: is it the one you mean?)".format(visible(hit.near))
        if requirement_name(hit.name) in state.declared:
            label += " (declared)"
        # labels must differ: a select identifies its rows by their labels
        found.setdefault(label, hit.name)
    return list(found.items())


def details_html(state: State) -> str:
    """Render name, summary and the index's data."""
    if not state.selected:
        return ""
    summary = next((hit.summary for hit in state.hits if hit.name == state.selected), "")
    lines = _list_facts(state.details) if state.details is not None else [state.details_note]
    described = state.details.summary if state.details is not None and state.details.summary else summary
    head = document.text_html(state.selected + (" – " + " ".join(described.split()) if described else ""))
    return head + "".join(document.text_html(line) for line in lines if line)


def _list_facts(details: Details) -> List[str]:
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


def _full_width() -> Any:
    # one for each widget: hiding it would hide all widgets that share it
    return widgets.Layout(width="100%")


def _set_visible(widget: Any, *, shown: bool) -> None:
    widget.layout.display = None if shown else "none"


def _set_tooltip(widget: Any, text: str) -> None:
    if widget.has_trait("tooltip"):  # a text field has one in ipywidgets 8
        widget.tooltip = text
