"""Camera check: a DCP with a look, read back by RawTherapee on an invented raw of that camera, or by our own reader.

Flat patches are written as a Bayer DNG in the camera RGB that the profile's own matrices give under daylight;
RawTherapee develops it with the DCP alone to Rec. 2020, and our stages develop the same camera RGB with the look.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.camera_color import CameraColor
from twinlens.core.errors import FileError
from twinlens.core.image import CAMERA_RGB, Image, planar
from twinlens.core.profile import CameraProfile
from twinlens.core.shot import Cfa, Shot
from twinlens.core.stage import Facts
from twinlens.files import dcp, dng
from twinlens.numerics import color
from twinlens.numerics.color import REC2020_FROM_XYZ_D50
from twinlens.numerics.dng_color import lights_from, neutral_from_xy, xyz_d50_from_balanced
from twinlens.pipeline.export import engines
from twinlens.pipeline.export.camera import ROOM_STOPS
from twinlens.pipeline.export.rendering import display_light
from twinlens.pipeline.export.verify import IN_GAMUT, Figures, Reading, figures
from twinlens.stages.camera_color import CameraColor as CameraColorStage
from twinlens.stages.dcp_look import DcpLook
from twinlens.stages.exposure import Exposure
from twinlens.stages.look_map import LookMap
from twinlens.stages.white_balance import WhiteBalance

Array = npt.NDArray[Any]

SIDE, ACROSS, BORDER, EDGE = 24, 24, 4, 8  # pixels: of a patch; patches in a row; cut off by RawTherapee; left out
PATCHES = 384
PROGRAM = "RawTherapee, camera profile"
BLACK, WHITE = 512, 65023
SEED = 78
SETTINGS = """[Version]
AppVersion=5.9
Version=347

[White Balance]
Enabled=true
Setting=Camera

[Color Management]
InputProfile=file:{profile}
ToneCurve=true
ApplyLookTable=true
ApplyBaselineExposureOffset=true
ApplyHueSatMap=true
DCPIlluminant=0
WorkingProfile=ProPhoto
WorkingTRC=none
OutputProfile={output}
OutputProfileIntent=Relative
OutputBPC=false

[RAW]
CA=false
HotPixelFilter=false
DeadPixelFilter=false

[RAW Bayer]
Method=vng4
CcSteps=0
LineDenoise=0
GreenEqThreshold=0
"""


def readings(path: Path, look_map: LookMap, camera: CameraColor) -> tuple[Reading, ...]:
    """The DCP at `path` in RawTherapee, or by our own reader where that is not installed."""
    profile = dcp.read(path)
    patches, shot = chart(profile)
    wanted = developed(patches, shot, replace(profile, look_table=None, tone_curve=None), look_map)
    failed = ""
    if engines.has_rawtherapee():
        try:
            shown = _rawtherapee(path, patches, shot)
            return (Reading(PROGRAM, {IN_GAMUT: _compared(patches, wanted, shown)}),)
        except FileError as error:
            failed = str(error)
    shown = developed(patches, shot, profile, None)
    own = Reading("our own DCP renderer", {IN_GAMUT: _compared(patches, wanted, shown)}, is_own=True)
    return (Reading(PROGRAM, {}, failed=failed), own) if failed else (own,)


def _compared(patches: Array, wanted: Array, shown: Array) -> Figures:
    """CIEDE2000 between display light (N, 3); the input is told as camera codes of the sRGB curve."""
    both = [color.lab_from_xyz(np.clip(one, 0, 1) @ color.XYZ_D50_FROM_REC2020.T) for one in (wanted, shown)]
    codes = [color.encode(np.clip(one, 0, 1)) for one in (patches, wanted, shown)]
    return figures(*both, *codes)


def chart(profile: CameraColor) -> tuple[Array, Shot]:
    """Camera RGB (N, 3) of scene colors inside sRGB that the sensor can record under daylight, and their shot."""
    lights = lights_from(profile.calibrations)
    neutral = neutral_from_xy(lights, color.D65_XY)
    scene = color.decode(np.random.default_rng(SEED).random((8 * PATCHES, 3))) @ color.rgb_from_rgb("rec2020", "srgb").T
    balanced = scene @ np.linalg.inv(REC2020_FROM_XYZ_D50 @ xyz_d50_from_balanced(lights, neutral)).T
    recordable = balanced[((balanced > 0.0005) & (balanced * neutral < 0.98)).all(1)]
    if len(recordable) < PATCHES:  # matrices that are far from those of a camera
        recordable = np.clip(balanced, 0.0005, 0.98 / neutral)
    shot = Shot(
        make="Twinlens", model="Patches", unique_camera_model=profile.camera_model or "Twinlens Patches",
        width=ACROSS * SIDE, height=PATCHES // ACROSS * SIDE, cfa=Cfa.bayer("RGGB"),
        black_level=np.full((1, 1, 1), BLACK), white_level=(WHITE,), as_shot_neutral=tuple(neutral.tolist()),
        color=CameraColor(calibrations=tuple(replace(one, hue_sat=None) for one in profile.calibrations[:2])),
    )  # fmt: skip
    return recordable[:PATCHES] * neutral, shot


def developed(patches: Array, shot: Shot, profile: CameraColor, look_map: LookMap | None) -> Array:
    """Display light (N, 3), linear Rec. 2020, of camera RGB by our stages: with a look, or with the profile's own."""
    image = Image(pixels=planar(patches[None].astype(np.float32)), state=CAMERA_RGB, shot=shot)
    room = ROOM_STOPS if look_map is not None else 0.0
    known: tuple[Any, ...] = (WhiteBalance(), CameraColorStage(), Exposure(stops=room))
    before: tuple[Any, ...] = ()
    if look_map is None:
        known = (*known, DcpLook())
    holder = CameraProfile(name=profile.name, color=profile)
    for stage in known:
        facts = Facts(shot=shot, source=image, arriving=lambda image=image: image, profile=holder, before=before)
        resolved = stage.resolve(facts)
        image, before = resolved(image), (*before, resolved)
    if look_map is None:
        return image.pixels[0].astype(float)
    facts = Facts(shot=shot, source=image, arriving=lambda: image, profile=holder, before=before)
    return display_light(look_map.resolve(facts), image.pixels[0])


def _rawtherapee(path: Path, patches: Array, shot: Shot) -> Array:
    """The same in RawTherapee."""
    grid = patches.reshape(-1, ACROSS, 3).repeat(SIDE, 0).repeat(SIDE, 1)
    rgb = np.rint(BLACK + grid * (WHITE - BLACK)).astype(np.uint16)
    mosaic = rgb[..., 1].copy()
    mosaic[0::2, 0::2], mosaic[1::2, 1::2] = rgb[0::2, 0::2, 0], rgb[1::2, 1::2, 2]
    with tempfile.TemporaryDirectory() as folder:
        dng.write(Path(folder) / "patches.dng", mosaic, shot, compression="none")
        recipe = SETTINGS.format(profile=path.absolute(), output="RTv4_Rec2020")
        shown = engines.rawtherapee(Path(folder) / "patches.dng", recipe, folder) / 65535
    light = _means(shown)
    return color.decode(light)  # RTv4_Rec2020 has the sRGB curve


def _means(pixels: Array) -> Array:
    """Patch means (N, 3); what RawTherapee cuts off at the border is counted in."""
    found = []
    for index in range(PATCHES):
        y, x = (one * SIDE - BORDER for one in divmod(index, ACROSS))
        found.append(pixels[y + EDGE : y + SIDE - EDGE, x + EDGE : x + SIDE - EDGE].mean((0, 1)))
    return np.array(found)
