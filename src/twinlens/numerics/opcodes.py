"""Opcodes: what those DNG opcodes do that change values in place (all but the warps and TrimBounds).

Source: Digital Negative Specification 1.7.1, chapter 7 (Opcode List Processing). `pixels` are (H, W) or (H, W, planes)
and are the part `window` of the frame that the list applies to. `unit` is the pixel value that the specification calls
1.0: 65535 for list 1 (counts as read), 1 for lists 2 and 3. Values outside 0 to 1 keep their distance to that range.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
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
    TrimBounds,
    UnknownOpcode,
    WarpFisheye,
    WarpRectilinear,
    WarpRectilinear2,
)
from twinlens.core.shot import Cfa, Shot

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


def sites(first: int, last: int, pitch: int, start: int, stop: int) -> tuple[slice, int]:
    """Which rows (or columns) of a window from `start` to `stop` an area from `first` to `last` touches.

    Returns them as a slice in the window, and the number of the first of them counted in the area.
    """
    number = max(-(-(start - first) // pitch), 0)
    begin = first + number * pitch
    return slice(min(begin, stop) - start, max(min(last, stop), start) - start, pitch), number


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


def gain_at(gain_map: GainMap, y: Array, x: Array, frame: tuple[int, int], plane: int = 0) -> Array:
    """Gains (len(y), len(x)) float32 at rows `y` and columns `x` of a frame (H, W), bilinear, held beyond the points.

    `plane` counts from the map's first plane; planes beyond its own get its last.
    """
    gains = gain_map.gains[..., min(plane, gain_map.gains.shape[2] - 1)]
    i, v = positions(gain_map, 0, y, frame[0])
    j, h = positions(gain_map, 1, x, frame[1])
    upper, lower = gains[i], gains[np.minimum(i + 1, gains.shape[0] - 1)]
    rows = upper + (lower - upper) * v[:, None]
    left, right = rows[:, j], rows[:, np.minimum(j + 1, gains.shape[1] - 1)]
    return left + (right - left) * h


def positions(gain_map: GainMap, axis: int, index: Array, size: int) -> tuple[Array, Array]:
    """For rows (`axis` 0) or columns (1): the point before each pixel's center, and how far past it (0 to 1)."""
    points = gain_map.gains.shape[axis]
    spacing = gain_map.spacing[axis] or 1.0
    place = np.clip(((index + 0.5) / size - gain_map.origin[axis]) / spacing, 0, points - 1)
    before = np.minimum(np.floor(place), max(points - 2, 0)).astype(np.int32)
    return before, (place - before).astype(np.float32)


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


@dataclass(frozen=True)
class GainLines:
    """Gain maps made ready for the rows of a part: row y has `lines[upper[y]] + share[y] * (lines[lower[y]] - ...)`."""

    lines: Array  # (L, W) float32
    upper: Array  # (H,) int32
    lower: Array  # (H,) int32
    share: Array  # (H,) float32, 0 to 1


def gain_lines(maps: Sequence[GainMap], window: Window, plane: int = 0) -> GainLines:
    """Gain maps that share no site and have points in the same rows (`together`), as lines for a part of a plane."""
    y, x = np.arange(window.top, window.bottom), np.arange(window.left, window.right)
    before, share = positions(maps[0], 0, y, window.frame[0])
    first, last = int(before.min()), min(int(before.max()) + 1, maps[0].gains.shape[0] - 1)
    covered = np.stack([_covered(one, y) for one in maps])
    kinds, kind = np.unique(covered, axis=1, return_inverse=True)  # rows of one kind are changed by the same maps
    kind = kind.reshape(-1)
    lines = np.ones((kinds.shape[1], last - first + 1, len(x)), np.float32)
    for number, one in enumerate(maps):
        columns, _ = sites(one.area[1], one.area[3], one.column_pitch, window.left, window.right)
        j, h = positions(one, 1, x[columns], window.frame[1])
        gains = one.gains[first : last + 1, :, min(plane - one.plane, one.gains.shape[2] - 1)]
        left, right = gains[:, j], gains[:, np.minimum(j + 1, gains.shape[1] - 1)]
        for k in np.flatnonzero(kinds[number]):
            lines[k, :, columns] = left + (right - left) * h
    rows = last - first + 1
    upper = kind * rows + before - first
    lower = kind * rows + np.minimum(before + 1, last) - first
    return GainLines(lines.reshape(-1, len(x)), upper.astype(np.int32), lower.astype(np.int32), share)


