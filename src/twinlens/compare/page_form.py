"""Page form: a comparison as the content of the page that shows it."""

from __future__ import annotations

from twinlens.compare import page_curves
from twinlens.compare.comparison import Comparison
from twinlens.compare.fraction import LEVEL
from twinlens.compare.levels import FeatureLevels, levels, not_measured, shown_interval
from twinlens.compare.levels import shown as shown_change
from twinlens.compare.model import Claim, Feature, Verdict
from twinlens.compare.page_singles import singles
from twinlens.compare.words import sure
from twinlens.report.compare import CompareContent, compare_page
from twinlens.report.compare.content import ClaimLine, FeatureRow, FileFacts, Level, SetFacts

CLAIMS = {
    "changed": "Changed",
    "closer": "Closer to the reference",
    "along": "Moved along the way to the reference",
    "arrived": "Arrived at the reference",
}
MOST_CAMERAS = 3  # that are named beside a set
METHOD_OF_VERDICT = (
    "Differences between sets, scene by scene, each feature divided by its spread (shot to shot, scene to scene, and "
    "the smallest difference that an eye minds); the fraction of the way leaves out products of a scene with itself, "
    "so that noise does not count as movement. p-values are exact: all exchanges of before and after within scenes. "
    "Intervals: delete-one-scene jackknife with Student's t. Single features: Student's t, corrected by Holm (1979)."
)


def page(comparison: Comparison) -> str:
    """The report as HTML text."""
    return compare_page(content(comparison))


def content(comparison: Comparison) -> CompareContent:
    """What the page shows; the pictures of its scenes are read from their files, where they still are."""
    from twinlens.compare.page_scenes import best_scenes

    fingerprints, verdict = comparison.fingerprints, comparison.verdict
    found = levels(fingerprints, verdict)
    return CompareContent(
        title=title(comparison),
        statement=verdict.statement,
        sets=tuple(
            SetFacts(role=one.role, name=one.name, cameras=_cameras(one.cameras), pictures=one.pictures)
            for one in comparison.sets
        ),
        claims=_claims(verdict),
        rows=tuple(_row(one) for one in found),
        moved=verdict.moved,
        interval=verdict.interval,
        p_value=verdict.p_value,
        detectable=verdict.detectable,
        scenes=verdict.scenes,
        tones=page_curves.tones(fingerprints),
        hues=page_curves.hues(fingerprints),
        hue_unit=page_curves.HUE_UNIT,
        edges=page_curves.edges(fingerprints),
        singles=singles(fingerprints),
        pictures=best_scenes(fingerprints, {one.feature.key for one in sure(verdict.features)}),
        not_measured=tuple((one.label, why) for one, why in not_measured(fingerprints, verdict)),
        left_out=fingerprints.left_out,
        notes=tuple(map(_sentence, (*fingerprints.notes, *verdict.notes))),
        methods=methods(found),
        files=tuple(
            FileFacts(role=one.role, name=_name(one.path), scene=one.scene, sha256=one.sha256, facts=one.facts)
            for one in comparison.files
        ),
        made=comparison.made,
    )


def title(comparison: Comparison) -> str:
    """What is compared with what, in a line."""
    names = {one.role: one.name for one in comparison.sets}
    told = f"Two renderings compared: {names['before']} and {names['after']}"
    return f"{told}, against {names['reference']}" if "reference" in names else told


def _sentence(note: str) -> str:
    """A note with a capital letter and a full stop."""
    return f"{note[:1].upper()}{note[1:].rstrip('.')}."


def _cameras(names: tuple[str, ...]) -> str:
    return ", ".join(names) if len(names) <= MOST_CAMERAS else f"{len(names)} cameras"


def _name(path: str) -> str:
    from pathlib import Path

    return Path(path).name


def _claims(verdict: Verdict) -> tuple[ClaimLine, ...]:
    given: list[tuple[str, Claim]] = [
        (name, claim) for key, name in CLAIMS.items() if (claim := getattr(verdict, key)) is not None
    ]
    return tuple(
        ClaimLine(
            name=name,
            text=one.text,
            holds=True if one.holds else None if one.p_value is None else False,
            p_value=one.p_value,
            reason=one.reason,
        )
        for name, one in given
    )


def unit_of(feature: Feature) -> str:
    """The unit as it stands beside a number."""
    return "°" if feature.unit == "degrees" else feature.unit


def _row(one: FeatureLevels) -> FeatureRow:
    feature, change = one.feature, one.change
    facts = {
        "label": feature.label, "unit": unit_of(feature), "block": feature.block, "cause": feature.cause,
        "floor": feature.floor, "is_relative": one.is_relative, "doc": feature.doc,
        "levels": {role: Level(value=level.value, interval=level.interval) for role, level in one.sets.items()},
    }  # fmt: skip
    if change is None:
        return FeatureRow(**facts)
    return FeatureRow(
        **facts,
        change=shown_change(feature, change.change),
        interval=shown_interval(feature, change.interval),
        p_value=change.p_value,
        is_sure=change.p_value is not None and change.p_value < LEVEL,
        moved=change.moved,
        moved_interval=change.moved_interval,
        scenes=change.scenes,
    )


def methods(found: tuple[FeatureLevels, ...]) -> tuple[tuple[str, str], ...]:
    """What was measured how: each feature's meaning and source, and how the verdict is made."""
    by_method: dict[str, list[str]] = {}
    for one in found:
        feature = one.feature
        text = "; ".join(filter(None, (feature.doc, feature.source)))
        by_method.setdefault(text, []).append(feature.label)
    return ("The verdict", METHOD_OF_VERDICT), *((", ".join(names), text) for text, names in by_method.items())
