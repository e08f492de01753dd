"""`init` of a notebook: write its first declaration and the name of the kernel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.base.steps import Hint, step
from jupyter_dep.io.files import read_write
from jupyter_dep.io.state.history import Pending
from jupyter_dep.model.declaration import script_block
from jupyter_dep.model.notebook.notebook import Notebook, blank
from jupyter_dep.operations.project.context import (
    KERNEL_DISPLAY,
    KERNEL_NAME,
    CommandContext,
    DeclarationEdit,
    kernel_minor,
)
from jupyter_dep.operations.project.evidence import Evidence, Guess, Proposal, gather, propose
from jupyter_dep.operations.project.rename_tracking import check_lock_name
from jupyter_dep.operations.project.state import read_state
from jupyter_dep.services import Services


@frozen_dataclass
class InitResult:
    """What `init` declared; `suggested` are requirements that the notebook seems to need and does not declare.

    `guessed` are those of `declared` that only share the name of an import, `guesses` the imports whose package is not known,
    `packages` the folders of projects whose modules the notebook imports.
    """

    requires_python: str
    declared: tuple[str, ...] = ()
    suggested: tuple[str, ...] = ()
    guessed: tuple[str, ...] = ()
    guesses: tuple[Guess, ...] = ()
    packages: tuple[str, ...] = ()
    edit: DeclarationEdit | None = None


@frozen_dataclass
class InitOptions:
    """How to begin a notebook: `imports` declares what it needs, `guess` also packages that share the name of an import.

    `ask` puts a yes/no question to a person, `is_on_index` says whether the user's index has a name.
    """

    python: str | None = None
    imports: bool = False
    guess: bool = False
    ask: Callable[[str], bool] | None = None
    is_on_index: Callable[[str], bool] | None = None

    def yes(self, question: str) -> bool:
        """Whether a person is there and says yes."""
        return self.ask is not None and self.ask(question)


def init(notebook: Path, services: Services, context: CommandContext, options: InitOptions | None = None) -> InitResult:
    """Write the block and the kernel's name; a missing notebook is created. Errors: `already-declared`, `not-python`."""
    options = options or InitOptions()
    state = read_state(notebook, services, live_block=context.live_block)
    if state.block is not None:
        raise DepError(
            "already-declared",
            "the notebook already has a declaration",
            hint=Hint(step("status", target=notebook), " shows it"),
            context=state.project.context,
        )
    check_lock_name(state.project)
    if state.notebook is not None and (state.notebook.language or "python").lower() != "python":
        raise DepError(
            "not-python",
            f"this is a notebook for {state.notebook.language}",
            hint="jupyter-dep is for Python kernels",
            context=state.project.context,
        )
    evidence = gather(state.notebook, notebook) if state.notebook else Evidence(imports=())
    proposal, guessed = _ask_index(propose(evidence), options)
    wanted = proposal.requirements
    take = bool(wanted) and (options.imports or options.guess or options.yes(f"Declare what it uses ({', '.join(wanted)})?"))
    block = new_block(services, context, wanted if take else (), options.python)
    declared = script_block.parse(block, context=state.project.context)
    edit = None
    if context.in_kernel and not state.live:
        services.history.set_pending(notebook, Pending(base=None, wanted=block))
        edit = DeclarationEdit(project=notebook, before=None, after=block, pending=True)
    elif state.live:
        edit = DeclarationEdit(project=notebook, before=None, after=block)
    elif state.notebook is None:
        read_write.replace(notebook, blank(block, KERNEL_NAME, KERNEL_DISPLAY), expected=None)
    else:
        content = state.notebook.with_block(block)
        content = Notebook.parse(content, context=state.project.context).with_kernelspec(KERNEL_NAME, KERNEL_DISPLAY)
        read_write.replace(notebook, content, expected=state.data)
    if options.python is not None:
        services.history.set_python(notebook, services.interpreters.find(options.python).name or options.python)
    return InitResult(
        requires_python=declared.requires_python or "",
        declared=wanted if take else (),
        suggested=() if take else wanted,
        guessed=guessed if take else (),
        guesses=proposal.guesses,
        packages=evidence.packages,
        edit=edit,
    )


def _ask_index(proposal: Proposal, options: InitOptions) -> tuple[Proposal, tuple[str, ...]]:
    """Take guesses whose name the user's index has, if the user wants that; gives the names that were taken."""
    if not proposal.guesses or options.is_on_index is None:
        return proposal, ()
    names = ", ".join(guess.names[0] for guess in proposal.guesses)
    if not (
        options.guess or (options.imports and options.yes(f"No package is known for some imports. Ask your index for {names}?"))
    ):
        return proposal, ()
    found = {guess: next(filter(options.is_on_index, guess.names), "") for guess in proposal.guesses}
    taken = tuple(name for name in found.values() if name)
    left = tuple(guess for guess, name in found.items() if not name)
    return Proposal(requirements=(*proposal.requirements, *taken), guesses=left), taken


def new_block(services: Services, context: CommandContext, requirements: Sequence[str] = (), python: str | None = None) -> str:
    """Create a block for the requested Python, else the kernel's, else the newest stable one."""
    minor = kernel_minor(services, context)
    found = services.interpreters.find(python or minor or ">=3.9")
    return script_block.new(list(requirements), f">={found.minor}")
