"""Lut weights: an interpolation of a 3D table as weights of its nodes, for fitting tables.

Tables are (N, N, N, 3) [blue, green, red]; a node's index is red + N green + N^2 blue.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def _cells(codes: Array, size: int) -> tuple[Array, Array]:
    """The lower corner's node index (N, 3) and the place in the cell (N, 3)."""
    grid = np.clip(codes, 0, 1) * (size - 1)
    base = np.minimum(grid.astype(np.int32), size - 2)
    return base, grid - base


def tetrahedral_weights(codes: Array, size: int) -> tuple[Array, Array]:
    """Nodes (N, 4) and their weights (N, 4) in the tetrahedral interpolation of codes (N, 3), 0 to 1."""
    base, part = _cells(codes, size)
    strides = np.array([1, size, size * size], np.int32)
    order = np.argsort(-part, axis=-1, kind="stable")
    part = np.take_along_axis(part, order, -1)
    nodes = np.cumsum(np.concatenate([(base @ strides)[:, None], strides[order]], 1), axis=1)
    edges = np.concatenate([np.ones((len(part), 1)), part, np.zeros((len(part), 1))], 1)
    return nodes, edges[:, :-1] - edges[:, 1:]


def trilinear_weights(codes: Array, size: int) -> tuple[Array, Array]:
    """Nodes (N, 8) and their weights (N, 8) in the trilinear interpolation of codes (N, 3), 0 to 1."""
    base, part = _cells(codes, size)
    start = base @ np.array([1, size, size * size], np.int32)
    nodes, weights = [], []
    for corner in range(8):
        bits = np.array([corner & 1, corner >> 1 & 1, corner >> 2])
        nodes.append(start + int(bits @ [1, size, size * size]))
        weights.append(np.prod(np.where(bits, part, 1 - part), axis=1))
    return np.stack(nodes, 1), np.stack(weights, 1)
