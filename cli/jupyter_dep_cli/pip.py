"""Stands for `pip` inside a sealed environment: `python -P -m jupyter_dep_cli.pip [--cell] [--check] [--as TOOL] ARGUMENT…`.

What would change the environment is compared with what is installed: one line and success where nothing is left to do, else
one line with the command of ours, and failure. Everything else is answered by the real `pip`, or by `uv`, about the environment
in `VIRTUAL_ENV`. With `--check` it only compares: the exit code is 3 for what would be answered here, and 4 for a line of `uv`
or `conda` that concerns other things.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.escape import escape_untrusted
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.base.steps import FrontEnd, step
from jupyter_dep.io.files import foreign_text, look, read_write
from jupyter_dep.io.python.installed import read_installed
from jupyter_dep.io.system.paths import script_folder
from jupyter_dep.io.system.process import replace_or_supervise
from jupyter_dep.model.checking.installed import Distribution, Installed
from jupyter_dep.model.declaration import requirement, requirement_lines

from .installer_line import InstallerLine, parse_installer_line

_TOOLS = frozenset({"pip", "uv", "conda", "mamba", "micromamba", "jupyter-dep"})
"""What installs, or is installed beside Jupyter: a notebook's environment has no use for it."""
_MOST = 6
_UV_ANSWERS = ("list", "freeze", "show", "check", "tree")
_CONDA = ("conda", "mamba", "micromamba")
_ANSWERED, _OTHER = 3, 4


@frozen_dataclass
class Verdict:
    """One line to show, and whether the environment is as the installer would have made it."""

    text: str
    satisfied: bool


def judge(line: InstallerLine, environment: Path, cwd: Path, front_end: FrontEnd) -> Verdict:
    """Compare what an installer is asked for with what is installed."""
    installed = read_installed(environment)
    if line.action == "uninstall":
        return _judge_removal(line, installed, front_end)
    if line.action != "install":
        following = front_end.write(line.advise(()))
        return Verdict(text=f"`{line.tool}` cannot change this environment: run `{following}`", satisfied=False)
    if not (line.requirements or line.files or line.others):
        return Verdict(text=f"no packages named: run `{front_end.write(line.advise(()))}`", satisfied=False)
    return _judge_installation(line, installed, cwd, front_end)


def _judge_removal(line: InstallerLine, installed: Installed, front_end: FrontEnd) -> Verdict:
    present = [one for one in line.requirements if _read_name(one) in installed.distributions]
    if not present:
        return Verdict(text="not installed: " + _some(list(line.requirements)), satisfied=True)
    listed = _some([f"`{one}`" for one in present])
    return Verdict(text=f"installed from the lock: {listed}; run `{front_end.write(line.advise(present))}`", satisfied=False)


def _judge_installation(line: InstallerLine, installed: Installed, cwd: Path, front_end: FrontEnd) -> Verdict:
    found: list[str] = []
    missing: list[str] = []
    shown: list[str] = []
    python = ""
    for text in line.requirements:
        wanted = _parse(text)
        if wanted is not None and canonicalize_name(wanted.name) == "python":
            if not wanted.specifier.contains(installed.python):
                python = text
            continue
        if wanted is None or not (_is_tool(wanted) or installed.satisfies(wanted)):
            missing.append(text)
            shown.append(_show_missing(text, installed.find(wanted) if wanted is not None else None))
        else:
            found.append(_show_found(wanted, installed.find(wanted)))
    files = [file for file in line.files if not _file_is_satisfied(cwd / file, installed, found)]
    others = [one for one in line.others if not _address_is_installed(one, cwd, installed, found)]
    shown += [f"what `{file}` lists" for file in files] + [f"`{one}`" for one in others]
    if python and not shown:
        version = python.partition("=")[2].strip("=.*") or python
        change = front_end.write(step("python", version, target=None))
        return Verdict(text=f"this environment has Python {installed.python}: run `{change}`", satisfied=False)
    if shown:
        return Verdict(
            text=f"not installed here: {_some(shown)}; run `{front_end.write(line.advise(missing, files, others))}`",
            satisfied=False,
        )
    return Verdict(
        text="already installed: " + _some(list(dict.fromkeys(found)) or ["Python " + installed.python]), satisfied=True
    )


def _show_missing(text: str, found: Distribution | None) -> str:
    return f"`{text}`" + (f" ({found.version} is)" if found is not None else "")


def _show_found(wanted: Requirement, found: Distribution | None) -> str:
    return f"{found.name} {found.version}" if found is not None else f"{wanted.name} (not needed here)"


def _is_tool(wanted: Requirement) -> bool:
    return canonicalize_name(wanted.name) in _TOOLS


