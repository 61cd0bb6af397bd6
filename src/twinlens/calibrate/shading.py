"""Shading: how much light each place of the frame receives, by color, from photographs of an even surface.

The smooth surface of `core.shading` is fitted robustly to the means of small cells, so that dust and dead sites do not
count. Each color is relative to its own brightest place, so that the light's color stays.

Sources: Digital Negative Specification 1.7.1, chapter 7, GainMap (how it is kept); ISO 17957:2015 (shading measured
from flat fields).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import ParameterError
from twinlens.core.fit import Fit
from twinlens.core.shading import DEGREE, LensShading, basis

Array = npt.NDArray[Any]

CELLS = 48  # along the longer side
UNEVEN = 0.02  # robust spread of the cells around the surface: no flat
DARK = 0.02  # of white: too dark to tell
BRIGHT = 0.97  # of white: clipped


def fit_shading(
    flats: Iterable[Array], *, tile: Array, black: float, white: float, light: str = "", kelvin: float = 0.0
) -> Fit[LensShading]:
    """The shading from mosaics (H, W) in DN of an evenly lit surface under one light; `tile` as in the noise fit.

    The residual is the rms of the cells' means around the surface, relative, noise included; held out: a surface from
    every second cell judged on the others. Raises ParameterError for frames too dark, clipped, or not even.
    """
    tile = np.asarray(tile, int)
    cells = _mean_cells(flats, tile, black, white)
    surfaces, residuals, held_out = [], [], []
    for color in range(3):
        places, values = cells[color]
        design = basis(places)
        surface = _robust(design, values)
        errors = values - design @ surface
        spread = 1.4826 * float(np.median(np.abs(errors)))
        if spread > UNEVEN:
            raise ParameterError(
                f"the flats are not flat: places differ by {spread:.1%} from any smooth shading; photograph an even "
                "wall or a diffuser over the lens"
            )
        surfaces.append(surface)
        good = np.abs(errors) < 6 * spread + 1e-6
        residuals.append(errors[good])
        held_out.append(_held_out(design, values, good))
    rms = float(np.sqrt(np.mean(np.concatenate(residuals) ** 2)))
    outside = float(np.sqrt(np.mean(np.square(held_out))))
    return Fit(
        LensShading(np.array(surfaces), light, kelvin),
        rms,
        "relative signal",
        sum(one.size for one in residuals),
        outside,
    )


def _mean_cells(flats: Iterable[Array], tile: Array, black: float, white: float) -> list[tuple[Array, Array]]:
    """Per color: places (N, 2) of (v, h) in -1 to 1 and log signal (N,), the mean over the frames."""
    total: list[Array] | None = None
    number, shape = 0, (0, 0)
    for flat in flats:
        frame = np.asarray(flat)
        if frame.ndim != 2 or (number and frame.shape != shape):
            raise ParameterError(f"flats are mosaics of one size, got {frame.shape} after {shape}")
        shape = frame.shape
        means = _cell_means(frame, tile, black, white)
        total = means if total is None else [one + two for one, two in zip(total, means, strict=True)]
        number += 1
    if total is None:
        raise ParameterError("no flat was given; photograph an evenly lit wall out of focus")
    rows, columns = tile.shape
    cells: list[list[tuple[Array, Array]]] = [[], [], []]
    for index, one in enumerate(total):
        y, x = divmod(index, columns)
        v = _centers(one.shape[0], shape[0], rows, y)
        h = _centers(one.shape[1], shape[1], columns, x)
        places = np.stack(np.meshgrid(v, h, indexing="ij"), -1).reshape(-1, 2)
        cells[int(tile[y, x])].append((places, np.log(one.ravel() / number)))
    return [(np.concatenate([p for p, _ in one]), np.concatenate([s for _, s in one])) for one in cells]


def _cell_means(frame: Array, tile: Array, black: float, white: float) -> list[Array]:
    """Means (cells v, cells h) of each site of the tile, relative to white."""
    rows, columns = tile.shape
    out = []
    for y in range(rows):
        for x in range(columns):
            plane = frame[y::rows, x::columns].astype(np.float32)
            size = _cell_size(plane.shape)
            height, width = (length // size * size for length in plane.shape)
            blocks = plane[:height, :width].reshape(height // size, size, width // size, size)
            means = (blocks.mean((1, 3), dtype=np.float64) - black) / (white - black)
            low, high = np.percentile(means, [1, 99.5])
            if low < DARK or high > BRIGHT:
                fault = "too dark" if low < DARK else "clipped"
                raise ParameterError(
                    f"the flats are {fault}: means of cells go from {low:.1%} to {high:.1%} of white, {DARK:.0%} to "
                    f"{BRIGHT:.0%} are usable; change the exposure"
                )
            out.append(np.maximum(means, DARK / 4))
    return out


def _cell_size(shape: tuple[int, ...]) -> int:
    size = max(max(shape) // CELLS, 1)
    if min(shape) // size < 2 * DEGREE:
        raise ParameterError(f"frames of {shape} sites of one color are too small to tell a shading")
    return size


def _centers(cells: int, length: int, pitch: int, first: int) -> Array:
    """Centers of cells in -1 to 1 of the frame, corner to corner."""
    size = (length - first + pitch - 1) // pitch // cells
    sites = (np.arange(cells) + 0.5) * size - 0.5
    return 2 * (sites * pitch + first + 0.5) / length - 1


def _robust(design: Array, values: Array) -> Array:
    """Least squares with Tukey's biweight (c = 4.685 robust deviations)."""
    weight = np.ones(len(values))
    surface = np.zeros(design.shape[1])
    for _ in range(8):
        weighted = design * weight[:, None]
        surface = np.linalg.solve(weighted.T @ design, weighted.T @ values)
        errors = values - design @ surface
        scale = 4.685 * max(1.4826 * float(np.median(np.abs(errors))), 1e-7)
        weight = np.square(np.clip(1 - np.square(errors / scale), 0, 1))
    return surface


def _held_out(design: Array, values: Array, good: Array) -> float:
    half = np.arange(len(values)) % 2 == 0
    surface = _robust(design[half], values[half])
    judged = ~half & good
    return float(np.sqrt(np.mean(np.square(values[judged] - design[judged] @ surface))))
