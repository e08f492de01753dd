"""`publish`: upload the distributions of the current version to an index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, parse_sdist_filename, parse_wheel_filename
from packaging.version import Version

from jupyter_dep.base.engine_port import Upload
from jupyter_dep.base.errors import DepError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.base.steps import Hint, step
from jupyter_dep.io.files import dist_files, look
from jupyter_dep.io.index import repositories, user_config
from jupyter_dep.io.index.repositories import Repository, Settings
from jupyter_dep.model.manifest.manifest import Manifest
from jupyter_dep.operations.inspect import check
from jupyter_dep.operations.project.context import CommandContext
from jupyter_dep.services import Services

from .build import DIST, normalize_file_name, read_manifest


@frozen_dataclass
class PublishResult:
    """What went where. `uploaded` and `skipped` are file names: those brought now, and those that the index had already.

    `sizes` are in bytes by file name, of all of them. With `dry_run` nothing was uploaded: `uploaded` is what would be.
    """

    name: str
    version: str
    repository: Repository
    uploaded: tuple[str, ...]
    skipped: tuple[str, ...] = ()
    sizes: tuple[tuple[str, int], ...] = ()
    notes: tuple[str, ...] = ()
    dry_run: bool = False


def publish(
    target: Path, services: Services, context: CommandContext, *, repository: str | None = None, folder: Path | None = None
) -> PublishResult:
    """Upload the distributions of the current version from `folder` (a whole path; `dist` beside `target` if there is none).

    What the index has with the same bytes is passed over, so that a half-done upload goes on. Errors: `check-failed`,
    `nothing-to-publish`, `several-versions`, `version-exists`, `no-credentials`, those of `credentials.repository` and of the
    engine's upload.
    """
    found = read_manifest(target)
    dist = folder or target.parent / DIST
    version, files = choose_files(found, dist_files.distributions(dist), dist)
    _refuse_what_check_refuses(target, services, context)
    settings = Settings(
        environ=services.environ,
        configured=user_config.read(services.paths),
        indexes=services.indexes,
        state=services.paths.state,
    )
    place = repositories.repository(repository, settings, target.parent)
    if place.credentials is None and not place.trusted and place.url is None:
        raise _no_credentials()
    upload = _make_upload(place, files, services)
    served = services.engine.published_files(upload, cancel=context.cancel)
    name = found.name or target.parent.name
    if served.other or len(served.same) == len(files):
        raise version_exists(name, version, place, served.other)
    missing = tuple(file for file in files if file.name not in served.same)
    result = PublishResult(
        name=name,
        version=version,
        repository=place,
        uploaded=tuple(file.name for file in missing),
        skipped=served.same,
        sizes=tuple((file.name, look.size(file)) for file in files),
        notes=_list_notes(place),
        dry_run=context.dry_run,
    )
    if context.dry_run:
        return result
    uploaded = _send(replace(upload, files=missing), name, version, place, services, context)
    services.engine.forget([normalize_file_name(name)])  # the next `add` is to see what is there now
    raced = tuple(file.name for file in missing if file.name not in uploaded)
    return replace(result, uploaded=uploaded, skipped=(*served.same, *raced))


def choose_files(found: Manifest, there: Sequence[Path], dist: Path) -> tuple[str, tuple[Path, ...]]:
    """The version to publish and its files, wheels first; of a version that only a build tells, the one that was built."""
    mine: dict[Version, list[Path]] = {}
    for file in there:
        name, version = _parse_file_name(file)
        if name == normalize_file_name(found.name) and version is not None:
            mine.setdefault(version, []).append(file)
    wanted = Version(found.version) if found.version else None
    if wanted is None and len(mine) > 1:
        raise DepError(
            "several-versions",
            f"`{dist.name}` holds {', '.join(map(str, sorted(mine)))}, and only a build determines the version",
            hint="remove those that are not meant, then publish again",
            context={"file": str(dist)},
        )
    version = wanted if wanted is not None else next(iter(mine), None)
    if version is None or version not in mine:
        others = f" (it has {', '.join(map(str, sorted(mine)))})" if mine else ""
        what = f"{found.name} {version}" if version else found.name or "this folder"
        raise DepError(
            "nothing-to-publish",
            f"`{dist.name}` holds no distribution of {what}{others}",
            hint=Hint(step("build"), " makes them"),
            context={"file": str(dist)},
        )
    return str(version), tuple(sorted(mine[version], key=lambda file: (file.suffix != ".whl", file.name)))


def _parse_file_name(file: Path) -> tuple[str, Version | None]:
    try:
        if file.suffix == ".whl":
            name, version, *_ = parse_wheel_filename(file.name)
        else:
            name, version = parse_sdist_filename(file.name)
    except (InvalidWheelFilename, InvalidSdistFilename):
        return "", None
    return str(name), version


def _refuse_what_check_refuses(target: Path, services: Services, context: CommandContext) -> None:
    errors = check.check(target, services, context).errors
    if errors:
        raise DepError(
            "check-failed",
            "\n".join([f"`check` finds {len(errors)} to correct first", *(each.message for each in errors[:10])]),
            hint=Hint(errors[0].hint, "; ", step("check"), " shows all"),
            context={"file": target.name},
        )


def _make_upload(place: Repository, files: tuple[Path, ...], services: Services) -> Upload:
    known = place.credentials
    return Upload(
        files=files,
        url=place.url,
        check=place.check or services.engine.builtin_index(),
        username=known.username if known else "",
        password=known.password if known else "",
        trusted=place.trusted,
    )


def _send(
    upload: Upload, name: str, version: str, place: Repository, services: Services, context: CommandContext
) -> tuple[str, ...]:
    try:
        return services.engine.publish(upload, reporter=context.reporter, cancel=context.cancel)
    except DepError as error:
        if error.code == "version-exists":
            raise version_exists(name, version, place, (str(error.context.get("artifact", "")),)) from error
        raise


def version_exists(name: str, version: str, place: Repository, other: Sequence[str]) -> DepError:
    """The refusal to publish what is there; `other` are files that the index has with other bytes."""
    differ = f", and its {' and '.join(f'`{file}`' for file in other)} is another file than yours" if any(other) else ""
    return DepError(
        "version-exists",
        f"{name} {version} is published at {place.shown} already{differ}",
        hint=Hint("a published version never changes: raise it with ", step("version", "patch"), ", then ", step("build")),
        context={"package": name, "version": version},
    )


def _no_credentials() -> DepError:
    return DepError(
        "no-credentials",
        "no token and no password to publish with",
        hint=Hint(
            "set `JUPYTER_DEP_PUBLISH_TOKEN`, or keep it in your own configuration: ",
            step("config", f"repositories.{repositories.DEFAULT}.token", "--stdin", target=None),
            "; `--repository` names another place",
        ),
    )


def _list_notes(place: Repository) -> tuple[str, ...]:
    if place.url is None or not place.url.startswith("http://") or repositories.is_local(place.url):
        return ()
    return ("the repository is reached without encryption (`http`): your credentials can be read on the way",)
