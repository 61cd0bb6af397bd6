"""TIFF: reading the tag directories of a classic or big TIFF file, in either byte order.

Everything is checked against the size of the file before it is used, and nothing is read before it is asked for: a tag
that points outside the file, or a directory that points back to itself, is left out and named in `faults`.

Source: TIFF Revision 6.0, Adobe 1992, section 2; BigTIFF as described in the libtiff documentation.
"""

from __future__ import annotations

import mmap
import os
import struct
from collections.abc import Iterator
from dataclasses import field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import FileError
from twinlens.core.record import record
from twinlens.files import tags
from twinlens.files.atomic import reason

Array = npt.NDArray[Any]

_DTYPES = {1: "u1", 2: "u1", 3: "u2", 4: "u4", 5: "u4", 6: "i1", 7: "u1", 8: "i2", 9: "i4", 10: "i4", 11: "f4"}
_DTYPES |= {12: "f8", 13: "u4", 16: "u8", 17: "i8", 18: "u8"}
RATIONALS = (5, 10)
_MAX_ENTRIES = 4096  # of one directory; real files have fewer than 200
_MAX_DIRECTORIES = 128  # of one file
_MAX_DEPTH = 4
_MAX_INTEGERS = 1_000_000  # values of one tag that are taken as Python integers
SUB_IFDS, EXIF_IFD, GPS_IFD = 330, 34665, 34853


def open_bytes(path: str | os.PathLike[str]) -> memoryview:
    """The bytes of a file, mapped into memory, read-only. Raises FileError when there are none."""
    try:
        with Path(path).open("rb") as file:
            if os.fstat(file.fileno()).st_size == 0:
                raise FileError(f"{path} is empty (0 bytes); copy the file again")
            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except OSError as error:
        raise FileError(f"cannot read {path}: {reason(error)}") from error
    except ValueError as error:  # a pipe or device cannot be mapped
        raise FileError(f"cannot read {path}: it is not a plain file") from error


@record
class Entry:
    """Where the values of one tag lie."""

    type: int
    count: int
    offset: int


@record(eq=False)
class Directory:
    """One image file directory: tags by number, read when asked for."""

    data: memoryview
    order: str  # "<" little-endian, ">" big-endian
    entries: dict[int, Entry]
    faults: list[str] = field(default_factory=list)
    children: tuple[Directory, ...] = ()

    def __contains__(self, tag: int) -> bool:
        return tag in self.entries

    def bytes(self, tag: int) -> bytes:
        """The values of a tag as they lie in the file; b"" when it is absent."""
        entry = self.entries.get(tag)
        if entry is None:
            return b""
        return bytes(self.data[entry.offset : entry.offset + entry.count * _size(entry.type)])

    def array(self, tag: int) -> Array | None:
        """The values of a tag (n,) in a native type; rationals as float64, NaN where the denominator is zero."""
        entry = self.entries.get(tag)
        if entry is None:
            return None
        dtype = np.dtype(self.order + _DTYPES[entry.type])
        pairs = 2 if entry.type in RATIONALS else 1
        values = np.frombuffer(self.data, dtype, entry.count * pairs, entry.offset)
        values = values.astype(dtype.newbyteorder("="))
        if pairs == 2:
            numerator, denominator = values[0::2].astype(np.float64), values[1::2].astype(np.float64)
            values = np.full(entry.count, np.nan)
            np.divide(numerator, denominator, out=values, where=denominator != 0)
        return values

    def numbers(self, tag: int, *counts: int) -> Array | None:
        """The values as float64 when all are finite and (where given) as many as one of `counts`; else None."""
        values = self.array(tag)
        if values is None:
            return None
        with np.errstate(over="ignore", invalid="ignore"):
            values = values.astype(np.float64)
        if not np.isfinite(values).all():
            return self._refuse(tag, "holds a number that is not finite (a zero denominator)")
        if counts and values.size not in counts:
            expected = " or ".join(str(count) for count in counts)
            return self._refuse(tag, f"holds {values.size} values instead of {expected}")
        return values

    def integers(self, tag: int, *counts: int) -> tuple[int, ...] | None:
        """The values as Python integers, under the rule of `numbers`."""
        if tag in self.entries and self.entries[tag].count > _MAX_INTEGERS:
            return self._refuse(tag, f"holds {self.entries[tag].count} values")
        values = self.numbers(tag, *counts)
        return None if values is None else tuple(int(value) for value in values)

    def integer(self, tag: int, default: int = 0) -> int:
        """The first value as an integer; `default` when the tag is absent or empty."""
        entry = self.entries.get(tag)
        if entry is None or entry.count == 0:
            return default
        first = Directory(self.data, self.order, {tag: Entry(entry.type, 1, entry.offset)}).numbers(tag)
        return default if first is None else int(first[0])

    def number(self, tag: int) -> float | None:
        """The first value as a number; None when absent or not finite."""
        values = self.array(tag)
        return float(values[0]) if values is not None and values.size and np.isfinite(values[0]) else None

    def text(self, tag: int) -> str:
        """The value as text up to its first zero byte, stripped; "" when absent."""
        return self.bytes(tag).split(b"\0", 1)[0].decode("utf-8", "replace").strip()

    def _refuse(self, tag: int, why: str) -> None:
        self.faults.append(f"{tags.name(tag)} {why}; it was ignored")


