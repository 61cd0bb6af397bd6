"""Cube: color tables of other programs, 1D and 3D, as text.

Source: Adobe, Cube LUT Specification 1.0 (2013): keywords first, then rows of three numbers, red changing fastest.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import DocumentError, FileError
from twinlens.core.look import Table
from twinlens.files.atomic import atomic

Array = npt.NDArray[Any]

LARGEST = {"LUT_1D_SIZE": 65536, "LUT_3D_SIZE": 256}
KEYWORDS = ("TITLE", "DOMAIN_MIN", "DOMAIN_MAX", *LARGEST)


def read(path: Path) -> Table | Array:
    """The table in a .cube file: a `Table` for 3D, (N, 3) float32 over 0 to 1 for 1D; FileError says what is wrong."""
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise FileError(f"cannot read the table {path}: {reason}") from None
    return loads(text, origin=str(path))


def loads(text: str, *, origin: str = "table") -> Table | Array:
    """The table in the text of a .cube file; as `read`."""
    head, numbers = _parsed(text, origin)
    sizes = [key for key in LARGEST if key in head]
    if len(sizes) != 1:
        raise FileError(f"{origin}: one of LUT_1D_SIZE and LUT_3D_SIZE is wanted, found {len(sizes)}")
    size = _size(head, sizes[0], origin)
    rows = size if sizes[0] == "LUT_1D_SIZE" else size**3
    if len(numbers) != rows:
        raise FileError(f"{origin}: {sizes[0]} {size} means {rows} rows of numbers, found {len(numbers)}")
    low = _domain(head, "DOMAIN_MIN", (0.0, 0.0, 0.0), origin)
    high = _domain(head, "DOMAIN_MAX", (1.0, 1.0, 1.0), origin)
    if any(one >= other for one, other in zip(low, high, strict=True)):
        raise FileError(f"{origin}: DOMAIN_MIN {low} must be below DOMAIN_MAX {high}")
    if sizes[0] == "LUT_1D_SIZE":
        if (low, high) != ((0.0,) * 3, (1.0,) * 3):
            raise FileError(f"{origin}: 1D tables over another domain than 0 to 1 are not read")
        return numbers
    title = " ".join(head.get("TITLE", [])).strip('"')
    try:
        return Table(numbers.reshape(size, size, size, 3), low, high, title)
    except DocumentError as error:
        raise FileError(f"{origin}: {error}") from None


def _parsed(text: str, origin: str) -> tuple[dict[str, list[str]], Array]:
    """Keywords with their words, and the rows of numbers (N, 3) float32."""
    head: dict[str, list[str]] = {}
    rows: list[list[str]] = []
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if words[0][0].isalpha() and words[0].lower() not in ("nan", "inf", "infinity"):
            if words[0] not in KEYWORDS:
                raise FileError(f"{origin}, line {number}: unknown keyword {words[0]}; known are {', '.join(KEYWORDS)}")
            if rows:
                raise FileError(f"{origin}, line {number}: {words[0]} stands behind the numbers; keywords come first")
            if words[0] in head:
                raise FileError(f"{origin}, line {number}: {words[0]} is given twice")
            head[words[0]] = words[1:]
        elif len(words) != 3:
            raise FileError(f"{origin}, line {number}: a row is three numbers, found {line.strip()[:60]!r}")
        else:
            rows.append(words)
    try:
        numbers = np.array(rows, np.float32).reshape(-1, 3)
    except ValueError as error:
        raise FileError(f"{origin}: a row is three numbers: {error}") from None
    if not np.isfinite(numbers).all():
        raise FileError(f"{origin}: the table has values that are not finite")
    return head, numbers


def _size(head: dict[str, list[str]], key: str, origin: str) -> int:
    words = head[key]
    if len(words) != 1 or not words[0].isdigit() or not 2 <= int(words[0]) <= LARGEST[key]:
        raise FileError(f"{origin}: {key} must be one number of 2 to {LARGEST[key]}, found {' '.join(words)[:40]!r}")
    return int(words[0])


def _domain(head: dict[str, list[str]], key: str, default: tuple[float, ...], origin: str) -> Any:
    if key not in head:
        return default
    try:
        values = tuple(float(one) for one in head[key])
    except ValueError:
        values = ()
    if len(values) != 3 or not np.isfinite(values).all():
        raise FileError(f"{origin}: {key} is three numbers, found {' '.join(head[key])[:60]!r}")
    return values


def dumps(table: Table | Array, *, title: str = "", comments: tuple[str, ...] = ()) -> str:
    """The text of a .cube file; numbers keep every digit of float32, so that it reads back equal."""
    is_3d = isinstance(table, Table)
    title = title or (table.title if isinstance(table, Table) else "")
    values = np.asarray(table.values if isinstance(table, Table) else table, np.float32)
    if not is_3d and (values.ndim != 2 or values.shape[1] != 3 or len(values) < 2):
        raise DocumentError(f"a 1D table is (N, 3) with N of 2 or more, got {values.shape}")
    lines = [f"# {one}" for one in comments]
    lines += [f'TITLE "{title.replace(chr(34), chr(39))}"'] if title else []
    lines.append(f"{'LUT_3D_SIZE' if is_3d else 'LUT_1D_SIZE'} {len(values)}")
    if isinstance(table, Table) and not table.is_unit:
        lines += [f"DOMAIN_MIN {_row(table.low)}", f"DOMAIN_MAX {_row(table.high)}"]
    return "\n".join(lines) + "\n" + rows(values.reshape(-1, 3))


def rows(values: Array) -> str:
    """Rows of three numbers with the nine digits that a float32 needs, one line each."""
    return ("%.9g %.9g %.9g\n" * len(values)) % tuple(np.asarray(values, np.float32).ravel().tolist())


def _row(values: Any) -> str:
    return " ".join(np.format_float_positional(np.float32(one), trim="-") for one in values)


def write(
    table: Table | Array, path: Path, *, title: str = "", comments: tuple[str, ...] = (), overwrite: bool = False
) -> None:
    """Write a .cube file, whole or not at all; an existing one is an error unless `overwrite`."""
    with atomic(path, overwrite) as temporary:
        temporary.write_text(dumps(table, title=title, comments=comments), "utf-8")
