"""Board: flat patches in rows and columns on a board, drawn with analytic coverage at their edges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import ParameterError
from twinlens.simulate.scene import Mixture, Palette, Patch

Array = npt.NDArray[Any]

SMALLEST_PATCH_PX = 6.0


@dataclass(frozen=True)
class Board:
    """Where the patches of a chart are, in any unit of length (mm for real charts)."""

    size: tuple[float, float]  # width, height
    first: tuple[float, float]  # left, top of the first patch
    patch: tuple[float, float]  # width, height
    pitch: tuple[float, float]  # from patch to patch, across and down
    columns: int
    rows: int


def draw(
    board: Board,
    shape: tuple[int, int],
    names: Sequence[str],
    reflectances: Array,
    *,
    ground: tuple[Array, Array],
    fill: float = 0.94,
    what: str,
) -> tuple[tuple[Mixture, Palette], tuple[Patch, ...]]:
    """The surfaces (spectra are reflectances) and patches of a board in the middle of a frame `shape` (H, W).

    `reflectances` (rows * columns, 31) and `names` in reading order; `ground` is the reflectance of the board and of
    what is around it; `fill` the share of the frame that the board takes. Raises ParameterError when a patch would be
    less than 6 pixels.
    """
    height, width = shape
    scale = fill * min(width / board.size[0], height / board.size[1])
    if scale * min(board.patch) < SMALLEST_PATCH_PX:
        need = SMALLEST_PATCH_PX / min(board.patch) / fill
        raise ParameterError(
            f"{what} does not fit in {width} x {height} px: its patches need {SMALLEST_PATCH_PX:g} px, so the scene at"
            f" least {int(np.ceil(need * board.size[0]))} x {int(np.ceil(need * board.size[1]))} px"
        )
    axes = [
        _Axis.of(extent, length, first, patch, pitch, count, scale)
        for extent, length, first, patch, pitch, count in zip(
            (height, width),
            board.size[::-1],
            board.first[::-1],
            board.patch[::-1],
            board.pitch[::-1],
            (board.rows, board.columns),
            strict=True,
        )
    ]
    down, across = axes
    labels = (down.index[:, None] * board.columns + across.index).astype(np.uint16)
    covered = down.patches[:, None] * across.patches
    on_board = down.board[:, None] * across.board
    weights = np.stack([on_board - covered, 1 - on_board], axis=-1)
    patches = tuple(
        Patch(name, _corners(across.edges[index % board.columns], down.edges[index // board.columns]), reflectance)
        for index, (name, reflectance) in enumerate(zip(names, reflectances, strict=True))
    )
    return (Mixture(weights, np.stack(ground)), Palette(labels, reflectances, covered)), patches


@dataclass(frozen=True, eq=False)
class _Axis:
    """One direction: coverage (N,) by board and by patches, nearest patch (N,), edges of the patches in px."""

    board: Array
    patches: Array
    index: Array
    edges: Array

    @classmethod
    def of(
        cls, extent: int, length: float, first: float, patch: float, pitch: float, count: int, scale: float
    ) -> _Axis:
        start = (extent - length * scale) / 2 - 0.5  # of the board; pixel centers are at whole numbers
        low = start + scale * (first + pitch * np.arange(count))
        edges = np.stack([low, low + scale * patch], axis=1)
        at = np.arange(extent)
        index = np.clip(np.round((at - edges.mean(1)[0]) / (scale * pitch)), 0, count - 1).astype(int)
        board = _coverage(at, start, start + scale * length)
        return cls(board, _coverage(at, *edges[index].T), index, edges)


def _coverage(at: Array, low: Any, high: Any) -> Array:
    """The share of the pixels at `at`, each 1 wide, that lies between `low` and `high`."""
    return np.clip(np.minimum(at + 0.5, high) - np.maximum(at - 0.5, low), 0, 1).astype(np.float32)


def _corners(across: Array, down: Array) -> Array:
    (left, right), (top, bottom) = across, down
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)])
