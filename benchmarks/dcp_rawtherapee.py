"""DCP in RawTherapee: the same profile on the same DNG, ours against `rawtherapee-cli`'s, patch by patch.

A chart of 96 flat patches (the ColorChecker at three exposures and a ring of saturated colors) is written as a Bayer
DNG in the camera RGB that the profile's own matrices give under a light; RawTherapee develops it with
`rawtherapee_dcp.pp3` (all DCP switches on, everything else off) to a 16-bit Rec. 2020 TIFF, and our stages do the same.

Under daylight one of a profile's two lights counts alone. Between them RawTherapee mixes the two hue/saturation tables
by the temperature of its own white balance slider, the specification (and we) by the white that the profile's matrices
give for the neutral. `between_tables_off` has the tables off in both, `between_second_light` has both take the second
light.

    python benchmarks/dcp_rawtherapee.py
"""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from record import save

from twinlens.core.camera_color import CameraColor as ColorTags
from twinlens.core.image import CAMERA_RGB, Image, planar
from twinlens.core.profile import CameraProfile
from twinlens.core.shot import Cfa, Shot
from twinlens.core.stage import Facts
from twinlens.files import dcp, dng
from twinlens.numerics import color, colorchecker
from twinlens.numerics.dng_color import lights_from, matrices_for, neutral_from_xy
from twinlens.numerics.temperature import xy_from_temperature
from twinlens.stages.camera_color import CameraColor
from twinlens.stages.dcp_look import DcpLook
from twinlens.stages.white_balance import WhiteBalance

PROFILES = Path("/usr/share/rawtherapee/dcpprofiles")  # Debian's rawtherapee-data
NAMES = ("samsung SM-G930V", "LG Mobile LG-H815", "NIKON D750", "Fujifilm X-E2", "Canon EOS 550D", "YI TECHNOLOGY M1")
RECIPE = Path(__file__).with_name("rawtherapee_dcp.pp3")
LIGHTS = {"daylight": (5600.0, 8.0), "tungsten": (2800.0, 0.0), "between": (4300.0, 5.0)}  # K, tint
SIDE, ACROSS, BORDER = 48, 12, 4  # pixels of a patch, patches in a row, what RawTherapee cuts off
BLACK, WHITE = 512, 15872


