"""Charts: the curves of a comparison, where its hues lie, and the way from before to the reference."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import atan2, cos, sin

import numpy as np

from twinlens.report import page, svg
from twinlens.report.compare import numbers
from twinlens.report.compare.content import CompareContent, HueArrow, Plot, Role, Series
from twinlens.report.compare.dumbbell import INK

SIDE = 430.0  # px of the square map of hue and chroma
LABEL_PX = 16.0  # from the outermost mark of a hue to its name


def plot(given: Plot) -> str:
    """Lines of the sets; before is dashed, the reference has dots, so that print in grey tells them apart."""
    chart = svg.Chart(given.words, given.x_label, given.y_label, _ends(given.series, "x"), _ends(given.series, "y"))
    for one in given.series:
        if one.low is not None and one.high is not None:
            _bands(chart, one)
    for one in given.series:
        _lines(chart, one)
    return page.figure(chart.svg(), given.caption)


def lines_legend(roles: Sequence[Role]) -> str:
    """Which line is which set."""
    parts = []
    for role in roles:
        dash = ' stroke-dasharray="5 4"' if role == "before" else ""
        line = f'<line x1="0" x2="34" y1="8" y2="8" stroke="{INK[role]}" stroke-width="2"{dash}/>'
        dot = f'<circle cx="17" cy="8" r="3" fill="{INK[role]}"/>' if role == "reference" else ""
        parts.append(
            f'<span class="key"><svg width="34" height="16" aria-hidden="true">{line}{dot}</svg> {role}</span>'
        )
    return f'<p class="legend">{"".join(parts)}</p>'


def _ends(series: tuple[Series, ...], name: str) -> tuple[float, float]:
    values = [(np.asarray(getattr(one, name), float), np.asarray(one.y, float)) for one in series]
    finite = [one[np.isfinite(one) & np.isfinite(y)] for one, y in values]
    finite = [one for one in finite if one.size]
    return svg.span(*finite, room=0.0 if name == "x" else 0.08) if finite else (0.0, 1.0)


def _runs(sound: np.ndarray) -> list[slice]:
    """The stretches without gaps."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], sound.astype(int), [0]])))
    return [slice(start, stop) for start, stop in edges.reshape(-1, 2) if stop - start > 1]


def _bands(chart: svg.Chart, one: Series) -> None:
    low, high = np.asarray(one.low, float), np.asarray(one.high, float)
    bottom, top = chart.y
    for run in _runs(np.isfinite(low) & np.isfinite(high)):
        ends = np.clip(low[run], bottom, top), np.clip(high[run], bottom, top)
        chart.band(np.asarray(one.x)[run], *ends, INK[one.role])


