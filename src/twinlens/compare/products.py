"""Products: scalar products of mean differences, free of noise bias, with errors over scenes and over whole sets.

The product of two means over n scenes, mean(x) . mean(y), is too large by the noise that both share; the mean of
x_i . y_j over different scenes is not. It is a U-statistic; leaving out one scene at a time gives its error (Arvesen,
Annals of Mathematical Statistics 40, 1969).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.compare.paired import Paired, different
from twinlens.core.record import record

Array = npt.NDArray[Any]


@record(kw_only=True, eq=False)
class Products:
    """Estimates (3,) of a . r, r . r and a . a in this order, their covariance (3, 3) over scenes and over shifts of
    whole sets, and the number of scenes.

    What shifts add to the squares on average has been taken away; `sensors` is what two sensors add to the square of a
    distance to the reference. Without a reference the first two are 0.
    """

    values: Array
    over_scenes: Array
    over_sets: Array
    scenes: int
    sensors: float = 0.0

    def combination(self, factors: Array) -> tuple[float, float, float]:
        """A linear combination, its standard error and the degrees of freedom (Welch 1947, Satterthwaite 1946)."""
        within, between = (max(float(factors @ part @ factors), 0.0) for part in (self.over_scenes, self.over_sets))
        total, least = within + between, max(self.scenes - 1, 1)
        dof = least * (total / within) ** 2 if within > 1e-12 * total else np.inf
        return float(factors @ self.values), total**0.5, dof


def products(pair: Paired) -> Products:
    """The products of a pair of differences of `Paired`."""
    a = pair.a
    r = np.zeros_like(a) if pair.r is None else pair.r
    grams = [a @ r.T, r @ r.T, a @ a.T]
    found, covariance = jackknife(grams)
    before = pair.shifts.get("before", 0 * pair.sensors)
    after = pair.shifts.get("after", 0 * pair.sensors)
    reference = pair.shifts.get("reference", 0 * pair.sensors)
    if pair.r is None:
        taken = [0.0, 0.0, (after + before).sum()]
    else:
        taken = [before.sum(), (reference + before).sum(), (after + before).sum()]
    shifted = _shifted(a, r, after, before, reference) if pair.shifts else np.zeros((3, 3))
    sensors = 0.0 if pair.r is None else float(pair.sensors.sum())
    return Products(values=found - taken, over_scenes=covariance, over_sets=shifted, scenes=len(a), sensors=sensors)


def jackknife(grams: list[Array]) -> tuple[Array, Array]:
    """Means over different scenes of each Gram matrix (N, N), and their jackknife covariance.

    The jackknife is right where the means are well above the noise, and too wide, up to twice the variance, where they
    drown in it (Efron & Stein 1981); without that excess, intervals of such data are too short.
    """
    scenes = len(grams[0])
    sums, rows = [], []
    for gram in grams:
        pairs = gram - np.diag(np.diag(gram))
        sums.append(pairs.sum())
        rows.append(pairs.sum(0) + pairs.sum(1))
    total, part = np.array(sums), np.array(rows)
    left = (total[:, None] - part) / max((scenes - 1) * (scenes - 2), 1)
    deviation = left - left.mean(1, keepdims=True)
    covariance = deviation @ deviation.T * (scenes - 1) / scenes
    return total / (scenes * (scenes - 1)), covariance


def _shifted(a: Array, r: Array, after: Array, before: Array, reference: Array) -> Array:
    """(3, 3): covariance of the products by shifts of variance (K,) of the three sets, with the second-order variances.

    A shift d of the after set moves a . r by r . d and a . a by 2 a . d, one of the reference moves a . r by a . d and
    r . r by 2 r . d, one of the before set moves them by both with the other sign. Squares of means are free of bias.
    """
    square = {"aa": _means(a, a), "ar": _means(a, r), "rr": _means(r, r)}

    def over(variance: Array, on_a: list[float], on_r: list[float]) -> Array:
        aa, ar, rr = (float(np.sum(variance * square[key])) for key in ("aa", "ar", "rr"))
        one, other = np.array(on_a), np.array(on_r)
        cross = np.outer(one, other)
        return aa * np.outer(one, one) + ar * (cross + cross.T) + rr * np.outer(other, other)

    first = over(after, [0, 0, 2], [1, 0, 0]) + over(reference, [1, 0, 0], [0, 2, 0])
    first += over(before, [-1, 0, -2], [-1, -2, 0])
    second = np.array([after @ reference + after @ before, 2 * reference @ reference, 2 * after @ after])
    return first + np.diag(second + np.array([0, 1, 1]) * 2 * (before @ before))


def _means(one: Array, other: Array) -> Array:
    """(K,): products of the means of each feature, free of the noise that both share; squares are not negative."""
    found = different(one, other)
    return np.maximum(found, 0) if one is other else found
