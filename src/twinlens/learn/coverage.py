"""Coverage: where in color space there was data, and how much a color counts so that rare ones are heard."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.record import record
from twinlens.numerics import color

Array = npt.NDArray[Any]

CELLS = 16  # of display code, a side: within one, colors share their weight
COLORFUL = 0.25  # code between channels at which a color counts half of a grey: the eye's own scale, S_C of CIEDE2000
STEP = 0.05  # of Oklab, side of a coverage cell


def even_weights(codes: Array, given: Any = None, picture: Any = None) -> Array:
    """Weights (N,), sum 1: a crowded cell of display codes (N, 3) counts by the root of its number of rows, strong
    colors count less than greys, as differences of them are seen less. With `picture` (N,) a cell of a picture counts
    once, however many rows it has: where two cameras see a material unlike each other, all its rows are off alike."""
    key = np.minimum((codes * CELLS).astype(int), CELLS - 1) @ np.array([1, CELLS, CELLS**2])
    key = key if picture is None else key + CELLS**3 * np.asarray(picture, int)
    _, index, count = np.unique(key, return_inverse=True, return_counts=True)
    weight = count[index] ** (-0.5 if picture is None else -1.0) / (1 + np.ptp(codes, axis=1) / COLORFUL)
    if given is not None:
        weight = weight * np.asarray(given, float)
    return weight / weight.sum()


@record(kw_only=True, eq=False)
class Coverage:
    """Cells of Oklab (of the display) that hold data: `centers` (M, 3), `counts` (M,)."""

    centers: Array
    counts: Array

    @classmethod
    def of(cls, rows: Any, space: str) -> Coverage:
        """The cells of rows' targets."""
        return cls.of_light(color.decode(rows.target) @ color.rgb_from_rgb("rec2020", space).T)

    @classmethod
    def of_light(cls, display: Array) -> Coverage:
        """The cells of display light (N, 3), linear Rec. 2020."""
        cells, counts = np.unique(np.floor(color.oklab_from_rec2020(display) / STEP), axis=0, return_counts=True)
        return cls(centers=(cells + 0.5) * STEP, counts=counts)

    def density(self, display: Array) -> Array:
        """How many rows lie in the cell of display light (..., 3)."""
        known = {
            tuple(cell): count for cell, count in zip(np.floor(self.centers / STEP).tolist(), self.counts, strict=True)
        }
        cells = np.floor(color.oklab_from_rec2020(display) / STEP).reshape(-1, 3).tolist()
        return np.array([known.get(tuple(cell), 0) for cell in cells]).reshape(display.shape[:-1])
