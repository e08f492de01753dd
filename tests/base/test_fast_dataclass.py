"""`@frozen` makes of a class what the standard library's frozen, slotted, keyword-only dataclass is."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from dataclasses import FrozenInstanceError, dataclass, field
from typing import Any

import pytest

from jupyter_dep.base.fast_dataclass import frozen_dataclass


@frozen_dataclass
class Ours:
    """A thing."""

    a: int
    b: str = "x"
    c: tuple[int, ...] = ()
    d: dict[str, int] = field(default_factory=dict, compare=False)
    e: str = field(default="secret", repr=False)
    f: dict[str, int] = field(default_factory=dict, hash=False, repr=False)

    @property
    def twice(self) -> int:
        return self.a * 2

    @classmethod
    def one(cls) -> Ours:
        return cls(a=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Theirs:
    """A thing."""

    a: int
    b: str = "x"
    c: tuple[int, ...] = ()
    d: dict[str, int] = field(default_factory=dict, compare=False)
    e: str = field(default="secret", repr=False)
    f: dict[str, int] = field(default_factory=dict, hash=False, repr=False)

    @property
    def twice(self) -> int:
        return self.a * 2

    @classmethod
    def one(cls) -> Theirs:
        return cls(a=1)


BOTH = pytest.mark.parametrize("kind", [Ours, Theirs], ids=["ours", "theirs"])


@BOTH
def test_values_compare_hash_and_show_alike(kind: Any) -> None:
    one, same, other = kind(a=1, d={"k": 1}), kind(a=1), kind(a=2)
    assert one == same and one != other and hash(one) == hash(same) and len({one, same, other}) == 2
    assert one != (1, "x", (), {}, "secret") and kind is not type(None)
    assert repr(one) == f"{kind.__name__}(a=1, b='x', c=(), d={{'k': 1}})"
    assert same.d == {} and same.d is not kind(a=1).d
    assert kind.__doc__ == "A thing." and one.twice == 2 and kind.one() == same
    assert one != kind(a=1, f={"k": 1}) and hash(one) == hash(kind(a=1, f={"k": 1}))
    with pytest.raises(TypeError):
        hash(kind(a=1, c=[1]))


@BOTH
def test_nothing_is_changed_added_or_taken_away(kind: Any) -> None:
    one = kind(a=1)
    with pytest.raises(FrozenInstanceError):
        one.a = 2
    with pytest.raises(FrozenInstanceError):
        del one.a
    with pytest.raises((FrozenInstanceError, AttributeError, TypeError)):
        one.new = 1
    assert not hasattr(one, "__dict__")


@BOTH
@pytest.mark.parametrize("arguments", [{}, {"b": "y"}, {"a": 1, "z": 2}], ids=["none", "one lacks", "one too many"])
def test_what_is_missing_or_unknown_is_an_error(kind: Any, arguments: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        kind(**arguments)
    with pytest.raises(TypeError):
        kind(1)


@BOTH
def test_the_standard_library_takes_it_for_a_dataclass(kind: Any) -> None:
    one = kind(a=1, d={"k": 1})
    assert dataclasses.is_dataclass(kind)
    assert [each.name for each in dataclasses.fields(kind)] == ["a", "b", "c", "d", "e", "f"]
    assert dataclasses.fields(kind)[1].default == "x" and dataclasses.fields(kind)[3].default_factory is dict
    assert dataclasses.replace(one, b="y") == kind(a=1, b="y")
    assert dataclasses.asdict(one) == {"a": 1, "b": "x", "c": (), "d": {"k": 1}, "e": "secret", "f": {}}
    with pytest.raises(TypeError):
        dataclasses.replace(one, z=1)


@BOTH
def test_it_is_copied_and_sent_elsewhere(kind: Any) -> None:
    one = kind(a=1, d={"k": 1})
    for made in (copy.copy(one), copy.deepcopy(one), pickle.loads(pickle.dumps(one))):
        assert made == one and made.d == {"k": 1} and type(made) is kind
