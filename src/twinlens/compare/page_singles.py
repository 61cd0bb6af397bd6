"""Page singles: what each picture says by itself, as a table, where the sets share no scene."""

from __future__ import annotations

from math import exp, isfinite

from twinlens.compare.fingerprint_single import SinglePicture
from twinlens.compare.model import Fingerprints
from twinlens.report.compare import numbers
from twinlens.report.compare.content import PlainTable

HEAD = (
    "picture", "set", "brightness, EV about mid grey", "range, EV", "chroma over lightness", "clipped white, %",
    "clipped black, %", "edge overshoot, %", "half contrast (MTF50), cycles a height", "noise, codes", "JPEG quality",
)  # fmt: skip


def singles(fingerprints: Fingerprints) -> PlainTable | None:
    """The table of what single pictures say; None where scenes are shared."""
    given: tuple[SinglePicture, ...] = fingerprints.curves.get("singles", ())
    if not given:
        return None
    about = " ".join(f"{one[0].upper()}{one[1:]}." for one in dict.fromkeys(given[0].notes) if one in _common(given))
    return PlainTable(
        heading="What each picture says by itself", about=about, head=HEAD, rows=tuple(_row(one) for one in given)
    )


def _common(given: tuple[SinglePicture, ...]) -> set[str]:
    """The notes that hold for every picture."""
    return set.intersection(*(set(one.notes) for one in given))


def _row(one: SinglePicture) -> tuple[str, ...]:
    facts = one.facts
    return (
        one.picture.name,
        one.picture.role,
        numbers.signed(facts.get("exposure"), 1),
        numbers.plain(facts.get("range"), 1),
        numbers.plain(facts.get("chroma"), 3),
        numbers.plain(one.value("white_clipped"), 1),
        numbers.plain(one.value("black_clipped"), 1),
        numbers.plain(one.value("edge_overshoot"), 0),
        numbers.plain(_ratio(one.value("mtf50")), 0),
        numbers.plain(_ratio(one.value("noise")), 1),
        numbers.plain(one.value("jpeg_quality"), 0),
    )


def _ratio(value: float) -> float:
    """What was kept as 100 times its natural logarithm."""
    return exp(value / 100) if isfinite(value) else float("nan")
