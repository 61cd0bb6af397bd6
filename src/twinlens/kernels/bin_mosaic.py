"""Bin mosaic: a reduced picture straight from the counts of a Bayer mosaic, for previews and scans, compiled."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from twinlens.core.errors import ParameterError
from twinlens.core.image import Array, empty_rgb
from twinlens.kernels import library
from twinlens.numerics import linearize as reference

STRIP = 64  # rows of the result a call, so that the counts stay in the cache


def bin_mosaic(
    raw: Array,
    phase: tuple[int, int],
    black: Array,
    scale: Array,
    factor: int,
    clip_level: Array,
    threads: int = 1,
) -> tuple[Array, Array]:
    """Camera RGB (H // factor, W // factor, 3) and clipped cells (uint8, bits 0, 1, 2) of a mosaic (H, W) uint16.

    As `numerics.linearize.bin_mosaic`. `factor` is even; a mosaic smaller than it is an error (ParameterError).
    """
    if factor < 2 or factor % 2 or min(raw.shape) < factor:
        raise ParameterError(f"a mosaic of {raw.shape} is reduced by an even factor up to its size, got {factor}")
    kernel = library.find("bin_mosaic") if raw.dtype == np.uint16 and raw.strides[1] == 2 else None
    if kernel is None:
        return reference.bin_mosaic(raw, phase, black, scale, factor, clip_level)
    levels = np.empty((3, 2, 2), np.float32).transpose(1, 2, 0)
    levels[...] = np.stack([black, scale, clip_level], 2)
    height, width = raw.shape[0] // 2 // (factor // 2), raw.shape[1] // 2 // (factor // 2)
    rgb, clipped = empty_rgb(height, width), np.empty((height, width), np.uint8)

    def run(first: int) -> None:
        rows = slice(first, first + STRIP)
        kernel(raw, levels, *phase, factor // 2, first, rgb[rows], clipped[rows])

    if threads == 1:
        for first in range(0, height, STRIP):
            run(first)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(run, range(0, height, STRIP)))
    return rgb, clipped
