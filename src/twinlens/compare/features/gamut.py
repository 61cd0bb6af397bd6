"""Gamut: how much of the output space a picture uses, and what is cut off at its ends."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.compare.sets_read import View
from twinlens.numerics.color import lab_from_xyz, luminance, oklab_from_rec2020, rgb_from_rgb

Array = npt.NDArray[Any]

_STEP = 3  # pixels of the view between those that are looked at
_LEAST_LIGHT = 0.02  # relative luminance; darker colors say little about chroma
_DARKEST, _MOST_COLORFUL = 1.0, 99.0  # percentiles


def of_picture(view: View) -> dict[str, float]:
    """`tone_black` (L*), `gamut_use`, `gamut_clipped`, `white_clipped`, `black_clipped` (%) of one picture."""
    light = view.linear[::_STEP, ::_STEP].reshape(-1, 3).astype(float)
    bright = np.maximum(luminance(light), 0)
    black = lab_from_xyz(np.percentile(bright, _DARKEST) * np.ones(3), np.ones(3))[0]
    ends = np.maximum(view.white - view.blown, 0) + np.maximum(view.black - view.sunk, 0)
    return {
        "tone_black": float(black),
        "gamut_use": 100 * _use(light[bright > _LEAST_LIGHT]),
        "gamut_clipped": 100 * float(np.mean(np.minimum(ends, 1))),
        "white_clipped": 100 * float(np.mean(view.blown)),
        "black_clipped": 100 * float(np.mean(view.sunk)),
    }


def _use(light: Array) -> float:
    """Distance from grey over that of the edge of sRGB at the same hue and luminance, of the most colorful hundredth.

    In linear light the way from grey to a color is straight, and the edge is where a channel reaches 0 or 1.
    """
    if len(light) < 100:
        return float("nan")
    srgb = light @ rgb_from_rgb("srgb", "rec2020").T
    grey = np.clip(luminance(light), 1e-4, 1 - 1e-4)[:, None]
    way = srgb - grey
    with np.errstate(divide="ignore"):
        reach = np.where(way > 0, (1 - grey) / np.maximum(way, 1e-9), grey / np.maximum(-way, 1e-9)).min(axis=1)
    return float(np.percentile(1 / reach, _MOST_COLORFUL))


def chroma(light: Array) -> Array:
    """Oklab (a + ib) / L (...,) of linear Rec. 2020 (..., 3)."""
    lab = oklab_from_rec2020(np.maximum(light, 0))
    return (lab[..., 1] + 1j * lab[..., 2]) / np.maximum(lab[..., 0], 1e-4)
