"""Vignette: a falloff of light over the radius of the frame."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.image import Window, empty_rgb
from twinlens.kernels import library

Array = npt.NDArray[Any]


def vignette(rgb: Array, window: Window, amount: float) -> Array:
    """Linear `rgb` (H, W, 3) of the part `window` of a frame, its frame's corners darker by `amount` stops."""
    down, across = lines(window, amount)
    fast = library.find("vignette")
    if fast is None:
        return dimmed(rgb, down, across)
    result = empty_rgb(*rgb.shape[:2])
    fast(rgb, down, across, result)
    return result


def lines(window: Window, amount: float) -> tuple[Array, Array]:
    """A number for each row and one for each column of `window`; light is divided by the square of their sum."""
    height, width = window.frame
    per_pixel = 2.0 / np.hypot(height, width)  # radii; 1 in the corners
    y = ((np.arange(window.top, window.bottom) + 0.5 - height / 2) * per_pixel) ** 2
    x = ((np.arange(window.left, window.right) + 0.5 - width / 2) * per_pixel) ** 2
    falloff = 2.0 ** (amount / 2) - 1
    return (1 + falloff * y).astype(np.float32), (falloff * x).astype(np.float32)


def dimmed(rgb: Array, down: Array, across: Array) -> Array:
    """Light (H, W, 3) divided by the square of its row's number (H,) plus its column's (W,)."""
    return rgb / np.square(down[:, None] + across)[..., None]
