"""Boxes: the parts of ISO base media files (HEIF, AVIF, JPEG XL containers), made and found.

Source: ISO/IEC 14496-12:2022, section 4.2 (box, full box).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

_NESTED = {b"meta": 4, b"iprp": 0, b"ipco": 0, b"moov": 0}  # bytes before the first inner box


def box(name: bytes, *parts: bytes) -> bytes:
    """A box with this content."""
    data = b"".join(parts)
    return struct.pack(">I4s", len(data) + 8, name) + data


def full_box(name: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    """A box with version and flags."""
    return box(name, struct.pack(">I", version << 24 | flags), *parts)


def walk(data: bytes | memoryview, start: int = 0, end: int | None = None) -> Iterator[tuple[bytes, memoryview]]:
    """Every box as (name, content), inner ones after their parent; ends quietly where the bytes make no sense."""
    view = memoryview(data)
    place, end = start, len(view) if end is None else end
    while place + 8 <= end:
        size, name = struct.unpack_from(">I4s", view, place)
        head = 8
        if size == 1 and place + 16 <= end:
            size, head = struct.unpack_from(">Q", view, place + 8)[0], 16
        size = end - place if size == 0 else size
        if size < head or place + size > end:
            return
        yield name, view[place + head : place + size]
        if name in _NESTED:
            yield from walk(view, place + head + _NESTED[name], place + size)
        place += size


def first(data: bytes | memoryview, name: bytes) -> bytes:
    """The content of the first box of this name; b"" when there is none."""
    return next((bytes(content) for found, content in walk(data) if found == name), b"")
