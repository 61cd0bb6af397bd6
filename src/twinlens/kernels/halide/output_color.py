"""Output color: linear Rec. 2020 to linear light of an output space, inside its gamut (numerics/gamut.py)."""

import halide as hl
from _output import mapped


def define():
    source, table = hl.ImageParam(hl.Float(32), 3, "source"), hl.ImageParam(hl.Float(32), 2, "table")
    matrices, knee = hl.ImageParam(hl.Float(32), 2, "matrices"), hl.Param(hl.Float(32), "knee")
    x, y, c = hl.vars("x y c")

    # Algorithm
    inside = hl.Func("inside")
    r, g, b = (source[x, y, channel] for channel in range(3))
    inside[x, y] = tuple(mapped(r, g, b, matrices, table, knee))
    result = hl.Func("twinlens_output_color")
    result[x, y, c] = hl.mux(c, [inside[x, y][channel] for channel in range(3)])

    # Schedule
    result.bound(c, 0, 3).reorder(c, x, y).unroll(c).vectorize(x, 16, hl.TailStrategy.GuardWithIf)
    inside.compute_at(result, x).vectorize(x)
    return result, [source, table, matrices, knee]
