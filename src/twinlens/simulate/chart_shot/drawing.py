"""Drawing: a color chart as it lies on a table, patches on a dark board with print on its rim."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.chart import Chart
from twinlens.numerics import color
from twinlens.simulate.chart_shot.conditions import Conditions

Array = npt.NDArray[Any]

TEXTURE_PX = 48  # pixels of the drawn chart from patch to patch
BOARD = 0.035  # reflectance
RIM = 0.75  # of a patch, around the grid


def boxes(chart: Chart, gap: float) -> Array:
    """The patches with gaps of another width."""
    boxes = chart.boxes
    pitch = np.array(chart.blocks[0].pitch)
    patch = np.array(chart.blocks[0].patch)
    grow = (pitch - patch) * (1 - gap) / 2
    return boxes + np.concatenate([-grow, grow])


def outline(chart: Chart, conditions: Conditions) -> Array:
    """The corners (4, 2) of all patches together, mm, from the top left one clockwise."""
    edges = boxes(chart, conditions.gap)
    (left, top), (right, bottom) = edges[:, :2].min(0), edges[:, 2:].max(0)
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]])


def drawn(chart: Chart, conditions: Conditions, rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """The chart as it lies on a table: (h, w, 4) linear RGB and coverage, texture_from_mm (3, 3), patch RGB (N, 3)."""
    patches = boxes(chart, conditions.gap)
    scale = TEXTURE_PX / chart.blocks[0].pitch[0]
    rim = RIM * chart.blocks[0].pitch[0]
    low, high = patches[:, :2].min(0) - rim, patches[:, 2:].max(0) + rim
    size = np.ceil((high - low) * scale).astype(int)
    rgb = np.clip(color.xyz_from_lab(chart.lab) @ color.REC2020_FROM_XYZ_D50.T, 0.002, None)
    rgb = np.clip(rgb @ color.rgb_from_rgb("srgb", "rec2020").T, 0.002, 1.2)
    rgb = rgb * (1 + conditions.patch_error * rng.standard_normal(rgb.shape))
    texture = np.full((size[1], size[0], 4), BOARD, np.float32)
    texture[..., :3] *= 1 + 0.05 * rng.standard_normal((size[1], size[0], 1))
    texture[..., 3] = 1
    _print_marks(texture, rng)
    edges = (patches - np.tile(low, 2)) * scale
    for (left, top, right, bottom), value in zip(edges, rgb, strict=True):
        _fill(texture, left, top, right, bottom, value)
    lay = np.array([[scale, 0, -low[0] * scale - 0.5], [0, scale, -low[1] * scale - 0.5], [0, 0, 1]])
    return texture, lay, rgb


def _fill(texture: Array, left: float, top: float, right: float, bottom: float, value: Array) -> None:
    """A rectangle with borders between pixels drawn as shares."""
    columns, rows = np.arange(int(left), int(right) + 1), np.arange(int(top), int(bottom) + 1)
    across = np.clip(np.minimum(columns + 1, right) - np.maximum(columns, left), 0, 1)
    down = np.clip(np.minimum(rows + 1, bottom) - np.maximum(rows, top), 0, 1)
    part = texture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1, :3]
    share = (down[:, None] * across)[: part.shape[0], : part.shape[1], None].astype(np.float32)
    part += share * (value.astype(np.float32) - part)


def _print_marks(texture: Array, rng: np.random.Generator) -> None:
    """A line of print and a ruler on the rim."""
    height, width = texture.shape[:2]
    for _ in range(14):
        x = int(rng.uniform(0.05, 0.5) * width)
        texture[int(0.22 * TEXTURE_PX) : int(0.40 * TEXTURE_PX), x : x + int(rng.uniform(2, 8)), :3] = 0.8
    texture[height - TEXTURE_PX // 3 : height - TEXTURE_PX // 5, width // 3 : width // 2 : 6, :3] = 0.7
