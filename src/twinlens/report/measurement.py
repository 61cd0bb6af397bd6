"""Measurement report: one measurement of a camera module on one page that an engineer can sign."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.report import page, svg

Array = npt.NDArray[Any]

INKS = {"red": "#c0392b", "green": "#2e8b57", "blue": "#2f6fb7"}
OTHER_INKS = ("#8a5a00", "#5b4a8a", "#3d6b6b", "#9c3f6e", "#4a4a4a")


@dataclass(frozen=True, eq=False)
class Curves:
    """Lines of one drawing: name to (x, y); `caption` says what it shows, `words` the same for those who cannot see it.
    `dashed` are the names of those that are a reference, not measured."""

    words: str
    caption: str
    x_label: str
    y_label: str
    lines: dict[str, tuple[Array, Array]]
    dashed: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class MeasurementReport:
    """What the page shows: `lead` is the result in a sentence, `facts` (name, text) of camera, files and program, a
    table of `rows` under `head`, drawings, and `notes` of what to know."""

    title: str
    lead: str
    facts: Sequence[tuple[str, str]]
    head: Sequence[str]
    rows: Sequence[Sequence[object]]
    drawings: Sequence[Curves] = ()
    notes: Sequence[str] = field(default=())


def measurement_page(report: MeasurementReport) -> str:
    """The page as HTML text."""
    sections = [
        ("What was measured", page.table(("", ""), [list(one) for one in report.facts])),
        ("What to know", page.notes(report.notes)),
        ("Figures", page.table(report.head, report.rows)),
        ("Curves", "".join(_drawn(one) for one in report.drawings)),
        ("", page.signature()),
    ]
    return page.page(report.title, report.lead, sections)


def _drawn(curves: Curves) -> str:
    xs, ys = zip(*curves.lines.values(), strict=True)
    flat = [np.ravel(one) for one in ys]
    chart = svg.Chart(curves.words, curves.x_label, curves.y_label, svg.span(*xs, room=0.02), svg.span(*flat))
    inks = iter(OTHER_INKS * (len(curves.lines) // len(OTHER_INKS) + 1))
    legend = []
    for name, (x, y) in curves.lines.items():
        ink = INKS.get(name) or next(inks)
        chart.line(x, y, ink, dashed=name in curves.dashed, name=name)
        legend.append(f'<span style="color:{ink}">&#9632; {page.plain(name)}</span>')
    return page.figure(chart.svg(), curves.caption, " ".join(legend) if len(legend) > 1 else "")
