"""Gain table: each pixel times a gain that depends on its place and brightness."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.image import empty_rgb
from twinlens.kernels import library
from twinlens.kernels.matrix import in_blocks
from twinlens.numerics.gain_table import apply_gain_table

Array = npt.NDArray[Any]


def gain_table(
    source: Array,
    gains: Array,
    rows: tuple[Array, Array],
    columns: tuple[Array, Array],
    mixing: Array,
    weights: Array,
    gamma: float,
) -> Array:
    """Pixels (H, W, 3) times their gain; see `numerics.gain_table.apply_gain_table`."""
    kernel = library.find("gain_table")
    if kernel is None:
        return apply_gain_table(source, gains, rows, columns, mixing, weights, gamma)
    width, source = source.shape[1], in_blocks(source)
    out = empty_rgb(*source.shape[:2])
    down, across, entries = gains.shape
    flat = np.ascontiguousarray(gains, np.float32).reshape(-1)
    mixing, weights = (np.ascontiguousarray(one, np.float32) for one in (mixing, weights))
    wide = [np.pad(one, (0, source.shape[1] - width), mode="edge") for one in columns]
    kernel(source, flat, *rows, *wide, mixing, weights, down, across, entries, gamma, out)
    return out[:, :width]
