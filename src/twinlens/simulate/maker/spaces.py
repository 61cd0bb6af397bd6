"""Spaces: where a maker changes colors. Each gives lightness, chroma and hue of linear Rec. 2020 display light.

Chroma is divided by a constant of the space, so that the six full colors of sRGB have chroma 1 in the mean and one
parameter means the same everywhere. Sources: Ebner & Fairchild, "Development and testing of a color space (IPT) with
improved hue uniformity" (1998); ITU-R BT.2100-2 tables 4 and 7 (ICtCp, PQ); ITU-R BT.601 (luma weights); Smith, "Color
gamut transform pairs" (1978, HSV).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Polar = tuple[Array, Array, Array]  # lightness, chroma, hue in radians

# IEC 61966-2-1 and ITU-R BT.2020, to XYZ of D65, four digits as published
_XYZ_FROM_SRGB = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
_XYZ_FROM_2020 = np.array([[0.6370, 0.1446, 0.1689], [0.2627, 0.6780, 0.0593], [0.0000, 0.0281, 1.0610]])


def _white_kept(matrix: Array) -> Array:
    """Rows scaled so that (1, 1, 1) stays (1, 1, 1): greys come out exactly neutral."""
    return matrix / matrix.sum(1, keepdims=True)


SRGB_FROM_2020 = _white_kept(np.linalg.inv(_XYZ_FROM_SRGB) @ _XYZ_FROM_2020)
_2020_FROM_SRGB = np.linalg.inv(SRGB_FROM_2020)
REC2020_FROM_XYZ = np.linalg.inv(_XYZ_FROM_2020)
LUMINANCE = _XYZ_FROM_2020[1] / _XYZ_FROM_2020[1].sum()


def encoded(linear: Array) -> Array:
    """sRGB code values 0 to 1 (IEC 61966-2-1), continued evenly below 0."""
    size = np.abs(linear)
    bent = 1.055 * np.maximum(size, 0.0031308) ** (1 / 2.4) - 0.055
    return np.sign(linear) * np.where(size <= 0.0031308, 12.92 * size, bent)


def decoded(code: Array) -> Array:
    """The inverse of `encoded`."""
    size = np.abs(code)
    return np.sign(code) * np.where(size <= 0.04045, size / 12.92, ((size + 0.055) / 1.055) ** 2.4)


class _Opponent:
    """Lightness and two opponent axes: a matrix, a curve, a matrix. The second matrix takes grey to (L, 0, 0)."""

    def __init__(self, inner: Array, curve: Callable[..., Array], inverse: Callable[..., Array], outer: Array) -> None:
        self.inner, self.curve, self.inverse = _white_kept(inner), curve, inverse
        self.outer = outer.copy()
        self.outer[0] /= outer[0].sum()
        self.outer[1:] -= outer[1:].mean(1, keepdims=True)  # digits of the publication that do not sum to 0
        self.back = np.linalg.inv(self.outer), np.linalg.inv(self.inner)

    def polar(self, rgb: Array) -> Polar:
        axes = self.curve(rgb @ self.inner.T) @ self.outer.T
        return axes[..., 0], np.hypot(axes[..., 1], axes[..., 2]), np.arctan2(axes[..., 2], axes[..., 1])

    def rgb(self, polar: Polar) -> Array:
        lightness, chroma, hue = polar
        axes = np.stack([lightness, chroma * np.cos(hue), chroma * np.sin(hue)], -1)
        return self.inverse(axes @ self.back[0].T) @ self.back[1].T


class _Hsv:
    """The hexcone of linear sRGB; a saturation over 1 is outside the gamut."""

    def polar(self, rgb: Array) -> Polar:
        srgb = rgb @ SRGB_FROM_2020.T
        most, least = srgb.max(-1), srgb.min(-1)
        spread = most - least
        safe = np.where(spread > 0, spread, 1.0)
        red, green, blue = np.moveaxis(srgb, -1, 0)
        hue = np.where(most == red, ((green - blue) / safe) % 6, 0.0)
        hue = np.where((most == green) & (most != red), (blue - red) / safe + 2, hue)
        hue = np.where((most == blue) & (most != red) & (most != green), (red - green) / safe + 4, hue)
        return most, spread / np.where(most > 0, most, 1.0), hue * (np.pi / 3)

    def rgb(self, polar: Polar) -> Array:
        value, saturation, hue = polar
        sector = (hue / (np.pi / 3))[..., None] + np.array([5.0, 3.0, 1.0])
        ramp = np.clip(np.minimum(sector % 6, 4 - sector % 6), 0, 1)
        srgb = value[..., None] * (1 - saturation[..., None] * ramp)
        return srgb @ _2020_FROM_SRGB.T


def _power(exponent: float) -> Callable[[Array], Array]:
    return lambda value: np.sign(value) * np.abs(value) ** exponent


_PQ = (2610 / 16384, 2523 / 4096 * 128, 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32)  # m1, m2, c1, c2, c3
_WHITE_NITS = 203.0  # of a picture's white on an HDR screen: ITU-R BT.2408


def _pq(light: Array) -> Array:
    m1, m2, c1, c2, c3 = _PQ
    power = (np.maximum(light, 0) * (_WHITE_NITS / 10000)) ** m1
    return ((c1 + c2 * power) / (1 + c3 * power)) ** m2


def _pq_inverse(code: Array) -> Array:
    m1, m2, c1, c2, c3 = _PQ
    power = np.clip(code, 0, 1) ** (1 / m2)
    return (np.maximum(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1) * (10000 / _WHITE_NITS)


_HPE_D65 = np.array([[0.4002, 0.7075, -0.0807], [-0.2280, 1.1500, 0.0612], [0.0, 0.0, 0.9184]])
_IPT = np.array([[0.4, 0.4, 0.2], [4.455, -4.851, 0.396], [0.8056, 0.3572, -1.1628]])
_LMS_2100 = np.array([[1688.0, 2146.0, 262.0], [683.0, 2951.0, 462.0], [99.0, 309.0, 3688.0]]) / 4096
_ICTCP = np.array([[2048.0, 2048.0, 0.0], [6610.0, -13613.0, 7003.0], [17933.0, -17390.0, -543.0]]) / 4096
_YCC = np.array([[0.299, 0.587, 0.114], [0.5, -0.418688, -0.081312], [-0.168736, -0.331264, 0.5]])  # Y, Cr, Cb

_SPACES: dict[str, _Opponent | _Hsv] = {
    "ipt": _Opponent(_HPE_D65 @ _XYZ_FROM_2020, _power(0.43), _power(1 / 0.43), _IPT),
    "ictcp": _Opponent(_LMS_2100, _pq, _pq_inverse, _ICTCP),
    "hsv": _Hsv(),
    "ycc": _Opponent(SRGB_FROM_2020, encoded, decoded, _YCC),
}
_SIX = np.array([[1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 1, 1], [0, 0, 1], [1, 0, 1]], float)  # in sRGB, as model.HUES


@cache
def _full_colors(space: str) -> tuple[float, Array]:
    """The mean chroma and the hues (6,) of sRGB's six full colors."""
    _, chroma, hue = _SPACES[space].polar(_SIX @ _2020_FROM_SRGB.T)
    return float(chroma.mean()), hue


def polar(rgb: Array, space: str) -> Polar:
    """Lightness, chroma and hue of linear Rec. 2020 (..., 3)."""
    lightness, chroma, hue = _SPACES[space].polar(rgb)
    return lightness, chroma / _full_colors(space)[0], hue


def rgb(lightness: Array, chroma: Array, hue: Array, space: str) -> Array:
    """Linear Rec. 2020 (..., 3) of lightness, chroma and hue."""
    return _SPACES[space].rgb((lightness, chroma * _full_colors(space)[0], hue))


def hues(space: str) -> Array:
    """The hues (6,) in radians of red, yellow, green, cyan, blue and magenta."""
    return _full_colors(space)[1]


def white(space: str) -> float:
    """The lightness of white, and of black."""
    return float(_SPACES[space].polar(np.ones((1, 3)))[0][0])
