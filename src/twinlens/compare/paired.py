"""Paired: differences between sets in the scenes that they share, each feature divided by its scale.

a = w (after - before) and r = w (reference - before), scene by scene. A feature that was not measured in some scenes
is treated by itself: its values are spread about their mean by sqrt(n (n - 1) / (n_k (n_k - 1))) and its gaps filled
with the mean, so that the mean over all n scenes, the variance of that mean and the sum over different scenes are those
of the n_k measured ones.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.compare.limits import Limits
from twinlens.compare.model import Fingerprints, Role
from twinlens.compare.scale import weights
from twinlens.core.record import record

Array = npt.NDArray[Any]

FEWEST = 3  # scenes in which a feature must have been measured: leaving one out must leave two different ones


@record(kw_only=True, eq=False)
class Paired:
    """Scaled differences of N shared scenes and K features, nan where not measured.

    `a` (N, K): after - before; `r` (N, K): reference - before, or None; `weights` (K,); `index` (K,): which features of
    the fingerprints; `sensors` and `shifts`: the limits' variances (K,), scaled.
    """

    a: Array
    r: Array | None
    weights: Array
    index: Array
    sensors: Array
    shifts: dict[Role, Array]


def shared(fingerprints: Fingerprints) -> Array:
    """(N,) bool: scenes of which every set has something measured."""
    return np.asarray(np.isfinite(fingerprints.values).any(-1).all(0))


def differences(fingerprints: Fingerprints) -> tuple[Array, Array | None]:
    """after - before and reference - before (N, K) in the features' units, of the shared scenes."""
    values = np.asarray(fingerprints.values, float)[:, shared(fingerprints)]
    by_role = dict(zip(fingerprints.sets, values, strict=True))
    before, reference = by_role["before"], by_role.get("reference")
    return by_role["after"] - before, None if reference is None else reference - before


def paired(fingerprints: Fingerprints, limits: Limits, blocks: set[str] | None = None) -> Paired:
    """The scaled differences of features that rendering alone moves and that say something of their own, measured in
    enough shared scenes."""
    a, r = differences(fingerprints)
    known = np.isfinite(a) if r is None else np.isfinite(a) & np.isfinite(r)
    measured = known.sum(0)
    counted = [one.cause == "rendering" and not one.is_derived for one in fingerprints.features]
    chosen = np.array(counted, bool) & (measured >= FEWEST)
    if blocks is not None:
        chosen &= np.array([one.block in blocks for one in fingerprints.features], bool)
    factors = weights(fingerprints, chosen, measured)
    index = np.flatnonzero(factors)
    used, gaps = factors[index], ~known[:, index]
    return Paired(
        a=np.where(gaps, np.nan, a[:, index] * used),
        r=None if r is None else np.where(gaps, np.nan, r[:, index] * used),
        weights=used,
        index=index,
        sensors=limits.sensors[index] * used**2,
        shifts={role: variance[index] * used**2 for role, variance in limits.shifts.items()},
    )


def filled(values: Array) -> Array:
    """(N, K) without gaps, whose means, variances of means and sums over different scenes are those of the known."""
    known, scenes = np.isfinite(values), len(values)
    count = known.sum(0)
    mean = np.where(known, values, 0).sum(0) / np.maximum(count, 1)
    stretch = np.sqrt(scenes * (scenes - 1) / np.maximum(count * (count - 1), 1))
    return mean + np.where(known, (values - mean) * stretch, 0)


def held(values: Array) -> Array:
    """(N, K) with zeros for gaps, scaled so that sums over different scenes are those of the known, also when the signs
    of scenes are flipped.
    """
    known, scenes = np.isfinite(values), len(values)
    count = known.sum(0)
    stretch = (scenes * (scenes - 1) / np.maximum(count * (count - 1), 1)) ** 0.5
    return np.where(known, values * stretch, 0)
