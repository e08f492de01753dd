"""version, build, publish: release a folder that is a package."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jupyter_dep.base.errors import DepError, UsageError
from jupyter_dep.base.steps import Hint, step
from jupyter_dep.io.files.dist_files import PlacedFiles
from jupyter_dep.io.system.paths import expand_home
from jupyter_dep.messages import Outcome, Report, Table
from jupyter_dep.operations.package import build as package_build
from jupyter_dep.operations.package import publish as package_publish
from jupyter_dep.operations.package import version as package_version
from jupyter_dep.operations.package.publish import PublishResult
from jupyter_dep.operations.package.version import VersionResult
from jupyter_dep_cli.call import Call


def version(call: Call) -> Outcome:
    """Show or raise the project's version."""
    target, words = call.folder(), call.parsed.words
    if len(words) > 1:
        raise UsageError("bad-usage", "one rule or one version at a time", hint=call.usage)
    rule = words[0] if words else None
    result = package_version.version(target, rule, call.services, call.context, next_phase=call.parsed.flag("next_phase"))
    data = {
        "project": str(target),
        "name": result.name,
        "version": result.after,
        "before": result.before,
        "dynamic": result.dynamic,
        "told_by": result.told_by or None,
        "changed": result.before != result.after and not result.dry_run,
        "dry_run": result.dry_run,
    }
    if call.parsed.flag("short"):
        if result.after is None:
            raise DepError(
                "no-version",
                f"no version to print: {_describe_source(result)}",
                hint=Hint(step("version", "0.1.0"), " writes one where none is left to the build backend"),
                context={"file": target.name},
            )
        return Outcome(verb="version", report=Report(lines=(result.after,)), data=data)
    changed = result.before != result.after
    return Outcome(
        verb="version", report=Report(headline=_describe_change(result), tone="good" if changed else "plain"), data=data
    )


def _describe_change(result: VersionResult) -> str:
    if result.after is None:
        return f"{result.name}: {_describe_source(result)}"
    if result.before == result.after:
        return f"{result.name} {result.after}"
    word = "would be" if result.dry_run else "is now"
    return f"{result.name}: {word} {result.after}" + (f" (was {result.before})" if result.before else "")


def _describe_source(result: VersionResult) -> str:
    if not result.dynamic:
        return "`[project]` has no version"
    return (
        f"the build backend sets the version, from {result.told_by}" if result.told_by else "the build backend sets the version"
    )


def build(call: Call) -> Outcome:
    """Build the wheel and the source archive."""
    target = call.folder()
    result = _build(call, target, output=call.parsed.text("output"))
    into = result.files[0].path.parent
    return Outcome(
        verb="build",
        report=Report(
            headline=f"built {result.name}: {_count(len(result.files))} in {_show_folder(into, call.cwd)}",
            tone="good",
            tables=(
                Table(
                    columns=("file", "size", "sha256", ""),
                    rows=tuple(
                        (one.path.name, _format_size(one.size), one.sha256[:12], _describe_fate(one)) for one in result.files
                    ),
                ),
            ),
        ),
        data={
            "project": str(target),
            "name": result.name,
            "folder": str(into),
            "python": result.python,
            "files": [_file_data(one) for one in result.files],
        },
    )


def _build(call: Call, target: Path, output: str | None = None) -> package_build.BuildResult:
    wheel, sdist = call.parsed.flag("wheel"), call.parsed.flag("sdist")
    return package_build.build(
        target,
        call.services,
        call.context,
        package_build.BuildOptions(
            wheel=wheel or not sdist,
            sdist=sdist or not wheel,
            into=call.cwd / expand_home(output) if output is not None else None,
        ),
        allowed=call.allowed,
        confirm=call.ask,
    )


def _describe_fate(one: PlacedFiles) -> str:
    return "unchanged" if one.same else "replaced" if one.replaced else ""


def _file_data(one: PlacedFiles) -> dict[str, Any]:
    return {
        "name": one.path.name,
        "path": str(one.path),
        "size": one.size,
        "sha256": one.sha256,
        "replaced": one.replaced,
        "same": one.same,
    }


def publish(call: Call) -> Outcome:
    """Upload the built distributions."""
    target = call.folder()
    if call.parsed.flag("build"):
        if call.context.dry_run:
            raise UsageError("bad-usage", "`--dry-run` builds nothing", hint=Hint(step("build"), " first, or leave one out"))
        _build(call, target)
    result = package_publish.publish(
        target,
        call.services,
        call.context,
        repository=call.parsed.text("repository"),
    )
    known = result.repository.credentials
    who = f"credentials from {known.where}" if known else "this build service's identity" if result.repository.trusted else ""
    rows = [(name, _format_size(size), _describe_upload(result, name)) for name, size in result.sizes]
    word = "would publish" if result.dry_run else "published"
    return Outcome(
        verb="publish",
        report=Report(
            headline=f"{word} {result.name} {result.version} to {result.repository.shown}: {_count(len(result.uploaded))}",
            tone="plain" if result.dry_run else "good",
            lines=(f"with {who}",) if who else ("without credentials",),
            tables=(Table(columns=("file", "size", ""), rows=tuple(rows)),),
            notes=result.notes,
        ),
        data={
            "project": str(target),
            "name": result.name,
            "version": result.version,
            "repository": result.repository.shown,
            "credentials": known.where if known else None,
            "trusted": result.repository.trusted,
            "uploaded": [] if result.dry_run else list(result.uploaded),
            "would_upload": list(result.uploaded) if result.dry_run else [],
            "skipped": list(result.skipped),
            "dry_run": result.dry_run,
            "notes": list(result.notes),
        },
    )


def _describe_upload(result: PublishResult, name: str) -> str:
    if name in result.skipped:
        return "already uploaded"
    return "" if result.dry_run else "uploaded"


def _count(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"


def _format_size(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{max(1, round(size / 1e3))} kB"


def _show_folder(folder: Path, cwd: Path) -> str:
    return str(folder.relative_to(cwd)) if folder.is_relative_to(cwd) else str(folder)
