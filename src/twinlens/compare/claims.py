"""Claims: changed, closer to the reference, moved along the axis, arrived; each tested for itself.

Exact tests exchange before and after within scenes. That is wrong where whole sets were shot under different
conditions, which no exchange within a scene undoes; then a test against the stated prior of such shifts takes its
place.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.compare.flips import p_along, p_changed, p_closer
from twinlens.compare.fraction import (
    FEWEST_ONE_SIDED,
    FEWEST_TWO_SIDED,
    LEVEL,
    Fraction,
    above_zero,
)
from twinlens.compare.model import Claim
from twinlens.compare.paired import Paired
from twinlens.compare.products import Products
from twinlens.core.record import record

Array = npt.NDArray[Any]

# linear combinations of a . r, r . r, a . a
ALONG = np.array([1.0, 0.0, 0.0])
CLOSER = np.array([2.0, 0.0, -1.0])
LEFT = np.array([-2.0, 1.0, 1.0])
CHANGED = np.array([0.0, 0.0, 1.0])

TEXT = {
    "changed": "after differs from before",
    "closer": "after is closer to the reference than before was",
    "along": "after moved towards the reference",
    "arrived": "what is left between after and reference is within the limits of the data",
}
NEAR = 0.5  # the interval of the fraction must lie above it for after to be called indistinguishable


@record(kw_only=True)
class _Rule:
    name: str
    fewest: int
    sided: str


_CHANGED = _Rule(name="changed", fewest=FEWEST_TWO_SIDED, sided="two-sided")
_CLOSER = _Rule(name="closer", fewest=FEWEST_ONE_SIDED, sided="one-sided")
_ALONG = _Rule(name="along", fewest=FEWEST_ONE_SIDED, sided="one-sided")


def three(pair: Paired, found: Products, seed: int) -> tuple[Claim, Claim | None, Claim | None]:
    """The claims changed, closer and along; the latter two are None without a reference."""
    if pair.shifts:
        changed = _by_prior(_CHANGED, float(found.values[2]), changed_by_more_than_shift(pair))
        if pair.r is None:
            return changed, None, None
        nearer, error, dof = found.combination(CLOSER)
        nearer -= float(np.sum(pair.shifts.get("after", 0.0)))  # the way that a shift adds brings nothing closer
        along = found.combination(ALONG)
        closer = _by_prior(_CLOSER, nearer, above_zero(nearer, error, dof))
        return changed, closer, _by_prior(_ALONG, along[0], above_zero(*along))
    a, scenes = pair.a, len(pair.a)
    changed = _by_exchange(_CHANGED, *p_changed(a, seed), scenes)
    if pair.r is None:
        return changed, None, None
    middle = pair.r - a / 2
    closer, along = p_closer(a, middle, seed), p_along(a, middle, seed)
    return changed, _by_exchange(_CLOSER, *closer, scenes), _by_exchange(_ALONG, *along, scenes)


def _by_exchange(rule: _Rule, statistic: float, p_value: float, scenes: int) -> Claim:
    reason = f"all exchanges of before and after within {scenes} scenes, {rule.sided}"
    if scenes < rule.fewest:
        reason = f"a {rule.sided} p below 0.05 needs {rule.fewest} shared scenes; these are {scenes}"
    return Claim(text=TEXT[rule.name], statistic=statistic, p_value=p_value, holds=p_value < LEVEL, reason=reason)


def _by_prior(rule: _Rule, statistic: float, p_value: float) -> Claim:
    reason = "Student's t with the stated prior of what another module or light does to a whole set"
    return Claim(text=TEXT[rule.name], statistic=statistic, p_value=p_value, holds=p_value < LEVEL, reason=reason)


def changed_by_more_than_shift(pair: Paired) -> float:
    """p of |mean a|^2 where a is noise over scenes and a shift of the whole set: a sum of scaled chi-squares, taken for
    a gamma distribution of the same mean and variance (Box 1954).
    """
    from scipy.special import gammaincc

    a = pair.a
    noise = np.cov(a.T).reshape(a.shape[1], a.shape[1]) / len(a)
    total = noise + np.diag(
        sum((pair.shifts[role] for role in ("before", "after") if role in pair.shifts), 0 * pair.sensors)
    )
    mean, spread = np.trace(total), np.sum(total**2)
    square = float(np.sum(a.mean(0) ** 2))
    if not spread > 0:
        return float(square <= 0)
    return float(gammaincc(mean**2 / (2 * spread), square * mean / (2 * spread)))


def arrived(found: Products, way: Fraction | None, along: Claim | None) -> Claim | None:
    """Whether after cannot be told from the reference: it moved; its interval lies above one half and holds all of the
    way, or what of the way is left when the sensors' share is taken off; and the squared distance left, less what
    sensors cannot help, is not surely above zero.
    """
    if way is None or along is None:
        return None
    left, error, dof = found.combination(LEFT)
    left -= found.sensors
    p_value = above_zero(left, error, dof)
    low, high = way.interval
    reachable = 1 - found.sensors / float(found.values[1])
    holds = along.holds and p_value >= LEVEL and NEAR < low <= 1 and high >= reachable
    reason = "p-value of a distance left; a large one does not show that there is none"
    return Claim(text=TEXT["arrived"], statistic=left, p_value=p_value, holds=holds, reason=reason)
