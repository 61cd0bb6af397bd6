"""Summary: a comparison in a few lines of text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from twinlens.compare.comparison import Comparison
from twinlens.compare.model import FeatureChange, Verdict
from twinlens.compare.words import feature_change, sure
from twinlens.report.compare import numbers


def lines(comparison: Comparison, most: int) -> Iterator[str]:
    """The fraction, the claims, and the largest sure changes (else the largest), most visible first."""
    verdict = comparison.verdict
    yield from _fraction(verdict)
    yield from _claims(verdict)
    certain = ranked(sure(verdict.features))
    seen = [one for one in verdict.features if abs(one.change) >= one.feature.floor and not one.feature.is_derived]
    if certain:
        yield "surely changed: " + "; ".join(map(feature_change, certain[:most]))
    elif seen:
        yield "largest changes, none of them sure: " + "; ".join(map(feature_change, ranked(seen)[:most]))


def ranked(changes: Sequence[FeatureChange]) -> list[FeatureChange]:
    """Most visible first."""
    return sorted(changes, key=lambda one: -abs(one.change) / max(one.feature.floor, 1e-9))


def _fraction(verdict: Verdict) -> Iterator[str]:
    if verdict.moved is None or verdict.interval is None:
        return
    low, high = (numbers.percent(one) for one in verdict.interval)
    told = f"moved {numbers.percent(verdict.moved)} of the way to the reference (95 %: {low} to {high})"
    if verdict.detectable is not None:
        told += f"; these data find {numbers.percent(verdict.detectable)} nine times out of ten"
    yield told


def _claims(verdict: Verdict) -> Iterator[str]:
    for one in (verdict.changed, verdict.closer, verdict.along):
        if one is not None:
            said = "cannot be said" if one.p_value is None else "yes" if one.holds else "not shown"
            because = numbers.p_text(one.p_value) or one.reason
            yield f"{one.text}: {said} ({because})"
