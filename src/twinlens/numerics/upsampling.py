"""Upsampling: reflectance spectra for colors, and what such spectra leave out.

The smooth part is linear (Mallett & Yuksel, "Spectral Primary Decomposition for Rendering with sRGB Reflectance", EGSR
2019): three basis spectra, each 0 or more, that add up to 1 and have the colors of the sRGB primaries under the light.
So a color whose coordinates are 0 to 1 gets a reflectance of 0 to 1 with exactly its XYZ, and grey is flat. Among all
such bases ours is the one that is nearest to measured reflectances.

Real reflectances of one color differ: they add a metameric black, a spectrum that the observer does not see under the
light. `blacks` draws them as measured: a mean that depends on the color (root polynomial, so that it scales with
brightness) plus a random part of measured covariance and measured tails. The numbers are `spectra/metamers.csv`, made
by `tools/make_metamers.py`; they are for D65 and projected for other lights.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.numerics import color, spectra

Array = npt.NDArray[Any]

MEAN_TERMS, FACTORS = 6, 10
_CELLS = 48  # of chromaticity, each way, in the table of bounds
_JUST_BELOW_CELLS = np.float32(_CELLS * (1 - 1e-6))  # so that a pure primary falls into the last cell
_NEAR_BLACK = np.float32(1e-6)  # of brightness: below it a color has no chromaticity


def observer_under(light: Array) -> Array:
    """(31, 3): `reflectance @ observer_under(light)` is XYZ with the perfect diffuser at Y = 1."""
    weighted = light[:, None] * spectra.observer()
    return weighted / weighted[:, 1].sum()


def xyz_from_primaries(light: Array) -> Array:
    """The 3x3 matrix from our coordinates (linear sRGB adapted to the light, its white at 1, 1, 1) to XYZ."""
    white = spectra.white_xyz(light)
    adapted = color.adaptation(color.xyz_from_xy(color.D65_XY), white) @ color.XYZ_FROM_SRGB
    return adapted * np.linalg.solve(adapted, white)


def basis(light: Array) -> Array:
    """The three basis reflectances (3, 31) under a light (31,); read-only. `coordinates @ basis` is a reflectance."""
    return _basis(np.asarray(light, float).tobytes())


@cache
def _basis(light_bytes: bytes) -> Array:
    light = np.frombuffer(light_bytes)
    table = spectra.table("metamers")
    found = constrained_basis(np.stack([table[name] for name in ("red", "green", "blue")]), light)
    found.setflags(write=False)
    return found


def constrained_basis(wanted: Array, light: Array, metric: Array | None = None) -> Array:
    """The basis (3, 31) under a light nearest to `wanted` (3, 31) that keeps the three conditions of the module's text.

    "Nearest" is the squared distance, or with `metric` (93, 93) the quadratic form of it.
    """
    conditions, values = _conditions(light)
    metric = np.eye(wanted.size) if metric is None else metric
    found = _polished(wanted.ravel(), metric, wanted.ravel(), conditions, values)
    if np.abs(conditions @ found - values).max() > 1e-9:
        start = _not_negative(metric, wanted.ravel(), conditions, values)
        found = _polished(start, metric, wanted.ravel(), conditions, values)
    return found.reshape(3, -1)


def _conditions(light: Array) -> tuple[Array, Array]:
    """Rows and values of: red and green have their XYZ, all add up to 1 (so blue has its XYZ too)."""
    seen, primaries = observer_under(light), xyz_from_primaries(light)
    bands = len(seen)
    colors = [np.kron(np.eye(3)[index], row) for index in range(2) for row in seen.T]
    sums = np.kron(np.ones((1, 3)), np.eye(bands))
    return np.vstack([*colors, sums]), np.concatenate([primaries[:, 0], primaries[:, 1], np.ones(bands)])


def _not_negative(metric: Array, wanted: Array, conditions: Array, values: Array) -> Array:
    from scipy.optimize import nnls

    root = np.linalg.cholesky(metric).T
    heavy = 1e3 * np.sqrt(np.trace(metric) / len(metric))
    return nnls(np.vstack([root, heavy * conditions]), np.r_[root @ wanted, heavy * values], maxiter=5000)[0]


def _polished(start: Array, metric: Array, wanted: Array, conditions: Array, values: Array) -> Array:
    """Meet the conditions exactly with the zeros of `start` kept."""
    x, pull = start, metric @ wanted
    for _ in range(50):
        free = x > 0
        system = np.block(
            [
                [metric[np.ix_(free, free)], conditions[:, free].T],
                [conditions[:, free], np.zeros((len(values), len(values)))],
            ]
        )
        x = np.zeros(len(start))
        x[free] = np.linalg.lstsq(system, np.r_[pull[free], values], rcond=None)[0][: free.sum()]
        if (x > -1e-9).all():
            break
    return np.maximum(x, 0)


def coordinates(xyz: Array, light: Array) -> Array:
    """Coordinates (..., 3) for `basis` of XYZ (..., 3) under the light."""
    return np.asarray(xyz, float) @ np.linalg.inv(xyz_from_primaries(light)).T


def reflectances(xyz: Array, light: Array) -> Array:
    """Smooth reflectances (N, 31) with XYZ (N, 3) under a light, 0 to 1 wherever such a reflectance exists; a color
    that no reflectance has gets a spectrum beyond 0 to 1 (it can only be emitted).
    """
    found = coordinates(xyz, light) @ basis(light)
    for index in np.flatnonzero((found.min(axis=1) < 0) | (found.max(axis=1) > 1)):
        found[index] = _bounded(found[index], np.asarray(xyz, float)[index], light)
    return found


def _bounded(wanted: Array, xyz: Array, light: Array) -> Array:
    """The spectrum of 0 to 1 nearest to `wanted` that has this XYZ; `wanted` where there is none."""
    from scipy.optimize import lsq_linear

    heavy, seen = 1e3, observer_under(light).T
    system = np.vstack([np.eye(len(wanted)), heavy * seen])
    found = lsq_linear(system, np.r_[wanted, heavy * xyz], bounds=(0, 1)).x
    return found if np.abs(seen @ found - xyz).max() < 1e-4 else wanted


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
    `black` (P, 31) is for brightness 1. Colors outside the triangle of the primaries have no black.
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

    def __call__(self, rgb: Array, labels: Array) -> Array:
        """What to multiply each pixel's black with, (H, W) float32: its brightness times the share that is safe."""
        red, green, blue = np.moveaxis(rgb, -1, 0)
        brightness = red + green
        brightness += blue
        scale = _JUST_BELOW_CELLS / np.maximum(brightness, _NEAR_BLACK)
        if rgb.min() < 0:
            outside = (red < 0) | (green < 0) | (blue < 0)
            scale[outside] = brightness[outside] = 0
        cell = (red * scale).astype(np.int32)
        cell *= _CELLS
        cell += (green * scale).astype(np.int32)
        factor = np.take(self._low, cell + np.take(self._first, labels))
        factor *= brightness
        brightness *= np.take(self._smooth, cell)
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