def _parse(text: str) -> Requirement | None:
    try:
        return requirement.parse(text)
    except DepError:
        return None


def _read_name(text: str) -> str:
    parsed = _parse(text)
    return canonicalize_name(parsed.name) if parsed is not None else text


def _file_is_satisfied(path: Path, installed: Installed, found: list[str]) -> bool:
    """Whether every requirement of a file is installed; those that are go to `found`."""
    try:
        text = foreign_text.decode(read_write.read(path), path)
        wanted = requirement_lines.parse_lines(text)
    except DepError:  # `add -r` says what is wrong with it
        return False
    if not all(_is_tool(one) or installed.satisfies(one) for one in wanted):
        return False
    found += [_show_found(one, installed.find(one)) for one in wanted]
    return True


def _address_is_installed(word: str, cwd: Path, installed: Installed, found: list[str]) -> bool:
    path = look.typed_path(word.partition("[")[0], cwd) if "://" not in word else None
    one = installed.from_url(path.as_uri() if path is not None else word)
    if one is not None:
        found.append(f"{one.name} {one.version}")
    return one is not None


def _some(items: Sequence[str]) -> str:
    more = f" and {len(items) - _MOST} more" if len(items) > _MOST else ""
    return ", ".join(items[:_MOST]) + more


def answer(line: InstallerLine, arguments: Sequence[str], environment: Path, environ: Mapping[str, str]) -> int:
    """Let the real program answer about the environment; gives its exit code."""
    words = ["list"] if line.tool in _CONDA else list(arguments)
    variables = {**environ, "VIRTUAL_ENV": str(environment), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    argv = _find_program(line, words, environment)
    if argv is None:
        sys.stderr.write("pip is not installed here, so it cannot answer that\n")
        return 1
    return replace_or_supervise(argv, cwd=Path.cwd(), env=variables)


def _find_program(line: InstallerLine, words: list[str], environment: Path) -> list[str] | None:
    """The environment's own pip, else Jupyter's, else the one that is bundled with Python, else the engine."""
    python = str(script_folder(environment) / "python")
    if line.tool != "uv pip":
        if "pip" in read_installed(environment).distributions:
            return [python, "-m", "pip", *words]
        if importlib.util.find_spec("pip") is not None:
            return [sys.executable, "-m", "pip", "--python", python, *words]
        if (bundled := _find_bundled()) is not None:
            return [python, str(bundled / "pip"), *words]
        words = ["pip", *words]
    if [one for one in words if not one.startswith("-")][1:2] not in [[name] for name in _UV_ANSWERS]:
        return None
    from uv import find_uv_bin

    return [os.fspath(find_uv_bin()), *words]


def _find_bundled() -> Path | None:
    """The wheel of pip that Python brings for its virtual environments."""
    try:
        import ensurepip
    except ImportError:
        return None
    folders = [Path(ensurepip.__file__).parent / "_bundled", Path("/usr/share/python-wheels")]
    names = [folder / name for folder in folders for name in read_write.list_readable(folder)]
    return next((one for one in names if one.name.startswith("pip-") and one.suffix == ".whl"), None)


def main(argv: Sequence[str] | None = None) -> int:
    """Answer for one line of an installer; gives the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    cell, check, tool = _take(arguments, "--cell"), _take(arguments, "--check"), "pip"
    if _take(arguments, "--as"):
        tool = arguments.pop(0)
    environment = Path(os.environ.get("VIRTUAL_ENV", ""))
    line = parse_installer_line(tool, arguments)
    try:
        if line.action == "answer" and check:
            return _ANSWERED if _is_answered(line, arguments) else _OTHER
        if line.action == "answer":
            return answer(line, arguments, environment, os.environ)
        verdict = judge(line, environment, Path.cwd(), FrontEnd(kind="cell", own=True) if cell else FrontEnd())
    except (DepError, OSError) as error:
        sys.stderr.write(escape_untrusted(str(error)) + "\n")
        return 1
    if not (verdict.satisfied and line.quiet):
        stream = sys.stdout if verdict.satisfied or check else sys.stderr
        stream.write(escape_untrusted(verdict.text) + "\n")
    return 0 if verdict.satisfied else 1


def _take(arguments: list[str], option: str) -> bool:
    if arguments[:1] != [option]:
        return False
    del arguments[0]
    return True


def _is_answered(line: InstallerLine, arguments: Sequence[str]) -> bool:
    """Whether a line that changes nothing is about the environment, so that it is answered here."""
    words = [one for one in arguments if not one.startswith("-")]
    if line.tool in _CONDA:
        return words[:1] == ["list"]
    return line.tool == "pip" or (line.tool == "uv pip" and words[1:2] in [[name] for name in _UV_ANSWERS])


if __name__ == "__main__":
    sys.exit(main())