def chart(lights: Any, light: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Camera RGB (96, 3) below clipping and the neutral (3,)."""
    white_xy = xy_from_temperature(*light)
    neutral = neutral_from_xy(lights, white_xy)
    paper = color.xyz_from_lab(colorchecker.LAB)
    hue = np.radians(np.arange(24) * 15)
    ring = np.stack([np.where(np.arange(24) % 2, 45.0, 65.0), 55 * np.cos(hue), 55 * np.sin(hue)], -1)
    xyz = np.concatenate([0.8 * paper, 0.3 * paper, 0.1 * paper, 0.8 * color.xyz_from_lab(ring)])
    to_light = color.adaptation(color.D50_XYZ, color.xyz_from_xy(white_xy))
    to_camera = matrices_for(lights, white_xy).camera_from_xyz
    scale = (to_camera @ color.xyz_from_xy(white_xy)).max()
    return np.clip(xyz @ (to_camera @ to_light / scale).T, 0.001, 0.98), neutral


def write_dng(path: Path, camera: np.ndarray, shot: Shot) -> None:
    """The patches as a Bayer mosaic."""
    grid = camera.reshape(-1, ACROSS, 3).repeat(SIDE, 0).repeat(SIDE, 1)
    rgb = np.rint(BLACK + grid * (WHITE - BLACK)).astype(np.uint16)
    mosaic = rgb[..., 1].copy()
    mosaic[0::2, 0::2], mosaic[1::2, 1::2] = rgb[0::2, 0::2, 0], rgb[1::2, 1::2, 2]
    dng.write(path, mosaic, shot, compression="none")


def ours(camera: np.ndarray, shot: Shot, tags: ColorTags) -> np.ndarray:
    """D50 Lab (96, 3) of the patches by our stages."""
    image = Image(pixels=planar(camera[None].astype(np.float32)), state=CAMERA_RGB, shot=shot)
    before: tuple[Any, ...] = ()
    profile = CameraProfile(name=tags.name, color=tags)
    for stage in (WhiteBalance(), CameraColor(), DcpLook()):
        resolved = stage.resolve(
            Facts(shot=shot, source=image, arriving=lambda image=image: image, profile=profile, before=before)
        )
        image, before = resolved(image), (*before, resolved)
    return color.lab_from_xyz(np.clip(image.pixels[0], 0, 1) @ color.XYZ_D50_FROM_REC2020.T)


def theirs(dng_path: Path, profile: Path, folder: Path, **switches: str) -> np.ndarray:
    """D50 Lab (96, 3) of the patch means by RawTherapee."""
    import tifffile

    recipe = folder / "recipe.pp3"
    text = RECIPE.read_text().replace("@DCP@", str(profile))
    for name, value in switches.items():
        text = re.sub(rf"^{name}=.*$", f"{name}={value}", text, flags=re.MULTILINE)
    recipe.write_text(text)
    out = folder / "out.tif"
    command = ["rawtherapee-cli", "-q", "-Y", "-t", "-b16", "-o", str(out), "-p", str(recipe), "-c", str(dng_path)]
    subprocess.run(command, check=True, capture_output=True)
    with tifffile.TiffFile(out) as file:
        pixels, icc = file.asarray().astype(float) / 65535, file.pages[0].tags["InterColorProfile"].value
    means = []
    for index in range(96):
        y, x = divmod(index, ACROSS)
        y, x = y * SIDE - BORDER, x * SIDE - BORDER
        means.append(pixels[y + 14 : y + SIDE - 14, x + 14 : x + SIDE - 14].mean((0, 1)))
    matrix, decode = icc_model(icc)
    return color.lab_from_xyz(decode(np.array(means)) @ matrix.T)


def icc_model(icc: bytes) -> tuple[np.ndarray, Any]:
    """xyz_d50_from_rgb (3, 3) and the decoding curve of a matrix/TRC profile (ICC.1:2022, 8.4, 10.18)."""
    tags = {icc[132 + 12 * i : 136 + 12 * i]: struct.unpack_from(">2I", icc, 136 + 12 * i) for i in range(icc[131])}

    def fixed(offset: int, count: int) -> np.ndarray:
        return np.frombuffer(icc, ">i4", count, offset) / 65536

    matrix = np.stack([fixed(tags[name][0] + 8, 3) for name in (b"rXYZ", b"gXYZ", b"bXYZ")], 1)
    offset = tags[b"gTRC"][0]
    if icc[offset : offset + 4] == b"para":
        kind = struct.unpack_from(">H", icc, offset + 8)[0]
        g, a, b, c, d = (
            [*fixed(offset + 12, (1, 3, 4, 5, 7)[kind]), 1, 0, 0, 0][:5] if kind == 0 else fixed(offset + 12, 5)
        )
        return matrix, lambda v: np.where(v >= d, (a * v + b) ** g, c * v)
    count = struct.unpack_from(">I", icc, offset + 8)[0]
    if count == 0:
        return matrix, lambda v: v
    if count == 1:
        gamma = struct.unpack_from(">H", icc, offset + 12)[0] / 256
        return matrix, lambda v: v**gamma
    table = np.frombuffer(icc, ">u2", count, offset + 12) / 65535
    return matrix, lambda v: np.interp(v, np.linspace(0, 1, count), table)


def compare(name: str, folder: Path, wanted: tuple[str, ...] = tuple(LIGHTS)) -> dict[str, Any]:
    """The figures for one profile: CIEDE2000 mean, 95th percentile and worst, by light."""
    path = PROFILES / f"{name}.dcp"
    profile = dcp.read(path)
    second = replace(profile, calibrations=profile.calibrations[-1:])
    no_table = tuple(replace(one, hue_sat=None) for one in profile.calibrations)
    figures: dict[str, Any] = {
        "look_table": profile.look_table is not None,
        "curve_points": 0 if profile.tone_curve is None else len(profile.tone_curve),
        "lights": [item.light for item in profile.calibrations],
    }
    for light in wanted:
        camera, neutral = chart(lights_from(profile.calibrations), LIGHTS[light])
        file = folder / f"{light}.dng"
        file.unlink(missing_ok=True)
        write_dng(file, camera, shot_of(profile, neutral))
        shot = dng.read(file).shot
        figures[light] = figure(ours(camera, shot, profile), theirs(file, path, folder))
        if light == "between" and len(profile.calibrations) > 1:
            other = theirs(file, path, folder, ApplyHueSatMap="false")
            figures["between_tables_off"] = figure(ours(camera, shot, replace(profile, calibrations=no_table)), other)
            other = theirs(file, path, folder, DCPIlluminant="2")
            figures["between_second_light"] = figure(ours(camera, shot, second), other)
    return figures


def figure(one: np.ndarray, other: np.ndarray) -> dict[str, float]:
    difference = color.delta_e_2000(one, other)
    found = {"mean": difference.mean(), "p95": np.percentile(difference, 95), "worst": difference.max()}
    return {key: round(float(value), 3) for key, value in found.items()}


def shot_of(profile: ColorTags, neutral: np.ndarray) -> Shot:
    return Shot(
        make="Twinlens", model="Chart", unique_camera_model="Twinlens Chart", width=ACROSS * SIDE, height=8 * SIDE,
        cfa=Cfa.bayer("RGGB"), black_level=np.full((1, 1, 1), BLACK), white_level=(WHITE,),
        as_shot_neutral=tuple(neutral), color=ColorTags(calibrations=profile.calibrations[:2]),
    )  # fmt: skip


def main() -> int:
    if shutil.which("rawtherapee-cli") is None or not PROFILES.is_dir():
        print("skipped: rawtherapee-cli and the profiles of rawtherapee-data are not installed")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        figures = {name: compare(name, Path(folder)) for name in NAMES}
    for name, found in figures.items():
        told = "  ".join(
            f"{key} {one['mean']:.3f}/{one['p95']:.3f}" for key, one in found.items() if isinstance(one, dict)
        )
        print(f"{name:20} mean/p95  {told}")
    print(save("dcp_rawtherapee", {"unit": "CIEDE2000 of patch means", "profiles": figures}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
