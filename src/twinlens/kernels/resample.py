"""Resample: a planar picture at another size. Reference: `numerics.resample`."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.image import empty_rgb
from twinlens.kernels import library
from twinlens.numerics import resample as reference

Array = npt.NDArray[Any]


def resample(rgb: Array, rows: tuple[Array, Array], columns: tuple[Array, Array]) -> Array:
    """Planar (n, m, 3) float32 of planar `rgb` (H, W, 3): see `numerics.resample.resample`."""
    kernel = library.find("resample")
    if kernel is None:
        return reference.resample(rgb, rows, columns)
    out = empty_rgb(rows[0].size, columns[0].size)
    kernel(rgb, rows[0], rows[1], columns[0], np.ascontiguousarray(columns[1].T), out)
    return out
