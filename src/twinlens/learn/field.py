"""Field: the smooth residual that a base leaves, as a lattice over the base's own display codes.

Minimised: sum w |T z - (target - base)|^2 + smoothing * integral |second derivatives of z|^2 + a small ridge, T the
tetrahedral interpolation that looks use. Where nothing is known the field goes on straight and, by the ridge, to
nothing. Rows whose target is clipped count from one side; outlying rows count less (iteratively reweighted).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.record import record
from twinlens.learn.base import one_sided

Array = npt.NDArray[Any]

SIZE = 17
RIDGE = 1e-7  # of z^2 a node
ROBUST = 0.012  # code: residuals beyond count by their size
PASSES = 4


@record(kw_only=True, eq=False)
class Field:
    """`values` (n, n, n, 3) [blue, green, red] added to display codes; `smoothing` with which it was found."""

    values: Array
    smoothing: float

    def __call__(self, code: Array) -> Array:
        """The change (..., 3) of display codes (..., 3)."""
        from twinlens.numerics.lut import tetrahedral

        size = len(self.values)
        return tetrahedral(np.clip(code, 0, 1) * (size - 1), self.values)


def weights_of(code: Array, size: int) -> Any:
    """The sparse matrix (N, size^3) of tetrahedral interpolation at codes (N, 3)."""
    from scipy import sparse

    grid = np.clip(code, 0, 1) * (size - 1)
    base = np.minimum(grid.astype(np.int64), size - 2)
    part = grid - base
    order = np.argsort(-part, axis=-1, kind="stable")
    part = np.take_along_axis(part, order, -1)
    step = np.array([1, size, size * size])[order]
    start = base @ np.array([1, size, size * size])
    index = np.stack([start, start + step[:, 0], start + step[:, 0] + step[:, 1], start + step.sum(1)], 1)
    value = np.stack([1 - part[:, 0], part[:, 0] - part[:, 1], part[:, 1] - part[:, 2], part[:, 2]], 1)
    rows = np.repeat(np.arange(len(code)), 4)
    return sparse.csr_matrix((value.ravel(), (rows, index.ravel())), (len(code), size**3))


def bending(size: int) -> Any:
    """The sparse matrix (size^3, size^3) of the integral of all squared second derivatives over the unit cube."""
    from scipy import sparse

    one = sparse.identity(size, format="csr")
    second = sparse.diags([1.0, -2.0, 1.0], [0, 1, 2], (size - 2, size))
    first = sparse.diags([-1.0, 1.0], [0, 1], (size - 1, size))
    total: Any = 0
    for axis in range(3):
        parts = [one] * 3
        parts[axis] = second
        rows = sparse.kron(sparse.kron(parts[0], parts[1]), parts[2])
        total = total + rows.T @ rows
        mixed: list[Any] = [first] * 3
        mixed[axis] = one
        rows = sparse.kron(sparse.kron(mixed[0], mixed[1]), mixed[2])
        total = total + 2 * rows.T @ rows
    return (total * (size - 1)).tocsc()


def fit(
    code: Array, target: Array, weight: Array, smoothing: float, *, size: int = SIZE, noise: Array | None = None
) -> Field:
    """The field that takes base codes (N, 3) to target codes (N, 3), with weights (N,) that sum to 1."""
    from scipy import sparse
    from scipy.sparse.linalg import splu

    interpolation = weights_of(code, size)
    penalty = smoothing * bending(size) + RIDGE * sparse.identity(size**3)
    wanted = target - code
    width = ROBUST if noise is None else np.hypot(ROBUST, noise)[:, None]
    values = np.zeros((size**3, 3))
    solver: Any = None
    for _ in range(PASSES):
        found = interpolation @ values
        off = one_sided(found - wanted, target)
        free = (off == 0) & (found != wanted) if solver is not None else np.zeros(off.shape, bool)
        share = (
            weight[:, None] / np.sqrt(1 + (off / width) ** 2) if solver is not None else weight[:, None] * np.ones(3)
        )
        share = np.where(free, 0, share)
        if solver is None:
            matrix = (interpolation.T @ sparse.diags(weight) @ interpolation + penalty).tocsc()
            solver = splu(matrix, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
        for c in range(3):
            values[:, c] = _solved(interpolation, share[:, c], penalty, wanted[:, c], values[:, c], solver)
    return Field(values=values.reshape(size, size, size, 3), smoothing=smoothing)


def _solved(interpolation: Any, share: Array, penalty: Any, wanted: Array, start: Array, solver: Any) -> Array:
    from scipy.sparse.linalg import LinearOperator, cg

    count = len(start)
    transposed = interpolation.T.tocsr()
    action = LinearOperator((count, count), lambda x: transposed @ (share * (interpolation @ x)) + penalty @ x)  # pyright: ignore
    before = LinearOperator((count, count), solver.solve)  # pyright: ignore
    return cg(action, transposed @ (share * wanted), start, rtol=1e-6, maxiter=40, M=before)[0]
