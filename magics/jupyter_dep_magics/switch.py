"""The environment that this kernel runs on, moving to another one, and what that means for what is loaded."""

from __future__ import annotations

import os
from typing import Any, Dict, List, Mapping, NamedTuple, Tuple

from . import lease, stale_modules, sys_path_switch
from .failure import DepFailure
from .wire import Switch, Table

_NAMED = 6


class Moved(NamedTuple):
    """What a person is told of a move: tables and sentences, both empty where nothing changed."""

    tables: Tuple[Table, ...] = ()
    notes: Tuple[str, ...] = ()


class EnvironmentSwitch:
    """`key` names the environment, empty in an ordinary kernel, which stays where it is."""

    def __init__(self, context: Mapping[str, Any]) -> None:
        self._started = sys_path_switch.running(context)
        self._on_base = bool(context.get("base"))
        self._current = self._started
        self._used = [self._current]
        self._changed: Dict[str, None] = {}
        self._stale: List[stale_modules.Stale] = []

    @property
    def key(self) -> str:
        return self._current.key

    def scripts(self) -> List[str]:
        """The script folders of all environments that this kernel has been on."""
        return [environment.scripts for environment in self._used]

    def standing(self) -> Dict[str, Any]:
        """The wire's `Switched`: where this kernel is, and what is loaded in another version."""
        return {
            "type": "switched",
            "key": self._current.key,
            "restart": [[entry.name, entry.before, entry.after] for entry in self._stale],
            "starter": self._on_base and self._current.path == self._started.path,
        }

    def to(self, wanted: Switch) -> Moved:
        """Switch to the wanted environment; where that cannot be, the kernel stays and the notes say why."""
        new = sys_path_switch.target(wanted)
        if new.path == self._current.path:
            return Moved()
        version = sys_path_switch.other_python(new)
        if version:
            return Moved(notes=("the environment has Python {}: restart the kernel to use it".format(version),))
        try:
            _there(new)
            lease.hold(wanted.lease)
        except DepFailure as failure:
            return Moved(notes=("this kernel stays on its environment, {}; {}".format(failure, failure.hint),))
        workers = stale_modules.workers()
        sys_path_switch.switch_sys_path(self._current, new)
        self._current = new
        self._used = [*(used for used in self._used if used.path != new.path), new]
        self._changed.update(dict.fromkeys(change.name for change in wanted.changed))
        self._stale = stale_modules.stale(self._used, new, self._changed)
        notes = []
        if workers and wanted.changed:
            notes.append("workers that run already keep the old packages, start them again: " + _few(workers))
        return Moved(_tables(wanted, self._stale), tuple(notes))


def _there(environment: sys_path_switch.Environment) -> None:
    """Errors: `environment-going` where its folders are not there."""
    for folder in (environment.path, *environment.site_packages):
        if not os.path.isabs(folder) or not os.path.isdir(folder):
            raise DepFailure(
                "environment-going",
                "the new environment is not there",
                hint="restart the kernel: it opens on the environment that the lock names",
                context={"file": folder},
            )


def _tables(wanted: Switch, stale: List[stale_modules.Stale]) -> Tuple[Table, ...]:
    held = {entry.name for entry in stale}
    rows, tones = [], []
    usable = [
        "{} {}".format(change.name, change.after)
        for change in wanted.changed
        if change.after and stale_modules.normalised(change.name) not in held
    ]
    if usable:
        rows.append(("usable now", _few(usable)))
        tones.append("good")
    for entry in stale:
        versions = "{} → {}".format(entry.before, entry.after or "removed")
        rows.append(("{} {}".format(entry.name, versions), entry.sentence()))
        tones.append("warn")
    return (Table(title="in this kernel", rows=tuple(rows), tones=tuple(tones)),) if rows else ()


def _few(words: List[str]) -> str:
    rest = len(words) - _NAMED
    return ", ".join(words[:_NAMED]) + (" and {} more".format(rest) if rest > 0 else "")
