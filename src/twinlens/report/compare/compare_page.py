"""Compare page: its sections in the order in which a reader asks: how far, show me, in what, how do you know."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from twinlens.report import page
from twinlens.report.compare import charts, numbers, scenes
from twinlens.report.compare.content import (
    ROLES,
    ClaimLine,
    CompareContent,
    FeatureRow,
    PlainTable,
    Plot,
    Role,
    SetFacts,
)
from twinlens.report.compare.dumbbell import dumbbells, legend
from twinlens.report.compare.tables import by_reason, feature_table, files_table, listed

WHAT_HARDWARE_IS = (
    "What lens and sensor do, or what pictures cannot tell apart from it. It has no part in the verdict: a new phone "
    "is usually a new sensor too."
)


def compare_page(content: CompareContent) -> str:
    """The page as HTML text: one file that needs no network."""
    keys = legend([(one.role, one.name) for one in content.sets])
    rendering = [one for one in content.rows if one.cause == "rendering"]
    other = [one for one in content.rows if one.cause != "rendering"]
    sections = [
        ("", _verdict(content)),
        ("What limits this comparison", page.notes(content.notes)),
        ("The scenes that show it best", scenes.scenes(content.pictures)),
        ("" if content.singles is None else content.singles.heading, _table(content.singles)),
        ("What the rendering does", _bells(rendering, keys)),
        ("Tone", _plots(content.tones)),
        ("Hue and chroma", charts.hue_map(content.hues, content.hue_unit)),
        ("Edges", _plots(content.edges)),
        ("What the hardware may do", _bells(other, f"<p>{WHAT_HARDWARE_IS}</p>{keys}" if other else "")),
        ("All numbers", feature_table(content.rows)),
        ("What was not measured, and why", by_reason(content.not_measured)),
        ("What was left out, and why", by_reason(content.left_out)),
        ("Methods and sources", listed(content.methods)),
        ("Where the numbers come from", files_table(content.files, content.made)),
    ]
    return page.page(
        content.title,
        content.statement,
        sections,
        style=scenes.style(),
        script=scenes.script() if content.pictures else "",
    )


def _table(given: PlainTable | None) -> str:
    return "" if given is None else f"<p>{escape(given.about)}</p>{page.table(given.head, given.rows)}"


def _bells(rows: list[FeatureRow], before: str) -> str:
    return before + dumbbells(rows) if rows else ""


def _plots(given: Sequence[Plot]) -> str:
    if not given:
        return ""
    roles: list[Role] = [role for role in ROLES if any(line.role == role for one in given for line in one.series)]
    return f'{charts.lines_legend(roles)}<div class="plots">{"".join(map(charts.plot, given))}</div>'


def _verdict(content: CompareContent) -> str:
    sets = "".join(map(_set, content.sets))
    claims = "".join(map(_claim, content.claims))
    return f'{charts.gauge(content)}{_figures(content)}<ul class="sets">{sets}</ul>' + (
        f'<ul class="claims">{claims}</ul>' if claims else ""
    )


def _figures(content: CompareContent) -> str:
    """What the gauge rests on, in a line."""
    parts = [f"{content.scenes} shared scene{'' if content.scenes == 1 else 's'}"]
    if content.moved is not None and content.interval is not None:
        ends = " to ".join(map(numbers.percent, content.interval))
        parts.append(f"moved {numbers.percent(content.moved)} of the way from before to the reference (95 %: {ends})")
    if content.p_value is not None:
        parts.append(numbers.p_text(content.p_value))
    if content.detectable is not None:
        parts.append(f"these data find a move of {numbers.percent(content.detectable)} nine times out of ten")
    return f"<p>{escape('; '.join(parts))}.</p>"


def _set(one: SetFacts) -> str:
    counts = f"{one.pictures} picture{'' if one.pictures == 1 else 's'}"
    told = ", ".join(filter(None, (one.cameras, counts)))
    return f'<li class="{one.role}"><span class="role">{one.role}</span><b>{escape(one.name)}</b>{escape(told)}</li>'


def _claim(one: ClaimLine) -> str:
    state, told = {True: ("yes", "✓ shown"), False: ("no", "not shown"), None: ("open", "cannot be said")}[one.holds]
    said = " ".join(filter(None, (one.text, f"({numbers.p_text(one.p_value)})" if one.p_value is not None else "")))
    reason = f"<br><small>{escape(one.reason)}</small>" if one.reason else ""
    return f'<li class="{state}"><span class="state">{told}</span><b>{escape(one.name)}</b>{escape(said)}{reason}</li>'
