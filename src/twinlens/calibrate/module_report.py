"""Module report: the measurements of a camera module as pages: noise, shading, tone, lens, sharpness, texture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.calibrate.lens import lateral_px, most_px, radial_px
from twinlens.calibrate.measured import made_from
from twinlens.calibrate.module import NoiseReport
from twinlens.calibrate.tone import ToneResponse
from twinlens.core.fit import Fit
from twinlens.core.lens import LensWarp
from twinlens.core.shading import LensShading
from twinlens.core.shot import Shot
from twinlens.measure.edge import EdgeResponse
from twinlens.measure.texture import TextureResponse
from twinlens.report.measurement import Curves, MeasurementReport, measurement_page

Array = npt.NDArray[Any]

COLORS = ("red", "green", "blue")
PERCENT = 100.0


def noise_page(report: NoiseReport, sources: Sequence[Path]) -> str:
    """Noise by ISO and color, with the signal-to-noise ratio over the signal."""
    rows, lines = [], {}
    signal = np.geomspace(1e-3, 1, 60)
    for iso, fit in report.fits.items():
        value, model = fit.value, fit.value.model()
        for index, color in enumerate(COLORS):
            full, read = value.full_well_e[index], value.read_noise_e[index]
            rows.append([f"{iso:g} {color}", f"{value.electrons_per_dn[index]:.4g}", f"{read:.3g}",
                         _or_none(full, ".0f"), _or_none(value.prnu * PERCENT, ".2f"), len(value.defects),
                         f"{fit.residual:.2%}", None if fit.held_out is None else f"{fit.held_out:.2%}"])  # fmt: skip
        ratio = signal / np.sqrt(model.gain[1] * signal + model.offset[1])
        lines[f"ISO {iso:g}"] = (np.log2(signal), 20 * np.log10(ratio))
    drawing = Curves(
        "Signal-to-noise ratio of green over the signal, a line for each ISO", "Green; without PRNU.",
        "signal, EV below white", "signal-to-noise ratio, dB", lines,
    )  # fmt: skip
    head = ("ISO, color", "e-/DN", "read noise, e-", "full well, e-", "pixel response, %", "defects", "off the line",
            "held out")  # fmt: skip
    iso, first = next(iter(report.fits.items()))
    gain, read = first.value.electrons_per_dn[1], first.value.read_noise_e[1]
    lead = (
        f"At {f'ISO {iso:g}' if iso else 'an ISO that is not stated'} a green count is {gain:.3g} electrons, the read "
        f"noise {f'{read:.2g} electrons' if read > 0 else 'less than these files tell (darks do)'}."
    )
    return _page("Noise", lead, report.shot, sources, head, rows, [drawing], report.notes)


def shading_page(fit: Fit[LensShading], shot: Shot, sources: Sequence[Path], notes: Sequence[str] = ()) -> str:
    """The falloff of light and color from the middle to a corner."""
    value = fit.value
    response = value.response((65, 65))
    diagonal = response[np.arange(65), np.arange(65)]
    place = np.linspace(-1, 1, 65)
    red, blue = value.color_shift
    light = value.light or f"{value.kelvin:.0f} K"
    drawing = Curves(
        "Light along the diagonal of the frame, of each color", "From the top left corner to the bottom right.",
        "place on the diagonal", "relative light", {name: (place, diagonal[:, k]) for k, name in enumerate(COLORS)},
    )  # fmt: skip
    held_out = None if fit.held_out is None else fit.held_out * PERCENT
    rows = [["corners darker than the brightest place, EV", value.falloff_stops],
            ["range of red/green, %", red * PERCENT], ["range of blue/green, %", blue * PERCENT],
            ["off the surface (rms), %", fit.residual * PERCENT], ["held out, %", held_out]]  # fmt: skip
    lead = f"Under {light} the corners of {_camera(shot)} are {value.falloff_stops:.2f} EV darker."
    return _page("Shading", lead, shot, sources, ("", ""), rows, [drawing], notes)


def tone_page(fits: Mapping[str, Fit[ToneResponse]], sources: Sequence[Path], notes: Sequence[str] = ()) -> str:
    """Recorded values over light, and how far they are from a line."""
    rows = [[name, fit.samples, f"{fit.value.linearity:.2%}", f"{fit.value.offset:+.5f}", f"{fit.residual:.5f}",
             None if fit.held_out is None else f"{fit.held_out:.5f}"] for name, fit in fits.items()]  # fmt: skip
    lines = {name: (fit.value.light, fit.value.value) for name, fit in fits.items()}
    drawing = Curves("Recorded values over light", "Steps as measured, joined by lines.", "relative light",
                     "recorded value", lines)  # fmt: skip
    worst = max(fit.value.linearity for fit in fits.values())
    lead = f"Recorded values are up to {worst:.2%} off a line between 5 and 95 % of their range."
    head = ("", "steps", "off a line", "offset", "off the curve (rms)", "held out")
    return _page("Tone response", lead, None, sources, head, rows, [drawing], notes)


def lens_page(fit: Fit[LensWarp], shot: Shot, sources: Sequence[Path], notes: Sequence[str] = ()) -> str:
    """Distortion and lateral chromatic aberration over the radius."""
    radius, moved = radial_px(fit.value)
    names = COLORS if len(moved) == 3 else ("all colors",)
    drawings = [Curves("Displacement that the correction undoes, over the radius", "Outward is positive.",
                       "radius, 1 at the farthest corner", "displacement, px",
                       {name: (radius, one) for name, one in zip(names, moved, strict=True)})]  # fmt: skip
    rows = [["distortion, px", most_px(fit.value)], ["measured out to, % of the way to the corners",
            fit.value.covered * PERCENT], ["points off (rms), px", fit.residual], ["held out, px", fit.held_out],
            ["points", fit.samples]]  # fmt: skip
    if len(moved) == 3:
        red, blue = lateral_px(fit.value)
        rows += [["red from green, px", red], ["blue from green, px", blue]]
        apart = {"red": (radius, moved[0] - moved[1]), "blue": (radius, moved[2] - moved[1])}
        drawings.append(Curves("Distance of red and blue from green, over the radius", "Outward is positive.",
                               "radius, 1 at the farthest corner", "distance from green, px", apart))  # fmt: skip
    lead = f"The lens of {_camera(shot)} moves places by up to {most_px(fit.value):.1f} px."
    return _page("Lens", lead, shot, sources, ("", ""), rows, drawings, notes)


def sharpness_page(found: Mapping[str, EdgeResponse], sources: Sequence[Path], notes: Sequence[str] = ()) -> str:
    """The spatial frequency response and the profile of an edge."""
    rows = [[name, f"{one.mtf50:.3f}", f"{one.mtf10:.3f}", f"{one.at(0.25):.2f}", f"{one.overshoot:.1%}",
             f"{one.undershoot:.1%}", one.rise_px, one.angle_deg] for name, one in found.items()]  # fmt: skip
    half = {name: one.frequency <= 0.75 for name, one in found.items()}
    responses = {name: (one.frequency[half[name]], one.sfr[half[name]]) for name, one in found.items()}
    drawings = [
        Curves("Spatial frequency response of the edge", "Nyquist is 0.5.", "cycles a pixel", "response", responses),
        Curves("Profile across the edge", "Dark at 0, bright at 1.", "distance, px", "profile",
               {name: (one.distance_px, one.profile) for name, one in found.items()}),
    ]  # fmt: skip
    first = "green" if "green" in found else next(iter(found))
    lead = f"MTF50 of {first} is {found[first].mtf50:.3f} cycles a pixel, overshoot {found[first].overshoot:.1%}."
    head = ("", "MTF50, cycles/px", "MTF10, cycles/px", "at Nyquist/2", "overshoot", "undershoot", "10-90 %, px",
            "angle, degrees")  # fmt: skip
    return _page("Sharpness", lead, None, sources, head, rows, drawings, notes)


def texture_page(found: TextureResponse, sources: Sequence[Path], notes: Sequence[str] = ()) -> str:
    """The texture response of a dead-leaves target."""
    drawing = Curves("Share of texture that is kept, over frequency", "Nyquist is 0.5.", "cycles a pixel", "kept share",
                     {"texture": (found.frequency, found.mtf)})  # fmt: skip
    rows = [["MTF50, cycles/px", _or_none(found.mtf50, ".3f")], ["at Nyquist/2", found.at(0.25)],
            ["acutance", found.acutance]]  # fmt: skip
    lead = f"At half the Nyquist frequency {found.at(0.25):.0%} of the texture is kept."
    return _page("Texture", lead, None, sources, ("", ""), rows, [drawing], notes)


def _page(
    what: str, lead: str, shot: Shot | None, sources: Sequence[Path], head: Sequence[str],
    rows: Sequence[Sequence[object]], drawings: Sequence[Curves], notes: Sequence[str],
) -> str:  # fmt: skip
    made = made_from(sources)
    facts = [("made", made["made"]), ("program", made["program"]), *[("input", one) for one in made["inputs"]]]
    if shot is not None:
        facts = [("camera", _camera(shot)), ("lens", shot.lens or "not stated"), *facts]
    title = f"{what}: {_camera(shot)}" if shot is not None else f"{what}: {sources[0].name}"
    return measurement_page(MeasurementReport(title, lead, facts, head, rows, drawings, notes))


def _camera(shot: Shot) -> str:
    return shot.unique_camera_model or f"{shot.make} {shot.model}".strip() or "a camera that the files do not name"


def _or_none(value: float, form: str) -> str | None:
    return f"{value:{form}}" if np.isfinite(value) else None
