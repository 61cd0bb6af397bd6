"""Highlights: reconstruction of clipped channels on a part of a frame."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.image import Window, empty_rgb, planar
from twinlens.kernels import library
from twinlens.kernels.matrix import matrix
from twinlens.kernels.widen import widen
from twinlens.numerics.highlights import reconstruct
from twinlens.numerics.maps import read

Array = npt.NDArray[Any]


def highlights(rgb: Array, clipped: Array | None, maps: Array, window: Window, mixing: Array | None = None) -> Array:
    """White-balanced `rgb` (H, W, 3) of the part `window` of a frame, its clipped channels estimated.

    `mixing` (3, 3) is what white-balances it, where that was not done before.

    `clipped` (H, W) uint8 is not 0 where a site nearby is clipped; `maps` (rows, columns, 7) are those of
    `numerics.highlights.maps_of`. The array itself comes back where nothing is clipped.
    """
    fast = library.find("highlights")
    if fast is None or is_idle(clipped, maps, window):
        rgb = rgb if mixing is None else matrix(rgb, mixing)
        return rgb if is_idle(clipped, maps, window) else _reference(rgb, clipped, maps, window)
    marks = np.zeros(rgb.shape[:2], np.uint8) if clipped is None else clipped
    result = empty_rgb(*rgb.shape[:2])
    coefficients = np.ascontiguousarray(np.eye(3) if mixing is None else mixing, np.float32)
    fast(planar(rgb), marks, coefficients, *widen(planar(maps), window), result)
    return result


def is_idle(clipped: Array | None, maps: Array, window: Window) -> bool:
    """Whether no site of the part is clipped and the maps' gate is shut over it."""
    return clipped is not None and not clipped.any() and not _gate_near(maps, window)


def _gate_near(maps: Array, window: Window) -> bool:
    """Whether the gate is open anywhere in the cells that a window reads."""
    rows, columns = maps.shape[:2]
    height, width = window.frame
    top, bottom = window.top * rows // height - 1, window.bottom * rows // height + 2
    left, right = window.left * columns // width - 1, window.right * columns // width + 2
    return bool(maps[max(top, 0) : bottom, max(left, 0) : right, 6].any())


def _reference(rgb: Array, clipped: Array | None, maps: Array, window: Window) -> Array:
    height, width = rgb.shape[:2]
    field = read(maps, window.top, window.left, height, width, window.frame)
    gate = field[..., 6]
    if clipped is not None:
        gate = np.maximum(gate, (clipped > 0).astype(np.float32))
    return reconstruct(rgb, field[..., :3], field[..., 3:6], gate)
