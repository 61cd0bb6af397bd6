"""Simulated physics: measures simulated shots as an engineer measures a camera, and compares with what was put in.

`python benchmarks/simulate_physics.py`: photon transfer curves of flats (gain, read noise, full well) of both cameras
at three ISOs; the MTF from a slanted edge (ISO 12233's method: edge fitted, samples binned to a quarter pixel) against
the lens' formula times the pixel's aperture, by an estimator of its own and by ours (`measure/edge.py`); the energy of
a light under resampling; shifts of a burst by phase correlation; a grey card after the DNG's neutral; chart patches
through LibRaw and our own neutral development; times.
Writes `results/simulate_physics.json`. `--quick` measures the small fixed share.
"""

from __future__ import annotations

import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from record import check_quick, save

import twinlens
from twinlens.measure.edge import slanted_edge
from twinlens.measure.shift import phase_shift
from twinlens.numerics import color, dng_matrices, spectra
from twinlens.numerics.colorchecker import COLUMNS, PATCHES
from twinlens.simulate import camera as cameras
from twinlens.simulate.camera import Camera, blur
from twinlens.simulate.photograph import Photograph, Pose, photograph
from twinlens.simulate.scene import Mixture, Palette, Patch, Scene, radiance

Array = npt.NDArray[Any]

EVEN_LENS = {"vignetting": (0.0, 0.0, 0.0), "shading_red": (0.0, 0.0), "shading_blue": (0.0, 0.0), "glare": 0.0,
             "halo": 0.0}  # fmt: skip
STRAIGHT = {"distortion": (0.0, 0.0, 0.0), "lateral_red": (0.0, 0.0), "lateral_blue": (0.0, 0.0)}
LEVELS = (0.05, 0.1, 0.2, 0.4, 0.6, 0.8)
BINS = 4  # of an edge's profile, a pixel
EDGE_DEG = 5.0
QUICK_TOLERANCE = {"": 0.004}


def grey(levels: Array, light: str = "D65") -> Scene:
    """A grey scene: the reflectance of each place."""
    power = spectra.illuminant(light)
    layer = Mixture(np.asarray(levels, np.float32)[..., None], radiance(np.ones((1, spectra.BANDS)), power))
    return Scene("grey", *levels.shape, light, power, (layer,))


