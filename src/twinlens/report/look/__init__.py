"""Look page: what a look does to tone and color on one page, how near it comes, where not to trust it."""

from __future__ import annotations

from html import escape

import numpy as np

from twinlens.core.look_facts import Check, LookFacts, MemoryColor, ToneFacts
from twinlens.report import page, svg
from twinlens.report.look import hues
from twinlens.report.look.learning import learning
from twinlens.report.look.swatch import MINUS, pair, png, signed

CHANNELS = (("red", "#c0392b"), ("green", "#2e8b57"), ("blue", "#2f6fb7"))
STOPS, CLIPPING = (-8.0, 4.0), float(np.log2(1 / 0.18))  # EV from mid grey; where the sensor clips
TABLE_STOPS = (-6, -5, -4, -3, -2, -1, 0, 1, 2, 3)
DARKEST = 2.0  # code under which a slope, a ratio of two lights near 0, says nothing
STEEPEST = 4.0  # stops a stop, at the upper end of the axis
SAME = 0.3  # codes: channels that are nearer than this are drawn as one
TIMES = "\u00d7"
NO_COLOR = 0.02  # chroma ratio of black and white
STYLE = """
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(7.3rem, 1fr)); gap: 1rem 1rem;
  margin: 1.5rem 0; }
.tiles div { border-top: 1px solid currentColor; padding-top: .35rem; }
.tiles b { display: block; font-size: 1.4rem; font-weight: 500; white-space: nowrap;
  font-variant-numeric: tabular-nums; }
.tiles span { font-size: .85rem; opacity: .75; }
.row { display: flex; flex-wrap: wrap; gap: .5rem 2rem; align-items: flex-start; }
.row > figure { margin: 0; } .row figure svg { display: block; }
.strip img { width: 100%; display: block; } .strip { margin: 1rem 0; display: block; }
.strip figcaption { max-width: none; }
.pair { display: inline-flex; vertical-align: middle; } .pair i { width: 2.4rem; height: 1.5rem; }
td.place { white-space: nowrap; }
td.place img { height: 5.5rem; width: auto; display: inline-block; vertical-align: middle; margin: .1rem; }
p { max-width: 46rem; } p.lead { max-width: 52rem; } .note { max-width: 52rem; margin: .5rem 0; }
svg .line, svg .open { fill: none; stroke: currentColor; stroke-opacity: .22; }
svg .open { stroke-opacity: .6; } svg .way { stroke: currentColor; stroke-opacity: .5; }
svg .full { stroke: var(--paper); stroke-width: 1; } svg .soft { fill-opacity: .7; }
svg .none { fill: none; stroke: currentColor; stroke-opacity: .25; stroke-dasharray: 2 3; }
svg .some { stroke: currentColor; stroke-opacity: .25; }
svg .bar { fill: #8a7a5a; } td.good::before { content: "✓ "; }
td.bad::before { content: "✗ "; } td.bad { font-weight: 600; }
td.words, th.words { text-align: left; }
@media print { .pair i, svg, img { -webkit-print-color-adjust: exact; print-color-adjust: exact; } }
"""


def look_page(facts: LookFacts) -> str:
    """The page as HTML text."""
    sections = [
        ("", _tiles(facts) + _strips(facts)),
        ("Tone", _tone(facts.tone)),
        ("Hues", _hues(facts)),
        ("Colors that people remember", _memory(facts.memory)),
        *(learning(facts.learned, facts.places) if facts.learned else []),
        ("Under other lights", _lights(facts)),
        ("Checks", _checks(facts)),
        ("What this page cannot say", page.notes(facts.cannot_say)),
        ("What the look is made of", _rows(facts.settings) + _reasons(facts)),
        ("Provenance", _rows(facts.provenance)),
    ]
    return page.page(f"Look: {facts.name}", f"{facts.description} {facts.origin}".strip(), sections, style=STYLE)


def _tiles(facts: LookFacts) -> str:
    one = facts.tone
    white = "not reached" if one.white is None else f"{one.white:+.1f} EV"
    tiles = [
        (f"{one.middle:.0f}", "code of mid grey; neutral 118"),
        (f"{one.contrast:.2f}", "contrast at mid grey, stops a stop"),
        (f"{one.shadow:.0f}", f"code at {MINUS}5 EV; neutral 17"),
        (white.replace("-", MINUS), "where white is reached"),
        (f"{facts.chroma_ratio:.2f} {TIMES}", "chroma of the scene's"),
    ]
    if facts.learned and facts.learned.held_out:
        held = facts.learned.held_out
        how = "held out" if held.is_blind else "held out, matched"
        tiles.append((f"{held.shown[0]:.2f} / {held.shown[1]:.2f}", f"ΔE2000 {how}: mean / p95"))
    failed = sum(not check.passed for check in facts.checks)
    tiles.append((f"{len(facts.checks) - failed} of {len(facts.checks)}", "checks hold"))
    return (
        '<div class="tiles">' + "".join(f"<div><b>{b}</b><span>{escape(s)}</span></div>" for b, s in tiles) + "</div>"
    )


def _strips(facts: LookFacts) -> str:
    ramp = "Ten stops of grey, smooth and in steps, to 3 EV over mid grey: neutral above, this look below."
    sweep = "Around the hue circle at four lightnesses: neutral above, this look below."
    return "".join(
        f'<figure class="strip">{page.picture(png(pixels), words)}<figcaption>{words}</figcaption></figure>'
        for pixels, words in ((facts.ramp, ramp), (facts.sweep, sweep))
    )


