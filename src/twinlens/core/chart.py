"""Chart: what a color chart is, and one that was found in a picture.

Chart coordinates are lengths in mm, x to the right and y down, from the top left corner of the first patch. Patches are
numbered in reading order of the chart's own orientation.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Block:
    """A regular grid of patches; lengths in mm, pairs are (x, y). `first` is the number of its first patch."""

    rows: int
    columns: int
    origin: tuple[float, float]
    patch: tuple[float, float]
    pitch: tuple[float, float]
    first: int = 0

    @property
    def size(self) -> int:
        return self.rows * self.columns

    @property
    def boxes(self) -> Array:
        """(rows * columns, 4) of left, top, right, bottom."""
        row, column = np.divmod(np.arange(self.size), self.columns)
        left, top = self.origin[0] + column * self.pitch[0], self.origin[1] + row * self.pitch[1]
        return np.stack([left, top, left + self.patch[0], top + self.patch[1]], 1)


@dataclass(frozen=True, eq=False)
class Chart:
    """A kind of chart. `lab` (N, 3) is D50, 2 degrees; `is_reference` tells whether it is good enough to calibrate
    with, else it serves to recognise the chart."""

    name: str
    title: str
    blocks: tuple[Block, ...]
    names: tuple[str, ...]
    lab: Array
    aliases: tuple[str, ...] = ()
    is_reference: bool = True

    @cached_property
    def boxes(self) -> Array:
        """(N, 4) of left, top, right, bottom of every patch."""
        return np.concatenate([block.boxes for block in self.blocks])

    @cached_property
    def centers(self) -> Array:
        """(N, 2) of x, y."""
        boxes = self.boxes
        return (boxes[:, :2] + boxes[:, 2:]) / 2

    @cached_property
    def cells(self) -> Array:
        """(N, 2) of row and column; the rows of the blocks follow one another."""
        told, above = [], 0
        for block in self.blocks:
            row, column = np.divmod(np.arange(block.size), block.columns)
            told.append(np.stack([row + above, column], 1))
            above += block.rows
        return np.concatenate(told)

    @cached_property
    def outline(self) -> Array:
        """(4, 2): outer corners of the patches: top left, top right, bottom right, bottom left."""
        boxes = self.boxes
        (left, top), (right, bottom) = boxes[:, :2].min(0), boxes[:, 2:].max(0)
        return np.array([[left, top], [right, top], [right, bottom], [left, bottom]])

    @cached_property
    def greys(self) -> Array:
        """Numbers of the neutral patches (chroma below 4), dark to light."""
        neutral = np.flatnonzero(np.hypot(self.lab[:, 1], self.lab[:, 2]) < NEUTRAL_CHROMA)
        return neutral[np.argsort(self.lab[neutral, 0], kind="stable")]


NEUTRAL_CHROMA = 4.0  # C* up to which a patch counts as neutral


@dataclass(frozen=True)
class Patch:
    """One patch as the picture shows it: linear RGB and its spread (robust standard deviation over the pixels)."""

    name: str
    row: int
    column: int
    center: tuple[float, float]  # x, y in pixels
    rgb: tuple[float, float, float]
    spread: tuple[float, float, float]
    clipped: float  # share of clipped pixels
    pixels: int
    quality: str  # good, small, uneven, clipped, dark, outside


@dataclass(frozen=True, eq=False)
class ChartFound:
    """A chart in a picture. Points are (x, y), full-resolution pixels of the upright picture, pixel centers at whole
    numbers; `corners` (4, 2) are the outer corners of the patch grid, from the chart's own top left clockwise as the
    chart is read. `score` is the share of the colors' variance that the chart's own colors explain, 0 to 1."""

    kind: str
    corners: Array
    mirrored: bool
    score: float
    patches: tuple[Patch, ...]
    warnings: tuple[str, ...]
    outlines: Array  # (N, 4, 2): the corners of every patch
    rgb_is: str  # what the numbers of `rgb` are
    frame: tuple[int, int]  # width, height of the picture that the points lie in

    @property
    def rgb(self) -> Array:
        """(N, 3) linear RGB of the patches in reading order."""
        return np.array([patch.rgb for patch in self.patches])

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "kind": self.kind,
            "corners": np.round(self.corners, 2).tolist(),
            "mirrored": self.mirrored,
            "score": round(self.score, 4),
            "rgb_is": self.rgb_is,
            "patches": [
                {
                    "name": one.name,
                    "row": one.row,
                    "column": one.column,
                    "center": [round(value, 2) for value in one.center],
                    "rgb": [round(value, 6) for value in one.rgb],
                    "spread": [round(value, 6) for value in one.spread],
                    "clipped": round(one.clipped, 4),
                    "pixels": one.pixels,
                    "quality": one.quality,
                }
                for one in self.patches
            ],
            "warnings": list(self.warnings),
        }
