"""kernel, trust, setup: registered kernels and consent."""

from __future__ import annotations

from jupyter_dep.base.errors import DepError, UsageError
from jupyter_dep.base.steps import Hint, Placeholder, step
from jupyter_dep.io.system.paths import expand_home
from jupyter_dep.messages import Outcome, Report, Table
from jupyter_dep.operations.consent import record
from jupyter_dep.operations.environment import trust as environment_trust
from jupyter_dep.operations.project import context
from jupyter_dep.presentation import outcomes
from jupyter_dep_cli.call import Call, spellings
from jupyter_dep_kernels.kernelspecs import DiskKernelRegistry

_LIST = step("trust list", target=None)


def kernel(call: Call) -> Outcome:
    """Register, list or remove the kernels of projects."""
    registry = DiskKernelRegistry()
    if call.parsed.action == "install":
        target = call.target()
        project = context.load_state(target, call.services, call.context).project
        done = registry.install(target, f"{project.called} (dep)")
        return Outcome(
            verb="kernel",
            report=Report(headline=f"registered `{done.display_name}` as {done.name}", tone="good", lines=(str(done.folder),)),
            data={
                "name": done.name,
                "display_name": done.display_name,
                "path": str(done.folder),
                "project": str(target),
            },
        )
    if call.parsed.action == "remove":
        return _remove_kernels(call, registry)
    rows = tuple(
        (item.name, item.display_name, str(item.project or "any notebook"), item.stale or "") for item in registry.kernels()
    )
    steps = [("kernel remove", "--stale")] if any(row[3] for row in rows) else [] if rows else [("setup",)]
    return Outcome(
        verb="kernel",
        report=Report(
            headline=f"{len(rows)} registered kernel{'' if len(rows) == 1 else 's'}",
            tables=(Table(columns=("name", "shown as", "for", "stale"), rows=rows),) if rows else (),
            next=tuple(call.write(step(*words, target=None)) for words in steps),
        ),
        data={"kernels": [dict(zip(("name", "display_name", "project", "stale"), row, strict=True)) for row in rows]},
    )


def _remove_kernels(call: Call, registry: DiskKernelRegistry) -> Outcome:
    names = list(call.parsed.words)
    if call.parsed.flag("stale"):
        names += [item.name for item in registry.kernels() if item.stale]
    elif call.notebook is not None or not names:
        names += [item.name for item in registry.kernels() if item.project == call.target()]
    if not names and not call.parsed.flag("stale"):
        raise UsageError("bad-usage", "no kernel named", hint=Hint(step("kernel list", target=None), " shows their names"))
    for name in dict.fromkeys(names):
        registry.remove(name)
    return Outcome(
        verb="kernel",
        report=Report(headline=f"removed {', '.join(names) or 'nothing'}", tone="good"),
        data={"removed": names},
    )


def setup(call: Call) -> Outcome:
    """Register the kernel that opens any notebook, or remove it."""
    registry = DiskKernelRegistry()
    if call.parsed.flag("remove"):
        done = registry.remove(context.KERNEL_NAME)
        return Outcome(
            verb="setup",
            report=Report(headline=f"removed {done.folder}", tone="good"),
            data={"removed": str(done.folder)},
        )
    done = registry.setup()
    return Outcome(
        verb="setup",
        report=Report(
            headline=f"the kernel `{done.display_name}` is registered for your user",
            tone="good",
            lines=(str(done.folder),),
            next=("open a notebook with it, and type `%dep add NAME` in a cell",),
        ),
        data={"name": done.name, "path": str(done.folder)},
    )


def trust(call: Call) -> Outcome:
    """Allow locks written by others, revoke, list."""
    return {"allow": _allow_lock, "revoke": _revoke_consent, "list": _list_consent}[call.parsed.action](call)


def _allow_lock(call: Call) -> Outcome:
    items = call.allowed
    if (folder := call.parsed.text("folder")) is not None:
        if items:
            raise UsageError(
                "bad-usage",
                "a folder's consent never covers something unusual",
                hint=Hint("allow that for its notebook: ", step("trust allow", "--allow", Placeholder(name="…"))),
            )
        path = (call.cwd / expand_home(folder)).resolve()
        if not path.is_dir():
            raise DepError("no-such-folder", "no such folder", hint="check the path", context={"file": folder})
        record.grant_folder(path, call.services, record.GrantOrigin.COMMAND)
        return Outcome(
            verb="trust",
            report=Report(
                headline=f"notebooks below {path} may install hashed wheels that your index vouches for",
                tone="good",
                notes=("builds, sources and other hosts are still asked for, each for itself",),
            ),
            data={"folder": str(path)},
        )
    allowed = environment_trust.allow(call.target(), items, call.services, call.context)
    return outcomes.allowed(call.target(), allowed, call.front_end)


def _revoke_consent(call: Call) -> Outcome:
    values = [*spellings(call.cwd, call.parsed.words), *call.allowed]
    if (folder := call.parsed.text("folder")) is not None:
        values.append(str((call.cwd / expand_home(folder)).resolve()))
    if call.notebook is not None or not values:
        state = context.require_lock(call.target(), call.services, call.context)
        values.append(state.summary.fingerprint)
    if not values:
        raise UsageError(
            "bad-usage", "what should be revoked?", hint=Hint(step("trust list", target=None), " shows what is allowed")
        )
    full = [
        given.value
        for given in call.services.consent.grants()
        for value in values
        # the start of a fingerprint is what other messages show; anything shorter could be a slip
        if given.value == value or (given.kind == "fingerprint" and len(value) >= 8 and given.value.startswith(value))
    ]
    gone = record.revoke(full, call.services)
    if not gone:
        raise DepError("not-allowed", "no such consent to revoke", hint=Hint(_LIST, " shows what is"))
    return Outcome(
        verb="trust",
        report=Report(headline=f"revoked {len(gone)}", tone="good", lines=gone),
        data={"revoked": list(gone)},
    )


def _list_consent(call: Call) -> Outcome:
    given = call.services.consent.grants()
    rows = tuple((item.kind, item.value, item.by, item.when) for item in given)
    return Outcome(
        verb="trust",
        report=Report(
            headline=f"{len(rows)} allowed",
            tables=(Table(columns=("what", "value", "how", "when"), rows=rows),) if rows else (),
        ),
        data={"allowed": [dict(zip(("kind", "value", "by", "when"), row, strict=True)) for row in rows]},
    )
