"""Photo: finished pictures as files. Reads JPEG, HEIC, TIFF, PNG, AVIF and JPEG XL; writes all of them but HEIC.

What a format carries, and how, is in `photo_read.py` and `photo_write.py`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import FileError, ParameterError
from twinlens.core.image import DISPLAY, ENCODED, OUTPUT, SCENE, SENSOR, Image, planar, upright
from twinlens.core.record import record
from twinlens.core.shot import Shot
from twinlens.files import icc, photo_write, picture_exif, tiff
from twinlens.files import xmp as xmp_packet
from twinlens.files.atomic import atomic
from twinlens.files.limits import MAX_PIXELS

Array = npt.NDArray[Any]
Strip = Literal["none", "gps", "all"]

_WRITERS: dict[str, tuple[Callable[[photo_write.Job], Iterator[photo_write.Piece]], tuple[int, ...]]] = {
    ".jpg": (photo_write.jpeg, (8,)),
    ".jpeg": (photo_write.jpeg, (8,)),
    ".tif": (photo_write.tiff, (8, 16)),
    ".tiff": (photo_write.tiff, (8, 16)),
    ".png": (photo_write.png, (8, 16)),
    ".avif": (photo_write.avif, (8, 16)),
    ".jxl": (photo_write.jxl, (8, 16)),
}
SUFFIXES = tuple(_WRITERS)
FULL_COLOR_QUALITY = 95  # JPEG and AVIF of this quality and more keep color at full size


def write(
    picture: Image | Array,
    path: str | os.PathLike[str],
    *,
    space: str = "srgb",
    bits: int | None = None,
    quality: int = 92,
    subsampling: Literal["420", "422", "444"] | None = None,
    compression: Literal["none", "deflate", "zstd"] = "none",
    exif: bytes | None = None,
    xmp: bytes | None = None,
    strip: Strip = "none",
    software: str = "twinlens",
    overwrite: bool = False,
) -> None:
    """Write a picture; the suffix of `path` names the format. The file appears whole or not at all.

    `picture` is an array of codes (H, W, 3), uint8 or uint16, upright, in `space`; or an Image in state DISPLAY, OUTPUT
    or ENCODED, which is turned upright, brought to `space` where it is DISPLAY, and rounded to `bits` (else 8).
    `exif` and `xmp` are what the source says (an Image brings its own); they are written with the new dimensions,
    orientation 1, and without what `strip` names: "gps", or "all". `quality` (1 to 100) and `subsampling` (by
    default 4:4:4 from quality 95 on, else 4:2:0) are for the lossy formats, `compression` is for TIFF. `software` is
    what is said to have made the picture.
    Raises FileError, ParameterError.
    """
    final = Path(path)
    writer, depths = _writer(final)
    if not 1 <= quality <= 100:
        raise ParameterError(f"quality = {quality} is outside 1 to 100")
    if strip not in ("none", "gps", "all"):
        raise ParameterError(f"strip = {strip!r}: expected none, gps or all")
    if isinstance(picture, Image):
        shot = picture.shot
        exif, xmp = shot.exif if exif is None else exif, shot.xmp if xmp is None else xmp
        space = picture.primaries if picture.state in (OUTPUT, ENCODED) else space
        picture = codes(picture, space, bits or 8)
    _check(picture, bits, depths, final)
    height, width = picture.shape[:2]
    directory, block = picture_exif.for_picture(
        exif or b"", width=width, height=height, space=space, software=software, strip=strip
    )
    job = photo_write.Job(
        pixels=picture,
        space=space,
        icc=icc.profile(space),
        exif=block,
        directory=directory,
        xmp=xmp_packet.for_picture(xmp or b"", strip=strip),
        quality=quality,
        subsampling=subsampling or ("444" if quality >= FULL_COLOR_QUALITY else "420"),
        compression=compression,
    )
    with atomic(final, overwrite) as temporary, temporary.open("wb") as file:
        for piece in writer(job):
            file.write(piece)


def _writer(path: Path) -> tuple[Callable[[photo_write.Job], Iterator[photo_write.Piece]], tuple[int, ...]]:
    found = _WRITERS.get(path.suffix.lower())
    if found is None:
        raise FileError(f"{path}: no picture format has the suffix {path.suffix!r}; known are {', '.join(SUFFIXES)}")
    return found


def depths(path: str | os.PathLike[str]) -> tuple[int, ...]:
    """How many bits a channel the format of this suffix can hold. Raises FileError for an unknown suffix."""
    return _writer(Path(path))[1]


def _check(pixels: Array, bits: int | None, depths: tuple[int, ...], path: Path) -> None:
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype not in (np.uint8, np.uint16) or 0 in pixels.shape:
        raise ParameterError(f"a picture is (height, width, 3) uint8 or uint16, got {pixels.shape} {pixels.dtype}")
    found = pixels.itemsize * 8
    if bits not in (None, found):
        raise ParameterError(f"bits = {bits}, but the pixels are {pixels.dtype}")
    if found not in depths:
        raise ParameterError(
            f"{path.suffix} holds {depths[0]} bits a channel, not {found}: choose .tif or .png, or 8 bits"
        )


def codes(image: Image, space: str, bits: int) -> Array:
    """Upright codes (H, W, 3), uint8 or uint16, of an image in state DISPLAY, OUTPUT or ENCODED."""
    from twinlens.kernels.encode import quantize
    from twinlens.kernels.output_color import finish

    out = np.empty((image.height, image.width, 3), np.uint8 if bits == 8 else np.uint16)
    if image.pixels.ndim != 3 or image.state not in (DISPLAY, OUTPUT, ENCODED):
        raise ParameterError(f"an image in state {image.state} is not a picture yet: develop it first")
    if image.state == DISPLAY:
        finish(planar(image.pixels), space, bits, out)
    elif image.state == OUTPUT:
        quantize(planar(image.pixels), space, bits, out)
    else:
        out[...] = np.clip(image.pixels, 0, 1) * (2**bits - 1) + 0.5
    return upright(out, image.shot.orientation)


def read(path: str | os.PathLike[str], *, max_pixels: int = MAX_PIXELS, reduce: int = 1) -> Image:
    """The picture in a JPEG, HEIC, TIFF, PNG, AVIF, JPEG XL or WebP file, in state ENCODED.

    The codes stay as they are where the profile describes sRGB, Display P3, Adobe RGB, Rec. 2020 or ProPhoto RGB; a
    picture with another profile is brought to Rec. 2020 by it, in floating point. Without a profile sRGB is taken. How
    the picture is to be turned stays in `shot.orientation`. `reduce` allows it to be decoded that many times smaller.
    Raises FileError.
    """
    return from_bytes(tiff.open_bytes(path), path, max_pixels=max_pixels, reduce=reduce)


def from_bytes(
    data: memoryview, path: str | os.PathLike[str], *, max_pixels: int = MAX_PIXELS, reduce: int = 1
) -> Image:
    """The picture in the bytes of a file, as `read` gives it; `path` names it in errors. Raises FileError."""
    from twinlens.files import photo_color

    pixels, space, shot = _decoded(data, path, photo_color.colored, max_pixels, reduce)
    return Image(pixels=pixels, state=ENCODED, shot=shot, primaries=space, scale=max(shot.width / pixels.shape[1], 1.0))


@record(kw_only=True, eq=False)
class Codes:
    """A picture as codes: `pixels` (H, W, 3) uint8 or uint16, upright, the largest value being 1, in `space`."""

    pixels: Array
    space: str
    shot: Shot


def codes_of(data: memoryview, path: str | os.PathLike[str], *, max_pixels: int = MAX_PIXELS, reduce: int = 1) -> Codes:
    """What `from_bytes` reads, in a quarter of the memory or a half: codes of 8 bits stay so. Raises FileError."""
    from twinlens.files import photo_color

    pixels, space, shot = _decoded(data, path, photo_color.codes, max_pixels, reduce)
    return Codes(pixels=upright(pixels, shot.orientation), space=space, shot=shot)


def _decoded(
    data: memoryview,
    path: str | os.PathLike[str],
    made: Callable[[Any], tuple[Array, str]],
    max_pixels: int,
    reduce: int,
) -> tuple[Array, str, Shot]:
    """Pixels as `made` gives them of what was decoded, their space, and what the file says."""
    from twinlens.files import photo_read

    try:
        with photo_read.quiet():
            found = photo_read.decoder(data)(data, max_pixels, reduce)
            pixels, space = made(found)
    except FileError as error:
        raise FileError(f"{path}: {error}") from error
    except (MemoryError, KeyboardInterrupt):
        raise
    except Exception as error:  # decoders raise whatever they like on damaged files
        why = _first_line(error)
        raise FileError(f"{path} cannot be decoded; it is damaged or of a kind not known here ({why})") from error
    return pixels, space, photo_read.shot(found, Path(path).name)


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__


_NOTEBOOK_SIDE = 1024  # pixels
_NOTEBOOK_WHITE = 99.5  # percentile that is shown as white where a state has no white of its own


def notebook_png(image: Image) -> bytes:
    """A PNG of at most 1024 pixels a side, upright, for a notebook; an image that is no picture yet is made visible."""
    import imagecodecs

    from twinlens.numerics.quantize import quantize

    step = -(-max(image.height, image.width) // _NOTEBOOK_SIDE)
    if image.is_mosaic:
        step = -(-step // 2) * 2 if step > 1 else 1
    pixels = np.nan_to_num(image.pixels[::step, ::step].astype(np.float32))
    small = image.with_pixels(
        pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, 2), window=None, clipped=None
    )
    if image.state in (DISPLAY, OUTPUT, ENCODED):
        shown = codes(small, "srgb", 8)
    elif image.state == SCENE:
        shown = codes(small.with_pixels(small.pixels, state=DISPLAY), "srgb", 8)
    else:
        low, high = np.percentile(pixels, (0.1, _NOTEBOOK_WHITE)) if image.state == SENSOR else (0.0, 1.0)
        stretched = (small.pixels - np.float32(low)) / np.float32(max(high - low, 1e-6))
        shown = upright(quantize(stretched, "srgb", 8), image.shot.orientation)
    return bytes(imagecodecs.png_encode(photo_write.packed(shown), level=3))
