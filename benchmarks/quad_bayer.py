"""Quad Bayer: how near to the truth a mosaic with 2 x 2 sites of one color is developed, at full size.

    python benchmarks/quad_bayer.py            all figures -> results/quad_bayer.json
    python benchmarks/quad_bayer.py --quick    a synthetic picture against the committed figures (0.1 dB)
    python benchmarks/quad_bayer.py --tuning   the photographs that the method's numbers were chosen on, printed only
    python benchmarks/quad_bayer.py --taps     `numerics.quad_bayer.SMOOTH`, fitted to the tuning photographs, printed

As `demosaic.py` (the same sensor, photographs reduced 4 x 4 in linear light, noise and measures), behind a quad Bayer
array, the middle 480 x 640 pixels of each. All but the average make a Bayer mosaic and use our default demosaic, which
is told the noise model: `ours` the stage's default; `nearest` takes the nearest site of the wanted color; `bin` is the
mean of each block, demosaiced at half size and enlarged by a cubic filter; `average` the normalised convolution that
serves arrays that are neither. `bayer`, the same photographs behind a Bayer array, is what a quad array costs.
The environment variable SHARE names the folder of Debian's photographs (default /usr/share).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import demosaic as base
import numpy as np
from record import check_quick, save

from twinlens.core.image import MOSAIC, Image
from twinlens.core.noise import NoiseModel
from twinlens.core.shot import Cfa, Shot
from twinlens.numerics import color
from twinlens.numerics import quad_bayer as method
from twinlens.numerics.demosaic import to_root
from twinlens.simulate import sample
from twinlens.stages.demosaic import Demosaic
from twinlens.stages.remosaic import Remosaic

SHARE = Path(os.environ.get("SHARE", "/usr/share"))
QUAD = Cfa.bayer("RGGB").doubled
SENSOR = base.sensors()[0]
GAINS = np.array(SENSOR.gains, np.float32)
SIZE = (480, 640)
QUICK_TOLERANCE_DB = 0.1

Array = Any
Method = Callable[[Array, NoiseModel | None], Array]


def sites(rgb: Array, cfa: Cfa, noise: NoiseModel | None, seed: int) -> Array:
    """The mosaic (H, W) float32 of linear sRGB (H, W, 3), black 0."""
    camera = rgb @ SENSOR.balanced_from_srgb.T / SENSOR.gains
    light = np.take_along_axis(camera, _colors(cfa, rgb.shape[:2])[..., None], 2)[..., 0]
    if noise is not None:
        variance = noise.gain[0] * np.maximum(light, 0) + noise.offset[0]
        light = light + np.sqrt(variance) * np.random.default_rng(seed).standard_normal(light.shape)
    return light.astype(np.float32)


def _colors(cfa: Cfa, shape: tuple[int, int]) -> Array:
    tile = cfa.indices.astype(int)
    return np.tile(tile, (shape[0] // len(tile) + 1, shape[1] // len(tile[0]) + 1))[: shape[0], : shape[1]]


def _image(pixels: Array, cfa: Cfa, noise: NoiseModel | None) -> Image:
    return Image(pixels=pixels, state=MOSAIC, shot=Shot(), cfa=cfa, noise=noise)


def _demosaiced(image: Image) -> Array:
    return Demosaic(balance=SENSOR.gains)(image).pixels


def _remosaic(kind: Any) -> Remosaic:
    red, green, blue = (1 / GAINS).tolist()
    return Remosaic(method=kind, neutral=(red, green, blue))


def ours(pixels: Array, noise: NoiseModel | None) -> Array:
    return _demosaiced(_remosaic("full")(_image(pixels, QUAD, noise)))


def binned(pixels: Array, noise: NoiseModel | None) -> Array:
    import cv2

    half = _demosaiced(_remosaic("bin")(_image(pixels, QUAD, noise)))
    return cv2.resize(np.ascontiguousarray(half), pixels.shape[::-1], interpolation=cv2.INTER_CUBIC)


def nearest(pixels: Array, noise: NoiseModel | None) -> Array:
    own, wanted = _colors(QUAD, pixels.shape), _colors(Cfa.bayer("RGGB"), pixels.shape)
    places = sorted(((y, x) for y in range(-3, 4) for x in range(-3, 4)), key=lambda at: at[0] ** 2 + at[1] ** 2)
    light, colors = (np.pad(one, 4, mode="symmetric") for one in (pixels, own))
    made = np.full(pixels.shape, np.nan, np.float32)
    for y, x in places:
        there = (slice(4 + y, 4 + y + len(pixels)), slice(4 + x, 4 + x + pixels.shape[1]))
        made = np.where(np.isnan(made) & (colors[there] == wanted), light[there], made)
    return _demosaiced(_image(made, Cfa.bayer("RGGB"), noise))


def average(pixels: Array, noise: NoiseModel | None) -> Array:
    return _demosaiced(_image(pixels, QUAD, noise))


METHODS: dict[str, Method] = {"ours": ours, "nearest": nearest, "bin": binned, "average": average}


def measured(rgb: Array, noise: NoiseModel | None, seed: int) -> dict[str, dict[str, float]]:
    """Each method's figures of one picture."""
    quad = sites(rgb, QUAD, noise, seed)
    made = {name: run(quad, noise) for name, run in METHODS.items()}
    made["bayer"] = _demosaiced(_image(sites(rgb, Cfa.bayer("RGGB"), noise, seed), Cfa.bayer("RGGB"), noise))
    return {name: base.measured(one * GAINS, rgb, SENSOR) for name, one in made.items()}


