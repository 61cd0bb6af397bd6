"""DNG color: the map from a camera's RGB to XYZ for any white, from the matrices of one to three lights.

Source: Digital Negative Specification 1.7.1, chapter 6 (Mapping Camera Color Space to CIE XYZ Space). With C the color
matrix (camera from XYZ), F the forward matrix (XYZ D50 from white-balanced camera), K the camera calibration, A the
analog balance as a diagonal:

    camera from XYZ  = A K C
    XYZ D50 from camera = F diag(1 / ((A K)^-1 neutral)) (A K)^-1                  with a forward matrix
    XYZ D50 from camera = Bradford(white to D50) (A K C)^-1                        without one

Between two lights the matrices are interpolated linearly in 1 / temperature; between three by their distance in
(tint, 1 / temperature). "Neutral" is the camera RGB (3,) of an achromatic surface, up to a factor.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from twinlens.core.record import record
from twinlens.numerics.color import D50_XY, D50_XYZ, REC2020_FROM_XYZ_D50, adaptation, xy_from_xyz, xyz_from_xy
from twinlens.numerics.temperature import LIGHT_TEMPERATURE_K, light_xy, temperature_from_xy

Array = npt.NDArray[Any]
Pair = tuple[float, float]

MAX_PASSES = 30  # of the search for a neutral's chromaticity, which settles in three to six
TINT_RANGE = 200.0  # three lights: distances are measured in tint / 200 ...
WARMEST_K = 1500.0  # ... and 1500 K / temperature
FORWARD_TOLERANCE = 0.01  # of XYZ: a forward matrix that takes white elsewhere is not one
LEAST_WEIGHT = 0.02  # smaller weights of a light count as none


@record(eq=False)
class Light:
    """The numbers of one calibration light: temperature in K (0 when unknown), chromaticity and 3x3 matrices."""

    kelvin: float
    white_xy: Pair
    color: Array  # camera_from_xyz
    forward: Array | None  # xyz_d50_from_camera, rows summing to the white
    calibration: Array  # K


@record(eq=False)
class Matrices:
    """What holds for one white: `camera_from_xyz` = A K C, `forward` F or None, `calibration` = A K."""

    camera_from_xyz: Array
    forward: Array | None
    calibration: Array


class CalibrationLike(Protocol):
    """What is read of a calibration; `core.camera_color.Calibration` is one."""

    @property
    def light(self) -> int: ...
    @property
    def color_matrix(self) -> Array: ...
    @property
    def forward_matrix(self) -> Array | None: ...
    @property
    def camera_calibration(self) -> Array | None: ...
    @property
    def white_xy(self) -> Pair | None: ...


def lights_from(calibrations: Sequence[CalibrationLike], use_calibration: bool = True) -> tuple[Light, ...]:
    """The usable lights of a file or profile; unusable matrices (singular, not finite, not 3x3) are left out."""
    found = []
    for one in calibrations:
        color = np.asarray(one.color_matrix, float)
        if color.shape != (3, 3) or not np.isfinite(color).all() or abs(np.linalg.det(color)) < 1e-9:
            continue
        white = one.white_xy or light_xy(one.light)
        kelvin = temperature_from_xy(one.white_xy)[0] if one.white_xy else LIGHT_TEMPERATURE_K.get(one.light, 0.0)
        calibration = _usable(one.camera_calibration) if use_calibration else None
        forward = _forward(one.forward_matrix)
        found.append(Light(kelvin, white or D50_XY, color, forward, np.eye(3) if calibration is None else calibration))
    return tuple(found)


def _usable(matrix: Array | None) -> Array | None:
    if matrix is None:
        return None
    matrix = np.asarray(matrix, float)
    good = matrix.shape == (3, 3) and np.isfinite(matrix).all() and abs(np.linalg.det(matrix)) > 1e-9
    return matrix if good else None


def _forward(matrix: Array | None) -> Array | None:
    """The forward matrix with rows scaled so that (1, 1, 1) is D50 white exactly; None where it is not near it."""
    usable = _usable(matrix)
    if usable is None or np.abs(usable.sum(1) - D50_XYZ).max() > FORWARD_TOLERANCE:
        return None
    return usable * (D50_XYZ / usable.sum(1))[:, None]


def weights(lights: Sequence[Light], white_xy: Pair) -> Array:
    """How much each light counts for a picture of this white; (lights,), sum 1."""
    if len(lights) == 1:
        return np.ones(1)
    if len(lights) == 2:
        first, second = lights[0].kelvin, lights[1].kelvin
        if first <= 0 or second <= 0 or first == second:
            return np.array([1.0, 0.0])
        mired = 1 / temperature_from_xy(white_xy)[0]
        share = float(np.clip((mired - 1 / second) / (1 / first - 1 / second), 0, 1))
        return np.array([share, 1 - share])
    distance = np.square(np.stack([_place(one.white_xy) - _place(white_xy) for one in lights])).sum(1)
    near = 1 / (distance + 1e-8)
    near /= near.sum()
    near = near * near * (3 - 2 * near)
    near = np.clip((near - LEAST_WEIGHT) / (1 - LEAST_WEIGHT), 0, 1)
    return near / near.sum()


def _place(white_xy: Pair) -> Array:
    kelvin, tint = temperature_from_xy(white_xy)
    return np.array([tint / TINT_RANGE, min(WARMEST_K / kelvin, 1.0)])


def matrices_for(lights: Sequence[Light], white_xy: Pair, analog_balance: Array | None = None) -> Matrices:
    """The matrices for a picture whose white is (x, y). Forward matrices count only where the lights in use have
    them."""
    share = weights(lights, white_xy)
    used = [(w, one) for w, one in zip(share, lights, strict=True) if w > 0]
    color = np.sum([w * one.color for w, one in used], axis=0)
    calibration = np.sum([w * one.calibration for w, one in used], axis=0)
    if analog_balance is not None:
        calibration = np.asarray(analog_balance, float)[:, None] * calibration
    known = [(w, one.forward) for w, one in zip(share, lights, strict=True) if one.forward is not None]
    total = sum(w for w, _ in known)
    if len(known) < len(lights) and total < 1 - 1e-9:
        known = []  # a forward matrix for one light only does not hold between the lights
    forward = np.sum([w * matrix for w, matrix in known], axis=0) / total if known else None
    return Matrices(calibration @ color, forward, calibration)


def neutral_from_xy(lights: Sequence[Light], white_xy: Pair, analog_balance: Array | None = None) -> Array:
    """The camera's RGB (3,) of a neutral under a light of chromaticity (x, y); the largest channel is 1."""
    neutral = matrices_for(lights, white_xy, analog_balance).camera_from_xyz @ xyz_from_xy(white_xy)
    neutral = np.maximum(neutral, 1e-3 * neutral.max())  # a light outside the camera's gamut
    return neutral / neutral.max()


