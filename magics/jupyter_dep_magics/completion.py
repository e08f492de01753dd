"""Completion of `%dep` and `%%dep`: verbs, their options and words, declared and well-known names. Data only, no agent.

Beside this file lie `verbs.json`, generated from the tree of verbs: `{"verbs": {"add": {"summary", "options": [...],
"names": "none" | "declared" | "locked" | "popular", "words": [...]}}}`, and `popular.json`, the well-known names of the
catalogue, the best known first.
"""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Any, Callable, Dict, List, NamedTuple, Sequence, Tuple

from .picker import VERB

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_LINE = re.compile(r"\s*%{1,2}dep(?P<rest>\s.*)\Z", re.DOTALL)


class Words(NamedTuple):
    """What can follow: `fragment` is the part already typed, which each of `options` replaces."""

    fragment: str
    options: Tuple[str, ...]


def read_verbs() -> Dict[str, Any]:
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "verbs.json")
    with open(path, encoding="utf-8") as file:
        verbs: Dict[str, Any] = json.load(file)["verbs"]
    return {**verbs, "ui": VERB}


def read_popular() -> Tuple[str, ...]:
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "popular.json")
    with open(path, encoding="utf-8") as file:
        return tuple(json.load(file))


def suggest(
    line: str,
    verbs: Dict[str, Any],
    declared: Sequence[str] = (),
    locked: Sequence[str] = (),
    popular: Sequence[str] = (),
) -> Words:
    """What can come next in `line`, the text from the start of its line to the cursor."""
    found = _LINE.match(line)
    if not found:
        return Words("", ())
    before, fragment = re.split(r"(\S*)\Z", found.group("rest"), maxsplit=1)[:2]
    typed = before.split()
    if not typed:
        choices: List[str] = list(verbs)
    else:
        verb = verbs.get(typed[0], {})
        if fragment.startswith("-"):
            choices = [option for option in verb.get("options", ()) if option not in typed]
        else:
            # of everything that could be added nothing is offered before a first letter
            known = {"declared": declared, "locked": locked or declared, "popular": popular if fragment else ()}
            names = known.get(verb.get("names", "none"), ())
            words = verb.get("words", ()) if len(typed) == 1 else ()
            choices = [*words, *(name for name in names if name not in typed[1:])]
    return Words(fragment, tuple(choice for choice in choices if choice.startswith(fragment)))


def install(
    shell: InteractiveShell, declared: Callable[[], Sequence[str]], locked: Callable[[], Sequence[str]]
) -> Callable[[], None]:
    """Add the matcher to the shell's completer; the result takes it away again."""
    completer: Any = shell.Completer
    if completer is None:
        return lambda: None
    verbs, popular = read_verbs(), read_popular()
    matcher: Callable[..., Any]
    try:
        from IPython.core import completer as api

        completion_matcher: Any = api.completion_matcher
    except AttributeError:  # IPython before 8.6

        def plain_matcher(text: str) -> List[str]:
            return list(suggest(completer.text_until_cursor, verbs, declared(), locked(), popular).options)

        matcher = plain_matcher
    else:
        # Before the others, which it silences: a line of ours is not Python.
        @completion_matcher(  # type: ignore[untyped-decorator]
            identifier="jupyter-dep", priority=1000, api_version=2
        )
        def dep_matcher(context: Any) -> Any:
            words = suggest(context.text_until_cursor, verbs, declared(), locked(), popular)
            return {
                "completions": [api.SimpleCompletion(text=text, type="keyword") for text in words.options],
                "matched_fragment": words.fragment,
                "suppress": bool(words.options),
            }

        matcher = dep_matcher
    completer.custom_matchers.append(matcher)
    return lambda: completer.custom_matchers.remove(matcher)
