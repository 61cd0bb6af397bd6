"""Frame: a part of a picture with what a method sees around it; outside of the picture lies its reflection.

A plane made by `empty_plane` has spare memory around it, where its reflection is written, so that it is not copied.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

ROOM = (32, 96)  # spare rows and columns at each edge: what denoising and demosaicking look at, in whole blocks


class _Spacious(np.ndarray):
    """A plane whose base is the same plane with the spare memory around it."""


def empty_plane(height: int, width: int) -> Array:
    """A plane (H, W) float32 without values, with memory around it that `framed` may write."""
    whole = _Spacious((height + 2 * ROOM[0], width + 2 * ROOM[1]), np.float32)
    return np.asarray(whole[ROOM[0] : ROOM[0] + height, ROOM[1] : ROOM[1] + width])


def around(plane: Array, corner: tuple[int, int], size: tuple[int, int]) -> Array | None:
    """The memory `size` (h, w) that begins at `corner` (y, x) of the plane; None where that is not its own to write:
    the plane is not one of `empty_plane`, is not all of it at an edge that is passed, or the room does not reach.
    """
    inner: Any = plane
    while type(inner) is np.ndarray:
        inner = inner.base
    if not isinstance(inner, _Spacious) or plane.strides != inner.strides:
        return None
    place = divmod(plane.__array_interface__["data"][0] - inner.__array_interface__["data"][0], inner.strides[0])
    first = [start // item for start, item in zip(place, (1, inner.itemsize), strict=True)]
    for axis in (0, 1):
        before, behind = -corner[axis], corner[axis] + size[axis] - plane.shape[axis]
        left_over = inner.shape[axis] - first[axis] - plane.shape[axis]
        if max(before, behind) > ROOM[axis] or (before > 0 and first[axis]) or (behind > 0 and left_over):
            return None
    top, left = (ROOM[axis] + first[axis] + corner[axis] for axis in (0, 1))
    whole: Any = inner.base
    return np.asarray(whole[top : top + size[0], left : left + size[1]])


def framed(plane: Array, corner: tuple[int, int], size: tuple[int, int]) -> Array:
    """The part of `plane` (H, W) that begins at `corner` (y, x; may be negative), `size` (h, w), as float32.

    The edge is not repeated, so the phase of a mosaic goes on. A view where the part lies inside, or in the plane's own
    room.
    """
    (top, left), (height, width) = corner, size
    above, before = max(-top, 0), max(-left, 0)
    below, behind = max(top + height - plane.shape[0], 0), max(left + width - plane.shape[1], 0)
    outside = (above, below), (before, behind)
    if any(map(any, outside)) and all(sum(one) + max(one) < n for one, n in zip(outside, size, strict=True)):
        room = around(plane, corner, size)
        if room is not None:
            _reflect(room[above : height - below].T, before, behind)
            _reflect(room, above, below)
            return room
    inner = plane[max(top, 0) : top + height - below, max(left, 0) : left + width - behind]
    if inner.dtype != np.float32 or inner.strides[1] != inner.itemsize:
        inner = np.ascontiguousarray(inner, np.float32)
    if not any(map(any, outside)):
        return inner
    return np.pad(inner, outside, mode="reflect")


def _reflect(rows: Array, before: int, behind: int) -> None:
    """Write the first and last rows of an array as the reflection of those beside them."""
    count = len(rows)
    rows[:before] = rows[before + 1 : 2 * before + 1][::-1]
    rows[count - behind :] = rows[count - 2 * behind - 1 : count - behind - 1][::-1]
