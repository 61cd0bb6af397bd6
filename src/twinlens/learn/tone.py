"""Tone: a smooth rising curve over stops, linear in its coefficients: a uniform cubic B-spline.

A B-spline rises where its coefficients do. Outside its ends it goes on: below along its tangent in light, so that
light below zero has an order too, above with its last value.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.numerics import curve

Array = npt.NDArray[Any]

LOW, HIGH, SPACING = -11.0, 5.0, 0.5  # stops from mid grey
STOPS = np.arange(LOW, HIGH + SPACING / 2, SPACING)
COUNT = len(STOPS) + 2  # coefficients
_DARKEST = curve.MID_GREY * 2.0**LOW
SMALLEST_RISE = 2e-4  # of tone code from coefficient to coefficient


def basis(light: Array) -> tuple[Array, Array]:
    """Values and slopes (N, COUNT) of the basis at light (N,): code = values @ coefficients, slope by log2 of light.

    Below the first stop the slope is that of a straight line in light: it is told by what light gains, not by stops.
    """
    position = np.log2(np.maximum(light, _DARKEST) / curve.MID_GREY)
    place = (np.clip(position, LOW, HIGH) - LOW) / SPACING
    at = np.minimum(place.astype(int), len(STOPS) - 2)
    t = place - at
    values = np.stack([(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3], -1) / 6
    slopes = np.stack([-((1 - t) ** 2), 3 * t**2 - 4 * t, -3 * t**2 + 2 * t + 1, t**2], -1) / (2 * SPACING)
    slopes[position >= HIGH] = 0
    dark = light < _DARKEST
    tangent = (light[dark] / _DARKEST - 1) / np.log(2)
    values[dark] += slopes[dark] * tangent[:, None]
    slopes[dark] *= (light[dark] / _DARKEST)[:, None]
    return _spread(values, at), _spread(slopes, at)


def _spread(four: Array, at: Array) -> Array:
    wide = np.zeros((len(at), COUNT))
    wide[np.arange(len(at))[:, None], at[:, None] + np.arange(4)] = four
    return wide


def at_stops(coefficients: Array) -> Array:
    """Tone codes (..., len(STOPS)) at STOPS of coefficients (..., COUNT)."""
    return (coefficients[..., :-2] + 4 * coefficients[..., 1:-1] + coefficients[..., 2:]) / 6


def usual() -> Array:
    """Coefficients (COUNT,) of a plain film-like curve: where a curve goes that nothing tells it."""
    stops = LOW + SPACING * (np.arange(COUNT) - 1)
    light = curve.MID_GREY * np.exp2(stops)
    return curve.encode_tone(curve.film(light, curve.MID_GREY, 1.35, 1.0, 3.0)) + 0.02 * np.maximum(stops - 3.0, 0)


def inverse(code: Array, coefficients: Array) -> Array:
    """Light (...) that a curve takes to tone codes (...)."""
    fine = np.linspace(LOW, HIGH, 641)
    values, _ = basis(curve.MID_GREY * np.exp2(fine))
    rising = np.maximum.accumulate(values @ coefficients) + 1e-9 * np.arange(len(fine))
    return curve.MID_GREY * np.exp2(np.interp(code, rising, fine))


def raised(coefficients: Array) -> Array:
    """Coefficients (..., COUNT) near these that rise from 0 or more: halfway between the lowest rising ones above them
    and the highest below."""
    step = SMALLEST_RISE * np.arange(coefficients.shape[-1])
    free = np.maximum(coefficients, 0) - step
    above = np.maximum.accumulate(free, -1)
    below = np.minimum.accumulate(free[..., ::-1], -1)[..., ::-1]
    return np.maximum((above + below) / 2, -step[0]) + step


def through(light: Array, code: Array, weight: Array) -> Array:
    """A smooth rising curve (COUNT,) through tone codes (N,) at light (N,)."""
    values, _ = basis(light)
    start, bend = usual(), np.diff(np.eye(COUNT), 2, axis=0)
    share = weight / np.hypot(0.05, 0.3 * code)
    share /= share.sum()
    normal = (values.T * share) @ values + 0.1 / COUNT * bend.T @ bend + 1e-6 * np.eye(COUNT)
    off = code - values @ start
    return raised(start + np.linalg.solve(normal, (values.T * share) @ off))
