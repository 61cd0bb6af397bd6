"""RGB tone: a hue-keeping tone curve between two matrices."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.image import empty_rgb
from twinlens.kernels import library
from twinlens.kernels.matrix import in_blocks
from twinlens.numerics.hue_sat import apply_rgb_tone

Array = npt.NDArray[Any]


def rgb_tone(source: Array, curve: Array, before: Array, after: Array) -> Array:
    """`after` @ tone(`before` @ pixel) of `source` (H, W, 3); see `numerics.hue_sat.apply_rgb_tone`."""
    kernel = library.find("rgb_tone")
    if kernel is None:
        return apply_rgb_tone(source, curve, before, after)
    width, source = source.shape[1], in_blocks(source)
    out = empty_rgb(*source.shape[:2])
    before, after = (np.ascontiguousarray(one, np.float32) for one in (before, after))
    kernel(source, np.ascontiguousarray(curve, np.float32), before, after, out)
    return out[:, :width]
