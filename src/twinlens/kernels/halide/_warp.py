"""Warp, for one plane or for three that move alike: a cubic filter at places that are interpolated from a coarse grid.

The 16 pixels of a vector look at places that move by a few pixels only against each other, so each tap is one plain
load of 16 neighbours with 16 different weights, and no gather is needed: where the moves of a vector differ by less
than n, 4 + n taps are enough.
"""

import halide as hl

GRID, MOST_TAPS = 16, 32


def warp(name, channels):
    source = hl.ImageParam(hl.Float(32), 3, "source")
    moves = hl.ImageParam(hl.Float(32), 3, "moves")  # (column, row, 0: y | 1: x)
    first_y = hl.Param(hl.Int(32), "first_y")
    offset_y, offset_x = hl.Param(hl.Int(32), "offset_y"), hl.Param(hl.Int(32), "offset_x")
    count_y, count_x = hl.Param(hl.Int(32), "count_y"), hl.Param(hl.Int(32), "count_x")
    x, y, c, k, i = hl.vars("x y c k i")
    f32 = lambda value: hl.cast(hl.Float(32), value)  # noqa: E731

    # Algorithm
    across, base, move = hl.Func("across"), hl.Func("base"), hl.Func("move")
    row = (y + first_y) // GRID
    lower = hl.min(row + 1, moves.dim(1).extent() - 1)
    across[i, y, k] = moves[i, row, k] + (moves[i, lower, k] - moves[i, row, k]) * (f32((y + first_y) % GRID) / GRID)
    end = hl.min(i + 1, moves.dim(0).extent() - 1)
    base[i, y, k] = hl.cast(hl.Int(32), hl.floor(hl.min(across[i, y, k], across[end, y, k]))) - 1
    cell = x // GRID
    far = hl.min(cell + 1, moves.dim(0).extent() - 1)
    move[x, y, k] = across[cell, y, k] + (across[far, y, k] - across[cell, y, k]) * (f32(x % GRID) / GRID)

    def cubic(distance):
        d = hl.abs(distance)
        near, beyond = (1.5 * d - 2.5) * d * d + 1.0, ((2.5 - 0.5 * d) * d - 4.0) * d + 2.0
        return hl.select(d < 1.0, near, hl.select(d < 2.0, beyond, 0.0))

    weight_y, weight_x = hl.Func("weight_y"), hl.Func("weight_x")
    weight_y[x, y, i] = cubic(move[x, y, 0] - f32(base[cell, y, 0] + i))
    weight_x[x, y, i] = cubic(move[x, y, 1] - f32(base[cell, y, 1] + i))
    h, v = hl.RDom([(0, count_x)], "h"), hl.RDom([(0, count_y)], "v")
    wide = source.dim(0).extent()
    start = hl.clamp(base[cell, y, 1] + offset_x + cell * GRID, 0, wide - GRID - count_x) - cell * GRID
    at_x = hl.unsafe_promise_clamped(x + start + h, 0, wide - 1)
    at_y = hl.clamp(y + offset_y + base[cell, y, 0] + i, 0, source.dim(1).extent() - 1)
    line, total, warped = hl.Func("line"), hl.Func("total"), hl.Func(f"twinlens_{name}")
    line[x, y, i, c] = 0.0
    line[x, y, i, c] += weight_x[x, y, h] * source[at_x, at_y, c]
    total[x, y, c] = 0.0
    total[x, y, c] += weight_y[x, y, v] * line[x, y, v, c]
    warped[x, y, c] = total[x, y, c]

    # Schedule
    columns = warped.output_buffer().dim(0)
    columns.set_min(0).set_extent((columns.extent() // GRID) * GRID)
    xo, xi, whole = hl.Var("xo"), hl.Var("xi"), hl.TailStrategy.RoundUp
    across.compute_at(warped, y)
    base.compute_at(warped, y)
    warped.bound(c, 0, channels)
    warped.split(x, xo, xi, GRID, whole).reorder(xi, c, xo, y).vectorize(xi).unroll(c)
    for weight in (weight_y, weight_x):
        weight.compute_at(warped, xo).bound_storage(i, MOST_TAPS).store_in(hl.MemoryType.Stack).vectorize(
            x, GRID, whole
        )
    total.compute_at(warped, xo).reorder(x, c).vectorize(x, GRID, whole).unroll(c)
    total.update().reorder(x, c, v).vectorize(x, GRID, whole).unroll(c)
    line.compute_at(total, v).reorder(x, c).vectorize(x, GRID, whole).unroll(c)
    line.update().reorder(x, c, h).vectorize(x, GRID, whole).unroll(c)
    line.update().specialize(count_x == 5).unroll(h)
    total.update().specialize(count_y == 5).unroll(v)
    few = (count_y == 5) & (count_x == 5)
    warped.specialize(few)
    return warped, [source, moves, first_y, offset_y, offset_x, count_y, count_x]
