"""Parse requirements (PEP 508), and suggest what was probably meant where a text is not one."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name, canonicalize_version

from jupyter_dep.base.errors import DepError

from .install_command import NAME, parse_install_command

Context = Mapping[str, str | int]

_NAMED = rf"{NAME}(?:\s*\[[^\]]*\])?"
_VERSION = r"v?(\d[A-Za-z0-9.!+*-]*)"
_NAME_FIRST = "put the package's name before it: `NAME @ URL`"
_EXAMPLE = "write a name with extras and bounds where needed, such as `pandas[excel]>=2,<3`"

# The URL parser of the engine takes `https:user:pw@host` and `https:\\user@host` for a host with userinfo too, and
# drops control characters, so the pattern is wider than the grammar.
_USERINFO = re.compile(r"(?:^|[\s@])[A-Za-z][A-Za-z0-9+.-]+:[/\\]*[^/\\?#\s]*@")
# the account that every user of such a host logs in to; a person's own name would not work for others
_LOGIN = re.compile(r"\b((?:git\+)?ssh://)(?:git|hg|svn|org-\d+)@(?=[^@/?#\s:]+(?::\d+)?(?:/|$))")
_QUERY_SECRET = re.compile(r"[?&](?:access_|auth_|private_)?(?:token|password|secret|api_?key)=", re.IGNORECASE)
_FILE = re.compile(r"\.(?:whl|tar\.gz|zip|txt|toml|in)$", re.IGNORECASE)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")

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
        raise _refuse(wanted, context)
    try:
        requirement = Requirement(wanted)
    except (InvalidRequirement, RecursionError) as error:  # the latter for parentheses within each other, by the thousand
        raise _refuse(wanted, context) from error
    # `requirements.txt` and `x-1.whl` are valid names, and never what was meant: do not ask an index for them.
    if _FILE.search(requirement.name) or (requirement.url is not None and not _SCHEME.match(requirement.url)):
        raise _refuse(wanted, context)
    return requirement


def is_index_name(text: str) -> bool:
    """Whether a text can name a package index in a declaration."""
    return re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", text) is not None


def without_login(text: str) -> str:
    """Drop the account name, which is not a secret, from `ssh` addresses such as `ssh://git@host.example/a.git`."""
    return _LOGIN.sub(r"\1", text)


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
    bare = without_login(re.sub(r"[\x00-\x08\x0a-\x1f]", "", text))
    if _USERINFO.search(bare) or _QUERY_SECRET.search(bare):
        raise DepError(
            "credentials-in-declaration",
            "a URL in the declaration holds a user name, a password or a token",
            hint="remove it from the URL and keep it in your own index configuration, netrc or ssh configuration",
            context=context,
        )


def canonical(req: Requirement) -> str:
    """The requirement without spelling, spacing or order: requirements that mean the same give the same text.

    Versions lose their trailing zeros where that changes nothing (PEP 440). Operands of a marker are sorted if it is
    a plain chain of `and` or of `or`.
    """
    extras = ",".join(sorted({canonicalize_name(extra) for extra in req.extras}))
    text = canonicalize_name(req.name) + (f"[{extras}]" if extras else "") + _canonicalize_bounds(req)
    if req.url is not None:
        text += f" @ {req.url} "
    return f"{text}; {canonical_marker(str(req.marker))}" if req.marker is not None else text.rstrip()


def canonical_marker(text: str) -> str:
    """The text of a `Marker` with the operands of a plain chain sorted."""
    for operator, other in ((" and ", " or "), (" or ", " and ")):
        if operator in text and other not in text and "(" not in text:
            return operator.join(sorted(set(text.split(operator))))
    return text


def spell(text: str) -> str:
    """A requirement as it is written into TOML: the author's spelling, with quotes that need no escape."""
    stripped = text.strip()
    return stripped.replace('"', "'") if "'" not in stripped else stripped


def merge(declared: str, wanted: str) -> str:
    """The text for a declared requirement after `wanted`, of the same name and marker, was added to it.

    Text that already says it is returned as it is. A new bound or URL takes the place of the old one; extras add up.
    """
    old, new = parse(declared), parse(wanted)
    extras = _normalize_extras(old.extras | new.extras)
    asked = bool(new.specifier) or new.url is not None
    if asked and (_canonicalize_bounds(new), new.url) != (_canonicalize_bounds(old), old.url):
        return spell(wanted if _normalize_extras(new.extras) == extras else _replace_extras(wanted, extras))
    return declared if _normalize_extras(old.extras) == extras else spell(_replace_extras(declared, extras))


