"""Sets, reading: the pixels of one file as they are to be seen, and what its JPEG says of itself."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.compare.sets_files import RAWS
from twinlens.core.errors import FileError
from twinlens.core.image import Image, upright
from twinlens.core.record import record
from twinlens.files import photo, tiff
from twinlens.files.reading import previews
from twinlens.numerics.color import decode, rgb_from_rgb

Array = npt.NDArray[Any]

_LEVELS = 65536  # of the tables that decode codes
_SHARE_OF_RAW = 0.2  # of the raw's width that a preview needs, so as not to be a thumbnail
_LUMA_TABLE_MEAN = 57.625  # of the luma table of ITU-T T.81, table K.1
_BLACK_CODE, _WHITE_CODE = 2.5 / 255, 253.5 / 255  # a code at or beyond these is an end of the scale


@record(kw_only=True, eq=False)
class View:
    """A picture reduced to a working size, upright: `linear` (h, w, 3) float32 linear Rec. 2020, and the shares of its
    pixels with a channel at the end, `white`, `black` (h, w), with two channels at white, `blown`, and with all at
    black, `sunk` (h, w)."""

    linear: Array
    white: Array
    black: Array
    blown: Array
    sunk: Array


def opened(path: str | os.PathLike[str], *, reduce: int = 1) -> tuple[Image, list[str]]:
    """The picture in a file (state ENCODED) with notes; of a raw file its largest preview. Raises FileError."""
    place = Path(path)
    if place.suffix.lower() not in RAWS:
        return photo.read(place, reduce=reduce), []
    found = [one for one in previews(place) if isinstance(one[1], bytes)]
    if not found:
        raise FileError(f"{place}: a raw file without a picture inside or beside it has no rendering to compare")
    image = photo.from_bytes(memoryview(found[0][1]), place, reduce=reduce)
    width = max(image.shot.width, image.shot.height)
    return image, [f"a raw file alone: its embedded preview of {width} pixels was used"]


def seen(image: Image) -> Array:
    """The codes (H, W, 3) float32 of a picture, upright; a view."""
    return upright(image.pixels, image.shot.orientation)


def jpeg_tables(path: str | os.PathLike[str]) -> tuple[tuple[int, ...], ...]:
    """The quantization tables of a JPEG, luma first; empty for other files."""
    import PIL.Image

    data = tiff.open_bytes(path)
    if bytes(data[:3]) != b"\xff\xd8\xff":
        return ()
    try:
        with PIL.Image.open(Path(path), formats=["JPEG"]) as image:
            tables: dict[int, Any] = getattr(image, "quantization", {})
            return tuple(tuple(int(v) for v in tables[key]) for key in sorted(tables))
    except (OSError, SyntaxError, ValueError):
        return ()


def reduction(path: str | os.PathLike[str], edge: int) -> int:
    """How many times smaller a JPEG may be decoded and still have `edge` pixels on its long edge."""
    import PIL.Image

    try:
        with PIL.Image.open(Path(path), formats=["JPEG"]) as image:
            return max(max(image.size) // edge, 1)
    except (OSError, SyntaxError, ValueError):
        return 1


def quality(tables: tuple[tuple[int, ...], ...]) -> float:
    """The quality (1 to 100) whose luma table is as coarse on average; nan without tables.

    The scale is that of the Independent JPEG Group's library: 50 is the table of ITU-T T.81, annex K.
    """
    if not tables:
        return float("nan")
    scale = 100 * float(np.mean(tables[0])) / _LUMA_TABLE_MEAN
    return float(np.clip((200 - scale) / 2 if scale <= 100 else 5000 / scale, 1, 100))


def sixteen(codes: Array) -> Array:
    """Codes (H, W, 3) 0 to 1 as uint16, contiguous."""
    out = np.empty(codes.shape, np.uint16)
    for channel in range(3):
        plane = codes[..., channel] * np.float32(_LEVELS - 1)
        plane += np.float32(0.5)
        np.clip(plane, 0, _LEVELS - 1, out=plane)
        out[..., channel] = plane
    return out


@lru_cache
def linear_table(space: str) -> Array:
    """Linear display light (65536,) float32 of the codes of a space."""
    return decode(np.arange(_LEVELS) / (_LEVELS - 1), space).astype(np.float32)


def reduced(codes: Array, space: str, size: tuple[int, int]) -> View:
    """Codes (H, W, 3) uint16 in a space as a `View` of size (height, width), by means over areas of linear light."""
    import cv2

    def small(plane: Array) -> Array:
        return cv2.resize(plane, (size[1], size[0]), interpolation=cv2.INTER_AREA)

    light = small(np.take(linear_table(space), codes))
    if space != "rec2020":
        light = light @ rgb_from_rgb("rec2020", space).T.astype(np.float32)
    high, middle, low = _ordered(codes)
    ends = round(_WHITE_CODE * (_LEVELS - 1)), round(_BLACK_CODE * (_LEVELS - 1))
    masks = high >= ends[0], low <= ends[1], middle >= ends[0], high <= ends[1]
    whole = np.uint8(255)  # shares to a 255th: four float planes of a large picture would take longer than its decoding
    white, black, blown, sunk = (small(one.view(np.uint8) * whole).astype(np.float32) / 255 for one in masks)
    return View(linear=light, white=white, black=black, blown=blown, sunk=sunk)


def _ordered(codes: Array) -> tuple[Array, Array, Array]:
    """The largest, the middle and the least channel (H, W)."""
    red, green, blue = (codes[..., channel] for channel in range(3))
    larger, smaller = np.maximum(red, green), np.minimum(red, green)
    return np.maximum(larger, blue), np.maximum(smaller, np.minimum(larger, blue)), np.minimum(smaller, blue)
