"""ICC: profiles of the output spaces, made from their primaries and curves; and matrix profiles of pictures, read.

Source: ICC.1:2022 (profile version 4.4): chapter 7 (header), 8.3 (matrix/TRC display profiles), 9.2 (tags),
10.6 (curveType), 10.18 (parametricCurveType), 10.15 (multiLocalizedUnicodeType), annex E (chromatic adaptation).
"""

from __future__ import annotations

import hashlib
import struct
from functools import cache
from typing import Any

import numpy.typing as npt

from twinlens.core.errors import FileError
from twinlens.numerics.color import D50_XYZ, PRIMARIES, adaptation, xyz_from_rgb, xyz_from_xy

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


def _assembled(tags: dict[bytes, bytes]) -> bytes:
    """A profile with these tags; equal tags share their data."""
    start = 128 + 4 + 12 * len(tags)
    table, data, places = b"", b"", {}
    for name, value in tags.items():
        if value not in places:
            places[value] = start + len(data)
            data += value + bytes(-len(value) % 4)
        table += name + struct.pack(">II", places[value], len(value))
    size = start + len(data)
    header = struct.pack(">I4sI4s4s4s", size, bytes(4), 0x04400000, b"mntr", b"RGB ", b"XYZ ")
    header += struct.pack(">6H4s", 2026, 1, 1, 0, 0, 0, b"acsp") + bytes(4 + 4 + 4 + 4 + 8 + 4) + _fixed(D50_XYZ)
    body = header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + data
    return body[:84] + hashlib.md5(body, usedforsecurity=False).digest() + body[100:]
