"""Quantize: linear light to the integer codes of a picture file, with the transfer curve of its space.

Dither adds an ordered pattern before rounding, so that a smooth gradient of less than a code a step does not band. It
is interleaved gradient noise (J. Jimenez, "Next generation post processing in Call of Duty: Advanced Warfare", 2014):
it depends on the place only, is the same for the three channels (greys stay grey), and repeats from run to run.
The reference of the kernels `encode8` and `encode16`.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.numerics.color import encode

Array = npt.NDArray[Any]


@cache
def curve(space: str) -> Array:
    """The transfer curve as (slope, end, scale, power, offset): slope x below the end, else scale x^power - offset."""
    if space in ("srgb", "p3"):
        return np.array([12.92, 0.0031308, 1.055, 1 / 2.4, 0.055], np.float32)
    if space == "adobe":
        return np.array([0, 1e-12, 1, 256 / 563, 0], np.float32)
    if space == "rec2020":
        return np.array([4.5, 0.0181, 1.0993, 0.45, 0.0993], np.float32)
    if space == "prophoto":
        return np.array([16, 1 / 512, 1, 1 / 1.8, 0], np.float32)
    raise ValueError(f"unknown space {space!r}")


def pattern(height: int, width: int, top: int = 0, left: int = 0) -> Array:
    """(height, width) numbers from -0.5 to 0.5 of the place (top, left) of a frame."""
    y, x = np.arange(top, top + height, dtype=float)[:, None], np.arange(left, left + width, dtype=float)
    inner = (0.06711056 * x + 0.00583715 * y) % 1.0
    return (52.9829189 * inner) % 1.0 - 0.5


def quantize(rgb: Array, space: str, bits: int, *, dither: float = 0.0, top: int = 0, left: int = 0) -> Array:
    """Codes (H, W, 3), uint8 or uint16, of linear light; `dither` is the height of the pattern in codes."""
    most = 2**bits - 1
    code = encode(np.clip(np.asarray(rgb, float), 0, 1), space) * most + 0.5
    if dither:
        code = code + dither * pattern(rgb.shape[0], rgb.shape[1], top, left)[..., None]
    return np.clip(code, 0, most).astype(np.uint8 if bits == 8 else np.uint16)
