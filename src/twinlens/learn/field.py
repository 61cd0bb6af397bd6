"""Field: the smooth residual that a base leaves, a cubic B-spline over the base's own display codes.

z = y + sum a_k f_k: y is free, f_k are the fields of `hues`, which say how a change goes on where no color was seen.
Minimised: sum w |z(b) - (target - b)|^2 + smoothing (integral |second derivatives of y|^2 + HUES sum a_k^2) + a small
ridge. Rows whose target is clipped count from one side; outlying rows count less (iteratively reweighted).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.record import record
from twinlens.learn import hues
from twinlens.learn.base import one_sided

Array = npt.NDArray[Any]

SPANS = 8  # of the spline, a side
SIZE = SPANS + 3  # coefficients, a side
TABLE = 33  # nodes of the residual table, a side
HUES = 10.0  # weight of the fields of hue
RIDGE = 1e-6  # of z^2, a coefficient, in the sum of all
ROUNDING = 1e-13  # of the largest diagonal: what is added so that a very stiff field can be solved for
ROBUST = 0.012  # code: residuals beyond count by their size
PASSES = 4
HELD = 0.2  # of a repair: how much the field is drawn to nothing, beside being made level
REPAIR_REACH = 1.8  # spans, of what is made level about a color that changed its order


def spline(place: Array) -> tuple[Array, Array]:
    """The first coefficient (N,) and four weights (N, 4) of a uniform cubic B-spline at places (N,) 0 to 1."""
    at = np.clip(place, 0, 1) * SPANS
    first = np.minimum(at.astype(int), SPANS - 1)
    t = at - first
    weights = [(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3]
    return first, np.stack(weights, -1) / 6


def interpolation(code: Array) -> Any:
    """The sparse matrix (N, SIZE^3) of the spline at codes (N, 3); coefficients in the order blue, green, red."""
    from scipy import sparse

    (r, wr), (g, wg), (b, wb) = (spline(code[:, c]) for c in range(3))
    four = np.arange(4)
    index = ((b[:, None, None, None] + four[:, None, None]) * SIZE + (g[:, None, None, None] + four[:, None])) * SIZE
    index = index + r[:, None, None, None] + four
    value = wb[:, :, None, None] * wg[:, None, :, None] * wr[:, None, None, :]
    start = np.arange(len(code) + 1) * 64
    return sparse.csr_matrix((value.ravel(), index.reshape(-1), start), (len(code), SIZE**3))


@lru_cache(maxsize=1)
def bending() -> Array:
    """The matrix (SIZE^3, SIZE^3) of the integral of all squared second derivatives over the unit cube."""
    from scipy import sparse

    one = sparse.identity(SIZE, format="csr")
    second = sparse.diags([1.0, -2.0, 1.0], [0, 1, 2], (SIZE - 2, SIZE))  # pyright: ignore[reportArgumentType]
    parts: list[Any] = []
    for axis in range(3):
        straight: list[Any] = [one] * 3
        straight[axis] = second
        mixed: list[Any] = [_step()] * 3
        mixed[axis] = one
        parts.append(sparse.kron(sparse.kron(straight[0], straight[1]), straight[2]))
        parts.append(np.sqrt(2) * sparse.kron(sparse.kron(mixed[0], mixed[1]), mixed[2]))
    rows = sparse.vstack(parts).tocsr()
    return (rows.T @ rows * SPANS).toarray()


def _step() -> Any:
    """The differences between neighbors along a line of coefficients, (SIZE - 1, SIZE)."""
    from scipy import sparse

    return sparse.diags([-1.0, 1.0], [0, 1], (SIZE - 1, SIZE))  # pyright: ignore[reportArgumentType]


@lru_cache(maxsize=1)
def _slopes() -> tuple[Any, Array]:
    """The differences between neighbors of a lattice of coefficients, and the coefficients by HELD, as sparse rows
    (R, SIZE^3), and where each lies (R, 3)."""
    from scipy import sparse

    one = sparse.identity(SIZE, format="csr")
    parts: list[Any] = []
    for axis in range(3):
        line: list[Any] = [one] * 3
        line[axis] = _step()
        parts.append(sparse.kron(sparse.kron(line[0], line[1]), line[2]))
    rows = sparse.vstack([*parts, HELD * sparse.identity(SIZE**3)]).tocsr()
    place = (np.moveaxis(np.indices((SIZE,) * 3), 0, -1).reshape(-1, 3) - 1) / SPANS  # blue, green, red
    size = abs(rows)
    return rows, (size @ place) / np.asarray(size.sum(1))


def stiffer(places: Array, factor: float) -> Array:
    """What makes a field level, and at last nothing, near codes (M, 3), by a factor: there the colors keep the order
    that they have in the base."""
    rows, at = _slopes()
    near = np.zeros(len(at), bool)
    for place in np.unique(np.round(np.clip(places, 0, 1)[:, ::-1] * SPANS * 2) / (SPANS * 2), axis=0):
        near |= np.square(at - place).sum(1) < (REPAIR_REACH / SPANS) ** 2
    part = rows[near]
    return (part.T @ part * (SPANS * (factor - 1))).toarray()


def table_of(coefficients: Array) -> Array:
    """The field (TABLE, TABLE, TABLE, 3) [blue, green, red] of coefficients (SIZE^3, 3)."""
    first, weights = spline(np.linspace(0, 1, TABLE))
    line = np.zeros((TABLE, SIZE))
    line[np.arange(TABLE)[:, None], first[:, None] + np.arange(4)] = weights
    cube = coefficients.reshape(SIZE, SIZE, SIZE, 3)
    return np.einsum("ai,bj,ck,ijkm->abcm", line, line, line, cube, optimize=True)


@record(kw_only=True, eq=False)
class System:
    """The normal equations of a field: `matrix` (n, n) and `right` (n, 3) of the data alone, at its last weights."""

    matrix: Array
    right: Array

    def solve(self, smoothing: float, more: Array | None = None) -> Array:
        """Coefficients (n, 3) for a smoothing; `more` (n, n) weighs the whole field besides, times the smoothing."""
        from scipy.linalg import cho_factor, cho_solve

        known = self.matrix if more is None else self.matrix + smoothing * more
        whole = known + smoothing * bending()
        diagonal = np.diag_indices_from(whole)
        whole[diagonal] += RIDGE / len(whole) + ROUNDING * whole[diagonal].max()
        shapes = hues.on_lattice(SPANS)
        pull = known @ shapes
        answers = cho_solve(
            cho_factor(whole, overwrite_a=True, check_finite=False),
            np.concatenate([*pull, self.right], 1),
            check_finite=False,
        )
        count = shapes.shape[2]
        normal, right = smoothing * HUES * np.eye(count), np.zeros(count)
        for c in range(3):  # of the fields of hue, the rest being free
            own = answers[:, c * count : (c + 1) * count]
            normal += shapes[c].T @ pull[c] - pull[c].T @ own
            right += shapes[c].T @ self.right[:, c] - pull[c].T @ answers[:, 3 * count + c]
        share = np.linalg.solve(normal, right)
        rest = [answers[:, 3 * count + c] - answers[:, c * count : (c + 1) * count] @ share for c in range(3)]
        return np.stack([y + shape @ share for y, shape in zip(rest, shapes, strict=True)], -1)


def gather(code: Array, target: Array, weight: Array, noise: Array, smoothing: float) -> System:
    """The equations that take base codes (N, 3) to target codes (N, 3), with weights (N,) of sum 1, at weights that
    fit `smoothing`."""
    design = interpolation(code)
    wanted = target - code
    width = np.hypot(ROBUST, noise)
    share, found = weight, None
    aim = -one_sided(-wanted, target)  # a clipped row that lies beyond its target is content, from the start
    system: Any = None
    for _ in range(PASSES):
        if found is not None:
            off = one_sided(found - wanted, target)
            aim = found - off
            share = weight / np.sqrt(1 + np.square(off).sum(1) / (3 * width**2))
        matrix = (design.T @ design.multiply(share[:, None]).tocsr()).toarray()
        system = System(matrix=matrix, right=design.T @ (share[:, None] * aim))
        found = design @ system.solve(smoothing)
    return system
