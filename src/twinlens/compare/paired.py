"""Paired: differences between sets in the scenes that they share, each feature divided by its scale.

a = w (after - before) and r = w (reference - before), scene by scene. Where a scene does not show a feature (it has no
skin, no green), it says nothing of it, and its difference counts as 0 there: a feature counts as often as scenes show
it, in the data as in all scenes there are, so that what is estimated does not depend on which scenes were drawn.

A scene in which a feature differs by many times its scale counts less for that feature (bounded influence: Hampel,
Ronchetti, Rousseeuw & Stahel, Robust Statistics, 1986), by u = 1 / sqrt(1 + x^2 / c^2) with x^2 half the sum of the
squared differences between the three sets. That is the same for all of them, so that no exchange of before and after
changes it, and a and r are made smaller alike, so that a fraction of the way stays what it is.
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

MOST = 3.0  # c, in scales: where a difference begins to count less
FEWEST = 3  # shared scenes: leaving one out must leave two different ones


@record(kw_only=True, eq=False)
class Paired:
    """Scaled and bounded differences of N shared scenes and K features, 0 where not measured.

    `a` (N, K): after - before; `r` (N, K): reference - before, or None; `weights` (K,); `index` (K,): which features of
    the fingerprints; `sensors`, `shifts`: the limits' variances (K,) of the means over scenes; `usual` (K,): the
    variance of a scene's difference that the scales expect; `blocks` (K,): names of the features' blocks.
    """

    a: Array
    r: Array | None
    weights: Array
    index: Array
    sensors: Array
    shifts: dict[Role, Array]
    usual: Array
    blocks: Array


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
    """The scaled differences of features that rendering alone moves and that say something of their own."""
    a, r = differences(fingerprints)
    known = np.isfinite(a) if r is None else np.isfinite(a) & np.isfinite(r)
    factors, scale = weights(fingerprints)
    chosen = (factors > 0) & (known.sum(0) > 1)
    if blocks is not None:
        chosen &= np.array([one.block in blocks for one in fingerprints.features], bool)
    index = np.flatnonzero(chosen)
    used = factors[index]
    a = np.where(known, a, 0)[:, index]
    r = None if r is None else np.where(known, r, 0)[:, index]
    influence = np.where(known[:, index], bounded(a, r, scale[index]), 0)
    shown = different(influence, influence)  # how much two scenes both say of the feature
    return Paired(
        a=a * influence * used,
        r=None if r is None else r * influence * used,
        weights=used,
        index=index,
        sensors=limits.sensors[index] * used**2 * shown,
        shifts={role: variance[index] * used**2 * shown for role, variance in limits.shifts.items()},
        usual=(used * scale[index]) ** 2,
        blocks=np.array([fingerprints.features[at].block for at in index], str),
    )


def bounded(a: Array, r: Array | None, scale: Array) -> Array:
    """(N, K): how much each scene's difference of each feature counts, 0 to 1."""
    square = a * a if r is None else a * a + r * r - a * r
    return 1 / np.sqrt(1 + square / np.square(MOST * scale))


def different(one: Array, other: Array) -> Array:
    """(K,): the mean of products (N, K) over pairs of different scenes."""
    scenes = len(one)
    return (one.sum(0) * other.sum(0) - (one * other).sum(0)) / max(scenes * (scenes - 1), 1)
