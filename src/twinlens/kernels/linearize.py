"""Linearize: counts of a sensor to linear values with the mask of clipped sites, compiled."""

from __future__ import annotations

import numpy as np

from twinlens.kernels import library
from twinlens.numerics import linearize as reference
from twinlens.numerics.frame import empty_plane
from twinlens.numerics.linearize import Array


def linearize(
    raw: Array, black: Array, black_rows: Array, scale: float, clip_at: float, out: Array | None = None
) -> tuple[Array, Array]:
    """As `numerics.linearize.linearize`; `out` (H, W) float32 is written when given. Only uint16 is compiled."""
    kernel = library.find("linearize") if raw.dtype == np.uint16 and raw.strides[1] == 2 and raw.size else None
    if kernel is None:
        values, clipped = reference.linearize(raw, black, black_rows, scale, clip_at)
        if out is None:
            return values, clipped
        out[...] = values
        return out, clipped
    values = empty_plane(*raw.shape) if out is None else out
    clipped = np.empty(raw.shape, np.uint8)
    kernel(raw, black, black_rows, scale, clip_at, values, clipped)
    return values, clipped
