"""Maker's matrix: from white-balanced camera RGB to linear Rec. 2020, from the matrices of the file.

Those of two lights are blended by the temperature of the as-shot white. Sources: McCamy, "Correlated color temperature
as an explicit function of chromaticity coordinates" (1992); Lam (1985, Bradford adaptation, as forward matrices are
made with).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.camera_color import Calibration
from twinlens.simulate.maker import spaces

Array = npt.NDArray[Any]

_CONES = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
_D65 = np.array([0.3127, 0.3290, 0.3583]) / 0.3290
_D50 = np.array([0.9642, 1.0, 0.8249])  # ICC.1:2022, 7.2.16
_KELVIN = {17: 2856.0, 20: 5503.0, 21: 6504.0, 22: 7504.0, 23: 5003.0, 24: 3200.0, 1: 5500.0, 3: 2850.0}  # EXIF codes


def rec2020_from_balanced(calibrations: tuple[Calibration, ...], neutral: Array) -> Array:
    """The matrix (3, 3) from white-balanced camera RGB to linear Rec. 2020; (1, 1, 1) stays (1, 1, 1)."""
    share = _shares(calibrations, neutral)
    to_d65 = _adaptation(_D50, _D65)
    if any(one.forward_matrix is None for one in calibrations):
        camera_from_xyz = sum(w * one.color_matrix for w, one in zip(share, calibrations, strict=True))
        xyz_from_camera = np.linalg.inv(camera_from_xyz)
        to_d65 = _adaptation(xyz_from_camera @ neutral, _D65)
        xyz_from_balanced = xyz_from_camera @ np.diag(neutral)
    else:
        xyz_from_balanced = sum(w * one.forward_matrix for w, one in zip(share, calibrations, strict=True))
    matrix = spaces.REC2020_FROM_XYZ @ to_d65 @ xyz_from_balanced
    return matrix / matrix.sum(1, keepdims=True)


def _shares(calibrations: tuple[Calibration, ...], neutral: Array) -> Array:
    """How much each light's numbers count: linear in 1 / temperature between the first two."""
    if len(calibrations) == 1:
        return np.ones(1)
    kelvin = np.array([_calibrated_at(one) for one in calibrations[:2]])
    share = np.array([0.5, 0.5])
    for _ in range(4):  # the neutral's temperature depends on the matrix a little
        camera_from_xyz = share[0] * calibrations[0].color_matrix + share[1] * calibrations[1].color_matrix
        xyz = np.linalg.solve(camera_from_xyz, neutral)
        mired = 1 / mccamy(xyz[0] / xyz.sum(), xyz[1] / xyz.sum())
        warm = float(np.clip((mired - 1 / kelvin[1]) / (1 / kelvin[0] - 1 / kelvin[1]), 0, 1))
        share = np.array([warm, 1 - warm])
    return np.concatenate([share, np.zeros(len(calibrations) - 2)])


def _calibrated_at(calibration: Calibration) -> float:
    return mccamy(*calibration.white_xy) if calibration.white_xy else _KELVIN.get(calibration.light, 5003.0)


def mccamy(x: float, y: float) -> float:
    """Correlated color temperature in K of a chromaticity."""
    n = (x - 0.3320) / (0.1858 - y)
    return float(np.clip(449 * n**3 + 3525 * n**2 + 6823.3 * n + 5520.33, 1500, 25000))


def _adaptation(source_xyz: Array, target_xyz: Array) -> Array:
    gains = (_CONES @ target_xyz) / (_CONES @ source_xyz)
    return np.linalg.inv(_CONES) @ (gains[:, None] * _CONES)
