"""Gain map: a measured shading written into a copy of a raw file, so that every program that knows gain maps evens it.

The map is that of the file's own light (its as-shot white), between the lights that were measured. It takes the place
of the gain maps in the file's OpcodeList2; all other opcodes, tags and counts stay.

Source: Digital Negative Specification 1.7.1, chapter 7 (GainMap, OpcodeList2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from twinlens.calibrate.module import kelvin_of_shot
from twinlens.core.errors import FileError, ParameterError
from twinlens.core.image import SENSOR, Image
from twinlens.core.opcodes import FixVignetteRadial, GainMap
from twinlens.core.profile import CameraProfile, mismatch
from twinlens.core.shading import LensShading, between
from twinlens.core.shot import Shot
from twinlens.numerics.opcode_lists import linear_area

DAYLIGHT_K = 6504.0  # where the file's white does not tell its light


def write_gain_map(
    source: Path,
    target: Path,
    profile: CameraProfile,
    *,
    raw_layout: str | None = None,
    overwrite: bool = False,
) -> tuple[str, ...]:
    """Write a copy of the raw file `source` as the DNG `target` with the gain map that a profile's shadings say;
    sentences tell what was done. Raises ParameterError for a file of another module or without a mosaic, FileError
    where it cannot be written; the source is never written to.
    """
    from twinlens.files import dng
    from twinlens.files import read as read_image

    if target.suffix.lower() != ".dng":
        raise ParameterError(f"{target}: a raw file with gain maps is written as .dng")
    if target.exists() and source.exists() and target.samefile(source):
        raise FileError(f"{target} is the input itself; inputs are never overwritten: choose another name")
    image = read_image(source, raw_layout=raw_layout)
    if other := mismatch(profile, image.shot):
        raise ParameterError(f"{source}: the shading is of another module: {other}")
    shot, told = with_gain_map(image, profile.shading, str(source))
    whole = image.pixels.dtype in (np.uint8, np.uint16)
    dng.write(target, image.pixels, shot, compression="ljpeg" if whole else "none", overwrite=overwrite)
    return told


def with_gain_map(
    image: Image, shadings: Sequence[LensShading], name: str = "the file"
) -> tuple[Shot, tuple[str, ...]]:
    """The image's shot with the gain maps for its light in OpcodeList2, in place of others, and what was done."""
    shot = image.shot
    if image.state is not SENSOR or shot.cfa is None or image.pixels.ndim != 2:
        raise ParameterError(f"{name}: a measured shading is for raw files with a color filter mosaic; this is none")
    kelvin = kelvin_of_shot(shot)
    found = between(shadings, kelvin or DAYLIGHT_K)
    top, left, bottom, right = linear_area(shot)
    maps = found.opcodes(shot.cfa.shifted(top, left).indices, (bottom - top, right - left))
    first, second, third = shot.opcodes
    kept = tuple(one for one in second if not isinstance(one, GainMap))
    told = [_light(shadings, found, kelvin)]
    if len(kept) < len(second):
        told.append(f"{len(second) - len(kept)} gain maps of the file were replaced")
    if any(isinstance(one, FixVignetteRadial) for one in (*kept, *third)):
        told.append("the file also asks for a vignette correction, which stays: it may be evened out twice")
    return replace(shot, opcodes=(first, (*kept, *maps), third)), tuple(told)


def _light(shadings: Sequence[LensShading], found: LensShading, kelvin: float) -> str:
    lights = ", ".join(one.light or f"{one.kelvin:.0f} K" for one in shadings)
    if len(shadings) == 1:
        return f"wrote the gain map measured under {lights}"
    where = "the picture's white" if kelvin else "daylight, as the file states no white"
    return f"wrote the gain map for {found.kelvin:.0f} K ({where}), between those measured under {lights}"
