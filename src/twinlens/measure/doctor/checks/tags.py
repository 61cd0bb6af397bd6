"""Tags: checks of opcodes, EXIF, crop, names, the noise profile and shading."""

from __future__ import annotations

import re
from collections.abc import Iterator

from twinlens.core import opcodes as op
from twinlens.core.image import Image
from twinlens.measure.doctor.facts import level_text
from twinlens.measure.doctor.findings import Finding
from twinlens.numerics.opcode_lists import unapplied

SMALL_MODULE_MM = 12.0  # focal lengths below this belong to phones and other small modules


def check_opcodes(image: Image) -> Iterator[Finding]:
    for number, part in enumerate(image.shot.opcodes, 1):
        for one in part:
            if isinstance(one, op.UnknownOpcode):
                yield Finding(
                    "opcode-unknown",
                    "note" if one.optional else "error",
                    f"Opcode {one.id} of list {number} is not known here and is not applied"
                    + ("." if one.optional else ", though the file says that it must be."),
                    "Please report the file; what the opcode does is left out.",
                )
    for sentence in unapplied(image.shot):
        if "not known here" not in sentence:
            yield Finding(
                "opcode-not-applied",
                "warning",
                f"{sentence}.",
                "Its effect is left out; other programs may apply it.",
            )


def check_exif(image: Image) -> Iterator[Finding]:
    notes = [note for note in image.shot.notes if re.search(r"denominator|rational|Exif|EXIF|date", note)]
    if notes:
        yield Finding(
            "exif-broken",
            "warning",
            "The metadata has faults: " + " ".join(notes),
            "twinlens leaves the broken values out; --repair writes clean EXIF.",
            repairable=True,
        )


def check_geometry(image: Image) -> Iterator[Finding]:
    shot = image.shot
    if shot.default_crop_size is None or shot.default_crop_origin is None:
        yield Finding(
            "no-crop",
            "note",
            "The file states no default crop; programs then show different borders.",
            "twinlens shows the whole active area; --repair writes that as the crop.",
            repairable=True,
        )
    else:
        top, left, bottom, right = shot.area
        x, y = shot.default_crop_origin
        across, down = shot.default_crop_size
        if x < 0 or y < 0 or x + across > right - left + 0.5 or y + down > bottom - top + 0.5:
            yield Finding(
                "crop-outside",
                "error",
                f"The default crop {across:g} x {down:g} from ({x:g}, {y:g}) does not fit the active area"
                f" {right - left} x {bottom - top}.",
                "twinlens cuts it to the active area; --repair writes that.",
                repairable=True,
            )


def check_identity_of_camera(image: Image) -> Iterator[Finding]:
    shot = image.shot
    for name, value in (("Make", shot.make), ("Model", shot.model), ("UniqueCameraModel", shot.unique_camera_model)):
        if not value.strip():
            yield Finding(
                "no-" + name.lower(),
                "warning" if name != "UniqueCameraModel" else "note",
                f"The file has no {name} tag.",
                "Other programs choose profiles and corrections by it.",
            )
    if _is_small_module(image) and not shot.lens:
        yield Finding(
            "module-unnamed",
            "note",
            f"Phones have several cameras under one model name, and this file names no lens"
            f" ({shot.focal_length_mm:g} mm).",
            "Keep a profile for each; the focal length tells them apart.",
        )


def check_noise(image: Image) -> Iterator[Finding]:
    noise = image.shot.noise
    if noise is None:
        yield Finding(
            "no-noise-profile",
            "note",
            "The file has no noise profile.",
            "twinlens estimates the noise from the picture.",
        )
    elif min(noise.gain) < 0 or max(noise.gain) > 1 or max(noise.offset) > 0.1:
        yield Finding(
            "noise-absurd",
            "warning",
            f"The noise profile is absurd: gain {level_text(noise.gain)}.",
            "Denoise less with --denoise, or state the noise with --set denoise.gain.",
        )


def check_shading(image: Image) -> Iterator[Finding]:
    shot = image.shot
    if not _is_small_module(image) or any(isinstance(one, op.GainMap) for one in shot.opcodes[1]):
        return
    yield Finding(
        "no-shading",
        "note",
        "A small module without a gain map: dark and tinted corners are not corrected.",
        "A flat-field calibration of the module mends it.",
    )


def _is_small_module(image: Image) -> bool:
    focal_length = image.shot.focal_length_mm
    return focal_length is not None and 0 < focal_length < SMALL_MODULE_MM
