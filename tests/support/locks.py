"""Lock files as text, for tests that need no engine."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

ORIGIN = "https://index.example"


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def wheel(
    name: str,
    version: str = "1.0",
    *,
    tag: str = "py3-none-any",
    url: str | None = None,
    hashes: str | None = None,
    filename: str | None = None,
) -> str:
    """One entry of `wheels`; `hashes` is the inside of that table."""
    file = filename or f"{name.replace('-', '_')}-{version}-{tag}.whl"
    address = url if url is not None else f"{ORIGIN}/files/{file}"
    return f'{{ url = "{address}", size = 10, hashes = {{ {hashes if hashes is not None else good(file)} }} }}'


def good(text: str) -> str:
    return f'sha256 = "{sha256(text)}"'


def package(
    name: str,
    version: str = "1.0",
    *,
    wheels: Sequence[str] | None = None,
    index: str | None = f"{ORIGIN}/simple",
    more: str = "",
    needs: Sequence[str] = (),
) -> str:
    """One `[[packages]]`; without `wheels` it has one that fits everywhere, with `()` none."""
    lines = ["[[packages]]", f'name = "{name}"']
    if version:
        lines.append(f'version = "{version}"')
    if index:
        lines.append(f'index = "{index}"')
    if needs:
        lines.append("dependencies = [" + ", ".join(f'{{ name = "{needed}" }}' for needed in needs) + "]")
    listed = [wheel(name, version)] if wheels is None else list(wheels)
    if listed:
        lines += ["wheels = [", *(f"    {entry}," for entry in listed), "]"]
    if more:
        lines.append(more)
    return "\n".join(lines) + "\n"


def table(
    *,
    declared: Sequence[str] = (),
    notebook: str = "n.ipynb",
    python: str = "3.11",
    format_: int = 1,
    extra: Mapping[str, str] | None = None,
) -> str:
    """Our table; `extra` adds lines of TOML."""
    listed = ", ".join(f'"{item}"' for item in declared)
    lines = ["[tool.jupyter-dep]", f"format = {format_}", f'notebook = "{notebook}"', f'python = "{python}"', "kernel = []"]
    lines += [f"{key} = {value}" for key, value in (extra or {}).items()]
    lines += ["[tool.jupyter-dep.declaration]", f'requires-python = ">={python}"', f"dependencies = [{listed}]"]
    lines += ["widgets = true", "build = []", "platforms = []", "[tool.jupyter-dep.declaration.uv]"]
    return "\n".join(lines) + "\n"


def document(*packages: str, ours: str | None = None, head: str = "", version: str = "1.0") -> bytes:
    """The bytes of a lock. `ours` is our table (None: a plain one, empty: none)."""
    top = f'lock-version = "{version}"\ncreated-by = "tests"\nrequires-python = ">=3.11"\n{head}'
    body = packages or ("packages = []\n",)
    return "\n".join([top, *body, table() if ours is None else ours]).encode()
