"""ICC: profiles of the output spaces, made from their primaries and curves; and matrix profiles of pictures, read.

Source: ICC.1:2022 (profile version 4.4): chapter 7 (header), 8.3 (matrix/TRC display profiles), 9.2 (tags),
10.6 (curveType), 10.18 (parametricCurveType), 10.15 (multiLocalizedUnicodeType), annex E (chromatic adaptation).
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import FileError
from twinlens.core.record import record
from twinlens.numerics.color import D50_XYZ, PRIMARIES, adaptation, encode, xyz_from_rgb, xyz_from_xy

try:
    from _md5 import md5  # type: ignore[import-not-found]  # hashlib's own without OpenSSL, which takes 8 ms to load
except ImportError:
    from hashlib import md5

Array = npt.NDArray[Any]

DESCRIPTIONS = {
    "srgb": "sRGB",
    "p3": "Display P3",
    "adobe": "Compatible with Adobe RGB (1998)",
    "rec2020": "Rec. 2020",
}
_COPYRIGHT = "CC0 1.0"
_PARAMETRIC = {  # function type and parameters g a b c d, of code values to linear light
    "srgb": (3, (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)),
    "p3": (3, (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)),
    "adobe": (0, (563 / 256,)),
    "rec2020": (3, (1 / 0.45, 1 / 1.0993, 0.0993 / 1.0993, 1 / 4.5, 4.5 * 0.0181)),
}


def xyz_d50_from_rgb(space: str) -> Array:
    """The 3x3 matrix of a space's profile: linear RGB to XYZ under D50, by linear Bradford."""
    return adaptation(xyz_from_xy(PRIMARIES[space][3]), D50_XYZ) @ xyz_from_rgb(space)


@cache
def profile(space: str) -> bytes:
    """The ICC profile (version 4, matrix and curves) of an output space: srgb, p3, adobe or rec2020."""
    if space not in DESCRIPTIONS:
        raise FileError(f"no ICC profile is known for {space!r}: expected one of {', '.join(DESCRIPTIONS)}")
    columns = xyz_d50_from_rgb(space).T
    adapted = adaptation(xyz_from_xy(PRIMARIES[space][3]), D50_XYZ)
    kind, numbers = _PARAMETRIC[space]
    curve = b"para" + struct.pack(">IHH", 0, kind, 0) + _fixed(numbers)
    red, green, blue = (b"XYZ " + bytes(4) + _fixed(column) for column in columns)
    tags = {
        b"desc": _text(DESCRIPTIONS[space]),
        b"cprt": _text(_COPYRIGHT),
        b"wtpt": b"XYZ " + bytes(4) + _fixed(D50_XYZ),
        b"chad": b"sf32" + bytes(4) + _fixed(adapted.ravel()),
        b"rXYZ": red,
        b"gXYZ": green,
        b"bXYZ": blue,
        b"rTRC": curve,
        b"gTRC": curve,
        b"bTRC": curve,
    }
    return _assembled(tags)


def _fixed(numbers: Any) -> bytes:
    """s15Fixed16Number values."""
    return b"".join(struct.pack(">i", round(float(one) * 65536)) for one in numbers)


def _text(words: str) -> bytes:
    data = words.encode("utf-16-be")
    return b"mluc" + struct.pack(">IIIHHII", 0, 1, 12, 0x656E, 0x5553, len(data), 28) + data  # enUS


def _assembled(tags: dict[bytes, bytes], kind: bytes = b"mntr", connection: bytes = b"XYZ ") -> bytes:
    """A profile of a device class with these tags; equal tags share their data."""
    start = 128 + 4 + 12 * len(tags)
    table, data, places = b"", b"", {}
    for name, value in tags.items():
        if value not in places:
            places[value] = start + len(data)
            data += value + bytes(-len(value) % 4)
        table += name + struct.pack(">II", places[value], len(value))
    size = start + len(data)
    header = struct.pack(">I4sI4s4s4s", size, bytes(4), 0x04400000, kind, b"RGB ", connection)
    header += struct.pack(">6H4s", 2026, 1, 1, 0, 0, 0, b"acsp") + bytes(4 + 4 + 4 + 4 + 8 + 4) + _fixed(D50_XYZ)
    body = header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + data
    return body[:84] + md5(body, usedforsecurity=False).digest() + body[100:]


Curve = Callable[[Array], Array]

_NAMED = (*DESCRIPTIONS, "prophoto")
_MATRIX_TOLERANCE = 0.003  # of a matrix element: older profiles were made with rounded or other adaptation
_CURVE_TOLERANCE = 0.0008  # of a code value 0 to 1
_MAX_TAGS = 100


