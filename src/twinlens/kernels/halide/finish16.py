"""Finish: output color and transfer curve in one pass, to interleaved codes of 16 bits."""

import halide as hl
from _output import codes, mapped, noise


def define():
    source, table = hl.ImageParam(hl.Float(32), 3, "source"), hl.ImageParam(hl.Float(32), 2, "table")
    matrices, curve = hl.ImageParam(hl.Float(32), 2, "matrices"), hl.ImageParam(hl.Float(32), 1, "curve")
    knee, dither = hl.Param(hl.Float(32), "knee"), hl.Param(hl.Float(32), "dither")
    top, left = hl.Param(hl.Int(32), "top"), hl.Param(hl.Int(32), "left")
    x, y, c = hl.vars("x y c")

    # Algorithm
    inside = hl.Func("inside")
    r, g, b = (source[x, y, channel] for channel in range(3))
    inside[x, y] = tuple(mapped(r, g, b, matrices, table, knee))
    result = hl.Func("twinlens_finish16")
    light = hl.mux(c, [inside[x, y][channel] for channel in range(3)])
    result[x, y, c] = hl.u16(codes(light, curve, 65535, noise(x, y, top, left, dither)))

    # Schedule
    result.output_buffer().dim(0).set_stride(3)
    result.output_buffer().dim(2).set_stride(1).set_bounds(0, 3)
    result.bound(c, 0, 3).reorder(c, x, y).unroll(c).vectorize(x, 16, hl.TailStrategy.GuardWithIf)
    inside.compute_at(result, x).vectorize(x)
    return result, [source, table, matrices, curve, knee, dither, top, left]
