"""version: show a folder's version, or raise it."""

from __future__ import annotations

from pathlib import Path

from ..errors import DepError, UsageError
from ..frozen import frozen
from ..io import files
from ..model import bump, manifest, manifest_edit
from ..services import Services
from .asking import Asking
from .forms import text_of


@frozen
class Versioned:
    """`before` and `after` are versions, equal where none was asked for; None where only a build tells it.

    `told_by` is the place that a dynamic version comes from, in the words of messages, empty where it is not known.
    """

    name: str
    before: str | None
    after: str | None
    dynamic: bool = False
    told_by: str = ""
    dry_run: bool = False


def version(target: Path, rule: str | None, services: Services, asking: Asking, *, next_phase: bool = False) -> Versioned:
    """The version of the folder of `target`, raised by a rule of `bump.RULES` or set to a version.

    Errors: `dynamic-metadata` with the place that tells it, `no-version`, `version-backwards`, `bad-version-rule`,
    `no-project-table`.
    """
    data = files.read(target)
    context = {"file": target.name}
    text = text_of(data, context=context)
    found = manifest.parse(text, context=context)
    name = found.name or target.parent.name
    if rule is None:
        if next_phase:
            raise UsageError("bad-usage", "`--next-phase` belongs to `prerelease`", hint="`jupyter dep version prerelease`")
        dynamic = "version" in found.dynamic
        told_by = manifest_edit.told_by(text, "version") if dynamic else ""
        return Versioned(name=name, before=found.version, after=found.version, dynamic=dynamic, told_by=told_by)
    after = _after(found.version, rule, dynamic="version" in found.dynamic, next_phase=next_phase, context=context)
    edited = manifest_edit.set_version(text, after)  # refuses a dynamic version, with the place that tells it
    if edited != text and not asking.dry_run and after != found.version:
        files.replace(target, edited.encode(), expected=data)
    return Versioned(name=name, before=found.version, after=after, dry_run=asking.dry_run)


def _after(before: str | None, rule: str, *, dynamic: bool, next_phase: bool, context: dict[str, str]) -> str:
    if before is not None:
        return bump.bumped(before, rule, next_phase=next_phase)
    if rule not in bump.RULES:
        return bump.bumped(rule, rule)
    if dynamic:
        return "0"  # never written
    raise DepError(
        "no-version",
        "`[project]` has no version yet, so there is none to raise",
        hint="name the first one: `jupyter dep version 0.1.0`",
        context=context,
    )
