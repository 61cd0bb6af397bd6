"""Damaged DNG files never crash, hang or give a traceback: each is read, or refused in one sentence.

The number of cases is set by TWINLENS_FUZZ_CASES; every case is made from its number alone, so it can be run again:
`python tests/fuzz_worker.py FOLDER NUMBER 1`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import imagecodecs
import numpy as np
import tifffile

from raw_files import full_shot, mosaic, picture_tags, plain_shot, write_strips, write_tiles
from twinlens.core.shot import Cfa
from twinlens.files import dng

CASES = int(os.environ.get("TWINLENS_FUZZ_CASES", "4000"))
WORKERS = 2
TIMEOUT_S = 60 + CASES / 20


def base_files(folder: Path) -> None:
    """One small file for every way of storing pixels."""
    pixels = mosaic(40, 48)
    linear = np.stack([mosaic(40, 48, seed) for seed in range(3)], -1)
    preview = np.full((20, 24, 3), 90, np.uint8)
    dng.write(folder / "base-00.dng", pixels, full_shot(40, 48), tile=(16, 32), preview=preview)
    dng.write(folder / "base-01.dng", pixels, plain_shot(), compression="none")
    dng.write(folder / "base-02.dng", pixels, plain_shot(), compression="jpegxl", tile=(32, 32))
    dng.write(folder / "base-03.dng", linear, plain_shot(), tile=(16, 16), preview=preview)
    floats = replace(plain_shot(), white_level=None)
    dng.write(folder / "base-04.dng", pixels.astype(np.float32), floats, compression="deflate", tile=(16, 32))
    dng.write(folder / "base-05.dng", linear, plain_shot(), compression="deflate", tile=(16, 32))
    packed = imagecodecs.packints_encode(pixels & 4095, 12)
    write_strips(folder / "base-06.dng", picture_tags(pixels, bits=12), [packed], 40)
    lossy = imagecodecs.jpeg8_encode((linear >> 6).astype(np.uint8), level=90)
    tags = picture_tags(linear, compression=34892, bits=8, samples=3, photometric=34892)
    write_tiles(folder / "base-07.dng", tags, [lossy], (40, 48))
    other_filters = Cfa(("GGRGGB", "GGBGGR", "BRGRBG", "GGBGGR", "GGRGGB", "RBGBRG"))
    dng.write(folder / "base-09.dng", mosaic(96, 120), plain_shot(), compression="ljpeg", linear=True)
    shot = replace(plain_shot(), cfa=other_filters)
    dng.write(folder / "base-10.dng", mosaic(96, 120), shot, compression="none")  # goes to LibRaw
    extra = [
        (50706, 1, 4, (1, 4, 0, 0), True),
        (33421, 3, 2, (2, 2), True),
        (33422, 1, 4, (1, 2, 0, 1), True),
        (50721, 10, 9, (8, 10, 0, 1, 0, 1, 0, 1, 1, 1, 0, 1, -1, 10, 0, 1, 7, 10), True),
    ]
    tifffile.imwrite(folder / "base-08.dng", pixels, byteorder=">", photometric=32803, extratags=extra, metadata=None)


def test_damaged_files_are_read_or_refused(tmp_path: Path) -> None:
    base_files(tmp_path)
    share = -(-CASES // WORKERS)
    script = Path(__file__).with_name("fuzz_worker.py")
    commands = [[sys.executable, str(script), str(tmp_path), str(i * share), str(share)] for i in range(WORKERS)]
    workers = [subprocess.Popen(one, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for one in commands]
    try:
        for worker in workers:
            output, errors = worker.communicate(timeout=TIMEOUT_S)
            last = output.split()[-1] if output.split() else "none"
            assert worker.returncode == 0, f"case {last} ended with {worker.returncode}\n{errors[-4000:]}"
    finally:
        for worker in workers:
            worker.kill()
            worker.communicate()
