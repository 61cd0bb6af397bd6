"""Photo write: the bytes of JPEG, TIFF, PNG, AVIF and JPEG XL files, each with its ICC profile, EXIF and XMP.

Sources: JPEG ITU-T T.81, Exif 3.0 section 4.7 (APP1), XMP Part 3 (APP1), ICC.1:2022 annex B (embedding); TIFF 6.0
and Adobe's technical notes of 2002 (deflate, predictor); PNG third edition (iCCP, eXIf, iTXt); ISO/IEC 23000-22 (AVIF);
ISO/IEC 18181-2 (JPEG XL).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import FileError
from twinlens.core.record import record
from twinlens.files import boxes, jpeg_strips, tiff_write
from twinlens.files.tiff import EXIF_IFD

Array = npt.NDArray[Any]
Piece = bytes | memoryview

_JPEG_SIDE = 65535  # ITU-T T.81, B.2.2
_SEGMENT = 65533  # bytes of one JPEG segment without marker and length
_STRIP_BYTES = 1 << 20  # of a TIFF strip before compression
_NOT_IN_TIFF = (531, 37121, 40962, 40963)  # Exif 3.0, table 4: only for compressed pictures
_TIFF_COMPRESSION = {"none": 1, "deflate": 8, "zstd": 50000}


@record
class Job:
    """What a writer needs: interleaved codes (H, W, 3), and what goes beside them."""

    pixels: Array
    space: str
    icc: bytes
    exif: bytes
    directory: tiff_write.Directory  # the same EXIF as directories
    xmp: bytes
    quality: int
    subsampling: str
    compression: str


def packed(pixels: Array) -> Array:
    """The same pixels row by row without gaps; no copy where they lie so. Encoders look at all strides."""
    strides = pixels.shape[1] * 3 * pixels.itemsize, 3 * pixels.itemsize, pixels.itemsize
    return pixels if pixels.strides == strides else pixels.copy(order="C")


def jpeg(job: Job) -> Iterator[Piece]:
    """A baseline JPEG: EXIF and XMP in APP1, the profile in APP2, as Exif wants it directly after the start marker."""
    height, width = job.pixels.shape[:2]
    if max(height, width) > _JPEG_SIDE:
        raise FileError(
            f"a JPEG side ends at {_JPEG_SIDE} pixels, the picture has {width} x {height}: write PNG or TIFF"
        )
    data = memoryview(jpeg_strips.encode(packed(job.pixels), job.quality, job.subsampling))
    yield b"\xff\xd8"
    yield _segment(0xE1, b"Exif\0\0" + job.exif)
    xmp = b"http://ns.adobe.com/xap/1.0/\0" + job.xmp
    if job.xmp and len(xmp) <= _SEGMENT:
        yield _segment(0xE1, xmp)
    parts = [job.icc[start : start + 65000] for start in range(0, len(job.icc), 65000)]
    for number, part in enumerate(parts, 1):
        yield _segment(0xE2, b"ICC_PROFILE\0" + bytes([number, len(parts)]) + part)
    yield data[_after_jfif(data) :]


def _segment(marker: int, data: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data


def _after_jfif(data: memoryview) -> int:
    """Where the first segment begins that is not APP0."""
    place = 2
    while data[place] == 0xFF and data[place + 1] == 0xE0:
        place += 2 + struct.unpack_from(">H", data, place + 2)[0]
    return place


def tiff(job: Job) -> Iterator[Piece]:
    """A TIFF of 8 or 16 bits in strips; deflate and zstd with the horizontal predictor."""
    pixels = packed(job.pixels)
    height, width = pixels.shape[:2]
    rows = max(_STRIP_BYTES // max(pixels.strides[0], 1), 1)
    short, long = tiff_write.SHORT, tiff_write.LONG
    values = job.directory.values
    for tag in _NOT_IN_TIFF:
        values.pop(tag, None)
        job.directory.children[EXIF_IFD][0].values.pop(tag, None)
    values |= {
        256: tiff_write.numbers(long, width),
        257: tiff_write.numbers(long, height),
        258: tiff_write.numbers(short, [pixels.itemsize * 8] * 3),
        259: tiff_write.numbers(short, _TIFF_COMPRESSION[job.compression]),
        262: tiff_write.numbers(short, 2),  # RGB
        277: tiff_write.numbers(short, 3),
        278: tiff_write.numbers(long, rows),
        284: tiff_write.numbers(short, 1),
        34675: tiff_write.undefined(job.icc),
    }
    if job.xmp:
        values[700] = tiff_write.Value(tiff_write.BYTE, len(job.xmp), job.xmp)
    if job.compression != "none":
        values[317] = tiff_write.numbers(short, 2)
    job.directory.segments = _strips(pixels, rows, job.compression)
    job.directory.segment_tags = (273, 279)
    for piece in tiff_write.pieces([job.directory]):
        yield memoryview(piece).cast("B")  # type: ignore[arg-type]


def _strips(pixels: Array, rows: int, compression: str) -> list[Piece | Array]:
    strips = [pixels[top : top + rows] for top in range(0, pixels.shape[0], rows)]
    if compression == "none":
        return [strip.astype(strip.dtype.newbyteorder("<"), copy=False) for strip in strips]
    from concurrent.futures import ThreadPoolExecutor

    import imagecodecs

    pack: Callable[..., Any] = imagecodecs.zlib_encode if compression == "deflate" else imagecodecs.zstd_encode

    def packed(strip: Array) -> bytes:
        difference = strip.copy()
        difference[:, 1:] -= strip[:, :-1]
        return pack(difference.astype(strip.dtype.newbyteorder("<"), copy=False).tobytes(), 3)

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(packed, strips))


def png(job: Job) -> Iterator[Piece]:
    """A PNG of 8 or 16 bits with iCCP, eXIf and an iTXt chunk of XMP."""
    import imagecodecs

    data = memoryview(imagecodecs.png_encode(packed(job.pixels), level=1, strategy=3, filter=16))
    yield data[:33]  # signature and IHDR
    yield _chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(job.icc))
    yield _chunk(b"eXIf", job.exif)
    if job.xmp:
        yield _chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + job.xmp)
    yield data[33:]


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


_AVIF_BITS = 10  # of what is written from 16 bits: the most that every decoder reads
_AVIF_SPEED = 8  # 0 slow and small to 10 fast and large
_THREADS = 2


def avif(job: Job) -> Iterator[Piece]:
    """An AVIF of 8 or 10 bits with code points and ICC profile of its space, EXIF and XMP."""
    import imagecodecs

    from twinlens.files import avif as format

    pixels, bits = packed(job.pixels), 8
    if pixels.dtype == np.uint16:
        bits, most = _AVIF_BITS, 2**_AVIF_BITS - 1
        pixels = ((pixels.astype(np.uint32) * most + 32767) // 65535).astype(np.uint16)
    primaries, transfer = format.CODE_POINTS[job.space]
    coded = imagecodecs.avif_encode(
        pixels,
        level=job.quality,
        speed=_AVIF_SPEED,
        bitspersample=bits,
        pixelformat=f"yuv{job.subsampling}",
        primaries=primaries,
        transfer=transfer,
        matrix=format.MATRIX,
        numthreads=_THREADS,
    )
    yield format.container(bytes(coded), space=job.space, icc=job.icc, exif=job.exif, xmp=job.xmp)


def jxl(job: Job) -> Iterator[Piece]:
    """A JPEG XL of 8 or 16 bits whose header names the space, with EXIF and XMP; quality 100 is lossless.

    The encoder takes 8-bit codes for sRGB and anything else for linear sRGB. So every other lossy picture is handed
    over as linear sRGB light, with values below 0 and above 1, which the format's own space XYB holds.
    """
    import imagecodecs

    from twinlens.files import jxl as format

    pixels, bits = packed(job.pixels), job.pixels.itemsize * 8
    if job.quality < 100 and (bits == 16 or job.space != "srgb"):
        pixels = _linear_srgb(pixels, job.space)
    amount: dict[str, Any] = {"lossless": True} if job.quality == 100 else {"distance": _jxl_distance(job.quality)}
    coded = imagecodecs.jpegxl_encode(pixels, **amount, effort=_JXL_EFFORT, numthreads=_THREADS, usecontainer=False)
    level = boxes.first(bytes(coded), b"jxll")  # 16 bits without loss are of level 10, which the file has to say
    codestream = format.with_color(format.codestream(bytes(coded)), job.space, bits)
    yield format.container(codestream, exif=job.exif, xmp=job.xmp, level=level)


_JXL_EFFORT = 4  # 1 fast to 9 small


def _jxl_distance(quality: int) -> float:
    """libjxl's own scale of JPEG qualities (JxlEncoderDistanceFromQuality): 90 is distance 1."""
    return 0.1 + (100 - quality) * 0.09 if quality >= 30 else 6.24 + 2.5 ** ((30 - quality) / 5) / 6.25


def _linear_srgb(codes: Array, space: str) -> Array:
    from twinlens.numerics.color import decode, rgb_from_rgb

    most = np.iinfo(codes.dtype).max
    light = decode(np.arange(most + 1) / most, space).astype(np.float32)[codes]
    return light @ rgb_from_rgb("srgb", space).T.astype(np.float32)
