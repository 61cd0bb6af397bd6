"""Sensor white: the camera RGB of a neutral under any light, and the light that a neutral tells of, from the camera's
sensitivities.

The lights of a picture whose spectrum is not known are black bodies up to 4000 K and daylight above: a line in the
camera's own color space. A neutral belongs to the place of that line which is nearest in log chromaticity.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.numerics import spectra

Array = npt.NDArray[Any]

DAYLIGHT_FROM_K = 4000.0
WARMEST_K, COOLEST_K = 1700.0, 25000.0
STEPS = 200  # of the line, even in 1 / temperature


def thermal_light(kelvin: float) -> Array:
    """The power (31,) of a black body below 4000 K, of daylight from there on."""
    if kelvin < DAYLIGHT_FROM_K:
        return spectra.black_body(kelvin)
    return spectra.daylight(min(kelvin, spectra.DAYLIGHT_RANGE_K[1]))


def neutral_under(sensitivities: Array, light: Array) -> Array:
    """Camera RGB (3,) of a neutral under a light (31,); the largest channel is 1."""
    neutral = np.asarray(light, float) @ sensitivities
    neutral = np.maximum(neutral, 1e-3 * neutral.max())
    return neutral / neutral.max()


def temperature_of(sensitivities: Array, neutral: Array) -> tuple[float, float]:
    """The temperature (K) of the thermal light under which a neutral is nearest to this camera RGB (3,), and how far
    that is, in log chromaticity (1 % of a channel is 0.01)."""
    mired = np.linspace(1e6 / COOLEST_K, 1e6 / WARMEST_K, STEPS)
    places = np.array([_place(neutral_under(sensitivities, thermal_light(1e6 / one))) for one in mired])
    wanted = _place(np.maximum(neutral, 1e-6 * np.max(neutral)))
    away = np.linalg.norm(places - wanted, axis=1)
    nearest = int(np.clip(away.argmin(), 1, STEPS - 2))
    # the least of the parabola through three neighbours
    left, middle, right = np.square(away[nearest - 1 : nearest + 2])
    bend = left - 2 * middle + right
    shift = float(np.clip((left - right) / (2 * bend), -1, 1)) if bend > 0 else 0.0
    kelvin = 1e6 / float(np.clip(mired[nearest] + shift * (mired[1] - mired[0]), mired[0], mired[-1]))
    return kelvin, float(np.linalg.norm(_place(neutral_under(sensitivities, thermal_light(kelvin))) - wanted))


def _place(rgb: Array) -> Array:
    return np.log(rgb[[0, 2]] / rgb[1])


def interpolated(kelvins: Array, values: Array, kelvin: float) -> Array:
    """`values` (lights, ...) at a temperature, linear in 1 / temperature between the lights, constant beyond them."""
    order = np.argsort(1 / np.asarray(kelvins, float))
    mired, values = 1 / np.asarray(kelvins, float)[order], np.asarray(values, float)[order]
    if len(mired) == 1:
        return values[0]
    upper = int(np.clip(np.searchsorted(mired, 1 / kelvin), 1, len(mired) - 1))
    share = float(np.clip((1 / kelvin - mired[upper - 1]) / (mired[upper] - mired[upper - 1]), 0, 1))
    return (1 - share) * values[upper - 1] + share * values[upper]
