"""Local tone: what it does to edges, detail and a scene of high contrast, and what it costs.

`python benchmarks/local_tone.py` measures the halo (the most that even light beside an edge departs from even light far
away, in stops) on edges of one, two and four stops, at the strength of the looks and at 1, with a Gaussian base layer
of the same reach beside it; the share of the contrast of fine detail that stays; the time as a multiple of a copy.
Writes `results/local_tone.json` and `docs/pictures/local_tone.jpg`. `--quick` compares halo and detail with the
committed figures.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image as Picture
from record import check_quick, save
from scipy.ndimage import gaussian_filter
from stage_cost import costs, picture

from twinlens.core.image import SCENE, Image, planar
from twinlens.core.shot import Shot
from twinlens.numerics.color import encode, rgb_from_rgb
from twinlens.numerics.local_tone import log_luminance, stops_for
from twinlens.simulate import sample
from twinlens.stages.local_tone import LocalTone

Array = npt.NDArray[Any]

STRENGTHS = (0.3, 1.0)
STEPS = {"1 EV": 1.0, "2 EV": 2.0, "4 EV": 4.0}
CENTERS = (-2.0, 0.0, 1.0)  # EV from mid grey
SCAN = 4  # pixels of the full size per pixel of the scan
QUICK_TOLERANCE = 0.001  # stops of halo, share of detail
SHEET = Path(__file__).parents[1] / "docs" / "pictures" / "local_tone.jpg"


def as_scene(rgb: Array) -> Image:
    return Image(pixels=planar(np.asarray(rgb, np.float32)), state=SCENE, shot=Shot())


def toned(rgb: Array, strength: float) -> Array:
    height, width = rgb.shape[0] // SCAN, rgb.shape[1] // SCAN
    part = rgb[: height * SCAN, : width * SCAN]
    scan = as_scene(part.reshape(height, SCAN, width, SCAN, 3).mean((1, 3)))
    return LocalTone(strength=strength).bind(scan)(as_scene(rgb)).pixels


def with_gaussian_base(rgb: Array, strength: float) -> Array:
    base = gaussian_filter(log_luminance(rgb.astype(np.float32)), 0.02 * max(rgb.shape[:2]))
    return rgb * np.exp2(stops_for(base, strength))[..., None]


def edge(center: float, step: float) -> Array:
    low, high = 0.18 * 2 ** (center - step / 2), 0.18 * 2 ** (center + step / 2)
    return np.broadcast_to(np.where(np.arange(2560) < 1280, low, high)[None, :, None], (96, 2560, 3))


def halo(result: Array) -> float:
    line = np.log2(result[48, :, 1])
    return float(max(np.abs(line[:1280] - line[40]).max(), np.abs(line[1280:] - line[-40]).max()))


def worst_halo(step: float, strength: float) -> float:
    return max(halo(toned(edge(center, step), strength)) for center in CENTERS)


def detail_kept(strength: float, spread: float) -> float:
    detail = np.random.default_rng(0).normal(0, spread, (480, 640, 1))
    return float(np.std(np.log2(toned(0.9 * np.exp2(detail) * np.ones(3), strength)[..., 1])) / spread)


def quick() -> dict[str, float]:
    """Halo and detail at both strengths."""
    told: dict[str, float] = {}
    for strength in STRENGTHS:
        for name, step in STEPS.items():
            told[f"halo, {name}, strength {strength}"] = round(worst_halo(step, strength), 4)
        told[f"detail, 0.3 EV, strength {strength}"] = round(detail_kept(strength, 0.3), 4)
    return told


def main() -> None:
    if sys.argv[1:] == ["--quick"]:
        sys.exit(check_quick("local_tone", quick(), QUICK_TOLERANCE))
    table: dict[str, Any] = {"halo_stops": {}, "detail_kept": {}}
    for strength in STRENGTHS:
        for name, step in STEPS.items():
            ours = worst_halo(step, strength)
            blur = max(halo(with_gaussian_base(edge(center, step), strength)) for center in CENTERS)
            table["halo_stops"][f"{name}, strength {strength}"] = {"ours": round(ours, 3), "gaussian": round(blur, 3)}
        for spread in (0.1, 0.3):
            kept = round(detail_kept(strength, spread), 3)
            table["detail_kept"][f"{spread} EV, strength {strength}"] = kept
    light = picture(SCENE)
    scan = light.with_pixels(light.pixels[::6, ::6], window=None)
    table["cost"] = costs(light, {"local_tone": (LocalTone(strength=0.3).bind(scan), 0)})
    table["quick"] = quick()
    for key, value in table.items():
        print(key, value)
    draw()
    save("local_tone", table)


def draw() -> None:
    """The sample scene, its ground in the shade, at strength 0, 0.3 and 1, one stop under."""
    rgb = sample.scene(756, 1008).rgb * np.where(np.arange(756) > 500, 0.25, 0.6)[:, None, None]
    cells = [rgb, *(toned(rgb, strength) for strength in STRENGTHS)]
    code = [encode(np.clip(cell @ rgb_from_rgb("srgb", "rec2020").T, 0, 1))[::2, ::2] for cell in cells]
    SHEET.parent.mkdir(parents=True, exist_ok=True)
    Picture.fromarray((np.concatenate(code, axis=1) * 255 + 0.5).astype(np.uint8)).save(SHEET, quality=82)


if __name__ == "__main__":
    main()
