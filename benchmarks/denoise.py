"""Denoise: noise taken and texture kept beside other programs, at three noise levels, on other photographs than the
tuning ones.

    python benchmarks/denoise.py            all figures -> results/denoise.json, a picture -> build/denoise.png
    python benchmarks/denoise.py --quick    the sample scene against the committed figures
    python benchmarks/denoise.py --tuning   the photographs that our numbers and the peers' strengths were chosen on

Mosaics are made as in demosaic.py (photographs averaged 4 x 4 in linear light, the sensor of the sample scene, 16
bits) with the noise of that sensor at ISO 100, 800 and 3200. All but LibRaw's own go through our LMMSE demosaicking;
ours has a second half behind it (`color_noise`), and each half is measured alone, too.
Peers: OpenCV fastNlMeansDenoisingColored and scikit-image denoise_nl_means work on the sRGB picture, the latter is
told the true standard deviation; dcraw -n denoises the mosaic (document mode); LibRaw FBDD and its wavelet run inside
LibRaw with AHD. Every peer has the strength that was best (PSNR) on the tuning photographs, for each level; ours has
its one default. RawTherapee (its own LMMSE, directional pyramid denoising in Lab) develops DNGs of the sensor
`primaries` to sRGB, on six of the photographs, ours beside it; its strengths were chosen by hand, not searched.
Figures: PSNR and SSIM (mean over channels) of sRGB values, border cut; *texture*: the share of the
truth's fine detail that is left, the regression of the high-passed luma (Gaussian of 1.5 pixels) on the truth's,
where the truth's local deviation (Gaussian of 4 pixels) is 0.008 to 0.04: texture, neither flat nor edge. 1 is all of
it.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from demosaic import (
    BLACK,
    BORDER,
    ROOT,
    SEED,
    TESTING,
    TUNING,
    WHITE,
    Capture,
    captured,
    displayed,
    photographs,
    psnr,
    sensors,
    summary,
)
from record import check_quick, save

from twinlens.core.camera_color import Calibration, CameraColor
from twinlens.core.image import CAMERA_RGB, MOSAIC, Image, Window
from twinlens.core.shot import Cfa, Shot
from twinlens.files.dng import writer
from twinlens.numerics import color
from twinlens.numerics import noise as measured_noise
from twinlens.simulate import sample
from twinlens.stages.color_noise import ColorNoise
from twinlens.stages.defects import Defects
from twinlens.stages.demosaic import Demosaic
from twinlens.stages.denoise import Denoise

ISOS = (100, 800, 3200)
TEXTURE = (0.008, 0.04)
TOLERANCE = {"psnr": 0.1, "ssim": 0.005, "texture": 0.02}
OPENCV = {100: 2, 800: 5, 3200: 12}  # h and hColor; chosen by --tuning, as the numbers below
SCIKIT = {100: 0.8, 800: 1.0, 3200: 0.9}  # h / true standard deviation
DCRAW = {100: 100, 800: 800, 3200: 2400}  # -n
FBDD = {100: "Light", 800: "Light", 3200: "Light"}
CHOICES: dict[str, tuple[Any, ...]] = {
    "opencv_nlm": (1, 2, 3, 5, 7, 9, 12, 16),
    "scikit_nlm": (0.5, 0.6, 0.7, 0.8, 0.9, 1.0),
    "dcraw_wavelet": (50, 100, 200, 400, 800, 1600, 2400, 3200),
    "libraw_fbdd": ("Light", "Full"),
}
CHOSEN = {
    "opencv_nlm": OPENCV,
    "scikit_nlm": SCIKIT,
    "dcraw_wavelet": DCRAW,
    "libraw_fbdd": FBDD,
}
RAWTHERAPEE = {100: 20, 800: 40, 3200: 60}  # luma; detail 50, color automatic
RAWTHERAPEE_SETTINGS = {
    "Color Management": "InputProfile=(camera)\nToneCurve=false\nApplyLookTable=false\nApplyHueSatMap=false\n"
    "ApplyBaselineExposureOffset=false\nWorkingProfile=ProPhoto\nOutputProfile=RTv4_sRGB\nOutputBPC=false",
    "RAW Bayer": "Method=lmmse\nBorder=4\nCcSteps=0\nLineDenoise=0\nGreenEqThreshold=0",
    "Directional Pyramid Denoising": "Enabled=true\nEnhance=false\nMedian=false\nLuma={luma}\nLdetail=50\nChroma=15\n"
    "Method=Lab\nLMethod=SLI\nCMethod=AUT\nC2Method=AUTO\nSMethod=shal\nGamma=1.7\nPasses=1",
}
Method = Callable[[Capture, Any, Any], Any]  # of a capture, the clean picture (sRGB) and a strength: sRGB


# Methods


def mosaic_image(capture: Capture) -> Image:
    light = (capture.counts.astype(np.float32) - BLACK) / (WHITE - BLACK)
    neutral = tuple(1 / gain for gain in capture.sensor.gains)
    shot = Shot(as_shot_neutral=neutral, noise=capture.noise, cfa=Cfa.bayer("RGGB"))
    clipped = (light >= 0.995).astype(np.uint8)
    return Image(pixels=light, state=MOSAIC, shot=shot, cfa=shot.cfa, noise=capture.noise, clipped=clipped)


def developed(image: Image, capture: Capture, amount: float = 0) -> Any:
    camera = ColorNoise(amount=amount)(Demosaic(balance=capture.sensor.gains)(image))
    balanced = camera.pixels * np.array(capture.sensor.gains, np.float32)
    return displayed(balanced, capture.sensor).astype(np.float32)


def nothing(capture: Capture, clean: Any, strength: Any) -> Any:
    return developed(mosaic_image(capture), capture)


def ours(capture: Capture, clean: Any, strength: Any) -> Any:
    amount = 0.5 if strength is None else strength
    return developed(Denoise(amount=amount)(mosaic_image(capture)), capture, amount)


def mosaic_only(capture: Capture, clean: Any, strength: Any) -> Any:
    """Ours without its second half, which follows the demosaicking."""
    return developed(Denoise()(mosaic_image(capture)), capture)


def color_only(capture: Capture, clean: Any, strength: Any) -> Any:
    """Ours without its first half: what drawing color along the luma does alone."""
    return developed(mosaic_image(capture), capture, 0.5)


def opencv_nlm(capture: Capture, clean: Any, strength: Any) -> Any:
    import cv2

    code = np.rint(nothing(capture, clean, None) * 255).astype(np.uint8)
    return cv2.fastNlMeansDenoisingColored(code, None, strength, strength, 5, 15).astype(np.float32) / 255


def scikit_nlm(capture: Capture, clean: Any, strength: Any) -> Any:
    from skimage.restoration import denoise_nl_means

    noisy = nothing(capture, clean, None)
    sigma = float(np.std(noisy - clean))
    return denoise_nl_means(
        noisy, h=strength * sigma, sigma=sigma, patch_size=5, patch_distance=6, fast_mode=True, channel_axis=2
    )


def written(capture: Capture, path: Path, camera: CameraColor | None = None) -> None:
    height, width = capture.counts.shape
    red, green, blue = capture.sensor.gains
    shot = Shot(make="Twinlens", model="Simulated", unique_camera_model="Simulated", cfa=Cfa.bayer("RGGB"),
                width=width, height=height, bits=16, black_level=np.full((1, 1, 1), BLACK), white_level=(WHITE,),
                color=camera or sample.camera_color(), as_shot_neutral=(1 / red, 1 / green, 1 / blue))  # fmt: skip
    writer.write(path, capture.counts, shot, compression="none")


def dcraw_wavelet(capture: Capture, clean: Any, strength: Any) -> Any:
    import cv2

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "capture.dng"
        written(capture, path)
        command = ["dcraw", "-d", "-4", "-r", "1", "1", "1", "1", "-k", str(BLACK), "-S", str(WHITE), "-t", "0", "-c"]
        told = subprocess.run([*command, "-n", str(strength), str(path)], capture_output=True, check=True).stdout
    made = cv2.imdecode(np.frombuffer(told, np.uint8), cv2.IMREAD_UNCHANGED)
    light = made.astype(np.float32) / 65535
    image = mosaic_image(capture)
    return developed(replace(image, pixels=light), capture)


def libraw(capture: Capture, **options: Any) -> Any:
    import rawpy

    red, green, blue = capture.sensor.gains
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "capture.dng"
        written(capture, path)
        with rawpy.imread(str(path)) as raw:
            made = raw.postprocess(
                demosaic_algorithm=rawpy.DemosaicAlgorithm.AHD, output_color=rawpy.ColorSpace.raw,
                user_wb=[red, green, blue, green], gamma=(1, 1), no_auto_bright=True, output_bps=16, user_flip=0,
                adjust_maximum_thr=0.0, highlight_mode=rawpy.HighlightMode.Clip, **options,
            )  # fmt: skip
    return displayed(made / np.float32(65535), capture.sensor)


def libraw_fbdd(capture: Capture, clean: Any, strength: Any) -> Any:
    import rawpy

    return libraw(capture, fbdd_noise_reduction=rawpy.FBDDNoiseReductionMode[strength])


def libraw_nothing(capture: Capture, clean: Any, strength: Any) -> Any:
    return libraw(capture)


def rawtherapee(capture: Capture, luma: float | None) -> Any:
    """sRGB (H - 8, W - 8, 3) by RawTherapee, which cuts 4 pixels at every side; `luma` None: without denoising."""
    import re

    import tifffile

    settings = (ROOT / "benchmarks" / "rawtherapee_dcp.pp3").read_text()
    for title, body in RAWTHERAPEE_SETTINGS.items():
        if title.startswith("Directional"):
            body = body.format(luma=luma) if luma is not None else "Enabled=false"
        settings = re.sub(rf"\[{title}\].*?(?=\n\[|\Z)", f"[{title}]\n{body}\n", settings, flags=re.DOTALL)
    camera = np.diag(1 / np.array(capture.sensor.gains)) @ np.linalg.inv(color.XYZ_FROM_SRGB)
    with tempfile.TemporaryDirectory() as folder:
        path, made = Path(folder) / "capture.dng", Path(folder) / "made.tif"
        written(capture, path, CameraColor(calibrations=(Calibration(21, camera),), origin="dng"))
        path.with_suffix(".pp3").write_text(settings)
        command = ["rawtherapee-cli", "-q", "-Y", "-t", "-b16", "-o", made, "-p", path.with_suffix(".pp3"), "-c", path]
        subprocess.run([str(one) for one in command], capture_output=True, check=True)
        return tifffile.imread(made).astype(np.float32) / 65535


def beside_rawtherapee(pictures: list[tuple[str, Any]]) -> dict[str, Any]:
    """Mean figures of RawTherapee without and with denoising, and of ours, on the sensor that measures sRGB itself."""
    if not shutil.which("rawtherapee-cli"):
        print("rawtherapee-cli is not installed: left out")
        return {}
    result = {}
    for iso in ISOS:
        rows: dict[str, list[dict[str, float]]] = {}
        for index, (_, rgb) in enumerate(pictures):
            capture = captured(rgb, sensors()[1], sample.noise_model(iso), SEED + index)
            truth = color.encode(np.clip(rgb, 0, 1))[4:-4, 4:-4]
            made = {
                "rawtherapee_nothing": rawtherapee(capture, None),
                "rawtherapee": rawtherapee(capture, RAWTHERAPEE[iso]),
                "nothing": nothing(capture, None, None)[4:-4, 4:-4],
                "twinlens": ours(capture, None, None)[4:-4, 4:-4],
            }
            for name, one in made.items():
                rows.setdefault(name, []).append(figures_of(one, truth))
        means = {name: {key: summary([row[key] for row in every]) for key in every[0]} for name, every in rows.items()}
        print(
            f"ISO {iso} beside RawTherapee",
            *(f"{name} {[one['mean'] for one in row.values()]}" for name, row in means.items()),
        )
        result[f"iso{iso}"] = means
    return result


def methods() -> dict[str, Method]:
    known: dict[str, Method] = {
        "nothing": nothing,
        "twinlens": ours,
        "twinlens_mosaic_only": mosaic_only,
        "twinlens_color_only": color_only,
        "opencv_nlm": opencv_nlm,
        "scikit_nlm": scikit_nlm,
    }
    if shutil.which("dcraw"):
        known["dcraw_wavelet"] = dcraw_wavelet
    else:
        print("dcraw is not installed: left out")
    return known | {"libraw_nothing": libraw_nothing, "libraw_fbdd": libraw_fbdd}


# Measures


def texture_kept(made: Any, truth: Any) -> float:
    from scipy.ndimage import gaussian_filter

    fine = [one @ (0.25, 0.5, 0.25) for one in (made, truth)]
    fine = [one - gaussian_filter(one, 1.5) for one in fine]
    deviation = np.sqrt(gaussian_filter(fine[1] ** 2, 4))
    place = (deviation > TEXTURE[0]) & (deviation < TEXTURE[1])
    return float((fine[0] * fine[1])[place].sum() / max((fine[1] ** 2)[place].sum(), 1e-12))


def figures_of(made: Any, truth: Any) -> dict[str, float]:
    from skimage.metrics import structural_similarity

    inner = slice(BORDER, -BORDER)
    made, truth = made[inner, inner].astype(np.float64), truth[inner, inner].astype(np.float64)
    similar: Any = structural_similarity(made, truth, channel_axis=2, data_range=1)
    return {"psnr": psnr(made, truth), "ssim": float(np.asarray(similar)), "texture": texture_kept(made, truth)}


def compare(pictures: list[tuple[str, Any]]) -> dict[str, Any]:
    """By ISO: each method's mean figures with their 95 % interval over pictures, and ours less the best peer's."""
    result: dict[str, Any] = {}
    for iso in ISOS:
        rows: dict[str, list[dict[str, float]]] = {}
        for index, (_, rgb) in enumerate(pictures):
            capture = captured(rgb, sensors()[0], sample.noise_model(iso), SEED + index)
            clean = nothing(captured(rgb, sensors()[0], None, SEED), None, None)
            for name, run in methods().items():
                made = run(capture, clean, CHOSEN.get(name, {}).get(iso))
                rows.setdefault(name, []).append(figures_of(made, color.encode(np.clip(rgb, 0, 1))))
        table = {name: {key: summary([row[key] for row in every]) for key in every[0]} for name, every in rows.items()}
        result[f"iso{iso}"] = {"mean": table, "twinlens_less_best_peer": margins(rows)}
        print(
            f"ISO {iso}",
            *(f"  {name:15} {[one['mean'] for one in row.values()]}" for name, row in table.items()),
            sep="\n",
        )
        print(json.dumps(result[f"iso{iso}"]["twinlens_less_best_peer"]), flush=True)
    return result


def margins(rows: dict[str, list[dict[str, float]]]) -> dict[str, Any]:
    """Ours less the best peer on average, for PSNR and SSIM; and the texture of ours less that peer's."""
    result = {}
    for key in ("psnr", "ssim"):
        best = max(
            (name for name in rows if name in CHOSEN), key=lambda name: np.mean([row[key] for row in rows[name]])
        )
        pairs = list(zip(rows["twinlens"], rows[best], strict=True))
        less = {what: summary([a[what] - b[what] for a, b in pairs]) for what in (key, "texture")}
        result[key] = {"best_peer": best} | less
    return result


