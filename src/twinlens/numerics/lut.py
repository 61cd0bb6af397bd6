"""Lut: 1D shapers and 3D tables, and their reference interpolation.

A shaper is sampled evenly in the bits of the number `light + SHAPER_OFFSET`: 128 steps an octave, straight between
them, linear towards black, and found without a logarithm. A table (N, N, N, 3) is indexed [blue, green, red] and
interpolated tetrahedrally (Kasson, Nin, Plouffe and Hafner 1995: straight along the grey diagonal, no steps).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.numerics.curve import decode_tone, encode_tone

Array = npt.NDArray[Any]

SHAPER_OFFSET = np.float32(2.0**-10)
SHAPER_BITS = 7  # of the mantissa: 128 steps an octave
SHAPER_OCTAVES = 15  # from 2^-10 to 2^5
SHAPER_SIZE = (SHAPER_OCTAVES << SHAPER_BITS) + 2
SHAPER_SHIFT = 23 - SHAPER_BITS
SHAPER_FIRST = int(np.asarray(SHAPER_OFFSET).view(np.int32)) >> SHAPER_SHIFT
SHAPER_TOP = np.float32(2.0**5 - 2.0**-9)
CATMULL_ROM = np.array([[0, 2, 0, 0], [-1, 0, 1, 0], [2, -5, 4, -1], [-1, 3, -3, 1]]) / 2  # by powers of the place
GREY_ROUNDING = 2e-4  # in tone code: what rounding and the steps of a shaper leave of a grey that a look does not touch


def shaper_light() -> Array:
    """The light (SHAPER_SIZE,) at which a shaper is sampled, float64."""
    index = (np.arange(SHAPER_SIZE, dtype=np.int32) + SHAPER_FIRST) << SHAPER_SHIFT
    return index.view(np.float32).astype(np.float64) - float(SHAPER_OFFSET)


def shape(light: Array, shaper: Array) -> Array:
    """Values of a shaper (SHAPER_SIZE,) at light (...), float32; light outside 0 to 32 is clamped, no number is 0."""
    bits = (np.clip(np.nan_to_num(light.astype(np.float32)), 0, SHAPER_TOP) + SHAPER_OFFSET).view(np.int32)
    at = (bits >> SHAPER_SHIFT) - SHAPER_FIRST
    part = (bits & ((1 << SHAPER_SHIFT) - 1)).astype(np.float32) * np.float32(2.0**-SHAPER_SHIFT)
    low = shaper[at]
    return low + part * (shaper[at + 1] - low)


def tetrahedral(grid: Array, table: Array) -> Array:
    """Values (..., 3) of a table (N, N, N, 3) [blue, green, red] at positions (..., 3) (red, green, blue) in nodes."""
    size = table.shape[0]
    grid = np.clip(grid, 0, size - 1)
    base = np.minimum(grid.astype(np.int32), size - 2)
    part = grid - base
    order = np.argsort(-part, axis=-1, kind="stable")
    part = np.take_along_axis(part, order, -1)
    step = np.array([1, size, size * size], np.int32)[order]
    start = base @ np.array([1, size, size * size], np.int32)
    flat = table.reshape(-1, table.shape[-1])
    first, second = start + step[..., 0], start + step[..., 0] + step[..., 1]
    last = second + step[..., 2]
    return (
        flat[start] * (1 - part[..., :1])
        + flat[first] * (part[..., :1] - part[..., 1:2])
        + flat[second] * (part[..., 1:2] - part[..., 2:])
        + flat[last] * part[..., 2:]
    )


def finer(table: Array, factor: int) -> Array:
    """A table (N, N, N, 3) with `factor` steps for each of its own, on cubics through its nodes with slopes that do not
    jump there (Catmull and Rom 1974); float32. At the ends the slope goes on."""
    nodes = np.eye(len(table))
    around = np.concatenate([2 * nodes[:1] - nodes[1:2], nodes, 2 * nodes[-1:] - nodes[-2:-1]])
    four = np.stack([around[k : k + len(table) - 1] for k in range(4)], 1)
    parts = (np.arange(factor)[:, None] / factor) ** np.arange(4) @ CATMULL_ROM
    line = np.concatenate([np.einsum("fk,ckn->cfn", parts, four).reshape(-1, len(table)), nodes[-1:]])
    line = line.astype(np.float32)
    planes = np.einsum("bj,ck,ijkm->ibcm", line, line, table, optimize=True)
    return (line @ planes.reshape(len(table), -1)).reshape(*[len(line)] * 3, table.shape[-1])


def identity_table(size: int) -> Array:
    """The table (size, size, size, 3) [blue, green, red] that changes nothing, over 0 to 1."""
    line = np.linspace(0, 1, size, dtype=np.float32)
    blue, green, red = np.meshgrid(line, line, line, indexing="ij")
    return np.stack([red, green, blue], -1)


def build(
    tone: Callable[[Array], Array],
    gains: Array,
    render: Callable[[Array, Callable[[Array], Array]], Array],
    size: int,
    over: int,
) -> tuple[Array, Array]:
    """Compile a rendering of scene light to display light into three shapers and one table.

    `render` takes scene light (..., 3) and a fast `tone`, and gives the display light 0 to 1 of the whole look; `tone`
    gives the display tone code (..., 3) of light (..., 3) after `gains` (3,), what the look makes of a grey before the
    curve. Returns shapers (3, SHAPER_SIZE) from light to positions in nodes, and a table (N, N, N, 3) of tone codes
    [blue, green, red], N = `size` + `over`: the curve's top is at node `size` - 1, the nodes above hold brighter light.
    The table of a look that leaves greys alone is the straight line on its diagonal, so greys follow `tone` exactly.
    """
    light = np.repeat(shaper_light()[:, None], 3, 1)
    plain = np.broadcast_to(tone(light), light.shape)
    codes = plain if np.all(gains == 1) else np.broadcast_to(tone(light * gains), light.shape)
    shapers = np.stack([_positions(light[:, 0], one, size - 1, over) for one in codes.T]).astype(np.float32)
    short = np.ascontiguousarray(plain.T, np.float32)
    table = encode_tone(render(node_light(shapers, size + over), lambda values: _fast_tone(values, short)))
    if np.array_equal(shapers[0], shapers[1]) and np.array_equal(shapers[0], shapers[2]):
        _straighten_greys(table, size, float(np.clip(codes[0, 0], 0, 1)), _top(codes[:, 0]))
    return shapers, table


def node_light(shapers: Array, count: int) -> Array:
    """The light (count, count, count, 3), float32, that `shapers` bring to each node [blue, green, red]."""
    nodes = [np.interp(np.arange(count), one, shaper_light()).astype(np.float32) for one in shapers]
    blue, green, red = np.meshgrid(nodes[2], nodes[1], nodes[0], indexing="ij", copy=False)
    return np.stack([red, green, blue], -1)


def folding(table: Array) -> Array:
    """The smallest Jacobian determinant of each cell (N-1, N-1, N-1) of a table; 1 where the table changes nothing.

    The determinant is that of each of a cell's six tetrahedra, so it is exact for the interpolated map; below 0 the map
    folds: two colors have changed places.
    """
    cell = corners(table)
    smallest = np.full(cell.shape[3:6], np.inf)
    for order in itertools.permutations(range(3)):
        at, edges = [0, 0, 0], {}
        for axis in order:
            before = cell[tuple(at)]
            at[axis] = 1
            edges[axis] = cell[tuple(at)] - before
        smallest = np.minimum(smallest, np.sum(edges[2] * np.cross(edges[1], edges[0]), -1))
    return smallest * (table.shape[0] - 1) ** 3


def corners(table: Array) -> Array:
    """The corners (2, 2, 2, N-1, N-1, N-1, 3) [blue, green, red] of each cell of a table (N, N, N, 3); a view."""
    cells = np.lib.stride_tricks.sliding_window_view(table, (2, 2, 2), axis=(0, 1, 2))
    return np.moveaxis(cells, (4, 5, 6), (0, 1, 2))


def _positions(light: Array, code: Array, unit: int, over: int) -> Array:
    """Positions in nodes of rising light: the code from the curve's black up to its top, then stops above that up to
    the last node."""
    low = min(float(code[0]), _top(code) / 2)
    position = np.maximum.accumulate(np.clip((code - low) / (_top(code) - low), 0, 1)) * unit
    white = int(np.searchsorted(position, unit * (1 - 1e-9)))
    if white < len(light) - 1:
        stops = np.log2(light[white:] / light[white - 1])
        position[white:] = unit + over * stops / stops[-1]
    return position


def _top(code: Array) -> float:
    """The highest code that a curve shows: display white, or less for a curve that does not reach it."""
    return float(np.clip(code[-1], 0.01, 1))


def _fast_tone(values: Array, codes: Array) -> Array:
    return np.stack([shape(values[..., channel], codes[channel]) for channel in range(3)], -1)


def _straighten_greys(table: Array, size: int, low: float, top: float) -> None:
    index = np.arange(table.shape[0])
    low = min(low, top / 2)
    straight = low + np.minimum(index / (size - 1), 1)[:, None] * (top - low)
    if np.abs(table[index, index, index] - straight).max() < GREY_ROUNDING:
        table[index, index, index] = straight


def look_up(rgb: Array, shapers: Array, table: Array) -> Array:
    """Display light (..., 3), float32, of scene light by what `build` made."""
    grid = np.stack([shape(rgb[..., channel], shapers[channel]) for channel in range(3)], -1)
    return np.clip(decode_tone(tetrahedral(grid, table)), 0, 1).astype(np.float32)
