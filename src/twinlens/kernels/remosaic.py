"""Remosaic: a tiled quad Bayer mosaic to a Bayer mosaic, and its clipped sites; calls the compiled kernels, or their
references.
"""

from __future__ import annotations

import numpy as np

from twinlens.kernels import library
from twinlens.numerics import quad_bayer as reference
from twinlens.numerics.quad_bayer import MARGIN, Array, Triple

_STRIP = 192  # rows that the reference makes at once, so that its intermediate planes stay small
_LEAST_WIDTH = 64  # columns of the compiled kernel's result: a vector of tiles


def remosaic(sites: Array, balance: Triple, noise: Triple = (0.0, 0.0, 0.0)) -> Array:
    """The Bayer mosaic (H - 48, W - 48) float32 of a tiled mosaic (H, W), as `numerics.quad_bayer.remosaic`."""
    height, width = (size - 2 * MARGIN for size in sites.shape)
    result = np.empty((height, max(width, _LEAST_WIDTH)), np.float32)
    compiled = library.find("remosaic")
    if compiled is not None:
        if width < _LEAST_WIDTH:
            sites = np.pad(sites, ((0, 0), (0, _LEAST_WIDTH - width)), mode="edge")
        compiled(sites, *map(float, balance), *map(float, noise), result)
        return result[:, :width]
    result = result[:, :width]
    for top in range(0, height, _STRIP):
        rows = slice(top, min(top + _STRIP, height))
        result[rows] = reference.remosaic(sites[rows.start : rows.stop + 2 * MARGIN], balance, noise)
    return result


def clipped_sites(clipped: Array) -> Array:
    """Which sites (H - 48, W - 48) uint8 of the Bayer mosaic are clipped, 1 or 0, of a tiled mosaic's (H, W)."""
    compiled = library.find("remosaic_clipped")
    if compiled is None:
        return reference.clipped_sites(clipped)
    result = np.empty(tuple(size - 2 * MARGIN for size in clipped.shape), np.uint8)
    compiled(clipped, result)
    return result