def tune(pictures: list[tuple[str, Any]]) -> None:
    """Print the figures of every strength of every method on the tuning photographs."""
    choices = CHOICES | {"twinlens": (0.3, 0.4, 0.5, 0.6, 0.7)}
    for iso in ISOS:
        captures = [
            (captured(rgb, sensors()[0], sample.noise_model(iso), SEED + i), rgb) for i, (_, rgb) in enumerate(pictures)
        ]
        cleans = [nothing(captured(rgb, sensors()[0], None, SEED), None, None) for _, rgb in pictures]
        for name, run in methods().items():
            for strength in choices.get(name, (None,)):
                every = [
                    figures_of(run(capture, clean, strength), color.encode(np.clip(rgb, 0, 1)))
                    for (capture, rgb), clean in zip(captures, cleans, strict=True)
                ]
                means = [round(float(np.mean([one[key] for one in every])), 4) for key in every[0]]
                print(f"ISO {iso} {name:15} {strength}: {means}", flush=True)


def estimates(pictures: list[tuple[str, Any]]) -> dict[str, Any]:
    """The standard deviation that is found in the picture over the true one, at three signals: mean and worst."""
    result = {}
    for iso in ISOS:
        truth, ratios = sample.noise_model(iso), []
        for index, (_, rgb) in enumerate(pictures):
            capture = captured(rgb, sensors()[0], truth, SEED + index)
            light = mosaic_image(capture).pixels
            places = measured_noise.windows(*light.shape)
            found = measured_noise.estimate([light[t:b, x:r] for t, x, b, r in places], Cfa.bayer("RGGB").indices)
            if found is None:
                continue
            for signal in (0.01, 0.1, 0.4):
                true = truth.gain[1] * signal + truth.offset[1]
                ratios.append(float(np.sqrt((found.gain[1] * signal + found.offset[1]) / true)))
        result[f"iso{iso}"] = {
            "median": round(float(np.median(ratios)), 3),
            "share_within_20_percent": round(float(np.mean(np.abs(np.array(ratios) - 1) < 0.2)), 3),
            "lowest": round(min(ratios), 3),
            "highest": round(max(ratios), 3),
        }
    return result


