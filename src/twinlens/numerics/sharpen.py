"""Sharpen: gives back the contrast of fine detail that lens, filter and demosaic took, in luminance, without overshoot.

One step of an inverse of a Gaussian blur (van Cittert 1931: y + k (y - G y)) on linear luminance. The result never
leaves the range of the 3x3 neighbourhood, so an edge gets steeper and no halo appears, and it is damped like a Wiener
filter where that range is not larger than noise explains. All channels get the factor of the luminance: hue stays and
no color fringe appears.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.numerics.color import XYZ_FROM_REC2020

Array = npt.NDArray[Any]

RADIUS = 2  # pixels that a result depends on
LUMINANCE = XYZ_FROM_REC2020[1].astype(np.float32)
TINY = 1e-5  # light under which a ratio of luminances means nothing
NOISE_WEIGHT = 200.0  # a range of 14 standard deviations counts half: nine samples of noise span three


def taps(sigma: float) -> tuple[float, float, float]:
    """The Gaussian of this sigma (pixels) at distances 0, 1, 2, with sum 1 over both sides."""
    values = np.exp(-0.5 * (np.arange(3) / max(sigma, 1e-3)) ** 2)
    center, one, two = values / (values[0] + 2 * values[1] + 2 * values[2])
    return float(center), float(one), float(two)


def reflected(plane: Array, margin: int) -> Array:
    """A plane (H, W) with `margin` more on every side, mirrored at its edge pixels; right for any size from 1x1."""
    for axis in (0, 1):
        last = plane.shape[axis] - 1
        place = np.arange(-margin, last + margin + 1) % max(2 * last, 1)
        plane = np.take(plane, np.minimum(place, np.abs(2 * last - place)), axis)
    return plane


def blurred(wide: Array, kernel: tuple[float, float, float]) -> Array:
    """The Gaussian blur of a plane that is RADIUS larger on every side than the result."""
    center, one, two = (np.float32(tap) for tap in kernel)
    wide = center * wide[2:-2] + one * (wide[1:-3] + wide[3:-1]) + two * (wide[:-4] + wide[4:])
    return center * wide[:, 2:-2] + one * (wide[:, 1:-3] + wide[:, 3:-1]) + two * (wide[:, :-4] + wide[:, 4:])


def local_range(wide: Array) -> tuple[Array, Array]:
    """The least and the greatest of the 3x3 neighbourhood, of a plane that is RADIUS larger than the results."""
    height, width = wide.shape[0] - 4, wide.shape[1] - 4
    parts = [wide[1 + i : 1 + i + height, 1 + j : 1 + j + width] for i in range(3) for j in range(3)]
    return np.min(parts, axis=0), np.max(parts, axis=0)


def sharpened(light: Array, sigma: float, weight: float, gain: float = 0.0, offset: float = 0.0) -> Array:
    """A plane of linear light (H, W) >= 0, sharpened; `weight` is the factor on the detail (light less its blur).

    `gain` and `offset` are those of the light's noise: variance = gain * light + offset.
    """
    wide = reflected(np.asarray(light, np.float32), RADIUS)
    soft = blurred(wide, taps(sigma))
    low, high = local_range(wide)
    power = (high - low) ** 2
    trust = power / (power + np.float32(NOISE_WEIGHT) * (gain * soft + offset) + np.float32(1e-12))
    return np.clip(light + weight * trust * (light - soft), low, high)


def sharpen(
    rgb: Array, marks: Array | None, sigma: float, weight: float, gain: float, offset: float, ceiling: float
) -> Array:
    """Linear Rec. 2020 (H, W, 3), its luminance sharpened except where `marks` (H, W) is not 0.

    No channel is brought over `ceiling` that was not over it.
    """
    light = np.maximum(rgb @ LUMINANCE, 0)
    factor = (sharpened(light, sigma, weight, gain, offset) + np.float32(TINY)) / (light + np.float32(TINY))
    room = np.maximum(np.float32(ceiling) / np.maximum(np.max(rgb, axis=-1), np.float32(TINY)), 1)
    factor = np.minimum(factor, room)
    if marks is not None:
        factor = np.where(marks > 0, np.float32(1), factor)
    return rgb * factor[..., None]
