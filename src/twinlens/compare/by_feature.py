"""By feature: how each feature, and each block of features, moved, corrected for how many were asked about.

Each feature is judged by Student's t over its scenes, p-values are corrected by Holm (Scandinavian Journal of
Statistics 6, 1979). A block of related features moved *towards* the reference when the projection of its change is
surely above zero; it *changed* when one of its features surely did; it is *unchanged* when its change is surely
smaller than an eye minds (the features' floors); else the data do not say.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.compare.fraction import LEVEL, above_zero, fieller, fraction, quantile
from twinlens.compare.limits import Limits
from twinlens.compare.model import BlockChange, Feature, FeatureChange, Fingerprints
from twinlens.compare.paired import Paired, differences, different, paired
from twinlens.compare.products import jackknife, products

Array = npt.NDArray[Any]

LEAST_ERROR = 0.02  # of a feature's floor: no mean of scenes is taken to be known better


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values corrected for their number: never smaller than the uncorrected, in the same order."""
    order = np.argsort(p_values, kind="stable")
    factors = len(p_values) - np.arange(len(p_values))
    stepped = np.minimum(np.maximum.accumulate(np.asarray(p_values, float)[order] * factors), 1.0)
    corrected = np.empty(len(p_values))
    corrected[order] = stepped
    return corrected.tolist()


def feature_changes(fingerprints: Fingerprints, limits: Limits, rendering: bool) -> tuple[FeatureChange, ...]:
    """The changes of features that rendering alone moves, or of the others; those measured in no scene are left out."""
    a, r = differences(fingerprints)
    known = np.isfinite(a) if r is None else np.isfinite(a) & np.isfinite(r)
    index = [
        at
        for at, one in enumerate(fingerprints.features)
        if (one.cause == "rendering") == rendering and known[:, at].any()
    ]
    p_values, found = [], []
    for at in index:
        feature, rows = fingerprints.features[at], known[:, at]
        shift = sum((limits.shifts[role][at] for role in ("before", "after") if role in limits.shifts), 0.0)
        p_value, change = _change(feature, a[rows, at], None if r is None else r[rows, at], shift)
        p_values.append(p_value)
        found.append(change)
    asked = [at for at, one in enumerate(p_values) if one is not None]
    corrected = dict(zip(asked, holm([p_values[at] for at in asked]), strict=True))
    return tuple(_with_p(one, corrected.get(at)) for at, one in enumerate(found))


def _with_p(change: FeatureChange, p_value: float | None) -> FeatureChange:
    from dataclasses import replace

    return replace(change, p_value=p_value)


def _change(feature: Feature, a: Array, r: Array | None, shift: float) -> tuple[float | None, FeatureChange]:
    """The change of one feature over the scenes (n,) where it was measured, with the uncorrected p-value."""
    scenes, change = len(a), float(np.mean(a))
    distance = None if r is None else float(np.mean(r))
    if scenes < 2:
        empty = (-np.inf, np.inf)
        return None, FeatureChange(
            feature=feature, change=change, interval=empty, p_value=None, distance=distance,
            moved=None, moved_interval=None, scenes=scenes,
        )  # fmt: skip
    covariance = np.atleast_2d(np.cov(np.stack([a, a if r is None else r]))) / scenes
    covariance += np.diag(np.full(2, (LEAST_ERROR * feature.floor) ** 2))
    covariance[0, 0] += shift
    error, times = float(np.sqrt(covariance[0, 0])), quantile(1 - LEVEL / 2, scenes - 1)
    way = None if distance is None else fieller((change, distance), covariance, times)
    return 2 * above_zero(abs(change), error, scenes - 1), FeatureChange(
        feature=feature,
        change=change,
        interval=(change - times * error, change + times * error),
        p_value=None,
        distance=distance,
        moved=change / distance if way is not None and distance else None,
        moved_interval=way,
        scenes=scenes,
    )  # fmt: skip


def block_changes(
    fingerprints: Fingerprints, limits: Limits, changes: Sequence[FeatureChange]
) -> tuple[BlockChange, ...]:
    """The blocks of the features that count in the verdict, in their order."""
    changes = [one for one in changes if not one.feature.is_derived]
    names = list(dict.fromkeys(one.feature.block for one in changes))
    pairs = [paired(fingerprints, limits, {name}) for name in names]
    p_values = [_along(pair) for pair in pairs]
    asked = [at for at, one in enumerate(p_values) if one is not None]
    corrected = dict(zip(asked, holm([p_values[at] or 0.0 for at in asked]), strict=True))
    sure = {one.feature.block for one in changes if one.p_value is not None and one.p_value < LEVEL}
    found = []
    for at, (name, pair) in enumerate(zip(names, pairs, strict=True)):
        way = fraction(products(pair)) if pair.r is not None and pair.index.size and len(pair.a) >= 3 else None
        p_value = corrected.get(at)
        if p_value is not None and p_value < LEVEL:
            state = "towards"
        elif name in sure:
            state = "changed"
        else:
            state = "unchanged" if _surely_small(pair, fingerprints) else "unclear"
        found.append(
            BlockChange(
                block=name,
                state=state,
                p_value=p_value,
                moved=None if way is None else way.moved,
                interval=None if way is None else way.interval,
            )
        )
    return tuple(found)


def _along(pair: Paired) -> float | None:
    """One-sided p of the block's projection on the way to the reference, or None."""
    if pair.r is None or not pair.index.size or len(pair.a) < 3:
        return None
    return above_zero(*products(pair).combination(np.array([1.0, 0.0, 0.0])))


def _surely_small(pair: Paired, fingerprints: Fingerprints) -> bool:
    """Whether the mean square of the block's changes, in floors, where scenes show them, is surely below 1."""
    if not pair.index.size or len(pair.a) < 3:
        return False
    a = differences(fingerprints)[0][:, pair.index]
    known = np.isfinite(a).astype(float)
    floor = np.array([fingerprints.features[at].floor for at in pair.index])
    in_floors = np.nan_to_num(a) / (floor * np.sqrt(different(known, known).sum()))
    mean, variance = jackknife([in_floors @ in_floors.T])
    return bool(mean[0] + quantile(1 - LEVEL, len(a) - 1) * np.sqrt(variance[0, 0]) < 1)
