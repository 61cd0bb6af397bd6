"""Words: what was measured of a look, as sections of text and as plain numbers."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from twinlens.core.learned import Learned, PictureError
from twinlens.core.look_facts import LookFacts
from twinlens.measure.doctor.findings import Section
from twinlens.measure.look.coverage import covered_share


def sections(facts: LookFacts) -> tuple[Section, ...]:
    """The facts under headings, in the order of reading."""
    look = [("name", facts.name), ("description", facts.description), ("origin", facts.origin)]
    found = [
        Section("Look", tuple(pair for pair in look if pair[1]) + tuple(("reason", one) for one in facts.reasons)),
        Section("Made of", facts.settings),
        Section("Tone", tone(facts)),
        Section("Color", _color(facts)),
        Section(
            "Hues (chroma, turn)", tuple((one.name, _sector(one)) for one in facts.sectors) if _colored(facts) else ()
        ),
        Section("Memory colors (as shown, against the scene)", tuple((one.name, _memory(one)) for one in facts.memory)),
        Section("Lights (mid grey)", tuple((f"{k:.0f} K", f"a* {a:+.1f}, b* {b:+.1f}") for k, a, b in facts.lights)),
        Section("Learned", learned(facts.learned)),
        Section("Checks", tuple((one.name, _check(one)) for one in facts.checks)),
        Section("Provenance", facts.provenance),
        Section("What this cannot say", tuple(("note", one) for one in facts.cannot_say)),
    ]
    return tuple(one for one in found if one.facts)


def _colored(facts: LookFacts) -> bool:
    return facts.chroma_ratio > 0.02


def tone(facts: LookFacts) -> tuple[tuple[str, str], ...]:
    """The grey curve in words; codes are those of 8 bits."""
    one = facts.tone
    brightness = float(np.interp(one.middle, one.neutral + 1e-9 * np.arange(len(one.neutral)), one.stops))
    pairs = [
        ("mid grey", f"code {one.middle:.0f} of 255 (neutral 118), as if {brightness:+.2f} EV brighter"),
        ("contrast at mid grey", f"{one.contrast:.2f} stops a stop (neutral 1.00)"),
        ("shadow depth", f"code {one.shadow:.0f} at 5 stops under mid grey (neutral 17)"),
        ("highlights", _highlights(facts)),
        ("cast of greys", f"C* {one.cast:.1f} at most" if one.cast >= 0.05 else "none"),
    ]
    return tuple(pairs)


def _highlights(facts: LookFacts) -> str:
    one = facts.tone
    clipped = f"the sensor's clipping point is code {one.clipping:.0f}"
    if one.white is None:
        return f"white is not reached; {clipped}"
    fall = "" if one.roll_off is None else f", {one.roll_off:.1f} stops after code 200 (neutral 0.8)"
    return f"white at {one.white:+.1f} EV{fall}; {clipped}"


def _color(facts: LookFacts) -> tuple[tuple[str, str], ...]:
    pairs = [("chroma ratio", f"{facts.chroma_ratio:.3f} times the scene's (18 ColorChecker patches, greys matched)")]
    if not _colored(facts):
        return (("chroma ratio", f"{facts.chroma_ratio:.3f}: black and white"),)
    turned = max(facts.sectors, key=lambda one: abs(one.turn_deg))
    pairs.append(("largest turn of hue", f"{turned.turn_deg:+.1f} degrees, {turned.name}"))
    low, high = min(facts.sectors, key=lambda one: one.chroma), max(facts.sectors, key=lambda one: one.chroma)
    pairs.append(("chroma by hue", f"{low.chroma:.2f} ({low.name}) to {high.chroma:.2f} ({high.name})"))
    return tuple(pairs)


def _sector(one: Any) -> str:
    return f"x {one.chroma:.2f}, {one.turn_deg:+5.1f} degrees"


def _memory(one: Any) -> str:
    hue = "no hue" if one.hue_deg is None else f"dh {one.hue_deg:+5.1f} degrees"
    told = f"dE {one.delta_e:4.1f}, dL* {one.lightness:+5.1f}, dC* {one.chroma:+5.1f}, {hue}"
    return f"{told}; dE {one.matched:.1f} after grey matching"


def _check(one: Any) -> str:
    return f"{'holds' if one.passed else 'FAILS'}: {one.measured} (limit: {one.limit})"


def error(one: PictureError) -> str:
    """A held-out error in words."""
    told = [f"mean {one.mean:.2f}, p95 {one.p95:.2f}"] if one.mean is not None and one.p95 is not None else []
    if one.matched_mean is not None and one.matched_p95 is not None:
        told.append(f"after one gain and one white, mean {one.matched_mean:.2f}, p95 {one.matched_p95:.2f}")
    return "; ".join(told)


def learned(found: Learned | None) -> tuple[tuple[str, str], ...]:
    """What learning found, in words."""
    if found is None:
        return ()
    pairs = [("from", found.source)]
    if found.held_out is not None:
        pairs.append(("held-out dE2000", error(found.held_out)))
    if found.residual is not None:
        pairs.append(("dE2000 on its own samples", f"mean {found.residual:.2f}"))
    if found.local_stops is not None:
        pairs.append(("not explained by a global look", f"{found.local_stops:.2f} EV of brightness by place (median)"))
    if any(found.vignette):
        corner = 1 + sum(found.vignette)
        pairs.append(("vignette", f"{float(np.log2(max(corner, 2.0**-8))):+.2f} EV at the corner, source to reference"))
    share = covered_share(found)
    if share is not None:
        pairs.append(("coverage", f"{share:.0%} of color space (108 parts by lightness, chroma and hue)"))
    pairs += [("picture", f"{one.name}: {error(one)}") for one in found.pictures]
    pairs += [("worst place", f"{one.where}: dE {one.delta_e:.1f}") for one in found.worst[:5]]
    pairs += [("note", one) for one in found.notes]
    pairs += [("left out", one) for one in found.left_out]
    return tuple(pair for pair in pairs if pair[1])


def figures(facts: LookFacts) -> dict[str, Any]:
    """Everything that was measured as numbers for machines; pictures are left out."""
    left_out = ("ramp", "sweep", "places", "provenance", "reasons", "description", "settings")
    found = {item.name: _plain(getattr(facts, item.name)) for item in fields(facts) if item.name not in left_out}
    return {**found, "passed": facts.passed}


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {item.name: _plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return round(value, 5) if isinstance(value, float) else value
