"""Mosaic average: three colors at every site of any periodic color filter array, by normalised convolution.

The simple, correct way for arrays other than Bayer's (quad Bayer, X-Trans): slow, NumPy only, softer than a method made
for the array. Green is averaged along and across (the direction along which it changes less counts more), then the
differences of red and blue to it are averaged; what a site measured stays. It works on the square root of balanced
light. Source: Knutsson & Westin, "Normalized and differential convolution", CVPR 1993 (certainty 1 where measured).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import ParameterError
from twinlens.numerics.demosaic import from_root, to_root

Array = npt.NDArray[Any]
Triple = tuple[float, float, float]

LONG, SHORT = 1.4, 0.6  # sites: sigma along and across of the two averages of green
DIFFERENCE_SIGMA = 1.2  # sites
LEAST_CHANGE = 0.01  # root units


def mosaic_average(sites: Array, tile: Array, balance: Triple) -> Array:
    """RGB (H, W, 3) float32, not balanced, of sites (H, W); `tile` holds the color indices as seen from the first site.

    Errors: ParameterError where the array lacks a color or the mosaic is smaller than its tile.
    """
    height, width = sites.shape
    if set(np.unique(tile)) != {0, 1, 2} or height < tile.shape[0] or width < tile.shape[1]:
        raise ParameterError(
            f"a mosaic of {height} x {width} sites holds fewer than three colors or less than one "
            f"{tile.shape[0]} x {tile.shape[1]} tile of its color filter array: crop less, or state another array"
        )
    color = np.tile(tile, (height // tile.shape[0] + 1, width // tile.shape[1] + 1))[:height, :width]
    root = to_root(sites * np.array(balance, np.float32)[color])
    radius = max(3, max(tile.shape) // 2)
    green = _green(root, color == 1, radius)
    rgb = np.empty((3, height, width), np.float32)
    for channel, gain in enumerate(balance):
        own = color == channel
        if channel == 1:
            plane = green
        else:
            plane = green + _averaged(root - green, own, (DIFFERENCE_SIGMA, DIFFERENCE_SIGMA), radius)
        rgb[channel] = from_root(np.where(own, root, plane)) / np.float32(gain)
    return rgb.transpose(1, 2, 0)


def _green(root: Array, own: Array, radius: int) -> Array:
    """Green everywhere: its averages along rows and columns, each weighted by the change along the other."""
    rows, columns = (_averaged(root, own, sigmas, radius) for sigmas in ((SHORT, LONG), (LONG, SHORT)))
    even = (rows + columns) / 2
    ones = np.ones(own.shape, bool)
    change = [_averaged(np.abs(np.gradient(even, axis=axis)) if even.shape[axis] > 1 else even * 0, ones, (1.0, 1.0), 1)
              + LEAST_CHANGE for axis in (0, 1)]  # fmt: skip
    down, across = change[0] ** 2, change[1] ** 2
    return np.where(own, root, (rows * down + columns * across) / (down + across)).astype(np.float32)


def _averaged(values: Array, own: Array, sigmas: tuple[float, float], radius: int) -> Array:
    """Gaussian mean over the places `own`; sigmas along (y, x)."""
    total, weight = np.where(own, values, 0).astype(np.float64), own.astype(np.float64)
    for axis, sigma in enumerate(sigmas):
        taps = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
        total, weight = _correlated(total, taps, axis), _correlated(weight, taps, axis)
    return (total / weight).astype(np.float32)


def _correlated(plane: Array, taps: Array, axis: int) -> Array:
    """Correlation along one axis with zeros outside."""
    half, size = len(taps) // 2, plane.shape[axis]
    padded = np.pad(plane, [(half, half) if one == axis else (0, 0) for one in (0, 1)])
    return sum((w * np.take(padded, np.arange(i, i + size), axis) for i, w in enumerate(taps)), plane * 0)
