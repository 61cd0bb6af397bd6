"""Root-polynomial: the color map of a calibrated camera on every pixel."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.image import empty_rgb
from twinlens.kernels import library
from twinlens.kernels.matrix import in_blocks
from twinlens.numerics.root_polynomial import apply

Array = npt.NDArray[Any]


def root_polynomial(source: Array, coefficients: Array) -> Array:
    """The map `coefficients` (13, 3) of `source` (H, W, 3), float32; see `numerics.root_polynomial.terms`."""
    coefficients = np.ascontiguousarray(coefficients, np.float32)
    kernel = library.find("root_polynomial")
    if kernel is None:
        return apply(np.asarray(source, np.float32), coefficients).astype(np.float32)
    width, source = source.shape[1], in_blocks(source)
    out = empty_rgb(*source.shape[:2])
    kernel(source, coefficients, out)
    return out[:, :width]
