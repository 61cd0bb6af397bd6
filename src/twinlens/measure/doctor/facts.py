"""Facts: what matters in a raw file, in words and numbers that a photographer or an engineer reads."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core import opcodes as op
from twinlens.core.camera_color import Calibration
from twinlens.core.image import Image
from twinlens.core.shot import Shot
from twinlens.measure.doctor.findings import Section
from twinlens.numerics import dng_color, temperature

Array = npt.NDArray[Any]

LIGHT_NAMES = {
    0: "unknown", 1: "daylight", 2: "fluorescent", 3: "tungsten", 4: "flash", 9: "fine weather", 10: "cloudy",
    11: "shade", 12: "daylight fluorescent", 13: "day white fluorescent", 14: "cool white fluorescent",
    15: "white fluorescent", 17: "A", 18: "B", 19: "C", 20: "D55", 21: "D65", 22: "D75", 23: "D50",
    24: "ISO studio tungsten", 255: "other",
}  # fmt: skip


def sections(image: Image, previews: list[tuple[int, int]]) -> tuple[Section, ...]:
    """All facts of a raw image (state SENSOR)."""
    shot = image.shot
    made = [_camera(shot), _sensor(image), _levels(image), _color(shot), _corrections(shot), _noise(shot)]
    made.append(Section("Previews", tuple((f"{n + 1}", f"{w} x {h} px") for n, (w, h) in enumerate(previews))))
    return tuple(one for one in made if one.facts)


def _facts(title: str, **pairs: str | None) -> Section:
    return Section(title, tuple((name.replace("_", " "), text) for name, text in pairs.items() if text))


def exposure_time(seconds: float | None) -> str | None:
    """1/250 s rather than 0.004 s."""
    if not seconds:
        return None
    return f"1/{1 / seconds:.0f} s" if seconds < 0.4 else f"{seconds:g} s"


def _exposure(shot: Shot) -> str:
    aperture = f"f/{shot.f_number:g}" if shot.f_number else None
    speed = f"ISO {shot.iso:g}" if shot.iso else None
    return ", ".join(one for one in (exposure_time(shot.exposure_time_s), aperture, speed) if one)


def _camera(shot: Shot) -> Section:
    return _facts(
        "Camera",
        make=shot.make,
        model=shot.model,
        unique_model=shot.unique_camera_model,
        lens=shot.lens,
        focal_length=f"{shot.focal_length_mm:g} mm" if shot.focal_length_mm else None,
        exposure=_exposure(shot),
        taken=shot.taken,
        software=shot.software,
    )


def _sensor(image: Image) -> Section:
    shot = image.shot
    packing = "uncompressed" if shot.compression in ("", "none") else shot.compression
    top, left, bottom, right = shot.area
    y0, x0, y1, x1 = shot.crop
    return _facts(
        "Sensor",
        frame=f"{image.width} x {image.height} px, {shot.bits} bits, {packing}",
        active_area=f"{right - left} x {bottom - top} px from ({left}, {top})" if shot.active_area else None,
        default_crop=f"{x1 - x0} x {y1 - y0} px from ({x0}, {y0})" if shot.default_crop_size else None,
        filters=shot.cfa.name if shot.cfa else "none (monochrome or linear)",
        orientation=f"{shot.orientation}" if shot.orientation != 1 else None,
    )


def level_text(levels: Any) -> str:
    """One number where all are the same."""
    values = np.unique(np.asarray(levels, float))
    return f"{values[0]:g}" if values.size == 1 else ", ".join(f"{one:g}" for one in np.asarray(levels, float).ravel())


def _levels(image: Image) -> Section:
    shot = image.shot
    top, left, bottom, right = shot.area
    sampled = image.pixels[top:bottom:3, left:right:3]
    low, middle, high = np.percentile(sampled, (0.1, 50, 99.9))
    return _facts(
        "Levels (DN)",
        black="not stated" if shot.black_level is None else level_text(shot.black_level),
        black_by_row_or_column="yes" if shot.black_delta_h is not None or shot.black_delta_v is not None else None,
        white="not stated" if shot.white_level is None else level_text(shot.white_level),
        linearization_table=None if shot.linearization_table is None else f"{len(shot.linearization_table)} entries",
        masked_areas=f"{len(shot.masked_areas)}" if shot.masked_areas else None,
        this_picture=f"0.1 % {low:g}, median {middle:g}, 99.9 % {high:g}, largest {image.pixels.max():g}",
    )


def light_name(one: Calibration) -> str:
    """The name of a calibration's light with its color temperature."""
    name = LIGHT_NAMES.get(one.light, f"code {one.light}")
    xy = one.white_xy or temperature.light_xy(one.light)
    return name if xy is None else f"{name}, {temperature.temperature_from_xy(xy)[0]:.0f} K"


