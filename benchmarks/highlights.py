"""Highlights: lights that clip a sensor, reconstructed, beside their truth; one sheet and figures.

`python benchmarks/highlights.py` lights seven scenes whose truth is known, exposes the invented sensor of `simulate`
over its clipping point in daylight and with the gains of tungsten light, and compares what is made of them: nothing
done, cut at the lowest clip level, reconstructed. Figures: mean difference of chroma (natural log ratios) to the
truth where one or two channels are clipped; mean saturation where all are; the most that green lies under both red
and blue where white light is clipped; the greatest step between neighbours beyond the truth's. Writes
`results/highlights.json` and `docs/pictures/highlights.jpg`. `--quick` compares the reconstruction in daylight with the
committed figures.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image as Picture
from PIL import ImageDraw
from record import check_quick, save
from stage_cost import costs, picture

from twinlens.core.image import BALANCED, Image, planar
from twinlens.core.shot import Shot
from twinlens.numerics.color import encode, rgb_from_rgb
from twinlens.numerics.highlights import chroma_of
from twinlens.simulate import sample
from twinlens.stages.highlights import Highlights

Array = npt.NDArray[Any]

HEIGHT, WIDTH = 240, 360
GAINS = {"daylight": (1.93, 1.0, 1.62), "tungsten": (1.0, 1.1, 2.6)}
QUICK_TOLERANCE = 0.002
SHEET = Path(__file__).parents[1] / "docs" / "pictures" / "highlights.jpg"


def scenes() -> dict[str, Array]:
    """Light (H, W, 3) in linear sRGB; 1 is a neutral at the lowest clip level."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    u, v = x / WIDTH, y / HEIGHT
    r = np.hypot((x - WIDTH / 2) / HEIGHT, (y - HEIGHT / 2) / HEIGHT)
    return {
        "white ramp": (0.05 + 4.5 * u**2)[..., None] * np.ones(3),
        "skin, +1 EV": skin(x, y, r),
        "red LED": lamp(r, (1.0, 0.05, 0.02)),
        "blue LED": lamp(r, (0.03, 0.10, 1.0)),
        "neon": neon(u, y),
        "sunset": sunset(r),
        "clouds": clouds(u, v),
    }


def skin(x: Array, y: Array, r: Array) -> Array:
    """A face-like dome of skin, one stop over its right exposure, with a glint."""
    dome = np.clip(1.25 - ((x / WIDTH - 0.5) / 0.45) ** 2 - ((y / HEIGHT - 0.5) / 0.5) ** 2, 0.05, None)
    glint = 0.5 * np.exp(-((r / 0.10) ** 2))
    return 1.5 * dome[..., None] * np.array([0.85, 0.52, 0.38]) + 0.02 + glint[..., None]


def lamp(r: Array, color: tuple[float, float, float]) -> Array:
    """A colored lamp with a whiter core and a glow."""
    light = 6 * np.exp(-((r / 0.16) ** 2)) + 0.5 * np.exp(-((r / 0.5) ** 2))
    return 0.02 + light[..., None] * np.array(color) + 0.3 * np.exp(-((r / 0.08) ** 2))[..., None]


def neon(u: Array, y: Array) -> Array:
    """A pink tube on a dark wall."""
    away = (y - HEIGHT * (0.5 + 0.2 * np.sin(6 * u))) / HEIGHT
    light = 4 * np.exp(-((away / 0.05) ** 2)) + 0.6 * np.exp(-((away / 0.2) ** 2))
    return 0.02 + light[..., None] * np.array([1.0, 0.12, 0.55])


def sunset(r: Array) -> Array:
    """A low sun in an orange sky."""
    sun = np.clip((0.12 - r) / 0.01 + 0.5, 0, 1)
    sky, halo = np.exp(-r / 0.35), 1.5 * np.exp(-((r / 0.18) ** 2))
    orange = (1.6 * sky**2)[..., None] * np.array([1, 0.45, 0.10]) + sky[..., None] * np.array([0.5, 0.30, 0.22])
    return orange + halo[..., None] * np.array([1, 0.7, 0.35]) + 12 * sun[..., None] * np.array([1, 0.85, 0.6])


def clouds(u: Array, v: Array) -> Array:
    """White clouds over a blue sky."""
    dense = np.clip(0.55 + 0.5 * np.sin(9 * u + 3 * np.sin(5 * v)) * np.sin(7 * v + 2 * np.sin(6 * u)), 0, 1)
    dense = dense[..., None] ** 2
    return (1 - dense) * np.array([0.30, 0.48, 0.75]) + dense * 2.6


def balanced_from_srgb() -> Array:
    """(3, 3): what the invented sensor sees of linear sRGB, white-balanced."""
    matrix = sample.camera_matrix() @ rgb_from_rgb("rec2020", "srgb")
    return matrix / matrix.sum(axis=1, keepdims=True)


def shown(balanced: Array) -> Array:
    """Display code values of balanced camera RGB; bright light rolls off with its ratios kept."""
    light = np.maximum(balanced @ np.linalg.inv(balanced_from_srgb()).T, 0)
    peak = np.maximum(light.max(axis=-1, keepdims=True), 1e-6)
    rolled = np.where(peak < 0.6, peak, 0.6 + 0.4 * (1 - np.exp(-(peak - 0.6) / 0.8)))
    return encode(light / peak * rolled)


