"""Upsampling: smooth reflectance spectra for colors.

The smooth part is linear (Mallett & Yuksel, "Spectral Primary Decomposition for Rendering with sRGB Reflectance", EGSR
2019): three basis spectra, each 0 or more, that add up to 1 and have the colors of the sRGB primaries under the light.
So a color whose coordinates are 0 to 1 gets a reflectance of 0 to 1 with exactly its XYZ, and grey is flat. Among all
such bases ours is the one that is nearest to measured reflectances.

Colors outside sRGB would get negative spectra. They are mixed of a color on the boundary of sRGB and one on the
boundary of P3, on the same line from grey; the basis of P3 is 0 or more too but does not add up to 1. So spectra stay 0
or more as far as P3 goes, and pass smoothly from one to the other.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.numerics import color, spectra

Array = npt.NDArray[Any]


_ROUNDING = 1e-3  # a basis this near to its conditions is one that was rounded
_SRGB_FROM_P3 = color.rgb_from_rgb("srgb", "p3")


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


@cache
def _vivid(light_bytes: bytes) -> Array:
    light = np.frombuffer(light_bytes)
    primaries = xyz_from_primaries(light) @ _SRGB_FROM_P3
    conditions = np.array([np.kron(np.eye(3)[index], row) for index in range(3) for row in observer_under(light).T])
    found = _nearest(_SRGB_FROM_P3.T @ basis(light), np.eye(3 * spectra.BANDS), conditions, primaries.T.ravel())
    found.setflags(write=False)
    return found


def vivid_basis(light: Array) -> Array:
    """Spectra (3, 31) of the P3 primaries under a light (31,), 0 or more; read-only. For the second part of `split`."""
    return _vivid(np.asarray(light, float).tobytes())


def split(rgb: Array) -> tuple[Array, Array]:
    """Coordinates (N, 3) with a negative one as `inner` (N, 3) for `basis` plus `vivid` (N, 3) for `vivid_basis`; both
    are 0 or more unless the color lies outside P3.
    """
    grey = (rgb @ color.XYZ_FROM_SRGB[1].astype(rgb.dtype))[:, None]
    wide = rgb @ np.linalg.inv(_SRGB_FROM_P3).T.astype(rgb.dtype)
    near, far = (_to_boundary(grey, one) for one in (rgb, wide))
    share = np.where(grey > 0, np.clip((far - 1) / np.maximum(far - near, 1e-6), 0, 1), 0)
    reach = np.where(share > 0, far, 1)
    return share * (grey + near * (rgb - grey)), (1 - share) * (grey + reach * (wide - grey))


def _to_boundary(grey: Array, rgb: Array) -> Array:
    """How many times its distance from grey a color may have until its lowest coordinate is 0: (N, 1)."""
    return grey / np.maximum(grey - rgb.min(axis=1, keepdims=True), 1e-9)


def constrained_basis(wanted: Array, light: Array, metric: Array | None = None) -> Array:
    """The basis (3, 31) under a light nearest to `wanted` (3, 31) that keeps the three conditions of the module's text.

    "Nearest" is the squared distance, or with `metric` (93, 93) the quadratic form of it.
    """
    return _nearest(wanted, np.eye(wanted.size) if metric is None else metric, *_conditions(light))


def _conditions(light: Array) -> tuple[Array, Array]:
    """Rows and values of: red and green have their XYZ, all add up to 1 (so blue has its XYZ too)."""
    seen, primaries = observer_under(light), xyz_from_primaries(light)
    colors = [np.kron(np.eye(3)[index], row) for index in range(2) for row in seen.T]
    sums = np.kron(np.ones((1, 3)), np.eye(len(seen)))
    return np.vstack([*colors, sums]), np.concatenate([primaries[:, 0], primaries[:, 1], np.ones(len(seen))])


def _nearest(wanted: Array, metric: Array, conditions: Array, values: Array) -> Array:
    """The spectra of 0 or more nearest to `wanted` (3, 31) with `conditions @ spectra == values`."""
    start = wanted.ravel()
    if start.min() < 0 or np.abs(conditions @ start - values).max() > _ROUNDING:
        start = _not_negative(metric, start, conditions, values)
    return _polished(start, metric, wanted.ravel(), conditions, values).reshape(3, -1)


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