def _normalize_extras(extras: set[str]) -> set[str]:
    return {str(canonicalize_name(extra)) for extra in extras}


def _replace_extras(text: str, extras: set[str]) -> str:
    bracket = f"[{','.join(sorted(extras))}]"
    return re.sub(rf"^\s*({NAME})(?:\s*\[[^\]]*\])?", lambda match: match[1] + bracket, text, count=1)


def _canonicalize_bounds(req: Requirement) -> str:
    def bound(operator: str, version: str) -> str:
        if operator == "===" or version.endswith(".*"):
            return operator + version
        return operator + canonicalize_version(version, strip_trailing_zero=operator != "~=")

    return ",".join(sorted({bound(spec.operator, spec.version) for spec in req.specifier}))


def _refuse(text: str, context: Context | None) -> DepError:
    message = f"`{text}` is not a requirement" if text else "the requirement is empty"
    return DepError("bad-requirement", message, hint=_suggest(text), context=context)


def _suggest(text: str) -> str:
    """The next step for text that is not a requirement, with what was probably meant."""
    command = parse_install_command(text)
    if command is not None and command.installer != "conda":
        names = " ".join(f"`{name}`" for name in command.operands)
        return f"leave the install command out and write only {names}" if names else _EXAMPLE
    for pattern, suggestion in _SUGGESTIONS:
        match = re.search(pattern, text, re.DOTALL)
        if match is not None:
            return suggestion if isinstance(suggestion, str) else suggestion(match)
    return _EXAMPLE


def _suggest_caret(match: re.Match[str]) -> str:
    return f"did you mean `{match[1]}>={match[2]}{match[3]},<{int(match[2]) + 1}`?"


def _suggest_commas(match: re.Match[str]) -> str:
    return "separate the bounds with a comma: `" + re.sub(r"(?<=\d)\s+(?=[<>=!~])", ",", match.string) + "`"


def _suggest_single_names(match: re.Match[str]) -> str:
    return "write one requirement at a time: " + " ".join(f"`{name}`" for name in re.split(r"[\s,]+", match.string))


_Suggestion = str | Callable[[re.Match[str]], str]
# Not compiled: that is done where there is something to suggest, not at each start of a command.
_SUGGESTIONS: tuple[tuple[str, _Suggestion], ...] = (
    (
        r"\A\s*[%!]?\s*(?:conda|mamba|micromamba|pixi)\s",
        "this is a conda command; declare the package by the name it has on the Python package index",
    ),
    (r"\A(?P<quote>[\"'`])(.+)(?P=quote)\Z", lambda match: f"remove the quotes: `{match[2]}`"),
    (r"\A-", "options do not belong here; " + _EXAMPLE),
    (r"\.(?:txt|in|toml)\Z", lambda match: f"to declare what a file lists, name it as `-r {match.string}`"),
    (r"\A(?:[a-z][a-z0-9+]+:|\.{0,2}/|~/|[A-Za-z]:\\|\.\Z)", _NAME_FIRST),
    (f"(?i:{_FILE.pattern})", _NAME_FIRST),
    (rf"\A({_NAMED})\s*(?:==?|@)\s*latest\Z", lambda match: f"leave the version out: `{match[1]}`"),
    (rf"\A({_NAMED})\s*(?:@|={{1,2}}|:|\s)\s*{_VERSION}\Z", lambda match: f"did you mean `{match[1]}=={match[2]}`?"),
    (rf"\A({_NAMED})\s*[@=]?\s*\^\s*v?(\d+)((?:\.\d+)*)\Z", _suggest_caret),
    (rf"\A({_NAMED})\s*[@=]?\s*~\s*{_VERSION}\Z", lambda match: f"did you mean `{match[1]}~={match[2]}`?"),
    (r"=[<>]\s*\d", lambda match: f"did you mean `{match.string.replace('=>', '>=').replace('=<', '<=')}`?"),
    (r"\d\s+[<>=!~]", _suggest_commas),
    (rf"\A{NAME}(?:[\s,]+{NAME})+\Z", _suggest_single_names),
)
