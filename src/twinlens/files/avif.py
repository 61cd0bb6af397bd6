"""AVIF: the container around a coded picture, with profile, EXIF and XMP as items of their own.

The encoder's file gives the coded picture and its configuration; the container is made anew.
Sources: ISO/IEC 23008-12:2022 (HEIF: item properties, Exif and XMP items), AV1 Image File Format 1.1 (AOM, 2022),
ISO/IEC 23091-2:2021 (code points of color).
"""

from __future__ import annotations

import struct

from twinlens.files import boxes
from twinlens.files.boxes import box, full_box

# color primaries, transfer characteristics; 2 is "see the ICC profile"
CODE_POINTS = {"srgb": (1, 13), "p3": (12, 13), "adobe": (2, 2), "rec2020": (9, 14)}
MATRIX = 6  # BT.601, what decoders expect of full-range pictures
_ESSENTIAL = 0x80
_PICTURE, _EXIF, _XMP = 1, 2, 3


def container(coded: bytes, *, space: str, icc: bytes, exif: bytes, xmp: bytes) -> bytes:
    """An AVIF file from the one that an encoder made (one picture, no grid) and what belongs beside it."""
    picture = _payload(coded)
    properties = [box(name, boxes.first(coded, name)) for name in (b"ispe", b"pixi", b"av1C")]
    properties.append(box(b"colr", b"nclx", struct.pack(">3HB", *CODE_POINTS[space], MATRIX, 0x80)))
    properties.append(box(b"colr", b"prof", icc))
    items = [(_PICTURE, b"av01", b"", picture)]
    if exif:
        items.append((_EXIF, b"Exif", b"", bytes(4) + exif))  # 4 bytes: where the TIFF header begins
    if xmp:
        items.append((_XMP, b"mime", b"application/rdf+xml\0", xmp))
    links = [number | (_ESSENTIAL if number == 3 else 0) for number in range(1, len(properties) + 1)]
    iprp = box(
        b"iprp",
        box(b"ipco", *properties),
        full_box(b"ipma", 0, 0, struct.pack(">IHB", 1, _PICTURE, len(links)), bytes(links)),
    )
    entries = [
        full_box(b"infe", 2, 0, struct.pack(">HH4s", number, 0, kind), b"\0", more) for number, kind, more, _ in items
    ]
    fixed = [
        full_box(b"hdlr", 0, 0, bytes(4), b"pict", bytes(13)),
        full_box(b"pitm", 0, 0, struct.pack(">H", _PICTURE)),
        full_box(b"iinf", 0, 0, struct.pack(">H", len(items)), *entries),
        iprp,
    ]
    if len(items) > 1:
        links_to = [box(b"cdsc", struct.pack(">HHH", number, 1, _PICTURE)) for number, *_ in items[1:]]
        fixed.append(full_box(b"iref", 0, 0, *links_to))
    brands = b"avif" + bytes(4) + b"avifmif1miaf"
    head = box(b"ftyp", brands)
    size = len(head) + len(full_box(b"meta", 0, 0, *fixed, _locations(items, 0))) + 8
    meta = full_box(b"meta", 0, 0, *fixed, _locations(items, size))
    return head + meta + box(b"mdat", *(data for *_, data in items))


def _locations(items: list[tuple[int, bytes, bytes, bytes]], start: int) -> bytes:
    """The iloc box: where the data of each item lies when the first begins at `start`."""
    rows = []
    for number, _, _, data in items:
        rows.append(struct.pack(">HHHII", number, 0, 1, start, len(data)))
        start += len(data)
    return full_box(b"iloc", 0, 0, struct.pack(">BBH", 0x44, 0, len(items)), *rows)


def _payload(coded: bytes) -> bytes:
    """The data of the first item of a file, by its iloc box (version 0, sizes of 4 bytes, as libavif writes it)."""
    place = boxes.first(coded, b"iloc")
    version, sizes = place[0], place[4]
    if version != 0 or sizes != 0x44 or place[5] != 0:
        raise ValueError(f"iloc version {version} with sizes {sizes:#x} is not what the AVIF encoder is known to write")
    _, _, _, offset, length = struct.unpack_from(">HHHII", place, 8)
    return coded[offset : offset + length]
