"""DNG writing: a mosaic or linear raw picture with all that its Shot says, as a file that others open.

The raw picture is in the first directory, a preview (JPEG) in a SubIFD. Lossless JPEG codes two neighbours of a row as
two components, so that the predictor sees sites of the same color.

Source: Digital Negative Specification 1.7.1, chapters 2 to 4.
"""

from __future__ import annotations

import os
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import ParameterError
from twinlens.core.shot import Shot
from twinlens.files import exif
from twinlens.files import tiff_write as tw
from twinlens.files.atomic import atomic
from twinlens.files.dng import fields, levels
from twinlens.files.tags import NUMBERS
from twinlens.files.tiff import EXIF_IFD, GPS_IFD, SUB_IFDS

Array = npt.NDArray[Any]
Compression = Literal["ljpeg", "none", "deflate", "jpegxl"]

_CODES = {"none": 1, "ljpeg": 7, "deflate": 8, "jpegxl": 52546}
_VERSIONS = {"none": (1, 4, 0, 0), "ljpeg": (1, 4, 0, 0), "deflate": (1, 4, 0, 0), "jpegxl": (1, 7, 1, 0)}
_OLDEST = {"none": (1, 1, 0, 0), "ljpeg": (1, 1, 0, 0), "deflate": (1, 4, 0, 0), "jpegxl": (1, 7, 0, 0)}
_FIRST_OF_1_6, _FIRST_OF_1_7 = NUMBERS["ProfileGainTableMap"], NUMBERS["ProfileGainTableMap2"]
_HORIZONTAL, _FLOATING = 2, 3  # Predictor
_DEFLATE_LEVEL = 6
_JXL_EFFORT = 3  # larger is slower and hardly smaller for mosaics
_PREVIEW_QUALITY = 90
_MAX_JPEG_SIDE = 65535  # ITU-T T.81: sides are 16-bit numbers
_THREADS = 2


def write(
    path: str | os.PathLike[str],
    pixels: Array,
    shot: Shot,
    *,
    compression: Compression = "ljpeg",
    tile: tuple[int, int] = (256, 256),
    preview: Array | None = None,
    linear: bool = False,
    overwrite: bool = False,
) -> None:
    """Write `pixels` as a DNG file.

    `pixels` are (H, W) of a mosaic (or, with `linear` or without `shot.cfa`, of a monochrome sensor) or (H, W, 3)
    linear: uint8 or uint16, or float32 / float16 (with "none" or "deflate"). `tile` is (rows, columns), multiples of
    16. `preview` (h, w, 3) uint8 sRGB goes into a SubIFD. The file appears whole or not at all. "deflate" and "jpegxl"
    are read by few other programs. Raises ParameterError, FileError.
    """
    pixels = _checked(pixels, shot, compression, tile, preview)
    is_mosaic = pixels.ndim == 2 and shot.cfa is not None and not linear
    with atomic(path, overwrite) as temporary, open(temporary, "wb") as file:
        for piece in tw.pieces([_directory(pixels, shot, compression, tile, preview, is_mosaic)]):
            file.write(memoryview(piece))  # type: ignore[arg-type]


def _checked(pixels: Array, shot: Shot, compression: str, tile: tuple[int, int], preview: Array | None) -> Array:
    if compression not in _CODES:
        raise ParameterError(f"compression {compression!r} is not one of {', '.join(_CODES)}")
    if pixels.ndim not in (2, 3) or (pixels.ndim == 3 and pixels.shape[2] != 3) or pixels.size == 0:
        raise ParameterError(f"a DNG picture is (height, width) or (height, width, 3), got {pixels.shape}")
    if pixels.dtype not in (np.uint8, np.uint16, np.float16, np.float32):
        raise ParameterError(f"DNG pixels are uint8, uint16, float16 or float32, got {pixels.dtype}")
    if pixels.dtype.kind == "f" and compression not in ("none", "deflate"):
        raise ParameterError(f"{compression} does not hold floating-point pixels; use deflate")
    if min(tile) < 16 or tile[0] % 16 or tile[1] % 16:
        raise ParameterError(f"a tile has rows and columns that are multiples of 16, got {tile}")
    if preview is not None and (preview.dtype != np.uint8 or preview.ndim != 3 or preview.shape[2] != 3):
        raise ParameterError(f"a preview is (height, width, 3) uint8, got {preview.shape} {preview.dtype}")
    if (shot.height, shot.width) not in ((0, 0), pixels.shape[:2]):
        raise ParameterError(
            f"the shot is {shot.width} x {shot.height}, the pixels {pixels.shape[1]} x {pixels.shape[0]}"
        )
    return pixels.astype(np.uint16) if pixels.dtype == np.uint8 else pixels


