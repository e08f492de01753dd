"""What is imported against what is declared and locked: packages that are missing, lucky, misplaced, or not used.

Which distribution brings a module is read off the sealed environment where there is one, and else off the reviewed map
of `model.names`, which does not know every package: what cannot be told is said to be so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.model.declaration.requirement import Context
from jupyter_dep.model.packages.import_map import distribution_for, imports_of_distribution

from .finding import Finding, Level

Role = Literal["package", "notebook", "other"]
"""Who imports: the code that is published, a notebook, or what stays at home (tests, scripts, documentation)."""

_STUBS = re.compile(r"types-.*|.*-stubs")
_KERNEL = frozenset({"ipykernel", "ipython", "ipywidgets", "traitlets", "jupyter-client", "jupyter-core", "comm"})


@frozen_dataclass
class ImportUse:
    """One module that one file imports; `own`: some file of the folder has the module's name, wherever it lies."""

    module: str
    role: Role
    where: Context
    optional: bool = False
    own: bool = False


@frozen_dataclass
class Declared:
    """What is declared and locked, as normalised names. `parts` maps `default`, `extra`, `group` to theirs."""

    name: str = ""
    parts: Mapping[Literal["default", "extra", "group"], frozenset[str]] = field(default_factory=dict)
    locked: frozenset[str] = frozenset()
    kernel: frozenset[str] = frozenset()
    via: Callable[[str], tuple[str, ...]] = lambda _: ()
    """The locked packages that need a locked one directly."""

    def of(self, *parts: Literal["default", "extra", "group"]) -> frozenset[str]:
        return frozenset().union(*(self.parts.get(part, frozenset()) for part in parts))

    @property
    def everything(self) -> frozenset[str]:
        return self.of("default", "extra", "group")


def names_of(requirements: Iterable[Requirement]) -> frozenset[str]:
    return frozenset(str(canonicalize_name(item.name)) for item in requirements)


@frozen_dataclass
class ModuleProviders:
    """What a sealed environment's files tell: `modules` maps dotted names to the distributions that bring them, `plugged`
    are those that offer commands or plugins, `names` all."""

    modules: Mapping[str, frozenset[str]] = field(default_factory=dict)
    plugged: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()

    def brings(self, module: str) -> frozenset[str]:
        """The distributions of a dotted name: its longest known prefix decides."""
        parts = module.split(".")
        for count in range(len(parts), 0, -1):
            found = self.modules.get(".".join(parts[:count]))
            if found:
                return found
        return frozenset()

    @property
    def importable(self) -> frozenset[str]:
        return frozenset().union(*self.modules.values())


NOTHING = ModuleProviders()


@dataclass(slots=True)
class _Missing:
    level: Level
    code: str
    names: tuple[str, ...]
    uses: list[ImportUse] = field(default_factory=list)


def usage_findings(
    uses: Collection[ImportUse],
    declared: Declared,
    bringers: ModuleProviders,
    *,
    where: Context,
    of: str = "",
    whole: bool = True,
) -> Iterator[Finding]:
    """Imports that nothing declared brings and, where `uses` are all that the project has (`whole`), declared packages that
    nothing imports; each once. `of` names the notebook in a command, after a space; nothing for a folder."""
    missing: dict[tuple[str, str], _Missing] = {}
    used: set[str] = set()
    unclear: dict[str, ImportUse] = {}
    opaque = declared.everything - bringers.names - _mapped(declared.everything)
    for use in uses:
        brought, certain = _brought(use.module, declared, bringers)
        used |= brought
        allowed = _allowed(use.role, declared)
        if not brought or use.optional or brought & allowed:
            continue
        problem = _problem(use, brought, certain, declared, bool(opaque))
        if problem is None:
            continue
        if problem.code == "import-unclear":
            unclear.setdefault(use.module.partition(".")[0], use)
            continue
        module = use.module.partition(".")[0]
        missing.setdefault((problem.code, problem.names[0] if certain else module), problem).uses.append(use)
    for (_, _), problem in missing.items():
        yield _told(problem, declared, f"jupyter dep add{of}")
    if unclear:
        yield _unclear(unclear, of)
    if uses and whole:
        yield from _unused(used, declared, bringers, opaque if unclear else (), where, of)


def _brought(module: str, declared: Declared, bringers: ModuleProviders) -> tuple[frozenset[str], bool]:
    found = bringers.brings(module)
    if found:
        return found, True
    match = distribution_for(module)
    if not match.distribution:  # a namespace that belongs to nobody
        return frozenset(), False
    names = frozenset({match.distribution})
    if not match.certain and (near := _likely(module, declared.everything - bringers.names)):
        return near, True
    return names, match.certain


