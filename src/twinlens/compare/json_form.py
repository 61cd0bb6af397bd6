"""JSON form: a comparison in plain numbers, for machines: what is not known is null, never NaN."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Any

import numpy as np

from twinlens.compare.comparison import Comparison
from twinlens.compare.levels import FeatureLevels, levels, not_measured, shown, shown_interval
from twinlens.compare.model import Claim, FeatureChange, TakenAway, Verdict

FORMAT = "compare/1"
DIGITS = 6  # significant, of values scene by scene


def as_dict(comparison: Comparison) -> dict[str, Any]:
    """Everything that the page tells, and the values scene by scene from which it follows."""
    fingerprints, verdict = comparison.fingerprints, comparison.verdict
    return {
        "format": FORMAT,
        "made": comparison.made,
        "sets": [{"role": one.role, "name": one.name, "cameras": list(one.cameras)} for one in comparison.sets],
        "verdict": _verdict(verdict),
        "features": [_feature(one) for one in levels(fingerprints, verdict)],
        "not_measured": [
            {"key": one.key, "label": one.label, "why": why} for one, why in not_measured(fingerprints, verdict)
        ],
        "scenes": _scenes(comparison),
        "left_out": [{"file": name, "why": why} for name, why in fingerprints.left_out],
        "notes": [*fingerprints.notes, *verdict.notes],
        "files": [
            {"set": one.role, "file": one.path, "scene": one.scene, "sha256": one.sha256, "facts": one.facts}
            for one in comparison.files
        ],
    }


def _taken(taken: TakenAway | None) -> dict[str, Any] | None:
    """Shares of the squared distance between before and reference."""
    if taken is None:
        return None
    return {
        "sensors": {"share": _number(taken.sensors), "kind": taken.kind, "origin": taken.origin},
        "spread": _number(taken.spread),
        "shots": _number(taken.shots),
    }


def _number(value: float | None) -> float | None:
    return float(value) if value is not None and isfinite(value) else None


def _interval(interval: Sequence[float] | None) -> list[float | None] | None:
    return None if interval is None else [_number(one) for one in interval]


def _verdict(verdict: Verdict) -> dict[str, Any]:
    claims = {name: _claim(getattr(verdict, name)) for name in ("changed", "closer", "along", "arrived")}
    return {
        "statement": verdict.statement,
        "moved": _number(verdict.moved),
        "interval": _interval(verdict.interval),
        "p_value": _number(verdict.p_value),
        "detectable": _number(verdict.detectable),
        "claims": claims,
        "scenes": verdict.scenes,
        "paired": verdict.paired,
        "taken_away": _taken(verdict.taken),
        "blocks": [
            {"block": one.block, "state": one.state, "p_value": _number(one.p_value), "moved": _number(one.moved),
             "interval": _interval(one.interval)}
            for one in verdict.blocks
        ],
    }  # fmt: skip


def _claim(claim: Claim | None) -> dict[str, Any] | None:
    if claim is None:
        return None
    return {
        "text": claim.text,
        "holds": claim.holds,
        "p_value": _number(claim.p_value),
        "statistic": _number(claim.statistic),
        "reason": claim.reason,
    }


def _feature(one: FeatureLevels) -> dict[str, Any]:
    """`value` and `interval` of the sets are in `unit`; of relative features against *before*."""
    feature = one.feature
    told: dict[str, Any] = {
        "key": feature.key,
        "label": feature.label,
        "unit": feature.unit,
        "block": feature.block,
        "cause": feature.cause,
        "smallest_visible": feature.floor,
        "source": feature.source,
        "is_relative": one.is_relative,
        "sets": {
            role: {"value": _number(level.value), "interval": _interval(level.interval), "scenes": level.scenes}
            for role, level in one.sets.items()
        },
    }
    return told | _change(one.change)


def _change(change: FeatureChange | None) -> dict[str, Any]:
    if change is None:
        return {"change": None}
    feature, distance = change.feature, change.distance
    return {
        "change": _number(shown(feature, change.change)),
        "interval": _interval(shown_interval(feature, change.interval)),
        "p_value": _number(change.p_value),
        "distance": None if distance is None else _number(shown(feature, distance)),
        "moved": _number(change.moved),
        "moved_interval": _interval(change.moved_interval),
        "scenes": change.scenes,
    }


def _scenes(comparison: Comparison) -> list[dict[str, Any]]:
    """Each scene with the values measured in it, as kept in the fingerprints (ratios: 100 times their logarithm)."""
    fingerprints = comparison.fingerprints
    found = []
    for at, scene in enumerate(fingerprints.scenes):
        values = {
            role: {
                feature.key: float(f"{value:.{DIGITS}g}")
                for feature, value in zip(fingerprints.features, fingerprints.values[index, at], strict=True)
                if np.isfinite(value)
            }
            for index, role in enumerate(fingerprints.sets)
        }
        found.append({"name": scene, "group": int(fingerprints.groups[at]), "values": values})
    return found
