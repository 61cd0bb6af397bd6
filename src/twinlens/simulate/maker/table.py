"""Maker's table: tone and color baked into a 3D table over logarithmic scene light, and read by trilinear
interpolation.

The table holds sRGB codes beyond 0 to 1 too, so the gamut is cut sharply for each color and not between nodes. What
`color` reads is what pictures get: the table is the maker's rendering, not an approximation of it. Pictures are read
with OpenCV's `remap`: two of the three axes lie side by side in a flat picture of the table.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
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
_ROWS = 96  # of a strip: it stays in the processor's cache


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


def read_picture(scene: Array, parameters: Parameters, gain: Array | None = None) -> Array:
    """sRGB codes (H, W, 3) uint8 of scene light (H, W, 3) float32, which may be multiplied by `gain` (H, W) first."""
    values = baked(parameters)
    nodes = len(values)
    flat = np.ascontiguousarray(values.transpose(1, 0, 2, 3).reshape(nodes, nodes * nodes, 3)) * np.float32(255)
    codes = np.empty(scene.shape, np.uint8)

    def strip(top: int) -> None:
        rows = slice(top, top + _ROWS)
        codes[rows] = _read_strip(scene[rows], None if gain is None else gain[rows], flat, nodes)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(strip, range(0, len(scene), _ROWS)))
    return codes


def _read_strip(scene: Array, gain: Array | None, flat: Array, nodes: int) -> Array:
    import cv2

    light = scene if gain is None else scene * gain[..., None]
    place = np.clip(light, 0, LARGEST)
    place *= np.float32(1 / _KNEE)
    place += 1
    cv2.log(place, place)
    place *= np.float32((nodes - 1) / _SPAN / np.log(2))
    red, green, blue = cv2.split(place)
    slab = np.minimum(np.floor(blue), np.float32(nodes - 2))
    column = red + slab * np.float32(nodes)
    lower = cv2.remap(flat, column, green, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    upper = cv2.remap(flat, column + np.float32(nodes), green, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    upper -= lower
    upper *= (blue - slab)[..., None]
    upper += lower
    return cv2.convertScaleAbs(np.maximum(upper, 0, out=upper))
