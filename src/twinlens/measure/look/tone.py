"""Tone of a look: its grey curve in numbers that photographers use."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.look_facts import ToneFacts
from twinlens.measure.gradients import display
from twinlens.numerics import color, curve
from twinlens.stages.look_map import LookMap

Array = npt.NDArray[Any]

STOPS = np.linspace(-8, 4, 241)
CLIPPING_STOPS = float(np.log2(1 / curve.MID_GREY))  # where a neutral development clips: scene light 1
SHADOW_STOPS = -5.0
HALF_STEP = 0.05  # EV to either side over which a slope is measured
WHITE, BRIGHT = 254.5, 200.0  # codes: what 8 bits show as white; where the shoulder begins to be seen as bright


def grey_codes(stage: LookMap, stops: Array) -> Array:
    """Display codes (N, 3), 0 to 255 of the sRGB curve, of greys at stops from mid grey."""
    light = curve.MID_GREY * np.exp2(np.asarray(stops, float))
    return color.encode(display(stage, np.repeat(light[:, None], 3, 1))) * 255


def tone_facts(stage: LookMap) -> ToneFacts:
    """Measure the grey curve of a look."""
    codes = grey_codes(stage, STOPS)
    mean = codes.mean(1)
    middle, shadow, clipping = grey_codes(stage, np.array([0.0, SHADOW_STOPS, CLIPPING_STOPS])).mean(1)
    white = _reached(mean, WHITE)
    bright = _reached(mean, BRIGHT)
    return ToneFacts(
        stops=STOPS,
        codes=codes,
        slope=_slope(stage, STOPS),
        neutral=color.encode(np.minimum(curve.MID_GREY * np.exp2(STOPS), 1)) * 255,
        middle=float(middle),
        contrast=float(_slope(stage, np.zeros(1))[0]),
        shadow=float(shadow),
        clipping=float(clipping),
        white=white,
        roll_off=None if white is None or bright is None else white - bright,
        cast=_cast(stage),
    )


def _slope(stage: LookMap, stops: Array) -> Array:
    """Display stops a scene stop (N,); 0 where the display is black or white."""
    light = curve.MID_GREY * np.exp2(stops[:, None] + np.array([-HALF_STEP, HALF_STEP]))
    shown = np.maximum(stage.grey(light) @ color.XYZ_FROM_REC2020[1], 2.0**-24)
    return np.diff(np.log2(shown), axis=1)[:, 0] / (2 * HALF_STEP)


def _reached(codes: Array, wanted: float) -> float | None:
    """Stops from mid grey at which rising codes (N,) at `STOPS` reach a code; None where they do not."""
    if codes[-1] < wanted or codes[0] > wanted:
        return None
    return float(np.interp(wanted, np.maximum.accumulate(codes) + 1e-9 * np.arange(len(codes)), STOPS))


def _cast(stage: LookMap) -> float:
    """The largest chroma C* of the greys of the ten stops that a picture holds."""
    light = curve.MID_GREY * np.exp2(np.linspace(-7, 3, 41))
    lab = color.lab_from_xyz(stage.grey(light) @ color.XYZ_D50_FROM_REC2020.T)
    return float(np.hypot(lab[:, 1], lab[:, 2]).max())
