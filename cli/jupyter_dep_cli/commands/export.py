"""export: a lock in the formats of other tools."""

from __future__ import annotations

from pathlib import Path

from jupyter_dep.base.errors import DepError
from jupyter_dep.io.files import read_write
from jupyter_dep.messages import Outcome, Report
from jupyter_dep.operations.inspect import export as inspect_export
from jupyter_dep_cli.call import Call


def export(call: Call) -> Outcome:
    """Export the lock for other tools, to stdout or a file."""
    target, parsed = call.target(), call.parsed
    format_ = parsed.text("format") or "requirements"
    options = inspect_export.ExportOptions(
        hashes=not parsed.flag("without_hashes"),
        kernel=parsed.flag("with_kernel"),
        groups=parsed.texts("with"),
        extras=parsed.texts("extras"),
    )
    text = inspect_export.export(target, format_, call.services, call.context, options)
    data = {"project": str(target), "format": format_, "text": text, "output": None}
    wanted = parsed.text("output")
    if wanted is None:
        return Outcome(verb="export", report=Report(lines=tuple(text.splitlines())), data=data)
    output = call.cwd / Path(wanted)
    before = read_write.read_if_there(output)
    if before is not None and before != text.encode() and not parsed.flag("overwrite"):
        raise DepError(
            "file-there",
            "the file exists with other content",
            hint="name another file, or pass `--overwrite`",
            context={"file": str(output)},
        )
    if before != text.encode():
        read_write.replace(output, text.encode(), expected=before)
    report = Report(headline=call.heading(target, f"exported as {format_} to {wanted}"), tone="good")
    return Outcome(verb="export", report=report, data={**data, "output": str(output)})
