"""config, source, cache: the user's settings, the package indexes of a project, and the cache."""

from __future__ import annotations

import sys
from pathlib import Path

from jupyter_dep.base.errors import DepError, UsageError
from jupyter_dep.base.steps import NAME, Hint, Placeholder, step
from jupyter_dep.io.index import user_config
from jupyter_dep.io.system.disk import measure
from jupyter_dep.messages import Outcome, Report, Table
from jupyter_dep.operations.edit import indexes
from jupyter_dep.presentation import outcomes
from jupyter_dep_cli.call import Call


def config(call: Call) -> Outcome:
    """Show, set or remove a key of the user's configuration. A secret is never printed."""
    words, paths = call.parsed.words, call.services.paths
    if call.parsed.flag("list") or not words:
        if words:
            raise _usage_error(call, "`--list` takes no key")
        return _list_keys(call)
    key, *values = words
    user_config.find_key(key)
    if len(values) > 1 or (values and call.parsed.flag("stdin")):
        raise _usage_error(call, "a key has one value")
    if call.parsed.flag("unset"):
        if values or call.parsed.flag("stdin"):
            raise _usage_error(call, "`--unset` takes a key alone")
        gone = user_config.unset(paths, key)
        return _report_change(call, f"`{key}` was unset" if gone else f"`{key}` was not set", {"key": key, "removed": gone})
    if not values and not call.parsed.flag("stdin"):
        return _show_key(call, key)
    secret = user_config.find_key(key).kind == "secret"
    user_config.set(paths, key, values[0] if values else _read_value(key, secret=secret))
    unseen = step("config", key, "--stdin", target=None)
    note = call.write(Hint("a secret on the command line stays in your shell's history; ", unseen, " reads it unseen"))
    return _report_change(call, f"`{key}` is set", {"key": key}, notes=(note,) if secret and values else ())


def _read_value(key: str, *, secret: bool) -> str:
    """Read a line of stdin, without echo where a secret is typed."""
    if sys.stdin.isatty() and secret:
        from getpass import getpass

        return getpass(f"{key}: ")
    return sys.stdin.readline().rstrip("\r\n")


def _report_change(call: Call, headline: str, data: dict[str, object], notes: tuple[str, ...] = ()) -> Outcome:
    file = str(user_config.config_file(call.services.paths))
    return Outcome(
        verb="config",
        report=Report(headline=headline, tone="good", lines=(file,), notes=notes),
        data={**data, "file": file, "notes": list(notes)},
    )


def _show_key(call: Call, key: str) -> Outcome:
    for name, value in user_config.entries(call.services.paths):
        if name == key:
            shown = user_config.display_value(key, value)
            return Outcome(
                verb="config",
                report=Report(headline="", lines=(shown,)),
                data={"key": key, "value": value if user_config.find_key(key).kind != "secret" else shown},
            )
    raise DepError(
        "not-configured",
        f"`{key}` is not set",
        hint=Hint(step("config", key, Placeholder(name="VALUE"), target=None), " sets it"),
    )


def _list_keys(call: Call) -> Outcome:
    paths = call.services.paths
    rows = tuple((key, user_config.display_value(key, value)) for key, value in user_config.entries(paths))
    can = tuple((key.form, key.means) for key in user_config.KEYS)
    strange = user_config.unknown_keys(paths)
    table = Table(columns=("key", "value"), rows=rows) if rows else Table(columns=("key", "what it is for"), rows=can)
    return Outcome(
        verb="config",
        report=Report(
            headline=f"{user_config.config_file(paths)}: {f'{len(rows)} set' if rows else 'no keys are set'}",
            tables=(table,),
            notes=(f"unknown keys: {', '.join(strange)}",) if strange else (),
        ),
        data={
            "file": str(user_config.config_file(paths)),
            "values": dict(rows),
            "keys": dict(can),
            "unknown": list(strange),
        },
    )