def _directory(
    pixels: Array, shot: Shot, compression: str, tile: tuple[int, int], preview: Array | None, is_mosaic: bool
) -> tw.Directory:
    base, exif_values, gps = exif.from_shot(shot)
    samples = 1 if pixels.ndim == 2 else 3
    predictor = 1 if compression != "deflate" else _FLOATING if pixels.dtype.kind == "f" else _HORIZONTAL
    values: fields.Values = {
        254: tw.numbers(tw.LONG, [0]),
        256: tw.numbers(tw.LONG, [pixels.shape[1]]),
        257: tw.numbers(tw.LONG, [pixels.shape[0]]),
        258: tw.numbers(tw.SHORT, [8 * pixels.itemsize] * samples),
        259: tw.numbers(tw.SHORT, [_CODES[compression]]),
        262: tw.numbers(tw.SHORT, [levels.COLOR_FILTER_ARRAY if is_mosaic else levels.LINEAR_RAW]),
        277: tw.numbers(tw.SHORT, [samples]),
        284: tw.numbers(tw.SHORT, [1]),
        317: tw.numbers(tw.SHORT, [predictor]),
        339: tw.numbers(tw.SHORT, [3 if pixels.dtype.kind == "f" else 1] * samples),
    }
    geometry = fields.geometry(shot if is_mosaic else _without_filters(shot))
    values |= base | geometry | fields.levels(shot) | fields.exposure(shot) | fields.color(shot.color)
    oldest = max(_OLDEST[compression], (1, 3, 0, 0) if any(shot.opcodes) else (1, 1, 0, 0))
    values |= {
        NUMBERS["DNGVersion"]: tw.numbers(tw.BYTE, max(_VERSIONS[compression], _version_of(values))),
        NUMBERS["DNGBackwardVersion"]: tw.numbers(tw.BYTE, oldest),
    }
    if shot.xmp:
        values[700] = tw.Value(tw.BYTE, len(shot.xmp), shot.xmp)
    directory = _with_pixels(values, pixels, compression, tile)
    for tag, part in ((EXIF_IFD, exif_values), (GPS_IFD, gps)):
        if part:
            directory.children[tag] = [tw.Directory(part)]
    if preview is not None:
        directory.children[SUB_IFDS] = [_preview(preview)]
    return directory


def _version_of(values: fields.Values) -> tuple[int, int, int, int]:
    """The first version of the specification that has all these tags."""
    newest = max(values)
    return (1, 7, 0, 0) if newest >= _FIRST_OF_1_7 else (1, 6, 0, 0) if newest >= _FIRST_OF_1_6 else (1, 4, 0, 0)


def _with_pixels(values: fields.Values, pixels: Array, compression: str, tile: tuple[int, int]) -> tw.Directory:
    """Tiles; without compression one strip, which a reader can map into memory as it is.

    A picture narrower than a tile becomes one strip too: LibRaw takes a tile's line for as wide as the picture at most.
    One of exactly two tiles' width gets tiles as wide as itself: LibRaw takes two components of half the width for a
    line of the whole picture.
    """
    if compression == "none":
        values[278] = tw.numbers(tw.LONG, [pixels.shape[0]])
        little = np.ascontiguousarray(pixels, pixels.dtype.newbyteorder("<"))
        return tw.Directory(values, segments=[little.view(np.uint8).ravel()], segment_tags=(273, 279))
    if pixels.shape[1] < tile[1]:
        rows = min(pixels.shape[0], _MAX_JPEG_SIDE)
        values[278] = tw.numbers(tw.LONG, [rows])
        strips = _segments(pixels, compression, (rows, pixels.shape[1]), is_tiled=False)
        return tw.Directory(values, segments=strips, segment_tags=(273, 279))
    if compression == "ljpeg" and pixels.shape[1] == 2 * tile[1]:
        tile = (tile[0], 2 * tile[1])
    values[322], values[323] = tw.numbers(tw.LONG, [tile[1]]), tw.numbers(tw.LONG, [tile[0]])
    return tw.Directory(values, segments=_segments(pixels, compression, tile))


