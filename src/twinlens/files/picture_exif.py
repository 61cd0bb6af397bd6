"""Picture EXIF: the EXIF block of a picture that is written, made from that of its source.

Source: Exif 3.0 (CIPA DC-008-2023), sections 4.6.5 and 4.6.6.
"""

from __future__ import annotations

from twinlens.files import tiff_write
from twinlens.files.exif import parts
from twinlens.files.tiff import EXIF_IFD, GPS_IFD

_STATED_ANEW = (274, 305)  # orientation and software
_EXIF_VERSION = b"0232"


def for_picture(
    source: bytes, *, width: int, height: int, space: str, software: str, strip: str = "none"
) -> tuple[tiff_write.Directory, bytes]:
    """The EXIF of a picture of this size made from `source`, an Exif block: as a directory and as a block of bytes.

    Orientation 1, dimensions, color space (1 for sRGB, 65535 for any other) and software are stated; maker note,
    thumbnail and values that are not valid are left out. `strip` is "none", "gps" (no position) or "all" (only what
    describes the picture itself, nothing of the camera).
    """
    base, exif, gps = ({}, {}, {}) if strip == "all" else parts(source)
    base = {tag: value for tag, value in base.items() if tag not in _STATED_ANEW}
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
        directory.children[GPS_IFD] = [tiff_write.Directory(gps)]
    return directory, tiff_write.encode([directory])