def source(call: Call) -> Outcome:
    """Add, list or remove the package indexes of the project."""
    words, target = call.parsed.words, call.target()
    wanted = {"add": 2, "remove": 1, "list": 0}[call.parsed.action]
    if len(words) != wanted:
        what = {"add": "`source add` needs a name and a URL", "remove": "`source remove` needs a name"}
        raise _usage_error(call, what.get(call.parsed.action, "`source list` takes no name"))
    if call.parsed.action == "list":
        return _list_sources(call, target)
    if call.parsed.action == "add":
        changed = indexes.add(target, words[0], words[1], call.services, call.context)
        headline = f"`{words[0]}` is declared" if changed.redeclared else f"`{words[0]}` is declared already"
        steps: tuple[str, ...] = (call.write(step("add", "--index", f"{words[0]}={words[1]}", NAME, target=target)),)
    else:
        changed = indexes.remove(target, words[0], call.services, call.context)
        headline, steps = f"`{words[0]}` was removed", ()
    outcome = outcomes.changed("source", changed, call.services, call.front_end, environment=call.context.environment)
    note = ("packages come from it only where they are assigned to it",) if steps else ()
    return Outcome(
        verb="source",
        report=Report(
            headline=headline, tone="good", tables=outcome.report.tables, notes=(*outcome.report.notes, *note), next=steps
        ),
        data={
            **outcome.data,
            "sources": [_source_data(each) for each in indexes.list_indexes(target, call.services, call.context)],
        }
        if outcome.edit is None
        else outcome.data,
        switch=outcome.switch,
        edit=outcome.edit,
    )


def _source_data(index: indexes.DeclaredIndex) -> dict[str, object]:
    return {"name": index.name, "url": index.url, "packages": list(index.packages)}


def _list_sources(call: Call, target: Path) -> Outcome:
    found = indexes.list_indexes(target, call.services, call.context)
    rows = tuple((index.name or "-", index.url, ", ".join(index.packages) or "-") for index in found)
    return Outcome(
        verb="source",
        report=Report(
            headline=f"{len(rows)} package indexes are declared" if len(rows) != 1 else "1 package index is declared",
            tables=(Table(columns=("name", "url", "packages from it"), rows=rows),) if rows else (),
            notes=() if rows else ("all packages come from the index that you have configured",),
        ),
        data={"project": str(target), "sources": [_source_data(index) for index in found]},
    )


def cache(call: Call) -> Outcome:
    """Show what is cached, or clear the engine's part."""
    paths = call.services.paths
    if call.parsed.action == "info":
        folders = {
            "engine": (paths.engine_cache, "what the engine downloaded and built"),
            "environments": (paths.store / "e", "environments; they share files with the engine's cache"),
            "templates": (paths.store / "t", "environment templates"),
            "virtualenv": (paths.virtualenv, "virtualenv's own cache"),
            "locks": (paths.lock_cache, "summaries of locks"),
            "names": (paths.state / "names", "package names for `search`"),
        }
        sizes = {name: measure(folder) for name, (folder, _) in folders.items()}
        rows = tuple(
            (name, _format_size(sizes[name].total), _format_size(sizes[name].alone), means)
            for name, (_, means) in folders.items()
        )
        return Outcome(
            verb="cache",
            report=Report(
                headline=f"the engine's cache is {paths.engine_cache}",
                tables=(Table(columns=("", "size", "not shared", "what"), rows=rows),),
                next=(call.write(step("cache clear", target=None)),) if sizes["engine"].files else (),
            ),
            data={
                name: {"path": str(folder), "bytes": sizes[name].total, "alone": sizes[name].alone, "files": sizes[name].files}
                for name, (folder, _) in folders.items()
            },
        )
    return _clear(call)


def _clear(call: Call) -> Outcome:
    folder = call.services.paths.engine_cache
    before = measure(folder)
    if not before.files:
        return Outcome(verb="cache", report=Report(headline="the engine's cache is empty", tone="good"), data={"freed": 0})
    what = f"clear the engine's cache ({_format_size(before.total)})? What no environment holds is fetched again when needed."
    if not call.parsed.flag("yes") and not (call.ask is not None and call.ask(what)):
        raise UsageError(
            "not-confirmed",
            f"the cache was not cleared: it holds {_format_size(before.total)}",
            hint=Hint(step("cache clear", "--yes", target=None), " empties it"),
            context={"file": str(folder)},
        )
    call.services.engine.clear(cancel=call.context.cancel)
    after = measure(folder)
    freed = max(0, before.alone - after.alone)
    return Outcome(
        verb="cache",
        report=Report(
            headline=f"the engine's cache is empty: {_format_size(freed)} are free",
            tone="good",
            notes=(f"{_format_size(before.total - before.alone)} more are in environments and stay there",)
            if before.total > before.alone
            else (),
        ),
        data={"freed": freed, "before": before.total},
    )


def _format_size(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


def _usage_error(call: Call, message: str) -> UsageError:
    return UsageError("bad-usage", message, hint=call.usage)