def _matrix(values: Array) -> str:
    return "; ".join(" ".join(f"{one:7.4f}" for one in row) for row in np.asarray(values))


def _color(shot: Shot) -> Section:
    color = shot.color
    facts = [("from", color.origin)] if color.origin else []
    for number, one in enumerate(color.calibrations, 1):
        facts.append((f"matrix {number} ({light_name(one)})", _matrix(one.color_matrix)))
        if one.forward_matrix is not None:
            facts.append((f"forward matrix {number}", _matrix(one.forward_matrix)))
        if one.camera_calibration is not None:
            facts.append((f"calibration {number}", _matrix(one.camera_calibration)))
        if one.hue_sat is not None:
            facts.append((f"hue/saturation map {number}", " x ".join(map(str, one.hue_sat.values.shape[:3]))))
    if color.look_table is not None:
        facts.append(("look table", " x ".join(map(str, color.look_table.values.shape[:3]))))
    if color.tone_curve is not None:
        facts.append(("tone curve", f"{len(color.tone_curve)} points"))
    if color.gain_table_map is not None:
        facts.append(("gain table map", " x ".join(map(str, color.gain_table_map.gains.shape))))
    if shot.as_shot_neutral:
        facts.append(("as-shot neutral", " ".join(f"{one:.4f}" for one in shot.as_shot_neutral)))
    white = as_shot_xy(shot)
    if white:
        kelvin, tint = temperature.temperature_from_xy(white)
        facts.append(("as-shot white", f"x {white[0]:.4f} y {white[1]:.4f}: {kelvin:.0f} K, tint {tint:+.0f}"))
    if shot.baseline_exposure:
        facts.append(("baseline exposure", f"{shot.baseline_exposure:+g} EV"))
    return Section("Color", tuple(facts))


def as_shot_xy(shot: Shot) -> tuple[float, float] | None:
    """The white that the file states, as chromaticity; None when it states none, or no matrix to read it with."""
    if shot.as_shot_white_xy:
        return shot.as_shot_white_xy
    lights = dng_color.lights_from(shot.color.calibrations)
    if not shot.as_shot_neutral or not lights or min(shot.as_shot_neutral) <= 0:
        return None
    return dng_color.xy_from_neutral(lights, np.asarray(shot.as_shot_neutral[:3]), shot.color.analog_balance)


def opcode_text(one: op.Opcode) -> str:
    """An opcode in a line: its name and what tells it from others."""
    name = type(one).__name__
    if isinstance(one, op.GainMap):
        span = f"gain {float(one.gains.min()):.3f} to {float(one.gains.max()):.3f}"
        text = f"{name} {one.gains.shape[1]} x {one.gains.shape[0]}, {span}, pitch {one.row_pitch}"
    elif isinstance(one, op.FixVignetteRadial):
        text = f"{name}, gain in the corner {1 + sum(one.coefficients):.3f}"
    elif isinstance(one, op.FixBadPixelsList):
        text = f"{name}, {len(one.points)} points, {len(one.areas)} areas"
    elif isinstance(one, op.UnknownOpcode):
        text = f"opcode {one.id}: not known here, NOT applied"
    else:
        text = name
    return text + ("" if one.optional else " (required)")


def _corrections(shot: Shot) -> Section:
    facts = [(f"list {number}", opcode_text(one)) for number, part in enumerate(shot.opcodes, 1) for one in part]
    return Section("Corrections (applied where not said otherwise)", tuple(facts))


def _noise(shot: Shot) -> Section:
    if shot.noise is None:
        return Section("Noise", (("model", "none in the file; estimated from the picture when needed"),))
    gain, offset = np.asarray(shot.noise.gain), np.asarray(shot.noise.offset)
    grey = 0.18 / np.sqrt(np.maximum(gain * 0.18 + offset, 1e-12))
    return _facts(
        "Noise",
        gain=" ".join(f"{one:.3g}" for one in gain),
        offset=" ".join(f"{one:.3g}" for one in offset),
        SNR_at_18_percent_of_white=" ".join(f"{20 * np.log10(one):.1f}" for one in grey) + " dB",
    )
