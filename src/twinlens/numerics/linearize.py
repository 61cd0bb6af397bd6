"""Linearize: counts of a sensor to linear values, black 0 and white 1, and the levels that this needs.

Source: Digital Negative Specification 1.7.1, chapter 5 (Mapping Raw Values to Linear Reference Values): linearization
table, black level (repeat pattern + DeltaH + DeltaV), rescaling by white - largest black.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

LEAST_SHARE = 0.0005  # of the sites of a color that a pile-up at the clipping point holds at least
LEAST_SITES = 32  # fewer sites at one count say nothing
PILE_OVER_TAIL = 4.0  # a pile-up in two colors holds this many times the sites of any of the counts just below it
PILE_ALONE = 12.0  # the same for a pile-up in one color only
TAIL_COUNTS = 16
LEAST_TAIL = 4  # sites just below the pile-up; a drawn step has none, a photograph's edge of clipping has
MOST_SITES = 2_000_000  # are looked at for a pile-up: of larger pictures every so many rows
LEAST_BELOW = 0.05  # of the sites lie clearly below; else the picture is one flat tone
ROWS_AT_ONCE = 128  # are searched for the tagged white level; where a picture holds it, the search ends
LEAST_REACH = 0.02  # of the tagged range that the pile-up lies above black


def linearize(raw: Array, black: Array, black_rows: Array, scale: float, clip_at: float) -> tuple[Array, Array]:
    """Linear values (H, W) float32 and the mask of clipped sites (H, W) uint8, from counts `raw` (H, W).

    `black` (R, W) DN repeats every R rows, `black_rows` (H,) DN comes on top, `scale` is 1 / (white - largest black).
    Values below 0 and above 1 are kept; `clip_at` is the value from which a site counts as clipped.
    """
    repeat = black[np.arange(raw.shape[0]) % black.shape[0]]
    values = (raw.astype(np.float32) - (repeat + black_rows[:, None])) * np.float32(scale)
    return values, (values >= np.float32(clip_at)).astype(np.uint8)


def apply_table(raw: Array, table: Array) -> Array:
    """Counts looked up in a linearization table; counts past its end get its last entry. The result is uint16."""
    index = raw if raw.dtype == np.uint16 else np.clip(np.rint(raw), 0, 65535).astype(np.uint16)
    return np.take(np.asarray(table, np.uint16), index, mode="clip")


def black_lines(pattern: Array, delta_h: Array | None, top: int, columns: Array) -> Array:
    """Black (R, W) float32 for columns and rows from `top` on of the active area; `pattern` (R, C) is its corner's."""
    lines = np.roll(pattern, -top, 0)[:, columns % pattern.shape[1]]
    if delta_h is not None and len(delta_h):
        lines = lines + delta_h[np.clip(columns, 0, len(delta_h) - 1)]
    return np.ascontiguousarray(lines, np.float32)


def black_rows(delta_v: Array | None, rows: Array) -> Array:
    """What a row's black has more than its lines (H,) float32, for rows of the active area."""
    if delta_v is None or not len(delta_v):
        return np.zeros(len(rows), np.float32)
    return delta_v[np.clip(rows, 0, len(delta_v) - 1)].astype(np.float32)


def largest_black(pattern: Array, delta_h: Array | None, delta_v: Array | None) -> float:
    """The largest black level of a sample, which chapter 5 of the specification rescales with."""
    return float(pattern.max() + sum(0.0 if d is None or not len(d) else d.max() for d in (delta_h, delta_v)))


def black_from_masked(
    raw: Array, areas: Sequence[tuple[int, int, int, int]], tile: Array, origin: tuple[int, int]
) -> Array:
    """Black (R, C) per site of the color filter `tile` (R, C): the median of the masked pixels of that site's color.

    `areas` are (top, left, bottom, right) in `raw` (H, W); `tile` holds numbers of colors and begins at row and
    column 0 of `raw`; the result begins at `origin` (top, left), the corner of the active area. A 2x2 tile keeps its
    two greens apart. A color without a masked pixel gets the median of all.
    """
    rows, columns = tile.shape
    kinds = np.arange(4).reshape(2, 2) if tile.shape == (2, 2) else tile
    values, found = [], []
    for top, left, bottom, right in areas:
        part = raw[top:bottom, left:right]
        y, x = np.mgrid[top : top + part.shape[0], left : left + part.shape[1]]
        values.append(part.ravel())
        found.append(kinds[y % rows, x % columns].ravel())
    counts, kind = np.concatenate(values), np.concatenate(found)
    median = {k: np.median(counts[kind == k]) if (kind == k).any() else np.median(counts) for k in np.unique(kinds)}
    black = np.vectorize(lambda k: median[k], otypes=[np.float32])(kinds)
    return np.roll(black, (-origin[0], -origin[1]), (0, 1))


