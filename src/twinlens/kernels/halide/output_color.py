"""Output color: linear Rec. 2020 to linear light of an output space, inside its gamut (numerics/gamut.py)."""

import halide as hl
from _output import constant_table, in_gamut, row_by_row


def define():
    source, table = hl.ImageParam(hl.Float(32), 3, "source"), hl.ImageParam(hl.UInt(32), 2, "table")
    matrices = hl.ImageParam(hl.Float(32), 2, "matrices")
    knee, safe = hl.Param(hl.Float(32), "knee"), hl.Param(hl.Float(32), "safe")
    x, y, c = hl.vars("x y c")

    # Algorithm
    light, *helpers = in_gamut(source, table, matrices, knee, safe, x, y)
    result = hl.Func("twinlens_output_color")
    result[x, y, c] = hl.mux(c, [light[x, y][channel] for channel in range(3)])

    # Schedule
    constant_table(table)
    result.bound(c, 0, 3).reorder(x, c, y).unroll(c).vectorize(x, 16, hl.TailStrategy.GuardWithIf)
    row_by_row(result, y, x, light, *helpers)
    return result, [source, table, matrices, knee, safe]
