"""A lock as `requirements.txt`, in the form that pip and uv read, and as an `environment.yml` that holds the same lines."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

from jupyter_dep.base.errors import DepError
from jupyter_dep.model.lock.audit import files_of
from jupyter_dep.model.lock.lockfile import Lock
from jupyter_dep.model.lock.select import DEFAULT_SELECTION, Selection

from .select import Chosen, chosen, public_address


def requirements_txt(lock: Lock, choice: Selection = DEFAULT_SELECTION, *, hashes: bool = True, indexes: bool = False) -> str:
    """The text; with `hashes` every line has those of all its files, so that pip takes nothing else.

    `indexes` writes where the packages were locked from, without credentials: the most used one as `--index-url`. Errors:
    `no-hash` for a package that has none (a repository, a folder), and those of `chosen`.
    """
    selected = chosen(lock, choice)
    lines = [_write_line(one, hashes=hashes) for one in selected]
    return "".join(f"{line}\n" for line in [*(_write_index_lines(selected) if indexes else ()), *lines])


def requirement_of(one: Chosen) -> str:
    """`name==version ; marker`, or with its address where it comes from no index."""
    package = one.package
    suffix = f" ; {one.marker}" if one.marker else ""
    if package.vcs is not None:
        vcs = package.vcs
        below = f"#subdirectory={vcs.subdirectory}" if vcs.subdirectory else ""
        text = f"{package.name} @ {vcs.type}+{public_address(vcs.url or vcs.path or '')}@{vcs.commit_id}{below}"
    elif package.archive is not None and package.archive.url is not None:
        below = f"#subdirectory={package.archive.subdirectory}" if package.archive.subdirectory else ""
        text = f"{package.name} @ {public_address(package.archive.url)}{below}"
    elif package.archive is not None or package.directory is not None:
        place = package.archive.path if package.archive is not None else package.directory.path if package.directory else ""
        editable = package.directory is not None and package.directory.editable
        text = ("-e " if editable else "") + (str(place) if str(place).startswith(("/", ".")) else f"./{place}")
    else:
        text = f"{package.name}=={package.version}"
    return text + suffix


def environment_yml(lock: Lock, choice: Selection = DEFAULT_SELECTION, *, name: str, python: str) -> str:
    """The text for conda; `python` is a minor such as `3.12`. Hashes have no place in it. Errors: those of `chosen`."""
    selected = chosen(lock, choice)
    minor = python.rstrip("t")
    # JSON strings are YAML's; quoted, `3.10` and `no` stay what they are
    lines = [
        f"name: {json.dumps(name)}",
        "channels:",
        "  - conda-forge",
        "  - nodefaults",
        "dependencies:",
        f'  - "python={minor}"',
        "  - pip",
    ]
    if selected:
        lines += ["  - pip:", *(f"      - {json.dumps(requirement_of(one), ensure_ascii=False)}" for one in selected)]
    return "".join(f"{line}\n" for line in lines)


def _write_line(one: Chosen, *, hashes: bool) -> str:
    text = requirement_of(one)
    if not hashes:
        return text
    digests = _list_digests(one)
    if not digests:
        raise DepError(
            "no-hash",
            f"`{one.package.name}` comes from a repository or a folder, and has no hash",
            hint="export with `--without-hashes`, or as `pylock`, which names its commit",
            context={"package": one.package.name},
        )
    return " \\\n".join([text, *(f"    --hash={digest}" for digest in digests)])


def _list_digests(one: Chosen) -> list[str]:
    package = one.package
    tables = [package.archive.hashes] if package.archive is not None else [file.hashes for file in files_of(package)]
    return sorted({f"sha256:{table['sha256']}" for table in tables if "sha256" in table})


def _write_index_lines(selected: Sequence[Chosen]) -> list[str]:
    used = Counter(public_address(one.package.index) for one in selected if one.package.index)
    ordered = sorted(used, key=lambda url: (-used[url], url))
    return [f"{'--extra-index-url' if place else '--index-url'} {url}" for place, url in enumerate(ordered)]
