"""Flow: the place of every pixel where a plane's homography does not suffice (parallax, a lens's distortion).

Dense inverse search on locally normalized brightness, so that exposure, vignette and rendering matter little.
Source: Kroeger, Timofte, Dai and Van Gool, "Fast optical flow using dense inverse search", ECCV 2016.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.record import record
from twinlens.measure.registration.features import Features
from twinlens.measure.registration.homography import mapped

Array = npt.NDArray[Any]

NORMAL_PX = 31  # window over which brightness is normalized
FLOOR = 10.0  # codes: weaker structure is noise
GAIN = 40.0  # codes a standard deviation
AGREE_PX = (1.0, 0.05)  # forward and backward flow may differ by this, and by this share of their length
CELL_PX = 4  # of the small picture: one cell of the field
SMOOTH_CELLS = 1.5
SURE_WEIGHT = 0.02  # what a cell without structure counts, against 1


@record(eq=False)
class Placed:
    """The moving picture laid on the fixed one: `matrix` (moving from fixed), `field` (rows, columns, 2) px of the
    moving picture on top of it, one a cell, `grey` and `small` as they then lie, `inside` (h, w) and `steady` (h, w):
    where there is a picture, and where the flow forth and back agree."""

    matrix: Array
    field: Array
    grey: Array
    small: Array
    inside: Array
    steady: Array


def rigid(matrix: Array, fixed: Features, moving: Features) -> Placed:
    """The homography alone."""
    shape = cells_of(fixed.grey.shape)
    return _laid(matrix, np.zeros((*shape, 2), np.float32), fixed, moving, np.ones(fixed.grey.shape, bool))


def refined(matrix: Array, fixed: Features, moving: Features) -> Placed:
    """The homography, and a field of what is left."""
    start = rigid(matrix, fixed, moving)
    here, there = normalized(fixed.grey), normalized(start.grey)
    there[~start.inside] = 128
    forth, back = _flow(here, there), _flow(there, here)
    steady = _steady(forth, back) & start.inside
    moved = _smoothed(forth, steady, structure(fixed.grey))
    return _laid(matrix, _in_moving(moved, matrix, fixed), fixed, moving, steady)


def cells_of(shape: tuple[int, ...]) -> tuple[int, int]:
    """Rows and columns of the field over a small picture."""
    return -(-shape[0] // CELL_PX), -(-shape[1] // CELL_PX)


def cell_centers(shape: tuple[int, int]) -> Array:
    """(rows, columns, 2) x, y of the cells' centers in px of the small picture."""
    y, x = (np.arange(size) * CELL_PX + (CELL_PX - 1) / 2 for size in shape)
    return np.stack(np.meshgrid(x, y), -1)


def normalized(grey: Array) -> Array:
    """Brightness less its local mean, by its local standard deviation; (h, w) uint8, 128 is the mean."""
    mean, spread = local(grey)
    return np.clip(128 + GAIN * (grey - mean) / (spread + FLOOR), 0, 255).astype(np.uint8)


def structure(grey: Array) -> Array:
    """How much there is to hold on to, 0 to 1 (h, w)."""
    spread = local(grey, NORMAL_PX // 2)[1]
    return spread**2 / (spread**2 + FLOOR**2)


def local(grey: Array, size: int = NORMAL_PX) -> tuple[Array, Array]:
    """Mean and standard deviation in a window around each pixel, float32."""
    import cv2

    value = grey.astype(np.float32)
    mean = cv2.blur(value, (size, size))
    return mean, np.sqrt(np.maximum(cv2.blur(value * value, (size, size)) - mean * mean, 0))


def _flow(one: Array, other: Array) -> Array:
    import cv2

    search = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)  # type: ignore[attr-defined]
    return search.calc(one, other, None)


def _steady(forth: Array, back: Array) -> Array:
    import cv2

    height, width = forth.shape[:2]
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    returned = cv2.remap(back, x + forth[..., 0], y + forth[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    away = np.linalg.norm(forth + returned, axis=-1)
    return away < AGREE_PX[0] + AGREE_PX[1] * np.linalg.norm(forth, axis=-1)


def _smoothed(moved: Array, steady: Array, weight: Array) -> Array:
    """The flow a cell: the mean of what is steady and has structure, a little of its neighbors'."""
    import cv2

    rows, columns = cells_of(moved.shape)
    weight = np.where(steady, weight + SURE_WEIGHT, 1e-4).astype(np.float32)
    padded = ((0, rows * CELL_PX - moved.shape[0]), (0, columns * CELL_PX - moved.shape[1]))
    weight, moved = np.pad(weight, padded, "edge"), np.pad(moved, (*padded, (0, 0)), "edge")
    weighed = np.concatenate([moved * weight[..., None], weight[..., None]], -1)
    cells = weighed.reshape(rows, CELL_PX, columns, CELL_PX, 3).sum((1, 3))
    cells = cv2.GaussianBlur(cells, (0, 0), SMOOTH_CELLS, borderType=cv2.BORDER_REPLICATE)
    return cells[..., :2] / cells[..., 2:]


def _in_moving(moved: Array, matrix: Array, fixed: Features) -> Array:
    """A move in px of the fixed picture as one in px of the moving picture."""
    centers = cell_centers(cells_of(fixed.grey.shape))
    return (mapped(matrix, centers + moved) - mapped(matrix, centers)).astype(np.float32)


def _laid(matrix: Array, field: Array, fixed: Features, moving: Features, steady: Array) -> Placed:
    import cv2

    x, y = places(matrix, field, fixed.grey.shape)
    height, width = moving.grey.shape
    inside = (x >= 0) & (y >= 0) & (x <= width - 1) & (y <= height - 1)
    small = cv2.remap(_finer(moving.small, matrix, fixed), x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    grey = cv2.remap(_finer(moving.grey, matrix, fixed), x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return Placed(matrix, field, grey, small, inside, steady & inside)


def places(matrix: Array, field: Array, shape: tuple[int, ...]) -> tuple[Array, Array]:
    """x and y (h, w) float32 in the small moving picture, of every pixel of the small fixed one."""
    import cv2

    height, width = shape[:2]
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    at = mapped(matrix, np.stack([x, y], -1)).astype(np.float32)
    if field.any():
        half = (CELL_PX - 1) / 2
        moved = cv2.remap(field, (x - half) / CELL_PX, (y - half) / CELL_PX, cv2.INTER_LINEAR,
                          borderMode=cv2.BORDER_REPLICATE)  # fmt: skip
        at = at + moved
    return np.ascontiguousarray(at[..., 0]), np.ascontiguousarray(at[..., 1])


def _finer(picture: Array, matrix: Array, fixed: Features) -> Array:
    """The moving picture, blurred where it is sampled more coarsely than it is."""
    import cv2

    height, width = fixed.grey.shape
    depth = matrix[2] @ [width / 2, height / 2, 1]
    step = float(np.sqrt(abs(np.linalg.det(matrix) / depth**3)))
    if step <= 1.2:
        return picture
    return cv2.GaussianBlur(picture, (0, 0), 0.5 * float(np.sqrt(step**2 - 1)))
