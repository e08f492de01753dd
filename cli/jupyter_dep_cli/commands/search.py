"""search, index: finding packages by name or purpose, and the stored names of the user's package index."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from jupyter_dep.base.errors import UsageError
from jupyter_dep.base.steps import Hint, Placeholder, Step, Text, step
from jupyter_dep.io.index.name_cache import StoredList, as_json
from jupyter_dep.messages import Outcome, Report, Table, Tone
from jupyter_dep.model.declaration.requirement_lines import parse_pasted
from jupyter_dep.operations.inspect import search as inspect_search
from jupyter_dep.operations.inspect.search_result import SearchHit
from jupyter_dep_cli.call import Call

_SHOWN = 8
"""Versions that are listed."""


def search(call: Call) -> Outcome:
    """Find packages by name or purpose, or show what the index says of one."""
    words = " ".join(call.parsed.words)
    if not words.strip():
        raise UsageError("bad-usage", "no search words given", hint=call.usage)
    if call.parsed.flag("details"):
        return _show_details(words, call)
    found = inspect_search.search(words, call.services, _parse_limit(call))
    count = len(found.hits)
    best = next((hit for hit in found.hits if not hit.near), None)
    return Outcome(
        verb="search",
        report=Report(
            headline=f"{count} package{'' if count == 1 else 's'} for `{words}`"
            if count
            else f"no packages found for `{words}`",
            tone="plain" if count else "warn",
            tables=(_build_table(found.hits),) if count else (),
            notes=() if found.full else ("searched well-known packages and those that you have locked before",),
            next=tuple(call.write(each) for each in _next_steps(best, full=found.full)),
        ),
        data={**asdict(found), "requirements": list(parse_pasted(words))},
    )


def _show_details(name: str, call: Call) -> Outcome:
    found = inspect_search.details(name, call.services, call.context.cancel)
    lines = [f"versions: {', '.join(found.versions[:_SHOWN])}{', …' if len(found.versions) > _SHOWN else ''}"]
    if found.requires_python:
        lines.append(f"needs Python {found.requires_python}")
    if found.size:
        lines.append(f"size: {found.size / 1e6:.1f} MB")
    return Outcome(
        verb="search",
        report=Report(
            headline=f"{found.name}: {found.summary}" if found.summary else found.name,
            lines=tuple(lines),
            notes=(f"similar to the well-known {found.near}: did you mean that?",) if found.near else (),
            next=(call.write(step("add", found.name)),),
        ),
        data=asdict(found),
    )


def _parse_limit(call: Call) -> int:
    text = call.parsed.text("limit") or "20"
    if not text.isdecimal() or not 1 <= int(text) <= inspect_search.MOST:
        raise UsageError("bad-usage", f"`{text}` is not a number from 1 to {inspect_search.MOST}", hint=call.usage)
    return int(text)


def _build_table(hits: tuple[SearchHit, ...]) -> Table:
    tones: tuple[Tone, ...] = tuple("warn" if hit.near else "plain" for hit in hits)
    rows = tuple((hit.name, _describe_hit(hit)) for hit in hits)
    return Table(columns=("package", "what it is"), rows=rows, tones=tones if "warn" in tones else ())


def _describe_hit(hit: SearchHit) -> str:
    if hit.near:
        return f"similar to the well-known {hit.near}: did you mean that?"
    return hit.summary or {"locked": "you have locked it before", "index": "on your index"}.get(hit.source, "")


def _next_steps(best: SearchHit | None, *, full: bool) -> Iterator[Text | Step]:
    if best is not None:
        yield step("add", best.name)
    if not full:
        yield Hint(step("index sync", target=None), " stores every name of your index for this search")


def index(call: Call) -> Outcome:
    """Store the names of the package index, show or remove them."""
    return {"sync": _sync_names, "info": _show_names, "remove": _remove_names}[call.parsed.action](call)


def _sync_names(call: Call) -> Outcome:
    synced = inspect_search.sync_names(call.services, call.context.reporter, call.context.cancel)
    stored = synced.stored
    notes = [f"left out, {one}" for one in synced.left_out]
    if stored.dropped:
        entries = "invalid name" if stored.dropped == 1 else "invalid names"
        notes.append(f"left out {stored.dropped} {entries}")
    return Outcome(
        verb="index",
        report=Report(
            headline=f"stored {stored.names:,} names for `search`",
            tone="good",
            lines=_describe_list(stored),
            notes=tuple(notes),
            next=(call.write(step("search", Placeholder(name="WORDS"), target=None)),),
        ),
        data={**as_json(stored), "left_out": list(synced.left_out)},
    )


def _show_names(call: Call) -> Outcome:
    stored = call.services.names.stored()
    if not stored:
        return Outcome(
            verb="index",
            report=Report(
                headline="no names are stored",
                lines=("`search` finds well-known packages and those that you have locked before",),
                next=(call.write(step("index sync", target=None)),),
            ),
            data={"lists": []},
        )
    return Outcome(
        verb="index",
        report=Report(
            headline=f"{len(stored)} stored list{'' if len(stored) == 1 else 's'} of names",
            lines=tuple(line for one in stored for line in _describe_list(one)),
        ),
        data={"lists": [as_json(one) for one in stored]},
    )


def _remove_names(call: Call) -> Outcome:
    gone = call.services.names.remove_stored()
    names = sum(one.names for one in gone)
    return Outcome(
        verb="index",
        report=Report(headline=f"removed {names:,} stored names" if gone else "no names were stored", tone="good"),
        data={"removed": [as_json(one) for one in gone]},
    )


def _describe_list(stored: StoredList) -> tuple[str, ...]:
    return (
        f"index: {', '.join(stored.indexes)}",
        f"names: {stored.names:,}, {stored.size / 1e6:.1f} MB, made {stored.made}",
        f"file: {stored.path}",
    )