def quick() -> dict[str, float]:
    """The figures of the sample scene at the three levels."""
    light = sample.scene(384, 512).rgb @ color.rgb_from_rgb("srgb", "rec2020").T
    rgb, result = np.clip(light, 0, 1).astype(np.float32), {}
    for iso in ISOS:
        made = ours(captured(rgb, sensors()[0], sample.noise_model(iso), SEED), None, None)
        result |= {f"{key}_{iso}": round(value, 4) for key, value in figures_of(made, color.encode(rgb)).items()}
    return result


def speed(height: int = 3000, width: int = 4000, rounds: int = 5) -> dict[str, float]:
    """Wall time at 12 megapixels, in tiles on two threads, over that of a copy of float32 RGB; medians, interleaved."""
    light = np.random.default_rng(SEED).random((height, width), np.float32) * np.float32(0.5)
    model = sample.noise_model(800)
    shot = Shot(as_shot_neutral=sample_neutral(), noise=model, cfa=Cfa.bayer("RGGB"))
    image = Image(pixels=light, state=MOSAIC, shot=shot, cfa=shot.cfa, noise=model)
    source, target = np.ones((3, height, width), np.float32), np.zeros((3, height, width), np.float32)
    rgb = replace(image, pixels=source.transpose(1, 2, 0), state=CAMERA_RGB, cfa=None)
    square = np.ones((512, 512), np.float32)

    def copy(half: int) -> None:
        rows = slice(half * height // 2, (half + 1) * height // 2)
        target[:, rows] = source[:, rows]

    def compute(half: int) -> None:
        for _ in range(8):
            np.tanh(square)

    def through(stage: Any, image: Image) -> Callable[[int], None]:
        def run(half: int) -> None:
            for top in range(half * 256, height, 512):
                for left in range(0, width, 1024):
                    part = Window(top, left, min(top + 256, height), min(left + 1024, width), (height, width))
                    stage.over(image.cut(stage.source_window(part, height, width)), part)

        return run

    works = {"copy": copy, "compute": compute, "denoise": through(Denoise(), image),
             "color_noise": through(ColorNoise(amount=0.5), rgb), "defects": through(Defects(), image)}  # fmt: skip
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds + 1):
        for name, work in works.items():
            halves = [threading.Thread(target=work, args=(half,)) for half in (0, 1)]
            began = time.perf_counter()
            for one in halves:
                one.start()
            for one in halves:
                one.join()
            times[name].append(time.perf_counter() - began)
    medians = {name: float(np.median(one[1:])) for name, one in times.items()}
    ratios = {
        f"{name}_over_copy": round(medians[name] / medians["copy"], 2) for name in ("denoise", "color_noise", "defects")
    }
    return ratios | {f"{name}_ms": round(1000 * one, 1) for name, one in medians.items()}


