"""Simulate: whether other programs read simulated DNGs with the right colors, orientation and crop; how fast it is.

A ColorChecker is photographed with the bundled phone, without its shading and glare (LibRaw does not read gain maps;
the truth of a patch is without glare). LibRaw, RawTherapee and darktable develop the DNG without a look to linear (or
Rec. 2020) 16 bits; means of patches, scaled by one number on the grey patches, are compared with the patches' true XYZ
(CIEDE2000, white = perfect diffuser). Orientation and crop: the white patch has to be where the truth says.

    python benchmarks/simulate.py            colors, orientation, same bytes
    python benchmarks/simulate.py --speed    seconds and memory alone, on a quiet machine; joins them to the others
    python benchmarks/simulate.py --pictures writes docs/pictures/simulate_*.jpg too
    python benchmarks/simulate.py --quick    LibRaw and the makers alone, compared with the committed figures
"""

from __future__ import annotations

import hashlib
import json
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from dcp_rawtherapee import RECIPE, icc_model
from record import RESULTS, check_quick, save

import twinlens
from twinlens import simulate
from twinlens.files import dng, photo
from twinlens.numerics import color
from twinlens.pipeline.recipe import Output
from twinlens.simulate import Frame, maker, sample
from twinlens.simulate import camera as cameras

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
PHOTOGRAPH = Path(__file__).parents[2] / "shared" / "data" / "photos" / "leica_t_typ701.jpg"
GREYS = slice(18, 24)
Rendered = tuple[np.ndarray, np.ndarray]  # linear picture (H, W, 3), xyz_d50_from_rgb (3, 3)


def plain_phone() -> cameras.Camera:
    """The bundled phone without shading and glare."""
    phone = cameras.load("phone")
    none = {"vignetting": (0.0, 0.0, 0.0), "shading_red": (0.0, 0.0), "shading_blue": (0.0, 0.0)}
    return replace(phone, lens=replace(phone.lens, glare=0.0, halo=0.0, **none))


def libraw(path: Path, _: Path) -> Rendered:
    import rawpy

    with rawpy.imread(str(path)) as raw:
        space = rawpy.ColorSpace.Wide  # type: ignore[attr-defined]
        pixels = raw.postprocess(
            output_color=space, gamma=(1, 1), no_auto_bright=True, use_camera_wb=True, output_bps=16
        )  # fmt: skip
    # LibRaw's "Wide" is Wide Gamut RGB (D50); its matrix, from the primaries
    columns = np.stack([color.xyz_from_xy(xy) for xy in ((0.7347, 0.2653), (0.1152, 0.8264), (0.1566, 0.0177))], 1)
    matrix = columns * np.linalg.solve(columns, color.D50_XYZ)
    return pixels / 65535, matrix


def rawtherapee(path: Path, folder: Path) -> Rendered:
    recipe = folder / "recipe.pp3"
    text = re.sub(r"^InputProfile=.*$", "InputProfile=(camera)", RECIPE.read_text(), flags=re.MULTILINE)
    recipe.write_text(text)
    out = folder / "rt.tif"
    command = ["rawtherapee-cli", "-q", "-Y", "-t", "-b16", "-o", str(out), "-p", str(recipe), "-c", str(path)]
    subprocess.run(command, check=True, capture_output=True)
    return from_tiff(out)


def darktable(path: Path, folder: Path) -> Rendered:
    out = folder / "dt.tif"
    out.unlink(missing_ok=True)
    settings = ("plugins/imageio/format/tiff/bpp=16", "plugins/darkroom/workflow=none",
                "plugins/darkroom/chromatic-adaptation=legacy")  # fmt: skip
    core = ["--core", "--library", ":memory:", "--configdir", str(folder / "darktable")]
    told = [one for setting in settings for one in ("--conf", setting)]
    command = ["darktable-cli", str(path), str(out), "--icc-type", "LIN_REC2020", *core, *told]
    subprocess.run(command, check=True, capture_output=True)
    return from_tiff(out)


def ours(path: Path, _: Path) -> Rendered:
    """twinlens itself, neutral: with both matrices and the lens corrected."""
    edits = {"sharpen": {"amount": 0.0}, "denoise": {"amount": 0.0}, "output_color": {"space": "rec2020"}}
    made = twinlens.develop(path, look="neutral", edits=edits, output=Output(bits=16))
    return color.decode(made.pixels / 65535, "rec2020"), color.XYZ_D50_FROM_REC2020


def with_one_matrix(path: Path, folder: Path) -> Rendered:
    """twinlens with nothing but the calibration for D65: what programs have that take one matrix."""
    image, one = twinlens.read(path), folder / "one-matrix.dng"
    color_of = replace(image.shot.color, calibrations=image.shot.color.calibrations[-1:])
    dng.write(one, image.pixels, replace(image.shot, color=color_of), overwrite=True)
    return ours(one, folder)


