"""Opcodes: what those DNG opcodes do that change values in place (all but the warps and TrimBounds).

Source: Digital Negative Specification 1.7.1, chapter 7 (Opcode List Processing). `pixels` are (H, W) or (H, W, planes)
and are the part `window` of the frame that the list applies to. `unit` is the pixel value that the specification calls
1.0: 65535 for list 1 (counts as read), 1 for lists 2 and 3. Values outside 0 to 1 keep their distance to that range.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.image import Window
from twinlens.core.opcodes import (
    AreaOpcode,
    DeltaPerColumn,
    DeltaPerRow,
    FixBadPixelsConstant,
    FixBadPixelsList,
    FixVignetteRadial,
    GainMap,
    MapPolynomial,
    MapTable,
    Opcode,
    ScalePerColumn,
    ScalePerRow,
)
from twinlens.numerics.gain_map import gain_at, sites

Array = npt.NDArray[Any]

BadPixels = FixBadPixelsConstant | FixBadPixelsList
PointOpcode = AreaOpcode | FixVignetteRadial
PASSES = 4  # over bad pixels that have only bad neighbours
REACH = 2 * PASSES  # how far a mended pixel may depend on others


def apply_opcodes(opcodes: Iterable[Opcode], pixels: Array, window: Window, unit: float = 1.0) -> Array:
    """`pixels` after the opcodes in their order; warps, trims and unknown ones are left out. The input is kept."""
    for opcode in opcodes:
        if isinstance(opcode, BadPixels):
            pixels = mend(pixels, bad_pixels(opcode, pixels, window), opcode.bayer_phase, window)
        elif isinstance(opcode, FixVignetteRadial):
            gain = vignette_gain(opcode.coefficients, opcode.center, window)
            pixels = pixels * (gain if pixels.ndim == 2 else gain[..., None])
        elif isinstance(opcode, AreaOpcode):
            pixels = pixels.astype(np.float32)
            for plane, view in _planes(opcode, pixels):
                _apply_in_area(opcode, view, plane, window, unit)
    return pixels


def _planes(opcode: AreaOpcode, pixels: Array) -> list[tuple[int, Array]]:
    """The planes that the opcode changes: number counted from its first plane, and view (H, W)."""
    if pixels.ndim == 2:
        return [(0, pixels)] if opcode.plane == 0 and opcode.planes > 0 else []
    stop = min(opcode.plane + opcode.planes, pixels.shape[2])
    return [(plane - opcode.plane, pixels[..., plane]) for plane in range(opcode.plane, stop)]


def _apply_in_area(opcode: AreaOpcode, plane_pixels: Array, plane: int, window: Window, unit: float) -> None:
    top, left, bottom, right = opcode.area
    rows, row = sites(top, bottom, opcode.row_pitch, window.top, window.bottom)
    columns, column = sites(left, right, opcode.column_pitch, window.left, window.right)
    part = plane_pixels[rows, columns]
    if not part.size:
        return
    high, wide = part.shape
    if isinstance(opcode, GainMap):
        y = np.arange(window.top, window.bottom)[rows]
        x = np.arange(window.left, window.right)[columns]
        part *= gain_at(opcode, y, x, window.frame, plane)
    elif isinstance(opcode, MapPolynomial):
        part[...] = _mapped(part, unit, lambda v: np.polynomial.polynomial.polyval(v, opcode.coefficients))
    elif isinstance(opcode, MapTable):
        table = np.asarray(opcode.table, np.float32) / np.float32(65535)
        part[...] = _mapped(part, unit, lambda v: table[np.minimum(np.rint(v * 65535).astype(int), len(table) - 1)])
    elif isinstance(opcode, DeltaPerRow):
        part += np.float32(unit) * opcode.values[row : row + high, None]
    elif isinstance(opcode, DeltaPerColumn):
        part += np.float32(unit) * opcode.values[column : column + wide]
    elif isinstance(opcode, ScalePerRow):
        part *= opcode.values[row : row + high, None]
    elif isinstance(opcode, ScalePerColumn):
        part *= opcode.values[column : column + wide]


def _mapped(values: Array, unit: float, curve: Any) -> Array:
    relative = values / np.float32(unit)
    inside = np.clip(relative, 0, 1)
    return ((curve(inside) + (relative - inside)) * np.float32(unit)).astype(np.float32)


def bad_pixels(opcode: BadPixels, pixels: Array, window: Window) -> Array:
    """The mask (H, W) of the pixels of the window that the opcode calls bad."""
    if isinstance(opcode, FixBadPixelsConstant):
        hit = pixels == opcode.constant
        return hit if pixels.ndim == 2 else hit.any(2)
    bad = np.zeros(pixels.shape[:2], bool)
    for y, x in opcode.points:
        if window.top <= y < window.bottom and window.left <= x < window.right:
            bad[y - window.top, x - window.left] = True
    for top, left, bottom, right in opcode.areas:
        rows, _ = sites(top, bottom, 1, window.top, window.bottom)
        columns, _ = sites(left, right, 1, window.left, window.right)
        bad[rows, columns] = True
    return bad


_AXES = (((0, -2), (0, 2)), ((-2, 0), (2, 0)))
_DIAGONALS = (((-2, -2), (2, 2)), ((-2, 2), (2, -2)))
_GREEN = (((-1, -1), (1, 1)), ((-1, 1), (1, -1)), *_AXES)
_NOT_GREEN = (*_AXES, *_DIAGONALS)


def mend(pixels: Array, bad: Array, bayer_phase: int, window: Window) -> Array:
    """`pixels` with the `bad` ones (H, W) replaced from their neighbours of the same color.

    Of the four pairs of opposite neighbours the one whose two values differ least gives its mean, which keeps edges;
    where no pair is whole, the mean of the good neighbours. `bayer_phase` of the frame's corner: 0 red, 1 green beside
    red, 2 green beside blue, 3 blue. Pixels with three planes take neighbours at distance 1 and 2 in every plane.
    """
    if not bad.any():
        return pixels
    if pixels.ndim == 3:
        planes = [_mended(pixels[..., c], bad, lambda y, x: np.ones(y.shape, bool)) for c in range(pixels.shape[2])]
        return np.stack(planes, 2)
    odd = bayer_phase in (0, 3)
    return _mended(pixels, bad, lambda y, x: ((y + window.top + x + window.left) % 2 == 1) == odd)


def _mended(pixels: Array, bad: Array, is_green: Any) -> Array:
    values, left = pixels.astype(np.float32), bad.copy()
    for _ in range(PASSES):
        y, x = np.nonzero(left)
        if not len(y):
            break
        fresh = np.where(
            is_green(y, x), *[_from_neighbours(values, left, y, x, pairs) for pairs in (_GREEN, _NOT_GREEN)]
        )
        found = np.isfinite(fresh)
        values[y[found], x[found]] = fresh[found]
        left[y[found], x[found]] = False
    return values if pixels.dtype == np.float32 else np.rint(values).astype(pixels.dtype)


def _from_neighbours(values: Array, bad: Array, y: Array, x: Array, pairs: Sequence[Any]) -> Array:
    """New values (N,) for the pixels (y, x); NaN where no neighbour is good."""
    height, width = values.shape
    around = np.full((len(pairs), 2, len(y)), np.nan, np.float32)
    for i, pair in enumerate(pairs):
        for j, (dy, dx) in enumerate(pair):
            v, h = y + dy, x + dx
            inside = (v >= 0) & (v < height) & (h >= 0) & (h < width)
            v, h = np.clip(v, 0, height - 1), np.clip(h, 0, width - 1)
            around[i, j] = np.where(inside & ~bad[v, h], values[v, h], np.nan)
    gap = np.abs(around[:, 0] - around[:, 1])
    best = np.argmin(np.where(np.isnan(gap), np.inf, gap), axis=0)
    chosen = around[best, :, np.arange(len(y))].mean(1)
    good = np.isfinite(around)
    count = good.sum((0, 1))
    mean = np.where(good, around, 0).sum((0, 1)) / np.maximum(count, 1)
    return np.where(np.isfinite(chosen), chosen, np.where(count > 0, mean, np.nan)).astype(np.float32)


def vignette_gain(coefficients: Sequence[float], center: tuple[float, float], window: Window) -> Array:
    """The gain (H, W) float32 of FixVignetteRadial: 1 + k0 r^2 + ... + k4 r^10, r = 1 at the farthest corner."""
    cx, cy, reach = frame_center(center, window.frame)
    return radial_polynomial(coefficients, cy, cx, 1 / reach, window)


def radial_polynomial(coefficients: Sequence[float], cy: float, cx: float, per_pixel: float, window: Window) -> Array:
    """1 + k0 r^2 + k1 r^4 + ... (H, W) float32 over a window, r in units of 1 / `per_pixel` px from (cy, cx)."""
    y = (np.arange(window.height, dtype=np.float32)[:, None] - np.float32(cy - window.top)) * np.float32(per_pixel)
    x = (np.arange(window.width, dtype=np.float32) - np.float32(cx - window.left)) * np.float32(per_pixel)
    r2 = x * x + y * y
    result = np.zeros_like(r2)
    for coefficient in reversed(list(coefficients)):
        result = (result + np.float32(coefficient)) * r2
    return result + np.float32(1)


def frame_center(center: tuple[float, float], frame: tuple[int, int]) -> tuple[float, float, float]:
    """The center (x, y) in pixels of a relative one, and its distance in pixels to the farthest corner pixel."""
    height, width = frame
    cx, cy = center[0] * (width - 1), center[1] * (height - 1)
    reach = np.hypot(max(cx, width - 1 - cx), max(cy, height - 1 - cy))
    return float(cx), float(cy), float(max(reach, 1e-9)) if max(width, height) > 1 else 1.0
