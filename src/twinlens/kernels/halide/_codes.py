"""Codes: the kernels that end a development in interleaved codes, for 8 and for 16 bits."""

import halide as hl
from _output import codes, constant_table, in_gamut, noise, row_by_row


def finish(bits):
    """Output color and transfer curve in one pass; named `finish8` or `finish16`."""
    source, table = hl.ImageParam(hl.Float(32), 3, "source"), hl.ImageParam(hl.UInt(32), 2, "table")
    matrices, curve = hl.ImageParam(hl.Float(32), 2, "matrices"), hl.ImageParam(hl.Float(32), 1, "curve")
    knee, safe, dither = (hl.Param(hl.Float(32), name) for name in ("knee", "safe", "dither"))
    top, left = hl.Param(hl.Int(32), "top"), hl.Param(hl.Int(32), "left")
    x, y, c = hl.vars("x y c")

    # Algorithm
    light, *scratch = in_gamut(source, table, matrices, knee, safe, x, y)
    inside = hl.mux(c, [light[x, y][channel] for channel in range(3)])
    result = hl.Func(f"twinlens_finish{bits}")
    result[x, y, c] = hl.cast(hl.UInt(bits), codes(inside, curve, 2**bits - 1, noise(x, y, top, left, dither)))

    # Schedule
    constant_table(table)
    _interleaved(result, x, y, c)
    row_by_row(result, y, x, light, *scratch)
    result.specialize(dither == 0)
    return result, [source, table, matrices, curve, knee, safe, dither, top, left]


def encode(bits):
    """The transfer curve alone; named `encode8` or `encode16`."""
    source, curve = hl.ImageParam(hl.Float(32), 3, "source"), hl.ImageParam(hl.Float(32), 1, "curve")
    dither, top, left = hl.Param(hl.Float(32), "dither"), hl.Param(hl.Int(32), "top"), hl.Param(hl.Int(32), "left")
    x, y, c = hl.vars("x y c")

    # Algorithm
    result = hl.Func(f"twinlens_encode{bits}")
    light = source[x, y, c]
    result[x, y, c] = hl.cast(hl.UInt(bits), codes(light, curve, 2**bits - 1, noise(x, y, top, left, dither)))

    # Schedule
    _interleaved(result, x, y, c)
    result.specialize(dither == 0)
    return result, [source, curve, dither, top, left]


def _interleaved(result, x, y, c):
    """Red, green and blue side by side in memory, a pixel after the other."""
    result.output_buffer().dim(0).set_stride(3)
    result.output_buffer().dim(2).set_stride(1).set_bounds(0, 3)
    result.bound(c, 0, 3).reorder(c, x, y).unroll(c).vectorize(x, 16, hl.TailStrategy.GuardWithIf)
