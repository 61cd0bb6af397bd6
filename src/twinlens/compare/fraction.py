"""Fraction: how much of the way from before to the reference after has gone, with its interval.

t = a . r / r . r of mean differences, that is the projection a . r / |r| over the length |r|. A ratio's own error is of
little use where its denominator is uncertain; instead all t are kept that the data do not refuse: those for which
a . r / |r| - t |r| differs from 0 by no more than its error allows (Fieller, Journal of the Royal Statistical Society B
16, 1954). Where the squared distance between before and reference is not surely above zero, there is no fraction.
"""

from __future__ import annotations

from math import floor, isfinite, sqrt

import numpy as np

from twinlens.compare.products import Products
from twinlens.core.record import record

LEVEL = 0.05
POWER = 0.9
FEWEST_ONE_SIDED, FEWEST_TWO_SIDED = 5, 6  # scenes with which 2^-n, and 2^(1-n), fall below 0.05


@record(kw_only=True)
class Fraction:
    """Fraction moved, its 95 % interval, and the smallest one that such data find nine times in ten."""

    moved: float
    interval: tuple[float, float]
    detectable: float | None


def quantile(share: float, dof: float) -> float:
    """Student's t; the normal one for infinitely many degrees of freedom."""
    from scipy.special import ndtri, stdtrit

    return float(stdtrit(dof, share) if isfinite(dof) else ndtri(share))


def above_zero(value: float, error: float, dof: float) -> float:
    """One-sided p of a value against 0 by Student's t; 0 or 1 where the error is 0."""
    from scipy.special import ndtr, stdtr

    if error == 0:
        return float(value <= 0)
    return float(stdtr(dof, -value / error) if isfinite(dof) else ndtr(-value / error))


def fraction(found: Products) -> Fraction | None:
    """The fraction, or None where the distance between before and reference is not surely above zero."""
    numerator, denominator = found.values[:2]
    if found.scenes < 3 or above_zero(*found.combination(np.array([0.0, 1.0, 0.0]))) >= LEVEL:
        return None
    moved, length = numerator / denominator, sqrt(denominator)
    dof = found.combination(np.array([1.0, -moved, 0.0]))[2]
    covariance = _of_lengths((found.over_scenes + found.over_sets)[:2, :2], moved, length)
    interval = fieller((moved * length, length), covariance, quantile(1 - LEVEL / 2, dof))
    if interval is None:
        return None
    return Fraction(
        moved=float(moved), interval=interval, detectable=_detectable(found, moved, length, covariance, dof)
    )


def _of_lengths(covariance: np.ndarray, moved: float, length: float) -> np.ndarray:
    """The covariance (2, 2) of projection a . r / |r| and length |r|, to first order, from that of a . r and r . r.

    Lengths are nearly linear in the means over scenes, squares are not: they are skewed, and have longer errors.
    """
    to_lengths = np.array([[1.0, -moved / 2], [0.0, 0.5]]) / length
    return to_lengths @ covariance @ to_lengths.T


def fieller(ratio: tuple[float, float], covariance: np.ndarray, times: float) -> tuple[float, float] | None:
    """Ratios that lie within `times` errors of the data, or None where they have no end. `covariance` (2, 2)."""
    top, bottom = ratio
    square = bottom**2 - times**2 * covariance[1, 1]
    if not square > 0:
        return None
    linear = top * bottom - times**2 * covariance[0, 1]
    constant = top**2 - times**2 * covariance[0, 0]
    root = sqrt(max(linear**2 - square * constant, 0.0))
    return float((linear - root) / square), float((linear + root) / square)


def _detectable(found: Products, moved: float, length: float, covariance: np.ndarray, dof: float) -> float | None:
    """The move f along the axis, in place of the one found, that a one-sided test finds with 90 % power; None where
    there is none.

    With it the projection is f |r|, its error that of a . r / |r| - (moved - f) |r|; f is where the former is k times
    the latter.
    """
    level = attained_level(found.scenes) if not found.over_sets.any() else LEVEL
    if level == 0:
        return None
    times = quantile(1 - level, dof) + quantile(POWER, dof)
    top, cross, bottom = covariance[0, 0], covariance[0, 1], covariance[1, 1]
    square = length**2 - times**2 * bottom
    if not square > 0:
        return None
    linear = times**2 * (cross - moved * bottom)
    constant = times**2 * max(top - 2 * moved * cross + moved**2 * bottom, 0.0)
    return float((linear + sqrt(max(linear**2 + square * constant, 0.0))) / square)


def attained_level(scenes: int) -> float:
    """The largest p-value of at most 0.05 that exchanges within this many scenes can give, 0 if none."""
    return floor(LEVEL * 2 ** min(scenes, 40)) / 2 ** min(scenes, 40)
