"""Orientation: from one look towards *authentic* or *vibrant*, by measured amounts.

`position` -1 is authentic, 0 the look as it is, +1 vibrant; all between are looks too. What changes, as `measure` says:

- chroma ratio: towards 1.00 at -1 (a look that has less keeps its own), and up to 1.10 at +1, or `CHROMA_STEP` more
  than the look has; skin is spared by seven tenths at +1;
- contrast at mid grey, depth of the shadows and brightness: by `CONTRAST_STEP`, `DEPTH_STEP` and `BRIGHTNESS_STEP` for
  each unit, half of what parts the shipped looks authentic and vibrant. White stays where it was.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import ParameterError
from twinlens.core.record import record
from twinlens.numerics import color, colorchecker, curve
from twinlens.pipeline.look.model import Look
from twinlens.stages.look_map import DAYLIGHT_CCT, LookMap, tone_of

Array = npt.NDArray[Any]

AUTHENTIC_CHROMA, VIBRANT_CHROMA, CHROMA_STEP = 1.00, 1.10, 0.08
SKIN_SPARED = 0.7  # at +1
SHADOW_STOPS = -5.0  # where the depth of shadows is measured, from mid grey
CONTRAST_STEP, DEPTH_STEP, BRIGHTNESS_STEP = 0.938, -0.590, 0.123  # a factor, stops, EV: for +1
SLOPE_STOPS = 0.25  # to either side of mid grey, where its slope is measured
MID_STOPS = 0.75  # to either side of mid grey, where the contrast is that of mid grey
DEEPEST_STOPS, HIGHEST_STOPS = -12.0, 5.0  # of the nodes of the new curve
NODE_STEP = 0.25
WHITE = 0.995  # display code of a grey that counts as white
MOST_SATURATION = 2.0


@record
class Orientation:
    """What a look does to chroma and tone, measured on the look as it is shown."""

    chroma_ratio: float  # mean C* of the 18 colored ColorChecker patches over truth, after the grey row is matched
    mid_contrast: float  # display stops a scene stop, at mid grey
    shadow_depth: float  # display stops from mid grey down to a grey five stops under it
    brightness: float  # EV of display light that mid grey (0.18) gains


def measure(look: Look | LookMap) -> Orientation:
    """Chroma ratio, mid contrast, shadow depth and brightness of a look, under daylight."""
    stage = _daylight(look.map if isinstance(look, Look) else look)
    low, below, middle, above = np.log2(_greys(stage, [SHADOW_STOPS, -SLOPE_STOPS, 0.0, SLOPE_STOPS]))
    return Orientation(
        chroma_ratio=chroma_ratio(stage),
        mid_contrast=float((above - below) / (2 * SLOPE_STOPS)),
        shadow_depth=float(middle - low),
        brightness=float(middle - np.log2(curve.MID_GREY)),
    )


def chroma_ratio(stage: LookMap) -> float:
    """Mean chroma of the chart's colored patches over truth, after one gain on display light that matches its greys."""
    truth = colorchecker.LAB
    shown = stage.render(color.xyz_from_lab(truth) @ color.REC2020_FROM_XYZ_D50.T)
    matched = _lab(shown * grey_gain(shown[colorchecker.GREYS]))[colorchecker.COLORED]
    sizes = [np.hypot(one[:, 1], one[:, 2]).mean() for one in (matched, truth[colorchecker.COLORED])]
    return float(sizes[0] / sizes[1])


def grey_gain(greys: Array) -> float:
    """The factor on display light that brings the chart's grey row (6, 3), as shown, nearest to its true L* (least
    squares)."""
    wanted = colorchecker.LAB[colorchecker.GREYS, 0]

    def error(stops: float) -> float:
        return float(np.sum((_lab(greys * 2.0**stops)[:, 0] - wanted) ** 2))

    low, high = -4.0, 4.0
    for _ in range(60):  # thirds: the error falls and rises once
        third = (high - low) / 3
        low, high = (low, high - third) if error(low + third) < error(high - third) else (low + third, high)
    return float(2.0 ** ((low + high) / 2))


def _lab(rgb: Array) -> Array:
    """CIE L*a*b* (D50) of linear Rec. 2020 display light (..., 3)."""
    return color.lab_from_xyz(rgb @ color.XYZ_D50_FROM_REC2020.T)


def orient(look: Look, position: float) -> Look:
    """The look at a position from -1 (authentic) to 1 (vibrant); 0 is the look itself."""
    if not -1 <= position <= 1:
        raise ParameterError(f"orientation = {position:g} is outside -1 (authentic) to 1 (vibrant)")
    if position == 0:
        return look
    toned = replace(look.map, **_curve(look.map, position))
    stage = _with_chroma(toned, look.map, position)
    side = "vibrant" if position > 0 else "authentic"
    made = {"orientation": position, "of": look.name, "parts": [look.provenance]}
    return Look(
        name=f"{look.name}{position:+.2f}",
        description=f"{look.name}, {abs(position):.0%} towards {side}",
        reasons=look.reasons,
        map=stage,
        finish=look.finish,
        provenance=made,
    )


