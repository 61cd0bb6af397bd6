"""ICC camera: input profiles of a camera, from white-balanced linear RGB 0 to 1 to the profile connection space (D50).

A matrix profile is what every program reads. A table profile holds the nonlinear part: a grid over the cube root of
RGB, in which a map that is a root-polynomial is nearly as smooth as Lab itself.
Source: ICC.1:2022: 8.2 (input profiles), 10.12 (lutAToBType), 6.3.4.2 (Lab encoding).
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.files.icc import _COPYRIGHT, _assembled, _fixed, _text
from twinlens.numerics.color import D50_XYZ, lab_from_xyz

Array = npt.NDArray[Any]

GRID = 33
_LINEAR = b"para" + struct.pack(">IHH", 0, 0, 0) + _fixed((1.0,))
_CUBE_ROOT = b"para" + struct.pack(">IHH", 0, 0, 0) + _fixed((1 / 3,))


def matrix_profile(xyz_d50_from_balanced: Array, description: str) -> bytes:
    """A matrix/TRC input profile with linear curves; the matrix (3, 3) takes (1, 1, 1) to the D50 white."""
    red, green, blue = (b"XYZ " + bytes(4) + _fixed(column) for column in np.asarray(xyz_d50_from_balanced).T)
    colorants = {b"rXYZ": red, b"gXYZ": green, b"bXYZ": blue}
    return _assembled(_head(description) | colorants | dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), _LINEAR), b"scnr")


def table_profile(to_xyz_d50: Callable[[Array], Array], description: str, grid: int = GRID) -> bytes:
    """An input profile whose table (grid, grid, grid) holds the Lab of `to_xyz_d50(rgb (..., 3))`."""
    axis = np.linspace(0, 1, grid) ** 3
    rgb = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), -1)  # the first channel varies slowest
    lab = lab_from_xyz(to_xyz_d50(rgb), D50_XYZ)
    coded = np.clip((lab + np.array([0, 128, 128])) / np.array([100, 255, 255]), 0, 1)
    clut = bytes([grid] * 3).ljust(16, b"\0") + bytes([2, 0, 0, 0]) + np.rint(coded * 65535).astype(">u2").tobytes()
    clut += bytes(-len(clut) % 4)
    unchanged = b"curv" + bytes(8)
    begin = 32
    tables = [begin, begin + 3 * len(unchanged), begin + 3 * len(unchanged) + len(clut)]  # B curves, table, A curves
    head = b"mAB " + bytes(4) + bytes([3, 3, 0, 0]) + struct.pack(">5I", tables[0], 0, 0, tables[1], tables[2])
    data = head + 3 * unchanged + clut + 3 * _CUBE_ROOT
    return _assembled(_head(description) | {b"A2B0": data}, b"scnr", b"Lab ")


def _head(description: str) -> dict[bytes, bytes]:
    return {
        b"desc": _text(description),
        b"cprt": _text(_COPYRIGHT),
        b"wtpt": b"XYZ " + bytes(4) + _fixed(D50_XYZ),
    }
