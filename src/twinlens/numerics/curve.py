"""Curve: monotone tone curves from scene light to display light, one channel at a time.

Scene light is relative (0.18 = mid grey), display light is linear, 0 black to 1 white. Tone is mixed and tabulated in
`encode_tone`, a cube root with an offset: uniform for the eye like L* (CIE 15:2018), decoded by two multiplications.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

MID_GREY = 0.18
OFFSET = 0.004  # display light under which the coding turns linear; L* has its own linear part at 0.0089
CODE_BASE = OFFSET ** (1 / 3)
CODE_SCALE = (1 + OFFSET) ** (1 / 3) - CODE_BASE
TOE_STOPS = 2.0  # how fast the slope of `film` turns into that of the shadows below mid grey


def encode_tone(linear: Array) -> Array:
    """The tone code of linear light: 0 at 0, 1 at 1, growing on above; negative light is 0."""
    return (np.cbrt(np.maximum(linear, 0) + OFFSET) - CODE_BASE) / CODE_SCALE


def decode_tone(code: Array) -> Array:
    """Linear light of a tone code; the inverse of `encode_tone`."""
    root = np.maximum(code, 0) * CODE_SCALE + CODE_BASE
    return root * root * root - OFFSET


def film(scene: Array, middle: float, contrast: float, toe: float, white: float) -> Array:
    """Display light of scene light by a curve like a film's: a straight middle, a toe and a shoulder.

    `middle` is the display light of mid grey; `contrast` the slope there (stops a stop); `toe` the slope of the deep
    shadows; at `white` stops above mid grey the display is white. Above mid grey it is the log-logistic curve of
    densitometry (Naka and Rushton 1966 for the eye), below a slope that turns from `contrast` to `toe`.
    """
    power, knee = _shoulder(middle, contrast, white)
    stops = np.log2(np.maximum(scene, 2.0**-40) / MID_GREY)
    below = np.minimum(stops, 0)
    shadows = toe * below + (contrast - toe) * TOE_STOPS * np.expm1(below / TOE_STOPS)
    above = np.exp2(power * np.clip(stops, 0, white))
    highlights = above / (above + knee) * (1 + knee * 2.0 ** (-power * white))
    return np.where(stops < 0, middle * np.exp2(shadows), highlights)


def _shoulder(middle: float, contrast: float, white: float) -> tuple[float, float]:
    """Power and knee of a log-logistic curve: `middle` at mid grey, slope `contrast`, 1 at `white` stops over it."""
    lowest = math.log2(1 / middle) / white  # a straight line from mid grey to white
    if contrast <= lowest * (1 + 1e-6):
        raise ValueError(
            f"contrast = {contrast:g} cannot reach white {white:g} EV above mid grey: it must be above {lowest:.3g}"
        )
    low, high = lowest, 40.0
    for _ in range(60):
        power = (low + high) / 2
        steep = power * (1 - middle) / (1 - 2.0 ** (-power * white)) > contrast
        low, high = (low, power) if steep else (power, high)
    power = (low + high) / 2
    return power, (1 - middle) / (middle - 2.0 ** (-power * white))


def monotone_slopes(x: Array, y: Array) -> Array:
    """Slopes (N,) at the nodes of a monotone cubic through rising `x` (N,) and `y` (N,), N of 2 or more.

    Source: Fritsch and Butland, A method for constructing local monotone piecewise cubic interpolants (1984), with the
    weighted harmonic mean of Brodlie; one-sided three-point slopes at the ends, limited to stay monotone.
    """
    width, rise = np.diff(x), np.diff(y)
    secant = rise / width
    if len(secant) == 1:
        return np.array([secant[0], secant[0]])
    one, two = 2 * width[1:] + width[:-1], width[1:] + 2 * width[:-1]
    same = secant[:-1] * secant[1:] > 0
    safe = np.where(same, secant[:-1], 1), np.where(same, secant[1:], 1)
    inner = np.where(same, (one + two) / (one / safe[0] + two / safe[1]), 0)
    return np.concatenate([[_end(width, secant)], inner, [_end(width[::-1], secant[::-1])]])


def _end(width: Array, secant: Array) -> float:
    slope = ((2 * width[0] + width[1]) * secant[0] - width[0] * secant[1]) / (width[0] + width[1])
    if slope * secant[0] <= 0:
        return 0.0
    return float(np.sign(secant[0]) * min(abs(slope), 3 * abs(secant[0])))


def through_nodes(scene: Array, stops: Array, codes: Array) -> Array:
    """Display light by a monotone cubic through nodes: rising `stops` from mid grey (N,), display tone codes (N,).

    Under the first node light falls off in proportion, or along the curve's tangent there where that is flatter, so
    that a lifted black stays lifted; above the last node the last value stays.
    """
    position = np.log2(np.maximum(scene, 2.0**-40) / MID_GREY)
    inside = np.clip(position, stops[0], stops[-1])
    slopes = monotone_slopes(stops, codes)
    at = np.clip(np.searchsorted(stops, inside, side="right") - 1, 0, len(stops) - 2)
    width = (stops[1:] - stops[:-1])[at]
    t = (inside - stops[at]) / width
    code = (
        codes[at] * (1 + 2 * t) * (1 - t) ** 2
        + slopes[at] * width * t * (1 - t) ** 2
        + codes[at + 1] * t * t * (3 - 2 * t)
        + slopes[at + 1] * width * t * t * (t - 1)
    )
    first = decode_tone(codes[:1])[0]
    tangent = 3 * CODE_SCALE * (first + OFFSET) ** (2 / 3) * slopes[0] / math.log(2)  # light, by the log of light
    below = np.minimum(np.maximum(scene, 0) / (MID_GREY * 2.0 ** stops[0]) - 1, 0)
    return decode_tone(code) + min(tangent, first) * below
