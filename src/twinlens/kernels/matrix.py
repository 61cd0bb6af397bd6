"""Matrix: a 3x3 matrix on every pixel."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.image import empty_rgb, planar
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


BLOCK = 64  # pixels in a row that a kernel of the color stages takes at a time


def in_blocks(source: Array) -> Array:
    """`source` (H, W, 3) as planar float32 that is a block wide at least; narrower rows repeat their last pixel."""
    missing = BLOCK - source.shape[1]
    if missing > 0:
        source = np.pad(source, ((0, 0), (0, missing), (0, 0)), mode="edge")
    return planar(source.astype(np.float32, copy=False))
