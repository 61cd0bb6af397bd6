"""Memory: keeps what tiles free for the tiles that follow.

The C library of Linux gives large blocks back to the system when they are freed; the next tile then pays for every page
again, which can double a stage's time. Told once, it keeps up to half a gigabyte of freed memory in the process, in one
arena for all threads: arenas of single threads give theirs back whatever they are told.

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


@cache
def keep_freed_memory() -> bool:
    """Tell the C library to keep freed memory; whether it took it (it does not where it is not glibc)."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    told = ((_TRIM_THRESHOLD, _KEPT), (_MMAP_THRESHOLD, _KEPT), (_MOST_ARENAS, 1))
    return all([mallopt(*one) for one in told])


_PAGE = 4096  # bytes, of the smallest pages


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
