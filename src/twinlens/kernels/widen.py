"""Widen: the rows of a low-resolution map at every column of a part of a frame, for the kernels that it guides."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.image import Window
from twinlens.kernels import library
from twinlens.numerics.maps import STRIP, knots, widened_columns

Array = npt.NDArray[Any]


def widen(maps: Array, window: Window) -> tuple[Array, int, int, float]:
    """What a guided kernel takes: the rows needed (rows, columns of the window, planes), the first row's number, the
    window's top, and the map's rows per pixel. `maps` (rows, columns, planes) lies in planar memory."""
    height, width = window.frame
    first, _ = knots(np.array([window.top, window.bottom - 1]), height, maps.shape[0])
    start, stop = int(first[0]), min(int(first[1]) + 2, maps.shape[0])
    part = maps[start:stop]
    fast = library.find("widen")
    if fast is None:
        wide = widened_columns(part, window.left, window.width, width)
    else:
        strips = -(-window.right // STRIP) - window.left // STRIP
        memory = np.empty((maps.shape[2], stop - start, strips, STRIP), np.float32)
        fast(part, window.left // STRIP, maps.shape[1] / width, memory.transpose(2, 3, 1, 0))
        wide = memory.reshape(*memory.shape[:2], strips * STRIP)[:, :, window.left % STRIP :][:, :, : window.width]
        wide = wide.transpose(1, 2, 0)
    return wide, start, window.top, maps.shape[0] / height
