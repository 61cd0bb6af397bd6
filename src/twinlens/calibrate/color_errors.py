"""Color errors: how far a color model is off, on patches it has not seen and on natural surfaces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from twinlens.calibrate.color_input import ChartShot
from twinlens.numerics import root_polynomial
from twinlens.numerics.color import delta_e_2000, lab_from_xyz
from twinlens.numerics.color_model import Surfaces, color_map, fitted, surfaces
from twinlens.numerics.sensitivity import Estimate
from twinlens.numerics.sensor_prior import unit_luminance
from twinlens.numerics.spectra import white_xyz

Array = npt.NDArray[Any]

HUES = ("red", "orange", "yellow", "yellow green", "green", "bluish green", "cyan", "blue", "violet blue", "violet",
        "purple", "pink")  # fmt: skip
FIRST_HUE_DEG = 30.0  # hue angle of CIE L*a*b* in the middle of "red"
COLORED = 15.0  # chroma from which a surface has a hue
DRAWS = 6  # sensors drawn from what is possible
FOLDS = 2
EVERY = 2  # of the known surfaces is used for the maps of left-out patches ...
LEFT_OUT_PASSES = 3  # ... with fewer reweightings


@dataclass(frozen=True)
class ErrorSummary:
    """Mean, 95th percentile and largest of some color differences, and how many there were."""

    mean: float
    p95: float
    largest: float
    count: int

    @classmethod
    def of(cls, errors: Array) -> ErrorSummary:
        errors = np.ravel(errors)
        return cls(float(errors.mean()), float(np.percentile(errors, 95)), float(errors.max()), errors.size)


@dataclass(frozen=True)
class HueError:
    """The expected error of colored surfaces of one hue, and how many known surfaces tell it."""

    hue: str
    mean: float
    p95: float
    surfaces: int


class Sensor(Protocol):
    """What has sensitivities and their covariance: an `Estimate` or a `ColorModel`."""

    @property
    def sensitivities(self) -> Array: ...
    @property
    def covariance(self) -> Array: ...


def delta_e(xyz: Array, truth: Array, light: Array) -> Array:
    """CIEDE2000 between XYZ arrays (..., 3) under a light (31,), white = perfect diffuser."""
    white = white_xyz(light)
    return delta_e_2000(lab_from_xyz(xyz, white), lab_from_xyz(truth, white))


def left_out_plain(shot: ChartShot, keep: Array) -> tuple[Array, Array]:
    """The error (n,) of every kept patch by a 3x3 least-squares matrix made without it, and the matrix from all."""
    rgb, xyz = shot.rgb[keep], shot.xyz[keep]
    solved = np.linalg.pinv(rgb) @ xyz
    leverage = np.einsum("ni,in->n", rgb, np.linalg.pinv(rgb))
    away = (xyz - rgb @ solved) / np.maximum(1 - leverage, 1e-6)[:, None]
    return delta_e(xyz - away, xyz, shot.light), solved.T


def left_out_model(shot: ChartShot, found: Estimate) -> Array:
    """The error (N,) of each of the first shot's patches by the sensor estimated without it."""
    known = surfaces(shot.light).part(slice(None, None, EVERY))
    unit, guesses = unit_luminance(shot.light), []
    for rgb, curves, veil in zip(shot.rgb, found.left_out, found.left_out_veil, strict=False):
        white = unit @ curves
        features = root_polynomial.terms(known.stimuli @ curves / white)
        guesses.append(root_polynomial.terms((rgb - veil) / white) @ fitted(features, known, passes=LEFT_OUT_PASSES))
    return delta_e(np.array(guesses), shot.xyz, shot.light)


def foretold(sensor: Sensor, light: Array) -> tuple[ErrorSummary, tuple[HueError, ...]]:
    """The error to be expected on natural surfaces: maps of the estimated sensor, made from one half of the known
    surfaces, read the other half as recorded by sensors drawn from what is possible."""
    known = surfaces(light)
    errors = np.empty((DRAWS, len(known.xyz)))
    cameras = draws(sensor)
    for fold in range(FOLDS):
        held = np.arange(len(known.xyz)) % FOLDS == fold
        learned = color_map(sensor.sensitivities, light, known.part(~held))
        for number, curves in enumerate(cameras):
            errors[number, held] = delta_e(learned.to_xyz(known.stimuli[held] @ curves), known.xyz[held], light)
    return ErrorSummary.of(errors), _by_hue(errors, known)


def draws(sensor: Sensor, seed: int = 0) -> Array:
    """Sensitivities (DRAWS, 31, 3) as probable as what is known about a sensor allows."""
    values, vectors = np.linalg.eigh(sensor.covariance)
    factor = vectors * np.sqrt(np.maximum(values, 0))
    noise = np.random.default_rng(seed).standard_normal((DRAWS, len(values))) @ factor.T
    return sensor.sensitivities + noise.reshape(DRAWS, 3, -1).transpose(0, 2, 1)


def _by_hue(errors: Array, known: Surfaces) -> tuple[HueError, ...]:
    lab = lab_from_xyz(known.xyz, known.white_xyz)
    hue = np.degrees(np.arctan2(lab[:, 2], lab[:, 1])) % 360
    width = 360 / len(HUES)
    sector = np.floor((hue - FIRST_HUE_DEG + width / 2) / width).astype(int) % len(HUES)
    colored = np.hypot(lab[:, 1], lab[:, 2]) > COLORED
    told = []
    for number, name in enumerate(HUES):
        which = colored & (sector == number)
        if which.any():
            part = ErrorSummary.of(errors[:, which])
            told.append(HueError(name, part.mean, part.p95, int(which.sum())))
    return tuple(told)
