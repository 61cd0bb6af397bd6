"""Unpaired: what can still be said where before and after share no scene.

Only features with a meaning outside a scene's joint frame are left, and the spread of scenes is in every one of them:
differences are far less sure, and part of them may be the scenes. No fraction, no claim about a reference.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.compare import words
from twinlens.compare.by_feature import LEAST_ERROR, holm
from twinlens.compare.fraction import LEVEL, above_zero, quantile
from twinlens.compare.model import Claim, Feature, FeatureChange, Fingerprints, Verdict

Array = npt.NDArray[Any]

CANNOT = "Whether after moved towards the reference cannot be said without shared scenes."


def unpaired_verdict(fingerprints: Fingerprints, notes: tuple[str, ...] = ()) -> Verdict:
    """The differences of means over different scenes, by Welch's t, corrected by Holm."""
    absolute = np.asarray(fingerprints.absolute, bool)
    found = {
        cause: _changes(
            fingerprints,
            np.array([(one.cause == "rendering") == cause for one in fingerprints.features], bool) & absolute,
        )
        for cause in (True, False)
    }
    p_values = [one.p_value for one in found[True] if one.p_value is not None]
    p_value = min(p_values, default=None)
    changed = Claim(
        text="after differs from before",
        statistic=float("nan") if p_value is None else p_value,
        p_value=p_value,
        holds=p_value is not None and p_value < LEVEL,
        reason="no shared scenes: the smallest p of the features, by Welch's t, corrected by Holm; scenes may differ",
    )
    asked = "reference" in fingerprints.sets
    no = (
        Claim(text=CANNOT, statistic=float("nan"), p_value=None, holds=False, reason="no shared scenes")
        if asked
        else None
    )
    return Verdict(
        statement=_statement(found[True], asked),
        moved=None,
        interval=None,
        p_value=None,
        detectable=None,
        changed=changed,
        closer=no,
        along=no,
        features=found[True],
        hardware=found[False],
        notes=(*notes, "The sets share no scene: differences of processing and of scenes cannot be told apart."),
        paired=False,
    )


def _changes(fingerprints: Fingerprints, chosen: Array) -> tuple[FeatureChange, ...]:
    by_role = dict(zip(fingerprints.sets, np.asarray(fingerprints.values, float), strict=True))
    p_values, found = [], []
    for at in np.flatnonzero(chosen):
        before, after = (rows[np.isfinite(rows)] for rows in (by_role["before"][:, at], by_role["after"][:, at]))
        if len(before) and len(after):
            p_value, change = _welch(fingerprints.features[at], before, after)
            p_values.append(p_value)
            found.append(change)
    asked = [at for at, one in enumerate(p_values) if one is not None]
    corrected = dict(zip(asked, holm([p_values[at] for at in asked]), strict=True))
    from dataclasses import replace

    return tuple(replace(one, p_value=corrected.get(at)) for at, one in enumerate(found))


def _welch(feature: Feature, before: Array, after: Array) -> tuple[float | None, FeatureChange]:
    """Welch (Biometrika 34, 1947); no interval where a set has one scene."""
    change, scenes = float(after.mean() - before.mean()), min(len(before), len(after))
    p_value, interval = None, (-np.inf, np.inf)
    if scenes > 1:
        parts = np.array([one.var(ddof=1) / len(one) for one in (before, after)])
        parts = np.maximum(parts, (LEAST_ERROR * feature.floor) ** 2)
        error = float(np.sqrt(parts.sum()))
        dof = float(parts.sum() ** 2 / np.sum(parts**2 / (np.array([len(before), len(after)]) - 1)))
        times = quantile(1 - LEVEL / 2, dof)
        interval = (change - times * error, change + times * error)
        p_value = min(2 * above_zero(abs(change), error, dof), 1.0)
    return p_value, FeatureChange(
        feature=feature, change=change, interval=interval, p_value=None, distance=None, moved=None,
        moved_interval=None, scenes=scenes,
    )  # fmt: skip


def _statement(changes: tuple[FeatureChange, ...], asked: bool) -> str:
    sure = words.sure(changes)
    if sure:
        named = ", ".join(words.feature_change(one) for one in words.largest(sure))
        told = f"The sets share no scene; on average they differ in {named}, which may come from the scenes."
    elif all(one.p_value is None for one in changes):
        told = "The sets share no scene, and from one photograph of a set nothing can be said of its processing."
    else:
        told = (
            "The sets share no scene: their processing cannot be compared, and no difference of their averages is sure."
        )
    return f"{told} {CANNOT}" if asked else told
