"""What a kernel that can not run says in place of running: the reason, and the numbered next steps."""

from __future__ import annotations

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.escape import escape_untrusted
from jupyter_dep.operations.kernel_start.result import Refused

ENAME = "DepError"


def of_error(error: Exception) -> Refused:
    """A build that failed, as a refusal; an error that is not ours is a fault of ours and says so."""
    if isinstance(error, DepError):
        return Refused(code=error.code, message=str(error), steps=(error.hint,))
    return Refused(
        code="internal-error",
        message=f"the environment could not be prepared: {type(error).__name__}: {error}",
        steps=(
            "run `jupyter dep doctor` in a terminal",
            "if it finds nothing, report this with the log of the Jupyter server",
        ),
    )


CANCELLED = Refused(
    code="cancelled",
    message="building the environment was cancelled",
    steps=("restart the kernel to build it again",),
)

DIED = Refused(
    code="kernel-died",
    message="this kernel ended by itself and its environment is not there: an automatic restart builds nothing",
    steps=("restart the kernel to build the environment", "see the log of the Jupyter server for why it ended"),
)


def lines(refused: Refused, notes: tuple[str, ...] = ()) -> list[str]:
    """The text of the error output; a person reads it, so there is no traceback in it, and nothing that steers a terminal."""
    text = [f"this notebook's kernel has not started [{refused.code}]", "", refused.message, *notes]
    question = refused.question
    if question is not None:
        text += ["", *question.lines, f"fingerprint {question.fingerprint}"]
    if refused.steps:
        text += ["", "what to do next:"]
        text += [f"  {number}. {step}" for number, step in enumerate(refused.steps, start=1)]
    return [escape_untrusted(line, lines=True) for line in text]


def error_content(refused: Refused, notes: tuple[str, ...] = ()) -> dict[str, object]:
    """The content of an `error` message."""
    return {"ename": ENAME, "evalue": escape_untrusted(refused.message, lines=True), "traceback": lines(refused, notes)}
