"""RGB table: one entry of the DNG tag RGBTables, a table from RGB to RGB in a stated space and encoding.

Source: Digital Negative Specification 1.7.1, tag RGBTables (52543).
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from twinlens.numerics.color import decode, encode, rgb_from_rgb
from twinlens.numerics.lut import tetrahedral

Array = npt.NDArray[Any]

PRIMARIES = ("srgb", "adobe", "p3", "rec2020", "prophoto")  # ColorPrimaries 0 to 4
GAMMAS = ("linear", "srgb", "1.8", "2.2", "rec2020")  # GammaEncoding 0 to 4
EXTEND = 1  # GamutExtension: colors outside keep their distance from the edge


class RgbTableLike(Protocol):
    """What is read of a table; `core.camera_color.RgbTable` is one."""

    @property
    def values(self) -> Array: ...
    @property
    def primaries(self) -> int: ...
    @property
    def gamma(self) -> int: ...
    @property
    def gamut(self) -> int: ...


def apply_rgb_table(rgb: Array, table: RgbTableLike, after: Array) -> Array:
    """`after` @ table(pixels) of linear ProPhoto pixels (..., 3), float32.

    A table of shape (N, N, N, 3) is indexed [red, green, blue] and interpolated tetrahedrally, one of shape (N, 3)
    holds a curve a channel. Values outside 0 to 1 of the table's encoding are clipped, or (GamutExtension 1) their
    excess is added again after the table.
    """
    space = PRIMARIES[table.primaries] if table.primaries < len(PRIMARIES) else "prophoto"
    into = rgb_from_rgb(space, "prophoto")
    coded = _encode(np.asarray(rgb, float) @ into.T, table.gamma)
    inside = np.clip(coded, 0, 1)
    values = np.asarray(table.values, float)
    if values.ndim == 2:
        nodes = np.linspace(0, 1, len(values))
        result = np.stack([np.interp(inside[..., c], nodes, values[:, c]) for c in range(3)], -1)
    else:
        result = tetrahedral(inside * (len(values) - 1), values.transpose(2, 1, 0, 3))
    if table.gamut == EXTEND:
        result = result + (coded - inside)
    linear = _decode(result, table.gamma)
    return (linear @ (np.asarray(after, float) @ np.linalg.inv(into)).T).astype(np.float32)


def _encode(linear: Array, gamma: int) -> Array:
    name = GAMMAS[gamma] if gamma < len(GAMMAS) else "linear"
    if name in ("1.8", "2.2"):
        return np.sign(linear) * np.abs(linear) ** (1 / float(name))
    return linear if name == "linear" else encode(linear, name)


def _decode(code: Array, gamma: int) -> Array:
    name = GAMMAS[gamma] if gamma < len(GAMMAS) else "linear"
    if name in ("1.8", "2.2"):
        return np.sign(code) * np.abs(code) ** float(name)
    return code if name == "linear" else decode(code, name)
