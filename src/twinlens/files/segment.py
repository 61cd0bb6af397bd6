"""Segment: one strip or tile of a raw picture, from its bytes to its samples.

What a compressed stream says of itself is compared with the tile before the decoder runs, so that no decoder is asked
for more than the file's tags allow.

Source: Digital Negative Specification 1.7.1, section Compression; TIFF 6.0 sections 14 and 18; Adobe Photoshop TIFF
Technical Note 3 (2005) for the floating-point predictor and 16- and 24-bit floats; ITU-T T.81 for JPEG markers.
"""

from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import FileError
from twinlens.core.record import record

Array = npt.NDArray[Any]

COMPRESSIONS = {1: "none", 7: "ljpeg", 8: "deflate", 32946: "deflate", 34892: "jpeg", 52546: "jpegxl"}
_HORIZONTAL = {2: 1, 34892: 2, 34893: 4}  # predictor -> distance in pixels
_FLOATING = {3: 1, 34894: 2, 34895: 4}
_LOSSLESS_SOF, _DCT_SOF = 0xC3, (0xC0, 0xC1, 0xC2)


@record
class Codec:
    """How the samples of a segment are stored."""

    compression: int
    bits: int
    is_float: bool
    samples: int
    predictor: int
    order: str
    is_lossy: bool = False
    tables: bytes = b""  # JPEGTables


def decode(data: memoryview, codec: Codec, shape: tuple[int, int], rows: int) -> Array:
    """The samples (at least `rows`, columns, samples) of a segment of nominal `shape`. Raises FileError."""
    kind = COMPRESSIONS[codec.compression]
    try:
        if kind == "none":
            return _plain(data, codec, shape, rows)
        if kind == "deflate":
            return _deflated(data, codec, shape, rows)
        values = _jpeg(data, codec, shape, rows) if kind != "jpegxl" else _jpeg_xl(data, codec, shape, rows)
    except FileError:
        raise
    except MemoryError as error:
        raise FileError(f"not enough memory for a tile of {shape[1]} x {shape[0]} pixels") from error
    except (RuntimeError, ValueError, TypeError, OverflowError, zlib.error) as error:
        raise FileError(f"a tile cannot be decoded ({kind}: {error}); the file is damaged") from error
    return values


# ---- not compressed, deflate


def _plain(data: memoryview, codec: Codec, shape: tuple[int, int], rows: int) -> Array:
    line = (shape[1] * codec.samples * codec.bits + 7) // 8
    if len(data) < line * rows:
        raise FileError(f"a strip of {rows} rows needs {line * rows} bytes, the file gives it {len(data)}")
    return _numbers(data[: line * rows], codec, (rows, shape[1]), codec.order)


def _numbers(data: Any, codec: Codec, shape: tuple[int, int], order: str) -> Array:
    """Samples (rows, columns, samples) from whole rows of packed or whole-byte numbers."""
    full = (*shape, codec.samples)
    if codec.is_float:
        if codec.bits == 24:
            parts = np.frombuffer(data, np.uint8).reshape(*full, 3).astype(np.uint32)
            return _from_float24(parts if order == ">" else parts[..., ::-1])
        return np.frombuffer(data, f"{order}f{codec.bits // 8}").reshape(full).astype(np.float32)
    if codec.bits in (8, 16, 32):
        return np.frombuffer(data, f"{order}u{codec.bits // 8}").reshape(full)
    import imagecodecs

    # Rows begin at whole bytes, so each row is one run; the highest bit comes first in either byte order.
    dtype = np.uint8 if codec.bits < 8 else np.uint16 if codec.bits < 16 else np.uint32
    values = imagecodecs.packints_decode(data, np.dtype(dtype), codec.bits, runlen=shape[1] * codec.samples)
    return values.reshape(full)


