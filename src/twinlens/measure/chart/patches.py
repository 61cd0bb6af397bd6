"""Patches: the color of each patch from the pixels of its inner part, by means that a scratch or a hair cannot move."""

from __future__ import annotations

import numpy as np

from twinlens.core.chart import Patch
from twinlens.core.image import Array
from twinlens.measure.chart.lattice import project
from twinlens.measure.chart.plate import Plate
from twinlens.measure.chart.pose import Pose, through

INNER = 0.6  # of a patch's width and height that is sampled
MOST_SAMPLES = 48  # places along a side of the inner part
TRIM = 0.2  # share of the values left out at either end of the mean
FEWEST_PIXELS = 16
FEWEST_FOR_HALVES = 80  # pixels: blur of smaller patches would count as unevenness
CLIPPED_SHARE = 0.02  # of the pixels: more is told
UNEVEN = 0.10  # change of lightness from one half of a patch to the other, relative
DARK = 0.0015  # of white: less is told
UNIT = np.array([[-1.0, -1], [1, -1], [1, 1], [-1, 1]])


def measure(pose: Pose, plate: Plate) -> tuple[Patch, ...]:
    """Every patch of a chart, in reading order; the pose is in pixels of the plate."""
    outlines = pose.outlines()
    centers = plate.to_frame(pose.place(pose.chart.centers))
    named = zip(pose.chart.names, pose.chart.cells, outlines, centers, strict=True)
    return tuple(_patch(name, cell, outline, center, plate) for name, cell, outline, center in named)


def _patch(name: str, cell: Array, outline: Array, center: Array, plate: Plate) -> Patch:
    columns, rows, inside = _places(outline, plate)
    place = (float(center[0]), float(center[1]))
    if not inside or columns.size == 0:
        nothing = (float("nan"), float("nan"), float("nan"))
        return Patch(name, int(cell[0]), int(cell[1]), place, nothing, nothing, 0.0, 0, "outside")
    values = plate.linear(plate.pixels[rows, columns].astype(np.float64))
    clipped = float(plate.is_clipped(columns, rows).mean())
    rgb, spread = trimmed_mean(values), robust_spread(values)
    quality = _quality(values, columns, rows, clipped, rgb)
    return Patch(
        name, int(cell[0]), int(cell[1]), place, _three(rgb), _three(spread), clipped, int(columns.size), quality
    )


def _places(outline: Array, plate: Plate) -> tuple[Array, Array, bool]:
    """Columns and rows of the pixels in the inner part of a patch, each once; whether all lie in the picture."""
    center = outline.mean(0)
    inner = center + (outline - center) * INNER
    side = np.hypot(*(inner - np.roll(inner, 1, 0)).T).max()
    count = int(np.clip(np.ceil(side), 2, MOST_SAMPLES))
    x, y = np.meshgrid(*(np.linspace(-1, 1, count),) * 2)
    points = project(through(UNIT, inner), np.stack([x.ravel(), y.ravel()], 1))
    height, width = plate.pixels.shape[:2]
    columns, rows = np.rint(points).astype(int).T
    inside = min(columns.min(), rows.min()) >= 0 and columns.max() < width and rows.max() < height
    if inside:
        columns, rows = np.divmod(np.unique(columns * height + rows), height)
    return columns, rows, bool(inside)


def trimmed_mean(values: Array) -> Array:
    """(3,): the mean of each channel's values (N, 3) without a fifth at either end."""
    cut = int(TRIM * len(values))
    return np.sort(values, axis=0)[cut : len(values) - cut].mean(0)


def robust_spread(values: Array) -> Array:
    """(3,): the standard deviation of each channel as told by the median distance from the median."""
    return 1.4826 * np.median(np.abs(values - np.median(values, axis=0)), axis=0)


def _quality(values: Array, columns: Array, rows: Array, clipped: float, rgb: Array) -> str:
    if clipped > CLIPPED_SHARE:
        return "clipped"
    if len(values) < FEWEST_PIXELS:
        return "small"
    if rgb.max() < DARK:
        return "dark"
    if len(values) < FEWEST_FOR_HALVES:
        return "good"
    light = values.sum(1)
    scale = max(float(np.median(light)), 3 * DARK)
    noise = 1.4826 * float(np.median(np.abs(light - np.median(light))))
    for axis in (columns, rows):
        half = axis > np.median(axis)
        if half.any() and not half.all():
            change = abs(float(np.median(light[half]) - np.median(light[~half])))
            if change > UNEVEN * scale and change > 6 * noise / np.sqrt(len(light)):
                return "uneven"
    return "good"


def _three(values: Array) -> tuple[float, float, float]:
    return float(values[0]), float(values[1]), float(values[2])
