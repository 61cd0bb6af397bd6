"""Warp mask: the nearest entry of a mask, at places interpolated from a coarse grid."""

import halide as hl

GRID = 16


def define():
    mask = hl.ImageParam(hl.UInt(8), 2, "mask")
    moves = hl.ImageParam(hl.Float(32), 3, "moves")  # (column, row, 0: y | 1: x)
    first_y, first_x = hl.Param(hl.Int(32), "first_y"), hl.Param(hl.Int(32), "first_x")
    offset_y, offset_x = hl.Param(hl.Int(32), "offset_y"), hl.Param(hl.Int(32), "offset_x")
    x, y, k, i = hl.vars("x y k i")
    f32 = lambda value: hl.cast(hl.Float(32), value)  # noqa: E731

    # Algorithm
    across, move = hl.Func("across"), hl.Func("move")
    row = (y + first_y) // GRID
    lower = hl.min(row + 1, moves.dim(1).extent() - 1)
    across[i, y, k] = moves[i, row, k] + (moves[i, lower, k] - moves[i, row, k]) * (f32((y + first_y) % GRID) / GRID)
    cell = (x + first_x) // GRID
    far = hl.min(cell + 1, moves.dim(0).extent() - 1)
    move[x, y, k] = across[cell, y, k] + (across[far, y, k] - across[cell, y, k]) * (f32((x + first_x) % GRID) / GRID)
    near = [hl.cast(hl.Int(32), hl.floor(move[x, y, axis] + 0.5)) for axis in range(2)]
    at_y = hl.clamp(y + offset_y + near[0], 0, mask.dim(1).extent() - 1)
    at_x = hl.clamp(x + offset_x + near[1], 0, mask.dim(0).extent() - 1)
    warped = hl.Func("twinlens_warp_mask")
    warped[x, y] = mask[at_x, at_y]

    # Schedule
    across.compute_at(warped, y)
    warped.vectorize(x, 16, hl.TailStrategy.GuardWithIf)
    return warped, [mask, moves, first_y, first_x, offset_y, offset_x]
