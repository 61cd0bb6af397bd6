"""Sets, reading: the pixels of one file as they are to be seen, and what its JPEG says of itself."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.compare.sets_files import RAWS
from twinlens.core.errors import FileError
from twinlens.core.image import upright
from twinlens.core.record import record
from twinlens.core.shot import Shot
from twinlens.files import exif, photo, tiff
from twinlens.files.photo import Codes
from twinlens.files.preview import contents
from twinlens.files.segment import jpeg_header
from twinlens.numerics.color import decode, rgb_from_rgb

Array = npt.NDArray[Any]

_LEVELS = 65536  # of the tables that decode codes
_OF_EIGHT = 257  # codes of 16 bits for one of 8
_ROWS = 256  # that are decoded at a time
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


def opened(path: str | os.PathLike[str], *, edge: int | None = None) -> tuple[Codes, list[str]]:
    """The codes of a picture, with notes; of a raw file those of its largest preview. Raises FileError.

    With `edge` a JPEG may be decoded smaller, with so many pixels on its long edge or more.
    """
    place = Path(path)
    if place.suffix.lower() in RAWS:
        return _preview(place, edge)
    data = tiff.open_bytes(place)
    return photo.codes_of(data, place, reduce=_reduction(data, edge)), []


def _preview(place: Path, edge: int | None) -> tuple[Codes, list[str]]:
    found = contents(place)
    if not found:
        raise FileError(f"{place}: a raw file without a picture inside or beside it has no rendering to compare")
    told = _facts(place)
    if isinstance(found[0], bytes):
        data = memoryview(found[0])
        read = photo.codes_of(data, place, reduce=_reduction(data, edge))
        missing = {key: value for key, value in told.items() if not getattr(read.shot, key, None)}
        turned = upright(read.pixels, 1 if read.shot.exif else told.get("orientation", 1))
        shot, space = replace(read.shot, **missing), read.space
    else:
        turned, space = upright(found[0], told.get("orientation", 1)), "srgb"
        shot = Shot(
            **told, source=place.name, kind="display", height=found[0].shape[0], width=found[0].shape[1], bits=8
        )
    width = max(shot.width, shot.height)
    return Codes(pixels=turned, space=space, shot=shot), [
        f"a raw file alone: its embedded preview of {width} pixels was used"
    ]


def _facts(place: Path) -> dict[str, Any]:
    """What a raw file says of its exposure, which its preview may not repeat."""
    data = tiff.open_bytes(place)
    return exif.facts(*exif.directories(data, tiff.read(data)[0])[:2]) if tiff.is_tiff(data) else {}


def _reduction(data: memoryview, edge: int | None) -> int:
    """How many times smaller a JPEG may be decoded and still have `edge` pixels on its long edge."""
    if edge is None:
        return 1
    try:
        header = jpeg_header(data)
    except FileError:
        return 1
    return max(max(header.width, header.height) // edge, 1)


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


def quality(tables: tuple[tuple[int, ...], ...]) -> float:
    """The quality (1 to 100) whose luma table is as coarse on average; nan without tables.

    The scale is that of the Independent JPEG Group's library: 50 is the table of ITU-T T.81, annex K.
    """
    if not tables:
        return float("nan")
    scale = 100 * float(np.mean(tables[0])) / _LUMA_TABLE_MEAN
    return float(np.clip((200 - scale) / 2 if scale <= 100 else 5000 / scale, 1, 100))


@lru_cache
def linear_table(space: str) -> Array:
    """Linear display light (65536,) float32 of the codes of a space."""
    return decode(np.arange(_LEVELS) / (_LEVELS - 1), space).astype(np.float32)


def reduced(codes: Array, space: str, size: tuple[int, int]) -> View:
    """Codes (H, W, 3) uint8 or uint16 in a space as a `View` of size (height, width), by means over areas of linear
    light; a channel at a time, as a whole picture in floats is many times its file."""
    import cv2

    def small(plane: Array) -> Array:
        return cv2.resize(plane, (size[1], size[0]), interpolation=cv2.INTER_AREA)

    channels = [cv2.extractChannel(np.ascontiguousarray(codes), index) for index in range(3)]
    light = np.stack([small(linear(one, space)) for one in channels], axis=-1)
    if space != "rec2020":
        light = light @ rgb_from_rgb("rec2020", space).T.astype(np.float32)
    high, middle, low = _ordered(*channels)
    most = np.iinfo(codes.dtype).max
    top, bottom = np.ceil(_WHITE_CODE * most), np.floor(_BLACK_CODE * most)
    masks = (
        cv2.compare(high, top, cv2.CMP_GE),  # 255 where it is so: shares are counted in whole codes
        cv2.compare(low, bottom, cv2.CMP_LE),
        cv2.compare(middle, top, cv2.CMP_GE),
        cv2.compare(high, bottom, cv2.CMP_LE),
    )
    white, black, blown, sunk = (small(one).astype(np.float32) / 255 for one in masks)
    return View(linear=light, white=white, black=black, blown=blown, sunk=sunk)


def linear(plane: Array, space: str) -> Array:
    """Linear display light (H, W) float32 of one channel's codes."""
    import cv2

    table = linear_table(space)
    if plane.dtype == np.uint8:
        return cv2.LUT(plane, np.ascontiguousarray(table[::_OF_EIGHT]))
    out = np.empty(plane.shape, np.float32)
    for top in range(0, len(plane), _ROWS):  # the indices of a whole channel are as large as its light twice
        np.take(table, plane[top : top + _ROWS], out=out[top : top + _ROWS])
    return out


def _ordered(red: Array, green: Array, blue: Array) -> tuple[Array, Array, Array]:
    """The largest, the middle and the least channel (H, W)."""
    import cv2

    larger, smaller = cv2.max(red, green), cv2.min(red, green)
    return cv2.max(larger, blue), cv2.max(smaller, cv2.min(larger, blue)), cv2.min(smaller, blue)