def _from_float24(parts: Array) -> Array:
    """float32 from (..., 3) bytes, most significant first: 1 sign, 7 exponent (bias 64), 16 mantissa bits."""
    bits = parts[..., 0] << 16 | parts[..., 1] << 8 | parts[..., 2]
    sign = np.where(bits >> 23, np.float32(-1), np.float32(1))
    exponent = (bits >> 16 & 0x7F).astype(np.int32)
    mantissa = (bits & 0xFFFF).astype(np.float32) / np.float32(65536)
    normal = np.ldexp(1 + mantissa, exponent - 64)
    value = np.where(exponent == 0, np.ldexp(mantissa, -63), normal)
    value = np.where(exponent == 127, np.where(mantissa == 0, np.inf, np.nan), value)
    return (sign * value).astype(np.float32)


def _deflated(data: memoryview, codec: Codec, shape: tuple[int, int], rows: int) -> Array:
    line = (shape[1] * codec.samples * codec.bits + 7) // 8
    plain = _inflated(data, line * shape[0])
    rows = (
        min(len(plain) // max(line, 1), shape[0]) if len(plain) >= line * rows else _too_short(len(plain), line * rows)
    )
    plain = plain[: line * rows]
    if codec.predictor in _FLOATING and codec.is_float:
        return _floating(plain, codec, (rows, shape[1]), _FLOATING[codec.predictor])
    values = _numbers(plain, codec, (rows, shape[1]), codec.order)
    if codec.predictor in _HORIZONTAL and not codec.is_float:
        return _summed(values.astype(values.dtype.newbyteorder("=")), _HORIZONTAL[codec.predictor])
    if codec.predictor != 1:
        raise FileError(f"predictor {codec.predictor} does not fit samples of {codec.bits} bits")
    return values


def _inflated(data: Any, most: int) -> Any:
    """The plain bytes, at most `most`; the fast decoder refuses a stream that holds more, the other one cuts it."""
    import imagecodecs

    try:
        return imagecodecs.deflate_decode(data, out=most)
    except imagecodecs.DeflateError:
        return zlib.decompressobj().decompress(data, most)


def _too_short(found: int, expected: int) -> int:
    raise FileError(f"a tile holds {found} bytes instead of {expected}; the file is damaged")


def _summed(values: Array, step: int) -> Array:
    """Undo horizontal differencing (rows, columns, samples) with a distance of `step` pixels; wraps around."""
    out = np.empty_like(values)
    for start in range(step):
        np.cumsum(values[:, start::step], axis=1, dtype=values.dtype, out=out[:, start::step])
    return out


def _floating(plain: bytes, codec: Codec, shape: tuple[int, int], step: int) -> Array:
    """Undo the floating-point predictor: differences of bytes, each row in planes, most significant byte first."""
    rows, columns = shape
    size = codec.bits // 8
    raw = np.frombuffer(plain, np.uint8).reshape(rows, -1, codec.samples)
    summed = _summed(raw, step).reshape(rows, size, columns, codec.samples)
    parts = np.ascontiguousarray(np.moveaxis(summed, 1, -1))
    if size == 3:
        return _from_float24(parts.astype(np.uint32))
    return parts.view(f">f{size}")[..., 0].astype(np.float32)


# ---- JPEG


@record
class JpegHeader:
    """What a JPEG stream says of itself; `kind` is the second byte of its start-of-frame marker."""

    kind: int
    bits: int
    height: int
    width: int
    components: int


def jpeg_header(data: memoryview | bytes) -> JpegHeader:
    """The first frame header of a JPEG stream. Raises FileError when there is none."""
    if bytes(data[:2]) != b"\xff\xd8":
        raise FileError("a tile that should hold a JPEG stream does not begin like one; the file is damaged")
    place = 2
    while place + 4 <= len(data):
        if data[place] != 0xFF:
            break
        marker = data[place + 1]
        if marker == 0xFF:  # a fill byte
            place += 1
            continue
        length = data[place + 2] << 8 | data[place + 3]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            if place + 10 > len(data):
                break
            return JpegHeader(marker, *struct.unpack_from(">BHHB", data, place + 4))
        if marker == 0xDA or length < 2:
            break
        place += 2 + length
    raise FileError("a JPEG stream in the file has no frame header; the file is damaged")


def _jpeg(data: Any, codec: Codec, shape: tuple[int, int], rows: int) -> Array:
    import imagecodecs

    header = jpeg_header(data)
    columns, samples = shape[1], codec.samples
    held, needed = header.height * header.width * header.components, rows * columns * samples
    if header.kind == _LOSSLESS_SOF and not codec.is_lossy:
        # Only the number of samples must agree: a mosaic is often coded as two interleaved components.
        if held < needed or held % (columns * samples) or held > 2 * shape[0] * columns * samples:
            raise _wrong_size(header, shape)
        values = imagecodecs.jpeg8_decode(data, colorspace=0, outcolorspace=0)
        if values.size != held:
            raise _wrong_size(header, shape)
        return values.reshape(-1, columns, samples)
    if header.kind not in _DCT_SOF or header.bits != 8:
        raise FileError(
            f"a tile holds a JPEG of kind {header.kind:#x} with {header.bits} bits, which DNG does not allow"
        )
    if (
        header.components != samples
        or header.width < columns
        or header.height < rows
        or held > 4 * shape[0] * columns * 3
    ):
        raise _wrong_size(header, shape)
    return imagecodecs.jpeg8_decode(data, tables=codec.tables or None).reshape(header.height, header.width, samples)


def _wrong_size(header: JpegHeader, shape: tuple[int, int]) -> FileError:
    return FileError(
        f"a tile of {shape[1]} x {shape[0]} pixels holds a JPEG of {header.width} x {header.height} with"
        f" {header.components} components; the file is damaged"
    )


# ---- JPEG XL


def _jpeg_xl(data: Any, codec: Codec, shape: tuple[int, int], rows: int) -> Array:
    import imagecodecs

    width, height = jpeg_xl_size(bytes(data[:4096]))
    if not (shape[1] <= width <= 2 * shape[1] + 64 and rows <= height <= 2 * shape[0] + 64):
        raise FileError(f"a tile of {shape[1]} x {shape[0]} pixels holds a JPEG XL picture of {width} x {height}")
    values = imagecodecs.jpegxl_decode(data, numthreads=1)
    values = values.reshape(*values.shape[:2], -1)
    if values.shape[2] != codec.samples or values.shape[0] < rows or values.shape[1] < shape[1]:
        raise FileError(f"a JPEG XL tile holds an array of {values.shape}, expected {(rows, shape[1], codec.samples)}")
    if values.dtype.kind == "f" and not codec.is_float:
        values = np.rint(np.clip(np.nan_to_num(values), 0, 1) * (2.0**codec.bits - 1))
    return values


def jpeg_xl_size(head: bytes) -> tuple[int, int]:
    """(width, height) in the header of a JPEG XL codestream, bare or in its container. Raises FileError.

    Source: ISO/IEC 18181-1:2022, section D.2 (SizeHeader); 18181-2 for the boxes.
    """
    if head[:12] == b"\0\0\0\x0cJXL \r\n\x87\n":
        for box, skip in ((b"jxlc", 4), (b"jxlp", 8)):
            place = head.find(box)
            if place > 0:
                head = head[place + skip :]
                break
    if head[:2] != b"\xff\x0a" or len(head) < 12:
        raise FileError("a tile that should hold a JPEG XL picture does not begin like one; the file is damaged")
    bits = int.from_bytes(head[2:14], "little")

    def take(count: int) -> int:
        nonlocal bits
        value = bits & ((1 << count) - 1)
        bits >>= count
        return value

    def side(is_small: bool) -> int:
        return (take(5) + 1) * 8 if is_small else take((9, 13, 18, 30)[take(2)]) + 1

    is_small = bool(take(1))
    height = side(is_small)
    ratio = take(3)
    if ratio == 0:
        return side(is_small), height
    across, down = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))[ratio - 1]
    return height * across // down, height
