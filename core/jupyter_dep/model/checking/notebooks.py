"""Checks of a notebook against its folder: kernel, install lines, a declaration of its own."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from packaging.utils import canonicalize_name

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.steps import NAME, Hint, Placeholder, Target, Text, step
from jupyter_dep.model.declaration.requirement import Context, parse
from jupyter_dep.model.notebook.code_imports import install_commands
from jupyter_dep.model.notebook.notebook import Notebook

from .finding import Finding

KERNEL = "dep"


def notebook_findings(
    notebook: Notebook, *, declared: Collection[str], kernels: Collection[str], target: Target, where: Context
) -> Iterator[Finding]:
    """Compare a notebook with the folder that it belongs to.

    `declared` are normalised names, `kernels` the names of the project's own registered kernels, `target` is what a package is
    added to.
    """
    if notebook.language not in (None, "python", "Python"):
        yield Finding(
            level="note",
            code="not-python",
            message=f"the notebook is for {notebook.language}, which locks do not support",
            hint="nothing to do",
            context=where,
        )
        return
    if notebook.kernel_name is None:
        yield _report_kernel("names no kernel, so that each opens it with another", where)
    elif notebook.kernel_name != KERNEL and notebook.kernel_name not in kernels:
        yield _report_kernel(f"opens with the kernel `{notebook.kernel_name}`, not in the locked environment", where)
    for cell in notebook.code_cells:
        for command in install_commands(cell.source):
            place: Context = {**where, "cell": cell.index + 1}
            yield _report_install(command.operands, command.option_names, declared, target, place)


def own_declaration(where: Context) -> Finding:
    """The note that a notebook of the folder is a project of its own."""
    return Finding(
        level="note",
        code="own-declaration",
        message="the notebook has a declaration of its own, so it is a project of its own and takes nothing from the folder",
        hint=Hint(step("check", str(where["file"]), target=None), " checks it; to share the folder's, remove its script block"),
        context=where,
    )


def _report_kernel(what: str, where: Context) -> Finding:
    return Finding(
        level="warning",
        code="other-kernel",
        message=f"the notebook {what}",
        hint="choose the kernel “Python (dep)” in its menu and save it",
        context=where,
    )


def _report_install(
    named: Collection[str], options: Collection[str], declared: Collection[str], target: Target, where: Context
) -> Finding:
    wanted = []
    for text in named:
        try:
            item = parse(text)
        except DepError:  # a path or a variable: what it means is known to its author
            continue
        if canonicalize_name(item.name) not in declared or item.specifier or item.url:
            wanted.append(text)
    if wanted:
        hint: Text = Hint("in its place: ", step("add", *wanted, target=target))
    elif {"-r", "--requirement"} & set(options):
        hint = Hint("in its place: ", step("add", "-r", Placeholder(name="FILE"), target=target))
    elif named:
        hint = "take the line out: what it names is declared"
    else:
        hint = Hint("declare what it names: ", step("add", NAME, target=target))
    return Finding(
        level="warning",
        code="installs-in-cell",
        message="a line installs packages while the notebook runs, past the lock" + (f": {', '.join(named)}" if named else ""),
        hint=hint,
        context=where,
    )
