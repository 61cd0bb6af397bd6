"""Color noise: color drawn along the luma, which takes what noise and demosaicking left of false color in fine detail.

Within a few pixels the colors of a thing lie on a line: color = slope * luma + start. The line is fitted around every
place; a small departure from it is taken away, a large one, which an edge of color makes, stays. Luma itself stays. All
is done on the root of balanced light, where noise is about as large in the dark as in the bright. The fits are made on
cells of 2 x 2 pixels (their moments weighted 1 2 1 in both directions, so over 6 x 6 pixels) and interpolated linearly
between the cells.

Source: He, Sun and Tang, "Guided image filtering", 2013, with luma as the guide and without its second average.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

MARGIN = 6  # pixels around a place that its result depends on: 2 cells, and one pixel of an odd start
LUMA = (0.25, 0.5, 0.25)
LEAST_FLOOR = 0.003  # of the light that is added before the root
TINY = 1e-12
EDGE = 1e-5  # variance of luma (of the root) below which a slope is not trusted


def color_noise(rgb: Array, balance: Array, floor: float, tolerance: float) -> Array:
    """Linear camera RGB (H, W, 3) float32 with color drawn to the local lines.

    Of a departure whose square is `tolerance` (of the root of balanced light), half is taken away; of a smaller one
    more. `balance` (3,) makes grey equal. The first pixel begins a cell. Borders continue by reflection.
    """
    height, width = rgb.shape[:2]
    around = ((4, 4 + height % 2), (4, 4 + width % 2))
    padded = np.pad(np.asarray(rgb, np.float32), (*around, (0, 0)), mode="reflect") * np.asarray(balance, np.float32)
    root = np.sqrt(np.maximum(padded + np.float32(floor), np.float32(0.01 * floor)))
    luma = root @ np.array(LUMA, np.float32)
    departure = np.stack([_departure(luma, root[..., channel] - luma) for channel in (0, 2)], -1)
    taken = tolerance / ((departure**2).sum(-1, keepdims=True) + np.float32(tolerance + TINY))
    red, blue = np.moveaxis(-taken * departure, -1, 0)
    change = np.stack([red, -(LUMA[0] * red + LUMA[2] * blue) / LUMA[1], blue], -1)
    made = change * (2 * root + change) / np.asarray(balance, np.float32)
    return rgb + made[4 : 4 + height, 4 : 4 + width]


def _departure(luma: Array, color: Array) -> Array:
    """How far each color lies from the line of color over luma around it."""
    mean_luma, mean_color, power, product = map(_around, (luma, color, luma * luma, luma * color))
    variance = np.maximum(power - mean_luma * mean_luma, 0)
    slope = (product - mean_luma * mean_color) / (variance + np.float32(EDGE))
    return color - _between(slope) * luma - _between(mean_color - slope * mean_luma)


def _around(plane: Array) -> Array:
    """Means of 2 x 2 pixels, weighted 1 2 1 with their neighbours."""
    height, width = plane.shape
    cells = plane.reshape(height // 2, 2, width // 2, 2).mean((1, 3))
    for axis in (0, 1):
        cells = np.apply_along_axis(_one_two_one, axis, cells)
    return cells


def _one_two_one(line: Array) -> Array:
    ends = np.pad(line, 1, mode="edge")
    return ((ends[:-2] + ends[2:]) * np.float32(0.25) + line * np.float32(0.5)).astype(np.float32)


def _between(cells: Array) -> Array:
    """Linear interpolation from cells (h, w) to their pixels (2h, 2w)."""
    for axis in (0, 1):
        before, after = (np.take(cells, _steps(cells.shape[axis], step), axis) for step in (-1, 1))
        pair = np.stack([0.75 * cells + 0.25 * before, 0.75 * cells + 0.25 * after], axis + 1)
        cells = pair.reshape([n * 2 if one == axis else n for one, n in enumerate(cells.shape)])
    return cells


def _steps(count: int, step: int) -> Array:
    return np.clip(np.arange(count) + step, 0, count - 1)
