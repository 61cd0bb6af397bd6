"""Clip mask: which colors are clipped near each site of a mosaic; calls the compiled kernel, or its reference."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.shot import Cfa
from twinlens.kernels import library
from twinlens.numerics.demosaic import clip_bits

Array = npt.NDArray[Any]


def clip_mask(clipped: Array, cfa: Cfa) -> Array:
    """Bits 1, 2, 4 (H, W) uint8 where a red, green, blue site among the 3 x 3 nearest is clipped.

    `clipped` (H, W) uint8 is not 0 at clipped sites; `cfa` is the color filter array as seen from the first site.
    """
    compiled = library.find("clip_mask") if cfa.is_bayer else None
    if compiled is None:
        return clip_bits(clipped, cfa.indices)
    row, column = map(int, np.argwhere(cfa.indices == 0)[0])
    framed = np.zeros((clipped.shape[0] + 2, clipped.shape[1] + 2), np.uint8)
    framed[1:-1, 1:-1] = clipped
    mask = np.empty(clipped.shape, np.uint8)
    compiled(framed, row, column, mask)
    return mask
