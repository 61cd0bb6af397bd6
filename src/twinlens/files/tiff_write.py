"""TIFF writing: tag directories with their children and pixel data, little-endian, laid out in one pass.

Source: TIFF Revision 6.0, Adobe 1992, section 2.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import FileError
from twinlens.core.record import record
from twinlens.numerics.fractions import nearest_fraction

BYTE, ASCII, SHORT, LONG, RATIONAL, UNDEFINED, SRATIONAL, FLOAT, DOUBLE = 1, 2, 3, 4, 5, 7, 10, 11, 12
_DTYPES = {BYTE: "<u1", ASCII: "<u1", SHORT: "<u2", LONG: "<u4", UNDEFINED: "<u1", FLOAT: "<f4", DOUBLE: "<f8"}
_ALIGN = 16  # bytes; pixels begin at a multiple
_TOP = {RATIONAL: 2**32 - 1, SRATIONAL: 2**31 - 1}


Piece = bytes | bytearray | memoryview | npt.NDArray[Any]


@record
class Value:
    """The values of one tag as bytes."""

    type: int
    count: int
    data: bytes


@dataclass
class Directory:
    """One directory to be written: values by tag, child directories by the tag that points to them, pixel segments."""

    values: dict[int, Value] = field(default_factory=dict)
    children: dict[int, list[Directory]] = field(default_factory=dict)
    segments: Sequence[Piece] = ()
    segment_tags: tuple[int, int] = (324, 325)  # offsets, byte counts


def text(value: str) -> Value:
    """ASCII, zero-terminated (UTF-8 where the text is not ASCII)."""
    data = value.replace("\0", "").encode("utf-8") + b"\0"
    return Value(ASCII, len(data), data)


def undefined(data: bytes) -> Value:
    """Bytes without a type."""
    return Value(UNDEFINED, len(data), bytes(data))


def numbers(kind: int, *values: Any) -> Value:
    """Numbers of a type: arrays and sequences are taken row by row."""
    flat = np.concatenate([np.ravel(np.asarray(value)) for value in values])
    if kind in _TOP:
        pairs = [part for value in flat.tolist() for part in _fraction(float(value), _TOP[kind])]
        return Value(kind, flat.size, np.array(pairs, np.int64).astype("<u4").tobytes())
    return Value(kind, flat.size, flat.astype(_DTYPES[kind]).tobytes())


def _fraction(value: float, top: int) -> tuple[int, int]:
    """The shortest fraction that gives the number back, else the nearest in 32 bits; 0/1 when not finite."""
    if not np.isfinite(value):
        return 0, 1
    value = min(max(value, -top if top < 2**31 else 0), top)
    for limit in (10_000, 1_000_000):
        numerator, denominator = nearest_fraction(value, limit)
        if numerator / denominator == value and abs(numerator) <= top:
            return numerator, denominator
    return nearest_fraction(value, max(int(top / max(abs(value), 1.0)) - 1, 1))


def pieces(chain: Sequence[Directory]) -> Iterator[Piece]:
    """The file, piece by piece: header, the directories with their values, then all pixels."""
    every = list(_walk(chain))
    place, places, segments = 8, {}, []
    for directory in every:
        places[id(directory)] = place
        place += _length(directory)
    for directory in every:
        offsets = []
        for segment in directory.segments:
            place += -place % _ALIGN
            offsets.append(place)
            segments.append((place, segment))
            place += _nbytes(segment)
        if offsets:
            sizes = [_nbytes(segment) for segment in directory.segments]
            directory.values[directory.segment_tags[0]] = numbers(LONG, offsets)
            directory.values[directory.segment_tags[1]] = numbers(LONG, sizes)
    if place >= 2**32:
        raise FileError(f"the file would have {place} bytes; a TIFF or DNG file ends at 4 GB; write a smaller picture")
    yield struct.pack("<2sHI", b"II", 42, 8)
    followers = {id(a): places[id(b)] for a, b in itertools.pairwise(chain)}
    for directory in every:
        yield _encoded(directory, places, followers.get(id(directory), 0))
    position = sum(_length(directory) for directory in every) + 8
    for start, segment in segments:
        yield bytes(start - position)
        yield segment
        position = start + _nbytes(segment)


def encode(chain: Sequence[Directory]) -> bytes:
    """The whole file as bytes."""
    return b"".join(bytes(piece) for piece in pieces(chain))


def _nbytes(segment: Any) -> int:
    return memoryview(segment).nbytes


def _walk(directories: Sequence[Directory]) -> Iterator[Directory]:
    for directory in directories:
        yield directory
        for children in directory.children.values():
            yield from _walk(children)


def _counts(directory: Directory) -> dict[int, int]:
    """Bytes of values by tag; the tags that are filled in last count with their final length."""
    counts = {tag: len(value.data) for tag, value in directory.values.items()}
    counts |= {tag: 4 * len(children) for tag, children in directory.children.items()}
    if directory.segments:
        counts |= dict.fromkeys(directory.segment_tags, 4 * len(directory.segments))
    return counts


def _length(directory: Directory) -> int:
    counts = _counts(directory)
    return 2 + 12 * len(counts) + 4 + sum(size + size % 2 for size in counts.values() if size > 4)


def _encoded(directory: Directory, places: dict[int, int], follower: int) -> bytes:
    values = dict(directory.values)
    for tag, children in directory.children.items():
        values[tag] = numbers(LONG, [places[id(child)] for child in children])
    place = places[id(directory)] + 2 + 12 * len(values) + 4
    head, tail = [struct.pack("<H", len(values))], []
    for tag, value in sorted(values.items()):
        head.append(struct.pack("<HHI", tag, value.type, value.count))
        if len(value.data) <= 4:
            head.append(value.data.ljust(4, b"\0"))
            continue
        head.append(struct.pack("<I", place))
        tail.append(value.data + bytes(len(value.data) % 2))
        place += len(tail[-1])
    head.append(struct.pack("<I", follower))
    return b"".join(head + tail)
