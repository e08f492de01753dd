"""Switches a running kernel to another environment of the same Python, without a restart.

Loaded modules stay on the environment that they came from, `__path__` included; later imports and new processes use the
new one.
"""

from __future__ import annotations

import importlib
import os
import site
import sys
from typing import Any, Dict, List, Mapping, NamedTuple, Set, Tuple

from .wire import Switch


class Environment(NamedTuple):
    """The place of a kernel's packages."""

    key: str
    path: str
    python: str
    site_packages: Tuple[str, ...]

    @property
    def scripts(self) -> str:
        """The folder of its Python and of its scripts."""
        return os.path.dirname(self.python)


def running_environment(context: Mapping[str, Any]) -> Environment:
    """Return the environment that the kernel was started on."""
    path = str(context.get("path") or sys.prefix)
    return Environment(
        key=str(context.get("key") or ""),
        path=path,
        python=str(context.get("python") or sys.executable),
        site_packages=tuple(site.getsitepackages([path])),
    )


def target_environment(switch: Switch) -> Environment:
    """Return the environment to switch to."""
    return Environment(switch.key, switch.path, switch.python, switch.site_packages)


def other_python(environment: Environment) -> str:
    """Return the environment's Python version if this process cannot switch to it, else an empty text."""
    try:
        with open(os.path.join(environment.path, "pyvenv.cfg"), encoding="utf-8") as file:
            pairs = [line.partition("=") for line in file]
    except OSError:
        return ""
    values = {name.strip().lower(): value.strip() for name, _, value in pairs}
    version = values.get("version_info") or values.get("version") or ""
    minor = ".".join(version.split(".")[:2])
    return minor if minor and minor != "{}.{}".format(*sys.version_info[:2]) else ""


def switch_sys_path(old: Environment, new: Environment) -> None:
    """Replace `old` by `new` as this process's environment."""
    _replace_sys_path(old, new)
    sys.prefix = sys.exec_prefix = new.path
    sys.executable = new.python
    site.PREFIXES[:] = [new.path]
    os.environ["VIRTUAL_ENV"] = new.path
    os.environ["PATH"] = _search_path(os.environ.get("PATH", ""), old, new)
    importlib.invalidate_caches()
    spawn = sys.modules.get("multiprocessing.spawn")
    if spawn is not None:
        # it has copied `sys.executable`; if it is loaded later, it reads the new one
        spawn.set_executable(new.python)


def _replace_sys_path(old: Environment, new: Environment) -> None:
    before = {folder: _read_pth_files(folder) for folder in old.site_packages}
    gone = {_normalize(folder) for folder in old.site_packages}
    for folder, files in before.items():
        for text in files.values():
            gone.update(_normalize(path) for path in _pth_folders(folder, text))

    def stays(entry: str) -> bool:
        return _normalize(entry) not in gone and not _inside(entry, old.path)

    index = next((at for at, entry in enumerate(sys.path) if not stays(entry)), len(sys.path))
    head = [entry for entry in sys.path[:index] if stays(entry)]
    tail = [entry for entry in sys.path[index:] if stays(entry)]
    sys.path[:] = head
    known = {_normalize(entry) for entry in [*head, *tail]}
    seen = {name: text for files in before.values() for name, text in files.items()}
    for folder in new.site_packages:
        if os.path.isdir(folder) and _normalize(folder) not in known:
            known.add(_normalize(folder))
            sys.path.append(folder)
            _read_pth(folder, seen, known)
    # a `.pth` line may have removed an entry that the user had added
    sys.path.extend(tail)


def _read_pth(folder: str, seen: Dict[str, str], known: Set[str]) -> None:
    """Process the folder's `.pth` files as the start of Python does, each once in this process."""
    for name, text in sorted(_read_pth_files(folder).items()):
        if seen.get(name) == text:
            # its `import` lines ran in the old environment; only its folders are new
            for path in _pth_folders(folder, text):
                if _normalize(path) not in known and os.path.exists(path):
                    known.add(_normalize(path))
                    sys.path.append(path)
        else:
            site.addpackage(folder, name, known)


def _read_pth_files(folder: str) -> Dict[str, str]:
    """Map the names of a site-packages folder's `.pth` files to their texts."""
    found: Dict[str, str] = {}
    try:
        names = os.listdir(folder)
    except OSError:
        return found
    for name in names:
        if name.endswith(".pth") and not name.startswith("."):
            try:
                with open(os.path.join(folder, name), encoding="utf-8-sig", errors="replace") as file:
                    found[name] = file.read()
            except OSError:
                continue
    return found


def _pth_folders(folder: str, text: str) -> List[str]:
    lines = [line.strip() for line in text.splitlines()]
    return [os.path.join(folder, line) for line in lines if line and not line.startswith(("#", "import ", "import\t"))]


def _search_path(value: str, old: Environment, new: Environment) -> str:
    entries = value.split(os.pathsep) if value else []
    found = [at for at, entry in enumerate(entries) if _normalize(entry) == _normalize(old.scripts)]
    if found:
        entries[found[0]] = new.scripts
    else:
        entries.insert(0, new.scripts)
    unwanted = {_normalize(old.scripts)} - {_normalize(new.scripts)}
    return os.pathsep.join(entry for entry in entries if _normalize(entry) not in unwanted)


def _inside(entry: str, folder: str) -> bool:
    return (_normalize(entry) + os.sep).startswith(_normalize(folder) + os.sep)


def _normalize(path: str) -> str:
    return os.path.normcase(os.path.abspath(path)) if path else ""