def chart(height: int, width: int, light: str) -> Scene:
    """The 24 ColorChecker patches without gaps."""
    rows = np.minimum(np.arange(height) * 4 // height, 3)
    columns = np.minimum(np.arange(width) * COLUMNS // width, COLUMNS - 1)
    power, surfaces = spectra.illuminant(light), dng_matrices.chart_reflectances()
    layer = Palette(rows[:, None] * COLUMNS + columns, radiance(surfaces, power))
    patches = []
    for index, name in enumerate(PATCHES):
        (row, column), (high, wide) = divmod(index, COLUMNS), (height / 4, width / COLUMNS)
        box = (column * wide - 0.5, row * high - 0.5, (column + 1) * wide - 0.5, (row + 1) * high - 0.5)
        corners = np.array([(box[0], box[1]), (box[2], box[1]), (box[2], box[3]), (box[0], box[3])])
        patches.append(Patch(name, corners, surfaces[index]))
    return Scene("chart", height, width, light, power, (layer,), tuple(patches))


def linear(shot: Photograph) -> Array:
    """The active area in DN above black."""
    facts = shot.image.shot
    top, left, bottom, right = facts.area
    assert facts.black_level is not None
    return shot.image.pixels[top:bottom, left:right].astype(float) - float(facts.black_level.mean())


def photon_transfer(camera: Camera, iso: float, size: int) -> dict[str, float]:
    """Gain, read noise and full well from pairs of flats and darks, each relative to what was put in, minus 1."""
    camera = replace(camera, lens=replace(camera.lens, **EVEN_LENS), sensor=replace(camera.sensor, row_noise_e=0.0))
    pairs = {}
    for level in (0.0, *LEVELS, 3.0):
        asked = {"height": size, "width": size, "iso": iso, "exposure": level, "exposure_time_s": 1e-4}
        pairs[level] = [
            linear(photograph(grey(np.ones((8, 8))), camera, seed=seed, least_resolution=0, **asked))
            for seed in (1, 2)
        ]  # fmt: skip
    dark = float((pairs[0.0][0] - pairs[0.0][1]).var() / 2)
    green = {level: [one[::2, 1::2] for one in pair] for level, pair in pairs.items()}
    signal = np.array([(a + b).mean() / 2 for level, (a, b) in green.items() if level in LEVELS])
    variance = np.array([(a - b).var() / 2 for level, (a, b) in green.items() if level in LEVELS])
    gain = float(np.sum(signal * (variance - dark) / variance**2) / np.sum(signal**2 / variance**2))
    saturation = float(green[3.0][0].max())
    error = float(np.sqrt(2 / (green[3.0][0].size * len(LEVELS))))  # of a variance from so many differences
    sensor = camera.sensor
    return {
        "gain": gain / sensor.gain_dn_per_e(iso) - 1,
        "read noise": np.sqrt(dark) / gain / sensor.read_noise_at(iso) - 1,
        "full well": saturation / gain * iso / sensor.base_iso / sensor.full_well_e - 1,
        "standard error of gain": error,
    }


def edge_scene(size: int, finer: int, turned_deg: float) -> Scene:
    """A slanted edge of 0.1 and 0.8; each scene pixel is the exact average over its area."""
    side = size * finer
    y, x = np.mgrid[0:side, 0:side] - (side - 1) / 2
    slope = np.tan(np.radians(turned_deg))
    fine = np.linspace(-0.5, 0.5, 33)[:-1] + 1 / 64  # across the rows of a pixel; across its columns it is exact
    cover = np.mean([np.clip(x + 0.5 - slope * (y + part), 0, 1) for part in fine], 0)
    return grey(0.1 + 0.7 * cover)


def edge_mtf(plane: Array, frequency: Array) -> Array:
    """The MTF at frequencies (cycles a pixel) from an edge near the vertical (H, W): ISO 12233:2017, annex D.

    The edge's place in each row is the centroid of its derivative; a line through them gives each sample its distance;
    the samples are averaged in bins of 1 / BINS px, differentiated, windowed and transformed. The derivative of two
    bins and the bins themselves are divided out.
    """
    height, width = plane.shape
    x = np.arange(width)
    slope = np.diff(plane, axis=1)
    near = np.abs(np.arange(width - 1) - (width - 2) / 2) < width * 0.4
    weight = np.clip(slope, 0, None) * near
    weight = np.where(weight > 0.2 * weight.max(1, keepdims=True), weight, 0)
    centers = (weight * (np.arange(width - 1) + 0.5)).sum(1) / weight.sum(1)
    line = np.polyfit(np.arange(height), centers, 1)
    distance = (x - np.polyval(line, np.arange(height))[:, None]) * np.cos(np.arctan(line[0]))
    reach = min(width // 2 - 8, 24)
    bins = np.floor((distance + reach) * BINS).astype(int)
    inside = (bins >= 0) & (bins < 2 * reach * BINS)
    count = np.bincount(bins[inside], minlength=2 * reach * BINS)
    profile = np.bincount(bins[inside], plane[inside], 2 * reach * BINS) / np.maximum(count, 1)
    spread = np.diff(profile) * np.hamming(2 * reach * BINS - 1)
    place = np.arange(spread.size) / BINS
    found = np.abs(np.exp(-2j * np.pi * np.asarray(frequency)[:, None] * place) @ spread) / spread.sum()
    return found / np.sinc(frequency / BINS) ** 2


def sharpness(name: str, finer: int, frame: int, straight: bool) -> dict[str, float]:
    """The largest difference of the measured MTF of the clean green plane to truth, up to the Nyquist frequency."""
    camera = cameras.load(name)
    lens = {**EVEN_LENS, **(STRAIGHT if straight else {})}
    camera = replace(camera, lens=replace(camera.lens, **lens))
    shot = photograph(
        edge_scene(frame, finer, EDGE_DEG), camera, height=frame, width=frame, exposure=0.9, keep_light=True
    )
    assert shot.light is not None
    frequency = np.array(shot.truth["mtf"]["cycles_per_px"])
    across = frequency * np.cos(np.radians(EDGE_DEG))
    plane = shot.light[..., 1].astype(float)
    found, own = edge_mtf(plane, frequency), slanted_edge(plane)
    ours = np.interp(frequency, own.frequency, own.sfr)
    pixel = np.sinc(across) * np.sinc(frequency * np.sin(np.radians(EDGE_DEG)))
    told = np.array(shot.truth["mtf"]["values"][1])
    formula = blur.lens_mtf(camera, frequency) * pixel
    return {
        "against the lens' formula": float(np.abs(found - formula).max()),
        "against the stated MTF": float(np.abs(found - told).max()),
        "ours against the lens' formula": float(np.abs(ours - formula).max()),
        "ours against the stated MTF": float(np.abs(ours - told).max()),
    }


def burst(name: str, seed: int) -> float:
    """The largest error of a shift, in px, over a burst of five noisy frames (green sites)."""
    import cv2

    rng = np.random.default_rng(seed)
    camera = cameras.load(name)
    camera = replace(camera, lens=replace(camera.lens, **STRAIGHT, **EVEN_LENS))
    levels = np.clip(0.5 + 4 * (cv2.GaussianBlur(rng.uniform(0, 1, (800, 800)), (0, 0), 3) - 0.5), 0.05, 1)
    shifts = np.vstack([[0, 0], rng.uniform(-4, 4, (4, 2))])
    frames = [
        linear(photograph(grey(levels), camera, height=320, width=320, exposure=0.8, seed=number,
                          pose=Pose(scale=1.15, shift_px=(float(x), float(y)))))[::2, 1::2]
        for number, (x, y) in enumerate(shifts)
    ]  # fmt: skip
    return max(float(np.abs(2 * phase_shift(frames[0], one) - shift).max()) for one, shift in
               zip(frames[1:], shifts[1:], strict=True))  # fmt: skip


def energy() -> float:
    """The largest relative change of a light's sum over the picture, over poses and finenesses of the scene."""
    worst = 0.0
    camera = cameras.load("phone")
    camera = replace(camera, lens=replace(camera.lens, **STRAIGHT, **EVEN_LENS))
    for side in (96, 144, 288):
        levels = np.zeros((side, side))
        levels[side // 2 : side // 2 + 3, side // 2 : side // 2 + 3] = 30.0
        for pose in (Pose(), Pose(shift_px=(0.4, -1.3)), Pose(rotation_deg=7), Pose(scale=0.6, rotation_deg=20)):
            shot = photograph(
                grey(levels), camera, height=96, width=96, exposure=1.0, pose=pose, noisy=False, keep_light=True
            )
            assert shot.light is not None
            seen = float(shot.light[..., 1].sum(dtype=float)) * (side / 96 / pose.scale) ** 2
            worst = max(worst, abs(seen / (9 * 30.0) - 1))
    return worst


def neutral(name: str, light: str) -> float:
    """The chroma (CIE C*) of a noisy 18 % grey card after the DNG's neutral and our neutral development."""
    camera = cameras.load(name)
    shot = photograph(grey(np.full((96, 144), 0.18), light), camera, height=96, width=144, exposure=3.0)
    shown = twinlens.develop(shot.image, look="neutral")
    mean = np.asarray(shown.pixels, float)[30:66, 40:104].mean((0, 1)) / 255
    lab = color.lab_from_rgb(mean)
    return float(np.hypot(lab[1], lab[2]))


def patch_errors(name: str, light: str, program: str) -> Array:
    """DeltaE 2000 (24,) of the chart after a program's neutral rendering, greys matched by one factor."""
    camera = cameras.load(name)
    if program == "libraw":  # knows no gain map
        camera = replace(camera, lens=replace(camera.lens, **EVEN_LENS))
    camera = replace(
        camera, lens=replace(camera.lens, glare=0.0, halo=0.0), stated=replace(camera.stated, gain_map=True)
    )
    shot = photograph(chart(320, 480, light), camera, height=320, width=480, exposure=0.9)
    with tempfile.TemporaryDirectory() as folder:
        shot.write(Path(folder) / "chart.dng")
        rgb, matrix = (_by_libraw if program == "libraw" else _by_twinlens)(Path(folder) / "chart.dng")
    margin = 0 if program == "libraw" else camera.sensor.crop_margin
    truth = shot.truth
    seen = np.array([_inside(rgb, np.array(one["corners"]) - margin) for one in truth["patches"]]) @ matrix.T
    known = np.array([one["xyz"] for one in truth["patches"]])
    known = known @ color.adaptation(np.array(truth["illuminant"]["white_xyz"]), color.D50_XYZ).T
    seen = seen @ color.adaptation(color.xyz_from_xy(color.D65_XY), color.D50_XYZ).T
    seen *= known[18:23, 1].sum() / seen[18:23, 1].sum()
    return color.delta_e_2000(color.lab_from_xyz(seen), color.lab_from_xyz(known))


def _inside(rgb: Array, corners: Array) -> Array:
    middle, half = corners.mean(0), np.ptp(corners, axis=0) / 4
    (left, top), (right, bottom) = np.rint(middle - half).astype(int), np.rint(middle + half).astype(int)
    return rgb[top : bottom + 1, left : right + 1].reshape(-1, 3).mean(0)


def _by_twinlens(path: Path) -> tuple[Array, Array]:
    shown = twinlens.develop(path, look="neutral", edits={"output_color": {"space": "rec2020"}})
    return color.decode(np.asarray(shown.pixels, float) / 255, "rec2020"), color.XYZ_FROM_REC2020


def _by_libraw(path: Path) -> tuple[Array, Array]:
    import rawpy

    with rawpy.imread(str(path)) as raw:
        xyz = raw.postprocess(
            output_color=rawpy.ColorSpace.XYZ, gamma=(1, 1), no_auto_bright=True, output_bps=16, use_camera_wb=True,
            adjust_maximum_thr=0.0,
        )  # fmt: skip
    return xyz / 65535, np.eye(3)


def times() -> dict[str, float]:
    """Seconds for a shot of 12 megapixels from a scene of as many, and of a chart of 1 megapixel, with its DNG."""
    import cv2

    rng = np.random.default_rng(0)
    weights = cv2.resize(rng.random((100, 130, 6), dtype=np.float32), (4032, 3024)) * 0.3
    power = spectra.illuminant("D65")
    layer = Mixture(weights, radiance(dng_matrices.chart_reflectances()[:6], power))
    picture = Scene("picture", 3024, 4032, "D65", power, (layer,))
    told = {}
    for name, scene, size in (
        ("12 megapixels", picture, {"height": 3024, "width": 4032}),
        ("1 megapixel chart", chart(1200, 1600, "D65"), {"height": 864, "width": 1152}),
    ):
        with tempfile.TemporaryDirectory() as folder:
            seconds = []
            for turn in range(4):
                start = time.perf_counter()
                photograph(scene, "phone", **size).write(Path(folder) / f"{turn}.dng")
                seconds.append(time.perf_counter() - start)
        told[name] = round(float(np.median(seconds[1:])), 3)
    return told


def quick() -> dict[str, float]:
    found = {f"ptc {key}": value for key, value in photon_transfer(cameras.load("phone"), 100, 256).items()}
    found["edge"] = sharpness("phone", 3, 128, straight=True)["against the lens' formula"]
    found["energy"] = energy()
    return {key: round(float(value), 4) for key, value in found.items()}


def main() -> None:
    if "--quick" in sys.argv:
        sys.exit(check_quick("simulate_physics", quick(), QUICK_TOLERANCE))
    figures: dict[str, Any] = {}
    for name in cameras.shipped():
        camera = cameras.load(name)
        isos = (camera.sensor.base_iso, 8 * camera.sensor.base_iso, 32 * camera.sensor.base_iso)
        figures[f"{name} photon transfer"] = {f"ISO {iso:g}": photon_transfer(camera, iso, 512) for iso in isos}
        figures[f"{name} edge"] = {
            f"scene {finer}x, {'straight' if straight else 'distorting'} lens": sharpness(name, finer, 256, straight)
            for finer in (1, 2, 3)
            for straight in (True, False)
        }
        figures[f"{name} burst px"] = burst(name, 1)
        figures[f"{name} grey C*"] = {light: neutral(name, light) for light in ("D65", "A", "FL11", "LED-B3")}
        for program in ("twinlens", "libraw"):
            for light in ("D65", "A"):
                errors = patch_errors(name, light, program)
                figures[f"{name} chart {program} {light}"] = {"mean": errors.mean(), "max": errors.max()}
    figures["energy"] = energy()
    figures = _rounded(figures)
    for key, value in figures.items():
        print(f"{key}: {value}")
    if "--times" in sys.argv:
        figures["seconds"] = times()
        print(figures["seconds"])
    print(save("simulate_physics", {**figures, "quick": quick()}))


def _rounded(value: Any) -> Any:
    return {key: _rounded(one) for key, one in value.items()} if isinstance(value, dict) else round(float(value), 4)


if __name__ == "__main__":
    main()
