"""`init` of a folder: make it a project, with what other tools' files declare."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from packaging.utils import canonicalize_name

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.steps import Hint, Placeholder, Text, step
from jupyter_dep.io.files import look, read_write, scaffold
from jupyter_dep.io.files.manifest_paths import MANIFEST
from jupyter_dep.model.declaration.requirement import parse as parse_requirement
from jupyter_dep.model.manifest import templates
from jupyter_dep.model.manifest.manifest import Manifest, declaration
from jupyter_dep.model.manifest.manifest import parse as parse_manifest
from jupyter_dep.model.migration import ImportedManifest, merge
from jupyter_dep.model.migration.readers.poetry import is_poetry
from jupyter_dep.model.packages.interpreter import Interpreter
from jupyter_dep.model.packages.python_range import allows_version
from jupyter_dep.operations.lock import seed_pins
from jupyter_dep.operations.project.formats import decode_text
from jupyter_dep.operations.project.project import FOLDER_LOCK, LOCK_LIMIT
from jupyter_dep.services import Services

from . import other_tools
from .new import folder_name, remember_python, requires_python_for
from .result import ScaffoldResult

_READMES = ("README.md", "README.rst", "README.txt", "README")


def init(
    folder: Path,
    services: Services,
    *,
    name: str | None = None,
    python: str | None = None,
    ask: Callable[[str], bool] | None = None,
) -> ScaffoldResult:
    """Make a folder a project: a `[project]` table with what other tools' files declare; what is there is completed.

    Errors: `no-such-folder`, `not-a-folder`, `bad-project-name`, `no-matching-python`, those of `pyproject.toml` and of the
    files that are read. On any error everything is as it was.
    """
    scaffold.refuse_missing(folder)
    file = folder / MANIFEST
    context = {"file": file.name}
    data = read_write.read_if_there(file)
    text = decode_text(data, context=context) if data is not None else ""
    before = parse_manifest(text, context=context)
    if name is not None:
        templates.checked_name(name)
    found = other_tools.detect_files(folder, services, declared=_list_declared(before))
    imported = other_tools.accept_proposals(found.files, ask)
    wanted, chosen, overrules = _choose_python(before, imported, python, services, ask)
    given = {"name": name, "requires-python": wanted if overrules else None}
    adopted = merge.merge(
        text,
        imported,
        given={key: value for key, value in given.items() if value is not None},
        defaults={
            **(_choose_name(folder, before, imported) if name is None else {}),
            "version": templates.VERSION,
            "requires-python": wanted,
            **_find_readme(folder),
        },
    )
    if adopted.text != text:
        read_write.replace(file, adopted.text.encode(), expected=data)
    if chosen is not None:
        remember_python(file, services, python, chosen)
    after = parse_manifest(adopted.text, context=context)
    notes = [*_python_notes(before, python, services), *_file_notes(folder, services, found)]
    if adopted.text != text and is_poetry(text):
        notes.append("Poetry's tables are left as they are; now `[project]`, `[dependency-groups]` and `[tool.uv]` count")
    notes += _list_dynamic(after)
    return ScaffoldResult(
        file=file,
        name=after.name or "",
        requires_python=after.requires_python or "",
        made=(file,) if data is None else (),
        changed=adopted.text != text,
        taken=adopted.taken,
        left=adopted.unsupported,
        proposed=tuple(text for one in imported for text in one.proposed),
        passed=found.passed,
        assumed=adopted.assumed,
        seed=seed_pins.seed_pins(folder) if not _has_own_lock(folder, services) else None,
        notes=tuple(notes),
    )


def _choose_python(
    before: Manifest,
    found: Sequence[ImportedManifest],
    python: str | None,
    services: Services,
    ask: Callable[[str], bool] | None,
) -> tuple[str, Interpreter | None, bool]:
    """The range to declare, the Python that was asked for, and whether the range overrules what a file asks for."""
    if before.requires_python is not None:
        return before.requires_python, None, False
    if python is not None:
        chosen = services.interpreters.find(python)
        return requires_python_for(python, chosen), chosen, True
    asks = next((one for one in found if one.requires_python), None)
    newest = services.interpreters.find(">=3.9")
    if asks is None or asks.requires_python is None:
        return requires_python_for(None, newest), None, False
    requested = asks.requires_python
    if _is_satisfiable(requested, services):
        return requested, None, False
    if ask is not None and ask(
        f"{asks.origin} asks for Python {requested}, and none here fits. Declare {requires_python_for(None, newest)}?"
    ):
        return requires_python_for(None, newest), None, True
    raise DepError(
        "no-matching-python",
        f"`{asks.origin}` asks for Python `{requested}`, and no Python here fits",
        hint=Hint(
            "declare another, such as ",
            step("init", "--python", newest.minor, target=None),
            f" (there is {_list_versions(services)}), or install one that fits",
        ),
        context={"file": asks.origin, "python": requested},
    )


def _is_satisfiable(wanted: str, services: Services) -> bool:
    return any(allows_version(wanted, one.version) for one in services.interpreters.all())


def _list_versions(services: Services) -> str:
    return ", ".join(dict.fromkeys(one.version for one in services.interpreters.all()))


def _choose_name(folder: Path, before: Manifest, found: Sequence[ImportedManifest]) -> dict[str, str]:
    """Choose the folder's name if no file has one; a project named like one of its dependencies could not install it."""
    if before.name or any(one.name for one in found):
        return {}
    name = templates.name_of_folder(folder_name(folder))
    needed = {canonicalize_name(parse_requirement(text).name) for one in found for text in one.dependencies}
    return {"name": f"{name}-project" if name in needed else name}