def photographs(paths: list[Path]) -> list[tuple[str, Array]]:
    """The middle of each photograph, reduced."""
    return [(name, _middle(rgb)) for name, rgb in base.photographs(tuple(paths))]


def _middle(rgb: Array) -> Array:
    height, width = (min(own, most) // 8 * 8 for own, most in zip(rgb.shape, SIZE, strict=False))
    top, left = (rgb.shape[0] - height) // 2, (rgb.shape[1] - width) // 2
    return rgb[top : top + height, left : left + width]


def compare(pictures: list[tuple[str, Array]]) -> dict[str, Any]:
    """By noise: each method's mean, and ours less each other, picture by picture, with 95 % intervals."""
    told: dict[str, Any] = {"pictures": len(pictures)}
    for level, noise in base.NOISE.items():
        rows = {name: measured(rgb, noise, index) for index, (name, rgb) in enumerate(pictures)}
        others = [name for name in (*METHODS, "bayer") if name != "ours"]
        told[level] = {
            "mean": base.means(rows),
            "display_over": {
                name: base.summary([row["ours"]["display"] - row[name]["display"] for row in rows.values()])
                for name in others
            },
            "least_display_over": {
                name: round(min(row["ours"]["display"] - row[name]["display"] for row in rows.values()), 2)
                for name in others
            },
        }
        print(level, json.dumps(told[level]), flush=True)
    return told


def taps(pictures: list[tuple[str, Array]]) -> list[float]:
    """The other color less the own at the first site of a pair, by least squares over lines of all the pictures, with
    the sums that make it exact for grey."""
    before, count = method.BEFORE, len(method.SMOOTH)
    square, mixed = np.zeros((count, count)), np.zeros(count)
    for index, (_, rgb) in enumerate(pictures):
        truth = to_root((rgb @ SENSOR.balanced_from_srgb.T).astype(np.float32))
        color, light = _colors(QUAD, rgb.shape[:2]), sites(rgb, QUAD, None, index) * GAINS[_colors(QUAD, rgb.shape[:2])]
        for axis in (0, 1):
            root, own, full = (np.moveaxis(one, axis, 1) for one in (to_root(light), color, truth))
            for phase in range(4):
                at, sign = np.arange(8 + phase, root.shape[1] - 8, 4), 1 if phase % 2 == 0 else -1
                seen = np.stack([root[:, at + sign * (tap - before)] for tap in range(count)], -1).reshape(-1, count)
                other, mine = own[:, at + 2 * sign], own[:, at]
                there = [np.take_along_axis(full[:, at], one[..., None], 2).ravel() for one in (other, mine)]
                square += seen.T.astype(float) @ seen
                mixed += seen.T.astype(float) @ (there[0] - there[1])
    is_own = np.isin(np.arange(count) - before, (-4, -3, 0, 1, 4, 5)).astype(float)
    sums = np.stack([is_own, 1 - is_own])
    system = np.block([[square, sums.T], [sums, np.zeros((2, 2))]])
    return np.linalg.solve(system, [*mixed, -1, 1])[:count].round(3).tolist()


def cost() -> dict[str, float]:
    """CPU seconds of the stage for a megapixel, on one thread."""
    image = _image(np.random.default_rng(0).random((1000, 1000), np.float32), QUAD, None)
    began = time.process_time()
    _remosaic("full")(image)
    return {"cpu_s_a_megapixel": round(time.process_time() - began, 2)}


def quick() -> dict[str, float]:
    """Display PSNR of the sample scene."""
    light = sample.scene(384, 512).rgb @ color.rgb_from_rgb("srgb", "rec2020").T
    rgb = np.clip(light, 0, 1).astype(np.float32)
    figures = {}
    for level, noise in base.NOISE.items():
        found = measured(rgb, noise, base.SEED)
        figures |= {f"{name}_{level}": round(found[name]["display"], 3) for name in ("ours", "bin")}
    return figures


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    for name in ("--quick", "--tuning", "--taps"):
        asked.add_argument(name, action="store_true")
    wanted = asked.parse_args()
    if wanted.quick:
        sys.exit(check_quick("quad_bayer", quick(), QUICK_TOLERANCE_DB))
    tuning = sorted(base.TUNING.glob("*.jpg"))
    if wanted.taps:
        print(taps(photographs(tuning)))
    elif wanted.tuning:
        compare(photographs(tuning))
    else:
        testing = [SHARE / path.relative_to("/usr/share") for path in base.TESTING]
        print(save("quad_bayer", {**compare(photographs(testing)), **cost(), "quick": quick()}))


if __name__ == "__main__":
    main()
