"""Which changed distributions are already imported: what a restart is needed for, by name, and why."""

from __future__ import annotations

import csv
import os
import re
import sys
from typing import Any, Dict, Iterable, Iterator, List, NamedTuple, Sequence, Set, Tuple

from .sys_path_switch import Environment

_Record = Dict[str, str]
"""Path inside site-packages to the file's hash."""


class Stale(NamedTuple):
    """A distribution that this process holds in another version than the environment; `after` is empty if gone."""

    name: str
    before: str
    after: str
    modules: Tuple[str, ...]

    def sentence(self) -> str:
        if not self.after:
            return "is imported: it stays usable until the kernel is restarted"
        if self.before == self.after:
            return "is imported with other files of that version: restart the kernel to use the new ones"
        return "is imported: restart the kernel to use it"


def stale(used: Sequence[Environment], current: Environment, names: Iterable[str]) -> List[Stale]:
    """The distributions among `names` (changed in any switch so far) that are imported from an environment in `used`
    and whose imported files differ in `current`.

    A file of a namespace package counts for the distribution whose RECORD lists it, and for no other.
    """
    wanted = {normalised(name) for name in names}
    files = _loaded_files()
    found: Dict[str, Stale] = {}
    for environment in used:
        if environment.path == current.path:
            continue
        for folder in environment.site_packages:
            loaded = _loaded_under(folder, files)
            if not loaded:
                continue
            for name, version, record in _distributions(folder, wanted):
                mine = {path: record[path] for path in loaded if path in record}
                if not mine:
                    continue
                after, same = _compare(name, version, mine, current)
                if not same:
                    modules = tuple(sorted(loaded[path] for path in mine))
                    found[name] = Stale(name, version, after, modules)
    return [found[name] for name in sorted(found)]


def workers() -> List[str]:
    """Live worker processes that were started on the environment before: name and process id."""
    found: List[str] = []
    multiprocessing = sys.modules.get("multiprocessing")
    if multiprocessing is not None:
        # Process pools of concurrent.futures, joblib and loky register their processes here too.
        children = multiprocessing.active_children()
        found = sorted("{} (process {})".format(child.name, child.pid) for child in children)
    server: Any = getattr(sys.modules.get("multiprocessing.forkserver"), "_forkserver", None)
    if getattr(server, "_forkserver_pid", None):
        found.append("the fork server (process {})".format(server._forkserver_pid))
    return found


def normalised(name: str) -> str:
    """The name of a distribution in its one spelling."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _compare(name: str, version: str, mine: _Record, current: Environment) -> Tuple[str, bool]:
    for folder in current.site_packages:
        for _, after, record in _distributions(folder, {name}):
            same = after == version and all(record.get(path) == mark for path, mark in mine.items())
            return after, same
    return "", False


def _distributions(folder: str, wanted: Set[str]) -> Iterator[Tuple[str, str, _Record]]:
    try:
        entries = sorted(os.listdir(folder))
    except OSError:
        return
    for entry in entries:
        if not entry.endswith(".dist-info"):
            continue
        name, _, version = entry[: -len(".dist-info")].partition("-")
        if normalised(name) in wanted:
            yield normalised(name), version, _record(os.path.join(folder, entry, "RECORD"))


def _record(path: str) -> _Record:
    try:
        with open(path, encoding="utf-8", newline="") as file:
            return {os.path.normcase(row[0]): row[1] for row in csv.reader(file) if len(row) > 1}
    except OSError:
        return {}


def _loaded_files() -> List[Tuple[str, str]]:
    """Path and module name of everything imported; read past `__getattr__`, which lazy modules abuse."""
    found = []
    for name, module in list(sys.modules.items()):
        path = getattr(module, "__dict__", {}).get("__file__")
        if isinstance(path, str):
            found.append((os.path.normcase(os.path.abspath(path)), name))
    return found


def _loaded_under(folder: str, files: Sequence[Tuple[str, str]]) -> Dict[str, str]:
    loaded: Dict[str, str] = {}
    # `__file__` keeps the spelling of `sys.path`, which may be a symbolic link or its target.
    for root in {os.path.abspath(folder), os.path.realpath(folder)}:
        prefix = os.path.normcase(root) + os.sep
        loaded.update({path[len(prefix) :]: name for path, name in files if path.startswith(prefix)})
    return loaded
