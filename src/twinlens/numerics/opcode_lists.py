"""Opcode lists: what a whole list of DNG opcodes means for a frame, its parts, and the same picture at reduced size.

Source: Digital Negative Specification 1.7.1, chapter 7 (Opcode List Processing).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.image import Window
from twinlens.core.opcodes import (
    AreaOpcode,
    DeltaPerColumn,
    DeltaPerRow,
    FixVignetteRadial,
    GainMap,
    Opcode,
    ScalePerColumn,
    ScalePerRow,
    TrimBounds,
    UnknownOpcode,
    WarpFisheye,
    WarpRectilinear,
    WarpRectilinear2,
)
from twinlens.core.record import record
from twinlens.core.shot import Cfa, Shot
from twinlens.numerics.gain_map import together
from twinlens.numerics.opcodes import BadPixels

Array = npt.NDArray[Any]


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


@record
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
