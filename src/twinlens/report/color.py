"""Color report: a color calibration on one page that an engineer can sign: errors, where they are, on what ground."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.numerics import color
from twinlens.report import page, svg

Array = npt.NDArray[Any]

CHANNELS = (("red", "#c0392b"), ("green", "#2e8b57"), ("blue", "#2f6fb7"))
ACCENT = "#8a5a00"


@dataclass(frozen=True, eq=False)
class ColorReport:
    """What the page shows. XYZ are relative, white at Y = 1, under the light whose white is `white_xyz`.

    `errors` are (what, mean, p95, largest, count) in CIEDE2000; `by_hue` (hue, mean, p95, surfaces);
    `sensitivities` (W, 3) and `sd` at `wavelengths_nm`; `facts` (name, text) of camera, light, files, program.
    """

    title: str
    facts: Sequence[tuple[str, str]]
    light: str
    white_xyz: Array
    names: Sequence[str]
    reference_xyz: Array
    profile_xyz: Array
    errors: Sequence[tuple[str, float, float, float, int]]
    by_hue: Sequence[tuple[str, float, float, int]] = ()
    wavelengths_nm: Array | None = None
    sensitivities: Array | None = None
    sd: Array | None = None
    notes: Sequence[str] = ()
    picture_png: bytes = b""
    left_out: Sequence[str] = field(default=())


def color_page(report: ColorReport) -> str:
    """The page as HTML text."""
    reference = color.lab_from_xyz(report.reference_xyz, report.white_xyz)
    found = color.lab_from_xyz(report.profile_xyz, report.white_xyz)
    errors = color.delta_e_2000(found, reference)
    worst = int(np.argmax(errors))
    lead = (
        f"{report.errors[0][0]}: mean {report.errors[0][1]:.2f} ΔE2000 under {report.light}; the worst patch is "
        f"{report.names[worst]} with {errors[worst]:.2f}."
    )
    chart = page.picture(report.picture_png, "The chart as found, with its grid drawn") if report.picture_png else ""
    sections = [
        ("What was calibrated", page.table(("", ""), [list(one) for one in report.facts])),
        ("What to know", page.notes(report.notes)),
        ("Errors", page.table(("CIEDE2000", "mean", "95th percentile", "largest", "colors"), report.errors)),
        ("Patches", _swatches(report, errors) + _arrows(report, reference, found)),
        ("Where it should be trusted less", _hues(report)),
        ("The sensor as estimated", _sensor(report)),
        ("The chart", chart),
        ("All patches", _all(report, reference, found, errors)),
        ("", page.signature()),
    ]
    return page.page(report.title, lead, sections)


def display_codes(xyz: Array, white: Array) -> Array:
    """Display codes (..., 3) of XYZ seen under a white, for looking at."""
    adapted = xyz @ color.adaptation(white, color.xyz_from_xy(color.D65_XY)).T
    linear = adapted @ np.linalg.inv(color.XYZ_FROM_SRGB).T
    return np.rint(255 * np.clip(color.encode(np.clip(linear, 0, 1)), 0, 1)).astype(int)


def _css(code: Array) -> str:
    return "#" + "".join(f"{int(one):02x}" for one in code)


def _swatches(report: ColorReport, errors: Array) -> str:
    """Each patch as a square: outside the reference, inside what the profile makes of the camera's values."""
    outer, inner = (display_codes(one, report.white_xyz) for one in (report.reference_xyz, report.profile_xyz))
    columns = 6 if len(errors) <= 30 else 14
    side, parts = 56 if columns == 6 else 30, []
    for index, error in enumerate(errors):
        row, column = divmod(index, columns)
        x, y, third = column * side, row * side, side / 4
        name = escape(f"{report.names[index]}: {error:.2f}")
        title = f"<title>{name}</title>"
        parts.append(f'<rect x="{x}" y="{y}" width="{side}" height="{side}" fill="{_css(outer[index])}">{title}</rect>')
        place = f'x="{x + third}" y="{y + third}" width="{side - 2 * third}" height="{side - 2 * third}"'
        parts.append(f'<rect {place} fill="{_css(inner[index])}">{title}</rect>')
    size = f'viewBox="0 0 {columns * side} {-(-len(errors) // columns) * side}" width="{columns * side}"'
    drawing = f'<svg role="img" {size}><title>Patches, reference and profile</title>{"".join(parts)}</svg>'
    return page.figure(drawing, "Outside the reference, inside what the profile makes of the camera's values.")


def _arrows(report: ColorReport, reference: Array, found: Array) -> str:
    a, b = (svg.span(reference[:, k], found[:, k]) for k in (1, 2))
    words = "a* and b* of the patches: from the reference to the profile's, differences drawn five times as long"
    chart = svg.Chart(words, "a*", "b*", a, b)
    codes = display_codes(report.reference_xyz, report.white_xyz)
    for index, name in enumerate(report.names):
        start = reference[index, 1:]
        end = start + 5 * (found[index, 1:] - start)
        chart.dot(float(start[0]), float(start[1]), _css(codes[index]), name=name)
        chart.arrow((float(start[0]), float(start[1])), (float(end[0]), float(end[1])), ACCENT)
    return page.figure(chart.svg(), "From the reference towards what the profile gives; arrows five times as long.")


def _hues(report: ColorReport) -> str:
    if not report.by_hue:
        return ""
    rows = [(name, mean, ACCENT) for name, mean, _, _ in sorted(report.by_hue, key=lambda one: -one[1])]
    drawing = svg.bars("Expected mean error on natural surfaces by hue", rows, "ΔE2000")
    return page.figure(drawing, "Expected mean error on natural surfaces that were not photographed, by hue.")


def _sensor(report: ColorReport) -> str:
    if report.sensitivities is None or report.wavelengths_nm is None:
        return ""
    peak = float(report.sensitivities.max())
    curves = report.sensitivities / peak
    sd = np.zeros_like(curves) if report.sd is None else report.sd / peak
    chart = svg.Chart("Spectral sensitivities of red, green and blue with what is not known of them", "wavelength, nm",
                      "relative sensitivity", (400.0, 700.0), (min(0.0, float((curves - sd).min())), 1.1))  # fmt: skip
    for index, (name, ink) in enumerate(CHANNELS):
        chart.band(report.wavelengths_nm, curves[:, index] - sd[:, index], curves[:, index] + sd[:, index], ink)
        chart.line(report.wavelengths_nm, curves[:, index], ink, name=name)
    return page.figure(chart.svg(), "Most probable sensitivities; the band is one standard deviation.")


def _all(report: ColorReport, reference: Array, found: Array, errors: Array) -> str:
    rows = []
    for index, name in enumerate(report.names):
        left = "left out" if name in report.left_out else ""
        rows.append([name, *map(float, reference[index]), *map(float, found[index]), float(errors[index]), left])
    head = ("patch", "L*", "a*", "b*", "L* found", "a* found", "b* found", "ΔE2000", "")
    return page.table(head, rows)
