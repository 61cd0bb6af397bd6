"""Lens: the geometry of a lens as one kind of numbers, and the reference of its resampling.

A warp says for every pixel of the corrected picture where to look in the recorded one (Digital Negative Specification
1.7.1, chapter 7, WarpRectilinear2): with d = (pixel - center) / reach, reach the distance from the center to the
farthest corner pixel, r = |d| held between rmin and rmax, ratio = k0 + k1 r + ... + k14 r^14,

    source = center + reach * (ratio * d + tangential(d)).

Each plane of a warp is a row of 21 numbers: center x, y (relative), k0 to k14, two tangential terms, rmin, rmax. A trim
is one row of four numbers: top, left, bottom, right, relative to the frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.image import Window
from twinlens.core.opcodes import Opcode, TrimBounds, WarpFisheye, WarpRectilinear, WarpRectilinear2
from twinlens.numerics.opcodes import frame_center

Array = npt.NDArray[Any]
Row = tuple[float, ...]
Step = tuple[Row, ...]

TERMS = 15
WARP_ROW = 2 + TERMS + 4
GRID = 16  # px between the places where a warp is computed; a strong one is 0.02 px off between them at 12 MP
TAPS_BEFORE, TAPS_AFTER = 1, 2  # of the cubic filter
VECTOR_SLACK = 20  # px left and right that the compiled kernel loads in whole vectors, without need


def step_from(opcode: Opcode, frame: tuple[int, int]) -> Step | None:
    """The warp or trim of an opcode for a frame (H, W) in full size; None for an opcode that moves nothing."""
    if isinstance(opcode, TrimBounds):
        top, left, bottom, right = opcode.area
        height, width = frame
        box = (min(top, height - 1), min(left, width - 1), min(bottom, height), min(right, width))
        return ((box[0] / height, box[1] / width, box[2] / height, box[3] / width),)
    if isinstance(opcode, WarpRectilinear):
        return tuple(_row(opcode.center, _even(row[:4]), row[4:6].tolist()) for row in opcode.coefficients)
    if isinstance(opcode, WarpRectilinear2):
        return tuple(_rectilinear2(opcode, row) for row in opcode.coefficients)
    if isinstance(opcode, WarpFisheye):
        return tuple(_row(opcode.center, _fisheye(row)) for row in opcode.coefficients)
    return None


def _row(center: Sequence[float], radial: Any, tangential: Any = (0.0, 0.0), valid: Any = (0, 1)) -> Row:
    return tuple(float(v) for v in (*center, *radial, *tangential, *valid))


def _even(coefficients: Array) -> Array:
    """k0 + k1 r^2 + k2 r^4 + ... as powers of r."""
    radial = np.zeros(TERMS)
    radial[: 2 * len(coefficients) : 2] = coefficients
    return radial


def _rectilinear2(opcode: WarpRectilinear2, row: Array) -> Row:
    radial, valid = row[:TERMS], row[17:19]
    if opcode.reciprocal_radial:
        low, high = valid
        radial = _fitted(lambda r: 1 / np.polynomial.polynomial.polyval(np.clip(r, low, high), row[:TERMS]), low, high)
    return _row(opcode.center, radial, row[15:17], valid)


def _fisheye(row: Array) -> Array:
    """(k0 t + k1 t^3 + k2 t^5 + k3 t^7) / r with t = atan(r), as even powers of r."""

    def ratio(r: Array) -> Array:
        angle = np.arctan(r)
        return angle * np.polynomial.polynomial.polyval(angle**2, row) / np.maximum(r, 1e-12)

    r = _nodes(1e-6, 1.0)
    powers = np.vander(r**2, (TERMS + 1) // 2, increasing=True)
    return _even(np.linalg.lstsq(powers, ratio(r), rcond=None)[0])


def _fitted(ratio: Any, low: float, high: float) -> Array:
    """The polynomial of degree 14 nearest to a smooth function of r between two radii."""
    series = np.polynomial.Chebyshev.fit(_nodes(low, high), ratio(_nodes(low, high)), TERMS - 1, domain=[low, high])
    radial = np.zeros(TERMS)
    coefficients = series.convert(kind=np.polynomial.Polynomial).coef
    radial[: len(coefficients)] = coefficients
    return radial


def _nodes(low: float, high: float) -> Array:
    return low + (high - low) * (0.5 - 0.5 * np.cos(np.pi * (np.arange(64) + 0.5) / 64))


def softened(step: Step, amount: float, chromatic: bool) -> Step:
    """A warp by `amount` (0 leaves all in place, 1 is the warp); without `chromatic` all planes go with green."""
    if is_trim(step):
        return step
    rows = step if chromatic or len(step) == 1 else (step[1],)
    return tuple(_softened_row(row, amount) for row in rows) if amount != 1 else rows


def _softened_row(row: Row, amount: float) -> Row:
    radial = [amount * k for k in row[2 : 2 + TERMS]]
    tangential = [amount * k for k in row[2 + TERMS : 4 + TERMS]]
    return (*row[:2], radial[0] + 1 - amount, *radial[1:], *tangential, *row[-2:])


def is_trim(step: Step) -> bool:
    return len(step[0]) == 4


def moves_nothing(step: Step) -> bool:
    """Whether a step leaves every pixel where it is."""
    if is_trim(step):
        return step[0] == (0.0, 0.0, 1.0, 1.0)
    still = (1.0, *[0.0] * (TERMS + 1))
    return all(row[2:-2] == still for row in step)


def trim_box(step: Step, frame: tuple[int, int]) -> tuple[int, int, int, int]:
    """The box (top, left, bottom, right) in pixels that a trim keeps of a frame (H, W); one pixel at least."""
    height, width = frame
    top, left = min(round(step[0][0] * height), height - 1), min(round(step[0][1] * width), width - 1)
    return top, left, max(round(step[0][2] * height), top + 1), max(round(step[0][3] * width), left + 1)


def step_frame(step: Step, frame: tuple[int, int]) -> tuple[int, int]:
    """The frame (H, W) after a step."""
    if not is_trim(step):
        return frame
    top, left, bottom, right = trim_box(step, frame)
    return bottom - top, right - left


def step_window(step: Step, target: Window, frame: tuple[int, int]) -> Window:
    """The part of the arriving `frame` (H, W) that a step needs for the part `target` of its result."""
    if is_trim(step):
        top, left, _, _ = trim_box(step, frame)
        return Window(target.top + top, target.left + left, target.bottom + top, target.right + left, frame)
    moves = grid(step, target)
    box = [_span(moves[..., k], k, target, frame[k]) for k in range(2)]
    return Window(box[0][0], box[1][0], box[0][1], box[1][1], frame)


def _span(moves: Array, axis: int, target: Window, size: int) -> tuple[int, int]:
    """First and last (exclusive) row (`axis` 0) or column (1) that the pixels of `target` look at."""
    start, stop = ((target.top, target.bottom), (target.left, target.right))[axis]
    at = np.clip((start // GRID + np.arange(moves.shape[axis])) * GRID, start, stop - 1)
    places = np.moveaxis(moves, axis, -1) + at
    slack = max(float(np.abs(np.diff(moves, axis=k)).max(initial=0)) for k in range(2)) + (VECTOR_SLACK if axis else 0)
    low, high = np.floor(places.min() - slack) - TAPS_BEFORE, np.floor(places.max() + slack) + TAPS_AFTER + 1
    low = int(np.clip(low, 0, size - 1))
    return low, int(np.clip(high, low + 1, size))


def source_of(row: Row, y: Array, x: Array, frame: tuple[int, int]) -> tuple[Array, Array]:
    """Where (y, x) in pixels a warp's plane looks for the pixels at rows `y` (H, 1) and columns `x` (W,), float64."""
    cx, cy, reach = frame_center((row[0], row[1]), frame)
    dy, dx = (y - cy) / reach, (x - cx) / reach
    r2 = dy * dy + dx * dx
    radial, (t0, t1), (low, high) = np.asarray(row[2 : 2 + TERMS]), row[-4:-2], row[-2:]
    held = np.clip(r2, low * low, high * high) if low > 0 or high < 1 else r2
    ratio = _polynomial(radial, held)
    if t0 == 0 and t1 == 0:
        return cy + reach * ratio * dy, cx + reach * ratio * dx
    down = t1 * 2 * dx * dy + t0 * (r2 + 2 * dy * dy)
    across = t0 * 2 * dx * dy + t1 * (r2 + 2 * dx * dx)
    return cy + reach * (ratio * dy + down), cx + reach * (ratio * dx + across)


