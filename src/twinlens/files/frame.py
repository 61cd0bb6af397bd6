"""Frame: how the pixels of a TIFF directory are stored, checked; and the whole picture made of its strips or tiles."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import FileError
from twinlens.core.image import empty_rgb
from twinlens.core.record import record
from twinlens.files import limits
from twinlens.files.segment import COMPRESSIONS, Codec, decode
from twinlens.files.tiff import Directory

Array = npt.NDArray[Any]

_THREADS = 2
_UNSIGNED, _FLOAT = 1, 3  # SampleFormat


class UnsupportedError(FileError):
    """The pixels are stored in a way that this reader does not know; another reader may."""


@record
class Frame:
    """The storage of one picture. `tile` is (rows, columns) of one segment; strips are tiles as wide as the picture."""

    height: int
    width: int
    codec: Codec
    tile: tuple[int, int]
    offsets: tuple[int, ...]
    lengths: tuple[int, ...]
    planes: int = 1  # 3 when each sample has its own segments (PlanarConfiguration 2)
    interleave: tuple[int, int] = (1, 1)  # fields of rows and of columns that are stored one after the other

    @property
    def samples(self) -> int:
        """Samples of one pixel."""
        return self.codec.samples * self.planes

    def places(self) -> Iterator[tuple[int, int, int, int]]:
        """For each segment: index, plane, top, left."""
        rows, columns = self.tile
        index = 0
        for plane in range(self.planes):
            for top in range(0, self.height, rows):
                for left in range(0, self.width, columns):
                    yield index, plane, top, left
                    index += 1


def describe(directory: Directory, max_pixels: int) -> Frame:
    """The checked storage of a directory's picture. Raises FileError, UnsupportedError when another may know it."""
    width, height = directory.integer(256), directory.integer(257)
    limits.check_size(width, height, max_pixels)
    samples = directory.integer(277, 1)
    if samples not in (1, 3):
        raise UnsupportedError(f"a raw picture has 1 or 3 samples a pixel, this file says {samples}")
    bits, sample_format = directory.integer(258, 1), directory.integer(339, 1)
    if len(set(directory.integers(258) or (1,))) != 1 or len(set(directory.integers(339) or (1,))) != 1:
        raise UnsupportedError("all samples of a pixel must be stored in the same way (BitsPerSample, SampleFormat)")
    compression = directory.integer(259, 1)
    if compression not in COMPRESSIONS:
        raise UnsupportedError(
            f"compression {compression} is not one of DNG ({', '.join(map(str, sorted(COMPRESSIONS)))})"
        )
    planes = samples if directory.integer(284, 1) == 2 else 1
    codec = Codec(
        compression=compression,
        bits=_bits(bits, sample_format),
        is_float=sample_format == _FLOAT,
        samples=samples // planes,
        predictor=directory.integer(317, 1),
        order=directory.order,
        is_lossy=compression == 34892,
        tables=directory.bytes(347),
    )
    if directory.integer(266, 1) != 1:
        raise UnsupportedError("the bits of a byte are stored in reverse (FillOrder 2), which DNG does not allow")
    if tuple(directory.integers(50974) or (1, 1)) != (1, 1):
        raise UnsupportedError("the tiles are stored in sub-tile blocks (SubTileBlockSize)")
    return _with_segments(directory, height, width, codec, planes)


def _bits(bits: int, sample_format: int) -> int:
    allowed = {_UNSIGNED: range(1, 33), _FLOAT: (16, 24, 32)}.get(sample_format)
    if allowed is None or bits not in allowed:
        raise UnsupportedError(f"samples of {bits} bits in format {sample_format} are not pixels of a raw file")
    return bits


