"""What `new`, `init` and `import` report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Literal

from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.base.steps import Text
from jupyter_dep.model.migration import Unsupported
from jupyter_dep.model.migration.merge_log import Imported
from jupyter_dep.operations.lock import seed_pins
from jupyter_dep.operations.project.context import DeclarationEdit

Kind = Literal["lib", "notebook"]


@frozen_dataclass
class ScaffoldResult:
    """What `new`, `init` or `import` did to the project that `file` declares.

    `made` are the files that are new, `changed` says whether `file` is another than before. `assumed` are the keys of
    `[project]` that are assumed. `left` pairs what was not carried over with the file that it stands in; `proposed` are
    requirements that want a yes, `passed` files that were not read. `seed` is where the versions of the first lock come from.
    """

    file: Path
    name: str = ""
    requires_python: str = ""
    kind: Kind | None = None
    made: tuple[Path, ...] = ()
    changed: bool = True
    taken: tuple[Imported, ...] = ()
    left: tuple[tuple[str, Unsupported], ...] = ()
    proposed: tuple[str, ...] = ()
    passed: tuple[str, ...] = ()
    assumed: Mapping[str, str] = field(default_factory=dict)
    seed: seed_pins.SeedPins | None = None
    notes: tuple[Text, ...] = ()
    edit: DeclarationEdit | None = None
