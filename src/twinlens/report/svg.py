"""Drawings: small charts as SVG inside a page: no script, no network, sharp in print, and with their words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from math import ceil, floor, log10
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

LEFT, RIGHT, TOP, BOTTOM = 52.0, 12.0, 12.0, 40.0  # px around the axes
TICKS = 6


@dataclass
class Chart:
    """Axes with what is drawn between them. `words` say for those who cannot see it what the chart shows."""

    words: str
    x_label: str
    y_label: str
    x: tuple[float, float]
    y: tuple[float, float]
    width: float = 460.0
    height: float = 340.0
    marks: list[str] = field(default_factory=list)

    def across(self, value: float) -> float:
        """The horizontal place of a value in px."""
        return LEFT + (value - self.x[0]) / (self.x[1] - self.x[0]) * (self.width - LEFT - RIGHT)

    def down(self, value: float) -> float:
        """The vertical place of a value in px."""
        return self.height - BOTTOM - (value - self.y[0]) / (self.y[1] - self.y[0]) * (self.height - TOP - BOTTOM)

    def line(self, x: Array, y: Array, color: str, *, dashed: bool = False, name: str = "") -> None:
        """A line through points."""
        places = " ".join(f"{self.across(a):.1f},{self.down(b):.1f}" for a, b in zip(x, y, strict=True))
        dash = ' stroke-dasharray="5 4"' if dashed else ""
        style = f'fill="none" stroke="{color}" stroke-width="1.6"{dash}'
        self.marks.append(f'<polyline points="{places}" {style}>{_title(name)}</polyline>')

    def band(self, x: Array, low: Array, high: Array, color: str) -> None:
        """The area between two lines."""
        upper = [f"{self.across(a):.1f},{self.down(b):.1f}" for a, b in zip(x, high, strict=True)]
        lower = [f"{self.across(a):.1f},{self.down(b):.1f}" for a, b in zip(x[::-1], low[::-1], strict=True)]
        self.marks.append(f'<polygon points="{" ".join(upper + lower)}" fill="{color}" fill-opacity="0.16"/>')

    def dot(self, x: float, y: float, color: str, *, radius: float = 3.5, name: str = "") -> None:
        """A point, with its name for the pointer."""
        place = f'cx="{self.across(x):.1f}" cy="{self.down(y):.1f}" r="{radius}"'
        self.marks.append(f'<circle {place} fill="{color}">{_title(name)}</circle>')

    def arrow(self, start: tuple[float, float], end: tuple[float, float], color: str) -> None:
        """A line with a head at its end, when it is long enough to see."""
        x1, y1, x2, y2 = self.across(start[0]), self.down(start[1]), self.across(end[0]), self.down(end[1])
        self.marks.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{color}"/>')
        length = float(np.hypot(x2 - x1, y2 - y1))
        if length < 3:
            return
        u, v = (x2 - x1) / length, (y2 - y1) / length
        head = [(x2, y2), (x2 - 5 * u + 2.4 * v, y2 - 5 * v - 2.4 * u), (x2 - 5 * u - 2.4 * v, y2 - 5 * v + 2.4 * u)]
        places = " ".join(f"{a:.1f},{b:.1f}" for a, b in head)
        self.marks.append(f'<polygon points="{places}" fill="{color}"/>')

    def text(self, x: float, y: float, words: str, *, anchor: str = "start") -> None:
        """Words beside a place."""
        self.marks.append(
            f'<text x="{self.across(x):.1f}" y="{self.down(y):.1f}" text-anchor="{anchor}">{escape(words)}</text>'
        )

    def svg(self) -> str:
        """The drawing as an element for a page."""
        inner = f'x="{LEFT}" y="{TOP}" width="{self.width - LEFT - RIGHT}" height="{self.height - TOP - BOTTOM}"'
        return (
            f'<svg role="img" viewBox="0 0 {self.width:g} {self.height:g}" width="{self.width:g}">'
            f"<title>{escape(self.words)}</title>{self._grid()}"
            f'<rect {inner} fill="none" stroke="currentColor" stroke-opacity="0.4"/>{"".join(self.marks)}</svg>'
        )

    def _grid(self) -> str:
        parts = []
        for value in ticks(*self.x):
            at = self.across(value)
            parts.append(f'<line class="grid" x1="{at:.1f}" x2="{at:.1f}" y1="{TOP}" y2="{self.height - BOTTOM}"/>')
            parts.append(f'<text x="{at:.1f}" y="{self.height - BOTTOM + 15}" text-anchor="middle">{value:g}</text>')
        for value in ticks(*self.y):
            at = self.down(value)
            parts.append(f'<line class="grid" y1="{at:.1f}" y2="{at:.1f}" x1="{LEFT}" x2="{self.width - RIGHT}"/>')
            parts.append(f'<text x="{LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{value:g}</text>')
        middle = (LEFT + self.width - RIGHT) / 2
        parts.append(f'<text x="{middle}" y="{self.height - 8}" text-anchor="middle">{escape(self.x_label)}</text>')
        center = (TOP + self.height - BOTTOM) / 2
        turned = f'transform="rotate(-90 14 {center})"'
        parts.append(f'<text x="14" y="{center}" text-anchor="middle" {turned}>{escape(self.y_label)}</text>')
        return "".join(parts)


def _title(name: str) -> str:
    return f"<title>{escape(name)}</title>" if name else ""


def ticks(low: float, high: float) -> list[float]:
    """Round values between two ends, some six of them."""
    step = 10.0 ** floor(log10((high - low) / TICKS))
    step = next(step * factor for factor in (1, 2, 5, 10) if (high - low) / (step * factor) <= TICKS)
    return [round(index * step, 10) for index in range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1)]


def span(*values: Array, room: float = 0.08) -> tuple[float, float]:
    """The ends of an axis that holds all values, with some room."""
    low, high = min(float(np.min(one)) for one in values), max(float(np.max(one)) for one in values)
    extra = room * ((high - low) or abs(high) or 1.0)
    return low - extra, high + extra


def bars(words: str, rows: Sequence[tuple[str, float, str]], unit: str, width: float = 460.0) -> str:
    """Horizontal bars of (name, value, color), longest first as given."""
    most = max((value for _, value, _ in rows), default=1.0) or 1.0
    line, name_px, value_px = 22.0, 120.0, 96.0
    parts = []
    for index, (name, value, color) in enumerate(rows):
        y, length = index * line, max(value / most, 0) * (width - name_px - value_px)
        parts.append(f'<text x="{name_px - 8}" y="{y + 15}" text-anchor="end">{escape(name)}</text>')
        parts.append(f'<rect x="{name_px}" y="{y + 4}" width="{length:.1f}" height="{line - 8}" fill="{color}"/>')
        parts.append(f'<text x="{name_px + length + 6:.1f}" y="{y + 15}">{value:.2f} {escape(unit)}</text>')
    height = line * len(rows)
    title = f"<title>{escape(words)}</title>"
    return f'<svg role="img" viewBox="0 0 {width:g} {height:g}" width="{width:g}">{title}{"".join(parts)}</svg>'
