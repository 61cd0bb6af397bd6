"""Picture: any picture in RGB as linear light, and cut to a frame.

Large steps run in strips of rows on all cores.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import ParameterError
from twinlens.core.image import DISPLAY, ENCODED, OUTPUT, SCENE, Image, empty_rgb, planar
from twinlens.files import read
from twinlens.numerics import color

Array = npt.NDArray[Any]

_STRIP_PX = 200_000
_CODES = 65535  # of the table of the transfer curve: holds all codes of 8 and 16 bits exactly


def in_strips(work: Any, shape: tuple[int, int]) -> list[Any]:
    """`work(rows)` for strips of rows of a frame, on all cores."""
    step = max(_STRIP_PX // shape[1], 1)
    strips = [slice(start, min(start + step, shape[0])) for start in range(0, shape[0], step)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(work, strips))


def linear_srgb(picture: str | Path | Image | Array) -> Array:
    """The picture as linear light in the primaries of sRGB, (H, W, 3) float32, white 1."""
    if isinstance(picture, str | Path):
        picture = read(picture)
    if isinstance(picture, Image):
        return _from_image(picture)
    codes = np.asarray(picture)
    if codes.ndim != 3 or codes.shape[2] != 3 or codes.dtype.kind not in "uf":
        raise ParameterError(f"a picture is (H, W, 3) of uint8, uint16 or float, got {codes.shape} {codes.dtype}")
    if codes.dtype.kind == "u":
        most = np.iinfo(codes.dtype).max
        table = color.decode(np.arange(most + 1) / most).astype(np.float32)
        return planar(np.take(table, codes))
    if not np.isfinite(codes).all():
        raise ParameterError("the picture has values that are not finite numbers")
    return _decoded(codes, "srgb")


def _from_image(image: Image) -> Array:
    if image.state not in (ENCODED, OUTPUT, DISPLAY, SCENE):
        raise ParameterError(
            f"{image.shot.source or 'the picture'} is a raw file (state {image.state}): develop it first"
        )
    is_encoded = image.state == ENCODED
    linear = _decoded(image.pixels, image.primaries) if is_encoded else planar(np.array(image.pixels, np.float32))
    if image.primaries == "srgb":
        return linear
    matrix = color.rgb_from_rgb("srgb", image.primaries if is_encoded or image.state == OUTPUT else "rec2020")
    in_strips(lambda rows: np.copyto(linear[rows], linear[rows] @ matrix.T.astype(np.float32)), linear.shape[:2])
    return linear


def _decoded(codes: Array, space: str) -> Array:
    """Linear light (H, W, 3) float32 of codes 0 to 1, by a table of the curve; what is outside, by the curve itself."""
    import cv2

    table, of_bytes = (color.decode(np.arange(most + 1) / most, space).astype(np.float32) for most in (_CODES, 255))
    linear = empty_rgb(*codes.shape[:2])

    def strip(rows: slice) -> None:
        part = codes[rows]
        if (eight := _eight_bits(part)) is not None:
            for channel in range(3):
                cv2.LUT(eight[..., channel], of_bytes, dst=linear[rows, :, channel])
            return
        if part.min() < 0 or part.max() > 1:
            linear[rows] = color.decode(np.asarray(part, float), space)
            return
        index = part * np.float32(_CODES)
        index += np.float32(0.5)
        np.take(table, index.astype(np.uint16), out=linear[rows])

    in_strips(strip, (codes.shape[0], codes.shape[1]))
    return linear


def _eight_bits(codes: Array) -> Array | None:
    """The codes 0 to 1 (h, W, 3) as planar uint8 where they came from 8 bits, else None."""
    import cv2

    eight = empty_rgb(codes.shape[0], codes.shape[1], np.uint8)
    for channel in range(3):
        plane = codes[..., channel]
        cv2.convertScaleAbs(plane, eight[..., channel], 255)
        if not np.array_equal(eight[..., channel] * np.float32(1 / 255), plane):
            return None
    return eight


def covering(rgb: Array, height: int, width: int) -> Array:
    """The picture scaled so that it covers height x width, and cut evenly; light is averaged, not codes."""
    import cv2

    have = rgb.shape[:2]
    if (height, width) == have:
        return rgb
    scale = max(height / have[0], width / have[1])
    kept = [min(round(wanted / scale), whole) for wanted, whole in zip((height, width), have, strict=True)]
    top, left = ((whole - part) // 2 for whole, part in zip(have, kept, strict=True))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    scaled = empty_rgb(height, width)
    for channel in range(3):
        part = rgb[top : top + kept[0], left : left + kept[1], channel]
        cv2.resize(part, (width, height), scaled[..., channel], interpolation=how)
    return scaled