def from_tiff(path: Path) -> Rendered:
    import tifffile

    with tifffile.TiffFile(path) as file:
        page = file.pages[0]
        pixels, icc = file.asarray().astype(float) / 65535, page.tags["InterColorProfile"].value  # type: ignore
    matrix, decode = icc_model(icc)
    return decode(pixels), matrix


PROGRAMS: dict[str, tuple[str | None, Callable[[Path, Path], Rendered]]] = {
    "libraw": (None, libraw),
    "rawtherapee": ("rawtherapee-cli", rawtherapee),
    "darktable": ("darktable-cli", darktable),
    "twinlens": (None, ours),
}


def installed() -> list[str]:
    return [name for name, (program, _) in PROGRAMS.items() if program is None or shutil.which(program)]


def patch_means(picture: np.ndarray, frame: Frame) -> np.ndarray:
    """(patches, 3) of a picture that may be cut (LibRaw: not to the crop, RawTherapee: 4 pixels more) about the middle.

    Programs that do not correct the lens's distortion show a patch a few pixels off, which its middle bears.
    """
    to_jpeg = np.array(frame.truth["jpeg"]["jpeg_from_active"])
    shift = (np.array(picture.shape[1::-1]) - np.array(frame.picture.shape[1::-1])) / 2
    means = []
    for patch in frame.truth["patches"]:
        corners = np.array(patch["corners"]) @ to_jpeg[:2, :2].T + to_jpeg[:2, 2] + shift
        x, y = corners.mean(0)
        half = max(float(np.ptp(corners, axis=0).min()) / 6, 1)
        rows, columns = slice(round(y - half), round(y + half) + 1), slice(round(x - half), round(x + half) + 1)
        means.append(picture[rows, columns].mean((0, 1)))
    return np.array(means)


def differences(rendered: Rendered, frame: Frame) -> np.ndarray:
    """CIEDE2000 (24,) between the patches of a developed picture and the truth, adapted to D50."""
    picture, xyz_from_rgb = rendered
    white = np.array(frame.truth["illuminant"]["white_xyz"])
    true = np.array([patch["xyz"] for patch in frame.truth["patches"]]) @ color.adaptation(white, color.D50_XYZ).T
    found = patch_means(picture, frame) @ xyz_from_rgb.T
    found *= (true[GREYS, 1] @ found[GREYS, 1]) / (found[GREYS, 1] @ found[GREYS, 1])
    return color.delta_e_2000(color.lab_from_xyz(found), color.lab_from_xyz(true))


def colors(folder: Path, names: list[str], lights: tuple[str, ...] = ("D65", "A")) -> dict[str, Any]:
    """For each light and program: mean and largest difference of 24 patches; and upright, cropped or not."""
    figures: dict[str, Any] = {}
    for light in lights:
        frame = simulate.chart(plain_phone(), light=light, megapixels=1.0, seed=1, name=f"chart-{light}")
        path = frame.write(folder, overwrite=True)[0]
        figures[light] = {name: told(differences(PROGRAMS[name][1](path, folder), frame)) for name in names}
        if "twinlens" in names:
            figures[light]["twinlens, matrix for D65 alone"] = told(differences(with_one_matrix(path, folder), frame))
    return figures


def told(values: np.ndarray) -> dict[str, float]:
    return {"mean": round(float(values.mean()), 3), "worst": round(float(values.max()), 3)}


def orientations(folder: Path, names: list[str]) -> dict[str, Any]:
    """Size of each program's picture beside the maker's, and whether the patches are where the truth has them."""
    figures: dict[str, Any] = {}
    for orientation in (1, 3, 6, 8):
        held = {"orientation": orientation, "megapixels": 0.5, "seed": 1, "name": f"held-{orientation}"}
        frame = simulate.chart(plain_phone(), **held)
        path = frame.write(folder, overwrite=True)[0]
        for name in names:
            rendered = PROGRAMS[name][1](path, folder)
            mean = float(differences(rendered, frame).mean())
            size = [int(a - b) for a, b in zip(rendered[0].shape[1::-1], frame.picture.shape[1::-1], strict=True)]
            figures.setdefault(name, {})[str(orientation)] = {"is_upright": mean < 6, "larger_than_crop_px": size}
    return figures


def seconds(act: Callable[[], object], rounds: int) -> dict[str, float]:
    """Least of some rounds: on the clock, and of all processor cores together (which other programs disturb less)."""
    times = []
    for _ in range(rounds):
        start, used = time.perf_counter(), time.process_time()
        act()
        times.append((time.perf_counter() - start, time.process_time() - used))
    wall, cores = (min(one) for one in zip(*times, strict=True))
    return {"clock": round(wall, 3), "cores": round(cores, 3)}


