"""DNG opcodes: the corrections that a file asks for, as plain data.

Source: Digital Negative Specification 1.7.1, chapter 7 (Opcode List Processing). Areas are (top, left, bottom, right)
in pixels of the image that the list applies to.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from twinlens.core.record import record

Array = npt.NDArray[Any]


@record(kw_only=True, eq=False)
class Opcode:
    """What all opcodes have: `optional` may be skipped by a reader that does not know it; `preview_skip` for
    previews.
    """

    code: ClassVar[int] = 0
    optional: bool = True
    preview_skip: bool = False
    version: int = 0x01030000


@record(kw_only=True, eq=False)
class AreaOpcode(Opcode):
    """An opcode for an area, some planes, every `row_pitch`th row and `column_pitch`th column."""

    area: tuple[int, int, int, int]
    plane: int = 0
    planes: int = 1
    row_pitch: int = 1
    column_pitch: int = 1


@record(kw_only=True, eq=False)
class WarpRectilinear(Opcode):
    """`coefficients` (planes, 6): four radial kr0..kr3, two tangential kt0, kt1; `center` (x, y) relative 0 to 1."""

    code: ClassVar[int] = 1
    coefficients: Array
    center: tuple[float, float]


@record(kw_only=True, eq=False)
class WarpFisheye(Opcode):
    """`coefficients` (planes, 4); `center` (x, y) relative 0 to 1."""

    code: ClassVar[int] = 2
    coefficients: Array
    center: tuple[float, float]


@record(kw_only=True, eq=False)
class FixVignetteRadial(Opcode):
    """gain = 1 + k0 r^2 + k1 r^4 + ... + k4 r^10; `center` (x, y) relative 0 to 1."""

    code: ClassVar[int] = 3
    coefficients: tuple[float, float, float, float, float]
    center: tuple[float, float]


@record(kw_only=True, eq=False)
class FixBadPixelsConstant(Opcode):
    """Every pixel with the value `constant` (DN) is bad; `bayer_phase` 0 to 3."""

    code: ClassVar[int] = 4
    constant: int
    bayer_phase: int


@record(kw_only=True, eq=False)
class FixBadPixelsList(Opcode):
    """`points` (row, column) and `areas` (top, left, bottom, right) are bad."""

    code: ClassVar[int] = 5
    bayer_phase: int
    points: tuple[tuple[int, int], ...] = ()
    areas: tuple[tuple[int, int, int, int], ...] = ()


@record(kw_only=True, eq=False)
class TrimBounds(Opcode):
    """The image is cut to `area`."""

    code: ClassVar[int] = 6
    area: tuple[int, int, int, int]


@record(kw_only=True, eq=False)
class MapTable(AreaOpcode):
    """Each value (as 16 bits) is replaced by `table` (uint16)."""

    code: ClassVar[int] = 7
    table: Array


@record(kw_only=True, eq=False)
class MapPolynomial(AreaOpcode):
    """Each value (0 to 1) is replaced by sum of coefficients[i] * value**i."""

    code: ClassVar[int] = 8
    coefficients: tuple[float, ...]


@record(kw_only=True, eq=False)
class GainMap(AreaOpcode):
    """Each value is multiplied by `gains` (points v, points h, map planes), interpolated between the points."""

    code: ClassVar[int] = 9
    gains: Array
    spacing: tuple[float, float]  # (v, h) relative
    origin: tuple[float, float]  # (v, h) relative


@record(kw_only=True, eq=False)
class DeltaPerRow(AreaOpcode):
    """Adds one value a row."""

    code: ClassVar[int] = 10
    values: Array


@record(kw_only=True, eq=False)
class DeltaPerColumn(AreaOpcode):
    """Adds one value a column."""

    code: ClassVar[int] = 11
    values: Array


@record(kw_only=True, eq=False)
class ScalePerRow(AreaOpcode):
    """Multiplies by one value a row."""

    code: ClassVar[int] = 12
    values: Array


@record(kw_only=True, eq=False)
class ScalePerColumn(AreaOpcode):
    """Multiplies by one value a column."""

    code: ClassVar[int] = 13
    values: Array


@record(kw_only=True, eq=False)
class WarpRectilinear2(Opcode):
    """DNG 1.6: `coefficients` (planes, 19): 15 radial kr0..kr14, kt0, kt1, minimum and maximum valid radius."""

    code: ClassVar[int] = 14
    coefficients: Array
    center: tuple[float, float]
    reciprocal_radial: bool = False


@record(kw_only=True, eq=False)
class UnknownOpcode(Opcode):
    """An opcode of a later specification: kept as bytes and reported, never applied."""

    id: int
    data: bytes


def no_gain(shape: tuple[int, int] = (1, 1)) -> Array:
    """A gain map that changes nothing."""
    return np.ones((*shape, 1), np.float32)
