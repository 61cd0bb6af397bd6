"""Profiles: what camera profiles of every kind say (TOML, DCP, ICC), and how far two of them are apart."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.camera_color import CameraColor
from twinlens.core.errors import FileError, ParameterError
from twinlens.core.profile import CameraProfile
from twinlens.measure.doctor import facts
from twinlens.measure.doctor.findings import Report, Section
from twinlens.numerics import spectra
from twinlens.numerics.color import delta_e_2000, lab_from_xyz
from twinlens.numerics.dng_color import lights_from, neutral_from_xy, xyz_d50_from_balanced

Array = npt.NDArray[Any]

COMPARED = ("A", "D50", "D65")  # lights under which two profiles are compared


def _color_section(color: CameraColor) -> Section:
    made: list[tuple[str, str]] = [("name", color.name), ("for", color.camera_model), ("copyright", color.copyright)]
    for number, one in enumerate(color.calibrations, 1):
        made.append((f"light {number}", facts.light_name(one)))
        made.append((f"matrix {number}", "; ".join(" ".join(f"{v:.4f}" for v in row) for row in one.color_matrix)))
        if one.hue_sat is not None:
            made.append((f"hue/saturation map {number}", " x ".join(map(str, one.hue_sat.values.shape[:3]))))
    if color.sensor is not None:
        peaks = spectra.WAVELENGTHS_NM[color.sensor.sensitivities.argmax(0)]
        made.append(("sensor", "estimated, peaks at " + ", ".join(f"{one:.0f}" for one in peaks) + " nm"))
        made.append(("maps", ", ".join(one.light for one in color.sensor.maps)))
    if color.look_table is not None:
        made.append(("look table", " x ".join(map(str, color.look_table.values.shape[:3]))))
    made.append(("tone curve", f"{len(color.tone_curve)} points" if color.tone_curve is not None else "none"))
    if color.baseline_exposure_offset:
        made.append(("baseline exposure offset", f"{color.baseline_exposure_offset:+g} EV"))
    return Section("Camera profile", tuple(pair for pair in made if pair[1]))


def dcp_report(path: Path) -> Report:
    """What a DCP file says."""
    from twinlens.files import dcp

    try:
        return Report(str(path), "dcp", (_color_section(dcp.read(path)),))
    except struct.error as error:
        raise FileError(f"{path}: a damaged DCP file: {error}") from None


def profile_report(path: Path) -> Report:
    """What a profile/1 document says."""
    from twinlens.pipeline import profile

    found = profile.load(path)
    module = (("make", found.make), ("model", found.model), ("unique camera model", found.unique_camera_model),
              ("lens", found.lens))  # fmt: skip
    noise = tuple(
        (f"ISO {iso:g}", f"gain {model.gain[1]:.3g}, offset {model.offset[1]:.3g}")
        for iso, model in sorted(found.noise.items())
    )
    sections = [Section("Module", tuple(pair for pair in module if pair[1])), _color_section(found.color),
                Section("Noise", noise), Section("Shading and lens", _optics(found)),
                Section("Provenance", tuple(_flat(found.provenance)))]  # fmt: skip
    return Report(str(path), "profile", tuple(one for one in sections if one.facts))


def _optics(found: CameraProfile) -> tuple[tuple[str, str], ...]:
    told = []
    for one in found.shading:
        red, blue = one.color_shift
        text = f"corners {one.falloff_stops:.2f} EV darker, red/green changes by {red:.1%}, blue/green by {blue:.1%}"
        told.append((f"shading, {one.light or f'{one.kelvin:.0f} K'}", text))
    if (warp := found.warp) is not None:
        planes = "red, green and blue apart" if len(warp.coefficients) == 3 else "all colors alike"
        told.append(("distortion", f"measured to {warp.covered:.0%} of the corner, {planes}"))
    return tuple(told)


def _flat(provenance: dict[str, Any], before: str = "") -> list[tuple[str, str]]:
    """Nested provenance as lines; long lists are counted."""
    lines: list[tuple[str, str]] = []
    for key, value in provenance.items():
        name = f"{before}{key}"
        if isinstance(value, dict):
            lines += _flat(value, f"{name} ")
        elif isinstance(value, list):
            lines += [(name, str(one)) for one in value]
        else:
            lines.append((name, str(value)))
    return lines


def icc_report(path: Path) -> Report:
    """What an ICC profile says."""
    from twinlens.files import icc

    data = path.read_bytes()
    found = icc.parse(data)
    kinds = {b"scnr": "input", b"mntr": "display", b"prtr": "output", b"spac": "color space"}
    way = "matrix and curves" if found.matrix is not None else "tables"
    pairs = (("description", found.description), ("class", kinds.get(data[12:16], "other")),
             ("colors", found.colorspace), ("version", f"{data[8]}.{data[9] >> 4}"), ("by", way),
             ("named space", found.named or ""))  # fmt: skip
    return Report(str(path), "icc", (Section("ICC profile", tuple(pair for pair in pairs if pair[1])),))


def differences(first: Path, second: Path) -> Section:
    """How far two camera profiles (TOML or DCP) render the same camera colors apart, by light: CIEDE2000 of the 24
    ColorChecker colors, as the first profile places them.
    """
    from twinlens.pipeline import profile

    known = [profile.load(path) for path in (first, second)]
    for path, one in zip((first, second), known, strict=True):
        if not one.color.is_known:
            raise ParameterError(f"{path} holds no color matrix: there is nothing to compare")
    told = []
    for name in COMPARED:
        white = spectra.white_xyz(spectra.illuminant(name))
        errors = _apart(known[0], known[1], white)
        told.append((name, f"mean {errors.mean():.2f}, 95th percentile {np.percentile(errors, 95):.2f}, largest "
                           f"{errors.max():.2f}"))  # fmt: skip
    return Section(f"Difference to {second.name}, CIEDE2000", tuple(told))


def _apart(first: CameraProfile, second: CameraProfile, white: Array) -> Array:
    """(24,) differences for a picture's white XYZ (3,)."""
    from twinlens.numerics import colorchecker
    from twinlens.numerics.color import xy_from_xyz, xyz_from_lab

    lights = lights_from(first.color.calibrations)
    neutral = neutral_from_xy(lights, xy_from_xyz(white), first.color.analog_balance)
    to_xyz = xyz_d50_from_balanced(lights, neutral, first.color.analog_balance)
    balanced = np.maximum(xyz_from_lab(colorchecker.LAB) @ np.linalg.inv(to_xyz).T, 0)
    labs = [_lab(one, balanced, xy_from_xyz(white)) for one in (first, second)]
    return delta_e_2000(labs[0], labs[1])


def _lab(profile: CameraProfile, balanced: Array, white_xy: tuple[float, float]) -> Array:
    """What `develop` makes of balanced camera RGB (N, 3) with a profile, as Lab."""
    from twinlens.core.image import BALANCED, Image, planar
    from twinlens.core.shot import Shot
    from twinlens.core.stage import Facts
    from twinlens.numerics.color import XYZ_D50_FROM_REC2020
    from twinlens.stages.camera_color import CameraColor

    lights = lights_from(profile.color.calibrations)
    neutral = neutral_from_xy(lights, white_xy, profile.color.analog_balance)
    shot = Shot(as_shot_neutral=tuple((neutral / neutral.max()).tolist()))
    image = Image(pixels=planar(balanced[None].astype(np.float32)), state=BALANCED, shot=shot)
    stage = CameraColor().resolve(Facts(shot=shot, source=image, arriving=lambda: image, profile=profile))
    return lab_from_xyz(stage(image).pixels[0].astype(float) @ XYZ_D50_FROM_REC2020.T)
