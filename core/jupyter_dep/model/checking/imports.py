"""Undeclared, transitive-only, misplaced and unused imports of a project.

`packages.import_origin` says which distribution brings a module; what it cannot know is reported as unclear.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.base.steps import NAME, NOTEBOOK, Hint, Target, step
from jupyter_dep.model.declaration.requirement import Context
from jupyter_dep.model.packages.import_map import is_namespace
from jupyter_dep.model.packages.import_origin import ImportOrigin, ModuleProviders, find_origin, unexplored

from .finding import Finding, Level

Role = Literal["package", "notebook", "other"]
"""What imports: the code that is published, a notebook, or what is not published (tests, scripts, documentation)."""
Part = Literal["default", "extra", "group"]

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
    parts: Mapping[Part, frozenset[str]] = field(default_factory=dict)
    locked: frozenset[str] = frozenset()
    kernel: frozenset[str] = frozenset()
    via: Callable[[str], tuple[str, ...]] = lambda _: ()
    """The locked packages that need a locked one directly."""

    def of(self, *parts: Part) -> frozenset[str]:
        """The names that are declared in these parts."""
        return frozenset().union(*(self.parts.get(part, frozenset()) for part in parts))

    @property
    def everything(self) -> frozenset[str]:
        """The names that are declared in any part."""
        return self.of("default", "extra", "group")


def names_of(requirements: Iterable[Requirement]) -> frozenset[str]:
    """The normalised names of requirements."""
    return frozenset(str(canonicalize_name(item.name)) for item in requirements)


@dataclass(slots=True)
class _Missing:
    level: Level
    code: str
    names: tuple[str, ...]
    uses: list[ImportUse] = field(default_factory=list)


def usage_findings(
    uses: Collection[ImportUse],
    declared: Declared,
    providers: ModuleProviders,
    *,
    where: Context,
    target: Target = NOTEBOOK,
    whole: bool = True,
) -> Iterator[Finding]:
    """Find imports that nothing declared brings and declared packages that nothing imports, each once.

    Unused packages are reported only where `uses` are all that the project has (`whole`). `target` is what the next
    steps are for.
    """
    missing: dict[tuple[str, str], _Missing] = {}
    used: set[str] = set()
    unclear: dict[str, ImportUse] = {}
    doubtful = unexplored(declared.everything, providers)
    known = declared.everything | declared.locked
    for use in uses:
        origin = find_origin(use.module, known, providers)
        used |= origin.distributions
        problem = _find_problem(use, origin, declared, opaque=bool(doubtful))
        if problem is None:
            continue
        module = use.module.partition(".")[0]
        if problem.code == "import-unclear":
            unclear.setdefault(module, use)
        else:
            key = problem.names[0] if origin.certain else use.module if is_namespace(module) else module
            missing.setdefault((problem.code, key), problem).uses.append(use)
    for problem in missing.values():
        yield _describe(problem, declared, target)
    if unclear:
        yield _describe_unclear(unclear, target)
    if uses and whole:
        for name in unused_packages(used, declared, providers, doubtful=doubtful if unclear else frozenset()):
            yield Finding(
                level="note",
                code="unused",
                message=f"`{name}` is declared, and nothing here imports it",
                hint=Hint("if nothing else needs it: ", step("remove", name, target=target)),
                context={**where, "package": name},
            )


def unused_packages(
    used: Collection[str], declared: Declared, providers: ModuleProviders, *, doubtful: Collection[str]
) -> Iterator[str]:
    """The declared packages that nothing imports, by name and part.

    `doubtful` are left out: they may bring what could not be assigned. Groups hold tools, so only what is known to be a plain
    library is reported of theirs.
    """
    kernel = declared.kernel or _KERNEL
    plain = providers.importable - providers.plugged
    parts: tuple[tuple[Part, frozenset[str] | None], ...] = (("default", None), ("extra", None), ("group", plain))
    for part, kept in parts:
        for name in sorted(declared.of(part)):
            if name in used or name in kernel or name in doubtful or name == declared.name or _STUBS.fullmatch(name):
                continue
            if kept is not None and name not in kept:
                continue
            if name in providers.names and name not in providers.importable:
                continue  # it brings other packages, and nothing to import
            if part != "default" and name in declared.of("default"):
                continue
            yield name


def _allowed_names(role: Role, declared: Declared) -> frozenset[str]:
    own = frozenset({declared.name} if declared.name else ())
    if role == "package":
        return declared.of("default", "extra") | own
    kernel = (declared.kernel or _KERNEL) if role == "notebook" else frozenset()
    return declared.everything | own | kernel


def _find_problem(use: ImportUse, origin: ImportOrigin, declared: Declared, *, opaque: bool) -> _Missing | None:
    distributions = origin.distributions
    if use.optional or origin.namespace or distributions & _allowed_names(use.role, declared):
        return None
    names = tuple(sorted(distributions))
    if use.role == "package" and (misplaced := distributions & declared.of("group")):
        return _Missing("warning", "import-from-group", tuple(sorted(misplaced)))
    if use.own and not distributions & declared.locked:
        return None
    if transitive := distributions & declared.locked:
        return _Missing("warning", "import-transitive", tuple(sorted(transitive)))
    if not origin.certain and opaque:
        return _Missing("note", "import-unclear", names)
    return _Missing("warning", "import-undeclared", names)


def _describe(problem: _Missing, declared: Declared, target: Target) -> Finding:
    first = problem.uses[0]
    files = {str(use.where.get("file", "")) for use in problem.uses}
    module = first.module
    in_all = f" ({len(files)} files do)" if len(files) > 1 else ""
    name = problem.names[0] if problem.names else ""
    add = step("add", name or NAME, target=target)
    if problem.code == "import-from-group":
        message = f"`{module}` is imported by the package, and `{name}` is declared in a group only: who installs it lacks it"
        hint = Hint("declare it among the dependencies: ", add)
    elif problem.code == "import-transitive":
        via = declared.via(name)
        needed = ", ".join(f"`{one}`" for one in via[:3]) or "another package"
        need = "need" if len(via) > 1 else "needs"
        message = f"`{module}` is imported, and `{name}` is there only because {needed} {need} it"
        hint = Hint("declare it: ", add)
    else:
        which = " or ".join(f"`{one}`" for one in problem.names[:3])
        message = f"`{module}` is imported, and no declared package provides it"
        hint = Hint(f"declare {which}: " if name else "look up the package that provides it, then ", add)
    return Finding(level=problem.level, code=problem.code, message=message + in_all, hint=hint, context=first.where)


def _describe_unclear(unclear: Mapping[str, ImportUse], target: Target) -> Finding:
    listed = ", ".join(f"`{module}`" for module in sorted(unclear)[:8])
    more = f" and {len(unclear) - 8} more" if len(unclear) > 8 else ""
    return Finding(
        level="note",
        code="import-unclear",
        message=f"which package provides {listed}{more} cannot be determined before the environment is built",
        hint=Hint("build it, then check again: ", step("sync", target=target)),
        context=next(iter(unclear.values())).where,
    )
