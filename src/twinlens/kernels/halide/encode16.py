"""Encode: the transfer curve, from planar linear light to interleaved codes of 16 bits."""

import halide as hl
from _output import codes, noise


def define():
    source, curve = hl.ImageParam(hl.Float(32), 3, "source"), hl.ImageParam(hl.Float(32), 1, "curve")
    dither, top, left = hl.Param(hl.Float(32), "dither"), hl.Param(hl.Int(32), "top"), hl.Param(hl.Int(32), "left")
    x, y, c = hl.vars("x y c")

    # Algorithm
    result = hl.Func("twinlens_encode16")
    result[x, y, c] = hl.u16(codes(source[x, y, c], curve, 65535, noise(x, y, top, left, dither)))

    # Schedule
    result.output_buffer().dim(0).set_stride(3)
    result.output_buffer().dim(2).set_stride(1).set_bounds(0, 3)
    result.bound(c, 0, 3).reorder(c, x, y).unroll(c).vectorize(x, 16, hl.TailStrategy.GuardWithIf)
    result.specialize(dither == 0)
    return result, [source, curve, dither, top, left]