def _likely(module: str, names: Collection[str]) -> frozenset[str]:
    """Declared names that differ from a module's by what authors put around it: `python-`, `-python`, `py`, `-py`."""
    top = str(canonicalize_name(module.partition(".")[0]))
    spelled = {f"python-{top}", f"{top}-python", f"py{top}", f"py-{top}", f"{top}-py", f"{top}2", f"{top}-binary"}
    return frozenset(name for name in names if name == top or name in spelled)


def _mapped(names: Iterable[str]) -> frozenset[str]:
    """Those whose modules the reviewed map knows."""
    return frozenset(name for name in names if distribution_for(name.replace("-", "_")).certain or _is_brought(name))


def _is_brought(name: str) -> bool:
    return any(imports_of_distribution(word) == name for word in (name, name.replace("-", "_"), name.removeprefix("python-")))


def _allowed(role: Role, declared: Declared) -> frozenset[str]:
    own = frozenset({declared.name} if declared.name else ())
    if role == "package":
        return declared.of("default", "extra") | own
    kernel = (declared.kernel or _KERNEL) if role == "notebook" else frozenset()
    return declared.everything | own | kernel


def _problem(use: ImportUse, brought: frozenset[str], certain: bool, declared: Declared, opaque: bool) -> _Missing | None:
    names = tuple(sorted(brought))
    if use.role == "package" and (misplaced := brought & declared.of("group")):
        return _Missing("warning", "import-from-group", tuple(sorted(misplaced)))
    if use.own and not brought & declared.locked:
        return None
    if lucky := brought & declared.locked:
        return _Missing("warning", "import-transitive", tuple(sorted(lucky)))
    if not certain and opaque:
        return _Missing("note", "import-unclear", names)
    return _Missing("warning", "import-undeclared", names)


def _told(problem: _Missing, declared: Declared, add: str) -> Finding:
    first, name = problem.uses[0], problem.names[0]
    files = {str(use.where.get("file", "")) for use in problem.uses}
    module = first.module
    in_all = f" ({len(files)} files do)" if len(files) > 1 else ""
    if problem.code == "import-from-group":
        message = f"`{module}` is imported by the package, and `{name}` is declared in a group only: who installs it lacks it"
        hint = f"declare it among the dependencies: `{add} {name}`"
    elif problem.code == "import-transitive":
        via = declared.via(name)
        needed = ", ".join(f"`{one}`" for one in via[:3]) or "another package"
        need = "need" if len(via) > 1 else "needs"
        message = f"`{module}` is imported, and `{name}` is there only because {needed} {need} it"
        hint = f"declare it: `{add} {name}`"
    else:
        which = " or ".join(f"`{one}`" for one in problem.names[:3])
        message = f"`{module}` is imported, and nothing that is declared brings it"
        hint = f"declare {which}: `{add} {name}`"
    return Finding(level=problem.level, code=problem.code, message=message + in_all, hint=hint, context=first.where)


def _unclear(unclear: Mapping[str, ImportUse], of: str) -> Finding:
    listed = ", ".join(f"`{module}`" for module in sorted(unclear)[:8])
    more = f" and {len(unclear) - 8} more" if len(unclear) > 8 else ""
    return Finding(
        level="note",
        code="import-unclear",
        message=f"which package brings {listed}{more} cannot be told before the environment is built",
        hint=f"build it, then check again: `jupyter dep sync{of}`",
        context=next(iter(unclear.values())).where,
    )


def _unused(
    used: Collection[str], declared: Declared, bringers: ModuleProviders, doubtful: Collection[str], where: Context, of: str
) -> Iterator[Finding]:
    """Declared and imported nowhere. Groups hold tools, so only what is known to be a plain library is told of theirs."""
    kernel = declared.kernel or _KERNEL
    plain = bringers.importable - bringers.plugged
    for part, kept in (("default", None), ("extra", None), ("group", plain)):
        for name in sorted(declared.of(part)):  # type: ignore[arg-type]
            if name in used or name in kernel or _STUBS.fullmatch(name) or name == declared.name:
                continue
            if kept is not None and name not in kept:
                continue
            if name in bringers.names and name not in bringers.importable:
                continue  # it brings other packages, and nothing to import
            if name in doubtful:
                continue
            if part != "default" and name in declared.of("default"):
                continue
            yield Finding(
                level="note",
                code="unused",
                message=f"`{name}` is declared, and nothing here imports it",
                hint=f"if nothing else needs it: `jupyter dep remove{of} {name}`",
                context={**where, "package": name},
            )
