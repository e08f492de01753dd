"""The live switch: a running kernel moves to another environment of the same Python, without a restart.

What is loaded stays on the environment that it came from, `__path__` included; what is imported from now on, and every
process started from now on, comes from the new one.
"""

from __future__ import annotations

import importlib
import os
import site
import sys
from typing import Any, Dict, List, Mapping, NamedTuple, Set, Tuple

from .wire import Switch


class Environment(NamedTuple):
    """Where a kernel's packages are; `scripts` is the folder of its Python."""

    key: str
    path: str
    python: str
    site_packages: Tuple[str, ...]

    @property
    def scripts(self) -> str:
        return os.path.dirname(self.python)


def running(context: Mapping[str, Any]) -> Environment:
    """The environment that the kernel was started on."""
    path = str(context.get("path") or sys.prefix)
    return Environment(
        key=str(context.get("key") or ""),
        path=path,
        python=str(context.get("python") or sys.executable),
        site_packages=tuple(site.getsitepackages([path])),
    )


def target(switch: Switch) -> Environment:
    return Environment(switch.key, switch.path, switch.python, switch.site_packages)


def other_python(environment: Environment) -> str:
    """The version of its Python if this process cannot move to it, else an empty text."""
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
    """Make `new` this process's environment in the place of `old`."""
    _replace_paths(old, new)
    sys.prefix = sys.exec_prefix = new.path
    sys.executable = new.python
    site.PREFIXES[:] = [new.path]
    os.environ["VIRTUAL_ENV"] = new.path
    os.environ["PATH"] = _search_path(os.environ.get("PATH", ""), old, new)
    importlib.invalidate_caches()
    spawn = sys.modules.get("multiprocessing.spawn")
    if spawn is not None:
        # Loaded: it has its own copy of `sys.executable`. Not loaded: it will read the new one.
        spawn.set_executable(new.python)


def _replace_paths(old: Environment, new: Environment) -> None:
    before = {folder: _pth_files(folder) for folder in old.site_packages}
    gone = {_normal(folder) for folder in old.site_packages}
    for folder, files in before.items():
        for text in files.values():
            gone.update(_normal(path) for path in _pth_folders(folder, text))

    def stays(entry: str) -> bool:
        return _normal(entry) not in gone and not _inside(entry, old.path)

    index = next((at for at, entry in enumerate(sys.path) if not stays(entry)), len(sys.path))
    head = [entry for entry in sys.path[:index] if stays(entry)]
    tail = [entry for entry in sys.path[index:] if stays(entry)]
    sys.path[:] = head
    known = {_normal(entry) for entry in [*head, *tail]}
    seen = {name: text for files in before.values() for name, text in files.items()}
    for folder in new.site_packages:
        if os.path.isdir(folder) and _normal(folder) not in known:
            known.add(_normal(folder))
            sys.path.append(folder)
            _read_pth(folder, seen, known)
    # A `.pth` line may itself have removed an entry; what the user had put on the path comes back all the same.
    sys.path.extend(tail)


def _read_pth(folder: str, seen: Dict[str, str], known: Set[str]) -> None:
    """Do what the start of Python does with the folder's `.pth` files, once a process for each."""
    for name, text in sorted(_pth_files(folder).items()):
        if seen.get(name) == text:
            # Its `import` lines ran when the old environment was entered; only its folders are new.
            for path in _pth_folders(folder, text):
                if _normal(path) not in known and os.path.exists(path):
                    known.add(_normal(path))
                    sys.path.append(path)
        else:
            site.addpackage(folder, name, known)


def _pth_files(folder: str) -> Dict[str, str]:
    """Name to text of the `.pth` files in a site-packages folder."""
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
    places = [at for at, entry in enumerate(entries) if _normal(entry) == _normal(old.scripts)]
    if places:
        entries[places[0]] = new.scripts
    else:
        entries.insert(0, new.scripts)
    unwanted = {_normal(old.scripts)} - {_normal(new.scripts)}
    return os.pathsep.join(entry for entry in entries if _normal(entry) not in unwanted)


def _inside(entry: str, folder: str) -> bool:
    return (_normal(entry) + os.sep).startswith(_normal(folder) + os.sep)


def _normal(path: str) -> str:
    return os.path.normcase(os.path.abspath(path)) if path else ""
