"""Parameters: records whose fields state unit, range and meaning once, and are checked against them."""

from __future__ import annotations

import dataclasses
import inspect
import math
import sys
import types
import typing
from dataclasses import field
from functools import cache
from typing import Any, Literal

from twinlens.core.errors import ParameterError
from twinlens.core.record import record

_WANTED = {float: "a number", int: "a whole number", bool: "true or false", str: "text"}


def param(
    default: Any,
    *,
    doc: str,
    unit: str = "",
    low: float | None = None,
    high: float | None = None,
    expert: bool = False,
) -> Any:
    """A parameter: the one place for its default, unit, range and meaning.

    `None` as default of a stage's parameter means that the shot or the profile supplies the value when the recipe is
    resolved. `expert` keeps it out of the short help.
    """
    return field(default=default, metadata={"doc": doc, "unit": unit, "low": low, "high": high, "expert": expert})


@record(kw_only=True)
class Parameters:
    """A record whose fields are made with `param`: numbers become floats, lists tuples; what has the wrong
    type or is outside its range raises ParameterError."""

    def __post_init__(self) -> None:
        hints = _hints(type(self))
        for item in dataclasses.fields(self):
            object.__setattr__(self, item.name, self._checked(item, getattr(self, item.name), hints[item.name]))

    def _checked(self, item: dataclasses.Field[Any], value: Any, hint: Any) -> Any:
        label = f"{type(self).__name__}.{item.name}"
        value = _converted(label, value, hint)
        numbers = value if isinstance(value, tuple) else (value,)
        low, high, unit = (item.metadata.get(key) for key in ("low", "high", "unit"))
        for number in numbers:
            if isinstance(number, float) and not math.isfinite(number):
                raise ParameterError(f"{label} = {number}: a finite number is wanted")
            if isinstance(number, int | float) and not isinstance(number, bool):
                too_low = low is not None and number < low
                if too_low or (high is not None and number > high):
                    raise ParameterError(f"{label} = {number:g} {unit}".rstrip() + f" is outside {_span(low, high)}")
        return value


def _span(low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return f"the range up to {high:g}" if low is None else f"the range from {low:g}"
    return f"{low:g} to {high:g}"


@cache
def _hints(cls: type) -> dict[str, Any]:
    """The types of the fields; `typing.get_type_hints` does the same for everything annotated, several times slower."""
    hints = {}
    for base in reversed(cls.__mro__):
        names = vars(sys.modules[base.__module__])
        for name, text in inspect.get_annotations(base).items():
            if name in cls.__dataclass_fields__ and not text.startswith("ClassVar"):  # type: ignore[attr-defined]
                hints[name] = eval(text, names)
    return hints


@cache
def _form(hint: Any) -> tuple[Any, tuple[Any, ...]]:
    """What kind of type an annotation is, and of what."""
    return typing.get_origin(hint), typing.get_args(hint)


def _converted(label: str, value: Any, hint: Any) -> Any:
    """`value` as the annotated type: numbers to float, lists to tuples; an error where it cannot be."""
    if type(value) is hint:
        return value
    origin, options = _form(hint)
    if origin in (typing.Union, types.UnionType):
        if value is None and type(None) in options:
            return None
        errors = []
        for option in (one for one in options if one is not type(None)):
            try:
                return _converted(label, value, option)
            except ParameterError as error:
                errors.append(error)
        raise errors[0]
    if origin is Literal:
        if value in options:
            return value
        raise ParameterError(f"{label} = {value!r}: expected one of {', '.join(map(str, options))}")
    if origin is tuple:
        if not isinstance(value, list | tuple):
            raise ParameterError(f"{label} = {value!r}: a list is wanted")
        if options[-1] is Ellipsis:
            return tuple(_converted(label, one, options[0]) for one in value)
        if len(value) != len(options):
            raise ParameterError(f"{label}: {len(options)} values are wanted, got {len(value)}")
        return tuple(_converted(label, one, option) for one, option in zip(value, options, strict=True))
    if hint is float and isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            raise ParameterError(f"{label}: a whole number of {len(str(value))} digits is too large") from None
    if isinstance(hint, type) and hint not in (float, int) and isinstance(value, hint):
        return value
    if hint is int and isinstance(value, int) and not isinstance(value, bool):
        return value
    if hint is Any:
        return value
    raise ParameterError(f"{label} = {value!r}: expected {_WANTED.get(hint) or getattr(hint, '__name__', hint)}")
