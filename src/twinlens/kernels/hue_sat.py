"""Hue and saturation: a DNG hue/saturation/value table between two matrices."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.image import empty_rgb
from twinlens.kernels import library
from twinlens.kernels.matrix import in_blocks
from twinlens.numerics.hue_sat import apply_hue_sat

Array = npt.NDArray[Any]


def hue_sat(source: Array, table: Array, srgb_values: bool, before: Array, after: Array) -> Array:
    """`after` @ table(`before` @ pixel) of `source` (H, W, 3); see `numerics.hue_sat.apply_hue_sat`."""
    kernel = library.find("hue_sat")
    if kernel is None:
        return apply_hue_sat(source, table, srgb_values, before, after)
    hues, saturations, values = table.shape[:3]
    width, source = source.shape[1], in_blocks(source)
    out = empty_rgb(*source.shape[:2])
    flat = np.ascontiguousarray(table, np.float32).reshape(-1)
    before, after = (np.ascontiguousarray(one, np.float32) for one in (before, after))
    coded = int(srgb_values and values > 1)
    kernel(source, flat, before, after, hues, saturations, values, coded, out)
    return out[:, :width]
