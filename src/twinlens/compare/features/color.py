"""Color: how a shot renders hue, chroma and grey against the joint frame.

    c_s - c = o + sum_k W_k(hue) g_k c

c = (a + ib) / L of Oklab does not change with the exposure. The color of greys was taken out before (`frame_joint`), o
is what was left of it; |1 + g_k| is the chroma ratio and arg(1 + g_k) the turn of the hue about the center of hue k;
the hat functions W_k add up to 1. Where a scene has no grey, o is 0 and white balance is not reported: the color of the
light and the rendering of color cannot be told apart there.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.compare.features.catalog import HUE_NAMES
from twinlens.compare.features.robust import ridge
from twinlens.compare.frame_joint import LEAST_GREYS, Joint, shown_under, white_rgb
from twinlens.numerics.color import XYZ_FROM_REC2020, xy_from_xyz
from twinlens.numerics.temperature import TINT_SCALE, temperature_from_xy

Array = npt.NDArray[Any]

SECTORS = len(HUE_NAMES)
_COLORED, _LEAST_BLOCKS = 0.06, 20  # |c| over which a block says something about its hue; blocks that a hue needs
_GAIN, _EVEN = 3e-7, 3e-6  # penalties of g, and of the difference of neighbors
_OFFSET = 1e-7  # of o
_LEAST_ERROR = 0.003  # of c


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
    used = frame.color > 0
    share = np.where(used & (np.abs(frame.c) > _COLORED), 1.0, 0.0) @ weights
    for index, (offset, gains) in enumerate(solved(frame, weights)):
        grey = (
            white(shown_under(frame.whites[index], white_rgb(np.array(offset)))) if frame.has_grey else (np.nan, np.nan)
        )
        told = np.concatenate([grey, _ratios(gains, share)])
        for key, value in zip(keys, told, strict=True):
            values[key][index] = value
    return values


def sector_weights(c: Array) -> Array:
    """(M, 12): hat functions of the hue of c, each 1 at its center and 0 at its neighbors'."""
    place = np.degrees(np.angle(c))[:, None] / (360 / SECTORS) - np.arange(SECTORS)
    distance = np.abs((place + SECTORS / 2) % SECTORS - SECTORS / 2)
    return np.maximum(1 - distance, 0)


def solved(frame: Joint, weights: Array) -> list[tuple[complex, Array]]:
    """For each shot o and g (12,), complex."""
    columns = np.concatenate([np.ones((len(frame.c), 1)), weights * frame.c[:, None]], axis=1)
    around = np.eye(SECTORS) - np.roll(np.eye(SECTORS), 1, axis=1)
    penalty = np.zeros((SECTORS + 1, SECTORS + 1))
    penalty[0, 0] = _OFFSET if frame.has_grey else 1e6
    penalty[1:, 1:] = _GAIN * np.eye(SECTORS) + _EVEN * around.T @ around
    found = []
    for chroma in frame.chromas:
        solution = ridge(columns, chroma - frame.c, frame.color, penalty, _LEAST_ERROR)
        found.append((complex(solution[0]), solution[1:]))
    return found


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
