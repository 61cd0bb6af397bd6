"""Sharpen: what capture sharpening gives back and what it costs in overshoot, noise and time.

`python benchmarks/sharpen.py` takes scenes whose truth is known (the sample scene, and photographs of the shared data
where they are there, reduced 4x in linear light; those used while the method was chosen are left out), blurs them by
a Gaussian of 0.7 px, adds sensor noise at three levels and sharpens. Figures: PSNR in display code values of
luminance before and after; overshoot and MTF50 of a slanted edge (ISO 12233, known angle, 4x oversampled); time as a
multiple of a copy. Richardson-Lucy (5 iterations) and an unsharp mask without clamp stand beside it. Writes
`results/sharpen.json` and `docs/pictures/sharpen.png`. `--quick` compares a small sample scene and the edge with the
committed figures.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image as Picture
from record import check_quick, save
from scipy.ndimage import gaussian_filter
from stage_cost import costs, picture

from twinlens.core.image import OUTPUT, SCENE, Image, planar
from twinlens.core.noise import NoiseModel
from twinlens.core.shot import Shot
from twinlens.numerics.color import decode, encode, rgb_from_rgb
from twinlens.numerics.sharpen import LUMINANCE
from twinlens.pipeline.develop import develop
from twinlens.pipeline.recipe import Output
from twinlens.simulate import sample
from twinlens.stages.acutance import Acutance
from twinlens.stages.sharpen import Sharpen

Array = npt.NDArray[Any]
Method = Callable[[Array, float], Array]

BLUR = 0.7  # px
NOISE = {"none": 0.0, "ISO 100": 1 / 6000, "ISO 400": 4 / 6000}  # gain: variance per light, after the demosaic
PHOTOS = Path(__file__).parents[2] / "shared" / "data" / "photos"
HELD_OUT = ("nokia_lumia_800.jpg", "canon_sx60_hdr_off.jpg")
SHEET = Path(__file__).parents[1] / "docs" / "pictures" / "sharpen.png"
QUICK_TOLERANCE = {"psnr": 0.05, "developed": 0.05, "overshoot": 0.1, "mtf50": 0.002}  # dB, dB, percent, cycles a pixel
LOW, HIGH, SLANT = 0.05, 0.6, np.tan(np.radians(5))


def truths() -> dict[str, Array]:
    """Sharp scenes (H, W, 3) in linear Rec. 2020."""
    found = {"sample scene": np.clip(sample.scene(756, 1008).rgb, 0, 1)}
    for name in HELD_OUT:
        if (PHOTOS / name).exists():
            code = np.asarray(Picture.open(PHOTOS / name).convert("RGB"), float)[:2400, :3200] / 255
            height, width = (n // 4 for n in code.shape[:2])
            linear = decode(code[: 4 * height, : 4 * width]).reshape(height, 4, width, 4, 3).mean((1, 3))
            found[name.split(".")[0]] = linear @ rgb_from_rgb("rec2020", "srgb").T
    return found


def as_scene(rgb: Array, gain: float) -> Image:
    noise = NoiseModel((gain, gain, gain), (0.02 * gain, 0.02 * gain, 0.02 * gain)) if gain else None
    return Image(pixels=planar(np.asarray(rgb, np.float32)), state=SCENE, shot=Shot(), noise=noise)


def richardson_lucy(rgb: Array, gain: float, rounds: int = 5) -> Array:
    light = np.maximum(rgb @ LUMINANCE, 1e-5)
    found = light
    for _ in range(rounds):
        found = found * gaussian_filter(light / np.maximum(gaussian_filter(found, BLUR), 1e-6), BLUR)
    return rgb * (found / light)[..., None]


def unsharp(rgb: Array, gain: float) -> Array:
    light = np.maximum(rgb @ LUMINANCE, 1e-5)
    return rgb * (np.maximum(light + 1.2 * (light - gaussian_filter(light, BLUR)), 0) / light)[..., None]


def methods() -> dict[str, Method]:
    table: dict[str, Method] = {
        "blurred": lambda rgb, gain: rgb,
        "unsharp mask": unsharp,
        "Richardson-Lucy": richardson_lucy,
    }
    for amount in (0.5, 1.0):
        table[f"sharpen {amount}"] = lambda rgb, gain, amount=amount: Sharpen(amount=amount)(as_scene(rgb, gain)).pixels
    return table


def blurred(truth: Array, gain: float, rng: np.random.Generator) -> Array:
    """The scene through the blur, with noise."""
    soft = gaussian_filter(truth, (BLUR, BLUR, 0))
    return soft + rng.normal(size=truth.shape) * np.sqrt(gain * (np.maximum(soft, 0) + 0.02))


def psnr(one: Array, other: Array) -> float:
    difference = encode(np.clip(one @ LUMINANCE, 0, 1)) - encode(np.clip(other @ LUMINANCE, 0, 1))
    return float(-10 * np.log10(np.mean(difference[4:-4, 4:-4] ** 2)))


def slanted_edge(blur: float, zoom: int = 4) -> Array:
    """A dark and a bright half (96, 128, 3), averaged over the pixel and blurred."""
    y, x = (np.mgrid[0 : 96 * zoom, 0 : 128 * zoom] + 0.5) / zoom
    sharp = np.where(x - 64 + (y - 48) * SLANT > 0, HIGH, LOW)
    soft = gaussian_filter(sharp, blur * zoom, mode="nearest").reshape(96, zoom, 128, zoom).mean((1, 3))
    return soft[..., None] * np.ones(3)


def edge_figures(rgb: Array) -> dict[str, float]:
    """Overshoot (percent of the step) and MTF50 (cycles per pixel) of the picture of `slanted_edge`."""
    part = rgb[8:-8, :, 1]
    y, x = np.mgrid[8 : rgb.shape[0] - 8, 0 : rgb.shape[1]] + 0.5
    away = (x - 64 + (y - 48) * SLANT) * np.cos(np.arctan(SLANT))
    bins = np.round(away * 4).astype(int)
    inside = np.abs(bins) <= 96
    sums = np.bincount(bins[inside] + 96, part[inside], 193)
    profile = sums / np.bincount(bins[inside] + 96, minlength=193)
    over = max(profile.max() - HIGH, LOW - profile.min(), 0) / (HIGH - LOW)
    line = np.diff(profile) * np.hanning(192)
    response = np.abs(np.fft.rfft(line, 1024))
    response /= response[0]
    frequency = np.fft.rfftfreq(1024, 0.25)
    below = int(np.argmax(response < 0.5))
    t = (response[below - 1] - 0.5) / (response[below - 1] - response[below])
    half = frequency[below - 1] + t * (frequency[below] - frequency[below - 1])
    return {"overshoot_percent": round(100 * float(over), 2), "mtf50": round(float(half), 3)}


def psnr_developed(truth: Array, blur: float, iso: float, amount: float) -> float:
    """PSNR of a scene photographed through a lens of this blur and developed; the part under the sky."""
    raw = sample.shoot(light=gaussian_filter(truth, (blur, blur, 0)), iso=iso)
    edits = {"sharpen": {"amount": amount}, "output_color": {"space": "rec2020"}}
    done = develop(raw, look="neutral", edits=edits, output=Output(bits=16))
    ground = truth.shape[0] * 260 // 756
    return round(psnr(decode(done.pixels / 65535.0, "rec2020")[ground:], truth[ground:]), 2)


def developed() -> dict[str, dict[str, float]]:
    """PSNR of the sample scene photographed through lenses of three blurs and developed, with sharpening off and on."""
    truth = sample.scene(756, 1008).rgb * 0.6
    table: dict[str, dict[str, float]] = {}
    for blur in (0.4, 0.55, 0.7):
        for iso in (100, 800):
            row = {f"amount {amount}": psnr_developed(truth, blur, iso, amount) for amount in (0.0, 0.5, 1.0)}
            table[f"blur {blur} px, ISO {iso}"] = row
    return table


def quick() -> dict[str, float]:
    """A small sample scene and the edge, sharpened; and the scene developed with sharpening off and on."""
    truth, edge, told = np.clip(sample.scene(378, 504).rgb, 0, 1), slanted_edge(BLUR), {}
    for name in ("sharpen 0.5", "sharpen 1.0"):
        method = methods()[name]
        for label, gain in NOISE.items():
            seen = blurred(truth, gain, np.random.default_rng(1))
            told[f"psnr, {name}, noise {label}"] = round(psnr(method(seen, gain), truth), 2)
        told |= {f"{key}, {name}": value for key, value in edge_figures(method(edge, 0.0)).items()}
    for amount in (0.0, 0.5):
        told[f"developed, blur 0.55 px, ISO 100, amount {amount}"] = psnr_developed(0.6 * truth, 0.55, 100, amount)
    return told


def main() -> None:
    if sys.argv[1:] == ["--quick"]:
        sys.exit(check_quick("sharpen", quick(), QUICK_TOLERANCE))
    table: dict[str, Any] = {"psnr": {}, "edge": {}}
    scenes = truths()
    for label, gain in NOISE.items():
        rng = np.random.default_rng(1)
        totals: dict[str, list[float]] = {name: [] for name in methods()}
        for truth in scenes.values():
            seen = blurred(truth, gain, rng)
            for name, method in methods().items():
                totals[name].append(psnr(method(seen, gain), truth))
        table["psnr"][label] = {name: round(float(np.mean(values)), 2) for name, values in totals.items()}
        print("PSNR, noise", label, table["psnr"][label])
    table["scenes"] = list(scenes)
    edge = slanted_edge(BLUR)
    for name, method in methods().items():
        table["edge"][name] = edge_figures(method(edge, 0.0))
    table["edge"]["before the blur"] = edge_figures(slanted_edge(0.0))
    print("edge", table["edge"])
    table["developed"] = developed()
    print("developed", table["developed"])
    table["cost"] = costs(picture(SCENE), {"sharpen": (Sharpen(), 2)})
    table["cost"] |= {"acutance": costs(picture(OUTPUT, 1.0), {"acutance": (Acutance(amount=0.5), 2)})["acutance"]}
    print("cost", table["cost"])
    table["quick"] = quick()
    draw()
    save("sharpen", table, seed=1)


def draw() -> None:
    """The fan of lines and the edge of the sample scene: blurred, sharpened at the default, sharpened in full."""
    part = sample.scene(504, 672).rgb[355:475, 470:620]
    soft = gaussian_filter(part, (BLUR, BLUR, 0))
    cells = [soft, Sharpen()(as_scene(soft, 0)).pixels, Sharpen(amount=1.0)(as_scene(soft, 0)).pixels, part]
    code = [np.clip(encode(cell @ rgb_from_rgb("srgb", "rec2020").T), 0, 1) for cell in cells]
    row = np.concatenate([np.repeat(np.repeat(one, 2, 0), 2, 1) for one in code], axis=1)
    SHEET.parent.mkdir(parents=True, exist_ok=True)
    Picture.fromarray((row * 255 + 0.5).astype(np.uint8)).quantize(256).save(SHEET, optimize=True)


if __name__ == "__main__":
    main()
