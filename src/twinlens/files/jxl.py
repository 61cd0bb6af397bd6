"""JPEG XL: the color encoding in the header of a codestream, read and replaced; and the container with EXIF and XMP.

Sources: ISO/IEC 18181-1:2024, sections B (fields U32, Enum, U64), D (image header: SizeHeader, ImageMetadata,
ColourEncoding); ISO/IEC 18181-2:2024 (boxes).
"""

from __future__ import annotations

import numpy as np

from twinlens.core.record import record
from twinlens.files import boxes
from twinlens.numerics.color import PRIMARIES

SIGNATURE = b"\0\0\0\x0cJXL \r\n\x87\n"
_RGB, _D65, _CUSTOM = 0, 1, 2
_PRIMARIES = {"srgb": 1, "rec2020": 9, "p3": 11}  # Enum Primaries; others are given by their chromaticities
_TRANSFER = {"srgb": 13, "p3": 13, "rec2020": 1}  # Enum TransferFunction: 1 BT.709, whose curve is that of BT.2020
_ADOBE_GAMMA = round(256 / 563 * 1e7)
_RELATIVE = 1  # rendering intent


def container(codestream: bytes, *, exif: bytes, xmp: bytes, level: bytes = b"") -> bytes:
    """A file with the codestream and its metadata; `level` is the content of the level box, where one is needed."""
    parts = [SIGNATURE, boxes.box(b"ftyp", b"jxl ", bytes(4), b"jxl ")]
    if level:
        parts.append(boxes.box(b"jxll", level))
    if exif:
        parts.append(boxes.box(b"Exif", bytes(4), exif))
    if xmp:
        parts.append(boxes.box(b"xml ", xmp))
    return b"".join([*parts, boxes.box(b"jxlc", codestream)])


def codestream(data: bytes) -> bytes:
    """The codestream of a file or a bare codestream; of one in parts, the first part, which holds the header."""
    if data[:2] == b"\xff\x0a":
        return data
    whole = boxes.first(data, b"jxlc")
    return whole or boxes.first(data, b"jxlp")[4:]


@record
class Header:
    """What the header of a codestream says; `start` and `end` are the bits of bit depth, and of the color encoding."""

    is_xyb: bool
    space: str | None  # srgb, p3, adobe, rec2020; None for another one
    is_linear: bool
    has_icc: bool
    depth_bits: tuple[int, int]
    color_bits: tuple[int, int]
    end: int  # the bit after the header's last field


class _Bits:
    """Reads fields from a codestream, lowest bit first."""

    def __init__(self, data: bytes) -> None:
        self.value, self.place, self.size = int.from_bytes(data, "little"), 0, 8 * len(data)

    def take(self, count: int) -> int:
        if self.place + count > self.size:
            raise ValueError("the JPEG XL header is cut off")
        result = self.value >> self.place & (1 << count) - 1
        self.place += count
        return result

    def u32(self, *choices: tuple[int, int]) -> int:
        base, count = choices[self.take(2)]
        return base + self.take(count)

    def enum(self) -> int:
        return self.u32((0, 0), (1, 0), (2, 4), (18, 6))

    def coordinate(self) -> float:
        packed = self.u32((0, 19), (524288, 19), (1048576, 20), (2097152, 21))
        return (packed // 2 if packed % 2 == 0 else -(packed // 2) - 1) / 1e6

    def u64(self) -> None:
        choice = self.take(2)
        if choice == 1:
            self.take(4)
        elif choice == 2:
            self.take(8)
        elif choice == 3:
            self.take(12)
            for _ in range(6):
                if not self.take(1):
                    return
                self.take(8)
            if self.take(1):
                self.take(4)


def read_header(data: bytes) -> Header:
    """The header of a codestream. Raises ValueError for one that is cut off or has fields that still pictures lack."""
    bits = _Bits(data[:1024])
    if bits.take(16) != 0x0AFF:
        raise ValueError("not a JPEG XL codestream")
    _size(bits)
    if bits.take(1):  # ImageMetadata all default: 8 bits, XYB, sRGB
        return Header(True, "srgb", False, False, (0, 0), (0, 0), bits.place + 1)
    extra = bits.take(1)
    if extra:
        bits.take(3)
        if bits.take(1):
            _size(bits)
        if bits.take(1) or bits.take(1):
            raise ValueError("previews and animations are not read")
    start = bits.place
    _skip_depth(bits)
    depth = start, bits.place
    bits.take(1)
    if bits.u32((0, 0), (1, 0), (2, 4), (1, 12)):
        raise ValueError("extra channels are not read")
    is_xyb = bool(bits.take(1))
    start = bits.place
    space, is_linear, has_icc = _color(bits)
    color = start, bits.place
    if extra and not bits.take(1):
        raise ValueError("tone mapping fields are not read")
    bits.u64()
    if not bits.take(1):
        raise ValueError("custom transforms are not read")
    return Header(is_xyb, space, is_linear, has_icc, depth, color, bits.place)


def size(data: bytes) -> tuple[int, int]:
    """Width and height that a codestream states. Raises ValueError when it is cut off."""
    bits = _Bits(data[:64])
    bits.take(16)
    return _size(bits)


_RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))  # width to height, ratio 1 to 7


