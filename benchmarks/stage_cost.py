"""Stage cost: the time of stages on the tiles of a 12-megapixel picture, as multiples of a copy of it, interleaved."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from twinlens.core.image import Image, State, Window, empty_rgb
from twinlens.core.shot import Shot

HEIGHT, WIDTH = 3000, 4000
TILE = (256, 1024)
THREADS, ROUNDS = 2, 7

Work = Callable[[Image], Any]


def picture(state: State, brightest: float = 1.5, seed: int = 0) -> Image:
    """A picture of 12 megapixels with light from 0 to `brightest` everywhere."""
    rng = np.random.default_rng(seed)
    pixels = empty_rgb(HEIGHT, WIDTH)
    pixels[:] = rng.uniform(0, brightest, (1, WIDTH, 3))
    pixels *= rng.uniform(0.5, 1, (HEIGHT, 1, 1)).astype(np.float32)
    return Image(pixels=pixels, state=state, shot=Shot())


def costs(image: Image, works: dict[str, tuple[Work, int]]) -> dict[str, float]:
    """For each name its (function of a part, margin): median time as a multiple of a parallel copy's."""
    other = empty_rgb(HEIGHT, WIDTH)
    tiles = [
        Window(top, left, min(top + TILE[0], HEIGHT), min(left + TILE[1], WIDTH), (HEIGHT, WIDTH))
        for top in range(0, HEIGHT, TILE[0])
        for left in range(0, WIDTH, TILE[1])
    ]
    half = HEIGHT // THREADS

    def copy(index: int) -> None:
        np.copyto(other[index * half : (index + 1) * half], image.pixels[index * half : (index + 1) * half])

    def on_tile(work: Work, margin: int) -> Callable[[int], None]:
        def run(index: int) -> None:
            work(image.cut(tiles[index].grown(margin)))

        return run

    jobs = {"copy": (copy, THREADS)} | {name: (on_tile(*one), len(tiles)) for name, one in works.items()}
    times: dict[str, list[float]] = {name: [] for name in jobs}
    with ThreadPoolExecutor(THREADS) as pool:
        for _ in range(ROUNDS):
            for name, (job, count) in jobs.items():
                start = time.perf_counter()
                list(pool.map(job, range(count)))
                times[name].append(time.perf_counter() - start)
    median = {name: statistics.median(every[1:]) for name, every in times.items()}
    return {"copy_ms": round(1e3 * median["copy"], 1)} | {
        name: round(median[name] / median["copy"], 2) for name in works
    }
