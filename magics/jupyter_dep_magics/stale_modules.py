"""Finds changed distributions that are already imported, and so need a restart of the kernel."""

from __future__ import annotations

import csv
import os
import re
import sys
from typing import Any, Dict, Iterable, Iterator, List, NamedTuple, Sequence, Set, Tuple

from .sys_path_switch import Environment

_Record = Dict[str, str]
"""Path inside site-packages to the file's hash."""


class StaleDistribution(NamedTuple):
    """A distribution that is loaded in another version than the environment's; `after` is empty if it was removed."""

    name: str
    before: str
    after: str
    modules: Tuple[str, ...]

    def advice(self) -> str:
        """Return what to do about it, to follow the name and the versions."""
        if not self.after:
            return "is imported: usable until the kernel is restarted"
        if self.before == self.after:
            return "is imported from other files of this version: restart the kernel to use the new ones"
        return "is imported: restart the kernel to use it"


def find_stale(used: Sequence[Environment], current: Environment, names: Iterable[str]) -> List[StaleDistribution]:
    """Return the distributions that are imported from an environment in `used` and have other files in `current`.

    Only those among `names` are considered, which a switch has changed. A file of a namespace package belongs to the
    distribution whose RECORD lists it.
    """
    wanted = {normalize_name(name) for name in names}
    files = _loaded_files()
    found: Dict[str, StaleDistribution] = {}
    for environment in used:
        if environment.path == current.path:
            continue
        for folder in environment.site_packages:
            loaded = _loaded_under(folder, files)
            if not loaded:
                continue
            for name, version, record in _find_distributions(folder, wanted):
                imported = {path: record[path] for path in loaded if path in record}
                if not imported:
                    continue
                after, same = _compare(name, version, imported, current)
                if not same:
                    modules = tuple(sorted(loaded[path] for path in imported))
                    found[name] = StaleDistribution(name, version, after, modules)
    return [found[name] for name in sorted(found)]


def live_workers() -> List[str]:
    """Return worker processes that were started on an earlier environment, by name and process id."""
    found: List[str] = []
    multiprocessing = sys.modules.get("multiprocessing")
    if multiprocessing is not None:
        # process pools of concurrent.futures, joblib and loky register their processes here too
        children = multiprocessing.active_children()
        found = sorted("{} (process {})".format(child.name, child.pid) for child in children)
    server: Any = getattr(sys.modules.get("multiprocessing.forkserver"), "_forkserver", None)
    if getattr(server, "_forkserver_pid", None):
        found.append("the fork server (process {})".format(server._forkserver_pid))
    return found


def normalize_name(name: str) -> str:
    """Return the normalized name of a distribution."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _compare(name: str, version: str, imported: _Record, current: Environment) -> Tuple[str, bool]:
    for folder in current.site_packages:
        for _, after, record in _find_distributions(folder, {name}):
            same = after == version and all(record.get(path) == mark for path, mark in imported.items())
            return after, same
    return "", False


def _find_distributions(folder: str, wanted: Set[str]) -> Iterator[Tuple[str, str, _Record]]:
    try:
        entries = sorted(os.listdir(folder))
    except OSError:
        return
    for entry in entries:
        if not entry.endswith(".dist-info"):
            continue
        name, version = split_dist_info(entry)
        if name in wanted:
            yield name, version, read_record(os.path.join(folder, entry, "RECORD"))


def split_dist_info(folder: str) -> Tuple[str, str]:
    """Split `NAME-VERSION.dist-info` into the normalized name and the version, which holds no hyphen."""
    name, _, version = folder[: -len(".dist-info")].rpartition("-")
    return normalize_name(name), version


def read_record(path: str) -> _Record:
    """Read a RECORD; returns an empty one where the file is missing or damaged."""
    try:
        with open(path, encoding="utf-8", newline="") as file:
            return {os.path.normcase(os.path.normpath(row[0])): row[1] for row in csv.reader(file) if len(row) == 3}
    except (OSError, ValueError, csv.Error):
        return {}


def _loaded_files() -> List[Tuple[str, str]]:
    """List path and name of all imported modules, without `getattr`, which makes lazy modules load."""
    found = []
    for name, module in list(sys.modules.items()):
        path = getattr(module, "__dict__", {}).get("__file__")
        if isinstance(path, str):
            found.append((os.path.normcase(os.path.abspath(path)), name))
    return found


def _loaded_under(folder: str, files: Sequence[Tuple[str, str]]) -> Dict[str, str]:
    loaded: Dict[str, str] = {}
    # `__file__` is spelled like the entry of `sys.path`, which may be a symbolic link or its target
    for root in {os.path.abspath(folder), os.path.realpath(folder)}:
        prefix = os.path.normcase(root) + os.sep
        loaded.update({path[len(prefix) :]: name for path, name in files if path.startswith(prefix)})
    return loaded
