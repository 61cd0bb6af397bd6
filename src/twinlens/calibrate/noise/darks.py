"""Darks: what pairs of frames without light leave behind: black level, read noise, row noise, hot sites."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


class Darks:
    """What is kept of the dark frames."""

    def __init__(self, tile: Array) -> None:
        self.tile, self.pairs = tile, 0
        self._levels: list[float] = []
        self._variances: list[list[float]] = [[], [], []]
        self._rows: list[float] = []
        self.mean: Array | None = None

    def add(self, first: Array, second: Array) -> None:
        difference = first - second
        rows, columns = self.tile.shape
        for y in range(rows):
            for x in range(columns):
                variance = _robust_variance(difference[y::rows, x::columns]) / 2
                self._variances[int(self.tile[y, x])].append(variance)
        self._rows.append(_row_power(difference))
        self._levels.append(float(np.median(first) + np.median(second)) / 2 + _below_median(first))
        self.mean = (first + second) / 2 if self.mean is None else self.mean + (first + second) / 2
        self.pairs += 1

    @property
    def level(self) -> float:
        return float(np.mean(self._levels))

    @property
    def variance(self) -> Array:
        """(3,) DN^2 per color, row noise included."""
        return np.array([np.mean(one) if one else np.nan for one in self._variances])

    @property
    def row_noise(self) -> float:
        return float(np.sqrt(max(float(np.mean(self._rows)), 0.0)))


def _robust_variance(values: Array) -> float:
    """The variance without hot sites: beyond six robust deviations nothing counts."""
    center = values - np.median(values)
    spread = 1.4826 * float(np.median(np.abs(center))) or float(center.std()) or 1.0
    return float(np.mean(np.square(center[np.abs(center) < 6 * spread + 1], dtype=np.float64)))


def _below_median(frame: Array) -> float:
    """How far the mean without hot sites is above the median: counts are whole numbers, their median is coarse."""
    center = frame - np.median(frame)
    spread = 1.4826 * float(np.median(np.abs(center))) + 1
    return float(np.mean(center[np.abs(center) < 6 * spread], dtype=np.float64))


def _row_power(difference: Array) -> float:
    """The variance of the rows' own offsets: of the means of rows beyond what independent sites leave."""
    spread = 1.4826 * float(np.median(np.abs(difference - np.median(difference)))) + 1
    kept = np.abs(difference - np.median(difference)) < 6 * spread
    count = np.maximum(kept.sum(1), 1)
    means = np.where(kept, difference, 0).sum(1, dtype=np.float64) / count
    inside = np.where(kept, difference - means[:, None], 0)
    pixel = float(np.mean(np.sum(np.square(inside, dtype=np.float64), 1) / np.maximum(count - 1, 1)))
    return (float(means.var(ddof=1)) - pixel / float(count.mean())) / 2
