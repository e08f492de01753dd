"""Completion of `%dep` and `%%dep`: commands, their options and words, declared and well-known packages.

It needs no agent, only two generated files: `commands.json` is made from the command table, `{"commands": {"add": {"summary",
"options": [...], "names": "none" | "declared" | "locked" | "popular", "words": [...]}}}`, and `popular.json` lists the
well-known names of the catalogue, the best known first.
"""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Mapping, NamedTuple, Sequence, Tuple

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_LINE = re.compile(r"\s*%{1,2}dep(?P<rest>\s.*)\Z", re.DOTALL)


class Completions(NamedTuple):
    """The possible continuations: each of `options` replaces `fragment`, the part already typed."""

    fragment: str
    options: Tuple[str, ...]


def read_commands() -> Dict[str, Any]:
    """Read the agent's commands."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "commands.json")
    with open(path, encoding="utf-8") as file:
        commands: Dict[str, Any] = json.load(file)["commands"]
    return commands


def read_popular() -> Tuple[str, ...]:
    """Read the well-known names."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "popular.json")
    with open(path, encoding="utf-8") as file:
        return tuple(json.load(file))


def suggest(
    line: str,
    commands: Mapping[str, Any],
    declared: Sequence[str] = (),
    locked: Sequence[str] = (),
    popular: Sequence[str] = (),
) -> Completions:
    """Return what can follow `line`, the text from the start of its line to the cursor."""
    found = _LINE.match(line)
    if not found:
        return Completions("", ())
    before, fragment = re.split(r"(\S*)\Z", found.group("rest"), maxsplit=1)[:2]
    typed = before.split()
    if not typed:
        choices: List[str] = list(commands)
    else:
        command = commands.get(typed[0], {})
        if fragment.startswith("-"):
            choices = [option for option in command.get("options", ()) if option not in typed]
        else:
            # well-known names are offered only after a first letter
            known = {"declared": declared, "locked": locked or declared, "popular": popular if fragment else ()}
            names = known.get(command.get("names", "none"), ())
            words = command.get("words", ()) if len(typed) == 1 else ()
            choices = [*words, *(name for name in names if name not in typed[1:])]
    return Completions(fragment, tuple(choice for choice in choices if choice.startswith(fragment)))


def install(
    shell: InteractiveShell,
    declared: Callable[[], Sequence[str]],
    locked: Callable[[], Sequence[str]],
    subcommands: Sequence[str] = (),
) -> Callable[[], None]:
    """Add a matcher to the shell's completer; the returned function removes it.

    `subcommands` are those that the agent does not know.
    """
    completer: Any = shell.Completer
    if completer is None:
        return lambda: None
    commands, popular = {**read_commands(), **{name: {} for name in subcommands}}, read_popular()
    matcher: Callable[..., Any]
    try:
        from IPython.core import completer as api

        completion_matcher: Any = api.completion_matcher
    except AttributeError:  # IPython before 8.6

        def plain_matcher(text: str) -> List[str]:
            return list(suggest(completer.text_until_cursor, commands, declared(), locked(), popular).options)

        matcher = plain_matcher
    else:
        # the highest priority, and it suppresses the others: a `%dep` line is not Python
        @completion_matcher(  # type: ignore[untyped-decorator]
            identifier="jupyter-dep", priority=1000, api_version=2
        )
        def dep_matcher(context: Any) -> Any:
            words = suggest(context.text_until_cursor, commands, declared(), locked(), popular)
            return {
                "completions": [api.SimpleCompletion(text=text, type="keyword") for text in words.options],
                "matched_fragment": words.fragment,
                "suppress": bool(words.options),
            }

        matcher = dep_matcher
    completer.custom_matchers.append(matcher)
    return lambda: completer.custom_matchers.remove(matcher)
