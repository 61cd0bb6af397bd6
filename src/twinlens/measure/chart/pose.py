"""Pose: where a chart lies in a picture: a homography, the lens's first radial term, and the true size of the patches.

A point (x, y) in mm goes through the homography to (u, v) and is moved away from the picture's middle m by the lens:
p = m + (u - m)(1 + k |u - m|² / R²), R half the picture's diagonal. Charts of one kind differ in the gaps between their
patches, so each patch is scaled about its center. All is written as eleven numbers: the four corners of the grid of
patch centers in pixels, k, and the scales along x and y.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from twinlens.core.chart import Chart
from twinlens.core.image import Array
from twinlens.measure.chart.lattice import project


@dataclass(frozen=True, eq=False)
class Pose:
    """`anchors` (4, 2): where the corner points of the rectangle of patch centers lie before the lens; `k` the radial
    term; `scale` (2,) of a patch's width and height; `size` width and height of the picture."""

    chart: Chart
    anchors: Array
    k: float
    scale: Array
    size: tuple[int, int]

    @classmethod
    def of(cls, chart: Chart, picture_from_chart: Array, size: tuple[int, int]) -> Pose:
        return cls(chart, project(picture_from_chart, rectangle(chart)), 0.0, np.ones(2), size)

    @property
    def numbers(self) -> Array:
        return np.concatenate([self.anchors.ravel(), [self.k], self.scale])

    def with_numbers(self, numbers: Array) -> Pose:
        return replace(self, anchors=numbers[:8].reshape(4, 2), k=float(numbers[8]), scale=numbers[9:11])

    def resized(self, factor: float, size: tuple[int, int]) -> Pose:
        """The same pose in a picture whose pixels are `factor` times smaller."""
        return replace(self, anchors=(self.anchors + 0.5) * factor - 0.5, size=size)

    @property
    def homography(self) -> Array:
        """picture_from_chart (3, 3) before the lens."""
        return through(rectangle(self.chart), self.anchors)

    def place(self, points: Array) -> Array:
        """Where points (..., 2) in mm lie in the picture."""
        flat = project(self.homography, points)
        middle, radius = np.array([(self.size[0] - 1) / 2, (self.size[1] - 1) / 2]), np.hypot(*self.size) / 2
        away = flat - middle
        return middle + away * (1 + self.k * (away**2).sum(-1, keepdims=True) / radius**2)

    def boxes(self) -> Array:
        """(N, 4) of left, top, right, bottom in mm of the patches at their true size."""
        boxes = self.chart.boxes
        center, half = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]) / 2 * self.scale
        return np.concatenate([center - half, center + half], 1)

    def outlines(self) -> Array:
        """(N, 4, 2): corners of the patches in the picture, from the chart's top left clockwise as it is read."""
        return self.place(self.boxes()[:, [[0, 1], [2, 1], [2, 3], [0, 3]]])

    def corners(self) -> Array:
        """(4, 2): outer corners of the patch grid in the picture."""
        boxes = self.boxes()
        (left, top), (right, bottom) = boxes[:, :2].min(0), boxes[:, 2:].max(0)
        return self.place(np.array([[left, top], [right, top], [right, bottom], [left, bottom]]))

    def patch_px(self) -> float:
        """The side of a patch in pixels: the square root of the median area."""
        outlines = self.outlines()
        x, y = outlines[..., 0], outlines[..., 1]
        areas = np.abs((x * np.roll(y, -1, 1) - np.roll(x, -1, 1) * y).sum(1)) / 2
        return float(np.sqrt(np.median(areas)))


def rectangle(chart: Chart) -> Array:
    """(4, 2): the corners of the rectangle around the patch centers, in mm."""
    low, high = chart.centers.min(0), chart.centers.max(0)
    return np.array([low, [high[0], low[1]], high, [low[0], high[1]]])


def through(source: Array, target: Array) -> Array:
    """The homography (3, 3) that takes four points to four points."""
    matrix = np.zeros((8, 8))
    matrix[0::2, 0:2], matrix[0::2, 2] = source, 1
    matrix[1::2, 3:5], matrix[1::2, 5] = source, 1
    matrix[0::2, 6:8] = -target[:, :1] * source
    matrix[1::2, 6:8] = -target[:, 1:] * source
    return np.append(np.linalg.solve(matrix, target.ravel()), 1.0).reshape(3, 3)
