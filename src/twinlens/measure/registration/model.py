"""Registration model: where points of one picture lie in another, what supports it, and the picture laid there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from twinlens.core.record import record
from twinlens.measure.registration.flow import CELL_PX, Placed
from twinlens.measure.registration.homography import Found, mapped, overlap

if TYPE_CHECKING:
    from twinlens.measure.registration.agreement import Areas
    from twinlens.measure.registration.features import Features

Array = npt.NDArray[Any]


@record(kw_only=True, eq=False)
class Registration:
    """Where the places of a fixed picture lie in a moving one.

    `matrix` (3, 3) moving from fixed, px of both in full; `field` (rows, columns, 2) px of the moving picture to be
    added to it, and `sure` (rows, columns) bool whether both show the same thing there, one a cell of `cell_px` (x, y)
    px of the fixed picture. `inliers` points agree, to `inlier_px` (median); areas compared by correlation lie
    `residual_px` (median) and `residual_p90_px` apart, `agreeing` is the share of them found again; all of these px are
    of the fixed picture in full. `overlap` is the share of the fixed picture that lies inside the moving one.
    """

    matrix: Array
    field: Array
    sure: Array
    cell_px: tuple[float, float]
    fixed_shape: tuple[int, int]
    moving_shape: tuple[int, int]
    inliers: int
    inlier_px: float
    residual_px: float
    residual_p90_px: float
    agreeing: float
    overlap: float

    @classmethod
    def at_full_size(
        cls, found: Found, placed: Placed, sure: Array, areas: Areas, fixed: Features, moving: Features
    ) -> Registration:
        """From what was found between the small pictures."""
        here, there = fixed.small_from_full, moving.small_from_full
        matrix = np.linalg.inv(there) @ placed.matrix @ here
        larger = fixed.shape[1] / fixed.grey.shape[1]
        return cls(
            matrix=matrix / matrix[2, 2],
            field=(placed.field / np.array([there[0, 0], there[1, 1]])).astype(np.float32),
            sure=sure,
            cell_px=(CELL_PX / here[0, 0], CELL_PX / here[1, 1]),
            fixed_shape=fixed.shape,
            moving_shape=moving.shape,
            inliers=found.inliers,
            inlier_px=found.residual_px * larger,
            residual_px=areas.residual_px * larger,
            residual_p90_px=areas.residual_p90_px * larger,
            agreeing=areas.share,
            overlap=overlap(matrix, fixed.shape, moving.shape),
        )

    def place(self, points: Array) -> Array:
        """Where points (..., 2) x, y of the fixed picture lie in the moving one."""
        points = np.asarray(points, np.float64)
        at = mapped(self.matrix, points)
        return at + self._cells(self.field, points) if self.field.any() else at

    def is_sure(self, points: Array) -> Array:
        """(...,) bool: whether both pictures show the same thing at points (..., 2) x, y of the fixed one."""
        points = np.asarray(points, np.float64)
        limit = np.array([self.moving_shape[1] - 1, self.moving_shape[0] - 1])
        at = mapped(self.matrix, points)
        inside = (at >= 0).all(-1) & (at <= limit).all(-1)
        return inside & (self._cells(self.sure.astype(np.float32), points)[..., 0] > 0.99)

    def scaled(self, fixed_shape: tuple[int, int], moving_shape: tuple[int, int]) -> Registration:
        """The same views in pictures of other sizes (height, width)."""
        here, there = _scaling(fixed_shape, self.fixed_shape), _scaling(moving_shape, self.moving_shape)
        matrix = np.linalg.inv(there) @ self.matrix @ here
        back = np.array([here[0, 0], here[1, 1]])
        return replace(
            self,
            matrix=matrix / matrix[2, 2],
            field=(self.field / np.array([there[0, 0], there[1, 1]])).astype(np.float32),
            cell_px=(self.cell_px[0] / back[0], self.cell_px[1] / back[1]),
            fixed_shape=fixed_shape,
            moving_shape=moving_shape,
            inlier_px=self.inlier_px / back[0],
            residual_px=self.residual_px / back[0],
            residual_p90_px=self.residual_p90_px / back[0],
        )

    def _cells(self, values: Array, points: Array) -> Array:
        """What the cells (rows, columns, ...) hold at points (..., 2), between them by straight lines."""
        import cv2

        at = ((points + 0.5) / np.array(self.cell_px) - 0.5).astype(np.float32).reshape(-1, 2)
        rows = max(-(-len(at) // 4096), 1)  # remap takes pictures of fewer than 32768 columns
        padded = np.zeros((rows * 4096 if rows > 1 else max(len(at), 1), 2), np.float32)
        padded[: len(at)] = at
        grid = padded.reshape(rows, -1, 2)
        read = cv2.remap(values, grid[..., 0].copy(), grid[..., 1].copy(), cv2.INTER_LINEAR,
                         borderMode=cv2.BORDER_REPLICATE)  # fmt: skip
        flat = read.reshape(grid.shape[0] * grid.shape[1], -1)[: len(at)]
        return flat.reshape(*points.shape[:-1], -1)


def _scaling(smaller: tuple[int, int], larger: tuple[int, int]) -> Array:
    """The 3x3 from places in a picture of one size (height, width) to places in one of another."""
    x, y = larger[1] / smaller[1], larger[0] / smaller[0]
    return np.array([[x, 0, (x - 1) / 2], [0, y, (y - 1) / 2], [0, 0, 1]])


def warp(picture: Array, registration: Registration, shape: tuple[int, int] | None = None) -> Array:
    """The moving picture (H, W) or (H, W, C) laid on the fixed one, `shape` (height, width) or the fixed picture's.

    The picture may be of another size than the one that was registered. Where the moving picture is sampled finer than
    the result it is averaged first; what lies outside it is 0. Values keep their unit; the result is float32.
    """
    import cv2

    shape = shape or registration.fixed_shape
    scaled = registration.scaled(shape, (picture.shape[0], picture.shape[1]))
    y, x = np.mgrid[: shape[0], : shape[1]]
    at = scaled.place(np.stack([x, y], -1)).astype(np.float32)
    factor = int(max(_step(scaled), 1.0))
    if factor > 1:
        size = max(picture.shape[1] // factor, 1), max(picture.shape[0] // factor, 1)
        cut = np.ascontiguousarray(picture[: size[1] * factor, : size[0] * factor])
        picture = cv2.resize(cut, size, interpolation=cv2.INTER_AREA)
        at = (at + 0.5) / factor - 0.5
    return cv2.remap(np.ascontiguousarray(picture, np.float32), at[..., 0].copy(), at[..., 1].copy(),
                     cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0)  # fmt: skip


def _step(registration: Registration) -> float:
    """Pixels of the moving picture for one of the fixed picture, in its middle."""
    height, width = registration.fixed_shape
    depth = registration.matrix[2] @ [width / 2, height / 2, 1]
    return float(np.sqrt(abs(np.linalg.det(registration.matrix) / depth**3)))
