"""Color output: a color calibration as files: camera profile, DCP, ICC, numbers as JSON, and a page to sign."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from twinlens.calibrate.color_files import ChartColor
from twinlens.calibrate.color_profile import camera_color, dcp_color, fit_facts, icc_profiles
from twinlens.calibrate.measured import blank_profile, made_from
from twinlens.core.errors import ParameterError
from twinlens.core.profile import CameraProfile
from twinlens.files.atomic import atomic
from twinlens.numerics import spectra

if TYPE_CHECKING:
    from twinlens.report.color import ColorReport

KINDS = (".toml", ".dcp", ".icc", ".json", ".html", ".png")
SUMMARIES = {  # of a fit: what they are of
    "patches": "on the patches used",
    "left_out": "each patch by a model without it",
    "plain_left_out": "the same by a 3x3 matrix",
    "predicted": "expected on natural surfaces",
}
ICC_LIGHT = "D50"  # of an ICC profile of which no named light is known


def name_of(made: ChartColor) -> str:
    """The camera's name, as the files state it."""
    shot = made.shot
    return shot.unique_camera_model or f"{shot.make} {shot.model}".strip() or Path(shot.source or "camera").stem


def light_name(made: ChartColor) -> str:
    """The fit's light, as it was named."""
    return made.fit.value.light_name or "the given spectrum"


def profile_of(made: ChartColor, sources: Sequence[Path], base: CameraProfile | None = None) -> CameraProfile:
    """The camera profile: this color, with what `base` knows of noise, shading and lens."""
    known = base or blank_profile(made.shot)
    color = camera_color(made.fit.value, name_of(made))
    provenance = {**known.provenance, "color": {**made_from(sources), **figures(made)}}
    return replace(known, name=known.name if base else name_of(made), color=color, provenance=provenance)


def figures(made: ChartColor) -> dict[str, Any]:
    """Errors of the fit, in plain numbers (CIEDE2000), the candidate lights with their log evidence, and all notes."""
    lights = {name: float(f"{value:.4g}") for name, value in made.fit.lights}
    return {**fit_facts(made.fit), "lights": lights, "notes": notes(made)}


def notes(made: ChartColor) -> list[str]:
    """What to know of the fit, of the pictures, and of the files that are written."""
    told = [*made.fit.notes, *made.notes]
    if made.fit.is_plain:
        told.append(
            f"profiles hold the plain 3x3 matrix, for {light_name(made)} alone, and no sensor, because the sensor "
            "model reads left-out patches worse here: check target, light and exposure, and shoot again"
        )
    return told


def as_json(made: ChartColor) -> dict[str, Any]:
    """All that a machine may want: errors, notes, patches, sensitivities, veil."""
    model = made.fit.value
    told = {
        "camera": name_of(made),
        **figures(made),
        "wavelengths_nm": spectra.WAVELENGTHS_NM.tolist(),
        "sensitivities": np.round(model.sensitivities, 6).tolist(),
        "sd": np.round(model.sd(), 6).tolist(),
    }
    if made.rgb is not None:
        told["patches_rgb"] = dict(zip(made.names, np.round(made.rgb, 6).tolist(), strict=True))
    return told


def write(made: ChartColor, target: Path, profile: CameraProfile, overwrite: bool = False) -> None:
    """Write what the suffix of `target` says: .toml, .dcp, .icc, .json, .html or .png. Whole, or not at all."""
    import json

    from twinlens.files import dcp
    from twinlens.pipeline import profile as document

    suffix = target.suffix.lower()
    if suffix == ".dcp":
        model = made.shot.unique_camera_model or name_of(made)
        dcp.write(target, dcp_color(made.fit.value, name_of(made), model), overwrite)
        return
    if suffix == ".icc":
        light = made.fit.value.light_name or ICC_LIGHT
        told = light_name(made) if made.fit.is_plain else light
        data = icc_profiles(made.fit.value, light, f"{name_of(made)}, {told}")[1]
    elif suffix == ".toml":
        data = document.dumps(profile).encode()
    elif suffix == ".json":
        data = json.dumps(as_json(made), indent=1).encode()
    elif suffix == ".html":
        data = page_of(made, profile).encode()
    elif suffix == ".png":
        from twinlens.report.color_png import color_sheet

        data = color_sheet(report_of(made, profile))
    else:
        raise ParameterError(f"{target}: expected a name that ends in {', '.join(KINDS)}")
    with atomic(target, overwrite) as temporary:
        temporary.write_bytes(data)


def page_of(made: ChartColor, profile: CameraProfile) -> str:
    """The report of a calibration from a chart as one page of HTML."""
    from twinlens.report.color import color_page

    return color_page(report_of(made, profile))


def report_of(made: ChartColor, profile: CameraProfile) -> ColorReport:
    """What a report of a calibration from a chart shows. ParameterError where it was made without a chart."""
    from twinlens.report.color import ColorReport

    if made.rgb is None or made.reflectances is None:
        raise ParameterError("a report shows a chart; this color was made without one: write .json instead")
    fit, model = made.fit, made.fit.value
    veil = 0 if fit.veil is None else fit.veil
    found = profile.provenance.get("color", {})
    facts = [("camera", name_of(made)), ("lens", made.shot.lens or "not stated"), ("light", light_name(made)),
             ("made", str(found.get("made", ""))), ("program", str(found.get("program", ""))),
             *[("input", one) for one in found.get("inputs", ())]]  # fmt: skip
    summaries = zip(SUMMARIES.values(), (getattr(fit, key) for key in SUMMARIES), strict=True)
    all_used = fit.trusted is None or len(fit.trusted) != len(made.names)
    trusted = np.ones(len(made.names), bool) if all_used else np.asarray(fit.trusted)
    return ColorReport(
        title=f"Color calibration: {name_of(made)}",
        facts=facts,
        light=light_name(made),
        white_xyz=spectra.white_xyz(model.light),
        names=made.names,
        reference_xyz=spectra.xyz_from_reflectance(made.reflectances, model.light),
        profile_xyz=model.to_xyz(made.rgb - veil),
        errors=[(name, one.mean, one.p95, one.largest, one.count) for name, one in summaries if one is not None],
        by_hue=[(one.hue, one.mean, one.p95, one.surfaces) for one in fit.by_hue],
        wavelengths_nm=spectra.WAVELENGTHS_NM,
        sensitivities=model.sensitivities,
        sd=model.sd(),
        notes=notes(made),
        picture_png=_picture(made),
        left_out=[name for name, kept in zip(made.names, trusted, strict=True) if not kept],
    )


def _picture(made: ChartColor) -> bytes:
    """The first chart with its grid, as PNG of 900 pixels."""
    import cv2

    from twinlens.measure.chart.draw import drawn

    if not made.pictures:
        return b""
    shown = drawn(made.pictures[0], made.charts[:1])
    scale = min(900 / max(shown.shape[:2]), 1.0)
    small = cv2.resize(shown, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return bytes(cv2.imencode(".png", small[..., ::-1])[1])
