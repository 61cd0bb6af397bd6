"""Gain map: gains between the points of DNG opcode GainMap, for single sites and for whole lines.

Source: Digital Negative Specification 1.7.1, chapter 7, GainMap.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.image import Window
from twinlens.core.opcodes import AreaOpcode, GainMap
from twinlens.core.record import record

Array = npt.NDArray[Any]


def sites(first: int, last: int, pitch: int, start: int, stop: int) -> tuple[slice, int]:
    """Which rows (or columns) of a window from `start` to `stop` an area from `first` to `last` touches.

    Returns them as a slice in the window, and the number of the first of them counted in the area.
    """
    number = max(-(-(start - first) // pitch), 0)
    begin = first + number * pitch
    return slice(min(begin, stop) - start, max(min(last, stop), start) - start, pitch), number


def gain_at(gain_map: GainMap, y: Array, x: Array, frame: tuple[int, int], plane: int = 0) -> Array:
    """Gains (len(y), len(x)) float32 at rows `y` and columns `x` of a frame (H, W), bilinear, held beyond the points.

    `plane` counts from the map's first plane; planes beyond its own get its last.
    """
    gains = gain_map.gains[..., min(plane, gain_map.gains.shape[2] - 1)]
    i, v = positions(gain_map, 0, y, frame[0])
    j, h = positions(gain_map, 1, x, frame[1])
    upper, lower = gains[i], gains[np.minimum(i + 1, gains.shape[0] - 1)]
    rows = upper + (lower - upper) * v[:, None]
    left, right = rows[:, j], rows[:, np.minimum(j + 1, gains.shape[1] - 1)]
    return left + (right - left) * h


def positions(gain_map: GainMap, axis: int, index: Array, size: int) -> tuple[Array, Array]:
    """For rows (`axis` 0) or columns (1): the point before each pixel's center, and how far past it (0 to 1)."""
    points = gain_map.gains.shape[axis]
    spacing = gain_map.spacing[axis] or 1.0
    place = np.clip(((index + 0.5) / size - gain_map.origin[axis]) / spacing, 0, points - 1)
    before = np.minimum(np.floor(place), max(points - 2, 0)).astype(np.int32)
    return before, (place - before).astype(np.float32)


@record
class GainLines:
    """Gain maps made ready for the rows of a part: row y has `lines[upper[y]] + share[y] * (lines[lower[y]] - ...)`."""

    lines: Array  # (L, W) float32
    upper: Array  # (H,) int32
    lower: Array  # (H,) int32
    share: Array  # (H,) float32, 0 to 1


def gain_lines(maps: Sequence[GainMap], window: Window, plane: int = 0) -> GainLines:
    """Gain maps that share no site and have points in the same rows (`together`), as lines for a part of a plane."""
    y, x = np.arange(window.top, window.bottom), np.arange(window.left, window.right)
    before, share = positions(maps[0], 0, y, window.frame[0])
    first, last = int(before.min()), min(int(before.max()) + 1, maps[0].gains.shape[0] - 1)
    covered = np.stack([_covered(one, y) for one in maps])
    kinds, kind = np.unique(covered, axis=1, return_inverse=True)  # rows of one kind are changed by the same maps
    kind = kind.reshape(-1)
    lines = np.ones((kinds.shape[1], last - first + 1, len(x)), np.float32)
    for number, one in enumerate(maps):
        columns, _ = sites(one.area[1], one.area[3], one.column_pitch, window.left, window.right)
        j, h = positions(one, 1, x[columns], window.frame[1])
        gains = one.gains[first : last + 1, :, min(plane - one.plane, one.gains.shape[2] - 1)]
        left, right = gains[:, j], gains[:, np.minimum(j + 1, gains.shape[1] - 1)]
        for k in np.flatnonzero(kinds[number]):
            lines[k, :, columns] = left + (right - left) * h
    rows = last - first + 1
    upper = kind * rows + before - first
    lower = kind * rows + np.minimum(before + 1, last) - first
    return GainLines(lines.reshape(-1, len(x)), upper.astype(np.int32), lower.astype(np.int32), share)


def _covered(opcode: AreaOpcode, y: Array) -> Array:
    top, bottom = opcode.area[0], opcode.area[2]
    return (y >= top) & (y < bottom) & ((y - top) % opcode.row_pitch == 0)


def together(maps: Sequence[GainMap]) -> list[list[GainMap]]:
    """Gain maps in groups, each of which has its points in the same rows and no site twice."""
    groups: list[list[GainMap]] = []
    for one in maps:
        home = next((group for group in groups if all(_apart(one, other) for other in group)), None)
        if home is None:
            groups.append([one])
        else:
            home.append(one)
    return groups


def _apart(a: GainMap, b: GainMap) -> bool:
    """Whether two maps can share lines: points in the same rows, and no site that both change."""
    same_rows = a.gains.shape[0] == b.gains.shape[0] and a.spacing[0] == b.spacing[0] and a.origin[0] == b.origin[0]
    rows_apart = a.row_pitch == b.row_pitch and (a.area[0] - b.area[0]) % a.row_pitch != 0
    columns_apart = a.column_pitch == b.column_pitch and (a.area[1] - b.area[1]) % a.column_pitch != 0
    return same_rows and (rows_apart or columns_apart)
