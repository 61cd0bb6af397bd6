"""Matrix: a 3x3 matrix on every pixel."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.image import empty_rgb
from twinlens.kernels import library

Array = npt.NDArray[Any]


def matrix(source: Array, coefficients: Array, out: Array | None = None) -> Array:
    """`coefficients` (3, 3) applied to each pixel of `source` (H, W, 3), planar float32; into `out` where given."""
    coefficients = np.ascontiguousarray(coefficients, np.float32)
    if out is None:
        out = empty_rgb(*source.shape[:2])
    kernel = library.find("matrix")
    if kernel is not None and source.strides[1] == source.itemsize and source.dtype == np.float32:
        kernel(source, coefficients, out)
    else:
        out[...] = np.asarray(source, np.float32) @ coefficients.T
    return out
