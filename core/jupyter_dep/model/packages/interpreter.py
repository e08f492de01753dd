"""An interpreter as a value, and which of several a request means."""

from __future__ import annotations

import platform
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from functools import lru_cache
from typing import TYPE_CHECKING, cast

from jupyter_dep.base.errors import DepError, UsageError
from jupyter_dep.base.fast_dataclass import frozen_dataclass

if TYPE_CHECKING:
    from packaging.markers import Environment
    from packaging.tags import Tag

_STAGES = {"a": -3, "b": -2, "rc": -1, None: 0}
_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)(?:(a|b|rc)(\d+))?")
_NAMED = re.compile(r"(?:python|cpython)?(\d+)(?:\.(\d+)(?:\.(\d+)((?:a|b|rc)\d+)?)?)?(t?)", re.IGNORECASE)
_LONG_NUMBER = re.compile(r"\d{1000}")


@frozen_dataclass
class Interpreter:
    """One CPython that environments can be built on, never a virtual environment's own.

    `executable` is where it was found, `real` the same with every link followed. `version` is the full one
    (`3.11.7`), `abi` the tag (`cp311`, `cp313t`), `markers` the eleven variables of environment markers.
    """

    executable: str
    real: str
    implementation: str
    version: str
    abi: str
    bits: int
    platform: str
    markers: Mapping[str, str] = field(hash=False)
    prerelease: bool = False

    @property
    def minor(self) -> str:
        """The minor version, such as `3.12`."""
        return ".".join(self.version.split(".")[:2])

    @property
    def name(self) -> str:
        """What locks call it: the minor, with a `t` for a free-threaded build; empty for builds that nothing names."""
        return self.minor if self.plain else f"{self.minor}t" if self.abi == f"cp{self.minor.replace('.', '')}t" else ""

    @property
    def identity(self) -> str:
        """What an environment's key says of its interpreter."""
        return f"{self.implementation} {self.version} {self.abi} {self.real}"

    @property
    def plain(self) -> bool:
        """Neither free-threaded nor a debug build."""
        return self.abi == "cp" + self.minor.replace(".", "")

    def environment(self) -> Environment:
        """The values that markers are evaluated with."""
        # the kernel's release is the machine's, not the interpreter's: what was remembered may be out of date
        now = {"platform_release": platform.release(), "platform_version": platform.version()}
        return cast("Environment", {**self.markers, **now})

    def tags(self) -> tuple[Tag, ...]:
        """The wheel tags that it takes, best first, computed in this process, once: nothing is started."""
        return _tags(self)

    def _compute_tags(self) -> tuple[Tag, ...]:
        from packaging import tags

        version = tuple(int(part) for part in self.minor.split("."))
        name = "cp" + self.minor.replace(".", "")
        abis = [self.abi, self.abi[:-1]] if self.abi.endswith("d") else [self.abi]
        platforms = self._list_platforms()
        return (
            *tags.cpython_tags(python_version=version, abis=abis, platforms=platforms),
            *tags.compatible_tags(python_version=version, interpreter=name, platforms=platforms),
        )

    def _list_platforms(self) -> list[str]:
        from packaging import tags

        if self.platform.startswith("macosx"):  # under Rosetta this process may have the other architecture
            return list(tags.mac_platforms(arch=self.markers["platform_machine"]))
        if self.platform.startswith("win"):  # 32-bit Pythons live beside 64-bit ones
            return [self.platform.replace("-", "_").replace(".", "_")]
        return list(tags.platform_tags())


@lru_cache(maxsize=8)
def _tags(interpreter: Interpreter) -> tuple[Tag, ...]:
    return interpreter._compute_tags()


def order(version: str) -> tuple[int, ...]:
    """The sort key of a full version; the first two numbers are the minor. Errors: ValueError."""
    match = _VERSION.fullmatch(version)
    if match is None:
        raise ValueError(version)
    return (int(match[1]), int(match[2]), int(match[3]), _STAGES[match[4]], int(match[5] or 0))


def newest_first(interpreters: Iterable[Interpreter], host: str) -> tuple[Interpreter, ...]:
    """Sorted, whatever order they come in; of two equal ones that at the real path `host` wins."""
    by_path = sorted(interpreters, key=lambda one: one.real)
    return tuple(
        sorted(
            by_path,
            key=lambda one: (order(one.version), one.plain, one.bits, one.real == host),
            reverse=True,
        )
    )


def of_minor(minor: str, interpreters: Iterable[Interpreter]) -> Interpreter | None:
    """Of sorted interpreters the one that the request `3.11` means: a stable one before a prerelease."""
    fits = [one for one in interpreters if one.name == minor]
    return next((one for one in fits if not one.prerelease), fits[0] if fits else None)


def matcher(wanted: str) -> Callable[[Sequence[Interpreter]], Interpreter | None]:
    """What `3`, `3.11`, `3.11.7`, `3.13t` or a specifier set means; of a set the newest stable one counts.

    The function wants sorted interpreters. Errors: `bad-python`.
    """
    if _LONG_NUMBER.search(wanted):  # Python refuses to convert it
        raise _refuse_python(wanted)
    named = _NAMED.fullmatch(wanted)
    return _match_name(named) if named is not None else _match_specifier(wanted)


def _match_name(named: re.Match[str]) -> Callable[[Sequence[Interpreter]], Interpreter | None]:
    prefix = tuple(int(part) for part in named.groups()[:3] if part is not None)
    early, threaded = named[4], "t" if named[5] else ""

    def best(interpreters: Sequence[Interpreter]) -> Interpreter | None:
        fits = [
            one
            for one in interpreters
            if order(one.version)[: len(prefix)] == prefix
            and one.abi == "cp" + one.minor.replace(".", "") + threaded
            and (early is None or one.version.endswith(early))
        ]
        return next((one for one in fits if not one.prerelease), fits[0] if fits else None)

    return best


def _match_specifier(wanted: str) -> Callable[[Sequence[Interpreter]], Interpreter | None]:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        specifier = SpecifierSet(wanted)
    except InvalidSpecifier:
        raise _refuse_python(wanted) from None
    early = bool(specifier.prereleases)
    return lambda interpreters: next(
        (one for one in interpreters if one.plain and specifier.contains(one.version, prereleases=early)),
        None,
    )


def _refuse_python(wanted: str) -> UsageError:
    return UsageError(
        "bad-python",
        f"`{wanted}` names no Python",
        hint='write a version like `3.12`, a range like `">=3.11,<3.14"`, or the path of an interpreter',
    )


def no_match(wanted: str, interpreters: Iterable[Interpreter], why: str = "") -> DepError:
    """`no-matching-python`, with what there is and how to install another."""
    choices = ", ".join(one.version + ("" if one.plain else f" ({one.abi})") for one in interpreters)
    version = wanted if _NAMED.fullmatch(wanted) else "3.12"
    install = f"install one (`uv python install {version}`, or as your system does it), then run the same again"
    return DepError(
        "no-matching-python",
        f"`{wanted}` cannot be used: {why}" if why else f"no Python here fits `{wanted}`",
        hint=f"choose one of {choices}, or {install}" if choices else install,
        context={"python": wanted},
    )
