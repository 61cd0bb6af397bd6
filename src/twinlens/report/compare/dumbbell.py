"""Dumbbell: features of two or three sets on axes of their own units, a row each, with their intervals.

The rows are HTML and the drawings stretch with the page: on a phone the name stands above its drawing and no letter
shrinks. A grey zone around *before* is what an eye does not see.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from math import isfinite

from twinlens.report import svg
from twinlens.report.compare import numbers
from twinlens.report.compare.content import ROLES, FeatureRow, Interval, Level, Role

HEIGHT = 26  # px of a row's drawing
AXIS = 22  # px of the axis below a group
LEAST_FLOORS = 3.0  # an axis reaches at least so many smallest visible differences: noise is not blown up
LEAST_SHARE = 0.1  # of an axis that each of its rows must need
LONGEST_UNIT = 5  # letters, beside a number; longer ones stand above their rows
LONGEST_INTERVAL = 1.0  # an interval may widen the axis by so many spans of the values
INK: dict[Role, str] = {"before": "var(--before)", "after": "var(--after)", "reference": "var(--reference)"}


def dumbbells(rows: Sequence[FeatureRow]) -> str:
    """The chart: rows grouped by block, those of one unit on one axis."""
    groups = [part for group in _alike(rows) for part in _readable(group)]
    known = [None, *(group[0] for group in groups)]
    told = [_group(group, last) for group, last in zip(groups, known, strict=False)]
    return f'<div class="bells">{"".join(told)}</div>' if groups else ""


def _alike(rows: Sequence[FeatureRow]) -> list[list[FeatureRow]]:
    """Rows of one block and unit together, in the order in which they first come."""
    found: dict[tuple[str, str, bool], list[FeatureRow]] = {}
    blocks = list(dict.fromkeys(row.block for row in rows))
    for row in sorted(rows, key=lambda one: blocks.index(one.block)):
        found.setdefault((row.block, row.unit, row.is_relative), []).append(row)
    return list(found.values())


def _readable(rows: list[FeatureRow]) -> list[list[FeatureRow]]:
    """Rows on one axis, or each on its own where one would be a point on an axis for all."""
    own, joint = [limits([row]) for row in rows], limits(rows)
    if min(high - low for low, high in own) >= LEAST_SHARE * (joint[1] - joint[0]):
        return [rows]
    return [[row] for row in rows]


def _group(rows: Sequence[FeatureRow], last: FeatureRow | None) -> str:
    """Rows on one axis under the name of their block and unit, where the rows above are of another."""
    low, high = limits(rows)
    first = rows[0]
    unit = f"{first.unit} against before" if first.is_relative else first.unit
    name = f"<h3><small>{escape(unit)}</small></h3>"
    if last is None or last.block != first.block:
        name = f'<h3 class="block">{escape(first.block)} <small>{escape(unit)}</small></h3>'
    elif (last.unit, last.is_relative) == (first.unit, first.is_relative):
        name = ""
    body = "".join(_row(one, low, high) for one in rows)
    return f'<div class="bell-group">{name}{body}{_axis(low, high)}</div>'


def limits(rows: Sequence[FeatureRow]) -> Interval:
    """The ends of the axis of rows of one unit."""
    values = [level.value for row in rows for level in row.levels.values() if isfinite(level.value)]
    if not values:
        return -1.0, 1.0
    floor = max(row.floor for row in rows)
    low, high = min(values), max(values)
    room = max(LONGEST_INTERVAL * (high - low), LEAST_FLOORS * floor)
    ends = [end for row in rows for level in row.levels.values() for end in level.interval or () if isfinite(end)]
    low = min([low, *(max(end, low - room) for end in ends)])
    high = max([high, *(min(end, high + room) for end in ends)])
    middle, half = (low + high) / 2, max((high - low) / 2, LEAST_FLOORS * floor)
    return middle - 1.12 * half, middle + 1.12 * half


def _row(row: FeatureRow, low: float, high: float) -> str:
    places = numbers.digits(row.floor)
    sure = "" if row.is_sure or row.p_value is None else ' <small class="quiet">not sure</small>'
    name = f'<div class="bell-name" title="{escape(row.doc, quote=True)}">{escape(row.label)}{sure}</div>'
    return f'<div class="bell">{name}{_drawing(row, low, high, places)}{_said(row, places)}</div>'


def _said(row: FeatureRow, places: int) -> str:
    """The change in figures, at the end of the row."""
    if row.change is None:
        return f'<div class="bell-said">{numbers.DASH}</div>'
    unit = row.unit if len(row.unit) <= LONGEST_UNIT else ""
    change = numbers.with_unit(numbers.signed(row.change, places), unit)
    span = numbers.span(row.interval, places, sign=True)
    return f'<div class="bell-said"><b>{escape(change)}</b> <small>{escape(span)}</small></div>'


def words(row: FeatureRow, places: int) -> str:
    """The row as a sentence, for those who cannot see it."""
    told = [
        f"{role} {numbers.with_unit(numbers.plain(row.levels[role].value, places), row.unit)}"
        + (f" ({numbers.span(row.levels[role].interval, places)})" if row.levels[role].interval else "")
        for role in ROLES
        if role in row.levels
    ]
    return f"{row.label}: {', '.join(told)}"


def _drawing(row: FeatureRow, low: float, high: float, places: int) -> str:
    def at(value: float) -> float:
        return min(max(100 * (value - low) / (high - low), 0.0), 100.0)

    middle, parts = HEIGHT / 2, [f"<title>{escape(words(row, places))}</title>"]
    before, after = row.levels.get("before"), row.levels.get("after")
    if before is not None:
        zone = at(before.value - row.floor), at(before.value + row.floor)
        parts.append(f'<rect class="zone" x="{zone[0]:.2f}%" y="0" width="{zone[1] - zone[0]:.2f}%" height="100%"/>')
    parts += [_interval(role, row.levels[role], at) for role in ROLES if role in row.levels]
    if before is not None and after is not None:
        ends = f'x1="{at(before.value):.2f}%" x2="{at(after.value):.2f}%" y1="{middle}" y2="{middle}"'
        parts.append(f'<line class="bar" {ends}/>')
    parts += [
        _mark(role, at(row.levels[role].value)) for role in ("reference", "before", "after") if role in row.levels
    ]
    return f'<svg class="bell-plot" role="img" height="{HEIGHT}">{"".join(parts)}</svg>'


def _interval(role: Role, level: Level, at: Callable[[float], float]) -> str:
    if level.interval is None or not all(map(isfinite, level.interval)):
        return ""
    left, right = map(at, level.interval)
    y = {"before": HEIGHT / 2 - 7, "after": HEIGHT / 2 + 3, "reference": HEIGHT / 2 - 2}[role]
    place = f'x="{left:.2f}%" y="{y}" width="{max(right - left, 0.2):.2f}%" height="4" rx="2"'
    return f'<rect class="interval" {place} fill="{INK[role]}"/>'


def _mark(role: Role, place: float) -> str:
    """Before is a ring, after a disk, the reference a diamond: told apart without their colors."""
    middle = HEIGHT / 2
    if role == "reference":
        shape = f'<path d="M0-7L7 0L0 7L-7 0Z" fill="var(--paper)" stroke="{INK[role]}" stroke-width="2"/>'
        return f'<svg x="{place:.2f}%" y="{middle}" overflow="visible">{shape}</svg>'
    if role == "before":
        style = f'r="5.5" fill="var(--paper)" stroke="{INK[role]}" stroke-width="2"'
    else:
        style = f'r="5" fill="{INK[role]}"'
    return f'<circle cx="{place:.2f}%" cy="{middle}" {style}/>'


def _axis(low: float, high: float) -> str:
    parts = ["<title>axis</title>"]
    marks = svg.ticks(low, high)
    for value in marks[:: 1 + (len(marks) > 5)]:
        place = 100 * (value - low) / (high - low)
        parts.append(f'<line class="tick" x1="{place:.2f}%" x2="{place:.2f}%" y1="0" y2="4"/>')
        text = f"{value:g}".replace("-", numbers.MINUS)
        parts.append(f'<text x="{place:.2f}%" y="16" text-anchor="middle">{text}</text>')
    ends = '<line class="tick" x1="0" x2="100%" y1="0.5" y2="0.5"/>'
    return (
        f'<div class="bell"><div></div><svg class="bell-plot" aria-hidden="true" height="{AXIS}">{ends}'
        f"{''.join(parts)}</svg><div></div></div>"
    )


def legend(roles: Sequence[tuple[Role, str]]) -> str:
    """Which mark is which set."""
    parts = []
    for role, name in roles:
        drawing = f'<svg width="20" height="{HEIGHT}" aria-hidden="true">{_mark(role, 50)}</svg>'
        parts.append(f'<span class="key">{drawing} <b>{role}</b> {escape(name)}</span>')
    zone = (
        '<span class="key"><svg width="20" height="16" aria-hidden="true"><rect class="zone" width="20" height="16"/>'
    )
    parts.append(f"{zone}</svg> too small to see</span>")
    bar = f'<svg width="26" height="{HEIGHT}" aria-hidden="true"><rect class="interval" x="1" y="11" width="24" '
    parts.append(f'<span class="key">{bar}height="4" rx="2" fill="currentColor"/></svg> 95 % interval</span>')
    return f'<p class="legend">{"".join(parts)}</p>'
