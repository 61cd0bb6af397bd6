"""Opcode lists as bytes: reads and writes the tags OpcodeList1 to OpcodeList3 of a DNG.

The bytes are big-endian whatever the byte order of the file. Source: Digital Negative Specification 1.7.1, chapter 7
(Opcode List Processing); an opcode is its number, version, flags, byte count and parameters.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import FileError
from twinlens.core.opcodes import (
    AreaOpcode,
    DeltaPerColumn,
    DeltaPerRow,
    FixBadPixelsConstant,
    FixBadPixelsList,
    FixVignetteRadial,
    GainMap,
    MapPolynomial,
    MapTable,
    Opcode,
    ScalePerColumn,
    ScalePerRow,
    TrimBounds,
    UnknownOpcode,
    WarpFisheye,
    WarpRectilinear,
    WarpRectilinear2,
)

Array = npt.NDArray[Any]

OPTIONAL, PREVIEW_SKIP = 1, 2
MOST_OPCODES = 100_000
DNG_1_6 = 0x01060000
_BIG_ENDIAN = {"uint16": ">u2", "float32": ">f4", "float64": ">f8"}


class _Reader:
    """Takes numbers from the front of some bytes; a FileError names the opcode where they end too soon."""

    def __init__(self, data: bytes, what: str) -> None:
        self.data, self.what, self.at = data, what, 0

    @property
    def left(self) -> int:
        return len(self.data) - self.at

    def take(self, count: int) -> bytes:
        if count > self.left:
            raise FileError(f"{self.what} ends too soon: {count} bytes are wanted, {self.left} are left")
        self.at += count
        return self.data[self.at - count : self.at]

    def whole(self, count: int = 1) -> tuple[int, ...]:
        return struct.unpack(f">{count}I", self.take(4 * count))

    def signed(self, count: int) -> tuple[int, ...]:
        return struct.unpack(f">{count}i", self.take(4 * count))

    def numbers(self, kind: str, *shape: int) -> Array:
        dtype = np.dtype(_BIG_ENDIAN[kind])
        count = 1
        for size in shape:
            count *= size
        values = np.frombuffer(self.take(count * dtype.itemsize), dtype).reshape(shape)
        if kind != "uint16" and not np.isfinite(values).all():
            raise FileError(f"{self.what} holds a number that is not finite")
        return values.astype(kind)

    def reals(self, count: int) -> tuple[float, ...]:
        return tuple(self.numbers("float64", count).tolist())

    def fail(self, sentence: str) -> FileError:
        return FileError(f"{self.what}: {sentence}")


def decode(data: bytes) -> tuple[Opcode, ...]:
    """The opcodes of one list tag's bytes, in order; unknown ones are kept as bytes.

    Raises FileError where the bytes contradict themselves: a size, a count or a number that cannot be.
    """
    reader = _Reader(bytes(data), "an opcode list")
    (count,) = reader.whole()
    if count > MOST_OPCODES or count * 16 > reader.left:
        raise reader.fail(f"it announces {count} opcodes, but only {reader.left} bytes follow")
    return tuple(_decode_one(reader) for _ in range(count))


def _decode_one(reader: _Reader) -> Opcode:
    code, version, flags, size = reader.whole(4)
    head = {"optional": bool(flags & OPTIONAL), "preview_skip": bool(flags & PREVIEW_SKIP), "version": version}
    if code not in _FORMATS:
        return UnknownOpcode(id=code, data=reader.take(size), **head)
    cls, read, _ = _FORMATS[code]
    body = _Reader(reader.take(size), f"opcode {cls.__name__}")
    opcode = cls(**read(body), **head)
    if body.left:
        raise body.fail(f"{body.left} bytes are left over after its parameters")
    return opcode


def encode(opcodes: Iterable[Opcode]) -> bytes:
    """The bytes of one list tag; `decode` gives the same opcodes back."""
    parts = []
    for opcode in opcodes:
        flags = OPTIONAL * opcode.optional + PREVIEW_SKIP * opcode.preview_skip
        if isinstance(opcode, UnknownOpcode):
            code, version, body = opcode.id, opcode.version, opcode.data
        else:
            code, version, body = opcode.code, opcode.version, _FORMATS[opcode.code][2](opcode)
            version = max(version, DNG_1_6) if isinstance(opcode, WarpRectilinear2) else version
        parts.append(struct.pack(">4I", code, version, flags, len(body)) + body)
    return struct.pack(">I", len(parts)) + b"".join(parts)


# The parameters of each opcode, read and written.


def _planes(reader: _Reader) -> int:
    (planes,) = reader.whole()
    if not 1 <= planes <= 16:
        raise reader.fail(f"it is for {planes} planes; 1 to 16 are possible")
    return planes


def _read_warp(terms: int) -> Callable[[_Reader], dict[str, Any]]:
    def read(reader: _Reader) -> dict[str, Any]:
        coefficients = reader.numbers("float64", _planes(reader), terms)
        return {"coefficients": coefficients, "center": reader.reals(2)}

    return read


def _write_warp(opcode: Any) -> bytes:
    table = np.asarray(opcode.coefficients, np.float64)
    return struct.pack(">I", len(table)) + table.astype(">f8").tobytes() + struct.pack(">2d", *opcode.center)


def _read_warp2(reader: _Reader) -> dict[str, Any]:
    values = _read_warp(19)(reader)
    low, high = values["coefficients"][:, 17], values["coefficients"][:, 18]
    if not ((low >= 0) & (low < high)).all():
        raise reader.fail(f"its valid radius goes from {low.max():g} to {high.min():g}; the second must be larger")
    return {**values, "reciprocal_radial": reader.whole()[0] != 0}


def _write_warp2(opcode: WarpRectilinear2) -> bytes:
    return _write_warp(opcode) + struct.pack(">I", opcode.reciprocal_radial)


def _read_vignette(reader: _Reader) -> dict[str, Any]:
    return {"coefficients": reader.reals(5), "center": reader.reals(2)}


def _write_vignette(opcode: FixVignetteRadial) -> bytes:
    return struct.pack(">7d", *opcode.coefficients, *opcode.center)


def _read_bad_constant(reader: _Reader) -> dict[str, Any]:
    constant, phase = reader.whole(2)
    return {"constant": constant, "bayer_phase": _phase(reader, phase)}


def _phase(reader: _Reader, phase: int) -> int:
    if phase > 3:
        raise reader.fail(f"its Bayer phase is {phase}; 0 to 3 are possible")
    return phase


def _read_bad_list(reader: _Reader) -> dict[str, Any]:
    phase, points, areas = reader.whole(3)
    if points * 8 + areas * 16 > reader.left:
        raise reader.fail(f"it announces {points} points and {areas} areas, but only {reader.left} bytes follow")
    flat = reader.signed(2 * points)
    boxes = reader.signed(4 * areas)
    return {
        "bayer_phase": _phase(reader, phase),
        "points": tuple(zip(flat[::2], flat[1::2], strict=True)),
        "areas": tuple(zip(boxes[::4], boxes[1::4], boxes[2::4], boxes[3::4], strict=True)),
    }


def _write_bad_list(opcode: FixBadPixelsList) -> bytes:
    head = struct.pack(">3I", opcode.bayer_phase, len(opcode.points), len(opcode.areas))
    numbers = [n for point in opcode.points for n in point] + [n for area in opcode.areas for n in area]
    return head + struct.pack(f">{len(numbers)}i", *numbers)


def _box(reader: _Reader) -> tuple[int, ...]:
    area = reader.signed(4)
    if area[0] < 0 or area[1] < 0 or area[2] < area[0] or area[3] < area[1]:
        raise reader.fail(f"its area (top, left, bottom, right) = {area} is not one")
    return area


def _read_trim(reader: _Reader) -> dict[str, Any]:
    area = _box(reader)
    if area[0] == area[2] or area[1] == area[3]:
        raise reader.fail(f"its area (top, left, bottom, right) = {area} is empty")
    return {"area": area}


def _read_area(reader: _Reader) -> dict[str, Any]:
    area = _box(reader)
    plane, planes, row_pitch, column_pitch = reader.whole(4)
    if row_pitch < 1 or column_pitch < 1:
        raise reader.fail(f"its pitch is {row_pitch} rows, {column_pitch} columns; 1 or more is wanted")
    return {"area": area, "plane": plane, "planes": planes, "row_pitch": row_pitch, "column_pitch": column_pitch}


def _write_area(opcode: AreaOpcode) -> bytes:
    numbers = (opcode.plane, opcode.planes, opcode.row_pitch, opcode.column_pitch)
    return struct.pack(">4i4I", *opcode.area, *numbers)


def _read_table(reader: _Reader) -> dict[str, Any]:
    area = _read_area(reader)
    (size,) = reader.whole()
    if not 1 <= size <= 65536:
        raise reader.fail(f"its table has {size} entries; 1 to 65536 are possible")
    return {**area, "table": reader.numbers("uint16", size)}


def _write_table(opcode: MapTable) -> bytes:
    return _write_area(opcode) + struct.pack(">I", len(opcode.table)) + opcode.table.astype(">u2").tobytes()


def _read_polynomial(reader: _Reader) -> dict[str, Any]:
    area = _read_area(reader)
    (degree,) = reader.whole()
    if degree > 8:
        raise reader.fail(f"its polynomial has degree {degree}; 0 to 8 are possible")
    return {**area, "coefficients": reader.reals(degree + 1)}


def _write_polynomial(opcode: MapPolynomial) -> bytes:
    count = len(opcode.coefficients)
    return _write_area(opcode) + struct.pack(f">I{count}d", count - 1, *opcode.coefficients)


def _read_gain_map(reader: _Reader) -> dict[str, Any]:
    area = _read_area(reader)
    rows, columns = reader.whole(2)
    spacing_v, spacing_h, origin_v, origin_h = reader.reals(4)
    planes = _planes(reader)
    if rows < 1 or columns < 1 or rows * columns * planes * 4 > reader.left:
        raise reader.fail(f"its map of {rows} x {columns} points does not fit its {reader.left} bytes")
    if (rows > 1 and spacing_v <= 0) or (columns > 1 and spacing_h <= 0):
        raise reader.fail(f"the spacing of its points is {spacing_v:g}, {spacing_h:g}; above 0 is wanted")
    return {
        **area,
        "gains": reader.numbers("float32", rows, columns, planes),
        "spacing": (spacing_v, spacing_h),
        "origin": (origin_v, origin_h),
    }


def _write_gain_map(opcode: GainMap) -> bytes:
    rows, columns, planes = opcode.gains.shape
    head = struct.pack(">2I4dI", rows, columns, *opcode.spacing, *opcode.origin, planes)
    return _write_area(opcode) + head + opcode.gains.astype(">f4").tobytes()


def _read_values(along: int) -> Callable[[_Reader], dict[str, Any]]:
    """For the opcodes with one value a row (`along` 0) or column (1) of their area, counted with the pitch."""

    def read(reader: _Reader) -> dict[str, Any]:
        area = _read_area(reader)
        (count,) = reader.whole()
        extent = area["area"][2 + along] - area["area"][along]
        pitch = area["column_pitch" if along else "row_pitch"]
        if count != (wanted := -(-extent // pitch)):
            raise reader.fail(f"it holds {count} values, its area wants {wanted}")
        return {**area, "values": reader.numbers("float32", count)}

    return read


def _write_values(opcode: Any) -> bytes:
    return _write_area(opcode) + struct.pack(">I", len(opcode.values)) + opcode.values.astype(">f4").tobytes()


_FORMATS: dict[int, tuple[type[Opcode], Callable[[_Reader], dict[str, Any]], Callable[[Any], bytes]]] = {
    cls.code: (cls, read, write)
    for cls, read, write in (
        (WarpRectilinear, _read_warp(6), _write_warp),
        (WarpFisheye, _read_warp(4), _write_warp),
        (FixVignetteRadial, _read_vignette, _write_vignette),
        (FixBadPixelsConstant, _read_bad_constant, lambda o: struct.pack(">2I", o.constant, o.bayer_phase)),
        (FixBadPixelsList, _read_bad_list, _write_bad_list),
        (TrimBounds, _read_trim, lambda o: struct.pack(">4i", *o.area)),
        (MapTable, _read_table, _write_table),
        (MapPolynomial, _read_polynomial, _write_polynomial),
        (GainMap, _read_gain_map, _write_gain_map),
        (DeltaPerRow, _read_values(0), _write_values),
        (DeltaPerColumn, _read_values(1), _write_values),
        (ScalePerRow, _read_values(0), _write_values),
        (ScalePerColumn, _read_values(1), _write_values),
        (WarpRectilinear2, _read_warp2, _write_warp2),
    )
}
