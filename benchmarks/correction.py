"""Correction: time of linearize, shading and lens on the tiles of a 12-megapixel picture, as multiples of a copy of it.

The copy is of a float32 RGB picture of the same size, by as many threads, interleaved with the stages in the same run.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from record import save

from twinlens.core.image import CAMERA_RGB, MOSAIC, SENSOR, Image, Window, empty_rgb
from twinlens.core.opcodes import FixVignetteRadial, GainMap, Opcode, WarpRectilinear
from twinlens.core.shot import Cfa, Shot
from twinlens.core.stage import Facts, Stage
from twinlens.kernels.bin_mosaic import bin_mosaic
from twinlens.stages.lens import Lens
from twinlens.stages.linearize import Linearize
from twinlens.stages.shading import Shading

HEIGHT, WIDTH, THREADS, ROUNDS = 3000, 4000, 2, 7
TILE = (256, 1024)
BAYER = Cfa.bayer("RGGB")
Lists = tuple[tuple[Opcode, ...], tuple[Opcode, ...], tuple[Opcode, ...]]


def shot(lists: Lists = ((), (), ())) -> Shot:
    black = np.full((1, 1, 1), 64.0)
    return Shot(width=WIDTH, height=HEIGHT, bits=12, cfa=BAYER, black_level=black, white_level=(4095.0,), opcodes=lists)


def gain_maps(rng: np.random.Generator) -> tuple[Opcode, ...]:
    """The usual four of a phone, 13 x 17 points, one a site of the Bayer tile."""
    return tuple(
        GainMap(
            area=(y, x, HEIGHT, WIDTH),
            row_pitch=2,
            column_pitch=2,
            gains=rng.uniform(1, 3, (13, 17, 1)).astype(np.float32),
            spacing=(1 / 12, 1 / 16),
            origin=(0, 0),
        )
        for y in (0, 1)
        for x in (0, 1)
    )


def warp(k1: float, planes: int) -> Opcode:
    rows = [[1.0 + 1e-3 * (plane - planes // 2), k1, k1 / -4, 0, 0, 0] for plane in range(planes)]
    return WarpRectilinear(coefficients=np.array(rows), center=(0.5, 0.5))


def tiles_of(stage: Stage, image: Image) -> Callable[[ThreadPoolExecutor], Any]:
    stage = stage.resolve(Facts(shot=image.shot, source=image, arriving=lambda: image))
    frame = stage.frame(HEIGHT, WIDTH)
    parts = [
        Window(top, left, min(top + TILE[0], frame[0]), min(left + TILE[1], frame[1]), frame)
        for top in range(0, frame[0], TILE[0])
        for left in range(0, frame[1], TILE[1])
    ]

    def one(part: Window) -> None:
        stage.over(image.cut(stage.source_window(part, HEIGHT, WIDTH)), part)

    return lambda pool: list(pool.map(one, parts))


def works(seed: int) -> dict[str, Callable[[ThreadPoolExecutor], Any]]:
    rng = np.random.default_rng(seed)
    raw = rng.integers(64, 4095, (HEIGHT, WIDTH), dtype=np.uint16)
    rgb = empty_rgb(HEIGHT, WIDTH)
    rgb[...] = rng.random((HEIGHT, WIDTH, 1), np.float32)
    other, half = empty_rgb(HEIGHT, WIDTH), HEIGHT // THREADS
    other[...] = 0

    def copy(index: int) -> None:
        np.copyto(other[index * half : (index + 1) * half], rgb[index * half : (index + 1) * half])

    def lens(*opcodes: Opcode) -> Callable[[ThreadPoolExecutor], Any]:
        clipped = np.zeros((HEIGHT, WIDTH), np.uint8)
        return tiles_of(Lens(), Image(pixels=rgb, state=CAMERA_RGB, shot=shot(((), (), opcodes)), clipped=clipped))

    def binned(factor: int) -> Callable[[ThreadPoolExecutor], Any]:
        ones = np.ones((2, 2))
        return lambda _: bin_mosaic(raw, (0, 0), 64 * ones, ones / 4031, factor, 4075 * ones, THREADS)

    sensor = Image(pixels=raw, state=SENSOR, shot=shot(), cfa=BAYER)
    mosaic = Image(pixels=raw / np.float32(4095), state=MOSAIC, shot=shot(((), gain_maps(rng), ())), cfa=BAYER)
    vignette = FixVignetteRadial(coefficients=(0.4, 0.2, 0.1, 0, 0), center=(0.5, 0.5))
    return {
        "copy": lambda pool: list(pool.map(copy, range(THREADS))),
        "linearize": tiles_of(Linearize(), sensor),
        "bin_mosaic_2": binned(2),
        "bin_mosaic_4": binned(4),
        "bin_mosaic_8": binned(8),
        "shading_4_gain_maps": tiles_of(Shading(), mosaic),
        "lens_vignette": lens(vignette),
        "lens_warp_1_percent": lens(warp(-0.01, 1)),
        "lens_warp_10_percent": lens(warp(-0.1, 1)),
        "lens_warp_1_percent_colors_apart": lens(warp(-0.01, 3)),
    }


def main(seed: int = 0) -> None:
    jobs = works(seed)
    times: dict[str, list[float]] = {name: [] for name in jobs}
    with ThreadPoolExecutor(THREADS) as pool:
        for _ in range(ROUNDS):
            for name, job in jobs.items():
                start = time.perf_counter()
                job(pool)
                times[name].append(time.perf_counter() - start)
    median = {name: statistics.median(every[1:]) for name, every in times.items()}
    figures = {
        name: {"ms": round(1e3 * value, 1), "copies": round(value / median["copy"], 2)}
        for name, value in median.items()
    }
    for name, figure in figures.items():
        print(f"{name:36} {figure['ms']:8.1f} ms {figure['copies']:6.2f} copies")
    save("correction", figures, seed)


if __name__ == "__main__":
    main()
