"""`requirements.txt` as pip reads it: nested and constraint files, options, hashes, editables, archives, compiled files.

The rules are those of pip's "Requirements File Format".
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from packaging.utils import canonicalize_name

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.model.declaration import requirement
from jupyter_dep.model.declaration.install_command import strip_comment
from jupyter_dep.model.declaration.requirement_lines import logical_lines
from jupyter_dep.model.migration.builder import ManifestBuilder
from jupyter_dep.model.migration.manifest_value import ImportedManifest, ProjectFacts, Read
from jupyter_dep.model.migration.source_spec import REMOTE, editable, named

_VALUED = {
    **dict.fromkeys(("-r", "--requirement"), "-r"),
    **dict.fromkeys(("-c", "--constraint"), "-c"),
    **dict.fromkeys(("-e", "--editable"), "-e"),
    **dict.fromkeys(("-i", "--index-url", "--pypi-url"), "--index-url"),
    "--extra-index-url": "--extra-index-url",
    **dict.fromkeys(("-f", "--find-links"), "--find-links"),
    **{name: name for name in ("--no-binary", "--only-binary", "--trusted-host", "--use-feature")},
}
_FLAGS = {"--no-index", "--pre", "--prefer-binary", "--require-hashes"}
_WHY = {
    "--find-links": "a folder of files is not an index; set it in your own index configuration",
    "--no-binary": "name the package under `build` in `[tool.jupyter-dep]` where it must be built",
    "--only-binary": "wheels are all that is taken, unless a build is permitted",
    "--trusted-host": "name its certificate in `SSL_CERT_FILE` instead",
    "--no-index": "set it in your own index configuration",
    "--prefer-binary": "wheels are all that is taken, unless a build is permitted",
    "--use-feature": "it says how pip itself behaves",
}
_PER_REQUIREMENT = re.compile(
    r"\s--(?P<name>hash|config-settings?|global-option|install-option|build-option)(?:=|\s+)(?P<value>\S+)"
)


@frozen_dataclass
class _Line:
    """One requirement or option with the comments on it and directly below (`# via …`)."""

    text: str
    comments: str


@dataclass(slots=True, kw_only=True)
class _State:
    """What one reading of nested files adds up to besides its requirements."""

    read: Read
    seen: set[tuple[str, bool]]
    hashes: int = 0
    pre: bool = False
    indirect: int = 0


def requirements_txt(
    text: str, *, read: Read, origin: str = "requirements.txt", known_indexes: Collection[str] = ()
) -> ImportedManifest:
    """What a requirements file declares, together with the files that it names.

    `read` gives the text of a file by its path relative to this one's folder; what it raises is passed on. Of a compiled
    file (`# via …` comments), what only other packages need is a pin and no dependency.
    """
    builder = ManifestBuilder(origin, known_indexes)
    state = _State(read=read, seen={(posixpath.basename(origin), False)})
    _read_file(builder, state, text, "", constraints=False)
    if state.hashes:
        builder.leave(f"{state.hashes} hashes", "the lock records the hash of every file; compare the two where it matters")
    if state.indirect:
        builder.leave(
            f"{state.indirect} requirements that only others need (`# via`)",
            "they are not direct dependencies; their versions seed the first lock",
        )
    return builder.build(ProjectFacts(prerelease="allow" if state.pre else None, package=None))


def _read_file(builder: ManifestBuilder, state: _State, text: str, folder: str, *, constraints: bool) -> None:
    lines = list(_split_lines(text))
    compiled = any(re.search(r"#\s*via\s", line.comments) for line in lines)
    for line in lines:
        if line.text.startswith("-"):
            _read_option(builder, state, line.text, folder, constraints=constraints)
            continue
        text_only, count = _PER_REQUIREMENT.subn("", line.text)
        state.hashes += sum(1 for found in _PER_REQUIREMENT.finditer(line.text) if found["name"] == "hash")
        if count and any(found["name"] != "hash" for found in _PER_REQUIREMENT.finditer(line.text)):
            builder.leave(f"build settings of {text_only.strip()}", "wheels are all that is taken, unless a build is permitted")
        declared = named(builder, state.read, text_only.strip(), folder)
        if declared is None:
            continue
        _add_pin(builder, declared)
        if compiled and not constraints and not _is_direct(line.comments):
            state.indirect += 1
        else:
            builder.require(declared, builder.constraints if constraints else builder.dependencies)


def _split_lines(text: str) -> Iterator[_Line]:
    """Logical lines: continued ones joined; a comment on a line of its own belongs to the requirement above it."""
    current, comments = "", ""
    for _, line in logical_lines(text.removeprefix("\ufeff")):
        bare = strip_comment(line)
        comment = re.search(r"(?:^|\s)(#.*)$", line)
        if bare:
            if current:
                yield _Line(text=current, comments=comments)
            current, comments = bare, comment[1] if comment else ""
        elif line.strip():
            comments += "\n" + line.strip()
        elif current:
            yield _Line(text=current, comments=comments)
            current, comments = "", ""
    if current:
        yield _Line(text=current, comments=comments)


def _is_direct(comments: str) -> bool:
    """Whether a compiled line is a direct requirement: `# via -r requirements.in`, or no `via` at all."""
    via = re.search(r"#\s*via\b(?P<who>.*)", comments, re.DOTALL)
    return (
        via is None
        or re.search(r"(?:^|[\s,(#])(?:-r|-c|-e)\s|\(pyproject\.toml\)|\(setup\.(?:py|cfg)\)", via["who"]) is not None
    )


def _read_option(builder: ManifestBuilder, state: _State, line: str, folder: str, *, constraints: bool) -> None:
    try:
        words = shlex.split(line)
    except ValueError:
        words = line.split()
    while words:
        word = words.pop(0)
        name, has_value, value = word.partition("=")
        if not word.startswith("--") and len(word) > 2 and word[:2] in _VALUED:  # `-rother.txt`
            name, has_value, value = word[:2], "=", word[2:].removeprefix("=")
        option = _VALUED.get(name)
        if option is None:
            _read_flag(builder, state, name)
            continue
        if not has_value:
            value = words.pop(0) if words else ""
        if option == "-e":
            value, words = " ".join([value, *words]), []
        _read_valued(builder, state, option, value, folder, constraints=constraints)


def _read_flag(builder: ManifestBuilder, state: _State, name: str) -> None:
    if name == "--pre":
        state.pre = True
    elif name == "--require-hashes":
        return  # that is what a lock is
    else:
        builder.leave(name, _WHY.get(name, "it is an option of pip that no declaration has"))


def _read_valued(builder: ManifestBuilder, state: _State, option: str, value: str, folder: str, *, constraints: bool) -> None:
    if option in ("-r", "-c"):
        _read_nested(builder, state, value, folder, constraints=constraints or option == "-c")
    elif option == "-e":
        editable(builder, state.read, value, folder)
    elif option in ("--index-url", "--extra-index-url"):
        name = builder.index(value)
        if name is not None:
            builder.leave(
                f"{option} for all packages",
                f"an index that a project names is asked only for the packages that are assigned to it (`{name}` under "
                "`[tool.uv.sources]`); what everything comes from belongs in your own index configuration",
            )
    else:
        builder.leave(f"{option} {value}", _WHY[option])


def _read_nested(builder: ManifestBuilder, state: _State, path: str, folder: str, *, constraints: bool) -> None:
    what = f"{'-c' if constraints else '-r'} {path}"
    if REMOTE.match(path):
        builder.leave(what, "nothing is fetched here; save the file beside this one")
        return
    place = posixpath.normpath(posixpath.join(folder, path.replace("\\", "/")))
    if (place, constraints) in state.seen:
        return
    state.seen.add((place, constraints))
    _read_file(builder, state, state.read(place), posixpath.dirname(place), constraints=constraints)


def _add_pin(builder: ManifestBuilder, text: str) -> None:
    """Remember `name==1.2.3` as a version for the first lock."""
    try:
        parsed = requirement.parse(text)
    except DepError:
        return
    exact = [spec.version for spec in parsed.specifier if spec.operator == "==" and not spec.version.endswith(".*")]
    if len(exact) == 1:
        builder.pins.setdefault(str(canonicalize_name(parsed.name)), exact[0])
