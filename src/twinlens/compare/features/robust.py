"""Robust: least squares with a ridge in which what does not fit counts less."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

_ITERATIONS = 12
_TUNING = 1.345  # Huber's; 95 % efficient for normal errors (P. J. Huber, Robust Statistics, 1981)
NORMAL_MAD = 1.4826  # standard deviation of a normal distribution over its median absolute deviation


def ridge(columns: Array, wanted: Array, weight: Array, penalty: Array, least: float) -> Array:
    """Solution (K,) of columns (M, K) @ x = wanted (M,) with weights (M,) and a quadratic penalty (K, K).

    The penalty is in units of the mean weight times M. Real or complex. Errors under `least` are never held to be odd.
    """
    count = len(wanted)
    weight = weight / max(float(weight.sum()), 1e-12)
    robust = np.ones(count)
    solution = np.zeros(columns.shape[1], np.result_type(columns, wanted))
    for _ in range(_ITERATIONS):
        weighed = columns.conj() * (weight * robust)[:, None]
        solution = np.linalg.solve(weighed.T @ columns + penalty, weighed.T @ wanted)
        robust = huber(np.abs(wanted - columns @ solution), weight, least)
    return solution


def huber(left: Array, weight: Array, least: float) -> Array:
    """Huber's weights (M,) of errors (M,), whose usual size is their median by `weight`, and not under `least`."""
    scale = max(_TUNING * NORMAL_MAD * weighted_median(left, weight), least)
    return np.minimum(1, scale / np.maximum(left, 1e-12))


def weighted_median(values: Array, weight: Array) -> float:
    """The value that half of the weight lies below."""
    order = np.argsort(values, kind="stable")
    total = np.cumsum(weight[order])
    return float(values[order][min(np.searchsorted(total, total[-1] / 2), len(values) - 1)])
