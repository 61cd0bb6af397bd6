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
    """p of the squared length of mean a, where a is noise over scenes and a shift of the whole set.

    Each feature counts by b / (shift + b / n), b the usual variance of a scene's difference, as generalised least
    squares would have it: what a shift moves much has little to say. Blocks are asked one by one too, so that those
    which no shift moves keep their power beside those that it moves; half of the level is for all together, half for
    the blocks (Bonferroni).
    """
    names = np.unique(pair.blocks)
    by_block = [_p_beyond_shift(pair, pair.blocks == name) for name in names]
    together = _p_beyond_shift(pair, np.ones(len(pair.blocks), bool))
    return min(2 * together, 2 * len(names) * min(by_block), 1.0)


def _p_beyond_shift(pair: Paired, chosen: Array) -> float:
    """The same of some features (K,) bool: their square is a sum of scaled chi-squares, of which the noise is
    estimated, taken for an F (Box 1954; Brunner, Dette & Munk, Journal of the American Statistical Association 92,
    1997). The features of a block are taken to shift together, which makes the longest tail.
    """
    from scipy.special import fdtrc

    a, scenes = pair.a[:, chosen], len(pair.a)
    shift = sum(
        (pair.shifts[role][chosen] for role in ("before", "after") if role in pair.shifts), np.zeros(a.shape[1])
    )
    metric = pair.usual[chosen] / (shift + pair.usual[chosen] / scenes)
    noise = np.cov(a.T).reshape(a.shape[1], a.shape[1]) / scenes * np.sqrt(np.outer(metric, metric))
    shifted, blocks = metric * shift, pair.blocks[chosen]
    total, of_noise = float(np.trace(noise) + shifted.sum()), float(np.sum(noise**2))
    of_shift = sum(float(shifted[blocks == name].sum()) ** 2 for name in np.unique(blocks))
    square = of_noise + of_shift + 2 * float(np.diag(noise) @ shifted)
    if not total > 0:
        return float(not a.any())
    found = float(metric @ np.square(a.mean(0)))
    return float(fdtrc(total**2 / square, (scenes - 1) * total**2 / max(of_noise, 1e-12 * square), found / total))


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
