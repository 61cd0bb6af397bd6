"""Shaped cube: a 3D table behind a 1D shaper, as one .cube text, so that scene light far above white fits in.

Source: Blackmagic Design, DaVinci Resolve manual, "1D shaper and 3D LUT": LUT_1D_SIZE, LUT_1D_INPUT_RANGE,
LUT_3D_SIZE, LUT_3D_INPUT_RANGE, then the rows of the shaper, then those of the table, red changing fastest.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import DocumentError, FileError
from twinlens.core.look import Table
from twinlens.core.record import record
from twinlens.files.atomic import atomic
from twinlens.files.cube import LARGEST, rows
from twinlens.numerics.lut import tetrahedral

Array = npt.NDArray[Any]
KEYS = (*LARGEST, "LUT_1D_INPUT_RANGE", "LUT_3D_INPUT_RANGE")


@record(eq=False)
class ShapedTable:
    """`shaper` (M, 3), 0 to 1, sampled evenly over `low` to `high`, then `table` over 0 to 1."""

    shaper: Array
    low: float
    high: float
    table: Table

    def __post_init__(self) -> None:
        shaper = np.ascontiguousarray(self.shaper, np.float32)
        if shaper.ndim != 2 or shaper.shape[1] != 3 or not 2 <= len(shaper) <= LARGEST["LUT_1D_SIZE"]:
            raise DocumentError(f"a shaper is (M, 3) with M of 2 to {LARGEST['LUT_1D_SIZE']}, got {shaper.shape}")
        if not self.low < self.high or not np.isfinite(shaper).all():
            raise DocumentError("a shaper holds numbers only, over a range that rises")
        object.__setattr__(self, "shaper", shaper)

    def __call__(self, values: Array) -> Array:
        """Values (..., 3) through shaper and table (tetrahedral)."""
        at = np.linspace(self.low, self.high, len(self.shaper))
        shaped = [np.interp(values[..., channel], at, self.shaper[:, channel]) for channel in range(3)]
        return tetrahedral(np.stack(shaped, -1) * (self.table.size - 1), self.table.values)


def dumps(shaped: ShapedTable, *, comments: tuple[str, ...] = ()) -> str:
    """The text; numbers keep every digit of float32, so that it reads back equal. A TITLE is not part of this form."""
    lines = [f"# {one}" for one in comments]
    lines += [
        f"LUT_1D_SIZE {len(shaped.shaper)}",
        f"LUT_1D_INPUT_RANGE {_number(shaped.low)} {_number(shaped.high)}",
        f"LUT_3D_SIZE {shaped.table.size}",
        "LUT_3D_INPUT_RANGE 0.0 1.0",
    ]
    return "\n".join(lines) + "\n" + rows(shaped.shaper) + rows(shaped.table.values.reshape(-1, 3))


def _number(value: float) -> str:
    return np.format_float_positional(np.float32(value), trim="0")


def loads(text: str, *, origin: str = "table") -> ShapedTable:
    """From the text of a .cube file with shaper and table; FileError says what is wrong."""
    head: dict[str, list[str]] = {}
    lines = [line.split() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    start = 0
    while start < len(lines) and lines[start][0] in KEYS:
        head[lines[start][0]] = lines[start][1:]
        start += 1
    try:
        numbers = np.array(lines[start:], np.float32)
        shaper, size = (int(head[key][0]) for key in LARGEST)
        low, high = (float(one) for one in head["LUT_1D_INPUT_RANGE"])
        table = Table(numbers[shaper:].reshape(size, size, size, 3))
        return ShapedTable(numbers[:shaper], low, high, table)
    except (KeyError, IndexError, ValueError, DocumentError) as error:
        raise FileError(
            f"{origin}: a shaper and a table are wanted: {', '.join(KEYS)}, then their rows of three numbers"
            f" ({type(error).__name__}: {error})"
        ) from None


def read(path: Path) -> ShapedTable:
    """The shaper and table in a .cube file."""
    try:
        return loads(Path(path).read_text("utf-8-sig"), origin=str(path))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise FileError(f"cannot read the table {path}: {reason}") from None


def write(shaped: ShapedTable, path: Path, *, comments: tuple[str, ...] = (), overwrite: bool = False) -> None:
    """Write a .cube file, whole or not at all."""
    with atomic(path, overwrite) as temporary:
        temporary.write_text(dumps(shaped, comments=comments), "utf-8")
