"""Warp: a picture resampled at the places that a lens's geometry says, compiled."""

from __future__ import annotations

import numpy as np

from twinlens.core.image import Array, empty_rgb, planar
from twinlens.kernels import library
from twinlens.numerics import lens as reference

BLOCK = reference.GRID
MOST_TAPS = 32


def warp(source: Array, moves: Array, first: tuple[int, int], offset: tuple[int, int], shape: tuple[int, int]) -> Array:
    """As `numerics.lens.warp`: `source` (H, W, 3) float32 resampled to `shape` (h, w), planar."""
    shared, alone = library.find("warp"), library.find("warp_plane")
    if shared is None or alone is None:
        return reference.warp(source, moves, first, offset, shape)
    moves = np.ascontiguousarray(moves.transpose(2, 3, 0, 1), np.float32).transpose(2, 3, 0, 1)
    taps = [4 + int(np.ceil(np.abs(np.diff(moves[..., axis], axis=1)).max(initial=0))) for axis in (0, 1)]
    if max(taps) > MOST_TAPS:
        return reference.warp(source, moves, first, offset, shape)
    out = empty_rgb(shape[0], -(-(first[1] + shape[1]) // BLOCK) * BLOCK)  # whole vectors from the first node on
    left = offset[1] - first[1]
    source, pad = _padded(planar(source), moves[..., 1], left, out.shape[1], taps[1])
    place = (first[0], offset[0], left + pad, *taps)
    if moves.shape[2] == 1:
        shared(source, moves[:, :, 0], *place, out)
    else:
        for plane in range(3):
            one = slice(plane, plane + 1)
            alone(source[..., one], moves[:, :, plane], *place, out[..., one])
    return out[:, first[1] : first[1] + shape[1]]


def warp_plane(source: Array, moves: Array, shape: tuple[int, int]) -> Array:
    """One plane as `numerics.lens.warp`: `source` (H, W) float32 resampled to `shape` (h, w); `moves` (rows, columns,
    2) from the first pixel on.
    """
    alone, moves = library.find("warp_plane"), np.asarray(moves, np.float32)
    taps = [4 + int(np.ceil(np.abs(np.diff(moves[..., axis], axis=1)).max(initial=0))) for axis in (0, 1)]
    if alone is None or max(taps) > MOST_TAPS:
        return reference.warp(source[..., None], moves[:, :, None], (0, 0), (0, 0), shape)[..., 0]
    moves = np.ascontiguousarray(moves.transpose(2, 0, 1)).transpose(1, 2, 0)
    out = np.empty((1, shape[0], -(-shape[1] // BLOCK) * BLOCK), np.float32).transpose(1, 2, 0)
    source, pad = _padded(source[..., None], moves[..., 1][:, :, None], 0, out.shape[1], taps[1])
    alone(source, moves, 0, 0, pad, *taps, out)
    return out[:, : shape[1], 0]


def _padded(source: Array, moves_x: Array, left: int, width: int, taps: int) -> tuple[Array, int]:
    """`source` with its edge columns repeated as far as any vector of 16 loads, and how many were put before it."""
    cells = np.arange(-(-width // BLOCK))
    ends = np.stack([moves_x[:, cells], moves_x[:, np.minimum(cells + 1, moves_x.shape[1] - 1)]])
    start = np.floor(ends) - 1 + (cells * BLOCK + left)[:, None]
    before = max(0, -int(start.min()))
    after = max(0, int(start.max()) + BLOCK + taps - source.shape[1])
    if before or after:
        source = np.pad(source.transpose(2, 0, 1), ((0, 0), (0, 0), (before, after)), mode="edge").transpose(1, 2, 0)
    return source, before


def warp_mask(
    mask: Array, moves: Array, first: tuple[int, int], offset: tuple[int, int], shape: tuple[int, int]
) -> Array:
    """As `numerics.lens.warp_mask`: the nearest entries of `mask` (H, W) uint8, at the places of green."""
    if not mask.any():
        return np.zeros(shape, np.uint8)
    kernel = library.find("warp_mask")
    if kernel is None or mask.strides[1] != 1:
        return reference.warp_mask(mask, moves, first, offset, shape)
    green = np.ascontiguousarray(moves[:, :, moves.shape[2] // 2].transpose(2, 0, 1), np.float32).transpose(1, 2, 0)
    out = np.empty(shape, np.uint8)
    kernel(mask, green, *first, *offset, out)
    return out
