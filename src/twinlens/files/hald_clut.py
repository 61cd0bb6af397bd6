"""Hald CLUT: a color table as a square picture, 16-bit PNG.

Of level L it is L^3 pixels wide and high and holds L^2 nodes a side, red changing fastest, row by row. Input and output
are code values of one space, by custom sRGB. Source: E. Svalgaard-Bjarnason, "CLUT, Color Look Up Tables" (Hald).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from twinlens.core.errors import FileError, ParameterError
from twinlens.core.look import Table
from twinlens.files.atomic import atomic

LEVELS = range(2, 17)
FULL = 65535


def size_of(level: int) -> int:
    """Nodes along one side of the table of a level; ParameterError for an impossible level."""
    if level not in LEVELS:
        raise ParameterError(f"level {level}: a Hald CLUT has a level of {LEVELS.start} to {LEVELS.stop - 1}, often 8")
    return level * level


def write(table: Table, path: Path, *, comments: tuple[str, ...] = (), overwrite: bool = False) -> None:
    """Write a table whose size is a square as PNG, whole or not at all; values beyond 0 to 1 are clipped."""
    import imagecodecs

    level = round(table.size**0.5)
    if level * level != table.size or not table.is_unit:
        raise ParameterError(f"a Hald CLUT holds a square number of nodes over 0 to 1, not {table.size}")
    edge = level**3
    pixels = np.rint(np.clip(table.values, 0, 1).reshape(edge, edge, 3) * FULL).astype(np.uint16)
    data = _with_comments(bytes(imagecodecs.png_encode(pixels, level=6)), comments)
    with atomic(path, overwrite) as temporary:
        temporary.write_bytes(data)


def _with_comments(png: bytes, comments: tuple[str, ...]) -> bytes:
    """The PNG with an iTXt chunk of comments ahead of its pixels (PNG specification, 11.3.4.5)."""
    import struct
    import zlib

    if not comments:
        return png
    body = b"iTXt" + b"Comment\0\0\0\0\0" + "\n".join(comments).encode("utf-8")
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    place = 8 + 25  # signature and IHDR
    return png[:place] + chunk + png[place:]


def read(path: Path) -> Table:
    """The table in a Hald CLUT of 8 or 16 bits; FileError says why it is none."""
    import imagecodecs

    try:
        pixels = imagecodecs.png_decode(Path(path).read_bytes())
    except OSError as error:
        raise FileError(f"cannot read the table {path}: {error.strerror}") from None
    except Exception as error:  # the codec has errors of its own
        raise FileError(f"{path} is not a PNG picture: {error}") from None
    level = round(pixels.shape[0] ** (1 / 3))
    if pixels.ndim != 3 or pixels.shape != (level**3, level**3, 3) or level not in LEVELS:
        raise FileError(f"{path} is not a Hald CLUT: a square of 8, 27, 64, ... pixels is wanted, got {pixels.shape}")
    size = level * level
    return Table((pixels / np.iinfo(pixels.dtype).max).reshape(size, size, size, 3), title=Path(path).stem)
