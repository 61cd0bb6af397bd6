"""Denoise: the compiled `numerics.denoise.denoise`, or that itself."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.kernels import library
from twinlens.numerics import denoise as reference

Array = npt.NDArray[Any]

MARGIN = reference.MARGIN


def whole_size(height: int, width: int) -> tuple[int, int]:
    """The size of result that the kernel makes for one of at least this size: multiples of 4 rows, 64 columns, from
    128."""
    return -(-height // 4) * 4, max(-(-width // 64) * 64, 128)


@cache
def _prior_table(coarse: bool, amount: float) -> Array:
    """(3, n * n): what the block's energy adds to a coefficient's share; the weights that measure that energy; the
    start.

    Means are kept whole. The weight of the first, which has none, is in its place what pure noise measures.
    """
    prior = reference.COARSE_PRIOR if coarse else reference.FINE_PRIOR
    weights, scale = reference.energy_weights(prior)
    low, high = reference.thresholds(amount)
    start = np.full(prior.size, -low / (high - low))
    rows = (prior.ravel() * (reference.BORROWED / (high - low)), weights.ravel() * scale, start)
    table = np.stack(rows).astype(np.float32)
    table[1, 0] = table[1].sum()
    for row, column in reference.carriers(len(prior)):
        table[2, row * len(prior) + column] = 1.0
    return table


def denoise(mosaic: Array, tile: reference.Sites, swap: bool, amount: float, out: Array) -> None:
    """Write into `out` (h, w) the denoised inner part of `mosaic` (h + 2 MARGIN, w + 2 MARGIN), float32.

    (h, w) is a `whole_size`; site (0, 0) of `mosaic` is the tile's first and begins a unit of 4 x 4 sites. `swap`
    says that the greens lie on the tile's main diagonal. `amount` is above 0, to 1.
    """
    compiled = library.find("denoise")
    if compiled is None:
        out[:] = reference.denoise(mosaic, tile, swap, amount)
        return
    low, high = reference.thresholds(amount)
    rows = (tile.balance, tile.slope, tile.pole, 1 / tile.balance, reference.difference_carrier(swap))
    sites = np.stack([np.ravel(one) for one in rows])
    compiled(
        mosaic, sites.astype(np.float32), _prior_table(False, amount), _prior_table(True, amount),
        tile.floor, 1 / (high - low), -1.0 if swap else 1.0, out,
    )  # fmt: skip