def _polynomial(radial: Array, r2: Array) -> Array:
    """The ratio; where only even powers occur without a square root, and never past the last power that is not 0."""
    odd = np.any(radial[1::2])
    used, base = (radial, np.sqrt(r2)) if odd else (radial[::2], r2)
    last = int(np.max(np.nonzero(used)[0], initial=0))
    result = np.full_like(base, used[last])
    for coefficient in used[last - 1 :: -1] if last else ():
        result *= base
        result += coefficient
    return result


@lru_cache(maxsize=16)
def grid(step: Step, target: Window) -> Array:
    """How far a warp looks away, in px, at every 16th row and column around `target`: (rows, columns, planes, 2: y, x).

    float32. The first node is at the multiple of 16 at or before the target's corner, so that all tiles see the same.
    """
    y = np.arange(target.top // GRID, (target.bottom - 2) // GRID + 2)[:, None] * float(GRID)
    x = np.arange(target.left // GRID, (target.right - 2) // GRID + 2) * float(GRID)
    moves = np.empty((len(step), 2, len(y), x.size), np.float32)
    for number, row in enumerate(step):
        source_y, source_x = source_of(row, y, x, target.frame)
        moves[number] = source_y - y, source_x - x
    moves.flags.writeable = False
    return moves.transpose(2, 3, 0, 1)


def warp(source: Array, moves: Array, first: tuple[int, int], offset: tuple[int, int], shape: tuple[int, int]) -> Array:
    """`source` (H, W, C) resampled to `shape` (h, w) by a cubic filter (Keys 1981, a = -1/2).

    `moves` (rows, columns, 1 or C, 2) say every 16 px how far (y, x) from its own place a pixel looks; between them
    they are interpolated. The result begins `first` (rows, columns) past the first node, and its pixel 0, 0 has its
    own place at `offset` in `source`. Past the edge of `source` its edge pixel repeats.
    """
    count = moves.shape[2]
    planes = [
        _warped(source[..., c], moves[:, :, min(c, count - 1)], first, offset, shape) for c in range(source.shape[2])
    ]
    return np.stack(planes).transpose(1, 2, 0)


def _warped(plane: Array, moves: Array, first: Any, offset: Any, shape: tuple[int, int]) -> Array:
    i, v = np.divmod(np.arange(shape[0]) + first[0], GRID)
    j, h = np.divmod(np.arange(shape[1]) + first[1], GRID)
    v, h = (v / np.float32(GRID)).astype(np.float32)[:, None, None], (h / np.float32(GRID)).astype(np.float32)[:, None]
    rows = moves[i] + (moves[np.minimum(i + 1, len(moves) - 1)] - moves[i]) * v
    ends = np.minimum(j + 1, moves.shape[1] - 1)
    move = rows[:, j] + (rows[:, ends] - rows[:, j]) * h
    whole = np.floor(move)
    part = (move - whole).astype(np.float32)
    y = whole[..., 0].astype(int) + np.arange(shape[0])[:, None] + offset[0]
    x = whole[..., 1].astype(int) + np.arange(shape[1]) + offset[1]
    result = np.zeros(shape, np.float32)
    for dy, wy in zip(range(-1, 3), cubic_weights(part[..., 0]), strict=True):
        line = np.zeros(shape, np.float32)
        row = np.clip(y + dy, 0, plane.shape[0] - 1)
        for dx, wx in zip(range(-1, 3), cubic_weights(part[..., 1]), strict=True):
            line += wx * plane[row, np.clip(x + dx, 0, plane.shape[1] - 1)]
        result += wy * line
    return result


def warp_mask(mask: Array, moves: Array, first: Any, offset: Any, shape: tuple[int, int]) -> Array:
    """The entry of `mask` (H, W) nearest to where green looks; arguments as `warp`."""
    i, v = np.divmod(np.arange(shape[0]) + first[0], GRID)
    j, h = np.divmod(np.arange(shape[1]) + first[1], GRID)
    v, h = (v / np.float32(GRID)).astype(np.float32)[:, None, None], (h / np.float32(GRID)).astype(np.float32)[:, None]
    green = moves[:, :, moves.shape[2] // 2]
    rows = green[i] + (green[np.minimum(i + 1, len(green) - 1)] - green[i]) * v
    near = rows[:, j] + (rows[:, np.minimum(j + 1, green.shape[1] - 1)] - rows[:, j]) * h
    near = np.floor(near + np.float32(0.5)).astype(int)
    y = np.clip(near[..., 0] + np.arange(shape[0])[:, None] + offset[0], 0, mask.shape[0] - 1)
    x = np.clip(near[..., 1] + np.arange(shape[1]) + offset[1], 0, mask.shape[1] - 1)
    return mask[y, x]


def cubic_weights(t: Array) -> tuple[Array, Array, Array, Array]:
    """Weights of the four pixels around a place that lies `t` (0 to 1) past the second (Keys 1981, a = -1/2)."""
    half = np.float32(0.5)
    t2, t3 = t * t, t * t * t
    return (
        half * (-t3 + 2 * t2 - t),
        half * (3 * t3 - 5 * t2 + 2),
        half * (-3 * t3 + 4 * t2 + t),
        half * (t3 - t2),
    )