def _size(kind: int) -> int:
    return np.dtype(_DTYPES[kind]).itemsize * (2 if kind in RATIONALS else 1)


def is_tiff(data: memoryview) -> bool:
    """Whether the bytes begin like a TIFF or BigTIFF file."""
    return bytes(data[:4]) in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def read(data: memoryview) -> list[Directory]:
    """The chain of directories of a file, each with its SubIFDs as `children`. Raises FileError when there is none."""
    if not is_tiff(data) or len(data) < 16:
        raise FileError(f"the file of {len(data)} bytes is not a TIFF file, or is cut off in its header")
    order = "<" if data[0] == 0x49 else ">"
    reader = _Reader(data, order, is_big(data))
    chain = list(reader.chain(reader.first()))
    if not chain:
        raise FileError(
            "the file begins like a TIFF or DNG file, but its first tag directory lies outside it (cut off?)"
        )
    return chain


def is_big(data: memoryview) -> bool:
    """Whether a TIFF file is a BigTIFF file."""
    return 43 in (data[2], data[3])


def block(data: memoryview, order: str, offset: int, big: bool = False) -> Directory | None:
    """The directory at `offset` of a TIFF file or block, without its chain; None when there is none."""
    found = _Reader(data, order, big).directory(offset)
    return found[0] if found else None


def walk(directories: list[Directory] | tuple[Directory, ...]) -> Iterator[Directory]:
    """All directories, children after their parent."""
    for directory in directories:
        yield directory
        yield from walk(directory.children)


class _Reader:
    def __init__(self, data: memoryview, order: str, big: bool) -> None:
        self.data, self.order, self.big = data, order, big
        self.seen: set[int] = set()

    def first(self) -> int:
        return self._unpack("Q", 8) if self.big else self._unpack("I", 4)

    def _unpack(self, code: str, offset: int) -> int:
        size = struct.calcsize(code)
        if offset < 0 or offset + size > len(self.data):
            return 0
        return struct.unpack_from(self.order + code, self.data, offset)[0]

    def chain(self, offset: int, depth: int = 0) -> Iterator[Directory]:
        while offset:
            found = self.directory(offset, depth)
            if found is None:
                return
            yield found[0]
            offset = found[1]

    def directory(self, offset: int, depth: int = 0) -> tuple[Directory, int] | None:
        """The directory at `offset` and where the next one is; None when it is not one."""
        if offset in self.seen or len(self.seen) >= _MAX_DIRECTORIES or offset + 2 > len(self.data):
            return None
        self.seen.add(offset)
        head, step, word = (8, 20, "Q") if self.big else (2, 12, "I")
        count = self._unpack("Q" if self.big else "H", offset)
        end = offset + head + count * step
        if not 0 < count <= _MAX_ENTRIES or end > len(self.data):
            return None
        faults: list[str] = []
        entries: dict[int, Entry] = {}
        for place in range(offset + head, end, step):
            tag = self._unpack("H", place)
            entry = self._entry(place, word)
            if entry is None:
                faults.append(f"{tags.name(tag)} points outside the file or has an unknown type; it was ignored")
            else:
                entries.setdefault(tag, entry)
        directory = Directory(self.data, self.order, entries, faults)
        return Directory(self.data, self.order, entries, faults, self._children(directory, depth)), self._unpack(
            word, end
        )

    def _entry(self, place: int, word: str) -> Entry | None:
        kind = self._unpack("H", place + 2)
        if kind not in _DTYPES:
            return None
        count, inline = self._unpack(word, place + 4), struct.calcsize(word)
        where = place + 4 + inline
        length = count * _size(kind)
        if length > inline:
            where = self._unpack(word, where)
            if where + length > len(self.data):
                return None
        return Entry(kind, count, where)

    def _children(self, directory: Directory, depth: int) -> tuple[Directory, ...]:
        entry = directory.entries.get(SUB_IFDS)
        if entry is None or depth >= _MAX_DEPTH or entry.count > _MAX_DIRECTORIES:
            return ()
        offsets = directory.integers(SUB_IFDS) or ()
        found = [self.directory(offset, depth + 1) for offset in offsets]
        return tuple(item[0] for item in found if item)
