"""Finish: output color and transfer curve in one pass, to interleaved codes of 8 bits."""

import halide as hl
from _output import codes, constant_table, in_gamut, noise, row_by_row


def define():
    source, table = hl.ImageParam(hl.Float(32), 3, "source"), hl.ImageParam(hl.UInt(32), 2, "table")
    matrices, curve = hl.ImageParam(hl.Float(32), 2, "matrices"), hl.ImageParam(hl.Float(32), 1, "curve")
    knee, safe, dither = (hl.Param(hl.Float(32), name) for name in ("knee", "safe", "dither"))
    top, left = hl.Param(hl.Int(32), "top"), hl.Param(hl.Int(32), "left")
    x, y, c = hl.vars("x y c")

    # Algorithm
    light, *helpers = in_gamut(source, table, matrices, knee, safe, x, y)
    result = hl.Func("twinlens_finish8")
    inside = hl.mux(c, [light[x, y][channel] for channel in range(3)])
    result[x, y, c] = hl.u8(codes(inside, curve, 255, noise(x, y, top, left, dither)))

    # Schedule
    constant_table(table)
    result.output_buffer().dim(0).set_stride(3)
    result.output_buffer().dim(2).set_stride(1).set_bounds(0, 3)
    result.bound(c, 0, 3).reorder(c, x, y).unroll(c).vectorize(x, 16, hl.TailStrategy.GuardWithIf)
    row_by_row(result, y, x, light, *helpers)
    result.specialize(dither == 0)
    return result, [source, table, matrices, curve, knee, safe, dither, top, left]
