"""Moves this kernel to another environment, and reports which loaded packages need a restart."""

from __future__ import annotations

import os
from typing import Any, Dict, List, Mapping, NamedTuple, Tuple

from . import lease, stale_modules, sys_path_switch
from .failure import DepFailure
from .wire import Switch, Table

_NAMED = 6


class SwitchResult(NamedTuple):
    """What the cell shows of a switch; empty where nothing changed."""

    tables: Tuple[Table, ...] = ()
    notes: Tuple[str, ...] = ()


class EnvironmentSwitch:
    """The environment that this kernel runs on. An ordinary kernel has one without a key and never leaves it."""

    def __init__(self, context: Mapping[str, Any]) -> None:
        self._first = sys_path_switch.running_environment(context)
        self._first_is_base = bool(context.get("base"))
        self._current = self._first
        self._used = [self._current]
        self._changed: Dict[str, None] = {}
        self._stale: List[stale_modules.StaleDistribution] = []

    @property
    def key(self) -> str:
        """The key of the current environment."""
        return self._current.key

    def scripts(self) -> List[str]:
        """Return the script folders of all environments that this kernel has run on."""
        return [environment.scripts for environment in self._used]

    def message(self) -> Dict[str, Any]:
        """Return the wire's `Switched`: the current environment, and what is loaded in another version."""
        return {
            "type": "switched",
            "key": self._current.key,
            "restart": [[entry.name, entry.before, entry.after] for entry in self._stale],
            "starter": self._first_is_base and self._current.path == self._first.path,
        }

    def switch_to(self, wanted: Switch) -> SwitchResult:
        """Switch to the wanted environment; if that fails, the kernel keeps its own and the notes say why."""
        new = sys_path_switch.target_environment(wanted)
        if new.path == self._current.path:
            return SwitchResult()
        version = sys_path_switch.other_python(new)
        if version:
            return SwitchResult(notes=("the new environment has Python {}: restart the kernel to use it".format(version),))
        try:
            _require_folders(new)
            lease.hold(wanted.lease)
        except DepFailure as failure:
            return SwitchResult(notes=("this kernel keeps its environment: {}; {}".format(failure, failure.hint),))
        workers = stale_modules.live_workers()
        sys_path_switch.switch_sys_path(self._current, new)
        self._current = new
        self._used = [*(used for used in self._used if used.path != new.path), new]
        self._changed.update(dict.fromkeys(change.name for change in wanted.changed))
        self._stale = stale_modules.find_stale(self._used, new, self._changed)
        notes = _build_notes(self._stale)
        if workers and wanted.changed:
            notes.append("running workers keep the old packages; restart them: " + _shorten(workers))
        return SwitchResult(_build_tables(wanted, self._stale), tuple(notes))


def _require_folders(environment: sys_path_switch.Environment) -> None:
    """Check the folders before anything is changed. Errors: `environment-going`."""
    for folder in (environment.path, *environment.site_packages):
        if not os.path.isabs(folder) or not os.path.isdir(folder):
            raise DepFailure(
                "environment-going",
                "the new environment does not exist",
                hint="restart the kernel to start it on the locked environment",
                context={"file": folder},
            )


def _build_tables(wanted: Switch, stale: List[stale_modules.StaleDistribution]) -> Tuple[Table, ...]:
    stale_names = {entry.name for entry in stale}
    rows, tones = [], []
    usable = [
        "{} {}".format(change.name, change.after)
        for change in wanted.changed
        if change.after and stale_modules.normalize_name(change.name) not in stale_names
    ]
    if usable:
        rows.append(("usable now", _shorten(usable)))
        tones.append("good")
    return (Table(title="in this kernel", rows=tuple(rows), tones=tuple(tones)),) if rows else ()


def _build_notes(stale: List[stale_modules.StaleDistribution]) -> List[str]:
    return ["{} {} → {} {}".format(entry.name, entry.before, entry.after or "removed", entry.advice()) for entry in stale]


def _shorten(items: List[str]) -> str:
    rest = len(items) - _NAMED
    return ", ".join(items[:_NAMED]) + (" and {} more".format(rest) if rest > 0 else "")