def _size(bits: _Bits) -> tuple[int, int]:
    small = bits.take(1)

    def side() -> int:
        return 8 * (bits.take(5) + 1) if small else bits.u32((1, 9), (1, 13), (1, 18), (1, 30))

    height, ratio = side(), bits.take(3)
    if ratio == 0:
        return side(), height
    across, down = _RATIOS[ratio - 1]
    return height * across // down, height


def _skip_depth(bits: _Bits) -> None:
    if bits.take(1):
        bits.u32((32, 0), (16, 0), (24, 0), (1, 6))
        bits.take(4)
    else:
        bits.u32((8, 0), (10, 0), (12, 0), (1, 6))


def _color(bits: _Bits) -> tuple[str | None, bool, bool]:
    """Name of the space, whether it is linear, whether an ICC profile stands in for it."""
    if bits.take(1):
        return "srgb", False, False
    has_icc = bool(bits.take(1))
    kind = bits.enum()
    if has_icc:
        return None, False, True
    white = bits.enum()
    if white == _CUSTOM:
        for _ in range(2):
            bits.coordinate()
    named = bits.enum() if kind == _RGB else 1
    corners = tuple((bits.coordinate(), bits.coordinate()) for _ in range(3)) if named == _CUSTOM else None
    gamma = bits.take(24) if bits.take(1) else None
    transfer = bits.enum() if gamma is None else 0
    bits.enum()
    if white != _D65 or kind not in (_RGB, 1):
        return None, transfer == 8, False
    if corners is not None:
        is_adobe = bool(np.allclose(corners, PRIMARIES["adobe"][:3], atol=1e-4))
        is_adobe = is_adobe and gamma is not None and abs(gamma - _ADOBE_GAMMA) < 2e4
        return ("adobe" if is_adobe else None), False, False
    space = next((name for name, code in _PRIMARIES.items() if code == named), None)
    if transfer == 8 or (space and transfer == _TRANSFER[space] and gamma is None):
        return space, transfer == 8, False
    return None, False, False


def with_color(data: bytes, space: str, bits: int) -> bytes:
    """The codestream with another color encoding and nominal bit depth (8 or 16) in its header; the picture stays."""
    header = read_header(data)
    if header.depth_bits == (0, 0):
        if space == "srgb" and bits == 8:
            return data
        raise ValueError("a header of defaults has no place for another color encoding")
    value = int.from_bytes(data[:1024], "little")

    def cut(start: int, end: int) -> tuple[int, int]:
        return value >> start & (1 << end - start) - 1, end - start

    depth = (0, 1 + 2) if bits == 8 else (0 | 3 << 1 | 15 << 3, 1 + 2 + 6)
    fields = [
        cut(0, header.depth_bits[0]),
        depth,
        cut(header.depth_bits[1], header.color_bits[0]),
        _encoded(space),
        cut(header.color_bits[1], header.end),
    ]
    new, place = 0, 0
    for field, count in fields:
        new |= field << place
        place += count
    rest = -(-header.end // 8)
    return new.to_bytes(-(-place // 8), "little") + data[rest:]


def _encoded(space: str) -> tuple[int, int]:
    """The fields of a color encoding as (value, bits)."""
    if space == "srgb":
        return 1, 1
    value, place = 0, 0

    def put(number: int, count: int) -> None:
        nonlocal value, place
        value |= number << place
        place += count

    def put_enum(number: int) -> None:
        if number < 2:
            put(number, 2)
        else:
            put(2, 2)
            put(number - 2, 4)

    put(0, 2)  # not all default, no ICC profile
    put_enum(_RGB)
    put_enum(_D65)
    put_enum(_PRIMARIES.get(space, _CUSTOM))
    if space not in _PRIMARIES:
        for number in (coordinate for corner in PRIMARIES[space][:3] for coordinate in corner):
            packed = 2 * round(number * 1e6)
            choice, base, count = (
                (0, 0, 19) if packed < 524288 else (1, 524288, 19) if packed < 1048576 else (2, 1048576, 20)
            )
            put(choice, 2)
            put(packed - base, count)
    if space in _TRANSFER:
        put(0, 1)
        put_enum(_TRANSFER[space])
    else:
        put(1, 1)
        put(_ADOBE_GAMMA, 24)
    put_enum(_RELATIVE)
    return value, place
