"""Look: scene light to display light by compiled shapers and a table, or by a plain gain."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.image import empty_rgb
from twinlens.kernels import library
from twinlens.numerics.color import XYZ_FROM_REC2020
from twinlens.numerics.look import clip_to_display
from twinlens.numerics.lut import look_up

Array = npt.NDArray[Any]

_LUMA = XYZ_FROM_REC2020[1].astype(np.float32)


def look(rgb: Array, shapers: Array, table: Array) -> Array:
    """Display light (H, W, 3) of scene light (H, W, 3), both linear Rec. 2020, by what `numerics.lut.build` made.

    `shapers` (3, SHAPER_SIZE) and `table` (N, N, N, 4), float32; the fourth value pads a node to 16 bytes.
    """
    fast = library.find("look")
    if fast is None:
        return look_up(rgb, shapers, table[..., :3])
    result = empty_rgb(*rgb.shape[:2])
    fast(rgb, shapers, table.reshape(-1, 4), table.shape[0], result)
    return result


def to_display(rgb: Array, gain: float) -> Array:
    """Scene light (H, W, 3) times `gain`; what lies outside 0 to 1 moves to the grey of its luminance."""
    fast = library.find("to_display")
    if fast is None:
        return clip_to_display(rgb * np.float32(gain))
    result = empty_rgb(*rgb.shape[:2])
    fast(rgb, gain, _LUMA, result)
    return result
