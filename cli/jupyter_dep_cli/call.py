"""One verb on one target, with everything that a handler needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from jupyter_dep.errors import UsageError
from jupyter_dep.messages import Outcome
from jupyter_dep.operations.asking import Asking
from jupyter_dep.services import Services

from .tree import Parsed
from .wording import Wording


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """`notebook` is absolute, None where a verb takes none or none was named. `ask` puts a yes/no question to a person
    at a terminal and is None where nobody can be asked. `body` is the rest of a `%%dep` cell,
    `in_cell` says that the notebook is the one whose kernel asks."""

    parsed: Parsed
    services: Services
    cwd: Path
    notebook: Path | None = None
    asking: Asking = field(default_factory=Asking)
    ask: Callable[[str], bool] | None = None
    body: str = ""
    in_cell: bool = False

    @property
    def wording(self) -> Wording | None:
        """How this call's notebook is spoken of, None without one."""
        if self.notebook is None:
            return None
        return Wording(self.notebook, self.cwd, cell=self.in_cell)

    def target(self) -> Path:
        if self.notebook is None:
            if self.asking.from_cell:
                raise UsageError(
                    "no-notebook",
                    "this kernel does not know its notebook: the front end did not say",
                    hint=f"name it: `%dep {self.parsed.verb.name} NOTEBOOK.ipynb …`, or set `JUPYTER_DEP_NOTEBOOK`",
                )
            raise UsageError(
                "no-notebook",
                f"`{self.parsed.verb.name}` needs a notebook",
                hint=f"usage: {self.parsed.verb.usage()}",
            )
        return self.notebook


Handler = Callable[[Call], Outcome]
