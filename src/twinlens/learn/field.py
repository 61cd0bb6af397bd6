"""Field: smooth changes of display codes, a cubic B-spline over the codes; how much one bends, and its table."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

SPANS = 8  # of the spline, a side
SIZE = SPANS + 3  # coefficients, a side
TABLE = 33  # nodes of the residual table, a side
REACH = 0.3  # code: how far from what was seen the free part goes on
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


@lru_cache(maxsize=2)
def bending(reach: float = REACH) -> Array:
    """The matrix (SIZE^3, SIZE^3) of the integral over the unit cube of all squared second derivatives, and of slopes
    and values by a reach, in code."""
    from scipy import sparse

    one, within = sparse.identity(SIZE, format="csr"), 1 / (reach * SPANS)
    second = sparse.diags([1.0, -2.0, 1.0], [0, 1, 2], (SIZE - 2, SIZE))  # pyright: ignore[reportArgumentType]
    parts: list[Any] = []
    for axis in range(3):
        straight: list[Any] = [one] * 3
        straight[axis] = second
        mixed: list[Any] = [_step()] * 3
        mixed[axis] = one
        sloped: list[Any] = [one] * 3
        sloped[axis] = _step()
        parts.append(sparse.kron(sparse.kron(straight[0], straight[1]), straight[2]))
        parts.append(np.sqrt(2) * sparse.kron(sparse.kron(mixed[0], mixed[1]), mixed[2]))
        parts.append(np.sqrt(2) * within * sparse.kron(sparse.kron(sloped[0], sloped[1]), sloped[2]))
    parts.append(within**2 * sparse.identity(SIZE**3))
    rows = sparse.vstack(parts).tocsr()
    return (rows.T @ rows * SPANS).toarray()


@lru_cache(maxsize=1)
def bends() -> Array:
    """The eigenvalues (SIZE^3,) of `bending`."""
    return np.maximum(np.linalg.eigvalsh(bending()), 0)


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
