"""Frame, tiles: how far parts of a picture lie from where they should be, and the smooth field that explains it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.record import record
from twinlens.measure.shift import phase_shift

Array = npt.NDArray[Any]

TILE_PX = 96
_ROWS, _COLUMNS = 6, 8  # of tiles, at most
_LEAST_SPREAD = 0.012  # of luma (standard deviation) that a tile needs to be placed
_LEAST_LIKENESS = 0.5  # correlation of a tile after its shift
_LEAST_TILES = 6
_MOST_PX = 12.0  # a tile found farther away was not found
_TRUSTED_PX = 0.3  # spread that shifts are trusted to have; more counts less (Huber)
_RADIAL_PRIOR = 0.02  # of the radius: what a radial term may be
_ITERATIONS = 8


@record(kw_only=True, eq=False)
class Shifts:
    """Tiles of a grid: middle `at` (n, 2) as (x, y), and how far `moved` (n, 2) px what is there lies from it."""

    at: Array
    moved: Array


@record(kw_only=True, eq=False)
class Correction:
    """A field of shifts over a grid of `size`: `plane` (2, 3) of (x, y, 1) and `radial`, both scaled to the half
    diagonal. It is added to the places of the grid before they are looked up."""

    size: tuple[int, int]
    plane: Any = None
    radial: float = 0.0

    def at(self, points: Array) -> Array:
        """The shift in px (..., 2) at points (..., 2) as (x, y)."""
        half, scaled, square = self._scaled(points)
        plane = np.zeros((2, 3)) if self.plane is None else self.plane
        return half * (scaled @ plane[:, :2].T + plane[:, 2] + self.radial * scaled * square)

    def _scaled(self, points: Array) -> tuple[float, Array, Array]:
        middle = np.array([(self.size[1] - 1) / 2, (self.size[0] - 1) / 2])
        half = float(np.hypot(*middle))
        scaled = (points - middle) / half
        return half, scaled, np.sum(scaled**2, axis=-1, keepdims=True)

    def places(self, from_grid: Array) -> Array:
        """Where the pixels of the grid lie in the shot (H, W, 2) as (x, y) float32."""
        y, x = np.mgrid[: self.size[0], : self.size[1]]
        points = np.stack([x, y], axis=-1).astype(float)
        points = points + self.at(points)
        found = points @ from_grid[:, :2].T + from_grid[:, 2]
        return (found[..., :2] / found[..., 2:]).astype(np.float32)

    def improved(self, shifts: Shifts) -> tuple[Correction, float]:
        """This correction with what is left of it, fitted robustly, taken in; and the median of what is left (px)."""
        half, scaled, square = self._scaled(shifts.at)
        columns = np.concatenate([scaled, np.ones((len(scaled), 1))], axis=1)
        zero = np.zeros_like(columns)
        radial = scaled * square
        rows = np.concatenate(
            [np.concatenate([columns, zero, radial[:, :1]], 1), np.concatenate([zero, columns, radial[:, 1:]], 1)]
        )
        wanted = np.concatenate([shifts.moved[:, 0], shifts.moved[:, 1]]) / half
        prior = np.zeros(7)
        prior[6] = (_TRUSTED_PX / half / _RADIAL_PRIOR) ** 2
        weight, solution = np.ones(len(wanted)), np.zeros(7)
        for _ in range(_ITERATIONS):
            weighed = rows * weight[:, None]
            solution = np.linalg.solve(weighed.T @ rows + np.diag(prior + 1e-9), weighed.T @ wanted)
            size = np.hypot(*np.reshape(rows @ solution - wanted, (2, -1))) * half
            weight = np.tile(1 / np.maximum(size / _TRUSTED_PX, 1), 2)
        left = float(np.median(np.hypot(*np.reshape(rows @ solution - wanted, (2, -1)))) * half)
        plane = (np.zeros((2, 3)) if self.plane is None else self.plane) + solution[:6].reshape(2, 3)
        return Correction(size=self.size, plane=plane, radial=self.radial + float(solution[6])), left


def measured_shifts(target: Array, warped: Array) -> Shifts | None:
    """The shifts of tiles of `warped` (h, w) against `target` (h, w), nan outside; None where too few are found."""
    tops, lefts = (_starts(size, count) for size, count in zip(target.shape, (_ROWS, _COLUMNS), strict=True))
    at, moved = [], []
    for top in tops:
        for left in lefts:
            window = slice(top, top + TILE_PX), slice(left, left + TILE_PX)
            shift = _of_tile(target[window], warped[window])
            if shift is not None:
                at.append((left + (TILE_PX - 1) / 2, top + (TILE_PX - 1) / 2))
                moved.append(shift)
    if len(at) < _LEAST_TILES:
        return None
    return Shifts(at=np.array(at), moved=np.array(moved))


def _starts(size: int, count: int) -> Array:
    count = max(min(count, size // TILE_PX), 1)
    return np.linspace(0, max(size - TILE_PX, 0), count).astype(int)


def _of_tile(one: Array, other: Array) -> Array | None:
    if (
        one.shape != other.shape
        or min(one.shape) < TILE_PX
        or not (np.isfinite(one).all() and np.isfinite(other).all())
    ):
        return None
    if min(float(one.std()), float(other.std())) < _LEAST_SPREAD:
        return None
    with np.errstate(all="ignore"):
        shift = phase_shift(one.astype(float), other.astype(float))
    if not np.isfinite(shift).all() or np.hypot(*shift) > _MOST_PX:
        return None
    return shift if _likeness(one, other, shift) > _LEAST_LIKENESS else None


def _likeness(one: Array, other: Array, shift: Array) -> float:
    """Correlation of the inner parts after the shift to the nearest whole pixel."""
    x, y = (int(v) for v in np.rint(shift))
    edge = int(_MOST_PX) + 2
    inner = one[edge:-edge, edge:-edge]
    moved = other[edge + y : other.shape[0] - edge + y, edge + x : other.shape[1] - edge + x]
    spread = float(inner.std() * moved.std())
    return float(np.mean((inner - inner.mean()) * (moved - moved.mean()))) / spread if spread > 0 else 0.0
