"""Levels: what each feature was in each set, in the units that a reader knows, with its 95 % interval.

A joint frame gives differences only, so that *before* stands at 0 and the others where they are against it; where one
set's value has a meaning of its own (edge overshoot, clipped area), *before* stands at its mean. Differences are those
of the verdict, over the same scenes. Ratios are told in percent more or less.
"""

from __future__ import annotations

from math import exp, isfinite
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.compare.fraction import LEVEL, quantile
from twinlens.compare.model import Feature, FeatureChange, Fingerprints, Role, Verdict
from twinlens.core.record import record

Array = npt.NDArray[Any]
Interval = tuple[float, float]


@record(kw_only=True)
class SetLevel:
    """A feature's level in one set, as a reader sees it; no interval where one scene or shot gives none."""

    value: float
    interval: Interval | None
    scenes: int


@record(kw_only=True)
class FeatureLevels:
    """One feature in all sets. `is_relative`: levels count from *before*. `change` None: not measured in both sets."""

    feature: Feature
    is_relative: bool
    sets: dict[Role, SetLevel]
    change: FeatureChange | None


def shown(feature: Feature, difference: float) -> float:
    """A difference as it is told: of a ratio, percent more or less."""
    if not feature.is_ratio:
        return difference
    return 100 * (exp(min(difference, 1000.0) / 100) - 1)


def shown_interval(feature: Feature, interval: Interval | None, base: float = 0.0) -> Interval | None:
    """An interval of differences from `base` as it is told; None where it has no ends."""
    if interval is None or not all(map(isfinite, interval)):
        return None
    return base + shown(feature, interval[0]), base + shown(feature, interval[1])


def levels(fingerprints: Fingerprints, verdict: Verdict) -> tuple[FeatureLevels, ...]:
    """Every feature that was measured in *before* and *after*, in the order of the fingerprints."""
    changes = {one.feature.key: one for one in (*verdict.features, *verdict.hardware)}
    found = []
    for at, feature in enumerate(fingerprints.features):
        change = changes.get(feature.key)
        if change is None:
            continue
        is_relative = bool(feature.is_ratio or not fingerprints.absolute[at])
        columns: dict[Role, Array] = {
            role: fingerprints.values[index, :, at] for index, role in enumerate(fingerprints.sets)
        }
        repeats: dict[Role, Array] = {
            role: fingerprints.repeat_variance[index, :, at] for index, role in enumerate(fingerprints.sets)
        }
        made = _paired if verdict.paired else _unpaired
        sets = made(feature, is_relative, columns, repeats, change)
        found.append(FeatureLevels(feature=feature, is_relative=is_relative, sets=sets, change=change))
    return tuple(found)


def _paired(
    feature: Feature, is_relative: bool, columns: dict[Role, Array], repeats: dict[Role, Array], change: FeatureChange
) -> dict[Role, SetLevel]:
    used = np.isfinite(np.stack(list(columns.values()))).all(0)
    if change.distance is None or not used.any():
        used = np.isfinite(columns["before"]) & np.isfinite(columns["after"])
    base = 0.0 if is_relative else float(columns["before"][used].mean())
    own = _of_repeats(repeats["before"][used])
    found: dict[Role, SetLevel] = {
        "before": SetLevel(value=base, interval=shown_interval(feature, own, base), scenes=change.scenes),
        "after": SetLevel(
            value=base + shown(feature, change.change),
            interval=shown_interval(feature, change.interval, base),
            scenes=change.scenes,
        ),
    }
    if change.distance is not None and "reference" in columns:
        away = (columns["reference"] - columns["before"])[used]
        found["reference"] = SetLevel(
            value=base + shown(feature, change.distance),
            interval=shown_interval(feature, _of_scenes(away), base),
            scenes=int(used.sum()),
        )
    return found


def _unpaired(
    feature: Feature, is_relative: bool, columns: dict[Role, Array], repeats: dict[Role, Array], change: FeatureChange
) -> dict[Role, SetLevel]:
    """Means over each set's own scenes; those of ratios against that of before."""
    known: dict[Role, Array] = {role: values[np.isfinite(values)] for role, values in columns.items()}
    start = float(known["before"].mean()) if is_relative else 0.0
    found: dict[Role, SetLevel] = {}
    for role, values in known.items():
        if values.size:
            found[role] = SetLevel(
                value=shown(feature, float(values.mean()) - start),
                interval=shown_interval(feature, _of_scenes(values - start)),
                scenes=len(values),
            )
    return found


def _of_scenes(values: Array) -> Interval | None:
    """Student's interval of a mean over scenes."""
    if len(values) < 2:
        return None
    middle, error = float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values)))
    half = quantile(1 - LEVEL / 2, len(values) - 1) * error
    return middle - half, middle + half


def _of_repeats(variances: Array) -> Interval | None:
    """How well the mean of *before* is known from shots that were repeated; None where none were."""
    known = variances[np.isfinite(variances)]
    if not known.size:
        return None
    half = quantile(1 - LEVEL / 2, max(len(known), 1)) * float(np.sqrt(known.mean() / max(len(variances), 1)))
    return -half, half


def not_measured(fingerprints: Fingerprints, verdict: Verdict) -> tuple[tuple[Feature, str], ...]:
    """The features that are missing from the verdict, with what was missing."""
    known = {one.feature.key for one in (*verdict.features, *verdict.hardware)}
    return tuple(
        (feature, _why(fingerprints, at, verdict.paired))
        for at, feature in enumerate(fingerprints.features)
        if feature.key not in known
    )


def _why(fingerprints: Fingerprints, at: int, paired: bool) -> str:
    found = np.isfinite(fingerprints.values[:, :, at])
    if not found.any() and not paired:
        return "it needs a scene that the sets share"
    if not found.any():
        return "no picture shows what it needs"
    empty = [role for role, row in zip(fingerprints.sets, found, strict=True) if not row.any()]
    if empty:
        return f"no picture of {' and '.join(empty)} shows what it needs"
    return "no scene shows what it needs in all sets"
