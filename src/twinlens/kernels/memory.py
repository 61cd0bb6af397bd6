"""Memory: keeps what tiles free for the tiles that follow.

The C library of Linux gives large blocks back to the system when they are freed; the next tile then pays for every page
again, which can double a stage's time. Told once, it keeps up to half a gigabyte of freed memory in the process, in one
arena for all threads: arenas of single threads give theirs back whatever they are told. The first of it is asked for in
large pages, where the system has them to give: 2 MB are then touched at once, not 4 kB.

The first touch of a page costs as much as computing what is written to it: for a picture of 36 MB some 20 ms. A process
that still reads and measures has a processor to spare, so the memory of the result is touched then.
"""

from __future__ import annotations

import ctypes
import sys
import threading
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _MOST_ARENAS = -1, -3, -8  # malloc.h of glibc
_KEPT = 1 << 29  # bytes
_LARGE = 160 << 20  # bytes: the tiles of two threads and a result of 12 megapixels
_MADV_HUGEPAGE = 14  # madvise(2)
_PAGE = 4096  # bytes, of the smallest pages


@cache
def keep_freed_memory() -> bool:
    """Tell the C library to keep freed memory; whether it took it (it does not where it is not glibc)."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        library = ctypes.CDLL(None)
        mallopt = library.mallopt
    except (OSError, AttributeError):
        return False
    told = ((_TRIM_THRESHOLD, _KEPT), (_MMAP_THRESHOLD, _KEPT), (_MOST_ARENAS, 1))
    taken = all([mallopt(*one) for one in told])
    if taken:
        _in_large_pages(library)
    return taken


def _in_large_pages(library: ctypes.CDLL) -> None:
    """Ask for large pages under what is taken from the heap next: it is taken once as a whole, marked, and freed."""
    library.malloc.restype, library.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    library.free.argtypes = [ctypes.c_void_p]
    library.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    block = library.malloc(_LARGE)
    if block:
        start = -(-block // _PAGE) * _PAGE
        library.madvise(start, (block + _LARGE - start) // _PAGE * _PAGE, _MADV_HUGEPAGE)
        library.free(block)


class Reserved:
    """Memory of `size` bytes whose pages can be touched ahead of their use."""

    def __init__(self, size: int) -> None:
        keep_freed_memory()
        self._bytes = np.empty(size, np.uint8)
        self._lock = threading.Lock()
        self._is_used = False

    def touch(self) -> None:
        """Touch every page, in a thread that has nothing better to do; nothing once the memory is in use."""
        with self._lock:
            if not self._is_used:
                self._bytes[::_PAGE] = 0

    def array(self, shape: tuple[int, ...], dtype: npt.DTypeLike) -> Array:
        """An array without values in this memory; in new memory where this is too small or far too large."""
        with self._lock:  # touching writes
            self._is_used = True
        size = int(np.prod(shape)) * np.dtype(dtype).itemsize
        if not size <= self._bytes.size <= 2 * size:
            return np.empty(shape, dtype)
        return self._bytes[:size].view(dtype).reshape(shape)
