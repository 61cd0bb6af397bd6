"""Gain table: local tone as a table of gains over place and brightness (DNG ProfileGainTableMap).

Source: Digital Negative Specification 1.7.1, tags ProfileGainTableMap and ProfileGainTableMap2. At a pixel of linear
ProPhoto RGB, w = clip(2^baseline (weights . (R, G, B, min, max)), 0, 1)^gamma; the gain is interpolated bilinearly
between the map's points around the place and linearly at w N between the N entries of each point's table.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def gain_place(count: int, start: int, length: int, origin: float, spacing: float, points: int) -> tuple[Array, Array]:
    """For `count` pixels from `start` on, of `length` in all: the map point before each (int32) and the part to the
    next."""
    at = ((np.arange(start, start + count) + 0.5) / length - origin) / spacing if spacing > 0 else np.zeros(count)
    at = np.clip(at, 0, points - 1)
    low = np.clip(np.floor(at).astype(np.int32), 0, max(points - 2, 0))
    return low, (at - low).astype(np.float32)


def apply_gain_table(
    rgb: Array,
    gains: Array,
    rows: tuple[Array, Array],
    columns: tuple[Array, Array],
    mixing: Array,
    weights: Array,
    gamma: float,
) -> Array:
    """Pixels (H, W, 3) times their gain. `gains` (points v, points h, entries); `rows` and `columns` from `gain_place`;
    `mixing` (3, 3) takes the pixels to ProPhoto times 2^baseline; `weights` (5,) of R, G, B, min, max."""
    rgb = np.asarray(rgb, np.float32)
    seen = rgb @ np.asarray(mixing, np.float32).T
    five = np.concatenate([seen, seen.min(-1, keepdims=True), seen.max(-1, keepdims=True)], -1)
    weight = np.clip(five @ np.asarray(weights, np.float32), 0, 1)
    if gamma != 1:
        weight = weight ** np.float32(gamma)
    down, across, entries = gains.shape
    at = np.minimum(weight * entries, entries - 1)
    e0 = np.minimum(at.astype(np.int32), max(entries - 2, 0))
    e1, te = np.minimum(e0 + 1, entries - 1), (at - e0).astype(np.float32)
    (v0, tv), (h0, th) = (rows[0][:, None], rows[1][:, None]), (columns[0][None], columns[1][None])
    v1, h1 = np.minimum(v0 + 1, down - 1), np.minimum(h0 + 1, across - 1)

    def at_point(v: Array, h: Array) -> Array:
        return gains[v, h, e0] * (1 - te) + gains[v, h, e1] * te

    upper = at_point(v0, h0) * (1 - th) + at_point(v0, h1) * th
    lower = at_point(v1, h0) * (1 - th) + at_point(v1, h1) * th
    return rgb * (upper * (1 - tv) + lower * tv)[..., None].astype(np.float32)
