"""Next steps as every front end's JSON gives them: beside the text, so that a program or a button can use them."""

from __future__ import annotations

from pathlib import PurePath

from jupyter_dep.base.steps import NOTEBOOK, FrontEnd, Step, Text, steps_of
from jupyter_dep.messages import NextStep


def next_steps(text: Text, front_end: FrontEnd) -> tuple[NextStep, ...]:
    """The steps of a hint, in the order in which it names them."""
    return tuple(_next_step(each, front_end) for each in steps_of(text))


def _next_step(step: Step, front_end: FrontEnd) -> NextStep:
    project = front_end.project if step.target == NOTEBOOK else step.target
    return NextStep(
        command=step.command,
        target=front_end.show_path(project) if isinstance(project, PurePath) else None,
        arguments=tuple(map(str, step.arguments)),
        complete=step.complete,
        text=front_end.command_line(step),
    )
