"""The reason why a kernel has not started, and the numbered next steps."""

from __future__ import annotations

from pathlib import Path

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.escape import escape_untrusted
from jupyter_dep.base.steps import DOCTOR, FrontEnd, Hint
from jupyter_dep.operations.kernel_start.result import Refused

ENAME = "DepError"


def of_error(error: Exception, notebook: Path | None = None) -> Refused:
    """Turn a failed build into a refusal; an error other than `DepError` is reported as a bug in jupyter-dep."""
    if isinstance(error, DepError):
        front_end = FrontEnd(project=notebook, cwd=notebook.parent if notebook is not None else None)
        return Refused(code=error.code, message=str(error), steps=(front_end.write(error.hint),))
    return Refused(
        code="internal-error",
        message=f"the environment could not be prepared: {type(error).__name__}: {error}",
        steps=(
            FrontEnd().write(Hint("run ", DOCTOR, " in a terminal")),
            "if it finds no problem, report this error with the log of the Jupyter server",
        ),
    )


CANCELLED = Refused(
    code="cancelled",
    message="building the environment was cancelled",
    steps=("restart the kernel to build it again",),
)

DIED = Refused(
    code="kernel-died",
    message="the kernel died and its environment no longer exists; an automatic restart does not build it",
    steps=("restart the kernel to build the environment", "see the log of the Jupyter server for why it died"),
)


def lines(refused: Refused, notes: tuple[str, ...] = ()) -> list[str]:
    """Format the error output: no traceback, and control characters escaped."""
    text = [f"this notebook's kernel has not started [{refused.code}]", "", refused.message, *notes]
    question = refused.question
    if question is not None:
        text += ["", *question.lines, f"fingerprint {question.fingerprint}"]
    if refused.steps:
        text += ["", "next steps:"]
        text += [f"  {number}. {step}" for number, step in enumerate(refused.steps, start=1)]
    return [escape_untrusted(line, lines=True) for line in text]


def error_content(refused: Refused, notes: tuple[str, ...] = ()) -> dict[str, object]:
    """Build the content of an `error` message."""
    return {"ename": ENAME, "evalue": escape_untrusted(refused.message, lines=True), "traceback": lines(refused, notes)}
