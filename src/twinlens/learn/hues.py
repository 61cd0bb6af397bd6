"""Hues: the changes that makers make by hue, as fields over display codes: they go on where no color was seen.

Makers turn hues, and make the colors of a hue more colorful, paler, lighter or darker: the more the stronger a color
is, and slowly along lightness. With w = u + iv the part of a code across the grey axis, l along it, c = |w|, h its hue:

    across the axis: w G(h) P(l) Q(c), along w and at right angles to it;   along the axis: c G(h) P(l) Q(c)

G are harmonics of hue that fade out at grey, P and Q polynomials. Each is scaled by how much of it is expected.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

ACROSS = np.array([[1, -1, 0], [1, 1, -2]]) / np.array([[2], [6]]) ** 0.5  # of codes, at right angles to grey
HARMONICS = 4
FALL = 0.7  # of what is expected, from harmonic to harmonic
NEAR_GREY = 0.06  # c at which the harmonics fade
MIDDLE, USUAL = 0.5, 0.25  # l and c at which the polynomials are centered


def fields(codes: Array) -> Array:
    """The fields (N, 3, F) at codes (N, 3), in units of what is expected of them."""
    along = codes.mean(-1)
    u, v = np.moveaxis(codes @ ACROSS.T, -1, 0)
    chroma, hue = np.hypot(u, v), np.arctan2(v, u)
    fade = chroma / np.hypot(chroma, NEAR_GREY)
    light = along - MIDDLE
    lightness = [np.ones_like(light), 0.6 * 2 * light, 0.4 * (8 * light**2 - 1)]
    strength = [np.ones_like(chroma), 0.6 * 3 * (chroma - USUAL)]
    harmonics = [np.ones_like(hue)]
    for number in range(1, HARMONICS + 1):
        size = FALL ** (number - 1) * fade
        harmonics += [size * np.cos(number * hue), size * np.sin(number * hue)]
    amounts = np.stack([g * p * q for g in harmonics for p in lightness for q in strength], -1)[:, None]
    outward = np.stack([u, v], -1) @ ACROSS
    turned = np.stack([-v, u], -1) @ ACROSS
    lighter = np.repeat((chroma * fade)[:, None], 3, 1) / np.sqrt(3)
    return np.concatenate([way[..., None] * amounts for way in (outward, turned, lighter)], -1)


@lru_cache(maxsize=1)
def on_lattice(spans: int) -> Array:
    """The fields as coefficients (3, (spans + 3)^3, F) of a cubic spline over the unit cube, [blue, green, red].

    By the quasi-interpolant c = f - f'' / 6, exact for cubics (de Boor, "A Practical Guide to Splines", 1978).
    """
    line = np.arange(-2, spans + 3) / spans
    blue, green, red = np.meshgrid(line, line, line, indexing="ij")
    values = fields(np.stack([red, green, blue], -1).reshape(-1, 3))
    values = values.reshape(*(len(line),) * 3, *values.shape[1:])
    for axis in range(3):
        values = np.moveaxis(values, axis, 0)
        values = np.moveaxis((8 * values[1:-1] - values[:-2] - values[2:]) / 6, 0, axis)
    count = values.shape[0] ** 3
    return np.ascontiguousarray(np.moveaxis(values.reshape(count, 3, -1), 1, 0))
