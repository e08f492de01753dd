"""The lock beside a notebook: a PEP 751 file with our `[tool.jupyter-dep]` table, read once and held as a value."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name

from jupyter_dep.base import toml
from jupyter_dep.base.errors import DepError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.base.steps import Hint, step

from .graph import Graph, Node

if TYPE_CHECKING:
    from packaging.pylock import Package, Pylock

    from jupyter_dep.base.error_codes import ErrorCode

FORMAT = 1
_CONFLICT = re.compile(rb"^(<{7} |={7}\r?$|>{7} )", re.MULTILINE)


def lock_name(stem: str) -> str:
    """`analysis` → `pylock.analysis.toml`; PEP 751 allows no dot in the middle part, so it becomes `_`."""
    return f"pylock.{stem.replace('.', '_')}.toml"


@frozen_dataclass
class LockTable:
    """Our table: the declaration that the lock answers (canonical form), and how it was made.

    `kernel` names are locked for the kernel alone. `unavailable` maps a platform to the packages that have no wheel there.
    """

    notebook: str
    python: str
    declaration: Mapping[str, Any]
    cutoff: str | None = None
    kernel: tuple[str, ...] = ()
    unavailable: Mapping[str, tuple[str, ...]] | None = None

    def declaration_digest(self) -> str:
        """Comparable with `Declaration.digest()`."""
        text = json.dumps(self.declaration, sort_keys=True, separators=(",", ":"), default=str)
        return hashlib.sha256(text.encode()).hexdigest()


@frozen_dataclass
class Lock:
    """A parsed lock. `table` is None where the file was written by another tool."""

    digest: str
    pylock: Pylock
    table: LockTable | None

    @property
    def packages(self) -> tuple[Package, ...]:
        """The locked packages, in the file's order."""
        return tuple(self.pylock.packages)

    def versions(self) -> dict[str, str]:
        """Locked versions by name; several for one name are joined with ` / `."""
        found: dict[str, list[str]] = {}
        for package in self.packages:
            found.setdefault(package.name, []).append(str(package.version or "source"))
        return {name: " / ".join(versions) for name, versions in sorted(found.items())}

    def graph(self) -> Graph:
        """The graph that the lock carries; a dependency without a version means every locked version of that name."""
        by_name: dict[str, list[Node]] = {}
        for package in self.packages:
            by_name.setdefault(package.name, []).append(_make_node(package))
        edges: dict[Node, tuple[Node, ...]] = {}
        for package in self.packages:
            needed: list[Node] = []
            for dependency in package.dependencies or ():
                name = canonicalize_name(str(dependency.get("name", "")))
                version = dependency.get("version")
                needed += [node for node in by_name.get(name, [(name, "")]) if version is None or node[1] == version]
            edges[_make_node(package)] = tuple(needed)
        names = self.declared_names(conditional=True)
        kernel = [node for name in ("ipykernel", "ipywidgets") for node in by_name.get(name, ())]
        return Graph(
            edges=edges,
            roots=tuple(node for name in sorted(names) for node in by_name.get(name, ())),
            kernel_roots=tuple(kernel),
        )

    def missing_dependencies(self) -> tuple[str, ...]:
        """What the graph needs and the lock lacks, and declared names that are missing: a bad merge leaves such."""
        locked = {package.name for package in self.packages}
        graph = self.graph()
        needed = {name for nodes in graph.edges.values() for name, _ in nodes}
        return tuple(sorted((needed | self.declared_names(conditional=False)) - locked))

    def declared_names(self, *, conditional: bool) -> frozenset[str]:
        """Names of the declaration that the lock answers, with those of every extra and group.

        Those with a marker may rightly be absent (`conditional`).
        """
        if self.table is None:
            return frozenset()
        parts = [self.table.declaration.get("dependencies", ())]
        parts += [texts for key in ("extras", "groups") for texts in self.table.declaration.get(key, {}).values()]
        return frozenset().union(*(_find_names(texts, conditional=conditional) for texts in parts))

    def names_of(self, *, extras: Collection[str] = (), groups: Collection[str] = ()) -> frozenset[str]:
        """Names that these extras and groups of the declaration ask for, without the dependencies' own."""
        declaration = self.table.declaration if self.table else {}
        wanted = [declaration.get("extras", {}).get(name, ()) for name in extras]
        wanted += [declaration.get("groups", {}).get(name, ()) for name in groups]
        return frozenset().union(*(_find_names(texts, conditional=True) for texts in wanted))