def _daylight(stage: LookMap) -> LookMap:
    return replace(stage, cct=DAYLIGHT_CCT) if stage.lights and stage.cct is None else stage


def _greys(stage: LookMap, stops: Any) -> Array:
    """Luminance (N,) of what greys at these stops from mid grey are shown as."""
    shown = stage.grey(curve.MID_GREY * np.exp2(np.asarray(stops, float)))
    return np.maximum(shown @ color.XYZ_FROM_REC2020[1], 2.0**-24)


def _curve(stage: LookMap, position: float) -> dict[str, Any]:
    """The tone curve, as nodes: the look's own, read at other stops of the scene."""
    stops = np.arange(DEEPEST_STOPS, HIGHEST_STOPS + NODE_STEP / 2, NODE_STEP)
    read = _warped(_daylight(stage), position, stops)
    light = np.repeat((curve.MID_GREY * np.exp2(read))[:, None], 3, 1)
    codes = color.encode(curve.decode_tone(tone_of(stage)(light))).T
    codes = np.maximum.accumulate(np.clip(codes, 0, None), axis=1)
    rows = codes[:1] if np.ptp(codes, axis=0).max() < 1e-9 else codes
    return {"curve": "nodes", "nodes": (tuple(stops.tolist()), *map(tuple, rows.tolist()))}


def _warped(stage: LookMap, position: float, stops: Array) -> Array:
    """At which stops the look's curve is to be read instead of `stops`, so that greys come out as wanted; rising."""
    fine = np.linspace(DEEPEST_STOPS - 4, HIGHEST_STOPS, 1701)
    shown = np.maximum.accumulate(np.log2(_greys(stage, fine)))
    rising = shown + 1e-9 * np.arange(len(fine))

    def where(level: float) -> float:
        return float(np.interp(level, rising, fine))

    middle = np.interp(0.0, fine, shown) + BRIGHTNESS_STEP * position
    depth = np.interp(0.0, fine, shown) - np.interp(SHADOW_STOPS, fine, shown) + DEPTH_STEP * position
    center, shadow = where(middle), where(middle - depth)
    slope = CONTRAST_STEP**position * _slope(fine, shown, 0.0) / max(_slope(fine, shown, center), 1e-3)
    white = float(fine[min(int(np.searchsorted(shown, 2.4 * np.log2(WHITE))), len(fine) - 1)])
    white = max(white, center + 2 * MID_STOPS * slope)
    ends = [(DEEPEST_STOPS, DEEPEST_STOPS + shadow - SHADOW_STOPS), (SHADOW_STOPS, shadow)]
    near = [(step, center + slope * step) for step in (-MID_STOPS, -SLOPE_STOPS, 0.0, SLOPE_STOPS, MID_STOPS)]
    above = [(white, white), (white + 8, white + 8)]
    at, to = np.array([*ends, *near, *above]).T
    return _monotone(at, np.maximum.accumulate(to), np.clip(stops, at[0], at[-1]))


def _slope(stops: Array, shown: Array, at: float) -> float:
    low, high = np.interp([at - SLOPE_STOPS, at + SLOPE_STOPS], stops, shown)
    return float((high - low) / (2 * SLOPE_STOPS))


def _monotone(x: Array, y: Array, at: Array) -> Array:
    """The monotone cubic of `numerics.curve` through (x, y), at positions `at` inside."""
    slopes = curve.monotone_slopes(x, y)
    i = np.clip(np.searchsorted(x, at, side="right") - 1, 0, len(x) - 2)
    width = x[i + 1] - x[i]
    t = (at - x[i]) / width
    straight = y[i] * (1 + 2 * t) * (1 - t) ** 2 + y[i + 1] * t * t * (3 - 2 * t)
    return straight + width * t * (1 - t) * (slopes[i] * (1 - t) - slopes[i + 1] * t)


def _with_chroma(toned: LookMap, stage: LookMap, position: float) -> LookMap:
    """The stage with the factor of chroma that gives the wanted chroma ratio."""
    own = chroma_ratio(_daylight(stage))
    if position > 0:
        wanted = own + position * (max(VIBRANT_CHROMA, own + CHROMA_STEP) - own)
        toned = replace(toned, skin=max(stage.skin, stage.skin + position * (SKIN_SPARED - stage.skin)))
    else:
        wanted = own - position * (min(AUTHENTIC_CHROMA, own) - own)
    if own < 0.05:  # black and white has no chroma to change
        return toned
    low, high = 0.0, MOST_SATURATION
    for _ in range(24):
        middle = (low + high) / 2
        below = chroma_ratio(_daylight(replace(toned, saturation=middle))) < wanted
        low, high = (middle, high) if below else (low, middle)
    return replace(toned, saturation=round((low + high) / 2, 6))
