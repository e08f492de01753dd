"""The one rule for which distribution brings an import: for `check`, for the page, and for a cell's hint in its own copy.

A built environment's files decide where there is one, else the reviewed map of `import_map`, which does not know every package.
Of a namespace package (`google`, `azure`, `zope` …) only the full dotted path says to which distribution a module belongs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import field

from packaging.utils import canonicalize_name

from jupyter_dep.base.fast_dataclass import frozen_dataclass

from .import_map import distribution_for, imports_of_distribution, is_namespace, names_by_path


@frozen_dataclass
class ModuleProviders:
    """What the files of a built environment say.

    `modules` maps dotted names to the distributions that bring them, `plugged` are distributions that offer commands or
    plugins, `names` all distributions.
    """

    modules: Mapping[str, frozenset[str]] = field(default_factory=dict)
    plugged: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()

    def distributions_of(self, module: str) -> frozenset[str]:
        """The distributions of a dotted name; its longest known prefix decides."""
        parts = module.split(".")
        for count in range(len(parts), 0, -1):
            found = self.modules.get(".".join(parts[:count]))
            if found:
                return found
        return frozenset()

    def distributions_below(self, namespace: str) -> frozenset[str]:
        """The distributions with modules below a dotted name that none of them owns."""
        return frozenset().union(*(found for name, found in self.modules.items() if name.startswith(f"{namespace}.")))

    @property
    def importable(self) -> frozenset[str]:
        """The distributions that bring a module at all."""
        return frozenset().union(*self.modules.values())


NOTHING = ModuleProviders()
"""Where no environment is built."""


@frozen_dataclass
class ImportOrigin:
    """The distributions that bring a module, only a guess if not `certain`; empty where the name tells nothing.

    `namespace`: the module is only a namespace, which holds what several distributions bring.
    """

    distributions: frozenset[str] = frozenset()
    certain: bool = False
    namespace: bool = False


def find_origin(module: str, known: Collection[str], providers: ModuleProviders) -> ImportOrigin:
    """Where a dotted module comes from; `known` are the declared or locked distributions, by normalised names."""
    found = providers.distributions_of(module)
    if found:
        return ImportOrigin(distributions=found, certain=True)
    below = providers.distributions_below(module)
    if below or is_namespace(module):
        return ImportOrigin(distributions=below, certain=bool(below), namespace=True)
    match = distribution_for(module)
    if match.certain:
        return ImportOrigin(distributions=frozenset({match.distribution}), certain=True)
    # what is installed is known by its files: only the others may bring this
    likely = _likely_names(module) & (frozenset(known) - providers.names)
    if likely:
        return ImportOrigin(distributions=likely, certain=True)
    return ImportOrigin(distributions=frozenset({match.distribution} if match.distribution else ()))


def unexplored(names: Iterable[str], providers: ModuleProviders) -> frozenset[str]:
    """The distributions of which neither the environment nor the map says what they bring."""
    return frozenset(name for name in names if name not in providers.names and not _is_mapped(name))


def _likely_names(module: str) -> frozenset[str]:
    """Names that authors give a distribution: the module's with `python` or `py` around it; a namespace's dotted path."""
    top = str(canonicalize_name(module.partition(".")[0]))
    around = {top, f"python-{top}", f"{top}-python", f"py{top}", f"py-{top}", f"{top}-py", f"{top}2", f"{top}-binary"}
    return frozenset(names_by_path(module)) if is_namespace(module.partition(".")[0]) else frozenset(around)


def _is_mapped(name: str) -> bool:
    if distribution_for(name.replace("-", "_")).certain:
        return True
    return any(imports_of_distribution(word) == name for word in (name, name.replace("-", "_"), name.removeprefix("python-")))
