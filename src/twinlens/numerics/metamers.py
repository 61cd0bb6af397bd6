"""Metamers: the spectra that an observer does not see, and how much of them real reflectances have.

Real reflectances of one color differ from each other and from a smooth one by a metameric black: a spectrum that the
observer does not see under the light. `blacks` draws them as measured: a mean that depends on the color (a root
polynomial, so that it scales with brightness) plus a random part of measured covariance and measured tails. The numbers
are `spectra/metamers.csv`, made by `tools/make_metamers.py` for D65; for other lights they are projected.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.numerics import spectra
from twinlens.numerics.upsampling import basis, observer_under, xyz_from_primaries

Array = npt.NDArray[Any]

MEAN_TERMS, FACTORS = 6, 10
_CELLS = 48  # of chromaticity, each way, in the table of bounds
_JUST_BELOW_CELLS = np.float32(_CELLS * (1 - 1e-6))  # so that a pure primary falls into the last cell
NONE = np.float32(0)
_NEAR_BLACK = np.float32(1e-6)  # of brightness: below it a color has no chromaticity


def invisible(light: Array) -> Array:
    """(31, 31): the projection onto the spectra that the observer does not see under the light."""
    seen = observer_under(light)
    return np.eye(len(seen)) - seen @ np.linalg.pinv(seen)


def root_terms(rgb: Array) -> Array:
    """(..., 6): r, g, b and the roots of their products (Finlayson, Mackiewicz & Hurlbert 2015); all of degree 1."""
    r, g, b = np.moveaxis(np.maximum(rgb, 0), -1, 0)
    return np.stack([r, g, b, np.sqrt(r * g), np.sqrt(g * b), np.sqrt(r * b)], axis=-1)


def blacks(rgb: Array, light: Array, rng: np.random.Generator) -> Array:
    """Metameric blacks (N, 31) for colors `rgb` (N, 3), coordinates under the light: what to add to
    `rgb @ basis(light)`, not yet held to 0 to 1 (see `held`).
    """
    table = spectra.table("metamers")
    mean = np.stack([table[f"mean{index}"] for index in range(1, MEAN_TERMS + 1)])
    factors = np.stack([table[f"factor{index}"] for index in range(1, FACTORS + 1)])
    luminance = np.asarray(rgb) @ xyz_from_primaries(light)[1]
    size = rng.choice(table["tail"], len(rgb)) * np.maximum(luminance, 0)
    drawn = root_terms(rgb) @ mean + size[:, None] * (rng.standard_normal((len(rgb), FACTORS)) @ factors)
    return drawn @ invisible(light)


def held(smooth: Array, black: Array) -> Array:
    """The share (N,), 0 to 1, of `black` (N, 31) that may be added to `smooth` (N, 31) and leaves it in 0 to 1."""
    with np.errstate(divide="ignore", invalid="ignore"):
        room = np.where(black < 0, smooth / -black, np.where(black > 0, (1 - smooth) / black, np.inf))
    return np.clip(room.min(axis=-1), 0, 1)


class Shares:
    """How much of its region's black each pixel may have and still be a reflectance of 0 to 1, by table.

    A region's black scales with the pixel's brightness (the sum of its coordinates). At one brightness the smooth
    spectrum is linear in chromaticity, so what is safe at the corners of a cell of chromaticity is safe inside it.
    `black` (P, 31) is for brightness 1.
    """

    def __init__(self, black: Array, light: Array) -> None:
        grid = np.linspace(0, 1, _CELLS + 1)
        red, green = np.meshgrid(grid, grid, indexing="ij")
        corners = np.stack([red, green, np.maximum(1 - red - green, 0)], axis=-1) @ basis(light)
        lowest = [-_highest_in_cells(-_room_above_zero(corners, one)) for one in black]
        self._low = np.stack(lowest).astype(np.float32).ravel()
        self._smooth = _highest_in_cells(corners.max(axis=-1)).astype(np.float32).ravel()
        self._first = np.arange(len(black), dtype=np.int32) * np.int32(_CELLS**2)
        self._highest = np.maximum(black.max(axis=1), 1e-9).astype(np.float32)

    def __call__(self, rgb: Array, labels: Array, taken: Array | np.float32 = NONE) -> Array:
        """What to multiply each pixel's black with, (H, W) float32: its brightness times the share that is safe.

        `rgb` (H, W, 3) are coordinates for `basis`, none negative; `taken` (H, W) is what else the reflectance has.
        """
        red, green, blue = np.moveaxis(rgb, -1, 0)
        brightness = red + green
        brightness += blue
        scale = _JUST_BELOW_CELLS / np.maximum(brightness, _NEAR_BLACK)
        cell = (red * scale).astype(np.int32)
        cell *= _CELLS
        cell += (green * scale).astype(np.int32)
        factor = np.take(self._low, cell + np.take(self._first, labels))
        factor *= brightness
        brightness *= np.take(self._smooth, cell)
        brightness += taken
        bright = np.nonzero(factor * self._highest.max() + brightness > 1)
        room = np.maximum(1 - brightness[bright], 0) / self._highest[labels[bright]]
        factor[bright] = np.minimum(factor[bright], room)
        return factor


def _room_above_zero(smooth: Array, black: Array) -> Array:
    """The share (...,), at most 1, of a black (31,) that leaves smooth spectra (..., 31) at 0 or above."""
    falls = black < -1e-9
    return np.minimum((smooth[..., falls] / -black[falls]).min(axis=-1, initial=1.0), 1.0)


def _highest_in_cells(values: Array) -> Array:
    """(n, n): the highest of the values (n + 1, n + 1) at the corners of each cell."""
    rows = np.maximum(values[:-1], values[1:])
    return np.maximum(rows[:, :-1], rows[:, 1:])
