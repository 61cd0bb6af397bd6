"""Frame: planes with room around them are continued as planes without it are."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from twinlens.numerics.frame import ROOM, around, empty_plane, framed

SPAN = st.tuples(st.integers(-40, 30), st.integers(1, 120))


def plane_of(height: int, width: int, seed: int = 0) -> np.ndarray:
    plane = empty_plane(height, width)
    plane[:] = np.random.default_rng(seed).random((height, width))
    return plane


@given(st.integers(2, 60), st.integers(2, 60), SPAN, SPAN)
@settings(max_examples=200, deadline=None)
def test_a_plane_with_room_is_continued_as_one_without(
    height: int, width: int, rows: tuple[int, int], columns: tuple[int, int]
) -> None:
    plane = plane_of(height, width)
    copy = plane.copy()
    corner = (min(rows[0], height - 1), min(columns[0], width - 1))
    size = (rows[1] + max(-corner[0], 0), columns[1] + max(-corner[1], 0))
    assert np.array_equal(framed(plane, corner, size), framed(copy, corner, size))
    assert np.array_equal(plane, copy), "the plane itself stays"


def test_the_reflection_is_not_copied_where_there_is_room() -> None:
    plane = plane_of(50, 70)
    assert np.shares_memory(framed(plane, (-3, -5), (56, 90)), plane)
    assert not np.shares_memory(framed(plane.copy(), (-3, -5), (56, 90)), plane)


def test_a_part_of_a_plane_is_continued_without_touching_what_lies_beside_it() -> None:
    plane = plane_of(50, 70)
    before = plane.copy()
    part = plane[10:40, 20:60]
    assert around(part, (-3, -3), (36, 46)) is None
    assert np.array_equal(framed(part, (-3, -3), (36, 46)), np.pad(part, 3, mode="reflect"))
    assert np.array_equal(plane, before)


def test_a_frame_beyond_the_room_is_copied() -> None:
    plane = plane_of(200, 300)
    far = ROOM[0] + 1
    assert around(plane, (-far, 0), (200, 300)) is None
    assert np.array_equal(framed(plane, (-far, 0), (200, 300)), np.pad(plane, ((far, 0), (0, 0)), mode="reflect")[:200])
