"""Look: the color steps of a look on plain arrays (..., 3) of linear Rec. 2020.

In scene light a root-polynomial (Finlayson, Mackiewicz and Hurlbert 2015: every term scales with exposure); over the
display result hue, chroma and lightness in Oklab (Ottosson 2020).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.numerics.color import LMS_FROM_REC2020, OKLAB_FROM_LMS, XYZ_FROM_REC2020

Array = npt.NDArray[Any]

_NO_LIGHT = 1e-12  # squared: has no hue

SKIN_HUE, SKIN_HUE_REACH = (
    np.radians(55.0),
    np.radians(40.0),
)  # Oklab hue of human skin, light and dark: 40 to 70 degrees
SKIN_CHROMA, SKIN_CHROMA_REACH = 0.075, 0.085
FADING = (0.80, 1.0)  # Oklab lightness from which, and at which fully, the scene's saturation is given up
LIGHT = (0.60, 0.85)  # Oklab lightness from which, and at which fully, a color counts as light
COLORED = 0.06  # Oklab chroma at which half of a lightness change is felt; near grey none
CHROMA_KNEE = (
    0.22  # Oklab chroma at which half of a gain of chroma is left: saturated colors are not driven to clipping
)

_LUMA = XYZ_FROM_REC2020[1]
_RGB_FROM_LMS = np.linalg.inv(LMS_FROM_REC2020)
_OKLAB = OKLAB_FROM_LMS - OKLAB_FROM_LMS.sum(axis=1, keepdims=True) / 3 * np.array([[0.0], [1.0], [1.0]])
_LMS_FROM_OKLAB = np.linalg.inv(_OKLAB)


def _times(rgb: Array, matrix: Array) -> Array:
    return rgb @ matrix.T.astype(rgb.dtype)


def oklab(rgb: Array) -> Array:
    """Oklab of linear Rec. 2020 in the precision of the input; greys get a = b = 0 up to rounding."""
    return _times(np.cbrt(_times(rgb, LMS_FROM_REC2020)), _OKLAB)


def rec2020(lab: Array) -> Array:
    """Linear Rec. 2020 of Oklab; the inverse of `oklab`."""
    root = _times(lab, _LMS_FROM_OKLAB)
    return _times(root * root * root, _RGB_FROM_LMS)


def root_terms(rgb: Array, columns: int) -> Array:
    """The terms (..., columns) of a root-polynomial of degree 1, 2 or 3 (3, 6 or 13 columns) of light (..., 3).

    Order: r, g, b; roots of rg, gb, rb; cube roots of rg2, gb2, rb2, gr2, bg2, br2, rgb (Finlayson 2015, table 1).
    """
    if columns == 3:
        return rgb
    red, green, blue = np.moveaxis(np.maximum(rgb, 0), -1, 0)
    terms = [*np.moveaxis(rgb, -1, 0), np.sqrt(red * green), np.sqrt(green * blue), np.sqrt(red * blue)]
    if columns == 13:
        cubes = [red * green**2, green * blue**2, red * blue**2, green * red**2, blue * green**2, blue * red**2]
        terms += [np.cbrt(one) for one in [*cubes, red * green * blue]]
    return np.stack(terms, -1)


def clip_to_display(rgb: Array) -> Array:
    """Light inside 0 to 1 with its hue kept: colors inside are not touched.

    A color brighter than white gives up half of the excess (in stops) of its brightest channel as brightness; the rest,
    and what is below 0, as saturation: it moves straight to the grey of its own luminance. Brighter greys are white.
    """
    rgb = rgb / np.sqrt(np.maximum(_of_channels(np.maximum, rgb), 1))
    luma = np.clip(rgb @ _LUMA.astype(rgb.dtype), 0, 1)[..., None]
    off = rgb - luma
    highest, lowest = _of_channels(np.maximum, off), _of_channels(np.minimum, off)
    tiny = np.asarray(1e-12, rgb.dtype)
    share = np.minimum((1 - luma) / np.maximum(highest, tiny), luma / np.maximum(-lowest, tiny))
    return np.clip(np.where(share < 1, luma + np.minimum(share, 1) * off, rgb), 0, 1)


def _of_channels(pick: np.ufunc, rgb: Array) -> Array:
    """The largest or smallest channel (..., 1); several times the speed of a reduction over an axis of three."""
    return pick(pick(rgb[..., 0], rgb[..., 1]), rgb[..., 2])[..., None]


def keep_color(lab: Array, scene: Array, hue: float, saturation: float) -> Array:
    """Give back to Oklab `lab` (..., 3) what a tone curve per channel took from the color of `scene` (..., 3).

    Its hue turns by the share `hue` (0 to 1) towards the scene's; its chroma goes by the share `saturation` to what has
    the scene's ratio of chroma to lightness. That share fades towards white, so that lights still burn out.
    """
    tiny = np.asarray(1e-9, lab.dtype)
    chroma, size = np.hypot(lab[..., 1], lab[..., 2]), np.hypot(scene[..., 1], scene[..., 2])
    own, other = (1 - hue) / np.maximum(chroma, tiny), hue / np.maximum(size, tiny)
    a = own * lab[..., 1] + other * scene[..., 1]
    b = own * lab[..., 2] + other * scene[..., 2]
    if saturation:
        t = np.clip((lab[..., 0] - FADING[0]) / (FADING[1] - FADING[0]), 0, 1)
        wanted = size * lab[..., 0] / np.maximum(scene[..., 0], tiny)
        chroma = chroma + saturation * (1 - t * t * (3 - 2 * t)) * (wanted - chroma)
    scale = chroma / np.maximum(np.hypot(a, b), tiny)
    return np.stack([lab[..., 0], a * scale, b * scale], -1)


def sector_values(hue: Array, sectors: Array) -> Array:
    """Values (..., K) of the sector rows (12, K) at hues in radians: a periodic cubic B-spline (C2, no overshoot)."""
    place = np.mod(hue * (len(sectors) / (2 * np.pi)), len(sectors))
    at = place.astype(np.int32)
    t = (place - at)[..., None]
    before, own, after, later = (np.roll(sectors, -shift, axis=0) for shift in (-1, 0, 1, 2))
    terms = (
        before + 4 * own + after,
        3 * (after - before),
        3 * (before + after) - 6 * own,
        later - before + 3 * (own - after),
    )
    start, slope, bend, twist = (np.take(term / 6, at, axis=0, mode="wrap") for term in terms)
    return start + t * (slope + t * (bend + t * twist))


def skin_weight(lab: Array, hue: Array, chroma: Array) -> Array:
    """How much (0 to 1) a color is one of human skin: a smooth window of Oklab hue and chroma."""
    turn = np.abs(np.mod(hue - SKIN_HUE + np.pi, 2 * np.pi) - np.pi) / SKIN_HUE_REACH
    distance = np.minimum(turn**2 + ((chroma - SKIN_CHROMA) / SKIN_CHROMA_REACH) ** 2, 1)
    return (1 - distance) ** 2


def control(lab: Array, saturation: float, skin: float, sectors: Array) -> Array:
    """The editable layer: chroma, hue and lightness of Oklab (..., 3) by hue.

    `sectors` (12, 4): hue shift in degrees, chroma factor, lightness change, chroma factor of light colors.
    `saturation` is a factor of chroma for all; a gain fades with chroma. `skin` (0 to 1) exempts skin from all of it.
    """
    a, b = lab[..., 1], lab[..., 2]
    chroma = np.hypot(a, b)
    sectors = np.asarray(sectors, lab.dtype)
    plain = bool(np.all(sectors == np.array([0, 1, 0, 1])))
    hue = np.zeros_like(chroma) if plain and not skin else np.arctan2(b, a)
    spared = 1 - skin * skin_weight(lab, hue, chroma) if skin else np.ones_like(chroma)
    factor = np.full_like(chroma, saturation)
    lightness = lab[..., 0]
    turn = None
    if not plain:
        shift, gain, lift, light_gain = np.moveaxis(sector_values(hue, sectors), -1, 0)
        t = np.clip((lightness - LIGHT[0]) / (LIGHT[1] - LIGHT[0]), 0, 1)
        factor = factor * gain * (1 + (light_gain - 1) * t * t * (3 - 2 * t))
        felt = chroma * chroma / (chroma * chroma + COLORED * COLORED)
        lightness = lightness + lift * felt * spared
        turn = np.radians(shift) * spared
    change = (factor - 1) * spared
    fading = 1 + (chroma / CHROMA_KNEE) ** 2
    scale = 1 + np.where(change > 0, change / fading, change)
    a, b = a * scale, b * scale
    if turn is not None and np.any(turn):
        cosine, sine = np.cos(turn), np.sin(turn)
        a, b = a * cosine - b * sine, a * sine + b * cosine
    return np.stack([lightness, a, b], -1)


def compressed(rgb: Array, amount: float) -> Array:
    """RGB (..., 3) with strong colors brought nearer to the grey of their mean: what parts a color from it is divided
    by 1 + amount sin^2 of its angle to grey (a gamut compression without a threshold; below 0 it expands). The same at
    any exposure; greys stay; of colors inside the primaries none change places where the amount is -0.9 to 8."""
    if not amount:
        return rgb
    grey = rgb.mean(-1, keepdims=True)
    off = rgb - grey
    return grey + off / (1 + amount * _strength(rgb, off))


def compression_slopes(rgb: Array, amount: float) -> tuple[Array, Array]:
    """The slopes of `compressed` by RGB (..., 3, 3), and by the amount (..., 3)."""
    off = rgb - rgb.mean(-1, keepdims=True)
    strong = _strength(rgb, off)
    share = 1 / (1 + amount * strong)
    more = 2 * amount * share**2 / np.maximum(np.square(rgb).sum(-1, keepdims=True), _NO_LIGHT)
    third = np.full((3, 3), 1 / 3)
    turned = off[..., None] * (off - strong * rgb)[..., None, :]
    return third + share[..., None] * (np.eye(3) - third) - more[..., None] * turned, -off * strong * share**2


def _strength(rgb: Array, off: Array) -> Array:
    """The squared sine (..., 1) of the angle between RGB and grey; `off` is what parts them."""
    return np.square(off).sum(-1, keepdims=True) / np.maximum(np.square(rgb).sum(-1, keepdims=True), _NO_LIGHT)
