"""Sharpen: an inverse blur of the luminance of a part of a frame."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.image import empty_rgb
from twinlens.kernels import library
from twinlens.kernels.matrix import matrix
from twinlens.numerics import sharpen as reference

Array = npt.NDArray[Any]


ANY_LIGHT = 1e30  # a ceiling that is none


def sharpen(
    rgb: Array,
    marks: Array | None,
    sigma: float,
    weight: float,
    gain: float = 0.0,
    offset: float = 0.0,
    ceiling: float = ANY_LIGHT,
    mixing: Array | None = None,
) -> Array:
    """Linear Rec. 2020 (H, W, 3), its luminance sharpened; as `numerics.sharpen.sharpen`, which says what is what.

    `mixing` (3, 3) is applied to `rgb` first, in the same pass.
    """
    fast = library.find("sharpen")
    if fast is None:
        rgb = np.asarray(rgb) if mixing is None else matrix(rgb, mixing)
        return reference.sharpen(rgb, marks, sigma, weight, gain, offset, ceiling)
    if marks is None:
        marks = np.zeros(rgb.shape[:2], np.uint8)
    result = empty_rgb(*rgb.shape[:2])
    rows = np.eye(3) if mixing is None else mixing
    rows = np.vstack([rows, reference.LUMINANCE @ rows]).astype(np.float32)
    fast(rgb, marks, rows, *reference.taps(sigma), weight, gain, offset, ceiling, result)
    return result