def _find_names(requirements: Iterable[object], *, conditional: bool) -> frozenset[str]:
    return frozenset(
        str(canonicalize_name(re.split(r"[\s\[<>=!~;@(]", str(text), maxsplit=1)[0]))
        for text in requirements
        if conditional or ";" not in str(text)
    )


def _make_node(package: Package) -> Node:
    return package.name, str(package.version or "")


def bad_lock(message: str, context: Mapping[str, str | int], code: ErrorCode = "bad-lock") -> DepError:
    """The error for a lock that cannot be used."""
    return DepError(
        code,
        message,
        hint=Hint("run ", step("lock"), " to make a new one from the declaration; your version control keeps the old file"),
        context=context,
    )


def read(data: bytes, *, context: Mapping[str, str | int]) -> Lock:
    """Read a lock's bytes, once: the last two are kept, since one command asks for the same bytes again and again.

    Errors: `unmerged-lock` (conflict markers), `lock-too-new`, `bad-lock`. The policy on what it may contain is
    `policy.examine`'s.
    """
    try:
        return _read(data)
    except DepError as error:
        error.context = {**context, **error.context}
        raise


@lru_cache(maxsize=2)
def _read(data: bytes) -> Lock:
    from packaging.pylock import Pylock, PylockUnsupportedVersionError, PylockValidationError

    context: Mapping[str, str | int] = {}
    if _CONFLICT.search(data):
        raise bad_lock("the lock holds conflict markers of a merge", context, "unmerged-lock")
    try:
        raw = toml.loads(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise bad_lock(f"the lock is not UTF-8 (byte {error.start})", context) from error
    except tomllib.TOMLDecodeError as error:
        raise bad_lock(f"the lock is not TOML: {error}", context) from error
    try:
        pylock = Pylock.from_dict(raw)
    except PylockUnsupportedVersionError as error:
        raise _refuse_newer(str(error), context) from error
    except (PylockValidationError, ValueError, TypeError, AttributeError) as error:
        if not re.match(r"1(\.|$)", str(raw.get("lock-version", "1"))):  # another major version need not have this one's keys
            raise _refuse_newer(f"`lock-version` is {raw['lock-version']}", context) from error
        raise bad_lock(f"the lock is not a valid pylock: {error}", context) from error
    return Lock(digest=hashlib.sha256(data).hexdigest(), pylock=pylock, table=_table(pylock.tool or {}, context))


def _refuse_newer(message: str, context: Mapping[str, str | int]) -> DepError:
    return DepError(
        "lock-too-new",
        f"the lock was written in a newer format: {message}",
        hint="upgrade jupyter-dep, then open the notebook again",
        context=context,
    )


def _table(tool: Mapping[str, Any], context: Mapping[str, str | int]) -> LockTable | None:
    raw = tool.get("jupyter-dep")
    if raw is None:
        return None
    if not isinstance(raw, Mapping):
        raise bad_lock("`tool.jupyter-dep` is not a table", context)
    if isinstance(raw.get("format"), int) and raw["format"] > FORMAT:
        raise _refuse_newer(f"`tool.jupyter-dep.format` is {raw['format']}, this version knows {FORMAT}", context)
    try:
        python = str(raw["python"])
        if not re.fullmatch(r"3\.\d{1,2}t?", python):
            raise ValueError(f"`python` is `{python}`")
        if not isinstance(raw["declaration"], Mapping):
            raise TypeError("`declaration` is not a table")
        json.dumps(raw["declaration"])  # dates and times are TOML's: we write them as text
        dependencies = raw["declaration"].get("dependencies", [])
        if not isinstance(dependencies, list) or not all(isinstance(text, str) for text in dependencies):
            raise TypeError("`declaration.dependencies` is not a list of texts")
        for key in ("extras", "groups"):
            parts = raw["declaration"].get(key, {})
            listed = parts.values() if isinstance(parts, Mapping) else [None]
            if not all(isinstance(texts, list) and all(isinstance(text, str) for text in texts) for texts in listed):
                raise TypeError(f"`declaration.{key}` is not a table of lists of texts")
        unavailable = {str(key): tuple(map(str, names)) for key, names in raw.get("unavailable", {}).items()}
        return LockTable(
            notebook=str(raw.get("notebook", "")),
            python=python,
            declaration=raw["declaration"],
            cutoff=str(raw["cutoff"]) if "cutoff" in raw else None,
            kernel=tuple(canonicalize_name(str(name)) for name in raw.get("kernel", ())),
            unavailable=unavailable,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise bad_lock(f"`tool.jupyter-dep` of the lock is damaged: {error}", context) from error
