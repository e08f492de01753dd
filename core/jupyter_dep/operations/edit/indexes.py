"""`source add`, `list`, `remove`: package indexes that a declaration assigns to some of its packages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from jupyter_dep.base.errors import DepError, UsageError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.base.steps import Hint, step
from jupyter_dep.io.files import read_write
from jupyter_dep.model.declaration import requirement as requirements
from jupyter_dep.model.declaration import script_block
from jupyter_dep.model.declaration.declaration import Declaration
from jupyter_dep.model.manifest import sources as manifest_sources
from jupyter_dep.operations.consent.evaluate import declaration_scopes
from jupyter_dep.operations.consent.grant import granting
from jupyter_dep.operations.project.context import ChangeResult, CommandContext, load_state
from jupyter_dep.operations.project.formats import FOLDER, DeclarationFormat
from jupyter_dep.operations.project.state import State
from jupyter_dep.services import Services

from .relock import relock


@frozen_dataclass
class DeclaredIndex:
    """A package index of a declaration; `packages` are assigned to it."""

    name: str
    url: str
    packages: tuple[str, ...] = ()


def list_indexes(target: Path, services: Services, context: CommandContext) -> tuple[DeclaredIndex, ...]:
    """List the indexes in the order of the declaration. Errors: those of reading it."""
    state = load_state(target, services, context)
    return _read_indexes(state.declaration) if state.declaration is not None else ()


def add(target: Path, name: str, url: str, services: Services, context: CommandContext) -> ChangeResult:
    """Declare an index, or give one another URL. It is explicit: only packages that are assigned to it come from it.

    Errors: `bad-source`, `credentials-in-declaration`, those of locking where there is a lock.
    """
    if not requirements.is_index_name(name) or not url.startswith(("https://", "http://")):
        raise UsageError(
            "bad-source",
            f"invalid package index `{name}`: expected a name and an http(s) URL",
            hint=Hint("write a name and a web address: ", step("source add", "corp", "https://index.example/simple/")),
        )
    requirements.refuse_secrets(url, context={"key": "tool.uv.index"})

    def edit(text: str, form: DeclarationFormat) -> str:
        if form is FOLDER:
            return manifest_sources.add_source(text, name, url)
        known = [dict(index) for index in script_block.parse(text).indexes]
        for index in known:
            if index.get("name") == name:
                index["url"] = url
                return script_block.set_uv(text, "index", known)
        return script_block.set_uv(text, "index", [*known, {"name": name, "url": url, "explicit": True}])

    return _change_declaration(target, edit, services, context)


def remove(target: Path, name: str, services: Services, context: CommandContext) -> ChangeResult:
    """Take an index out of the declaration. Errors: `no-such-source`, `source-in-use`, those of locking."""

    def edit(text: str, form: DeclarationFormat) -> str:
        if form is FOLDER:
            return manifest_sources.remove_source(text, name)
        declaration = script_block.parse(text)
        known = _read_indexes(declaration)
        found = next((index for index in known if index.name == name), None)
        if found is None:
            raise manifest_sources.no_such_source(name, [index.name for index in known])
        if found.packages:
            raise manifest_sources.source_in_use(name, found.packages)
        left = [dict(index) for index in declaration.indexes if index.get("name") != name]
        return script_block.set_uv(text, "index", left or None)

    return _change_declaration(target, edit, services, context)


def _read_indexes(declaration: Declaration) -> tuple[DeclaredIndex, ...]:
    sources = declaration.uv.get("sources", {})
    users: dict[str, list[str]] = {}
    for package, lines in sources.items() if isinstance(sources, Mapping) else ():
        for line in lines if isinstance(lines, list | tuple) else (lines,):
            if isinstance(line, Mapping) and "index" in line:
                users.setdefault(str(line["index"]), []).append(str(package))
    return tuple(
        DeclaredIndex(
            name=str(index.get("name", "")),
            url=str(index.get("url", "")),
            packages=tuple(sorted(users.get(str(index.get("name", "")), ()))),
        )
        for index in declaration.indexes
    )


def _change_declaration(
    target: Path, edit: Callable[[str, DeclarationFormat], str], services: Services, context: CommandContext
) -> ChangeResult:
    """Edit the declaration and update its lock; without a lock, an index alone does not create one."""
    state = load_state(target, services, context)
    if state.block is None or state.declaration is None:
        raise DepError(
            "nothing-declared",
            f"the {state.project.form.noun} declares nothing",
            hint=Hint(step("init", target=target), " begins a declaration"),
            context=state.project.context,
        )
    text = edit(state.block, state.project.form)
    with granting(_list_new_scopes(state, text), services):
        if state.lock_data is None and state.data is not None and not state.live and not context.in_kernel:
            return _write_declaration(state, state.data, text, services)
        return relock(target, services, context, edit=lambda _: text)


def _write_declaration(state: State, data: bytes, text: str, services: Services) -> ChangeResult:
    content = state.project.form.written(data, text, context=state.project.context)
    if content != data:
        read_write.replace(state.project.file, content, expected=data)
    after = load_state(state.project.file, services, CommandContext())
    return ChangeResult(state=after, summary=None, redeclared=content != data)


def _list_new_scopes(state: State, text: str) -> list[str]:
    """List what the edit asks for beyond what was declared: typing an address is consent to it."""
    project = state.project
    before = declaration_scopes(state.declaration, project.folder)
    after = declaration_scopes(project.form.declaration(text, context=project.context), project.folder)
    return sorted({str(item) for item in after} - {str(item) for item in before})