def _find_readme(folder: Path) -> dict[str, str]:
    return next(({"readme": name} for name in _READMES if look.is_file(folder / name)), {})


def _has_own_lock(folder: Path, services: Services) -> bool:
    """Whether our own lock is there, whose pins count."""
    data = read_write.read_if_there(folder / FOLDER_LOCK, limit=LOCK_LIMIT)
    if data is None:
        return False
    try:
        return services.lock_cache.digest(data, context={"file": FOLDER_LOCK}).ours
    except DepError:  # a badly merged lock, ours or another tool's
        return b"[tool.jupyter-dep" in data


def _list_declared(before: Manifest) -> set[str] | None:
    """The names that a `[project]` declares, None where it declares nothing yet, so that other files are asked."""
    parts = (before.dependencies, *before.extras.values(), *before.groups.values())
    names = {str(canonicalize_name(one.name)) for part in parts for one in part}
    return names if names or "dependencies" in before.dynamic else None


_IMPORT = step("import", Placeholder(name="FILE"))
_OVERWRITE = step("lock", "--overwrite")


def _python_notes(before: Manifest, python: str | None, services: Services) -> Iterator[Text]:
    wanted = before.requires_python
    if wanted is not None and python is not None:
        yield Hint(f"`requires-python` is `{wanted}` already; ", step("python", python), " changes it")
    elif wanted is not None and not _is_satisfiable(wanted, services):
        choices = f"no Python here fits `requires-python`, which is `{wanted}`: there is {_list_versions(services)}"
        yield Hint(f"{choices}; ", step("python", Placeholder(name="VERSION")), " changes it")


def _file_notes(folder: Path, services: Services, found: other_tools.DetectedFiles) -> Iterator[Text]:
    if found.passed:
        listed = ", ".join(found.passed)
        yield Hint(f"not read: {listed}, since `{found.authority}` says what is needed; ", _IMPORT, " reads one more")
    if look.exists(folder / FOLDER_LOCK) and not _has_own_lock(folder, services):
        yield Hint(f"`{FOLDER_LOCK}` was written by another tool and is left as it is; ", _OVERWRITE, " replaces it")


def _list_dynamic(after: Manifest) -> Iterator[Text]:
    """Report a key that only the build backend provides, which prevents locking."""
    try:
        declaration(after)
    except DepError as error:
        yield Hint(error.message, "; ", error.hint)
