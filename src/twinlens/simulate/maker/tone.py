"""Maker's tone: one curve over a norm of the channels, so that their ratios stay; a share of it channel by channel.

The curve is a rational one of the scene light x: y = s x^c / (x^c + k), with s and k such that scene grey is shown as
the grey that is asked for and the scene white as 1; c is its slope in stops a stop at black. It goes on above white:
what is over 1 is cut with the gamut.
Source of the form: Naka & Rushton (1966), as Reinhard & Devlin, "Dynamic range reduction inspired by photoreceptor
physiology" (2005), use it for pictures.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.simulate.maker import spaces
from twinlens.simulate.maker.model import Tone

Array = npt.NDArray[Any]

_SMOOTH_MAX = 4.0  # power of the mean that stands for the largest channel: the real one has a corner at every grey
GREY = 0.18  # scene light of mid grey


def curve(light: Array, tone: Tone) -> Array:
    """Display light of scene light, both from 0; more than 1 above white."""
    grey, white = GREY**tone.contrast, (GREY * 2.0**tone.white_ev) ** tone.contrast
    k = white * grey * (1 - tone.grey) / (tone.grey * white - grey)
    powered = np.maximum(light, 0) ** tone.contrast
    return powered / (powered + k) * ((white + k) / white)


def applied(rgb: Array, tone: Tone) -> Array:
    """Display light (..., 3) of scene light (..., 3), linear Rec. 2020."""
    norm = _norm(rgb, tone.norm)
    gain = curve(norm, tone) / np.maximum(norm, 1e-9)
    shown = rgb * gain[..., None]
    if tone.per_channel:
        shown += tone.per_channel * (curve(rgb, tone) - shown)
    return tone.black + (1 - tone.black) * shown


def _norm(rgb: Array, name: str) -> Array:
    if name == "luminance":
        return rgb @ spaces.LUMINANCE
    if name == "max":
        return (rgb**_SMOOTH_MAX).mean(-1) ** (1 / _SMOOTH_MAX)
    squares = rgb * rgb
    return (squares * rgb).sum(-1) / np.maximum(squares.sum(-1), 1e-18)  # 3-norm over 2-norm: near the largest
