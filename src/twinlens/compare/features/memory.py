"""Memory colors: skin, sky and foliage, found by their color and place in the joint frame.

What is found is like skin, sky or foliage in color; wood may be like skin. The same blocks are looked at in every
picture, so that a difference between sets is one of the rendering whatever they show.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.compare.features.catalog import MEMORY_COLORS
from twinlens.compare.frame_joint import Joint
from twinlens.core.record import record

Array = npt.NDArray[Any]

_LEAST_BLOCKS = 60


@record(kw_only=True)
class Region:
    """Ranges of hue in Oklab (degrees), of |c|, of brightness about mid grey (EV), and the part of the picture, from
    the top, that it may lie in."""

    hue: tuple[float, float]
    chroma: tuple[float, float]
    brightness: tuple[float, float]
    part: float = 1.0


REGIONS = {
    "skin": Region(hue=(30, 68), chroma=(0.05, 0.19), brightness=(-2.0, 1.8)),
    "sky": Region(hue=(215, 275), chroma=(0.03, 0.30), brightness=(-0.8, 2.4), part=0.6),
    "foliage": Region(hue=(105, 150), chroma=(0.06, 0.40), brightness=(-4.0, 1.5)),
}


def found(frame: Joint, region: Region) -> Array:
    """Which blocks (M,) are of a region."""
    hue = np.degrees(np.angle(frame.c)) % 360
    row = frame.where // frame.shape[1]
    inside = (hue > region.hue[0]) & (hue < region.hue[1]) & (row < region.part * frame.shape[0])
    for value, (low, high) in ((np.abs(frame.c), region.chroma), (frame.u - frame.middle, region.brightness)):
        inside &= (value > low) & (value < high)
    return inside & (frame.color > 0)


def features(frame: Joint) -> dict[str, Array]:
    """Lightness (EV), chroma (100 ln) and hue (degrees) of each shot (N,) against the joint frame, by key."""
    nothing = np.full(len(frame.shots), np.nan)
    told: dict[str, Array] = {}
    for name in MEMORY_COLORS:
        keys = [f"{name}_{what}" for what in ("lightness", "chroma", "hue")]
        blocks = found(frame, REGIONS[name])
        if any(one.picture.is_mono for one in frame.shots) or blocks.sum() < _LEAST_BLOCKS:
            told |= dict.fromkeys(keys, nothing)
            continue
        weight = frame.color[blocks] / frame.color[blocks].sum()
        turn = (frame.chromas[:, blocks] @ weight) / (frame.c[blocks] @ weight)
        light = (frame.levels[:, blocks] - frame.u[blocks]) @ weight
        told |= dict(zip(keys, (light, 100 * np.log(np.abs(turn)), np.degrees(np.angle(turn))), strict=True))
    return told