def _lines(chart: svg.Chart, one: Series) -> None:
    x, y = np.asarray(one.x, float), np.asarray(one.y, float)
    for run in _runs(np.isfinite(x) & np.isfinite(y)):
        chart.line(x[run], y[run], INK[one.role], dashed=one.role == "before", name=one.role)
        if one.role == "reference":
            for index in range(run.start, run.stop, max((run.stop - run.start) // 8, 1)):
                chart.dot(float(x[index]), float(y[index]), INK[one.role], radius=2.6, name=one.role)


def hue_map(hues: tuple[HueArrow, ...], unit: str) -> str:
    """Regions of hue: a ring where before is, an arrow to after, a diamond where the reference is."""
    if not hues:
        return ""
    reach = 1.32 * max(float(np.hypot(*place)) for one in hues for place in one.places.values())
    ends = (-reach, reach)
    words = "; ".join(map(_hue_words, hues))
    chart = svg.Chart(words, "green to red", "blue to yellow", ends, ends, SIDE + 64, SIDE + 52)
    _rings(chart, reach)
    for one in hues:
        _hue(chart, one, reach)
    caption = f"Distance from the middle: {unit}; direction: hue. The arrow leads from before to after."
    return page.figure(chart.svg(), caption)


def _hue_words(one: HueArrow) -> str:
    before, after = one.places.get("before"), one.places.get("after")
    if before is None or after is None:
        return f"{one.label} not measured"
    turn = (np.degrees(atan2(after[1], after[0]) - atan2(before[1], before[0])) + 180) % 360 - 180
    ratio = float(np.hypot(*after) / max(np.hypot(*before), 1e-9))
    return f"{one.label}: chroma {ratio:.2f} times, hue {numbers.signed(turn, 1)}°"


def _rings(chart: svg.Chart, reach: float) -> None:
    x, y = chart.across(0), chart.down(0)
    for value in svg.ticks(0, reach)[1:]:
        radius = chart.across(value) - x
        chart.marks.append(f'<circle class="grid" cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="none"/>')


def _hue(chart: svg.Chart, one: HueArrow, reach: float) -> None:
    before, after, reference = (one.places.get(role) for role in ("before", "after", "reference"))
    name = _hue_words(one)
    if reference is not None:
        x, y = chart.across(reference[0]), chart.down(reference[1])
        shape = f'd="M{x:.1f} {y - 5:.1f}l5 5l-5 5l-5-5Z" fill="none" stroke="{INK["reference"]}" stroke-width="1.6"'
        chart.marks.append(f"<path {shape}/>")
    if before is None:
        return
    ring = f'cx="{chart.across(before[0]):.1f}" cy="{chart.down(before[1]):.1f}" r="3.6"'
    style = f'fill="none" stroke="{INK["before"]}" stroke-width="1.6"'
    chart.marks.append(f"<circle {ring} {style}><title>{escape(name)}</title></circle>")
    if after is not None:
        chart.arrow(before, after, INK["after"])
        chart.dot(*after, INK["after"], radius=2.4, name=name)
    _hue_name(chart, one)


def _hue_name(chart: svg.Chart, one: HueArrow) -> None:
    """The hue's name outside of its marks."""
    x, y = max(one.places.values(), key=lambda place: float(np.hypot(*place)))
    angle = atan2(y, x)
    left = chart.across(x) + LABEL_PX * 0.7 * cos(angle)
    top = chart.down(y) - LABEL_PX * sin(angle) + 4
    anchor = "middle" if abs(cos(angle)) < 0.3 else "start" if cos(angle) > 0 else "end"
    chart.marks.append(f'<text x="{left:.1f}" y="{top:.1f}" text-anchor="{anchor}">{escape(one.label)}</text>')


def gauge(content: CompareContent) -> str:
    """The way from before (0) to the reference (1) and where after stands; nothing where no fraction is given."""
    if content.moved is None:
        return ""
    low, high = content.interval or (content.moved, content.moved)
    ends = min(-0.08, low - 0.04, content.moved - 0.06), max(1.08, high + 0.04, content.moved + 0.06)

    def at(value: float) -> float:
        return 100 * (value - ends[0]) / (ends[1] - ends[0])

    told = f"moved {numbers.percent(content.moved)} of the way, 95 % interval {numbers.percent(low)} to "
    parts = [f"<title>{told}{numbers.percent(high)}</title>"]
    parts.append(f'<line class="way" x1="{at(0):.2f}%" x2="{at(1):.2f}%" y1="30" y2="30"/>')
    wide = f'x="{at(low):.2f}%" width="{max(at(high) - at(low), 0.4):.2f}%" y="23" height="14" rx="7"'
    parts.append(f'<rect class="interval" {wide} fill="{INK["after"]}"/>')
    ring = f'fill="var(--paper)" stroke="{INK["before"]}" stroke-width="2.5"'
    parts.append(f'<circle cx="{at(0):.2f}%" cy="30" r="8" {ring}/>')
    diamond = f'<path d="M0-10L10 0L0 10L-10 0Z" fill="var(--paper)" stroke="{INK["reference"]}" stroke-width="2.5"/>'
    parts.append(f'<svg x="{at(1):.2f}%" y="30" overflow="visible">{diamond}</svg>')
    parts.append(f'<circle cx="{at(content.moved):.2f}%" cy="30" r="8" fill="{INK["after"]}"/>')
    label = f'x="{at(content.moved):.2f}%" y="12" text-anchor="middle"'
    parts.append(f'<text class="big" {label}>{numbers.percent(content.moved)}</text>')
    parts += [
        f'<text x="{at(place):.2f}%" y="56" text-anchor="middle">{name}</text>'
        for place, name in ((0, "before"), (1, "reference"))
    ]
    return f'<svg class="gauge" role="img" height="62">{"".join(parts)}</svg>'
