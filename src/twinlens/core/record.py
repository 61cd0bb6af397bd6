"""Record: a frozen data class whose methods are written once, not generated for each class.

`dataclasses.dataclass(frozen=True)` compiles six methods a class, about a millisecond each time the program starts; a
cold development imports eighty such classes, and their making cost as much as importing NumPy. A record has the same
fields (`dataclasses.fields`, `replace` and `asdict` work on it) and the same behavior, by methods that all records
share and that go through the fields. A class that inherits from a record must be a record itself.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, TypeVar, dataclass_transform, overload

T = TypeVar("T")
_HASH = "__record_hash"  # where a record keeps its hash, once one was asked for


@overload
def record(cls: type[T], /) -> type[T]: ...
@overload
def record(*, kw_only: bool = False, eq: bool = True, repr: bool = True) -> Callable[[type[T]], type[T]]: ...
@dataclass_transform(frozen_default=True, field_specifiers=(dataclasses.field,))
def record(cls: type[Any] | None = None, /, *, kw_only: bool = False, eq: bool = True, repr: bool = True) -> Any:
    """Make a class a frozen data class: `@record`, or `@record(kw_only=True, eq=False)` as of `dataclass`.

    Without `eq` two instances are equal when they are the same object, as is right where fields are arrays.
    """
    if cls is None:
        return lambda cls: _made(cls, kw_only, eq, repr)
    return _made(cls, kw_only, eq, repr)


def _made(cls: type[Any], kw_only: bool, eq: bool, repr: bool) -> type[Any]:
    if not cls.__doc__:  # dataclass would inspect the signature to write one
        cls.__doc__ = f"{cls.__name__}(...)"
    dataclasses.dataclass(init=False, repr=False, eq=False, kw_only=kw_only)(cls)
    cls._record_fields = dataclasses.fields(cls)
    cls._ordered_names = tuple(item.name for item in cls._record_fields if item.init and not item.kw_only)
    cls._accepted_names = frozenset(item.name for item in cls._record_fields if item.init)
    methods: dict[str, Any] = {"__init__": _init, "__setattr__": _setattr, "__delattr__": _delattr}
    methods["__getstate__"] = _getstate
    if repr:
        methods["__repr__"] = _repr
    if eq:
        methods |= {"__eq__": _eq, "__hash__": _hash}
    for name, method in methods.items():
        if name not in cls.__dict__ or cls.__dict__[name] is None:
            setattr(cls, name, method)
    cls.__signature__ = _Signature()
    return cls


def _init(self: Any, *values: Any, **named: Any) -> None:
    cls = type(self)
    if values:
        ordered = cls._ordered_names
        if len(values) > len(ordered):
            raise TypeError(f"{cls.__name__} takes {len(ordered)} values in order, got {len(values)}")
        for name, value in zip(ordered, values, strict=False):
            if name in named:
                raise TypeError(f"{cls.__name__} got two values for {name}")
            named[name] = value
    if not named.keys() <= cls._accepted_names:
        raise TypeError(f"{cls.__name__} has no {', '.join(sorted(named.keys() - cls._accepted_names))}")
    held = self.__dict__
    for item in cls._record_fields:
        name = item.name
        if name in named:
            held[name] = named[name]
        elif item.default is not dataclasses.MISSING:
            held[name] = item.default
        elif item.default_factory is not dataclasses.MISSING:
            held[name] = item.default_factory()
        elif item.init:
            raise TypeError(f"{cls.__name__} needs {name}")
    if hasattr(cls, "__post_init__"):
        self.__post_init__()


def _setattr(self: Any, name: str, value: Any) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _delattr(self: Any, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


def _repr(self: Any) -> str:
    shown = (f"{item.name}={getattr(self, item.name)!r}" for item in self._record_fields if item.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _eq(self: Any, other: Any) -> Any:
    return _compared(self) == _compared(other) if other.__class__ is self.__class__ else NotImplemented


def _hash(self: Any) -> int:
    held = self.__dict__
    found = held.get(_HASH)
    if found is None:
        found = held[_HASH] = hash(_compared(self))
    return found


def _getstate(self: Any) -> dict[str, Any]:
    """What is pickled and copied: the hash is not, since other processes have others for the same text."""
    return {name: value for name, value in self.__dict__.items() if name != _HASH}


def _compared(self: Any) -> tuple[Any, ...]:
    return tuple(getattr(self, item.name) for item in self._record_fields if item.compare)


class _Signature:
    """The parameters of a record as `help()` shows them; made when somebody asks."""

    def __get__(self, instance: Any, cls: type[Any]) -> Any:
        import inspect

        kinds = {False: inspect.Parameter.POSITIONAL_OR_KEYWORD, True: inspect.Parameter.KEYWORD_ONLY}
        items = sorted((item for item in cls._record_fields if item.init), key=lambda item: item.kw_only)
        return inspect.Signature(
            [inspect.Parameter(item.name, kinds[item.kw_only], default=_default(item)) for item in items]
        )


def _default(item: dataclasses.Field[Any]) -> Any:
    import inspect

    if item.default is not dataclasses.MISSING:
        return item.default
    return inspect.Parameter.empty if item.default_factory is dataclasses.MISSING else item.default_factory