def xy_from_neutral(lights: Sequence[Light], neutral: Array, analog_balance: Array | None = None) -> Pair:
    """The chromaticity (x, y) of the light under which a neutral has this camera RGB: found by repeated matrices."""
    last = D50_XY
    for turn in range(MAX_PASSES):
        xyz = np.linalg.solve(matrices_for(lights, last, analog_balance).camera_from_xyz, neutral)
        xyz = np.maximum(xyz, 1e-4 * max(float(np.abs(xyz).max()), 1e-12))
        found = xy_from_xyz(xyz)
        if abs(found[0] - last[0]) + abs(found[1] - last[1]) < 1e-7:
            return found
        if turn == MAX_PASSES - 1:  # it swings between two values
            found = ((found[0] + last[0]) / 2, (found[1] + last[1]) / 2)
        last = found
    return last


def xyz_d50_from_balanced(lights: Sequence[Light], neutral: Array, analog_balance: Array | None = None) -> Array:
    """The 3x3 from white-balanced camera RGB (neutral: three equal channels) to XYZ D50; (1, 1, 1) becomes D50, Y =
    1."""
    neutral = np.asarray(neutral, float) / np.max(neutral)
    found = matrices_for(lights, xy_from_neutral(lights, neutral, analog_balance), analog_balance)
    if found.forward is not None:
        undone = np.linalg.inv(found.calibration)
        reference = undone @ neutral
        if (reference > 1e-6).all():
            return found.forward @ np.diag(1 / reference) @ undone @ np.diag(neutral)
    xyz_from_camera = np.linalg.inv(found.camera_from_xyz)
    white = xyz_from_camera @ neutral
    if white[1] <= 0 or (white <= 0).any():  # not the color of a light: the matrix as it is, its rows made neutral
        balanced = xyz_from_camera @ np.diag(neutral)
        return balanced * (D50_XYZ / np.where(np.abs(balanced.sum(1)) < 1e-9, 1e-9, balanced.sum(1)))[:, None]
    return adaptation(white / white[1], D50_XYZ) @ xyz_from_camera @ np.diag(neutral) / white[1]


def rec2020_from_balanced(lights: Sequence[Light], neutral: Array, analog_balance: Array | None = None) -> Array:
    """The 3x3 from white-balanced camera RGB to linear Rec. 2020; its rows sum to 1, so greys stay grey exactly."""
    matrix = REC2020_FROM_XYZ_D50 @ xyz_d50_from_balanced(lights, neutral, analog_balance)
    return matrix / matrix.sum(1, keepdims=True)
