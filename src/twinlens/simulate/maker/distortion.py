"""Maker's distortion: where each pixel of a straight picture lies in what the lens drew, from the file's opcode.

Source: Digital Negative Specification 1.7.1, chapter 7, WarpRectilinear.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.opcodes import WarpRectilinear
from twinlens.core.shot import Shot

Array = npt.NDArray[Any]

STEP = 16  # pixels between computed places
STRIP = 96  # rows of a strip: it stays in the processor's cache


class Grid:
    """Where each pixel of a picture without distortion comes from, for one color: radii are in
    those of the farthest corner. Computed at every 16th pixel and read in between (right within 0.002 pixels)."""

    def __init__(self, coefficients: Array, center: tuple[float, float], height: int, width: int) -> None:
        self.coefficients, self.width = np.asarray(coefficients, float), width
        self.middle = center[0] * (width - 1), center[1] * (height - 1)
        x, y = self.middle
        self.reach = float(np.hypot(max(x, width - 1 - x), max(y, height - 1 - y)))
        columns, rows = (np.arange(-1, -(-size // STEP) + 1 + STRIP // STEP) for size in (width, height))
        self.coarse = self.offsets((columns + 0.5) * STEP - 0.5, (rows + 0.5) * STEP - 0.5)

    def offsets(self, columns: Array, rows: Array) -> tuple[Array, Array]:
        """How far right and below (rows, columns) float32 of each place it comes from."""
        x = (columns - self.middle[0]) / self.reach
        y = ((rows - self.middle[1]) / self.reach)[:, None]
        r2 = x * x + y * y
        k0, k1, k2, k3, t0, t1 = self.coefficients
        ratio = k0 - 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
        across = ratio * x + 2 * t0 * x * y + t1 * (r2 + 2 * x * x)
        down = ratio * y + t0 * (r2 + 2 * y * y) + 2 * t1 * x * y
        return (across * self.reach).astype(np.float32), (down * self.reach).astype(np.float32)

    def places(self, rows: slice) -> tuple[Array, Array]:
        """x and y (rows, width) float32 in the recorded picture; `rows` begin at a multiple of STRIP."""
        import cv2

        first, count = rows.start // STEP, STRIP // STEP + 2
        size = self.coarse[0].shape[1] * STEP, count * STEP
        part = np.s_[STEP : STEP + STRIP, STEP : STEP + self.width]
        across, down = (
            cv2.resize(one[first : first + count], size, interpolation=cv2.INTER_LINEAR)[part] for one in self.coarse
        )
        x, y = np.arange(self.width, dtype=np.float32), np.arange(rows.start, rows.start + STRIP, dtype=np.float32)
        return across + x, down + y[:, None]


def grids(shot: Shot, height: int, width: int) -> list[Grid]:
    """One for each color, or one for all; none without such an opcode. Of several the first counts."""
    found = [one for opcodes in shot.opcodes for one in opcodes if isinstance(one, WarpRectilinear)]
    return [Grid(one, found[0].center, height, width) for one in found[0].coefficients] if found else []
