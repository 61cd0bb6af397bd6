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
    mean_luma, mean_color, variance, product = _moments(luma, color)
    slope = product / (np.maximum(variance, 0) + np.float32(EDGE))
    return color - _between(slope) * luma - _between(mean_color - slope * mean_luma)


def _moments(luma: Array, color: Array) -> tuple[Array, Array, Array, Array]:
    """Means, variance of luma and covariance, of cells of 2 x 2 pixels weighted 1 2 1 with their neighbours.

    They are merged by differences of means: where luma hardly changes, squares less the square of a mean would be
    nothing but rounding.
    """
    parts = [(luma[y::2, x::2], color[y::2, x::2]) for y, x in ((0, 0), (0, 1), (1, 0), (1, 1))]
    zero = np.zeros_like(parts[0][0])
    merged = _merged([(one, other, zero, zero) for one, other in parts])
    for axis in (0, 1):
        merged = _merged([merged, *(tuple(_beside(one, axis, step) for one in merged) for step in (-1, 1))])
    return merged


def _merged(parts: Any) -> tuple[Array, Array, Array, Array]:
    """The moments of several parts as one: all but the first weigh a quarter, the first has the rest."""
    luma, color, _, _ = parts[0]
    share, rest = np.float32(0.25), np.float32(1 - 0.25 * (len(parts) - 1))
    ways = [(one[0] - luma, one[1] - color) for one in parts[1:]]
    lit, tint = sum(way[0] for way in ways) * share, sum(way[1] for way in ways) * share
    inside = [rest * parts[0][k] + share * sum(one[k] for one in parts[1:]) for k in (2, 3)]
    variance = inside[0] + share * sum(way[0] * way[0] for way in ways) - lit * lit
    product = inside[1] + share * sum(way[0] * way[1] for way in ways) - lit * tint
    return luma + lit, color + tint, variance, product


def _beside(cells: Array, axis: int, step: int) -> Array:
    """The neighbours on one side; beyond the border the cell itself."""
    return np.take(cells, _steps(cells.shape[axis], step), axis)


def _between(cells: Array) -> Array:
    """Linear interpolation from cells (h, w) to their pixels (2h, 2w)."""
    for axis in (0, 1):
        before, after = (_beside(cells, axis, step) for step in (-1, 1))
        pair = np.stack([0.75 * cells + 0.25 * before, 0.75 * cells + 0.25 * after], axis + 1)
        cells = pair.reshape([n * 2 if one == axis else n for one, n in enumerate(cells.shape)])
    return cells


def _steps(count: int, step: int) -> Array:
    return np.clip(np.arange(count) + step, 0, count - 1)
