"""Defects: single hot and dead sites of a Bayer mosaic, found in the picture itself and replaced.

A site is a defect when it stands out from all eight sites of its color around it by more than noise and contrast
explain, and the sites of the other colors beside it do not share it: light that a lens has drawn, a star's too, never
falls on one site alone. It is replaced by the mean of the opposite pair of its color that agrees best, so edges go on.
The test against the extreme of the same color is the usual one of sensor pipelines; the test beside it keeps points
of light.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

MARGIN = 3
CONTRAST = 0.25  # of the neighbours' extreme, by which a defect stands out besides the noise
SHARED = 0.25  # of the excess, as sum over the four sites beside it, from which it counts as light
PAIRS = ((0, 2), (2, 0), (2, 2), (2, -2))
BESIDE = ((0, 1), (0, -1), (1, 0), (-1, 0))


def fix_defects(mosaic: Array, gain: float, offset: float, threshold: float) -> Array:
    """The inner part (H - 6, W - 6) of a mosaic with defects replaced; float32, black 0.

    `gain` and `offset` are the noise model's; `threshold` counts standard deviations of it.
    """
    height, width = (size - 2 * MARGIN for size in mosaic.shape)

    def at(y: int, x: int) -> Array:
        return mosaic[MARGIN + y : MARGIN + y + height, MARGIN + x : MARGIN + x + width]

    site = at(0, 0)
    pairs = [(at(y, x), at(-y, -x)) for y, x in PAIRS]
    same = np.stack([one for pair in pairs for one in pair])
    high, low = same.max(0), same.min(0)
    shared = sum(at(y, x) - at(3 * y, 3 * x) for y, x in BESIDE)
    hot, dead = site - high, low - site
    is_hot = (hot > _least(high, gain, offset, threshold)) & (shared < np.float32(SHARED) * hot)
    is_dead = (dead > _least(low, gain, offset, threshold)) & (-shared < np.float32(SHARED) * dead)
    best, spread = (pairs[0][0] + pairs[0][1]) * np.float32(0.5), np.abs(pairs[0][0] - pairs[0][1])
    for one, other in pairs[1:]:
        nearer = np.abs(one - other) < spread
        best = np.where(nearer, (one + other) * np.float32(0.5), best)
        spread = np.minimum(spread, np.abs(one - other))
    return np.where(is_hot | is_dead, best, site)


def _least(extreme: Array, gain: float, offset: float, threshold: float) -> Array:
    light = np.maximum(extreme, 0)
    deviation = np.sqrt(np.float32(gain) * light + np.float32(offset))
    return np.float32(threshold) * deviation + np.float32(CONTRAST) * light
