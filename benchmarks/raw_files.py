"""Times reading and writing of a 12-megapixel raw file for every compression, beside LibRaw on the same file.

    python benchmarks/raw_files.py

Medians of 5, interleaved with a float32 RGB copy of the same size by two threads: figures are milliseconds and copies.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from record import save

from twinlens import files
from twinlens.files import dng
from twinlens.simulate import sample

HEIGHT, WIDTH = 3024, 4032
ROUNDS = 5


def seconds(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def libraw(path: Path) -> None:
    import rawpy

    with rawpy.imread(str(path)) as raw:
        raw.raw_image.max()


def copier() -> Callable[[], object]:
    """A copy of float32 RGB of the same size, half the rows a thread."""
    source, target = np.ones((2, HEIGHT // 2, WIDTH, 3), np.float32), np.ones((2, HEIGHT // 2, WIDTH, 3), np.float32)
    pool = ThreadPoolExecutor(2)
    return lambda: list(pool.map(np.copyto, target, source))


def main() -> None:
    image = sample.shoot(HEIGHT, WIDTH, iso=100, seed=0)
    copy = copier()
    figures: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        acts: dict[str, Callable[[], object]] = {"copy": copy}
        for compression in ("none", "ljpeg", "deflate", "jpegxl"):
            path = Path(folder) / f"{compression}.dng"
            taken = seconds(lambda p=path, c=compression: dng.write(p, image.pixels, image.shot, compression=c))
            figures[f"write {compression}"] = {"ms": 1e3 * taken, "megabytes": path.stat().st_size / 1e6}
            acts[f"read {compression}"] = lambda p=path: files.read(p).pixels.max()
            if compression in ("none", "ljpeg"):
                acts[f"LibRaw {compression}"] = lambda p=path: libraw(p)
        times: dict[str, list[float]] = {name: [] for name in acts}
        for _ in range(ROUNDS):
            for name, act in acts.items():
                times[name].append(seconds(act))
    medians = {name: statistics.median(values) for name, values in times.items()}
    for name, median in medians.items():
        figures[name] = {"ms": 1e3 * median, "copies": median / medians["copy"]}
    for name, figure in figures.items():
        print(f"{name:14}", *(f"{value:9.1f} {unit}" for unit, value in figure.items()))
    save("raw_files", {name: {unit: round(value, 2) for unit, value in one.items()} for name, one in figures.items()})


if __name__ == "__main__":
    main()