def _without_filters(shot: Shot) -> Shot:
    from dataclasses import replace

    return replace(shot, cfa=None)


def _segments(pixels: Array, compression: str, tile: tuple[int, int], is_tiled: bool = True) -> list[tw.Piece]:
    rows, columns = tile
    places = [(top, left) for top in range(0, pixels.shape[0], rows) for left in range(0, pixels.shape[1], columns)]

    def encoded(place: tuple[int, int]) -> tw.Piece:
        part = pixels[place[0] : place[0] + rows, place[1] : place[1] + columns]
        missing = (rows - part.shape[0], columns - part.shape[1])
        pad = [(0, missing[0]), (0, missing[1]), (0, 0)][: part.ndim]
        is_short = is_tiled and any(missing)
        return _encoded(np.pad(part, pad, mode="edge") if is_short else np.ascontiguousarray(part), compression)

    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(encoded, places))


def _encoded(tile: Array, compression: str) -> tw.Piece:
    """One whole tile or strip (rows, columns) or (rows, columns, 3)."""
    import imagecodecs

    if compression == "ljpeg":
        is_paired = tile.ndim == 2 and tile.shape[1] % 2 == 0
        paired = tile.reshape(tile.shape[0], tile.shape[1] // 2, 2) if is_paired else tile
        return imagecodecs.jpeg8_encode(paired, lossless=True, predictor=1, bitspersample=16)
    if compression == "jpegxl":
        return imagecodecs.jpegxl_encode(tile, lossless=True, effort=_JXL_EFFORT, numthreads=1)
    little = tile.astype(tile.dtype.newbyteorder("<"), copy=False)
    return imagecodecs.zlib_encode(_differences(little.reshape(*tile.shape[:2], -1)), _DEFLATE_LEVEL)


def _differences(tile: Array) -> bytes:
    """Horizontal differences of integers, or of the byte planes of floating-point numbers (rows, columns, samples)."""
    if tile.dtype.kind == "f":
        rows, columns, samples = tile.shape
        parts = tile.astype(tile.dtype.newbyteorder(">")).view(np.uint8).reshape(rows, columns * samples, -1)
        tile = np.ascontiguousarray(parts.transpose(0, 2, 1)).reshape(rows, -1, samples)
    out = tile.copy()
    out[:, 1:] -= tile[:, :-1]
    return out.tobytes()


def _preview(rgb: Array) -> tw.Directory:
    import imagecodecs

    data = imagecodecs.jpeg8_encode(np.ascontiguousarray(rgb), level=_PREVIEW_QUALITY)
    values = {
        254: tw.numbers(tw.LONG, [1]),
        256: tw.numbers(tw.LONG, [rgb.shape[1]]),
        257: tw.numbers(tw.LONG, [rgb.shape[0]]),
        258: tw.numbers(tw.SHORT, [8, 8, 8]),
        259: tw.numbers(tw.SHORT, [7]),
        262: tw.numbers(tw.SHORT, [6]),
        277: tw.numbers(tw.SHORT, [3]),
        278: tw.numbers(tw.LONG, [rgb.shape[0]]),
        284: tw.numbers(tw.SHORT, [1]),
        529: tw.numbers(tw.RATIONAL, [0.299, 0.587, 0.114]),
        530: tw.numbers(tw.SHORT, [2, 2]),
        531: tw.numbers(tw.SHORT, [1]),
        532: tw.numbers(tw.RATIONAL, [0, 255, 128, 255, 128, 255]),
        NUMBERS["PreviewColorSpace"]: tw.numbers(tw.LONG, [2]),
    }
    return tw.Directory(values, segments=[data], segment_tags=(273, 279))
