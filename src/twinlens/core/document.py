"""Document: the TOML files that people read and edit (recipes, looks, profiles): read strictly, written in a stable
order.
"""

from __future__ import annotations

import datetime
import re
import tomllib
from collections.abc import Iterable
from typing import Any

from twinlens.core.errors import DocumentError


def loads(text: str, kind: str, *, origin: str = "") -> dict[str, Any]:
    """The content of a document whose first key must be `format = "KIND/N"`; DocumentError names what is wrong.

    `kind` is like "look/1". `origin` (a file name) begins the sentence of an error.
    """
    begin = f"{origin}: " if origin else ""
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DocumentError(f"{begin}not valid TOML: {error}") from None
    found = data.pop("format", None)
    if found != kind:
        family, _, version = kind.partition("/")
        told = found if isinstance(found, str) else ""
        if told.startswith(f"{family}/"):
            raise DocumentError(
                f"{begin}format {told!r} is not known here, {kind!r} is (version {version}): update twinlens"
            )
        raise DocumentError(f'{begin}expected a document with format = "{kind}", found {found!r}')
    return data


def dumps(kind: str, data: dict[str, Any]) -> str:
    """The text of a document: `format` first, then the keys in the order given; None values are left out."""
    import tomli_w

    return _ROW.sub(_on_lines, tomli_w.dumps({"format": kind, **_plain(data)}))


_ROW = re.compile(r"^(?P<start>.*)\[\n(?P<numbers>(?: +[-+.\w]+,\n)+) *\]", re.MULTILINE)  # strings have no such lines
WIDEST = 120  # letters on a line


def _on_lines(row: re.Match[str]) -> str:
    """A row of numbers on one line, or on a few: people read and edit them."""
    numbers, start = row["numbers"].split(), row["start"]
    line = f"{start}[{' '.join(numbers)[:-1]}]"
    if len(line) <= WIDEST:
        return line
    import textwrap

    margin = " " * (len(start) - len(start.lstrip()))
    inner = margin + "    "
    body = textwrap.fill(" ".join(numbers), WIDEST, initial_indent=inner, subsequent_indent=inner)
    return f"{start}[\n{body}\n{margin}]"


def _plain(value: Any) -> Any:
    """Tuples and NumPy values as what TOML knows; floats with as many digits as tell them apart in float32."""
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items() if one is not None}
    if isinstance(value, bool | str | int):
        return value
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, float | datetime.date | datetime.time):  # a hand may write dates; TOML knows them
        return value
    raise DocumentError(f"a document cannot hold {value!r}")


def only(data: Any, known: Iterable[str], place: str) -> None:
    """DocumentError when `data` is not a table, or has a key that is not known."""
    if not isinstance(data, dict):
        raise DocumentError(f"{place}: expected a table of keys, found {data!r}")
    known = sorted(known)
    if unknown := sorted(set(data) - set(known)):
        raise DocumentError(f"{place}: unknown key {', '.join(unknown)}; known are {', '.join(known)}")


def table(data: dict[str, Any], key: str, place: str) -> dict[str, Any]:
    """The table [key], empty when it is not there; DocumentError when it is something else."""
    value = data.get(key, {})
    if not isinstance(value, dict):
        raise DocumentError(f"{place}{key} = {value!r}: expected a table, [{key}]")
    return value


def numbers(value: Any, shape: tuple[int, ...], place: str) -> Any:
    """The finite numbers of this shape as an array; DocumentError says what was found instead."""
    import numpy as np

    try:
        array = np.asarray(value, float)
    except (TypeError, ValueError):
        array = np.array(np.nan)
    if array.shape != shape or not np.isfinite(array).all():
        wanted = " x ".join(map(str, shape)) + " finite numbers" if shape else "a finite number"
        found = repr(value)
        raise DocumentError(f"{place}: expected {wanted}, found {found if len(found) < 80 else found[:77] + '...'}")
    return array


def tables(data: dict[str, Any], key: str, place: str) -> list[Any]:
    """The list of tables [[key]], empty when it is not there; DocumentError when it is not a list."""
    value = data.get(key, [])
    if not isinstance(value, list):
        raise DocumentError(f"{place}{key} = {value!r}: expected a list of tables, [[{key}]]")
    return value
