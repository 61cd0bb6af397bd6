"""Picture EXIF: the EXIF block of a picture that is written, made from that of its source.

Source: Exif 3.0 (CIPA DC-008-2023), sections 4.6.5 and 4.6.6.
"""

from __future__ import annotations

from twinlens.core.errors import FileError
from twinlens.files import tiff_write
from twinlens.files.exif import parts
from twinlens.files.tiff import EXIF_IFD, GPS_IFD

_ASCII, _SHORT, _LONG, _RATIONAL = tiff_write.ASCII, tiff_write.SHORT, tiff_write.LONG, tiff_write.RATIONAL
_UNDEFINED, _SRATIONAL, _BYTE = tiff_write.UNDEFINED, tiff_write.SRATIONAL, tiff_write.BYTE
# Exif 3.0, tables 4 to 8 and 15: the type of each tag and how many values it holds (0: any number)
_BASE_TYPES: dict[int, tuple[int, int]] = dict.fromkeys((270, 271, 272, 306, 315, 33432), (_ASCII, 0))
_EXIF_TYPES: dict[int, tuple[int, int]] = (
    dict.fromkeys((36867, 36868, 36880, 36881, 36882, 37520, 37521, 37522), (_ASCII, 0))
    | dict.fromkeys((42016, 42032, 42033, 42035, 42036, 42037), (_ASCII, 0))
    | dict.fromkeys((33434, 33437, 37378, 37381, 37382, 37386, 41988), (_RATIONAL, 1))
    | dict.fromkeys((37377, 37379, 37380), (_SRATIONAL, 1))
    | dict.fromkeys((34850, 34864, 37383, 37384, 37385, 41495, 41985, 41986, 41987, 41989, 41990), (_SHORT, 1))
    | dict.fromkeys((41991, 41992, 41993, 41994, 41996), (_SHORT, 1))
    | dict.fromkeys((34865, 34866, 34867), (_LONG, 1))
    | {34855: (_SHORT, 0), 37396: (_SHORT, 0), 42034: (_RATIONAL, 4), 36864: (_UNDEFINED, 4), 37510: (_UNDEFINED, 0)}
    | {41728: (_UNDEFINED, 1), 41729: (_UNDEFINED, 1)}
)
_GPS_TYPES: dict[int, tuple[int, int]] = (
    dict.fromkeys((1, 3, 8, 9, 10, 12, 14, 16, 18, 19, 21, 23, 25, 29), (_ASCII, 0))
    | dict.fromkeys((2, 4, 7, 20, 22), (_RATIONAL, 3))
    | dict.fromkeys((6, 11, 13, 15, 17, 24, 26, 31), (_RATIONAL, 1))
    | {0: (_BYTE, 4), 5: (_BYTE, 1), 27: (_UNDEFINED, 0), 28: (_UNDEFINED, 0), 30: (_SHORT, 1)}
)
_EXIF_VERSION = b"0232"


def for_picture(
    source: bytes, *, width: int, height: int, space: str, software: str, strip: str = "none"
) -> tuple[tiff_write.Directory, bytes]:
    """The EXIF of a picture of this size made from `source`, an Exif block: as a directory and as a block of bytes.

    Orientation 1, dimensions, color space (1 for sRGB, 65535 for any other) and software are stated; maker note,
    thumbnail and values that are not valid are left out. `strip` is "none", "gps" (no position) or "all" (only what
    describes the picture itself, nothing of the camera).
    """
    base, exif, gps = ({}, {}, {}) if strip == "all" else _parts(source)
    base[274] = tiff_write.numbers(tiff_write.SHORT, 1)
    base[305] = tiff_write.text(software)
    base[282] = base[283] = tiff_write.numbers(tiff_write.RATIONAL, 72)  # pixels an inch: no meaning, but wanted
    base[296] = tiff_write.numbers(tiff_write.SHORT, 2)  # inch
    base[531] = tiff_write.numbers(tiff_write.SHORT, 1)  # YCbCrPositioning: centered
    exif[40960] = tiff_write.undefined(b"0100")  # FlashpixVersion
    exif.setdefault(36864, tiff_write.undefined(_EXIF_VERSION))
    exif[37121] = tiff_write.undefined(b"\1\2\3\0")  # ComponentsConfiguration: Y Cb Cr
    exif[40961] = tiff_write.numbers(tiff_write.SHORT, 1 if space == "srgb" else 65535)
    exif[40962] = tiff_write.numbers(tiff_write.LONG, width)
    exif[40963] = tiff_write.numbers(tiff_write.LONG, height)
    directory = tiff_write.Directory(base)
    directory.children[EXIF_IFD] = [tiff_write.Directory(exif)]
    if gps and strip == "none":
        gps.setdefault(0, tiff_write.Value(_BYTE, 4, b"\2\3\0\0"))  # GPSVersionID
        directory.children[GPS_IFD] = [tiff_write.Directory(gps)]
    return directory, tiff_write.encode([directory])


def _parts(source: bytes) -> list[dict[int, tiff_write.Value]]:
    """The values of IFD0, Exif and GPS of the standard's type and count; nothing of what is no Exif block."""
    try:
        found = parts(source)
    except FileError:
        return [{}, {}, {}]
    return [_typed(values, types) for values, types in zip(found, (_BASE_TYPES, _EXIF_TYPES, _GPS_TYPES), strict=True)]


def _typed(values: dict[int, tiff_write.Value], types: dict[int, tuple[int, int]]) -> dict[int, tiff_write.Value]:
    wanted = {tag: types[tag] for tag in values if tag in types}
    return {tag: values[tag] for tag, (kind, count) in wanted.items() if _fits(values[tag], kind, count)}


def _fits(value: tiff_write.Value, kind: int, count: int) -> bool:
    return value.type == kind and count in (0, value.count)
