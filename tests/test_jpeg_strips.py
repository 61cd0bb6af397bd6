"""A JPEG encoded in strips is the JPEG encoded at once, pixel for pixel."""

from __future__ import annotations

import io

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from twinlens.files import jpeg_strips


def picture(height: int, width: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 255, (height // 16 + 2, width // 16 + 2, 3), dtype=np.uint8)
    return np.ascontiguousarray(np.repeat(np.repeat(coarse, 16, 0), 16, 1)[:height, :width])


@pytest.mark.parametrize("subsampling", ["444", "422", "420"])
@pytest.mark.parametrize("size", [(1200, 1601), (1217, 1000), (2049, 600), (30, 40), (1, 1)])
def test_strips_decode_to_what_one_encoding_decodes_to(size: tuple[int, int], subsampling: str) -> None:
    pixels = picture(*size)
    joined = bytes(jpeg_strips.encode(pixels, 90, subsampling))
    whole = imagecodecs.jpeg8_encode(pixels, level=90, subsampling=subsampling, optimize=False)
    assert np.array_equal(imagecodecs.jpeg8_decode(joined), imagecodecs.jpeg8_decode(whole))
    by_pillow = [np.asarray(Image.open(io.BytesIO(one)).convert("RGB")) for one in (joined, bytes(whole))]
    assert np.array_equal(*by_pillow)
    assert joined == bytes(jpeg_strips.encode(pixels, 90, subsampling))


def test_restart_intervals_stay_inside_the_format() -> None:
    for height, width in ((12000, 16000), (65000, 1000), (1000, 65000)):
        rows, interval = jpeg_strips._split(height, width, "444")
        assert interval <= 65535
        assert rows % 8 == 0