@record(eq=False)
class Profile:
    """What a matrix profile says: linear RGB to XYZ (D50), and the curves from code values to linear light.

    A grey profile has one curve and no matrix; one that works by tables has neither.
    """

    colorspace: str  # "RGB", "GRAY", "CMYK", ...
    description: str
    matrix: Array | None
    curves: tuple[Curve, ...]

    @property
    def named(self) -> str | None:
        """The known space that this profile describes, if any."""
        if self.matrix is None or len(self.curves) != 3:
            return None
        code = np.linspace(0, 1, 256)
        light = [curve(code) for curve in self.curves]
        for space in _NAMED:
            if np.abs(self.matrix - xyz_d50_from_rgb(space)).max() > _MATRIX_TOLERANCE:
                continue
            if max(np.abs(encode(np.clip(one, 0, 1), space) - code).max() for one in light) < _CURVE_TOLERANCE:
                return space
        return None


def parse(data: bytes) -> Profile:
    """Read a profile. Raises FileError for one that is cut off or makes no sense."""
    try:
        return _parsed(data)
    except (struct.error, IndexError, ValueError, UnicodeDecodeError) as error:
        raise FileError(f"the ICC profile of {len(data)} bytes is damaged ({error})") from error


def _parsed(data: bytes) -> Profile:
    if data[36:40] != b"acsp":
        raise ValueError("its signature is missing")
    count = struct.unpack_from(">I", data, 128)[0]
    if count > _MAX_TAGS:
        raise ValueError(f"it claims {count} tags")
    tags = {}
    for index in range(count):
        name, offset, size = struct.unpack_from(">4sII", data, 132 + 12 * index)
        tags[name] = data[offset : offset + size]
    colorspace = data[16:20].decode("ascii").strip()
    is_matrix = all(name in tags for name in (b"rXYZ", b"gXYZ", b"bXYZ", b"rTRC", b"gTRC", b"bTRC"))
    matrix, curves = None, ()
    if colorspace == "RGB" and is_matrix and data[20:24] == b"XYZ ":
        matrix = np.stack([_xyz(tags[name]) for name in (b"rXYZ", b"gXYZ", b"bXYZ")], axis=1)
        curves = tuple(_curve(tags[name]) for name in (b"rTRC", b"gTRC", b"bTRC"))
    elif colorspace == "GRAY" and b"kTRC" in tags:
        curves = (_curve(tags[b"kTRC"]),)
    return Profile(colorspace, _description(tags.get(b"desc", b"")), matrix, curves)


def _xyz(data: bytes) -> Array:
    return np.array(struct.unpack_from(">3i", data, 8)) / 65536


def _description(data: bytes) -> str:
    if data[:4] == b"mluc" and len(data) >= 28:
        size, offset = struct.unpack_from(">II", data, 20)
        return data[offset : offset + size].decode("utf-16-be", "replace").strip("\0")
    size = struct.unpack_from(">I", data, 8)[0] if len(data) >= 12 else 0
    return data[12 : 12 + size].decode("latin-1").strip("\0")


def _curve(data: bytes) -> Curve:
    """The function of a curv or para tag, for arrays of code values."""
    if data[:4] == b"para":
        kind = struct.unpack_from(">H", data, 8)[0]
        return _parametric(kind, [one / 65536 for one in struct.unpack_from(f">{(1, 3, 4, 5, 7)[kind]}i", data, 12)])
    if data[:4] != b"curv":
        raise ValueError(f"a curve of type {data[:4]!r}")
    count = struct.unpack_from(">I", data, 8)[0]
    if count == 0:
        return lambda code: code
    if count == 1:
        gamma = struct.unpack_from(">H", data, 12)[0] / 256
        return lambda code: np.maximum(code, 0) ** gamma
    table = np.array(struct.unpack_from(f">{count}H", data, 12)) / 65535
    return lambda code: np.interp(code, np.linspace(0, 1, count), table)


def _parametric(kind: int, numbers: list[float]) -> Curve:
    g, a, b, c, d, e, f = {  # ICC.1:2022, table 68, as Y = (aX + b)^g + e above d, cX + f below
        0: lambda g: (g, 1, 0, 0, -1, 0, 0),
        1: lambda g, a, b: (g, a, b, 0, -b / a, 0, 0),
        2: lambda g, a, b, c: (g, a, b, 0, -b / a, c, c),
        3: lambda g, a, b, c, d: (g, a, b, c, d, 0, 0),
        4: lambda g, a, b, c, d, e, f: (g, a, b, c, d, e, f),
    }[kind](*numbers)
    return lambda code: np.where(code >= d, np.maximum(a * code + b, 0) ** g + e, c * code + f)
