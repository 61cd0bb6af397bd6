"""Color: how a shot renders hue, chroma and grey against the joint frame.

    c_s - c = g(hue) c,   g between the centers of hues by straight lines

c = (a + ib) / L of Oklab does not change with the exposure. The color of greys was taken out before (`frame_joint`);
|1 + g_k| is the chroma ratio and arg(1 + g_k) the turn of the hue about the center of hue k. g_k is the value at its
center of a line through the blocks about it, as scenes show most of a hue at one side of its center (J. Fan, Local
linear regression smoothers and their minimax efficiencies, Annals of Statistics 21, 1993), and the same of what the
first ones leave on top of it (J. W. Tukey's twicing, Exploratory Data Analysis, 1977): least squares of all hues at
once follow steep changes better, but carry the error of a hue that few blocks show to its neighbors. Where a scene has
no grey, white balance is not reported: the color of the light and the rendering of color cannot be told apart there.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.compare.features.catalog import HUE_NAMES
from twinlens.compare.features.robust import huber
from twinlens.compare.frame_joint import LEAST_GREYS, SECTORS, Joint, sector_places, sector_weights
from twinlens.numerics.color import XYZ_FROM_REC2020, xy_from_xyz
from twinlens.numerics.temperature import TINT_SCALE, temperature_from_xy

Array = npt.NDArray[Any]

_COLORED, _LEAST_BLOCKS = 0.06, 40  # |c| over which a block says something about its hue; sure blocks that a hue needs
_LEAST_ERROR = 0.003  # of c
_ROUNDS, _TINY = 8, 1e-12
_LEVEL = 0.1  # what holds the lines through a hue level, as spread about its center (square of sectors)


def features(frame: Joint) -> dict[str, Array]:
    """Values (N,) by key; nan for hues that the scene has too little of, and for greys where there are none."""
    nothing = np.full(len(frame.shots), np.nan)
    keys = ["white_mired", "white_duv", "chroma"]
    keys += [f"{kind}_{name}" for kind in ("chroma", "hue") for name in HUE_NAMES]
    values = {key: nothing.copy() for key in keys}
    is_mono = any(one.picture.is_mono for one in frame.shots)
    if is_mono or (frame.color > 0).sum() < LEAST_GREYS:
        return values
    weights = sector_weights(frame.c)
    share = (frame.sure * (np.abs(frame.c) > _COLORED)) @ weights
    for index, gains in enumerate(solved(frame, weights)):
        grey = white(frame.whites[index]) if frame.has_grey else (np.nan, np.nan)
        told = np.concatenate([grey, _ratios(gains, share)])
        for key, value in zip(keys, told, strict=True):
            values[key][index] = value
    return values


def solved(frame: Joint, weights: Array) -> list[Array]:
    """For each shot g (12,), complex; what does not fit counts less, as in `robust`."""
    found = []
    for chromas in frame.chromas:
        wanted = chromas - frame.c
        robust, gains = np.ones(len(frame.c)), np.zeros(SECTORS, complex)
        for _ in range(_ROUNDS):
            gains = _means(wanted, frame.c, frame.color * robust, weights)
            robust = huber(np.abs(wanted - weights @ gains * frame.c), frame.color, _LEAST_ERROR)
        found.append(gains)
    return found


def _means(wanted: Array, c: Array, weight: Array, weights: Array) -> Array:
    """wanted / c (12,) at the centers, by lines through the blocks about them, and of what they leave."""
    own = weights * (weight * np.abs(c) ** 2)[:, None]
    away = sector_places(c)
    total = np.maximum(own.sum(axis=0), _TINY)
    mean = (own * away).sum(axis=0) / total
    square = (own * away**2).sum(axis=0) / total + _LEVEL
    line = own * (square - away * mean) / (total * (square - mean**2))  # of the line, the value at the center
    part = np.conj(c) / np.maximum(np.abs(c) ** 2, _TINY)
    first = (wanted * part) @ line
    return first + ((wanted - weights @ first * c) * part) @ line


def _ratios(gains: Array, share: Array) -> Array:
    """Overall chroma ratio, that of each hue (100 ln), and turns of hue (degrees)."""
    covered = share >= _LEAST_BLOCKS
    ratio = 100 * np.log(np.maximum(np.abs(1 + gains), 0.02))
    overall = float(np.sum(ratio * share * covered) / np.sum(share * covered)) if covered.any() else np.nan
    turn = np.degrees(np.angle(1 + gains))
    return np.concatenate([[overall], np.where(covered, ratio, np.nan), np.where(covered, turn, np.nan)])


def white(rgb: Array) -> tuple[float, float]:
    """Mired and duv of a grey shown as linear Rec. 2020 (3,), against those of the display's white."""
    shown = np.stack([np.ones(3), rgb])
    found = [temperature_from_xy(xy_from_xyz(one)) for one in shown @ XYZ_FROM_REC2020.T]
    return 1e6 / found[1][0] - 1e6 / found[0][0], (found[1][1] - found[0][1]) / TINT_SCALE
