"""Frame: a part of a picture with what a method sees around it; outside of the picture lies its reflection."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def framed(plane: Array, corner: tuple[int, int], size: tuple[int, int]) -> Array:
    """The part of `plane` (H, W) that begins at `corner` (y, x; may be negative), `size` (h, w), as float32.

    The edge is not repeated, so the phase of a mosaic goes on. A view where the part lies inside.
    """
    (top, left), (height, width) = corner, size
    above, before = max(-top, 0), max(-left, 0)
    below, behind = max(top + height - plane.shape[0], 0), max(left + width - plane.shape[1], 0)
    inner = plane[max(top, 0) : top + height - below, max(left, 0) : left + width - behind]
    if inner.dtype != np.float32 or inner.strides[1] != inner.itemsize:
        inner = np.ascontiguousarray(inner, np.float32)
    if not (above or below or before or behind):
        return inner
    return np.pad(inner, ((above, below), (before, behind)), mode="reflect")
