"""Likely: what of a base is likely before anything is measured, as rows of its normal equations.

Each is (rows, away, weight): weight |away + rows @ step|^2 is added to what a step is to make small. The unknowns are
those of `base`, in its order: matrix, curves, exposures, whites, vignette, compression.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from twinlens.learn import tone
from twinlens.numerics.root_polynomial import EXPONENTS, TERMS, terms

if TYPE_CHECKING:
    from twinlens.learn.base import Base

Array = npt.NDArray[Any]
Prior = tuple[Array, Array, float]

LOSS_WIDTH = 0.012  # tone code: residuals beyond count by their size, not its square
CURVE_BEND = 0.02  # weight of second differences of a curve (against the usual one's), in LOSS_WIDTH
CURVE_APART = 1.0  # weight of what the three curves differ, in LOSS_WIDTH
GREY_KEPT = 1e4  # weight of the rows' sums
ALL_KEPT = 1e2  # weight of the mean exposure and white
VIGNETTE_SPREAD = 0.5
COMPRESSION = 0.1  # weight of its square: most makers have little


def _corner_terms() -> Array:
    """What the terms beyond the 3x3 add to their straight part at grey, at the corners and edges of all colors."""
    line = np.linspace(0, 1, 5)
    rgb = np.stack(np.meshgrid(line, line, line), -1).reshape(-1, 3)
    rgb = rgb[(rgb.max(1) == 1) & (rgb.min(1) == 0)]
    return np.concatenate([terms(rgb)[:, 3:] - rgb @ EXPONENTS[3:].T, 0.05 * np.eye(TERMS - 3)]) / np.sqrt(len(rgb))


def _more_than_saturation() -> Array:
    """(9, 9): what of a 3x3, by rows, no mixture of the identity and one grey explains."""
    family = np.stack([np.eye(3).ravel(), np.ones(9)], 1)
    return np.eye(9) - family @ np.linalg.pinv(family)


CORNER_TERMS, MORE_THAN_SATURATION = _corner_terms(), _more_than_saturation()


def priors(
    base: Base, spread: Array, count: int, bent: float, plain: float, lights: tuple[int, ...] = ()
) -> Iterator[Prior]:
    """All of them, for `count` rows. `spread`: of exposures, of whites, and of whites in one light where pictures are
    known to be of `lights` (by picture). `bent`: weight against terms beyond the 3x3.
    `plain`: weight against a 3x3 that is more than a saturation: few pictures seldom show every hue, and a maker's
    colors are mostly as much more or less vivid."""
    size = 3 * TERMS + 3 * tone.COUNT + 3 * len(base.gains) + 3
    for c in range(3):
        yield from _channel(base, c, size, bent)
    straight = np.zeros((9, size))
    straight[:, (TERMS * np.arange(3)[:, None] + np.arange(3)).ravel()] = MORE_THAN_SATURATION
    yield straight, MORE_THAN_SATURATION @ base.matrix[:, :3].ravel(), plain
    yield from _pictures(base, size, spread, count, lights)
    fall = np.zeros((2, size))
    fall[[0, 1], [-3, -2]] = 1
    yield fall, base.vignette, 1 / VIGNETTE_SPREAD**2 / count
    yield np.eye(1, size, size - 1), np.array([base.compression]), COMPRESSION


def _channel(base: Base, c: int, size: int, bent: float) -> Iterator[Prior]:
    """Of one channel: grey stays grey, few terms beyond the 3x3, a curve smooth as usual and near the others."""
    sums = np.zeros((1, size))
    sums[0, c * TERMS : (c + 1) * TERMS] = 1
    yield sums, np.array([base.matrix[c].sum() - 1]), GREY_KEPT
    higher = np.zeros((len(CORNER_TERMS), size))
    higher[:, c * TERMS + 3 : (c + 1) * TERMS] = CORNER_TERMS
    yield higher, CORNER_TERMS @ base.matrix[c, 3:], bent
    every, first = np.arange(tone.COUNT), 3 * TERMS + c * tone.COUNT
    second = np.zeros((tone.COUNT - 2, size))
    for k, value in enumerate((1, -2, 1)):
        second[every[:-2], first + k + every[:-2]] = value
    yield second, np.diff(base.curves[c] - tone.usual(), 2), CURVE_BEND / LOSS_WIDTH**2 / tone.COUNT
    apart = np.zeros((tone.COUNT, size))
    for other in range(3):
        apart[every, 3 * TERMS + other * tone.COUNT + every] = -1 / 3
    apart[every, first + every] += 1
    yield apart, base.curves[c] - base.curves.mean(0), CURVE_APART / LOSS_WIDTH**2 / tone.COUNT


def _pictures(base: Base, size: int, spread: Array, count: int, lights: tuple[int, ...]) -> Iterator[Prior]:
    """Of exposures and whites: each near the mean, which is kept; whites near that of their light."""
    pictures, start = len(base.gains), 3 * TERMS + 3 * tone.COUNT
    each = np.zeros((pictures, size))
    each[np.arange(pictures), start + np.arange(pictures)] = 1
    yield each, base.gains, 1 / spread[0] ** 2 / count
    yield each.sum(0, keepdims=True), np.array([base.gains.sum()]), ALL_KEPT
    white, own = np.zeros((2 * pictures, size)), base.whites[:, [0, 2]]
    white[np.arange(2 * pictures), start + pictures + np.arange(2 * pictures)] = 1
    yield white, own.ravel(), 10 / spread[1] ** 2 / count
    by_picture = white.reshape(pictures, 2, size)
    yield by_picture.sum(0), own.sum(0), ALL_KEPT
    for light in set(lights):
        of_light = np.flatnonzero(np.array(lights) == light)
        apart = by_picture[of_light] - by_picture[of_light].mean(0)
        away = own[of_light] - own[of_light].mean(0)
        yield apart.reshape(-1, size), away.ravel(), 10 / spread[2] ** 2 / count
