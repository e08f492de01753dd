"""doctor: what is installed where, whether the store is sound, and what to do."""

from __future__ import annotations

import sys

from jupyter_dep import __version__
from jupyter_dep.base.errors import DepError
from jupyter_dep.base.progress import Progress
from jupyter_dep.base.steps import Hint, Step, Text, step
from jupyter_dep.io.index.settings import redact
from jupyter_dep.io.store.record_check import FileHashes
from jupyter_dep.messages import Outcome, Report, Table
from jupyter_dep.operations.environment import gc
from jupyter_dep.operations.inspect import index_metadata
from jupyter_dep_cli.call import Call
from jupyter_dep_kernels.kernelspecs import DiskKernelRegistry, RegisteredKernel


def doctor(call: Call) -> Outcome:
    """Show what is installed where, and how to fix problems."""
    services, lines = call.services, []
    problems: list[tuple[str, Text | Step]] = []
    lines.append(f"jupyter-dep {__version__} on Python {sys.version.split()[0]} ({sys.executable})")
    engine = index = ""
    try:
        engine = services.engine.version()
        index = services.engine.default_index()
        if not call.context.offline:
            index_metadata.details("ipykernel", services)  # every environment needs it
    except DepError as error:
        problems.append((str(error), error.hint))
    settings = services.indexes
    lines.append(f"engine: {engine}")
    lines.append(f"package index: {index}" + "".join(f", {redact(url)}" for url in settings.extra))
    lines += [f"setting: {name} from {where}" for name, where in settings.sources]
    lines += [f"not used: {name}, because {why}" for name, why in settings.ignored]
    pythons = services.interpreters.all(refresh=True)
    lines += [f"broken Python: {path} ({why})" for path, why in sorted(services.interpreters.broken.items())]
    if not pythons:
        problems.append(("no usable Python found", "install one with your system's package manager"))
    kernels: tuple[RegisteredKernel, ...] = ()
    try:
        kernels = DiskKernelRegistry().kernels()
    except DepError as error:
        problems.append((str(error), error.hint))
    if not any(item.name == "dep" for item in kernels):
        lines.append(
            call.write(
                Hint("kernel: not registered for other Jupyter installations (", step("setup", target=None), " does that)")
            )
        )
    problems += [
        (f"kernel {item.name}: {item.stale}", step("kernel remove", "--stale", target=None)) for item in kernels if item.stale
    ]
    environments = services.store.all()
    damaged = {}
    hashes = FileHashes() if call.parsed.flag("full") else None
    for number, sealed in enumerate(environments, 1):
        call.context.reporter(
            Progress(phase="checking", done=number, total=len(environments), detail=f"environment {sealed.key[:12]}")
        )
        try:
            found = gc.verify(sealed, services, hashes=hashes)
        except DepError as error:
            problems.append((f"environment {sealed.key[:12]} cannot be checked: {error.message}", error.hint))
            continue
        if found:
            damaged[sealed.key] = found
            names = ", ".join(sorted(filter(None, found))) or "not from a package"
            what = f"environment {sealed.key[:12]} has changed files ({names})"
            problems.append((what, "it was withdrawn: the next start builds a new one"))
    size = sum(sealed.size for sealed in environments)
    lines.append(f"store: {services.paths.store}, {len(environments)} environments, {size / 1e6:.0f} MB before sharing")
    if services.store.on_network():
        lines.append("store: on a network file system, so nothing is collected")
    rows = tuple((found.version, found.executable) for found in pythons)
    return Outcome(
        verb="doctor",
        report=Report(
            headline="no problems found"
            if not problems
            else f"{len(problems)} problem{'' if len(problems) == 1 else 's'} found",
            tone="good" if not problems else "warn",
            lines=tuple(lines),
            tables=(Table(title="Pythons", columns=("version", "where"), rows=rows),) if rows else (),
            notes=tuple(what for what, _ in problems),
            next=tuple(dict.fromkeys(call.write(following) for _, following in problems)),
        ),
        data={
            "version": __version__,
            "python": sys.executable,
            "engine": engine,
            "index": index,
            "pythons": [{"version": version, "path": path} for version, path in rows],
            "store": str(services.paths.store),
            "environments": len(environments),
            "damaged": damaged,
            "problems": [{"what": what, "do": call.write(following)} for what, following in problems],
        },
        exit_code=0 if not problems else 1,
    )