def _covered(opcode: AreaOpcode, y: Array) -> Array:
    top, bottom = opcode.area[0], opcode.area[2]
    return (y >= top) & (y < bottom) & ((y - top) % opcode.row_pitch == 0)


def together(maps: Sequence[GainMap]) -> list[list[GainMap]]:
    """Gain maps in groups, each of which has its points in the same rows and no site twice."""
    groups: list[list[GainMap]] = []
    for one in maps:
        home = next((group for group in groups if all(_apart(one, other) for other in group)), None)
        if home is None:
            groups.append([one])
        else:
            home.append(one)
    return groups


def _apart(a: GainMap, b: GainMap) -> bool:
    """Whether two maps can share lines: points in the same rows, and no site that both change."""
    same_rows = a.gains.shape[0] == b.gains.shape[0] and a.spacing[0] == b.spacing[0] and a.origin[0] == b.origin[0]
    rows_apart = a.row_pitch == b.row_pitch and (a.area[0] - b.area[0]) % a.row_pitch != 0
    columns_apart = a.column_pitch == b.column_pitch and (a.area[1] - b.area[1]) % a.column_pitch != 0
    return same_rows and (rows_apart or columns_apart)


def linear_area(shot: Shot) -> tuple[int, int, int, int]:
    """The active area (top, left, bottom, right) in the stored frame, inside what the trims of opcode list 1 keep."""
    top, left, bottom, right = shot.area
    y, x = 0, 0
    for opcode in shot.opcodes[0]:
        if isinstance(opcode, TrimBounds):
            box = (opcode.area[0] + y, opcode.area[1] + x, opcode.area[2] + y, opcode.area[3] + x)
            top, left, bottom, right = max(top, box[0]), max(left, box[1]), min(bottom, box[2]), min(right, box[3])
            y, x = box[:2]
    return top, left, bottom, right


@dataclass(frozen=True)
class Segment:
    """Opcodes that change values in place, and the part of the list's first frame (place and size) that they see."""

    opcodes: tuple[Opcode, ...]
    top: int
    left: int
    frame: tuple[int, int]

    def seen(self, window: Window) -> Window:
        """A window of the first frame in the coordinates of this part's frame."""
        box = (window.top - self.top, window.left - self.left, window.bottom - self.top, window.right - self.left)
        return Window(*box, self.frame)


def segments(opcodes: Sequence[Opcode], frame: tuple[int, int]) -> list[Segment]:
    """The opcodes of a list that change values in place, in runs between its TrimBounds, for a frame (H, W).

    The trims and warps themselves are left out (`numerics.lens`).
    """
    found, run, top, left = [], [], 0, 0
    for opcode in opcodes:
        if isinstance(opcode, TrimBounds):
            found.append(Segment(tuple(run), top, left, frame))
            run, (y, x, bottom, right) = [], opcode.area
            top, left, frame = top + y, left + x, (min(bottom, frame[0]) - y, min(right, frame[1]) - x)
        elif isinstance(opcode, AreaOpcode | FixVignetteRadial | BadPixels):
            run.append(opcode)
    found.append(Segment(tuple(run), top, left, frame))
    return [one for one in found if one.opcodes]


@lru_cache(maxsize=16)
def reduced(
    opcodes: tuple[Opcode, ...], full: tuple[int, int], frame: tuple[int, int], cfa: Cfa | None
) -> tuple[Opcode, ...]:
    """Opcodes for a frame (H, W) in full size, for the same picture reduced to three planes of `frame`.

    Gain maps of the sites of a Bayer mosaic become one map a plane (the mean of the two greens'). Opcodes with one
    value a row or column keep those of the nearest rows and columns. Mended pixels are too small to see and left out.
    """
    area = [op for op in opcodes if isinstance(op, AreaOpcode)]
    plain = [op for op in opcodes if isinstance(op, FixVignetteRadial)]
    result: list[Opcode] = []
    maps = [op for op in area if isinstance(op, GainMap)]
    for group in together(maps):
        result += _reduced_maps(group, full, frame, cfa)
    for op in area:
        if not isinstance(op, GainMap):
            result += [_reduced_area(op, plane, full, frame) for plane in range(3) if _share(op, plane, cfa) > 0]
    return (*result, *plain)


