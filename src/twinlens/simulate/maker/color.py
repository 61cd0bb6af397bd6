"""Maker's color: hue, chroma and lightness changed in a polar space, then a tint, then sRGB codes that may lie outside
0 to 1: the gamut is cut where they are used.

Everything fades out towards grey, so that greys keep their place (but for the tint) and the map has no corner there.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.simulate.maker import spaces
from twinlens.simulate.maker.model import Color

Array = npt.NDArray[Any]

_WIDTH = 6.0  # of a hue's reach: the weight exp(6 (cos - 1)) is a half 28 degrees away
_NEAR_GREY = 0.12  # chroma at which a change by hue has reached half
_VIBRANT = 0.35  # chroma at which vibrance has fallen to 1/e


def changed(display: Array, color: Color) -> Array:
    """sRGB codes (..., 3), not clipped, of display light (..., 3), linear Rec. 2020."""
    lightness, chroma, hue = spaces.polar(display, color.space)
    weights = _hue_weights(hue, color.space)
    share = chroma**2 / (chroma**2 + _NEAR_GREY**2)
    level = np.clip(lightness / spaces.white(color.space), 0, 1)
    factor = color.saturation * (1 + color.vibrance * np.exp(-((chroma / _VIBRANT) ** 2)))
    factor = factor * (1 + share * (weights @ color.chroma)) * (1 - color.highlights * level**4)
    brighter = 1 + share * np.minimum(chroma, 1) * (weights @ color.lightness)
    turned = hue + share * (weights @ np.radians(color.hue_deg))
    rgb = spaces.rgb(lightness * brighter, chroma * factor, turned, color.space)
    return spaces.encoded(_tinted(rgb @ spaces.SRGB_FROM_2020.T, color))


def _hue_weights(hue: Array, space: str) -> Array:
    """How much each of the six hues counts, (..., 6), sum 1."""
    weights = np.exp(_WIDTH * (np.cos(hue[..., None] - spaces.hues(space)) - 1))
    return weights / weights.sum(-1, keepdims=True)


def _tinted(rgb: Array, color: Color) -> Array:
    """Shadows and highlights of linear sRGB by their own factors, black and white left alone."""
    if not (any(color.shadow_tint) or any(color.highlight_tint)):
        return rgb
    level = np.clip(spaces.encoded(np.maximum(rgb, 0).mean(-1, keepdims=True)), 0, 1)
    room = 1 - level**6  # a tint that reached white would cut it
    dark, bright = (1 - level) ** 2, level**2 * room
    return rgb * (1 + dark * np.array(color.shadow_tint) + bright * np.array(color.highlight_tint))
