"""JPEG strips: one baseline JPEG encoded in strips at once, joined by restart markers.

After a restart marker an entropy-coded segment begins as a scan does (ITU-T T.81, F.1.1.5.1 and B.2.4.4), so the scans
of strips that were encoded alone follow each other in one file, as long as each strip is a whole number of MCU rows and
all have the same number of MCUs. The split depends on the picture alone, so the bytes do not depend on the number of
threads.
"""

from __future__ import annotations

import struct
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy.typing as npt

Array = npt.NDArray[Any]

STRIPS = 4
LEAST_PIXELS = 1 << 20  # of a picture that is worth splitting
_MCU = {"444": (8, 8), "422": (8, 16), "420": (16, 16)}  # rows, columns
_LONGEST_INTERVAL = 65535  # MCUs
_START_OF_FRAME, _START_OF_SCAN = 0xC0, 0xDA


def encode(pixels: Array, quality: int, subsampling: str) -> bytes:
    """Baseline JPEG of (H, W, 3) uint8 with the standard Huffman tables."""
    height, width = pixels.shape[:2]
    rows, interval = _split(height, width, subsampling)
    if rows >= height or height * width < LEAST_PIXELS:
        return _encoded(pixels, quality, subsampling)
    parts = [pixels[top : top + rows] for top in range(0, height, rows)]
    with ThreadPoolExecutor(2) as pool:
        coded = list(pool.map(lambda part: _encoded(part, quality, subsampling), parts))
    return _joined(coded, height, interval)


def _encoded(pixels: Array, quality: int, subsampling: str) -> bytes:
    import imagecodecs

    return bytes(imagecodecs.jpeg8_encode(pixels, level=quality, subsampling=subsampling, optimize=False))


def _split(height: int, width: int, subsampling: str) -> tuple[int, int]:
    """Pixel rows of a strip and how many MCUs that are."""
    down, across = _MCU[subsampling]
    per_row = -(-width // across)
    mcu_rows = -(-height // down)
    strip = min(-(-mcu_rows // STRIPS), max(_LONGEST_INTERVAL // per_row, 1))
    return strip * down, strip * per_row


def _joined(coded: list[bytes], height: int, interval: int) -> bytes:
    header, scan_header, _ = _parts(coded[0])
    place = _segment(header, _START_OF_FRAME)
    header[place + 5 : place + 7] = struct.pack(">H", height)
    pieces: list[Any] = [header, struct.pack(">HHH", 0xFFDD, 4, interval), scan_header]
    for number, one in enumerate(coded):
        if number:
            pieces.append(bytes((0xFF, 0xD0 + (number - 1) % 8)))
        pieces.append(_parts(one)[2])
    return b"".join([*pieces, b"\xff\xd9"])


def _parts(data: bytes) -> tuple[bytearray, bytes, memoryview]:
    """What comes before the scan, the scan's header, and its entropy-coded data."""
    start = _segment(data, _START_OF_SCAN)
    size = struct.unpack_from(">H", data, start + 2)[0]
    return bytearray(data[:start]), data[start : start + 2 + size], memoryview(data)[start + 2 + size : -2]


def _segment(data: bytes | bytearray, marker: int) -> int:
    """Where the segment with this marker begins."""
    place = 2
    while data[place + 1] != marker:
        place += 2 + struct.unpack_from(">H", data, place + 2)[0]
    return place