def sample_neutral() -> tuple[float, ...]:
    return tuple(float(one) for one in sample.neutral())


def sheet(pictures: list[tuple[str, Any]], path: Path, size: int = 200) -> None:
    """Rows: pictures at ISO 3200; columns: nothing, ours, scikit-image, OpenCV, truth."""
    from PIL import Image as Photo

    rows = []
    for index, (_, rgb) in enumerate(pictures):
        capture = captured(rgb, sensors()[0], sample.noise_model(3200), SEED + index)
        clean = nothing(captured(rgb, sensors()[0], None, SEED), None, None)
        views = [nothing(capture, clean, None), ours(capture, clean, None), scikit_nlm(capture, clean, SCIKIT[3200]),
                 opencv_nlm(capture, clean, OPENCV[3200]), color.encode(np.clip(rgb, 0, 1))]  # fmt: skip
        top, left = (rgb.shape[0] - size) // 2, (rgb.shape[1] - size) // 2
        rows.append(np.concatenate([one[top : top + size, left : left + size] for one in views], 1))
    page = np.rint(np.clip(np.concatenate(rows), 0, 1) * 255).astype(np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Photo.fromarray(page).save(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="compare the sample scene with the committed figures")
    parser.add_argument("--tuning", action="store_true", help="print the figures of the tuning photographs")
    asked = parser.parse_args()
    if asked.quick:
        sys.exit(check_quick("denoise", quick(), TOLERANCE))
    if asked.tuning:
        tune([(name, rgb[100:400, 100:500]) for name, rgb in photographs(tuple(sorted(TUNING.glob("*"))))])
        return
    pictures = list(photographs(TESTING))
    if not pictures:
        sys.exit("none of the test photographs is here: install mate-backgrounds and plasma-workspace-wallpapers")
    figures = compare(pictures)
    figures |= {"rawtherapee": beside_rawtherapee(pictures[2:20:3]), "estimates": estimates(pictures)}
    figures |= {"speed": speed(), "quick": quick()}
    sheet(pictures[:6], ROOT / "build" / "denoise.png")
    print(save("denoise", figures, SEED))


if __name__ == "__main__":
    main()
