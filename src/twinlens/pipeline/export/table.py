"""Table: a look as a 3D table whose interpolated values, not only its nodes, lie nearest to the rendering.

A table that is sampled at its nodes is exact there and off between them, always to the same side where the look bends.
Here the nodes are fitted to many colors per cell, through the interpolations that programs use (tetrahedral and
trilinear, half of the colors each), by preconditioned steepest descent held between 0 and 1. Greys count more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.look import Table
from twinlens.numerics.lut import identity_table
from twinlens.numerics.lut_weights import tetrahedral_weights, trilinear_weights

Array = npt.NDArray[Any]
Codes = Callable[[Array], Array]

SIZES = (17, 33, 65)
SAMPLES = {17: 24, 33: 8, 65: 1}  # colors per cell that a table is fitted to
OTHER_SAMPLES = 200_000  # colors in all, of a table of another size
ROUNDS, STEP = 24, 1.2
GREY_WEIGHT, GREY_STEPS = 20.0, 8  # weight of a grey against a color; greys per cell of the diagonal
LIKELY_WEIGHT = 5.0  # of a color that pictures have
SEED = 20


def sampled(render: Codes, size: int) -> Array:
    """The rendering (N, N, N, 3) [blue, green, red] at the nodes."""
    return render(identity_table(size).astype(float))


def fitted(render: Codes, size: int, title: str = "", likely: Array | None = None) -> Table:
    """The table of `size` whose interpolated values fit `render` (codes (N, 3) to codes (N, 3), all 0 to 1) best.

    `likely` (N, 3) are codes of colors that pictures have: they count more than the others of an encoding whose gamut
    reaches far beyond them.
    """
    start = np.clip(sampled(render, size), 0, 1)
    points, weights = _points(size)
    if likely is not None:
        points = np.concatenate([points, np.clip(likely, 0, 1)])
        weights = np.concatenate([weights, np.full(len(likely), LIKELY_WEIGHT)])
    wanted = render(points)
    half = np.arange(len(points)) % 2 == 0
    matrix = _stacked([tetrahedral_weights(points[half], size), trilinear_weights(points[~half], size)])
    order = np.concatenate([np.flatnonzero(half), np.flatnonzero(~half)])
    values = _solve(matrix, np.clip(wanted[order], 0, 1), weights[order], start.reshape(-1, 3))
    return Table(_as_straight(values.reshape(start.shape), start), title=title)


def _as_straight(values: Array, start: Array) -> Array:
    """Grey nodes of a look that does not tint greys become neutral to the last digit; black and white stay."""
    diagonal = np.arange(len(start))
    grey = start[diagonal, diagonal, diagonal]
    if np.ptp(grey, axis=1).max() < 1e-4:
        values[diagonal, diagonal, diagonal] = values[diagonal, diagonal, diagonal].mean(-1, keepdims=True)
    values[0, 0, 0], values[-1, -1, -1] = start[0, 0, 0], start[-1, -1, -1]
    return values


def _points(size: int) -> tuple[Array, Array]:
    """Codes (N, 3) in every cell, with greys, and their weights (N,)."""
    rng = np.random.default_rng(SEED)
    cells = size - 1
    count = SAMPLES.get(size, max(OTHER_SAMPLES // cells**3, 1))
    corner = np.stack(np.meshgrid(*[np.arange(cells)] * 3, indexing="ij"), -1).reshape(-1, 1, 3)
    inside = ((corner + rng.random((cells**3, count, 3))) / cells).reshape(-1, 3)
    grey = np.repeat(np.linspace(0, 1, cells * GREY_STEPS + 1)[:, None], 3, 1)
    return np.concatenate([inside, grey]), np.repeat([1.0, GREY_WEIGHT], [len(inside), len(grey)])


def _stacked(parts: list[tuple[Array, Array]]) -> Any:
    """The sparse matrix of interpolations, one below the other."""
    from scipy import sparse

    ends = np.cumsum([0] + [nodes.shape[1] for nodes, _ in parts for _ in range(len(nodes))])
    nodes = np.concatenate([nodes.ravel() for nodes, _ in parts])
    weights = np.concatenate([weights.ravel() for _, weights in parts])
    return sparse.csr_matrix((weights.astype(np.float32), nodes, ends), dtype=np.float32)


def _solve(matrix: Any, wanted: Array, weights: Array, start: Array) -> Array:
    """Node values (M, 3) in 0 to 1 that bring `matrix` @ values nearest to `wanted`."""
    weights, wanted = weights[:, None].astype(np.float32), wanted.astype(np.float32)
    back = matrix.T.tocsr()
    scale = STEP / np.maximum(back @ weights, 1e-3)
    values = start.astype(np.float32)
    last, momentum = values, 0.0
    for _ in range(ROUNDS):
        ahead = values + momentum * (values - last)
        moved = ahead + scale * (back @ (weights * (wanted - matrix @ ahead)))
        last, values, momentum = values, np.clip(moved, 0, 1), 0.6
    return values.astype(float)
