"""Hues: wheels of colors before and after a look, bars by sector, and the map of what learning saw."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

import numpy as np

from twinlens.core.learned import BAND_NAMES, CHROMA_NAMES, FEWEST_SAMPLES, Learned
from twinlens.core.look import SECTORS
from twinlens.core.look_facts import SectorFacts, Wheel
from twinlens.report.look.swatch import css, of_oklab, signed

SIDE, RADIUS = 300.0, 104.0  # px
OUTER_CHROMA = 0.16  # Oklab chroma at the outer circle
CIRCLES = (0.05, 0.10, 0.15)
HUE_STEP = 2 * math.pi / len(SECTORS)
SAMPLE = (0.68, 0.12)  # Oklab lightness and chroma of a chip that stands for a hue
BAND_LIGHTNESS = (0.35, 0.58, 0.82)  # of the colors that stand for the bands of a coverage map
BAND_CHROMA = (0.055, 0.11, 0.17)
MANY = 1000.0  # samples from which a part is drawn full


def _drawing(words: str, parts: Sequence[str], width: float, height: float, top: float = 0.0) -> str:
    return (
        f'<svg role="img" viewBox="0 {top:g} {width:g} {height:g}" width="{width:g}">'
        f"<title>{escape(words)}</title>{''.join(parts)}</svg>"
    )


def _round(words: str, parts: Sequence[str]) -> str:
    """A drawing around the middle of a square, without the empty strips above and below."""
    height = 2 * (RADIUS + 24)
    return _drawing(words, parts, SIDE, height, (SIDE - height) / 2)


def _place(a: float, b: float) -> tuple[float, float]:
    scale = RADIUS / OUTER_CHROMA
    return SIDE / 2 + a * scale, SIDE / 2 - b * scale


def _names() -> list[str]:
    """The names of the sectors around the outer circle."""
    parts = []
    for index, name in enumerate(SECTORS):
        x, y = (
            SIDE / 2 + (RADIUS + 12) * math.cos(index * HUE_STEP),
            SIDE / 2 - (RADIUS + 12) * math.sin(index * HUE_STEP),
        )
        side = math.cos(index * HUE_STEP)
        anchor = "middle" if abs(side) < 0.3 else "start" if side > 0 else "end"
        parts.append(f'<text class="soft" x="{x:.1f}" y="{y + 4:.1f}" text-anchor="{anchor}">{name}</text>')
    return parts


def wheel(one: Wheel) -> str:
    """One wheel: an open dot where a color is in the scene, a filled one where the look shows it."""
    parts = [
        f'<circle class="line" cx="{SIDE / 2}" cy="{SIDE / 2}" r="{chroma / OUTER_CHROMA * RADIUS:.1f}"/>'
        for chroma in CIRCLES
    ]
    parts += [f'<path class="line" d="M{SIDE / 2 - 3} {SIDE / 2}h6M{SIDE / 2} {SIDE / 2 - 3}v6"/>', *_names()]
    for before, after, code in zip(one.before, one.after, one.codes, strict=True):
        (x1, y1), (x2, y2) = _place(*before), _place(*after)
        parts.append(f'<line class="way" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>')
        parts.append(f'<circle class="open" cx="{x1:.1f}" cy="{y1:.1f}" r="3"/>')
        parts.append(f'<circle class="full" cx="{x2:.1f}" cy="{y2:.1f}" r="5.5" fill="{css(code)}"/>')
    words = f"Hues of Oklab lightness {one.lightness:g}: where each is in the scene and where the look shows it"
    return _round(words, parts)


LINE, NAME, HALF, VALUE = 22.0, 84.0, 78.0, 34.0  # px: height of a row; widths of names, half the bars, numbers


def sector_bars(sectors: Sequence[SectorFacts]) -> tuple[str, str]:
    """Chroma (per cent more or less) and turn of hue (degrees) by sector, as two drawings."""
    chroma = [(one, 100 * (one.chroma - 1), signed(100 * (one.chroma - 1), 0)) for one in sectors]
    turns = [(one, one.turn_deg, signed(one.turn_deg)) for one in sectors]
    return _bars("Chroma by sector of hue, per cent", chroma, 10.0), _bars("Turn of hue by sector, degrees", turns, 5.0)


def _bars(words: str, rows: Sequence[tuple[SectorFacts, float, str]], least: float) -> str:
    """Bars to both sides of nothing changed; `least` is the shortest scale."""
    limit = _round_up(max(abs(value) for _, value, _ in rows), least)
    middle, height = NAME + HALF + VALUE, LINE * len(rows) + 4
    parts = [f'<line class="line" x1="{middle}" x2="{middle}" y1="0" y2="{height}"/>']
    for index, (one, value, text) in enumerate(rows):
        y, ink = index * LINE, of_oklab(*SAMPLE, math.radians(one.hue_deg))
        parts.append(f'<circle cx="7" cy="{y + 10}" r="6" fill="{ink}"/><text x="20" y="{y + 14}">{one.name}</text>')
        parts.append(_bar(middle, y, max(min(value / limit, 1.0), -1.0) * HALF, text, ink))
    return _drawing(words, parts, middle + HALF + VALUE, height)


def _bar(middle: float, y: float, length: float, text: str, ink: str) -> str:
    left, side = min(length, 0.0), 1 if length >= 0 else -1
    anchor = "start" if side > 0 else "end"
    return (
        f'<rect x="{middle + left:.1f}" y="{y + 4}" width="{max(abs(length), 0.5):.1f}" height="12" fill="{ink}"/>'
        f'<text class="soft" x="{middle + length + 4 * side:.1f}" y="{y + 14}" text-anchor="{anchor}">{text}</text>'
    )


def _round_up(value: float, least: float) -> float:
    """A round number not below `value`."""
    return next(one for one in (5.0, 10.0, 20.0, 50.0, 100.0, 200.0) if one >= max(value, least) or one == 200.0)


def coverage_maps(learned: Learned) -> list[tuple[str, str]]:
    """For dark, middle and light colors a map by hue and chroma: in color where samples lie, empty where none do."""
    counts = np.asarray(learned.coverage).reshape(len(BAND_NAMES), len(CHROMA_NAMES), len(SECTORS))
    return [(band, _coverage_map(band, counts[index], BAND_LIGHTNESS[index])) for index, band in enumerate(BAND_NAMES)]


def _coverage_map(band: str, counts: np.ndarray, lightness: float) -> str:
    parts = _names()
    for ring, chroma in enumerate(BAND_CHROMA):
        for sector in range(len(SECTORS)):
            parts.append(
                _wedge(ring, sector, float(counts[ring, sector]), of_oklab(lightness, chroma, sector * HUE_STEP))
            )
    share = float((counts >= FEWEST_SAMPLES).mean())
    return _round(f"Coverage of {band} colors by hue and chroma: {share:.0%} of the parts hold samples", parts)


def _wedge(ring: int, sector: int, count: float, ink: str) -> str:
    """One part of the map; the fuller of samples, the more of its ring it fills."""
    inner, outer = (RADIUS * (0.19 + 0.27 * one) for one in (ring, ring + 1))
    title = f"<title>{SECTORS[sector]}, {CHROMA_NAMES[ring]}: {count:.0f} samples</title>"
    outline = f'<path class="none" d="{_wedge_path(inner, outer, sector)}">{title}</path>'
    if count < FEWEST_SAMPLES:
        return outline
    fullness = 0.35 + 0.65 * min(math.log(count / FEWEST_SAMPLES) / math.log(MANY / FEWEST_SAMPLES), 1.0)
    filled = _wedge_path(inner, inner + fullness * (outer - inner), sector)
    return f'{outline}<path class="some" d="{filled}" fill="{ink}">{title}</path>'


def _wedge_path(inner: float, outer: float, sector: int) -> str:
    low, high = (sector - 0.47) * HUE_STEP, (sector + 0.47) * HUE_STEP
    corners = [
        (r * math.cos(t), r * math.sin(t)) for r, t in ((inner, low), (outer, low), (outer, high), (inner, high))
    ]
    a, b, c, d = (f"{SIDE / 2 + x:.1f} {SIDE / 2 - y:.1f}" for x, y in corners)
    return f"M{a}L{b}A{outer:.1f} {outer:.1f} 0 0 0 {c}L{d}A{inner:.1f} {inner:.1f} 0 0 1 {a}Z"


def grey_coverage(learned: Learned) -> str:
    """Ten fields from black to white, empty where no grey was seen."""
    side, parts = SIDE / len(learned.greys), []
    for index, count in enumerate(learned.greys):
        ink = of_oklab((index + 0.5) / len(learned.greys), 0, 0)
        style = f'fill="{ink}"' if count >= FEWEST_SAMPLES else 'class="none"'
        title = f"<title>{count:.0f} samples</title>"
        parts.append(
            f'<rect x="{index * side + 1:.1f}" y="1" width="{side - 2:.1f}" height="26" {style}>{title}</rect>'
        )
    return _drawing("Coverage of greys from black to white", parts, SIDE, 28)
