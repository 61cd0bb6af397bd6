"""View: where a pinhole camera with radial distortion sees a flat chart, and the chart as it sees it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.chart import Chart
from twinlens.simulate.chart_shot.conditions import Conditions

Array = npt.NDArray[Any]

SUPERSAMPLING = 2


def camera_from_mm(chart: Chart, conditions: Conditions, height: int, width: int) -> Array:
    """(3, 3), chart coordinates to undistorted pixels, the whole grid in the picture."""
    around_x, around_y = np.radians(conditions.tilt_deg)
    roll = np.radians(conditions.roll_deg)
    turn = _rotation(0, around_x) @ _rotation(1, around_y) @ _rotation(2, roll)
    if conditions.mirrored:
        turn = turn @ np.diag([-1.0, 1, 1])
    outline = chart.outline
    middle, reach = outline.mean(0), np.hypot(*np.ptp(outline, axis=0)) / 2
    focal = max(height, width) / 2 / np.tan(np.radians(conditions.field_deg) / 2)
    flat = np.array([[1, 0, -middle[0]], [0, 1, -middle[1]], [0, 0, 0], [0, 0, 1]]) / [[reach], [reach], [1], [1]]
    at = np.zeros(2)
    distance = 2 * focal / (conditions.share * min(height, width))
    made = np.eye(3)
    for _ in range(12):
        shift = np.array([at[0] * distance / focal, at[1] * distance / focal, distance])
        made = np.diag([focal, focal, 1]) @ np.concatenate([turn, shift[:, None]], 1) @ flat
        made = np.array([[1, 0, (width - 1) / 2], [0, 1, (height - 1) / 2], [0, 0, 1]]) @ made
        corners = _bent(_project(made, outline), conditions.distortion, height, width)
        low, high = corners.min(0), corners.max(0)
        extent = (high - low) / np.array([width, height])
        if extent.max() > 0.97 or distance < 1.6:
            distance *= max(extent.max() / 0.94, 1.02)
        else:
            distance *= extent.max() / conditions.share
        room = np.maximum(np.array([width, height]) * 0.985 - (high - low), 0) / 2
        wanted = np.array([width, height]) / 2 + np.array(conditions.place) * room
        at = at + wanted - (low + high) / 2
    return made / made[2, 2]


def _rotation(axis: int, angle: float) -> Array:
    made = np.eye(3)
    one, two = [index for index in range(3) if index != axis]
    made[one, one] = made[two, two] = np.cos(angle)
    made[one, two], made[two, one] = -np.sin(angle), np.sin(angle)
    return made


def placed(points_mm: Array, camera_from_mm: Array, conditions: Conditions, height: int, width: int) -> Array:
    """Where the picture has points (..., 2) of the chart."""
    return _bent(_project(camera_from_mm, points_mm), conditions.distortion, height, width)


def _project(homography: Array, points: Array) -> Array:
    made = points @ homography[:, :2].T + homography[:, 2]
    return made[..., :2] / made[..., 2:]


def _bent(points: Array, k: float, height: int, width: int) -> Array:
    middle = np.array([(width - 1) / 2, (height - 1) / 2])
    away = (points - middle) / (np.hypot(height, width) / 2)
    return middle + (points - middle) * (1 + k * (away**2).sum(-1, keepdims=True))


def _straight(points: Array, k: float, height: int, width: int) -> Array:
    """The inverse of `_bent`, by Newton's steps on the radius."""
    middle = np.array([(width - 1) / 2, (height - 1) / 2], points.dtype)
    away = points - middle
    squared = (away**2).sum(-1, keepdims=True) / np.asarray(height**2 + width**2, points.dtype) * 4
    factor = np.ones_like(squared)  # of the radius: factor (1 + k r² factor²) = 1
    for _ in range(4):
        factor = factor - (factor * (1 + k * squared * factor**2) - 1) / (1 + 3 * k * squared * factor**2)
    return middle + away * factor


def seen(
    texture: Array, mm_from_camera: Array, lay: Array, conditions: Conditions, height: int, width: int
) -> tuple[Array, Array]:
    """The chart's light (premultiplied by its coverage) and the coverage, at the picture's size."""
    import cv2

    seen = np.zeros((height, width, 4), np.float32)
    texture_from_camera = lay @ mm_from_camera
    size = texture.shape[:2]
    rim = np.array([[0, 0], [size[1], 0], [size[1], size[0]], [0, size[0]]], float)
    ends = _bent(_project(np.linalg.inv(texture_from_camera), rim), conditions.distortion, height, width)
    (left, top), (right, bottom) = (np.clip(edge, 0, [width, height]).astype(int) for edge in
                                    (ends.min(0) - 0.02 * width, ends.max(0) + 0.02 * width))  # fmt: skip
    finer = SUPERSAMPLING
    y, x = np.mgrid[top * finer : bottom * finer, left * finer : right * finer].astype(np.float32)
    flat = _straight(
        np.stack([(x + 0.5) / finer - 0.5, (y + 0.5) / finer - 0.5], -1), conditions.distortion, height, width
    )
    at = _project(texture_from_camera.astype(np.float32), flat)
    big = cv2.remap(texture, at, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0)  # type: ignore[arg-type]
    seen[top:bottom, left:right] = cv2.resize(big, (right - left, bottom - top), interpolation=cv2.INTER_AREA)
    return seen[..., :3], seen[..., 3]
