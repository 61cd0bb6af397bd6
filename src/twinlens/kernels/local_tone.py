"""Local tone: compresses the base layer of a part of a frame."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.image import Window, empty_rgb, planar
from twinlens.kernels import library
from twinlens.kernels.widen import widen
from twinlens.numerics import local_tone as reference
from twinlens.numerics.maps import read

Array = npt.NDArray[Any]


def local_tone(rgb: Array, maps: Array, window: Window, strength: float, gain: float = 1.0) -> Array:
    """Scene-linear `rgb` (H, W, 3) of the part `window` of a frame, after local tone and a gain.

    `maps` (rows, columns, 2) are those of `numerics.local_tone.maps_of`, in planar memory where speed matters.
    """
    fast = library.find("local_tone")
    if fast is None:
        return _reference(rgb, maps, window, strength, gain)
    result = empty_rgb(*rgb.shape[:2])
    fast(rgb, *widen(planar(maps), window), strength, gain, result)
    return result


def _reference(rgb: Array, maps: Array, window: Window, strength: float, gain: float) -> Array:
    height, width = rgb.shape[:2]
    lines = read(maps, window.top, window.left, height, width, window.frame)
    return reference.local_tone(np.asarray(rgb), lines, strength, gain)
