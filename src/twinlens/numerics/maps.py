"""Maps: low-resolution maps (rows, columns, ...) that lie over a whole frame: made by pooling, filled, read in between.

Cell (i, j) of a map of (rows, columns) cells covers the part [j, j+1) / columns of the frame's width and [i, i+1) /
rows of its height; its value belongs to the cell's middle. A map fits a frame of any size, so preview and full size
share it. Filling is push-pull: Gortler et al., "The Lumigraph", 1996, section 3.5.2.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def cells(height: int, width: int, long_edge: int) -> tuple[int, int]:
    """Rows and columns of a map of nearly square cells with `long_edge` cells on the longer side, no cell under a
    pixel."""
    step = max(max(height, width) / long_edge, 1.0)
    return max(round(height / step), 1), max(round(width / step), 1)


def pooled(values: Array, rows: int, columns: int, how: np.ufunc = np.add) -> Array:
    """Cell means (or, with `how=np.maximum`, maxima) of (H, W) or (H, W, n) on a map of rows x columns <= H x W."""
    height, width = values.shape[:2]
    tops, lefts = np.arange(rows) * height // rows, np.arange(columns) * width // columns
    down = how.reduceat(values, tops, axis=0)
    turned = np.ascontiguousarray(np.swapaxes(down, 0, 1))  # along rows of memory: several times faster
    result = np.swapaxes(how.reduceat(turned, lefts, axis=0), 0, 1)
    if how is np.add:
        counts = np.outer(np.diff(tops, append=height), np.diff(lefts, append=width)).astype(values.dtype)
        result = result / (counts if values.ndim == 2 else counts[..., None])
    return result


def knots(places: Array, length: int, count: int) -> tuple[Array, Array]:
    """For pixels (int) of a line of `length`: the cell of `count` before each, and how far it is to the next (0 to
    1)."""
    place = (places.astype(np.float32) + np.float32(0.5)) * np.float32(count / length) - np.float32(0.5)
    first = np.clip(np.floor(place).astype(int), 0, max(count - 2, 0))
    return first, np.clip(place - first.astype(np.float32), 0, 1)


def sampled(field: Array, top: int, left: int, height: int, width: int, frame: tuple[int, int]) -> Array:
    """The map (rows, columns, ...) read bilinearly at the pixels of a part (height, width at top, left) of a frame."""
    down = _at(field, np.arange(top, top + height), frame[0], 0)
    return _at(down, np.arange(left, left + width), frame[1], 1)


STRIP = 8  # columns between which the kernels read a map linearly


def widened_columns(field: Array, left: int, width: int, frame_width: int) -> Array:
    """The map at every pixel across (rows, width, ...): exactly at every STRIP-th column of the frame, else
    linearly."""
    strips = np.arange(left // STRIP, (left + width - 1) // STRIP + 2)
    coarse = _at(field, strips * STRIP, frame_width, 1)
    column = np.arange(left, left + width)
    t = ((column % STRIP) / STRIP).astype(field.dtype).reshape(1, -1, *[1] * (field.ndim - 2))
    place = column // STRIP - strips[0]
    return coarse[:, place] + t * (coarse[:, place + 1] - coarse[:, place])


def read(field: Array, top: int, left: int, height: int, width: int, frame: tuple[int, int]) -> Array:
    """`sampled` as the kernels do it: with `widened_columns`."""
    return _at(widened_columns(field, left, width, frame[1]), np.arange(top, top + height), frame[0], 0)


def _at(field: Array, places: Array, length: int, axis: int) -> Array:
    first, t = knots(places, length, field.shape[axis])
    t = t.astype(field.dtype).reshape([-1 if i == axis else 1 for i in range(field.ndim)])
    one, other = np.take(field, first, axis), np.take(field, np.minimum(first + 1, field.shape[axis] - 1), axis)
    return one + t * (other - one)


def softened(field: Array) -> Array:
    """A map after a 3x3 binomial blur (edges repeated)."""
    for axis in (0, 1):
        before, here, after = _neighbors(field, axis)
        field = (before + 2 * here + after) / 4
    return field


def widened(field: Array) -> Array:
    """A map after a 3x3 maximum."""
    for axis in (0, 1):
        before, here, after = _neighbors(field, axis)
        field = np.maximum(np.maximum(before, here), after)
    return field


def _neighbors(field: Array, axis: int) -> tuple[Array, Array, Array]:
    """A map shifted by a cell along an axis, itself, and shifted the other way; the edges are repeated."""
    first, last = (field[:1], field[-1:]) if axis == 0 else (field[:, :1], field[:, -1:])
    wide = np.concatenate([first, field, last], axis)
    return (wide[:-2], field, wide[2:]) if axis == 0 else (wide[:, :-2], field, wide[:, 2:])


def filled(values: Array, weights: Array, prior: Array, firmness: float = 0.004) -> Array:
    """A full map from weighted cells: (rows, columns, n) sums `values` = weight x value, (rows, columns) `weights`.

    Where the weight is small against `firmness` the next coarser mean takes over, at last `prior` (n,).
    """
    pyramid = [np.concatenate([values, weights[..., None]], -1)]
    while max(pyramid[-1].shape[:2]) > 1:
        rows, columns = (-(-n // 2) for n in pyramid[-1].shape[:2])
        pyramid.append(pooled(pyramid[-1], rows, columns))
    estimate = np.broadcast_to(prior.astype(values.dtype), (1, 1, values.shape[2]))
    for finer in reversed(pyramid):
        rows, columns = finer.shape[:2]
        guess = softened(sampled(estimate, 0, 0, rows, columns, (rows, columns)))
        estimate = (finer[..., :-1] + firmness * guess) / (finer[..., -1:] + firmness)
    return estimate