def _scaled_area(area: tuple[int, int, int, int], full: tuple[int, int], frame: tuple[int, int]) -> Any:
    return tuple(round(v * frame[i % 2] / full[i % 2]) for i, v in enumerate(area))


def _share(op: AreaOpcode, plane: int, cfa: Cfa | None) -> float:
    """Which share of the sites of a color the opcode changes; of a plane of a linear raw all or none."""
    if cfa is None:
        return float(op.plane <= plane < op.plane + op.planes)
    tile = cfa.indices
    y, x = np.nonzero(tile == plane)
    rows = (y - op.area[0]) % min(op.row_pitch, tile.shape[0]) == 0
    columns = (x - op.area[1]) % min(op.column_pitch, tile.shape[1]) == 0
    return float(np.mean(rows & columns)) if len(y) and op.plane == 0 else 0.0


def _reduced_maps(group: list[GainMap], full: Any, frame: Any, cfa: Cfa | None) -> list[Opcode]:
    result: list[Opcode] = []
    alike = len({(m.gains.shape, m.spacing, m.origin) for m in group}) == 1
    for plane in range(3):
        shares = [(m, s) for m in group if (s := _share(m, plane, cfa)) > 0]
        if not shares:
            continue
        head = {"plane": plane, "spacing": shares[0][0].spacing, "origin": shares[0][0].origin}
        if alike:
            gains = sum(s * (_own(m, plane, cfa) - 1) for m, s in shares) + np.float32(1)
            tops, lefts, bottoms, rights = zip(*(m.area for m, _ in shares), strict=True)
            area = _scaled_area((min(tops), min(lefts), max(bottoms), max(rights)), full, frame)
            result.append(GainMap(area=_filled(area, frame), gains=np.asarray(gains, np.float32), **head))
            continue
        for m, s in shares:
            gains = np.asarray(s * (_own(m, plane, cfa) - 1) + 1, np.float32)
            area = _filled(_scaled_area(m.area, full, frame), frame)
            result.append(GainMap(area=area, gains=gains, plane=plane, spacing=m.spacing, origin=m.origin))
    return result


def _own(gain_map: GainMap, plane: int, cfa: Cfa | None) -> Array:
    number = 0 if cfa is not None else min(plane - gain_map.plane, gain_map.gains.shape[2] - 1)
    return gain_map.gains[..., number : number + 1]


def _filled(area: Any, frame: tuple[int, int]) -> Any:
    """An area that ends one pixel or less inside the frame, taken to the frame's end."""
    top, left, bottom, right = area
    height, width = frame
    return (
        top * (top > 1),
        left * (left > 1),
        *(n if n - v <= 1 else v for v, n in ((bottom, height), (right, width))),
    )


def _reduced_area(op: AreaOpcode, plane: int, full: Any, frame: Any) -> Opcode:
    area = _filled(_scaled_area(op.area, full, frame), frame)
    changes: dict[str, Any] = {"area": area, "plane": plane, "planes": 1, "row_pitch": 1, "column_pitch": 1}
    if isinstance(op, DeltaPerRow | ScalePerRow | DeltaPerColumn | ScalePerColumn):
        axis = int(isinstance(op, DeltaPerColumn | ScalePerColumn))
        pitch = op.column_pitch if axis else op.row_pitch
        at = (np.arange(area[axis], area[axis + 2]) + 0.5) * full[axis] / frame[axis] - op.area[axis]
        changes["values"] = op.values[np.clip(at / pitch, 0, len(op.values) - 1).astype(int)]
    return replace(op, **changes)


def unapplied(shot: Shot) -> tuple[str, ...]:
    """A sentence for every opcode of the shot that no stage applies."""
    told = []
    for number, opcodes in enumerate(shot.opcodes, 1):
        for opcode in opcodes:
            kind = type(opcode).__name__
            if isinstance(opcode, UnknownOpcode):
                weight = "may be skipped" if opcode.optional else "is said to be necessary"
                told.append(f"opcode {opcode.id} of list {number} is not known here and is not applied; it {weight}")
            elif number == 1 and isinstance(opcode, WarpRectilinear | WarpRectilinear2 | WarpFisheye):
                told.append(f"{kind} of list 1 is not applied: counts of a mosaic cannot be warped")
            elif number == 3 and isinstance(opcode, BadPixels):
                told.append(f"{kind} of list 3 is not applied: after demosaicing it comes too late")
    return tuple(told)
