"""DNG matrices: ColorMatrix and ForwardMatrix of a sensor whose sensitivities are known, as a camera maker makes them.

For a light, balanced camera RGB b (a white gives 1, 1, 1) of training surfaces is mapped to their XYZ by one 3x3. It is
exact for white; over the training surfaces it has the least squares of the errors of CIE L*a*b*, taken to first order
about each surface's true color. ColorMatrix (camera from XYZ) is its inverse with the balance undone, scaled so that
the largest channel of the D50 white is 1; ForwardMatrix maps to XYZ adapted to D50 by Bradford, its rows sum to D50.

Source: Digital Negative Specification 1.7.1, chapter 6; how a maker fits is not part of it. The training surfaces are
the ColorChecker's 24, which is what most makers photograph.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.camera_color import Calibration
from twinlens.numerics import spectra
from twinlens.numerics.color import D50_XYZ, adaptation, lab_from_xyz

Array = npt.NDArray[Any]

LIGHTS = {17: "A", 21: "D65", 23: "D50", 20: "D55", 22: "D75"}  # EXIF LightSource
DIGITS = 4  # of a matrix in a file
_STEP = 1e-4  # of XYZ, for the slope of L*a*b*


def chart_reflectances() -> Array:
    """The 24 ColorChecker patches, (24, 31)."""
    return np.stack(list(spectra.table("colorchecker").values()))


def white_response(sensitivities: Array, light: Array) -> Array:
    """The camera RGB (channels,) of the perfect white in a light (31,)."""
    return np.asarray(light, float) @ sensitivities


def balanced_rgb(sensitivities: Array, light: Array, reflectances: Array) -> Array:
    """Camera RGB (N, 3) of reflectances (N, 31) under a light, where a perfect white has 1, 1, 1."""
    return (reflectances * light) @ sensitivities / white_response(sensitivities, light)


def xyz_from_balanced(rgb: Array, xyz: Array, white_xyz: Array) -> Array:
    """The 3x3 that maps balanced camera RGB (N, 3) to XYZ (N, 3): exact for white, least squares in L*a*b* else."""
    slope = lab_slope(xyz, white_xyz)
    # with the last column = white - the other two, six numbers are left: A b = white b3 + A1 (b1 - b3) + A2 (b2 - b3)
    rest = xyz - rgb[:, 2:] * white_xyz
    parts = rgb[:, :2] - rgb[:, 2:]
    rows = np.einsum("nij,nk->nijk", slope, parts).reshape(-1, 6)
    columns = np.linalg.lstsq(rows, np.einsum("nij,nj->ni", slope, rest).ravel(), rcond=None)[0].reshape(3, 2)
    return np.column_stack([columns, white_xyz - columns.sum(1)])


def lab_slope(xyz: Array, white_xyz: Array) -> Array:
    """The derivative of L*a*b* by XYZ at each color: (N, 3, 3)."""
    moves = [lab_from_xyz(xyz + d, white_xyz) - lab_from_xyz(xyz - d, white_xyz) for d in _STEP * np.eye(3)]
    return np.stack(moves, -1) / (2 * _STEP)


def calibration(
    sensitivities: Array, light: int, reflectances: Array | None = None, *, forward: bool = True
) -> Calibration:
    """The matrices of a sensor (31, 3) for a light (EXIF LightSource code, one of LIGHTS), fitted to `reflectances`
    (N, 31), the ColorChecker's when not given."""
    power = spectra.illuminant(LIGHTS[light])
    surfaces = chart_reflectances() if reflectances is None else reflectances
    rgb = balanced_rgb(sensitivities, power, surfaces)
    xyz, white = spectra.xyz_from_reflectance(surfaces, power), spectra.white_xyz(power)
    neutral = white_response(sensitivities, power)
    color = np.linalg.inv(xyz_from_balanced(rgb, xyz, white) / neutral)
    to_d50 = adaptation(white, D50_XYZ)
    forward_matrix = xyz_from_balanced(rgb, xyz @ to_d50.T, D50_XYZ) if forward else None
    return Calibration(
        light=light,
        color_matrix=np.round(color / (color @ D50_XYZ).max(), DIGITS),
        forward_matrix=None if forward_matrix is None else np.round(forward_matrix, DIGITS),
    )
