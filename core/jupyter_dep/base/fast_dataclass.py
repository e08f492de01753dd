"""`@frozen`: a frozen dataclass with slots and keyword arguments, at an eighth of the price.

The standard library writes and compiles six functions for each such class, most of a millisecond at every start, and a
command has about a hundred of them. These share theirs. To `dataclasses.fields`, `replace` and `asdict` they are dataclasses.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field
from typing import Any, TypeVar, dataclass_transform

_T = TypeVar("_T")
_FIELDS = "__dataclass_fields__"


@dataclass
class _Ordinary:
    field: int


_KIND = getattr(_Ordinary, _FIELDS)["field"]._field_type


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(Field, field))
def frozen_dataclass(cls: type[_T]) -> type[_T]:
    """What `@dataclass(frozen=True, slots=True, kw_only=True)` makes of a class.

    Every annotation is a field: no `ClassVar`, no `InitVar`, no `init=False`, and no `__post_init__`.
    """
    body = dict(cls.__dict__)
    own = {name: _field(name, kind, body.pop(name, MISSING)) for name, kind in cls.__annotations__.items()}
    fields = {name: one for base in reversed(cls.__mro__[1:]) for name, one in getattr(base, _FIELDS, {}).items()} | own
    for name in ("__dict__", "__weakref__"):  # they belong to the class without slots
        body.pop(name, None)
    methods = {name: body.get(name, method) for name, method in _SHARED.items()}
    compared = tuple(name for name, one in fields.items() if one.compare)
    hashed = tuple(name for name, one in fields.items() if (one.compare if one.hash is None else one.hash))
    body["__qualname__"] = cls.__qualname__
    body |= {"__slots__": tuple(own), _FIELDS: fields, "_compared": compared, "_hashed": hashed, **methods}
    made: Any = type(cls)
    made = made(cls.__name__, cls.__bases__, body)
    made.__init__ = _initialiser(made, fields)
    return made  # type: ignore[no-any-return]


def _field(name: str, kind: object, given: Any) -> Any:
    one: Any = given if isinstance(given, Field) else field(default=given)
    one.name, one.type, one.kw_only, one._field_type = name, kind, True, _KIND
    return one


def _initialiser(cls: type, fields: dict[str, Any]) -> Callable[..., None]:
    puts = [(name, getattr(cls, name).__set__, one.default, one.default_factory) for name, one in fields.items()]

    def initialise(self: Any, **given: Any) -> None:
        for name, put, default, factory in puts:
            if name in given:
                put(self, given.pop(name))
            elif default is not MISSING:
                put(self, default)
            elif factory is not MISSING:
                put(self, factory())
            else:
                raise TypeError(f"{cls.__name__}() needs the keyword argument {name!r}")
        if given:
            raise TypeError(f"{cls.__name__}() has no field {', '.join(map(repr, given))}")

    return initialise


def _values(one: Any, names: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple([getattr(one, name) for name in names])


def _eq(self: Any, other: Any) -> Any:
    if other.__class__ is not self.__class__:
        return NotImplemented
    return _values(self, self._compared) == _values(other, self._compared)


def _hash(self: Any) -> int:
    return hash(_values(self, self._hashed))


def _repr(self: Any) -> str:
    shown = ", ".join(f"{name}={getattr(self, name)!r}" for name, one in getattr(self, _FIELDS).items() if one.repr)
    return f"{self.__class__.__qualname__}({shown})"


def _setattr(self: Any, name: str, value: object) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _delattr(self: Any, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _getstate(self: Any) -> list[Any]:
    return [getattr(self, name) for name in getattr(self, _FIELDS)]


def _setstate(self: Any, state: list[Any]) -> None:
    for name, value in zip(getattr(self, _FIELDS), state, strict=True):
        object.__setattr__(self, name, value)


_SHARED: dict[str, Any] = {
    "__eq__": _eq,
    "__hash__": _hash,
    "__repr__": _repr,
    "__setattr__": _setattr,
    "__delattr__": _delattr,
    "__getstate__": _getstate,
    "__setstate__": _setstate,
}