def speed(folder: Path) -> dict[str, Any]:
    """Seconds: of the makers at 12 megapixels, of a chart of 1 megapixel, of a pair of 12 megapixels; peak memory."""
    figures: dict[str, Any] = {}
    image = sample.shoot(3024, 4032)
    for name in maker.names():
        look = maker.load(name)
        file = look.parameters.file
        told = {"quality": file.quality, "subsampling": file.subsampling, "overwrite": True}

        def picture(look: maker.Maker = look, told: dict[str, Any] = told, image: Any = image) -> None:
            photo.write(look.render(image), folder / "x.jpg", **told)

        figures[f"{name}, 12 megapixels with JPEG"] = seconds(picture, 3)
    del image, picture

    def chart() -> None:
        simulate.chart(megapixels=1.0).write(folder, overwrite=True)

    chart()
    figures["chart of 1 megapixel"] = seconds(chart, 5)
    if PHOTOGRAPH.exists():
        figures["pair of 12 megapixels"] = seconds(
            lambda: simulate.pair(PHOTOGRAPH, megapixels=12.0).write(folder, overwrite=True), 2
        )
    figures["peak memory, GB"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9, 2)
    return figures


def quick(folder: Path) -> dict[str, float]:
    """Colors in LibRaw, and a digest of what the makers do to a scene."""
    figures = {
        f"{light} {key}": value
        for light, one in colors(folder, ["libraw"]).items()
        for key, value in one["libraw"].items()
    }
    light = np.random.default_rng(0).uniform(0, 1, (2000, 3)) ** 2
    for name in (*maker.names(), "random:1", "random:2"):
        figures[f"maker {name}"] = round(float(maker.load(name).color(light).mean()), 5)
    return figures


def same_bytes(folder: Path) -> bool:
    """Whether two runs of one seed write the same files."""
    digests = []
    for name in ("one", "two"):
        paths = simulate.pair("dead-leaves", megapixels=0.2, seed=9).write(folder / name)
        digests.append([hashlib.sha256(path.read_bytes()).hexdigest() for path in paths])
    return digests[0] == digests[1]


def pictures(folder: Path) -> None:
    """The pictures of docs/simulate.md."""
    import cv2

    def small(codes: np.ndarray, width: int) -> np.ndarray:
        height = round(codes.shape[0] * width / codes.shape[1])
        return cv2.resize(codes, (width, height), interpolation=cv2.INTER_AREA)

    shot = sample.shoot(1200, 1600)
    names = [*maker.names(), "random:1", "random:5", "random:9"]
    shown = [small(maker.load(name).render(shot), 360) for name in names]
    rows = [np.concatenate(shown[start : start + 3], 1) for start in (0, 3)]
    photo.write(np.concatenate(rows), PICTURES / "simulate_makers.jpg", quality=88, overwrite=True)
    made = simulate.pair(megapixels=1.0, seed=2)
    two = [small(one.picture, 480) for one in (made.phone, made.reference)]
    height = min(len(one) for one in two)
    photo.write(
        np.concatenate([one[:height] for one in two], 1), PICTURES / "simulate_pair.jpg", quality=88, overwrite=True
    )  # fmt: skip
    frame = simulate.chart(plain_phone(), megapixels=1.0, seed=1, name="chart")
    path = frame.write(folder, overwrite=True)[0]
    parts = []
    for name in installed():
        linear, xyz_from_rgb = PROGRAMS[name][1](path, folder)
        srgb_from_xyz = np.linalg.inv(color.XYZ_FROM_SRGB) @ color.adaptation(
            color.D50_XYZ, color.xyz_from_xy(color.D65_XY)
        )
        linear = linear * (0.9 / patch_means(linear, frame)[18, 1])
        codes = color.encode(np.clip(linear @ (srgb_from_xyz @ xyz_from_rgb).T, 0, 1)) * 255
        parts.append(cv2.resize(np.rint(codes).astype(np.uint8), (320, 240), interpolation=cv2.INTER_AREA))
    photo.write(np.concatenate(parts, 1), PICTURES / "simulate_programs.jpg", quality=88, overwrite=True)


def measured(folder: Path) -> dict[str, Any]:
    names = installed()
    return {
        "unit": "CIEDE2000 of 24 patches",
        "colors": colors(folder, names),
        "held": orientations(folder, names),
        "same_bytes": same_bytes(folder),
        "quick": quick(folder),
    }


def measured_speed(folder: Path) -> dict[str, Any]:
    return {"seconds": speed(folder)}


def known() -> dict[str, Any]:
    """The committed figures."""
    path = RESULTS / "simulate.json"
    return json.loads(path.read_text())["figures"] if path.exists() else {}


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if "--quick" in sys.argv:
            return check_quick("simulate", quick(folder), 0.02)
        if "--pictures" in sys.argv:
            pictures(folder)
            return 0
        figures = {**known(), **(measured_speed(folder) if "--speed" in sys.argv else measured(folder))}
    for key, value in figures.items():
        print(key, value)
    print(save("simulate", figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
