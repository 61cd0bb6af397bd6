"""Grain: seeded noise by position on a part of a picture."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from twinlens.core.image import Window, empty_rgb
from twinlens.kernels import library
from twinlens.numerics import grain as reference

Array = npt.NDArray[Any]


def grain(rgb: Array, window: Window, amount: float, size: float, seed: int) -> Array:
    """Display light `rgb` (H, W, 3) of the part `window` of a picture with grain, as `numerics.grain` says."""
    fast = library.find("grain")
    if fast is None:
        noise = reference.field(window.top, window.left, window.height, window.width, size, seed)
        return reference.grained(rgb, noise, amount)
    result = empty_rgb(*rgb.shape[:2])
    fast(rgb, window.top, window.left, seed & 0x7FFFFFFF, amount, *reference.taps(size), result)
    return result