def photographed(light: Array, gains: tuple[float, float, float], seed: int) -> tuple[Image, Array]:
    """What the sensor keeps of the light, white-balanced, with the clip mask; and the truth."""
    levels = np.array(gains, np.float32)
    truth = np.maximum(light @ balanced_from_srgb().T, 0).astype(np.float32)
    noise = np.random.default_rng(seed).normal(size=truth.shape) * np.sqrt(1e-4 * truth * levels + 1e-6)
    seen = truth + noise
    marks = ((seen >= levels) * np.array([1, 2, 4])).sum(-1).astype(np.uint8)
    return Image(
        pixels=planar(np.minimum(seen, levels).astype(np.float32)), state=BALANCED, shot=Shot(), clipped=marks
    ), truth


def reconstructed(image: Image, gains: tuple[float, float, float]) -> Array:
    assert image.clipped is not None
    scan = image.with_pixels(image.pixels[::2, ::2], clipped=image.clipped[::2, ::2])
    chroma = np.clip(chroma_of(scan.pixels, scan.clipped, np.array(gains)), 0.05, 3)
    stage = Highlights(levels=gains, chroma=(float(chroma[0]), float(chroma[1]), float(chroma[2])))
    return stage.bind(scan)(image).pixels


def figures(result: Array, truth: Array, marks: Array) -> dict[str, float]:
    some, all_three = (marks > 0) & (marks < 7), marks == 7
    difference = np.abs(chroma_log(result) - chroma_log(truth)).mean(axis=-1)
    spread = np.ptp(result, axis=-1) / np.maximum(result.max(axis=-1), 1e-6)
    step = np.abs(np.diff(encode(result), axis=1)).max() - np.abs(np.diff(encode(truth), axis=1)).max()
    return {
        "chroma_partly_clipped": round(float(difference[some].mean()) if some.any() else 0.0, 4),
        "saturation_all_clipped": round(float(spread[all_three].mean()) if all_three.any() else 0.0, 4),
        "extra_step": round(float(max(step, 0)), 4),
        "green_lack": round(float((np.minimum(result[..., 0], result[..., 2]) - result[..., 1])[marks > 0].max()), 4),
    }


def chroma_log(rgb: Array) -> Array:
    log = np.log(np.maximum(rgb, 1e-3))
    return log - log.mean(axis=-1, keepdims=True)


def quick() -> dict[str, float]:
    """The figures of every scene, reconstructed, in daylight."""
    told: dict[str, float] = {}
    for seed, (name, light) in enumerate(scenes().items()):
        image, truth = photographed(light, GAINS["daylight"], seed)
        assert image.clipped is not None
        found = figures(reconstructed(image, GAINS["daylight"]), truth, image.clipped)
        told |= {f"{key}, {name}": value for key, value in found.items()}
    return told


def main() -> None:
    if sys.argv[1:] == ["--quick"]:
        sys.exit(check_quick("highlights", quick(), QUICK_TOLERANCE))
    table: dict[str, Any] = {}
    rows = []
    for light_name, gains in GAINS.items():
        for seed, (name, light) in enumerate(scenes().items()):
            image, truth = photographed(light, gains, seed)
            assert image.clipped is not None
            results = {
                "nothing done": image.pixels,
                "clip": np.minimum(image.pixels, min(gains)),
                "reconstruct": reconstructed(image, gains),
            }
            told = {key: figures(value, truth, image.clipped) for key, value in results.items()}
            table[f"{name}, {light_name}"] = told
            print(f"{name + ', ' + light_name:24}", *(f"{key}: {list(value.values())}" for key, value in told.items()))
            rows.append((f"{name}, {light_name}", [truth, *results.values()]))
    draw(rows)
    bright, dim = picture(BALANCED, 2.0), picture(BALANCED, 0.8)
    stage = Highlights(levels=GAINS["daylight"])
    works = {
        "every_pixel_near_clipping": (stage.bind(bright.with_pixels(bright.pixels[::6, ::6], window=None)), 0),
        "nothing_clipped": (stage.bind(dim.with_pixels(dim.pixels[::6, ::6], window=None)), 0),
    }
    unmarked = np.zeros(dim.pixels.shape[:2], np.uint8)
    table["cost"] = costs(bright.with_pixels(bright.pixels, clipped=unmarked), works)
    print(table["cost"])
    table["quick"] = quick()
    save("highlights", table)


def draw(rows: list[tuple[str, list[Array]]]) -> None:
    step, titles = 2, ["truth", "sensor, nothing done", "clip", "reconstruct"]
    height, width = HEIGHT // step, WIDTH // step
    half = len(rows) // 2
    sheet = Picture.new("RGB", (8 * (width + 4), half * (height + 16) + 14), (40, 40, 40))
    pen = ImageDraw.Draw(sheet)
    for column, title in enumerate(titles * 2):
        pen.text((column * (width + 4) + 4, 1), title, fill=(230, 230, 230))
    for index, (name, cells) in enumerate(rows):
        left, top = (index // half) * 4 * (width + 4), (index % half) * (height + 16) + 14
        pen.text((left + 4, top), name, fill=(230, 230, 230))
        for column, cell in enumerate(cells):
            small = np.clip(shown(cell)[::step, ::step] * 255 + 0.5, 0, 255).astype(np.uint8)
            sheet.paste(Picture.fromarray(small), (left + column * (width + 4), top + 13))
    SHEET.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(SHEET, quality=80)


if __name__ == "__main__":
    main()
