"""Checks: whether a look, at the strength asked for, still orders what it shows; and how far it can be driven.

Lightness must rise along grey; inside the display's gamut no two colors may change places (the Jacobian determinant of
every tetrahedron is positive; cells that touch the gamut's edge are exempt, and so is what is shown without color);
no hue may turn to its opposite; and no step may be so steep that noise and 8 bits would show.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np

from twinlens.core.errors import ParameterError
from twinlens.core.look import IDENTITY
from twinlens.numerics import color, curve, look, lut
from twinlens.stages.look_map import TABLE_SIZE, LookMap, compiled

CHECK_SIZE = 17  # nodes: enough for curves and controls
GREY_STOPS = np.linspace(-10, 5, 181)
LARGEST_FALL = -1e-6  # tone code, of greys from one stop to the next
EDGE = (0.004, 0.998)  # tone codes beyond which a color counts as clipped
NEARLY_GREY = 0.02  # tone code between the channels, below which what a cell shows has no color that could be exchanged
FLAT = 1e-4  # largest determinant of a look without color
STEEPEST_CURVE = 0.6  # tone code a stop; the steepest film curve that can be asked for has about 0.4
STEEPEST_MAP = 8.0  # display code a display code
HUE_STEPS = 8  # along a side of the table, between the colors whose hues are compared
COLORED, GREY = 0.04, 0.002  # Oklab chroma from which a color's hue counts, before and after the look
PRECISION = 1 / 64  # of a strength


@lru_cache(maxsize=64)
def problems(stage: LookMap) -> tuple[str, ...]:
    """What breaks at this stage's strength, as sentences; nothing for a valid look."""
    if stage.is_neutral:
        return ()
    if stage.lights and stage.cct is None:
        found = [problems(replace(stage, cct=row[0])) for row in stage.lights]
        return next((one for one in found if one), ())
    size = _size(stage)
    tables = compiled(stage, size)
    found = [_grey(stage), *_map(tables.table[:size, :size, :size], stage.gamut), _hues(stage, tables.shapers, size)]
    return tuple(one for one in found if one)


def _size(stage: LookMap) -> int:
    """Nodes a side at which a look is checked: a table or a color transform may fold between few nodes."""
    return TABLE_SIZE if stage.table or stage.transform != IDENTITY or stage.lights else CHECK_SIZE


def _grey(stage: LookMap) -> str:
    step = _grey_steps(stage)
    if step.min() < LARGEST_FALL:
        return f"greys fall in lightness {GREY_STOPS[int(step.argmin())]:+.1f} EV from mid grey"
    steepest = step.max() / (GREY_STOPS[1] - GREY_STOPS[0])
    return f"the curve is too steep: {steepest:.2f} a stop" if steepest > STEEPEST_CURVE else ""


def _grey_steps(stage: LookMap) -> look.Array:
    """By how much the mean tone code of greys rises from one of GREY_STOPS to the next."""
    return np.diff(curve.encode_tone(stage.grey(curve.MID_GREY * np.exp2(GREY_STOPS))).mean(-1))


def _map(table: look.Array, gamut: str) -> list[str]:
    if not _inside(table, gamut).any():
        return []
    found = []
    folded, cells = folded_cells(table, gamut)
    if folded:
        found.append(f"the color map folds in {folded} of {cells} cells")
    steepest = _steepest(table[(slice(None, None, (len(table) - 1) // (CHECK_SIZE - 1)),) * 3], gamut)
    if steepest > STEEPEST_MAP:
        found.append(f"the color map is too steep: {steepest:.1f}")
    return found


def _steepest(table: look.Array, gamut: str) -> float:
    """The largest change of a table's values from node to node inside the display's gamut, in codes a code."""
    inside, corners = _inside(table, gamut), lut.corners(table)
    steps = [np.abs(np.diff(corners, axis=axis)).max((0, 1, 2, 6)) for axis in range(3)]
    return float(np.max(steps, 0)[inside].max(initial=0)) * (len(table) - 1)


def folded_cells(table: look.Array, gamut: str = "open") -> tuple[int, int]:
    """How many cells of a compiled table (N, N, N, 3) change the order of colors, of how many inside the display's
    gamut; none for a look without color, whose cells are all flat. `gamut` is the one that the look is cut in."""
    colored = np.ptp(lut.corners(table), axis=-1).max((0, 1, 2)) > NEARLY_GREY
    determinant = lut.folding(table)[_inside(table, gamut) & colored]
    if not determinant.size or determinant.max() <= FLAT:
        return 0, determinant.size
    return int((determinant <= 0).sum()), determinant.size


def broken_places(stage: LookMap) -> look.Array:
    """Scene light (M, 3) where the look changes the order of colors: greys that fall in lightness, and the middles of
    the cells that fold."""
    falls = np.flatnonzero(_grey_steps(stage) < LARGEST_FALL)
    greys = curve.MID_GREY * np.exp2(GREY_STOPS[np.union1d(falls, falls + 1)])
    size = _size(stage)
    tables = compiled(stage, size)
    table = tables.table[:size, :size, :size]
    cells = _inside(table, stage.gamut) & (lut.folding(table) <= 0)
    light = lut.node_light(tables.shapers, size)
    return np.concatenate([np.repeat(greys[:, None], 3, 1), lut.corners(light).mean((0, 1, 2))[cells]])


def _inside(table: look.Array, gamut: str) -> look.Array:
    """Which cells (N-1, N-1, N-1) have all corners inside the display's gamut."""
    if gamut not in ("open", "rec2020"):
        light = curve.decode_tone(table) @ color.rgb_from_rgb(gamut, "rec2020").T
        table = curve.encode_tone(light).astype(table.dtype)
    corners = lut.corners(table)
    return (corners.min((0, 1, 2, 6)) > EDGE[0]) & (corners.max((0, 1, 2, 6)) < EDGE[1])


def _hues(stage: LookMap, shapers: look.Array, size: int) -> str:
    every = (slice(None, None, (size - 1) // HUE_STEPS),) * 3
    light = lut.node_light(shapers, size)[every]
    before, after = look.oklab(light)[..., 1:], look.oklab(stage.render(light))[..., 1:]
    sizes = np.linalg.norm(before, axis=-1), np.linalg.norm(after, axis=-1)
    colored = (sizes[0] > COLORED) & (sizes[1] > GREY)
    turned = colored & (np.sum(before * after, -1) < 0)
    return f"hues turn to their opposites in {int(turned.sum())} of {int(colored.sum())} colors" if turned.any() else ""


def valid_strength(stage: LookMap, wanted: float) -> tuple[float, str]:
    """The strength nearest to `wanted` (from below) at which the look is valid, and a note where it is not `wanted`."""
    found = _problems_at(stage, wanted)
    if not found:
        return wanted, ""
    low, high = (1.0, wanted) if wanted > 1 and not _problems_at(stage, 1.0) else (0.0, wanted)
    while high - low > PRECISION:
        middle = (low + high) / 2
        low, high = (middle, high) if not _problems_at(stage, middle) else (low, middle)
    return low, f"look {stage.look}: strength {wanted:g} is not valid ({'; '.join(found)}); {low:.2f} is used"


def _problems_at(stage: LookMap, strength: float) -> tuple[str, ...]:
    try:
        return problems(replace(stage, strength=strength))
    except ParameterError as error:
        return (str(error),)
