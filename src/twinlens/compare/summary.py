"""Summary: a comparison in a few lines of text."""

from __future__ import annotations

from collections.abc import Iterator

from twinlens.compare.comparison import Comparison
from twinlens.compare.fraction import LEVEL
from twinlens.compare.model import Verdict
from twinlens.compare.words import feature_change
from twinlens.report.compare import numbers


def lines(comparison: Comparison, most: int) -> Iterator[str]:
    """The fraction, the claims, and the largest sure changes (else the largest), most visible first."""
    verdict = comparison.verdict
    yield from _fraction(verdict)
    yield from _claims(verdict)
    ordered = sorted(verdict.features, key=lambda one: -abs(one.change) / max(one.feature.floor, 1e-9))
    sure = [one for one in ordered if one.p_value is not None and one.p_value < LEVEL]
    if sure:
        yield "surely changed: " + "; ".join(map(feature_change, sure[:most]))
    elif ordered:
        yield "largest changes, none of them sure: " + "; ".join(map(feature_change, ordered[:most]))


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