def find_white_level(raw: Array, tagged: float, black: float, colors: Array | None = None) -> tuple[float, str]:
    """The count at which the sensor really clips, and why: the tag's, or a pile-up that lies clearly below it.

    `raw` (H, W) uint16 counts, `colors` (2, 2) numbers of the color filter (None: one color). A pile-up is believed
    only where the largest count of the picture holds many sites, many more than the counts just below it (in one color
    alone even more), so that a dark picture and a flat tone keep the tag. The reason is "" where the tag is kept.
    """
    highest = 0
    for top in range(0, raw.shape[0], ROWS_AT_ONCE):
        highest = max(highest, int(raw[top : top + ROWS_AT_ONCE].max(initial=0)))
        if highest >= tagged:
            return float(tagged), ""
    if highest - black < LEAST_REACH * (tagged - black):
        return float(tagged), ""
    if np.count_nonzero(raw == highest) < LEAST_SHARE * raw.size / 8:
        return float(tagged), ""
    rows = raw[:: 2 * max(raw.size // MOST_SITES, 1)], raw[1 :: 2 * max(raw.size // MOST_SITES, 1)]
    planes = [raw] if colors is None else _color_planes(rows, colors)
    piles = sorted((_pile(plane, highest, black) for plane in planes), reverse=True)
    if piles[0] < PILE_ALONE and (len(piles) < 2 or piles[1] < PILE_OVER_TAIL):
        return float(tagged), ""
    share = float(np.mean(raw == highest))
    reason = (
        f"{share:.2%} of the sites hold exactly {highest} DN and none more, but the file says white = {tagged:g} DN"
    )
    return float(highest), reason


def _color_planes(rows: tuple[Array, Array], colors: Array) -> list[Array]:
    """The sites of each color, from even and odd rows of a mosaic."""
    planes: dict[int, list[Array]] = {}
    for y in range(2):
        for x in range(2):
            planes.setdefault(int(colors[y, x]), []).append(rows[y][:, x::2])
    return [np.concatenate([part.ravel() for part in parts]) for parts in planes.values()]


def _pile(counts: Array, highest: int, black: float) -> float:
    """How many times more sites are at `highest` than at any count just below it; 0 where that says nothing."""
    flat = counts.ravel()
    top = flat[flat >= max(highest - TAIL_COUNTS, 0)]
    sites = np.bincount(highest - top.astype(np.int64), minlength=TAIL_COUNTS + 1)
    enough = sites[0] >= max(LEAST_SHARE * flat.size, LEAST_SITES)
    if not flat.size:
        return False
    below = np.mean(flat < black + 0.9 * (highest - black)) > LEAST_BELOW
    if not enough or not below or sites[1:].sum() < LEAST_TAIL:
        return 0.0
    return float(sites[0] / sites[1:].max())


def bin_mosaic(
    raw: Array, phase: tuple[int, int], black: Array, scale: Array, factor: int, clip_level: Array
) -> tuple[Array, Array]:
    """A reduced picture (H // factor, W // factor, 3) of a Bayer mosaic, and its mask of clipped cells (bits 0, 1, 2).

    `phase` is the (row, column) of red in the 2x2 tile; `black`, `scale`, `clip_level` are (2, 2) by site in DN,
    1 / DN, DN.
    Each 2x2 cell gives one pixel: its green sites' mean; 9/16 of its own red (blue) site with 3/16, 3/16, 1/16 of those
    of the neighbours towards the far side, which puts the center of all three colors on the center of the cell. Then
    factor/2 x factor/2 such pixels are averaged. A cell is clipped in a color where one of its own sites is.
    """
    height, width = raw.shape[0] // 2, raw.shape[1] // 2
    cells = raw[: height * 2, : width * 2].astype(np.float32)
    full = lambda tile: np.tile(np.asarray(tile, np.float32), (height, width))  # noqa: E731
    values = (cells - full(black)) * full(scale)
    over = cells >= full(clip_level)
    y, x = phase
    site = lambda array, v, h: array[v::2, h::2]  # noqa: E731
    red, blue = _centered(site(values, y, x), y, x), _centered(site(values, 1 - y, 1 - x), 1 - y, 1 - x)
    green = (site(values, y, 1 - x) + site(values, 1 - y, x)) * np.float32(0.5)
    rgb = np.stack([red, green, blue])
    bits = site(over, y, x) * 1 + (site(over, y, 1 - x) | site(over, 1 - y, x)) * 2 + site(over, 1 - y, 1 - x) * 4
    n = factor // 2
    rows, columns = height // n, width // n
    blocks = rgb[:, : rows * n, : columns * n].reshape(3, rows, n, columns, n).mean((2, 4), dtype=np.float32)
    bits = bits[: rows * n, : columns * n].reshape(rows, n, columns, n)
    return blocks.transpose(1, 2, 0), np.bitwise_or.reduce(np.bitwise_or.reduce(bits, 3), 1).astype(np.uint8)


def _centered(plane: Array, v: int, h: int) -> Array:
    """Sites of one color at (v, h) of their cells, moved to the centers of the cells by weights 3/4 and 1/4."""
    for axis, parity in ((0, v), (1, h)):
        neighbour = np.arange(plane.shape[axis]) + (1 if parity == 0 else -1)
        moved = np.take(plane, np.clip(neighbour, 0, plane.shape[axis] - 1), axis)
        plane = np.float32(0.75) * plane + np.float32(0.25) * moved
    return plane
