"""Gamut: colors outside an output space are brought inside at constant hue; the others stay as they are.

The work is done in Oklab, whose lines of constant hue are straight also for blue. Scaling linear light keeps hue and
saturation S = C / L, and the lower side of a gamut (one channel 0) is a cone, so it is one number per hue, S_max(h).
1. Saturation: with d = S / S_max and the knee t, d' = d below t; above it
   d' = t + x / (1 + x (limit - 1) / K), x = d - t, K = (1 - t) (limit - t): slope 1 at the knee, d' = 1 at d = limit,
   the saturation that Rec. 2020 reaches at this hue. Where Rec. 2020 reaches no further, nothing is compressed.
2. Hue: kept, but for colors far outside. The gamut of a display is a narrow spike at blue: the blue of Rec. 2020, at
   its own hue, would become a dull petrol. At the edge of Rec. 2020 the hue turns by the angle that makes
   (difference of saturation)^2 + (`_HUE_WEIGHT` * difference of hue)^2 least, smoothed over hue; the turn grows
   smoothly from 0 at the knee.
3. Brightness: a color whose largest channel is above 1 goes to the upper side of the gamut half by less light and half
   by less saturation (`_LIGHT_SHARE`), and what is left above 1 is scaled down. Both keep the hue; greys end at 1.
The reference of the kernel `output_color`.

Sources: B. Ottosson, "A perceptual color space for image processing" (2020) and "Gamut clipping" (2021), of which the
cusp geometry; the knee is that of ACES Reference Gamut Compression (AMPAS, 2021) with power 1, here along Oklab
saturation instead of distance from the achromatic axis per channel.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.numerics.color import LMS_FROM_REC2020, OKLAB_FROM_LMS, rgb_from_rgb

Array = npt.NDArray[Any]

HUES = 1024  # entries of the boundary table; interpolated it is within 0.01 % for 99 of 100 hues, 0.5 % for 999 of 1000
RANGES = ((0.0, 8.0), (0.0, 1.0), (-1.0, 1.0))  # of the rows of the boundary table
MAX_KNEE = 0.999  # a knee of 1, which clips, is taken as this
_HUE_WEIGHT = 2.5  # how much worse a difference of hue is than one of saturation of the same Oklab length
_BLUE_DEG, _BLUE_WIDTH_DEG, _BLUE_SHARE = 250.0, 20.0, 0.5  # there the weight is half: IPT and CAM16 see half the turn
_HUE_BLUR_DEG = 4.0  # sigma of the smoothing of the turn over hue
_LIGHT_SHARE = 0.5  # how much of the way into the gamut is less light; the rest is less saturation
_LMS_FROM_OKLAB = np.linalg.inv(OKLAB_FROM_LMS)
_LMS_FROM_OKLAB[:, 0] = 1.0  # exactly, up to the rounding of the published digits
_STEP, _SLOPE = 0.03, 10  # relative change of S_max from entry to entry that is a step; entries over which it is closed
_TINY = 1e-12


def pseudo_angle(a: Array, b: Array) -> Array:
    """A number 0 to 4 that grows with the hue angle atan2(b, a), without trigonometry."""
    slope = b / (np.abs(a) + np.abs(b) + _TINY)
    return np.where(a < 0, 2 - slope, np.where(slope < 0, 4 + slope, slope))


def direction(angle: Array) -> tuple[Array, Array]:
    """Unit (a, b) of a pseudo angle."""
    a = np.where(angle < 2, 1 - angle, angle - 3)
    b = np.where(angle < 1, angle, np.where(angle < 3, 2 - angle, angle - 4))
    length = np.hypot(a, b)
    return a / length, b / length


def _largest_saturation(space: str, angle: Array) -> Array:
    """S_max of the cone of non-negative colors of a space, by bisection.

    A channel is the sum of weight * (1 + S * slope)^3 over LMS, with weights that sum to 1: a cubic in S.
    """
    slopes = _slopes(angle)
    weights = rgb_from_rgb(space, "rec2020") @ np.linalg.inv(LMS_FROM_REC2020)
    cubics = [(3 * row @ slopes, 3 * row @ slopes**2, row @ slopes**3) for row in weights]
    most = np.min(np.where(slopes < 0, -1 / np.minimum(slopes, -_TINY), np.inf), axis=0)  # LMS are not negative
    low, high = np.zeros_like(angle), np.full_like(angle, 3.0)
    for _ in range(30):
        middle = (low + high) / 2
        inside = middle <= most
        for first, second, third in cubics:
            inside &= ((third * middle + second) * middle + first) * middle >= -1
        low, high = np.where(inside, middle, low), np.where(inside, high, middle)
    return low


def _slopes(angle: Array) -> Array:
    """What LMS roots (3, N) gain with each unit of saturation at lightness 1, for pseudo angles (N,)."""
    return _LMS_FROM_OKLAB[:, 1:] @ np.stack(direction(angle))


@cache
def _cone(space: str) -> Array:
    """S_max over the pseudo angle, four times as fine as the boundary table."""
    return _largest_saturation(space, np.linspace(0, 4, 4 * HUES + 1))


def _turned(space: str) -> tuple[Array, Array, Array]:
    """Hue angles in degrees, 4 a degree; the hue each goes to from the edge of Rec. 2020; the limit of the knee."""
    hue = np.arange(0, 360, 0.25)
    angle = pseudo_angle(np.cos(np.radians(hue)), np.sin(np.radians(hue)))
    own, source = _largest_saturation(space, angle), _largest_saturation("rec2020", angle)
    steps = np.arange(-120, 121)  # 30 degrees to either side
    around = np.lib.stride_tricks.sliding_window_view(np.concatenate([own[-120:], own, own[:120]]), steps.size)
    bow = np.sin(np.radians(steps * 0.25 / 2)) ** 2
    weight = _HUE_WEIGHT * (1 - _BLUE_SHARE * np.exp(-(((hue - _BLUE_DEG) / _BLUE_WIDTH_DEG) ** 2)))
    best = []
    for part in np.split(np.arange(hue.size), hue.size // 72):  # small enough to stay in the cache
        to, edge = around[part], source[part, None]
        best.append(np.argmin((edge - to) ** 2 + weight[part, None] ** 2 * (4 * edge * to * bow), axis=1))
    turn = steps[np.concatenate(best)] * 0.25
    turn = np.where(source > own * 1.001, turn, 0.0)
    return hue, hue + _blurred(turn), _blurred(np.maximum(source / own, 1))


def _blurred(values: Array) -> Array:
    """Values over hue, 4 a degree, smoothed: the corners of both gamuts would be seen as creases."""
    reach = round(4 * _HUE_BLUR_DEG / 0.25)
    bell = np.exp(-0.5 * (np.arange(-reach, reach + 1) * 0.25 / _HUE_BLUR_DEG) ** 2)
    return np.convolve(np.concatenate([values[-reach:], values, values[:reach]]), bell / bell.sum(), "valid")


def _closed(own: Array) -> Array:
    """S_max over the pseudo angle without the step at blue, where a line of one hue leaves the gamut and comes back.

    The lower side of a step is raised to a slope; what then lies outside, by less than the step, is clipped.
    """
    closed = own.copy()
    for place in np.flatnonzero(own[1:] > (1 + _STEP) * own[:-1]):
        side = np.arange(max(place - _SLOPE, 0), place + 1)
        closed[side] += (own[place + 1] - own[place]) * (1 - (place - side) / (_SLOPE + 1)) ** 2
    return closed


@cache
def boundary(space: str, knee: float) -> Array:
    """Table (3, HUES + 1) over the pseudo angle 0 to 4: 1 / S_max, (1 - knee) / (limit - knee), and the full turn.

    The turn is a difference of pseudo angles. Values are rounded to 16 bits of `RANGES`, as the kernel has them.
    """
    angle = np.linspace(0, 4, HUES + 1)
    own = _closed(_cone(space)[::4])
    hue, target, limit = _turned(space)
    start, end = (pseudo_angle(np.cos(np.radians(one)), np.sin(np.radians(one))) for one in (hue, target))
    turn = np.interp(angle, start, (end - start + 2) % 4 - 2, period=4)
    limit = np.interp(angle, start, limit, period=4)
    table = np.stack([1 / own, (1 - knee) / (np.maximum(limit, 1) - knee), turn])
    low, high = np.transpose(RANGES)[..., None]
    return low + np.round((table - low) / (high - low) * 65535) / 65535 * (high - low)


@cache
def packed_boundary(space: str, knee: float) -> Array:
    """The table for the kernel (3, HUES) uint32: each entry in the lower, the next one in the upper 16 bits."""
    low, high = np.transpose(RANGES)[..., None]
    whole = np.round((boundary(space, knee) - low) / (high - low) * 65535).astype(np.uint32)
    return np.ascontiguousarray(whole[:, :-1] | whole[:, 1:] << 16)


@cache
def matrices(space: str) -> Array:
    """(15, 3) float32, one below the other, as the kernel takes them.

    LMS from Rec. 2020, Oklab from LMS roots, and back, the space's RGB from LMS, and from Rec. 2020.
    """
    plain = rgb_from_rgb(space, "rec2020")
    rgb_from_lms = plain @ np.linalg.inv(LMS_FROM_REC2020)
    steps = [LMS_FROM_REC2020, OKLAB_FROM_LMS, _LMS_FROM_OKLAB, rgb_from_lms, plain]
    return np.ascontiguousarray(np.concatenate(steps).astype(np.float32))


@cache
def safe_ratio(space: str, knee: float) -> float:
    """The ratio of smallest to largest channel of `space` from which on a color of any hue lies below the knee."""
    root = 1 + knee * _cone(space) * _slopes(np.linspace(0, 4, 4 * HUES + 1))
    edge = rgb_from_rgb(space, "rec2020") @ np.linalg.inv(LMS_FROM_REC2020) @ root**3
    return min(float((edge.min(0) / edge.max(0)).max()) * 1.02 + 1e-4, 1.0)


def map_gamut(rgb: Array, space: str, knee: float = 0.85) -> Array:
    """Linear light (..., 3) of `space`, 0 to 1, for linear Rec. 2020; colors below the knee only change primaries."""
    rgb, knee = np.asarray(rgb, float), min(knee, MAX_KNEE)
    plain = rgb @ rgb_from_rgb(space, "rec2020").T
    rgb_from_lms = rgb_from_rgb(space, "rec2020") @ np.linalg.inv(LMS_FROM_REC2020)
    root = np.cbrt(np.maximum(rgb @ LMS_FROM_REC2020.T, 0))
    lightness, a, b = np.moveaxis(root @ OKLAB_FROM_LMS.T, -1, 0)
    light = np.maximum(lightness, 1e-6)
    where, places = pseudo_angle(a, b), np.linspace(0, 4, HUES + 1)
    table = boundary(space, knee)
    inverse, nearness, turn = (np.interp(where, places, row) for row in table)
    distance = np.hypot(a, b) / light * inverse
    over = np.maximum(distance - knee, 0)
    steep = (1 - nearness) / (1 - knee)  # (limit - 1) / K
    pressed = np.minimum(knee + over / (1 + over * steep), 1)
    far = np.minimum(over * nearness / (1 - knee), 1)
    to = (where + turn * far * far * (3 - 2 * far)) % 4
    saturation = np.where(over > 0, pressed, distance) / np.interp(to, places, table[0])
    a, b = direction(to)
    tint = saturation[..., None] * (a[..., None] * _LMS_FROM_OKLAB[:, 1] + b[..., None] * _LMS_FROM_OKLAB[:, 2])

    def built(light: Array, share: Array | float) -> Array:
        root = light[..., None] * (1 + np.asarray(share)[..., None] * tint)
        return np.maximum(root**3 @ rgb_from_lms.T, 0)

    peak = np.cbrt(np.maximum(built(light, 1.0).max(-1), _TINY))  # how many times too light
    lower = light * np.maximum(peak, 1) ** -_LIGHT_SHARE
    paler = np.clip((1 / lower - 1) / np.maximum(peak / light - 1, 1e-6), 0, 1)
    bright = peak > 1
    mapped = built(np.where(bright, lower, light), np.where(bright, paler, 1.0))
    mapped /= np.maximum(mapped.max(-1, keepdims=True), 1)
    kept = (over <= 0) & (plain.max(-1) <= 1)
    return np.where(kept[..., None], np.maximum(plain, 0), mapped)
