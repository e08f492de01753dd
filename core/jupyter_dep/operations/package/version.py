"""`version`: show or raise a folder's version."""

from __future__ import annotations

from pathlib import Path

from jupyter_dep.base.errors import DepError, UsageError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.base.steps import Hint, step
from jupyter_dep.io.files import read_write
from jupyter_dep.model.manifest import edit, manifest
from jupyter_dep.model.packages import version_bump
from jupyter_dep.operations.project.context import CommandContext
from jupyter_dep.operations.project.formats import decode_text
from jupyter_dep.services import Services


@frozen_dataclass
class VersionResult:
    """`before` and `after` are versions, equal where none was asked for; None where only a build tells it.

    `told_by` is the place that a dynamic version comes from, in the words of messages, empty where it is not known.
    """

    name: str
    before: str | None
    after: str | None
    dynamic: bool = False
    told_by: str = ""
    dry_run: bool = False


def version(
    target: Path, rule: str | None, services: Services, context: CommandContext, *, next_phase: bool = False
) -> VersionResult:
    """The version of the folder of `target`, raised by a rule of `bump.RULES` or set to a version.

    Errors: `dynamic-metadata` with the place that tells it, `no-version`, `version-backwards`, `bad-version-rule`,
    `no-project-table`.
    """
    data = read_write.read(target)
    where = {"file": target.name}
    text = decode_text(data, context=where)
    found = manifest.parse(text, context=where)
    name = found.name or target.parent.name
    if rule is None:
        if next_phase:
            raise UsageError(
                "bad-usage", "`--next-phase` belongs to `prerelease`", hint=Hint(step("version", "prerelease", "--next-phase"))
            )
        dynamic = "version" in found.dynamic
        told_by = edit.dynamic_source(text, "version") if dynamic else ""
        return VersionResult(name=name, before=found.version, after=found.version, dynamic=dynamic, told_by=told_by)
    after = _compute(found.version, rule, dynamic="version" in found.dynamic, next_phase=next_phase, where=where)
    edited = edit.set_version(text, after)  # refuses a dynamic version, with the place that tells it
    if edited != text and not context.dry_run and after != found.version:
        read_write.replace(target, edited.encode(), expected=data)
    return VersionResult(name=name, before=found.version, after=after, dry_run=context.dry_run)


def _compute(before: str | None, rule: str, *, dynamic: bool, next_phase: bool, where: dict[str, str]) -> str:
    if before is not None:
        return version_bump.bump(before, rule, next_phase=next_phase)
    if rule not in version_bump.RULES:
        return version_bump.bump(rule, rule)
    if dynamic:
        return "0"  # never written
    raise DepError(
        "no-version",
        "`[project]` has no version yet, so there is none to raise",
        hint=Hint("name the first one: ", step("version", "0.1.0")),
        context=where,
    )
