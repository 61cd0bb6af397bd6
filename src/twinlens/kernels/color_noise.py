"""Color noise: the compiled `numerics.color_noise.color_noise`, or that itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.image import empty_rgb, planar
from twinlens.kernels import library
from twinlens.numerics import color_noise as reference

Array = npt.NDArray[Any]


def color_noise(rgb: Array, balance: Array, floor: float, tolerance: float) -> Array:
    """Linear camera RGB (H, W, 3), color drawn along the luma; as `numerics.color_noise.color_noise`, which says what
    is what."""
    compiled = library.find("color_noise")
    if compiled is None:
        return reference.color_noise(rgb, balance, floor, tolerance)
    height, width = rgb.shape[:2]
    made = empty_rgb(-(-height // 2) * 2, -(-width // 32) * 32)  # whole blocks of the kernel
    compiled(planar(np.asarray(rgb)), *map(float, balance), floor, tolerance, made)
    return made[:height, :width]
