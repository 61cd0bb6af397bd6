"""Color sheet: a color calibration on one picture (PNG), for where a page cannot be opened; needs matplotlib."""

from __future__ import annotations

from io import BytesIO
from textwrap import wrap
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import ParameterError
from twinlens.numerics import color
from twinlens.report.color import ACCENT, CHANNELS, ColorReport, display_codes

Array = npt.NDArray[Any]

SIZE_INCH = (11.7, 8.3)  # A4, landscape (ISO 216)
DPI = 130
STRETCH = 5  # of the arrows
MOST_NOTES = 8


def color_sheet(report: ColorReport) -> bytes:
    """The calibration as PNG: facts, errors, notes, patches before and after, a* b* arrows, hues, the sensor.

    Raises ParameterError where matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise ParameterError(
            "a report as .png needs matplotlib: pip install 'twinlens[report]', or write it as .html"
        ) from None
    reference = color.lab_from_xyz(report.reference_xyz, report.white_xyz)
    found = color.lab_from_xyz(report.profile_xyz, report.white_xyz)
    figure = Figure(SIZE_INCH, layout="constrained")
    figure.suptitle(report.title, x=0.01, ha="left", fontsize=14, weight="bold")
    places = figure.subplots(2, 3, gridspec_kw={"width_ratios": (1.25, 1, 1)})
    _words(places[0, 0], report)
    _patches(places[0, 1], report, color.delta_e_2000(found, reference))
    _arrows(places[0, 2], report, reference, found)
    _notes(places[1, 0], report)
    _hues(places[1, 1], report)
    _sensor(places[1, 2], report)
    made = BytesIO()
    figure.savefig(made, format="png", dpi=DPI, metadata={"Software": None})
    return made.getvalue()


def _words(axes: Any, report: ColorReport) -> None:
    axes.axis("off")
    lines = [f"{name}: {text}" for name, text in report.facts] + [
        "",
        f"{'CIEDE2000':<36}{'mean':>6}{'p95':>6}{'max':>6}",
    ]
    lines += [f"{what[:35]:<36}{mean:6.2f}{p95:6.2f}{most:6.2f}" for what, mean, p95, most, _ in report.errors]
    shown = [part for one in lines for part in (wrap(one, 58) if not one.startswith(" ") and ":" in one else [one])]
    axes.text(0, 1, "\n".join(shown), va="top", family="monospace", fontsize=7.5, transform=axes.transAxes)


def _patches(axes: Any, report: ColorReport, errors: Array) -> None:
    """Squares: outside the reference, inside what the profile makes of the camera's values, with the difference."""
    from matplotlib.patches import Rectangle

    outer, inner = (display_codes(one, report.white_xyz) / 255 for one in (report.reference_xyz, report.profile_xyz))
    columns = 6 if len(errors) <= 30 else 14
    for index, error in enumerate(errors):
        row, column = divmod(index, columns)
        axes.add_patch(Rectangle((column, row), 1, 1, color=outer[index], lw=0))
        axes.add_patch(Rectangle((column + 0.25, row + 0.25), 0.5, 0.5, color=inner[index], lw=0))
        ink = "black" if outer[index].mean() > 0.45 else "white"
        if columns == 6:
            axes.text(column + 0.5, row + 0.96, f"{error:.1f}", ha="center", va="bottom", fontsize=6, color=ink)
    axes.set(xlim=(0, columns), ylim=(-(-len(errors) // columns), 0), aspect="equal")
    axes.axis("off")
    axes.set_title(f"Outside the reference, inside the profile; mean {errors.mean():.2f}", fontsize=8)


def _arrows(axes: Any, report: ColorReport, reference: Array, found: Array) -> None:
    codes = display_codes(report.reference_xyz, report.white_xyz) / 255
    axes.scatter(reference[:, 1], reference[:, 2], c=codes, s=18, edgecolors="0.4", linewidths=0.4)
    away = STRETCH * (found - reference)[:, 1:]
    axes.quiver(*reference[:, 1:].T, *away.T, angles="xy", scale_units="xy", scale=1, width=0.004, color=ACCENT)
    ends = np.concatenate([reference[:, 1:], reference[:, 1:] + away])
    room = 0.06 * np.ptp(ends, axis=0) + 1
    (left, low), (right, high) = ends.min(0) - room, ends.max(0) + room
    axes.set(xlabel="a*", ylabel="b*", aspect="equal", xlim=(left, right), ylim=(low, high))
    axes.set_title(f"From the reference to the profile, {STRETCH} times as long", fontsize=8)
    axes.tick_params(labelsize=7)
    axes.grid(alpha=0.2)


def _notes(axes: Any, report: ColorReport) -> None:
    axes.axis("off")
    told = [part for one in list(report.notes)[:MOST_NOTES] for part in (*wrap(f"• {one}", 74), "")]
    if len(report.notes) > MOST_NOTES:
        told.append(f"and {len(report.notes) - MOST_NOTES} more (in the .html or .json)")
    axes.text(0, 1, "\n".join(told), va="top", fontsize=7, transform=axes.transAxes)
    axes.text(0, 0, "name                         date                         signature", fontsize=7, color="0.4")


def _hues(axes: Any, report: ColorReport) -> None:
    if not report.by_hue:
        axes.axis("off")
        return
    rows = sorted(report.by_hue, key=lambda one: one[1])
    axes.barh([one[0] for one in rows], [one[1] for one in rows], color=ACCENT)
    axes.set_title("Expected mean error on natural surfaces by hue, ΔE2000", fontsize=8)
    axes.tick_params(labelsize=7)


def _sensor(axes: Any, report: ColorReport) -> None:
    if report.sensitivities is None or report.wavelengths_nm is None:
        axes.axis("off")
        return
    peak = float(report.sensitivities.max())
    curves = report.sensitivities / peak
    sd = np.zeros_like(curves) if report.sd is None else report.sd / peak
    for index, (name, ink) in enumerate(CHANNELS):
        low, high = curves[:, index] - sd[:, index], curves[:, index] + sd[:, index]
        axes.fill_between(report.wavelengths_nm, low, high, color=ink, alpha=0.16, lw=0)
        axes.plot(report.wavelengths_nm, curves[:, index], color=ink, label=name, lw=1.2)
    axes.set_xlabel("wavelength, nm", fontsize=7)
    axes.set_title("The sensor as estimated, one standard deviation", fontsize=8)
    axes.tick_params(labelsize=7)