def _with_segments(directory: Directory, height: int, width: int, codec: Codec, planes: int) -> Frame:
    tiled = 324 in directory
    if tiled:
        tile = directory.integer(323), directory.integer(322)
    else:
        tile = min(directory.integer(278, height) or height, height), width
    rows, columns = tile
    if rows < 1 or columns < 1 or rows * columns > 4 * max(width * height, 1 << 20):
        raise FileError(
            f"the file says that its tiles are {columns} x {rows} pixels for a picture of {width} x {height}"
        )
    count = -(-height // rows) * -(-width // columns) * planes
    offsets, lengths = (directory.integers(tag) or () for tag in ((324, 325) if tiled else (273, 279)))
    if count > limits.MAX_SEGMENTS or len(offsets) < count or len(lengths) < count:
        raise FileError(
            f"{count} tiles or strips are needed, the file lists {len(offsets)} offsets, {len(lengths)} lengths"
        )
    total = len(directory.data)
    for offset, length in zip(offsets[:count], lengths[:count], strict=True):
        if offset < 8 or length < 1 or offset + length > total:
            raise FileError(
                f"the pixels at bytes {offset} to {offset + length} lie outside the file of {total} bytes; it is cut"
                " off or damaged, copy it again"
            )
    interleave = directory.integer(50975, 1), directory.integer(52547, 1)
    if not (1 <= interleave[0] <= height and 1 <= interleave[1] <= width):
        raise FileError(
            f"the file says that {interleave} fields of rows and columns are interleaved in {width} x {height}"
        )
    return Frame(height, width, codec, tile, offsets[:count], lengths[:count], planes, interleave)


def pixels(data: memoryview, frame: Frame) -> Array:
    """The picture: uint16 or float32, (H, W) or (H, W, 3) planar. A view of the file where it is stored so."""
    view = _as_stored(data, frame)
    if view is not None:
        return view
    dtype = np.float32 if frame.codec.is_float or frame.codec.bits > 16 else np.uint16
    out = (
        np.empty((frame.height, frame.width), dtype)
        if frame.samples == 1
        else empty_rgb(frame.height, frame.width, dtype)
    )

    def fill(place: tuple[int, int, int, int]) -> None:
        index, plane, top, left = place
        rows, columns = min(frame.tile[0], frame.height - top), min(frame.tile[1], frame.width - left)
        start = frame.offsets[index]
        piece = data[start : start + frame.lengths[index]]
        values = decode(piece, frame.codec, (frame.tile[0], frame.tile[1]), rows)
        target = out if out.ndim == 3 else out[..., None]
        samples = slice(plane, plane + frame.codec.samples)
        target[top : top + rows, left : left + columns, samples] = values[:rows, :columns]

    _each(fill, list(frame.places()))
    return _fields_in_place(out, frame.interleave)


def _as_stored(data: memoryview, frame: Frame) -> Array | None:
    """A read-only view of the file when the whole picture lies in it as the program wants it; else None."""
    codec = frame.codec
    plain = codec.compression == 1 and codec.bits == 16 and not codec.is_float and codec.order == "<"
    if not plain or frame.samples != 1 or frame.tile[1] != frame.width or frame.interleave != (1, 1):
        return None
    row = 2 * frame.width
    for index, (_, _, top, _) in enumerate(frame.places()):
        size = min(frame.tile[0], frame.height - top) * row
        if frame.lengths[index] < size or frame.offsets[index] != frame.offsets[0] + top * row:
            return None
    if frame.offsets[0] % 2:
        return None
    return np.frombuffer(data, "<u2", frame.height * frame.width, frame.offsets[0]).reshape(frame.height, frame.width)


def _each(task: Any, items: list[Any]) -> None:
    if len(items) == 1:
        task(items[0])
        return
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(_THREADS) as pool:
        for _ in pool.map(task, items):
            pass


def _fields_in_place(out: Array, interleave: tuple[int, int]) -> Array:
    """Undo RowInterleaveFactor and ColumnInterleaveFactor: field k of n holds the rows k, k + n, k + 2n, ..."""
    for axis, factor in enumerate(interleave):
        if factor > 1:
            order = np.concatenate([np.arange(k, out.shape[axis], factor) for k in range(factor)])
            place = np.empty_like(order)
            place[order] = np.arange(order.size)
            out = np.take(out, place, axis)
    return out
