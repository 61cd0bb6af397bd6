"""Memory: keeps what tiles free for the tiles that follow.

The C library of Linux gives large blocks back to the system when they are freed; the next tile then pays for every page
again, which can double a stage's time. Told once, it keeps up to half a gigabyte of freed memory in the process.
"""

from __future__ import annotations

import ctypes
import sys
from functools import cache

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # malloc.h of glibc
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
    return bool(mallopt(_TRIM_THRESHOLD, _KEPT)) and bool(mallopt(_MMAP_THRESHOLD, _KEPT))
