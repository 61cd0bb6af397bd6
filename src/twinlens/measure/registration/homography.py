"""Homography: the 3x3 between two pictures from points that look alike, by MAGSAC.

Source: Barath, Noskova, Ivashechkin and Matas, "MAGSAC++, a fast, reliable and accurate robust estimator", CVPR 2020.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.record import record
from twinlens.measure.registration.features import Features, alike

Array = npt.NDArray[Any]

NEAR_PX = 3.0  # of the small picture: what still is an inlier
LEAST_INLIERS = 14
LEAST_SHARE = 0.12  # of the points that look alike
SCALES = (0.3, 3.4)  # times, of a length: half to twice with room
MOST_UNEVEN = 3.0  # times, between the scales at two corners: more is no view of the same thing
ROUNDS = 10000


@record(eq=False)
class Found:
    """`matrix` (3, 3): small moving picture from small fixed one; what supports it."""

    matrix: Array
    inliers: int
    share: float
    residual_px: float


def fit(fixed: Features, moving: Features) -> Found | None:
    """The homography, or None where too few points agree."""
    import cv2

    pairs = alike(fixed, moving)
    if len(pairs) < LEAST_INLIERS:
        return None
    here, there = fixed.points[pairs[:, 0]], moving.points[pairs[:, 1]]
    matrix, _ = cv2.findHomography(here, there, cv2.USAC_MAGSAC, NEAR_PX, maxIters=ROUNDS, confidence=0.9999)
    if matrix is None or not np.isfinite(matrix).all() or abs(matrix[2, 2]) < 1e-9:
        return None
    distances = np.linalg.norm(mapped(matrix, here) - there, axis=1)
    inside = distances < NEAR_PX
    distinct = len(np.unique(np.round(here[inside] / 2), axis=0))
    if distinct < LEAST_INLIERS or inside.mean() < LEAST_SHARE:
        return None
    return Found(matrix / matrix[2, 2], distinct, float(inside.mean()), float(np.median(distances[inside])))


def mapped(matrix: Array, points: Array) -> Array:
    """Points (..., 2) through a 3x3."""
    ahead = points @ matrix[:, :2].T + matrix[:, 2]
    return ahead[..., :2] / ahead[..., 2:]


def is_possible(matrix: Array, fixed: Features, moving: Features) -> bool:
    """Whether a camera can have seen it so: not mirrored, not folded, of a possible scale all over, and overlapping."""
    height, width = fixed.grey.shape
    corners = np.array([[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1], [width / 2, height / 2]])
    depth = corners @ matrix[2, :2] + matrix[2, 2]
    if (depth <= 0).any():
        return False
    scales = np.sqrt(np.maximum(np.linalg.det(matrix) / depth**3, 0))  # of areas, as of the Jacobian
    if scales.min() < SCALES[0] or scales.max() > SCALES[1] or scales.max() > MOST_UNEVEN * scales.min():
        return False
    return overlap(matrix, fixed.grey.shape, moving.grey.shape) > 0.08


def overlap(matrix: Array, fixed: tuple[int, ...], moving: tuple[int, ...]) -> float:
    """The share of the fixed picture that lies inside the moving one."""
    grid = np.stack(np.meshgrid(np.linspace(0, fixed[1] - 1, 33), np.linspace(0, fixed[0] - 1, 33)), -1)
    places = mapped(matrix, grid)
    inside = (places >= 0).all(-1) & (places <= np.array([moving[1] - 1, moving[0] - 1])).all(-1)
    return float(inside.mean())
