"""Quad Bayer: a mosaic whose 2 x 2 sites share a color becomes a Bayer mosaic of the same size, in plain NumPy.

Six of the sixteen sites of a tile have the color already that a Bayer array wants there; the others are estimated, on
the square root of balanced light, as in `numerics/demosaic.py`: the difference of green and the other color along the
rows and along the columns, each direction weighted by the other's error; then the differences of red and of blue to
green, carried from the sites around, the less the more green changes on the way. Source of the estimator: Zhang & Wu,
"Color demosaicking via directional linear minimum mean square-error estimation", IEEE Trans. Image Processing 14(12),
2005, with interpolation and smoothing made for pairs of sites.

A *tiled mosaic* here has a red block's first site at (0, 0), sides that are multiples of 4, and `MARGIN` more sites on
every side than the result.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.numerics.demosaic import VARIANCE_FLOOR, from_root, to_root

Array = npt.NDArray[Any]
Triple = tuple[float, float, float]
Pair = tuple[int, int]

MARGIN = 24  # sites that the method looks at, in whole tiles
OWN_NOISE = 0.3  # how much of a site's noise the estimate of green there shall avoid
TILE = np.array([[0, 0, 1, 1], [0, 0, 1, 1], [1, 1, 2, 2], [1, 1, 2, 2]], np.uint8)  # 0 red, 1 green, 2 blue
BAYER = np.tile(np.array([[0, 1], [1, 2]], np.uint8), (2, 2))

# The other color less the own at the first site of a pair, from the sites -5 to 6 along a line (the second site of a
# pair is its mirror image): SHARP halfway from linear to cubic interpolation, SMOOTH the least-squares estimate on
# photographs (`benchmarks/quad_bayer.py --taps`), both exact for grey.
SHARP = (0, 0, 0, -0.15, 5 / 6, -1, 0, 5 / 12, -0.1, 0, 0, 0)
SMOOTH = (0.159, -0.145, -0.162, 0.123, 0.249, -0.244, -0.166, 0.201, 0.120, -0.146, -0.137, 0.148)
BEFORE = 5  # sites of a line in front of the pair's first
WINDOW = 21  # sites over which the mean and the variance of a smoothed difference are taken
REMOVED_WINDOW = 3  # sites over which the variance of what the smoothing removed is taken
ERROR_WINDOW = 5  # rows and columns over which both directions' error variances are averaged
REACH, SIGMA = 4, 1.5  # sites: how far differences are carried, and how their weight falls
CHANGE_FLOOR = 0.01  # root units: changes of green below it do not count as an edge


def remosaic(sites: Array, balance: Triple, noise: Triple = (0.0, 0.0, 0.0)) -> Array:
    """The Bayer mosaic (H - 48, W - 48) float32, red at (0, 0), of a tiled mosaic (H, W).

    `balance` are white balance gains that guide the method (the result is not balanced), `noise` the variances of the
    root of balanced light (`numerics.demosaic.noise_variances`).
    """
    color, wanted = _by_site(TILE, sites.shape), _by_site(BAYER, sites.shape)
    gains = np.array(balance, np.float32)
    root = to_root(sites * gains[color])
    green = _green(root, color == 1, np.array(noise, np.float32)[color])
    made = np.where(wanted == 1, green, root)
    for y, x in np.argwhere((BAYER != TILE) & (BAYER != 1)):
        carried = _carried(root - green, green, int(BAYER[y, x]), int(y), int(x))
        made[y::4, x::4] = green[y::4, x::4] + carried
    light = np.where(color == wanted, sites, from_root(made) / gains[wanted])
    return light[MARGIN:-MARGIN, MARGIN:-MARGIN].astype(np.float32)


def bin_blocks(sites: Array) -> Array:
    """The means (H / 2, W / 2) float32 of the 2 x 2 blocks of (H, W): a Bayer mosaic of half the size."""
    pairs = sites[0::2] + sites[1::2]
    return ((pairs[:, 0::2] + pairs[:, 1::2]) * np.float32(0.25)).astype(np.float32)


def clipped_sites(clipped: Array) -> Array:
    """Which sites (H - 48, W - 48) uint8 of the Bayer mosaic are clipped, of a tiled mosaic's (H, W): those that are
    themselves, and estimated ones with a clipped site of their color among the 5 x 5 nearest."""
    color, wanted = _by_site(TILE, clipped.shape), _by_site(BAYER, clipped.shape)
    made = np.where(color == wanted, clipped, 0).astype(np.uint8)
    for channel in range(3):
        near = np.where(color == channel, clipped, 0).astype(np.uint8)
        for axis in (0, 1):
            near = np.bitwise_or.reduce([np.roll(near, step, axis) for step in range(-2, 3)])
        made |= np.where((wanted == channel) & (color != wanted), near, 0).astype(np.uint8)
    return made[MARGIN:-MARGIN, MARGIN:-MARGIN]


def mirrored(first: int, count: int, length: int, is_second: bool) -> Array:
    """Which of the `length` sites of a line stands for each of the `count` ones from `first` on, outside too.

    The line is continued by reflection about the middle of its outermost pairs, which keeps the colors; `is_second`
    says that it begins with the second site of a pair. `length` is 4 or more.
    """
    low = -1 if is_second else 1
    high = 2 * length - 3 + (length - 1 + is_second + 1) % 2 * 2
    places = np.arange(first, first + count)
    while (outside := (places < 0) | (places >= length)).any():
        places = np.where(outside, np.where(places < 0, low, high) - places, places)
    return places


def framed(plane: Array, starts: Pair, counts: Pair, seconds: tuple[bool, bool]) -> Array:
    """The `counts` (rows, columns) sites of a mosaic (H, W) from `starts` on, outside too, where it is `mirrored`; no
    copy where they all lie inside."""
    inner = [(min(max(-start, 0), count), min(max(size - start, 0), count))
             for start, count, size in zip(starts, counts, plane.shape, strict=True)]  # fmt: skip
    rows_inside, columns_inside = (slice(*one) for one in inner)
    there = tuple(slice(start + one, start + end) for start, (one, end) in zip(starts, inner, strict=True))
    if all(one == (0, count) for one, count in zip(inner, counts, strict=True)):
        return plane[there]
    rows, columns = map(mirrored, starts, counts, plane.shape, seconds)
    made = np.empty(counts, plane.dtype)
    made[rows_inside, columns_inside] = plane[there]
    for beside in (slice(0, inner[1][0]), slice(inner[1][1], None)):
        made[rows_inside, beside] = plane[there[0], columns[beside]]
    for beyond in (slice(0, inner[0][0]), slice(inner[0][1], None)):
        made[beyond] = plane[np.ix_(rows[beyond], columns)]
    return made


def _by_site(tile: Array, shape: tuple[int, ...]) -> Array:
    return np.tile(tile, (shape[0] // 4, shape[1] // 4))


def _green(root: Array, own: Array, noise: Array) -> Array:
    """Green everywhere, in root units: measured where `own`, else from both directions."""
    across, across_error = _directional(root, own, noise, 1)
    down, down_error = _directional(root, own, noise, 0)
    weight_across, weight_down = _box(down_error) ** 2, _box(across_error) ** 2
    mixed = (weight_across * across + weight_down * down) / (weight_across + weight_down)
    return np.where(own, root, root + mixed)


def _directional(root: Array, green: Array, noise: Array, axis: int) -> tuple[Array, Array]:
    """Green minus the other color along one axis, at every site, and the variance of its error.

    As in `numerics.demosaic`: p is the variance of the smooth estimate around its mean, r that of what it left out.
    """
    line, sign = np.moveaxis(root, axis, 1), np.where(np.moveaxis(green, axis, 1), np.float32(-1), np.float32(1))
    raw, smooth = sign * _paired(line, SHARP), sign * _paired(line, SMOOTH)
    mean = _running(smooth, WINDOW)
    p = np.maximum(_running(smooth * smooth, WINDOW) - mean * mean, 0) + np.float32(VARIANCE_FLOOR)
    r = _running((raw - smooth) ** 2, REMOVED_WINDOW) + np.float32(VARIANCE_FLOOR)
    n = np.float32(OWN_NOISE) * np.moveaxis(noise, axis, 1)
    share = np.minimum((p + n) / (p + r), 1)
    error = np.maximum(((p + 2 * n) * r - n * n) / (p + r), np.float32(VARIANCE_FLOOR))
    return np.moveaxis(mean + share * (raw - mean), 1, axis), np.moveaxis(error, 1, axis)


def _paired(line: Array, taps: tuple[float, ...]) -> Array:
    """Correlation along rows (H, W), mirrored at the second site of each pair."""
    width = line.shape[1]
    wide = np.pad(line, ((0, 0), (len(taps), len(taps))), mode="wrap")  # around the ends: inside the margin
    made = np.zeros_like(line)
    for index, weight in enumerate(taps):
        if weight:
            offset = index - BEFORE
            for phase, place in ((0, offset), (1, 1 - offset)):
                start = len(taps) + place
                made[:, phase::2] += np.float32(weight) * wide[:, start : start + width : 2]
    return made


def _running(lines: Array, count: int) -> Array:
    """Means along rows over `count` sites (odd)."""
    half = count // 2
    wide = np.pad(lines, ((0, 0), (half + 1, half)), mode="wrap").astype(np.float64)
    sums = np.cumsum(wide, 1)
    return ((sums[:, count:] - sums[:, :-count]) / count).astype(np.float32)


def _box(plane: Array) -> Array:
    rows = _running(plane, ERROR_WINDOW)
    return np.moveaxis(_running(np.moveaxis(rows, 0, 1), ERROR_WINDOW), 0, 1)


def _carried(difference: Array, green: Array, color: int, y: int, x: int) -> Array:
    """The difference of a color to green at the sites (y, x) of all tiles, from the sites of that color around them."""
    here = green[y::4, x::4]
    total, weights = np.zeros_like(here), np.zeros_like(here)
    for down in range(-REACH, REACH + 1):
        for right in range(-REACH, REACH + 1):
            place = (y + down, x + right)
            if TILE[place[0] % 4, place[1] % 4] != color:
                continue
            shift = (-(place[0] // 4), -(place[1] // 4))
            there = (slice(place[0] % 4, None, 4), slice(place[1] % 4, None, 4))
            distance = np.float32(np.exp(-(down * down + right * right) / (2 * SIGMA**2)))
            near = np.roll(green[there], shift, (0, 1))
            weight = distance / (np.abs(near - here) + np.float32(CHANGE_FLOOR))
            total += weight * np.roll(difference[there], shift, (0, 1))
            weights += weight
    return total / weights
