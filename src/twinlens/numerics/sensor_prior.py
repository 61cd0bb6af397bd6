"""Sensor prior: what the spectral sensitivities of measured cameras have in common, and the bundled surfaces.

A camera's three channels are one Gaussian vector: mean and covariance over measured cameras, plus a smooth residual
for what no measured camera has.

Source: Jiang, Liu, Gu & Susstrunk, "What is the Space of Spectral Sensitivity Functions for Digital Color Cameras?",
WACV 2013 (the space). The numbers: `spectra/NOTICE.txt`, `tools/make_prior.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.numerics import spectra
from twinlens.numerics.spectra import BANDS, FOLDER, WAVELENGTHS_NM, observer

Array = npt.NDArray[Any]

CHANNELS = 3
STATE = CHANNELS * BANDS
RESIDUAL_LENGTHS_NM = ((0.3, 10.0), (0.7, 30.0))  # share and length of what the residual is made of
RESIDUAL_FLOOR = 0.1  # the residual's part that does not follow the channel's height
SCALE_SD = 0.02  # of a channel's gain, after it is set from the data


@dataclass(frozen=True, eq=False)
class Prior:
    """Mean (93,) and covariance (93, 93) of sensitivities, R then G then B, each channel's sum 1."""

    mean: Array
    covariance: Array


def prior_from(sensitivities: Array) -> Prior:
    """The prior of measured cameras (C, 31, 3), each channel scaled to sum 1."""
    unit = sensitivities / sensitivities.sum(1, keepdims=True)
    flat = unit.transpose(0, 2, 1).reshape(len(unit), STATE)
    return Prior(flat.mean(0), np.cov(flat.T))


@cache
def bundled_prior() -> Prior:
    """The prior that comes with the program: 52 measured cameras."""
    return Prior(table("sensor_mean")[0], table("sensor_covariance"))


@cache
def table(name: str) -> Array:
    """The rows of a bundled table without header, read-only."""
    text = (FOLDER / f"{name}.csv").read_text("utf-8")
    values = np.array([line.split(",") for line in text.splitlines() if not line.startswith("#")], float)
    values.setflags(write=False)
    return values


def chart_reflectances() -> Array:
    """The reflectances (24, 31) of a ColorChecker by the standard."""
    return chart_editions()[STANDARD_EDITION]


STANDARD_EDITION = "ISO 17321-1"


@cache
def chart_editions() -> dict[str, Array]:
    """The reflectances (24, 31) of a ColorChecker by the standard, and as measured on average on 30 charts (which
    differ by a mean of 1 to 2 Delta E 2000)."""
    names = {STANDARD_EDITION: "colorchecker", "mean of 30 charts": "colorchecker_average"}
    editions = {name: np.stack(list(spectra.table(one).values())) for name, one in names.items()}
    for one in editions.values():
        one.setflags(write=False)
    return editions


def unit_luminance(light: Array) -> Array:
    """A light's power scaled so that the perfect diffuser has Y = 1: sums with the observer are XYZ."""
    light = np.asarray(light, float)
    return light / float(light @ observer()[:, 1])


def prior_under(prior: Prior, light: Array, residual: float) -> Prior:
    """The prior of sensitivities that record white under `light` as (1, 1, 1), to first order, the residual included.

    `residual` is relative to each channel's peak.
    """
    mean = prior.mean.reshape(CHANNELS, BANDS)
    white = mean @ light
    turn = np.zeros((STATE, STATE))
    scaled = mean / white[:, None]
    for channel in range(CHANNELS):
        block = slice(BANDS * channel, BANDS * (channel + 1))
        turn[block, block] = (np.eye(BANDS) - np.outer(scaled[channel], light)) / white[channel]
    covariance = turn @ prior.covariance @ turn.T
    apart = np.square(WAVELENGTHS_NM[:, None] - WAVELENGTHS_NM)
    near = sum(share * np.exp(-apart / (2 * length**2)) for share, length in RESIDUAL_LENGTHS_NM)
    for channel, curve in enumerate(scaled):
        block = slice(BANDS * channel, BANDS * (channel + 1))
        size = residual * (RESIDUAL_FLOOR * curve.max() + (1 - RESIDUAL_FLOOR) * curve)
        covariance[block, block] += near * np.outer(size, size)
    flat = scaled.ravel()
    return Prior(flat, covariance + SCALE_SD**2 * np.outer(flat, flat))
