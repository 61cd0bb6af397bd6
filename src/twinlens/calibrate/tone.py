"""Tone: how recorded values follow light (the opto-electronic conversion function), from steps of known light.

Steps are patches of a grey chart with known reflectance or density, or one place at several exposure times. Raw values
ought to be proportional to light: the linearity check says how far they are from it, and where. For rendered pictures
the curve is a monotone one through the steps (PCHIP: no overshoot, no bump).

Sources: ISO 14524:2009, sections 5 and 6 (OECF from steps); EMVA Standard 1288, Release 4.0 (2021), section 7.3
(linearity error, relative to the line through the steps between 5 and 95 %); Fritsch & Carlson, "Monotone Piecewise
Cubic Interpolation", SIAM J. Numer. Anal. 17 (1980).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import ParameterError
from twinlens.core.fit import Fit

Array = npt.NDArray[Any]

LEAST_STEPS = 5
NOT_MONOTONE = 0.01  # of the range: steps that fall by more are no response to light
LINEAR_FROM, LINEAR_TO = 0.05, 0.95  # of the range (EMVA 1288, 7.3)


@dataclass(frozen=True, eq=False)
class ToneResponse:
    """`light` (n,) relative, rising; `value` (n,) 0 to 1, not falling. `linearity` is the largest deviation from a line
    between 5 and 95 % of the range, relative to the line there; `slope` and `offset` are that line's.
    """

    light: Array
    value: Array
    slope: float
    offset: float
    linearity: float

    @property
    def is_linear(self) -> bool:
        """Whether the values follow light within 1 %, as raw data should."""
        return self.linearity < 0.01

    def encode(self, light: Array) -> Array:
        """The recorded value of relative light (...), held at the ends."""
        return _interpolated(self.light, self.value, np.asarray(light, float))

    def decode(self, value: Array) -> Array:
        """The relative light that a recorded value (...) stands for, held at the ends."""
        rising = np.concatenate([[True], np.diff(np.maximum.accumulate(self.value)) > 1e-9])
        return _interpolated(self.value[rising], self.light[rising], np.asarray(value, float))


def fit_tone(light: Array, value: Array, *, spread: Array | None = None) -> Fit[ToneResponse]:
    """The response from relative light (n,) of steps and their recorded values (n,) in 0 to 1, black taken away.

    `spread` (n,) is the standard error of each value, where known. The residual is the rms of what the monotone curve
    moves the steps by; held out: each inner step predicted from the others. Raises ParameterError for fewer than five
    steps, values that fall as light rises, or numbers outside their range.
    """
    light, value = np.asarray(light, float), np.asarray(value, float)
    _check(light, value)
    order = np.argsort(light, kind="stable")
    light, value = light[order], value[order]
    weight = np.ones(len(light)) if spread is None else 1 / np.square(np.maximum(np.asarray(spread)[order], 1e-6))
    light, value, weight = _merged(light, value, weight)
    smooth = _isotonic(value, weight)
    if float(np.abs(smooth - value).max()) > NOT_MONOTONE:
        worst = int(np.argmax(np.abs(smooth - value)))
        raise ParameterError(
            f"the values fall where light rises, by {abs(smooth - value)[worst]:.3f} near light {light[worst]:.3g}: "
            "glare, another light on a part of the chart, or a rendering with local contrast"
        )
    slope, offset, linearity = _linearity(light, smooth)
    response = ToneResponse(light, smooth, slope, offset, linearity)
    residual = float(np.sqrt(np.mean(np.square(smooth - value))))
    return Fit(response, residual, "recorded value", len(light), _left_out(light, smooth))


def _check(light: Array, value: Array) -> None:
    if light.ndim != 1 or light.shape != value.shape or len(light) < LEAST_STEPS:
        raise ParameterError(
            f"a tone response needs {LEAST_STEPS} steps or more, light and values alike, got {light.shape} and "
            f"{value.shape}"
        )
    if not (np.isfinite(light).all() and np.isfinite(value).all()):
        raise ParameterError("the steps have numbers that are not finite")
    if light.min() < 0 or light.max() <= 0:
        raise ParameterError(f"relative light is 0 or more, got {light.min():g} to {light.max():g}")
    if value.min() < -0.05 or value.max() > 1.05:
        raise ParameterError(f"recorded values lie in 0 to 1, got {value.min():g} to {value.max():g}: divide by white")


def _merged(light: Array, value: Array, weight: Array) -> tuple[Array, Array, Array]:
    """Steps of the same light as one."""
    unique, index = np.unique(light, return_inverse=True)
    total = np.bincount(index, weight)
    return unique, np.bincount(index, weight * value) / total, total


def _isotonic(value: Array, weight: Array) -> Array:
    """The nearest sequence that never falls, by weighted least squares (pool adjacent violators)."""
    from scipy.optimize import isotonic_regression

    return np.asarray(isotonic_regression(value, weights=weight).x)


def _interpolated(x: Array, y: Array, at: Array) -> Array:
    from scipy.interpolate import PchipInterpolator

    return PchipInterpolator(x, y)(np.clip(at, x[0], x[-1]))


def _linearity(light: Array, value: Array) -> tuple[float, float, float]:
    """Slope, offset, and the largest deviation relative to the line, over the inner part of the range."""
    span = float(value.max() - value.min())
    low, high = value.min() + LINEAR_FROM * span, value.min() + LINEAR_TO * span
    inner = (value >= low) & (value <= high)
    if inner.sum() < 3:
        inner = np.ones(len(value), bool)
    weight = 1 / np.maximum(value[inner], 0.01 * span)  # relative errors count alike
    design = np.stack([light[inner], np.ones(inner.sum())], 1) * weight[:, None]
    slope, offset = np.linalg.lstsq(design, value[inner] * weight, rcond=None)[0]
    line = slope * light[inner] + offset
    deviation = np.abs(value[inner] - line) / np.maximum(np.abs(line), 1e-9)
    return float(slope), float(offset), float(deviation.max())


def _left_out(light: Array, value: Array) -> float | None:
    """The rms error of inner steps predicted from the others; None where too few are left."""
    if len(light) < LEAST_STEPS:
        return None
    errors = []
    for index in range(1, len(light) - 1):
        others = np.arange(len(light)) != index
        errors.append(float(_interpolated(light[others], value[others], light[index : index + 1])[0] - value[index]))
    return float(np.sqrt(np.mean(np.square(errors))))
