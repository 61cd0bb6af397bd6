"""Reading: any file of a camera as an Image; what it is, its content decides, not its name."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from twinlens.core.errors import FileError, TwinlensError
from twinlens.core.image import Image
from twinlens.files import dng, frame, layout, limits, tiff
from twinlens.files.frame import UnsupportedError

_RAW_PHOTOMETRIC = (32803, 34892)
_RAW_MARKS = (
    *(b"IIU\0", b"IIRO", b"IIRS", b"MMOR", b"FUJIFILM", b"\0MRM", b"FOVb", b"IIII", b"MMMM", b"ARRI", b"NOKIARAW"),
    *(b"DSC-Image", b"qktk", b"qktn", b"XPDS", b"PWAD"),
)
_SMALLEST_RAW = 1024  # bytes; no camera's file is smaller


def read(
    path: str | os.PathLike[str],
    *,
    raw_layout: str | layout.Layout | None = None,
    max_pixels: int = limits.MAX_PIXELS,
    reduce: int = 1,
) -> Image:
    """The picture in a file: state SENSOR for raw files, ENCODED for display-referred ones.

    `raw_layout` states what a headerless file holds (see `files.layout`); a document FILE.toml beside it does the same.
    `reduce` allows a display-referred picture to be decoded up to so many times smaller; raw files are read whole.
    Raises FileError, or ParameterError and DocumentError for a layout that is not valid.
    """
    stated = layout.parse(raw_layout) if isinstance(raw_layout, str) else raw_layout
    data = tiff.open_bytes(path)
    if stated is None and layout.beside(path).exists() and not is_known(data):
        stated = layout.load(layout.beside(path))
    if stated is not None:
        return layout.read(path, stated, max_pixels=max_pixels)
    try:
        return _by_content(path, data, max_pixels, reduce)
    except TwinlensError as error:
        if str(path) in str(error):
            raise
        raise type(error)(f"{path}: {error}") from error


def _by_content(path: str | os.PathLike[str], data: memoryview, max_pixels: int, reduce: int) -> Image:
    if tiff.is_tiff(data):
        chain = tiff.read(data)
        if dng.is_dng(chain):
            return _dng(path, data, chain, max_pixels)
        if _is_camera_raw(data, chain):
            return _libraw(path, data, max_pixels)
    if is_display(data) or tiff.is_tiff(data):
        from twinlens.files import photo

        return photo.read(path, max_pixels=max_pixels, reduce=reduce)
    return _libraw(path, data, max_pixels)


def _dng(path: str | os.PathLike[str], data: memoryview, chain: list[tiff.Directory], max_pixels: int) -> Image:
    try:
        return dng.from_bytes(data, Path(path).name, max_pixels=max_pixels, chain=chain)
    except UnsupportedError as error:
        from twinlens.files import libraw

        try:
            return libraw.read(path, max_pixels=max_pixels, stated=dng.rendering(data))
        except FileError:
            raise error from None


def _libraw(path: str | os.PathLike[str], data: memoryview, max_pixels: int) -> Image:
    if len(data) < _SMALLEST_RAW or not (tiff.is_tiff(data) or _has_raw_mark(bytes(data[:32]))):
        raise FileError(
            f"{path} is neither a raw file nor a picture of a kind known here: it begins with {bytes(data[:16])!r}; if"
            " it is a headerless raw file, state its layout (--raw-layout)"
        )
    from twinlens.files import libraw

    return libraw.read(path, max_pixels=max_pixels)


def _has_raw_mark(head: bytes) -> bool:
    """Whether the bytes begin like a camera's raw format; LibRaw alone would guess headerless files by their length."""
    return head.startswith(_RAW_MARKS) or head[4:11] == b"ftypcrx" or head[6:14] == b"HEAPCCDR"


def _is_camera_raw(data: memoryview, chain: list[tiff.Directory]) -> bool:
    """Whether a TIFF file is a camera's own raw format: it has a raw picture, or Canon's mark."""
    is_canon = bytes(data[8:10]) == b"CR"
    return is_canon or any(item.integer(262, -1) in _RAW_PHOTOMETRIC for item in tiff.walk(chain))


def is_display(data: memoryview) -> bool:
    """Whether the bytes begin like a display-referred picture (TIFF apart): JPEG, PNG, HEIC, AVIF, JPEG XL, WebP."""
    head = bytes(data[:32])
    is_iso = head[4:8] == b"ftyp" and head[8:11] != b"crx"
    is_jxl = head[:2] == b"\xff\x0a" or head[4:8] == b"JXL "
    is_webp = head[:4] == b"RIFF" and head[8:12] == b"WEBP"
    return head[:3] == b"\xff\xd8\xff" or head[:8] == b"\x89PNG\r\n\x1a\n" or is_iso or is_jxl or is_webp


def is_known(data: memoryview) -> bool:
    """Whether the bytes begin like a TIFF, DNG or display-referred file."""
    return tiff.is_tiff(data) or is_display(data)


def previews(path: str | os.PathLike[str]) -> list[tuple[tuple[int, int], Any]]:
    """The previews in a TIFF-based raw file, largest first: ((width, height), JPEG bytes or (H, W, 3) uint8).

    Raises FileError when the file cannot be read.
    """
    data = tiff.open_bytes(path)
    if not tiff.is_tiff(data):
        return []
    found = [_jpeg_of(data, item) or _plain_of(data, item) for item in tiff.walk(tiff.read(data))]
    return sorted((item for item in found if item), key=lambda item: -item[0][0] * item[0][1])


def _plain_of(data: memoryview, directory: tiff.Directory) -> tuple[tuple[int, int], Any] | None:
    """The uncompressed RGB thumbnail of a directory; None when it holds none."""
    is_rgb = directory.integer(262, -1) == 2 and directory.integer(258) == 8 and directory.integer(277) == 3
    if not is_rgb or directory.integer(259) != 1 or directory.integer(254) & 1 == 0:
        return None
    try:
        storage = frame.describe(directory, limits.MAX_PIXELS)
        return (storage.width, storage.height), np.ascontiguousarray(frame.pixels(data, storage).astype(np.uint8))
    except FileError:
        return None


def _jpeg_of(data: memoryview, directory: tiff.Directory) -> tuple[tuple[int, int], bytes] | None:
    """The JPEG stream of a directory that holds one picture in one piece; None when it does not."""
    from twinlens.files.segment import jpeg_header

    is_jpeg = directory.integer(259) in (6, 7) and directory.integer(262) in (1, 2, 6)
    offset, length = (273, 279) if is_jpeg else (513, 514)
    starts, lengths = directory.integers(offset) or (), directory.integers(length) or ()
    if len(starts) != 1 or len(lengths) != 1 or not 0 < starts[0] < starts[0] + lengths[0] <= len(data):
        return None
    stream = data[starts[0] : starts[0] + lengths[0]]
    try:
        header = jpeg_header(stream)
    except FileError:
        return None
    return (header.width, header.height), bytes(stream)
