"""Maker's table: tone and color baked into a 3D table over logarithmic scene light, and read by trilinear
interpolation.

The table holds sRGB codes beyond 0 to 1 too, so the gamut is cut sharply for each color and not between nodes. What
`color` reads is what pictures get: the table is the maker's rendering, not an approximation of it. Pictures are read
with OpenCV's `remap`: two of the three axes lie side by side in a flat picture of the table.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.simulate.maker import color as maker_color
from twinlens.simulate.maker import tone
from twinlens.simulate.maker.model import Parameters

Array = npt.NDArray[Any]

LARGEST = 8.0  # scene light at the table's end, 5.5 EV over grey; brighter light is cut
_KNEE = 0.004  # scene light under which the axis is linear rather than logarithmic
_SPAN = float(np.log2(1 + LARGEST / _KNEE))


def position(light: Array, nodes: int) -> Array:
    """Where scene light stands on the table's axis, 0 to nodes - 1."""
    return np.log2(1 + np.clip(light, 0, LARGEST) / _KNEE) * ((nodes - 1) / _SPAN)


@lru_cache(maxsize=16)
def baked(parameters: Parameters) -> Array:
    """The table (blue, green, red, 3), float32 sRGB codes, read-only."""
    nodes = parameters.color.table
    axis = _KNEE * (2.0 ** (np.linspace(0, 1, nodes) * _SPAN) - 1)
    blue, green, red = np.meshgrid(axis, axis, axis, indexing="ij")
    display = tone.applied(np.stack([red, green, blue], -1), parameters.tone)
    values = maker_color.changed(display, parameters.color).astype(np.float32)
    values.setflags(write=False)
    return values


def read(scene: Array, parameters: Parameters) -> Array:
    """sRGB codes 0 to 1 (..., 3), float64, of scene light (..., 3)."""
    values = baked(parameters)
    place = position(np.asarray(scene, float), parameters.color.table)
    cell = np.clip(place.astype(int), 0, parameters.color.table - 2)
    part = place - cell
    result = np.zeros(place.shape)
    for corner in np.ndindex(2, 2, 2):  # red, green, blue
        red, green, blue = np.moveaxis(cell + corner, -1, 0)
        weight = np.prod(np.where(corner, part, 1 - part), -1)
        result += weight[..., None] * values[blue, green, red]
    return np.clip(result, 0, 1)


class Reader:
    """The table laid out for pictures."""

    def __init__(self, parameters: Parameters) -> None:
        values = baked(parameters)
        self.nodes = len(values)
        flat = values.transpose(1, 0, 2, 3).reshape(self.nodes, self.nodes * self.nodes, 3)
        self.flat = np.ascontiguousarray(flat) * np.float32(255)

    def __call__(self, scene: Array) -> Array:
        """sRGB codes (h, W, 3) uint8 of scene light (h, W, 3) float32, of a strip that stays in the cache."""
        import cv2

        place = np.clip(scene, 0, LARGEST)
        place *= np.float32(1 / _KNEE)
        place += 1
        cv2.log(place, place)
        place *= np.float32((self.nodes - 1) / _SPAN / np.log(2))
        red, green, blue = cv2.split(place)
        slab = np.minimum(np.floor(blue), np.float32(self.nodes - 2))
        column = red + slab * np.float32(self.nodes)
        lower = cv2.remap(self.flat, column, green, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        column += np.float32(self.nodes)
        upper = cv2.remap(self.flat, column, green, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        blue -= slab
        upper -= lower
        upper *= blue[..., None]
        upper += lower
        return cv2.convertScaleAbs(np.maximum(upper, 0, out=upper))