def _tone(tone: ToneFacts) -> str:
    words = "The line is this look, the dashes are neutral, which clips at +2.5 EV. Where the slope is high, tones are "
    drawings = page.figure(f"{_curve(tone)}{_slope(tone)}", words + "told apart.")
    codes = [np.interp(TABLE_STOPS, tone.stops, one) for one in (tone.neutral, tone.codes.mean(1))]
    rows = [
        (f"{stops:+d}".replace("-", MINUS) if stops else "0", round(plain), round(own))
        for stops, plain, own in zip(TABLE_STOPS, *codes, strict=True)
    ]
    return (
        f'<div class="row">{drawings}{page.table(("EV from mid grey", "neutral, code", "this look, code"), rows)}</div>'
    )


def _curve(tone: ToneFacts) -> str:
    chart = svg.Chart("The grey curve: display code by scene light, beside that of the neutral look",
                      "scene light, EV from mid grey", "display code (8 bits)", STOPS, (0, 260))  # fmt: skip
    chart.line(tone.stops, tone.neutral, "currentColor", dashed=True, name="neutral")
    if np.ptp(tone.codes, axis=1).max() < SAME:
        chart.line(tone.stops, tone.codes.mean(1), "currentColor", name="this look")
    else:
        for index, (name, ink) in enumerate(CHANNELS):
            chart.line(tone.stops, tone.codes[:, index], ink, name=name)
    return chart.svg()


def _slope(tone: ToneFacts) -> str:
    seen = tone.codes.mean(1) > DARKEST
    top = min(max(float(np.ceil(tone.slope[seen].max(initial=0) * 2) / 2), 1.5), STEEPEST)
    chart = svg.Chart("Slope of the grey curve by scene light", "scene light, EV from mid grey",
                      "slope, stops a stop", STOPS, (0, top), height=190)  # fmt: skip
    chart.line(np.array([STOPS[0], CLIPPING, CLIPPING, STOPS[1]]), np.array([1.0, 1.0, 0.0, 0.0]),
               "currentColor", dashed=True, name="neutral")  # fmt: skip
    chart.line(tone.stops[seen], np.clip(tone.slope[seen], 0, top), "currentColor", name="this look")
    return chart.svg()


def _hues(facts: LookFacts) -> str:
    if facts.chroma_ratio < NO_COLOR:
        return "<p>Black and white: no hue is left.</p>"
    wheels = "".join(page.figure(hues.wheel(one), f"Oklab lightness {one.lightness:g}") for one in facts.wheels)
    words = (
        "Open dots: colors of the scene. Filled dots: where the look shows them, in the color that it shows. Circles "
        "are Oklab chroma 0.05, 0.10, 0.15. Brightness is taken out: each wheel is brought back to the lightness of "
        "its grey."
    )
    captions = "chroma by sector, % more or less than in the scene", "turn of hue by sector, degrees"
    bars = "".join(map(page.figure, hues.sector_bars(facts.sectors), captions))
    return f'<p>{words}</p><div class="row">{wheels}{bars}</div>'


def _memory(memory: tuple[MemoryColor, ...]) -> str:
    head = "".join(
        f"<th>{one}</th>" for one in ("", "scene | look", "ΔE2000", "ΔL*", "ΔC*", "Δh, °", "ΔE2000, greys matched")
    )
    rows = "".join(
        f'<tr><td title="{escape(one.origin)}">{one.name}</td>'
        f"<td>{pair(one.truth_code, one.shown_code, one.name + ' in the scene and as shown')}</td>"
        f"<td>{one.delta_e:.1f}</td><td>{signed(one.lightness)}</td><td>{signed(one.chroma)}</td>"
        f"<td>{'' if one.hue_deg is None else signed(one.hue_deg)}</td><td>{one.matched:.1f}</td></tr>"
        for one in memory
    )
    words = (
        "Surfaces in even light, white paper just at the clipping point. The last column is the difference that is "
        "left when the look's brightness is matched on greys."
    )
    return f'<p>{words}</p><div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def _lights(facts: LookFacts) -> str:
    rows = [(f"{cct:.0f} K", a, b) for cct, a, b in facts.lights]
    return page.table(("light", "a* of mid grey", "b* of mid grey"), rows)


def _checks(facts: LookFacts) -> str:
    rows = "".join(_check(one) for one in facts.checks)
    head = '<tr><th>what must hold</th><th class="words">measured</th><th class="words">limit</th></tr>'
    return f'<div class="scroll"><table><thead>{head}</thead><tbody>{rows}</tbody></table></div>'


def _check(one: Check) -> str:
    measured = f'<td class="words {"good" if one.passed else "bad"}">{escape(one.measured)}</td>'
    return f'<tr><td>{escape(one.name)}</td>{measured}<td class="words">{escape(one.limit)}</td></tr>'


def _rows(pairs: tuple[tuple[str, str], ...]) -> str:
    rows = "".join(f'<tr><td>{escape(name)}</td><td class="words">{escape(text)}</td></tr>' for name, text in pairs)
    return f'<div class="scroll"><table><tbody>{rows}</tbody></table></div>' if rows else ""


def _reasons(facts: LookFacts) -> str:
    return "<ul>" + "".join(f"<li>{escape(one)}</li>" for one in facts.reasons) + "</ul>" if facts.reasons else ""
