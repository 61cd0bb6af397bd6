"""Paired: differences between sets in the scenes that they share, each feature divided by its scale.

a = w (after - before) and r = w (reference - before), scene by scene. Where a scene does not show a feature (it has no
skin, no green), it says nothing of it, and its difference counts as 0 there: a feature counts as often as scenes show
it, in the data as in all scenes there are, so that what is estimated does not depend on which scenes were drawn.
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

FEWEST = 3  # shared scenes: leaving one out must leave two different ones


@record(kw_only=True, eq=False)
class Paired:
    """Scaled differences of N shared scenes and K features, 0 where not measured.

    `a` (N, K): after - before; `r` (N, K): reference - before, or None; `known` (N, K) bool; `weights` (K,); `index`
    (K,): which features of the fingerprints; `sensors`, `shifts`: the limits' variances (K,) of the means over scenes.
    """

    a: Array
    r: Array | None
    known: Array
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
    """The scaled differences of features that rendering alone moves and that say something of their own."""
    a, r = differences(fingerprints)
    known = np.isfinite(a) if r is None else np.isfinite(a) & np.isfinite(r)
    factors = weights(fingerprints)
    chosen = (factors > 0) & (known.sum(0) > 1)
    if blocks is not None:
        chosen &= np.array([one.block in blocks for one in fingerprints.features], bool)
    index = np.flatnonzero(chosen)
    used, known = factors[index], known[:, index]
    count, scenes = known.sum(0), len(a)
    shown = count * (count - 1) / max(scenes * (scenes - 1), 1)  # how often two scenes both show a feature
    return Paired(
        a=np.where(known, a[:, index] * used, 0),
        r=None if r is None else np.where(known, r[:, index] * used, 0),
        known=known,
        weights=used,
        index=index,
        sensors=limits.sensors[index] * used**2 * shown,
        shifts={role: variance[index] * used**2 * shown for role, variance in limits.shifts.items()},
    )
