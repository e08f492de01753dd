"""Requirements as people type and paste them: PEP 508 text in, values out, and a next step where it is neither."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name, canonicalize_version

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.fast_dataclass import frozen_dataclass

Context = Mapping[str, str | int]

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_NAMED = rf"{_NAME}(?:\s*\[[^\]]*\])?"
_VERSION = r"v?(\d[A-Za-z0-9.!+*-]*)"
_EXAMPLE = "write a name with extras and bounds where needed, such as `pandas[excel]>=2,<3`"

# The URL parser of the engine takes `https:user:pw@host` and `https:\\user@host` for a host with userinfo too, and
# drops control characters, so the pattern is wider than the grammar.
_USERINFO = re.compile(r"(?:^|[\s@])[A-Za-z][A-Za-z0-9+.-]+:[/\\]*[^/\\?#\s]*@")
_QUERY_SECRET = re.compile(r"[?&](?:access_|auth_|private_)?(?:token|password|secret|api_?key)=", re.IGNORECASE)
_FILE = re.compile(r"\.(?:whl|tar\.gz|zip|txt|toml|in)$", re.IGNORECASE)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")

_INSTALL = re.compile(
    r"""\s*(?:\$\s+)?(?:%%|%|!!|!)?\s*(?:sudo\s+)?
    (?:(?:["']?\{?sys\.executable\}?["']?|python[\d.]*|py)\s+(?:-\S+\s+)*?-m\s+)?
    (?:(?:uv\s+)?pip[\d.]*\s+install|uv\s+add)(?:\s+(?P<arguments>.*))?""",
    re.VERBOSE | re.DOTALL,
)
_REDIRECT = re.compile(r"(?:\d|&)?>>?&?(?P<target>.*)")
_VALUED = re.compile(
    r"""-[rceiftbCpP] | --(?:requirements? | constraints? | editable | index(?:-url|-strategy)? | extra-index-url
    | default-index | find-links | target | build | src | root | prefix | platform | python(?:-version|-platform)?
    | implementation | abi | upgrade-(?:strategy|package) | no-binary | only-binary | config-settings?
    | global-option | report | progress-bar | root-user-action | log | proxy | retries | timeout | exists-action
    | trusted-host | allow-insecure-host | cert | client-cert | cache-dir | use-feature | use-deprecated
    | keyring-provider | group | hash | exclude-newer | resolution | prerelease | overrides? | build-constraints
    | reinstall-package | refresh-package | link-mode | extra | directory | project | color)""",
    re.VERBOSE,
)
# Flags of a pasted command that say how to install, not what: nothing is lost when they are dropped.
_HARMLESS = re.compile(
    r"""-(?:U|I|q+|v+) | --(?:upgrade | upgrade-strategy | quiet | verbose | user | system | no-cache(?:-dir)?
    | no-input | force-reinstall | reinstall | ignore-installed | disable-pip-version-check | break-system-packages
    | no-warn-script-location | progress-bar | root-user-action | cache-dir | retries | timeout)""",
    re.VERBOSE,
)


LONG_NUMBER = re.compile(r"[0-9]{1000}")
"""What no version holds, and Python refuses to convert: only later, where a version is compared or put into one form."""


def parse(text: str, *, context: Context | None = None) -> Requirement:
    """One requirement from one line of text.

    Raises `DepError` `bad-requirement`, `credentials-in-declaration` or `variable-in-declaration`, each with the
    text that was probably meant.
    """
    wanted = text.strip()
    refuse_secrets(wanted, context=context)
    if LONG_NUMBER.search(wanted):
        raise _bad(wanted, context)
    try:
        requirement = Requirement(wanted)
    except (InvalidRequirement, RecursionError) as error:  # the latter for parentheses within each other, by the thousand
        raise _bad(wanted, context) from error
    # `requirements.txt` and `x-1.whl` are valid names, and never what was meant: do not ask an index for them.
    if _FILE.search(requirement.name) or (requirement.url is not None and not _SCHEME.match(requirement.url)):
        raise _bad(wanted, context)
    return requirement


def is_index_name(text: str) -> bool:
    """Whether a text can name a package index in a declaration."""
    return re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", text) is not None


def refuse_secrets(text: str, *, context: Context | None = None) -> None:
    """Raise `DepError` where a declared text holds userinfo, a secret in a query, or a `${VARIABLE}`.

    The message never repeats the text.
    """
    if "${" in text:
        raise DepError(
            "variable-in-declaration",
            "a declaration cannot use `${...}`",
            hint="write the value itself; what is secret belongs in your own index configuration",
            context=context,
        )
    bare = re.sub(r"[\x00-\x08\x0a-\x1f]", "", text)
    if _USERINFO.search(bare) or _QUERY_SECRET.search(bare):
        raise DepError(
            "credentials-in-declaration",
            "a URL in the declaration holds a user name, a password or a token",
            hint="remove it from the URL and keep it in your own index configuration, netrc or ssh configuration",
            context=context,
        )


def parse_lines(text: str, *, context: Context | None = None) -> tuple[Requirement, ...]:
    """Requirements, one a line, as pasted from a requirements file or an install command.

    Comments, blank lines and continued lines are understood. Raises `DepError` with `line` (1-based) in its context:
    `option-in-requirements` for `-r`, `-e`, `--hash` and their like, else as `parse` does.
    """
    found: list[Requirement] = []
    for number, line in _logical_lines(text):
        where: Context = {**(context or {}), "line": number}
        install = install_line(line)
        if install is not None:
            for option in install.options:
                if not _HARMLESS.fullmatch(option.partition("=")[0]):
                    raise _option(option, where)
            found += [parse(piece, context=where) for piece in install.requirements]
            continue
        option_match = re.search(r"(?:^|\s)(--?[A-Za-z][\w-]*)", line)
        if option_match is not None:
            raise _option(option_match[1], where)
        found.append(parse(line, context=where))
    return tuple(found)


@frozen_dataclass
class InstallLine:
    """The words of an install command: what it names, and its options without their values."""

    requirements: tuple[str, ...]
    options: tuple[str, ...]


def install_line(line: str) -> InstallLine | None:
    """The words of `pip install …`, `%pip install …`, `!python -m pip install …`, `uv pip install …`, `uv add …`.

    None if the line is no such command. The words are not parsed: a path or a variable may be among them.
    """
    match = _INSTALL.fullmatch(line)
    if match is None:
        return None
    arguments = match["arguments"] or ""
    try:
        words = iter(shlex.split(arguments, comments=True))
    except ValueError:
        words = iter(arguments.replace('"', " ").replace("'", " ").split())
    requirements: list[str] = []
    options: list[str] = []
    for word in words:
        redirect = _REDIRECT.fullmatch(word)
        if redirect is not None:
            if not redirect["target"]:
                next(words, None)
        elif word.startswith("-"):
            options.append(word)
            if _VALUED.fullmatch(word):
                next(words, None)
        else:
            requirements.append(word)
    return InstallLine(requirements=tuple(requirements), options=tuple(options))


def canonical(req: Requirement) -> str:
    """The requirement without spelling, spacing or order: requirements that mean the same give the same text.

    Versions lose their trailing zeros where that changes nothing (PEP 440). Operands of a marker are sorted if it is
    a plain chain of `and` or of `or`.
    """
    extras = ",".join(sorted({canonicalize_name(extra) for extra in req.extras}))
    text = canonicalize_name(req.name) + (f"[{extras}]" if extras else "") + _bounds(req)
    if req.url is not None:
        text += f" @ {req.url} "
    return f"{text}; {canonical_marker(str(req.marker))}" if req.marker is not None else text.rstrip()


def canonical_marker(text: str) -> str:
    """The text of a `Marker` with the operands of a plain chain sorted."""
    for operator, other in ((" and ", " or "), (" or ", " and ")):
        if operator in text and other not in text and "(" not in text:
            return operator.join(sorted(set(text.split(operator))))
    return text


def spelled(text: str) -> str:
    """A requirement as it is written into TOML: the author's spelling, with quotes that need no escape."""
    stripped = text.strip()
    return stripped.replace('"', "'") if "'" not in stripped else stripped


def merged(declared: str, wanted: str) -> str:
    """The text for a declared requirement after `wanted`, of the same name and marker, was added to it.

    Text that already says it is returned as it is. A new bound or URL takes the place of the old one; extras add up.
    """
    old, new = parse(declared), parse(wanted)
    extras = _normal(old.extras | new.extras)
    asked = bool(new.specifier) or new.url is not None
    if asked and (_bounds(new), new.url) != (_bounds(old), old.url):
        return spelled(wanted if _normal(new.extras) == extras else _bracketed(wanted, extras))
    return declared if _normal(old.extras) == extras else spelled(_bracketed(declared, extras))


def _normal(extras: set[str]) -> set[str]:
    return {str(canonicalize_name(extra)) for extra in extras}


def _bracketed(text: str, extras: set[str]) -> str:
    bracket = f"[{','.join(sorted(extras))}]"
    return re.sub(rf"^\s*({_NAME})(?:\s*\[[^\]]*\])?", lambda match: match[1] + bracket, text, count=1)


def _bounds(req: Requirement) -> str:
    def bound(operator: str, version: str) -> str:
        if operator == "===" or version.endswith(".*"):
            return operator + version
        return operator + canonicalize_version(version, strip_trailing_zero=operator != "~=")

    return ",".join(sorted({bound(spec.operator, spec.version) for spec in req.specifier}))


def _logical_lines(text: str) -> list[tuple[int, str]]:
    """Lines with their 1-based numbers: continued ones joined, comments as pip reads them and blank ones dropped."""
    lines: list[tuple[int, str]] = []
    pending, first = "", 0
    for number, raw in enumerate(text.splitlines(), start=1):
        first = first if pending else number
        if raw.rstrip().endswith("\\"):
            pending += raw.rstrip()[:-1] + " "
            continue
        line = re.sub(r"(?:^|\s+)#.*$", "", pending + raw).strip()
        pending = ""
        if line:
            lines.append((first, line))
    if pending.strip():
        lines.append((first, pending.strip()))
    return lines


def _option(option: str, context: Context) -> DepError:
    name = option.partition("=")[0]
    hint = {
        "-r": "paste the lines of that file instead",
        "--requirement": "paste the lines of that file instead",
        "--hash": "remove it: the lock records the hash of every file",
        "-e": "name the folder under `[tool.uv.sources]` and declare the package by its name",
        "--editable": "name the folder under `[tool.uv.sources]` and declare the package by its name",
        "-c": "put the bounds under `constraint-dependencies` in `[tool.uv]`",
        "--constraint": "put the bounds under `constraint-dependencies` in `[tool.uv]`",
        "--pre": 'set `prerelease = "allow"` in `[tool.uv]`',
    }.get(name)
    if hint is None and "index" in name:
        hint = "name the index under `[[tool.uv.index]]`"
    return DepError(
        "option-in-requirements",
        f"`{name}` is an option, not a requirement",
        hint=hint or "remove it and keep the names and bounds only",
        context=context,
    )


def _bad(text: str, context: Context | None) -> DepError:
    message = f"`{text}` is not a requirement" if text else "the requirement is empty"
    return DepError("bad-requirement", message, hint=_meant(text), context=context)


def _meant(text: str) -> str:
    """The next step for text that is no requirement, with what was probably meant."""
    install = install_line(text)
    if install is not None:
        names = " ".join(f"`{name}`" for name in install.requirements)
        return f"leave the install command out and write only {names}" if names else _EXAMPLE
    if re.match(r"\s*[%!]?\s*(?:conda|mamba|micromamba)\s", text):
        return "this is a conda command; declare the package by the name it has on the Python package index"
    if len(text) > 2 and text[0] == text[-1] and text[0] in "\"'`":
        return f"remove the quotes: `{text[1:-1]}`"
    if text.startswith("-"):
        return "options do not belong here; " + _EXAMPLE
    if re.search(r"\.(?:txt|in|toml)$", text):
        return f"to declare what a file lists, name it as `-r {text}`"
    if re.match(r"(?:[a-z][a-z0-9+]+:|\.{0,2}/|~/|[A-Za-z]:\\|\.$)", text) or _FILE.search(text):
        return "put the package's name before it: `NAME @ URL`"
    if match := re.fullmatch(rf"({_NAMED})\s*(?:==?|@)\s*latest", text):
        return f"leave the version out: `{match[1]}`"
    if match := re.fullmatch(rf"({_NAMED})\s*(?:@|={{1,2}}|:|\s)\s*{_VERSION}", text):
        return f"did you mean `{match[1]}=={match[2]}`?"
    if match := re.fullmatch(rf"({_NAMED})\s*[@=]?\s*\^\s*v?(\d+)((?:\.\d+)*)", text):
        return f"did you mean `{match[1]}>={match[2]}{match[3]},<{int(match[2]) + 1}`?"
    if match := re.fullmatch(rf"({_NAMED})\s*[@=]?\s*~\s*{_VERSION}", text):
        return f"did you mean `{match[1]}~={match[2]}`?"
    if re.search(r"=[<>]\s*\d", text):
        return f"did you mean `{text.replace('=>', '>=').replace('=<', '<=')}`?"
    if re.search(r"\d\s+[<>=!~]", text):
        commas = re.sub(r"(?<=\d)\s+(?=[<>=!~])", ",", text)
        return f"separate the bounds with a comma: `{commas}`"
    if re.fullmatch(rf"{_NAME}(?:[\s,]+{_NAME})+", text):
        return "write one requirement at a time: " + " ".join(f"`{name}`" for name in re.split(r"[\s,]+", text))
    return _EXAMPLE
