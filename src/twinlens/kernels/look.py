"""Look: scene light to display light by compiled shapers and a table, or by a plain gain."""

from __future__ import annotations

from dataclasses import field
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.image import empty_rgb
from twinlens.core.record import record
from twinlens.kernels import library
from twinlens.kernels.matrix import matrix
from twinlens.kernels.vignette import dimmed
from twinlens.numerics.color import XYZ_FROM_REC2020
from twinlens.numerics.look import clip_to_display
from twinlens.numerics.lut import look_up

Array = npt.NDArray[Any]

_LUMA = XYZ_FROM_REC2020[1].astype(np.float32)


@record(eq=False)
class Tables:
    """What `numerics.lut.build` made: `shapers` (3, M) and `table` (N, N, N, 3), and both as the kernel wants them."""

    shapers: Array
    table: Array
    segments: Array = field(init=False, repr=False)  # (M - 1, 2, 3): value and rise of every step
    nodes: Array = field(init=False, repr=False)  # (N^3, 4): padded to 16 bytes

    def __post_init__(self) -> None:
        segments = np.stack([self.shapers[:, :-1], np.diff(self.shapers, axis=1)], -1)
        nodes = np.zeros((self.table.shape[0] ** 3, 4), np.float32)
        nodes[:, :3] = self.table.reshape(-1, 3)
        object.__setattr__(self, "segments", segments.astype(np.float32).transpose(1, 2, 0))
        object.__setattr__(self, "nodes", nodes)


def look(rgb: Array, tables: Tables, lines: tuple[Array, Array] | None = None) -> Array:
    """Display light (H, W, 3) of scene light (H, W, 3), both linear Rec. 2020.

    `lines` are those of a vignette (`kernels.vignette.lines`) that dims the light first, in the same pass.
    """
    fast = library.find("look")
    if fast is None:
        return look_up(rgb if lines is None else dimmed(rgb, *lines), tables.shapers, tables.table)
    height, width = rgb.shape[:2]
    down, across = lines or (np.ones(height, np.float32), np.zeros(width, np.float32))
    result = empty_rgb(height, width)
    fast(rgb, tables.segments, tables.nodes, tables.table.shape[0], down, across, result)
    return result


def to_display(rgb: Array, mixing: Array) -> Array:
    """Light (H, W, 3) through a matrix (3, 3); what lies outside 0 to 1 comes inside with its hue kept."""
    fast = library.find("to_display")
    if fast is None:
        return clip_to_display(matrix(rgb, mixing))
    result = empty_rgb(*rgb.shape[:2])
    fast(rgb, np.ascontiguousarray(mixing, np.float32), _LUMA, result)
    return result
