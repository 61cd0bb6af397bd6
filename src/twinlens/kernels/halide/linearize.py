"""Linearize: counts to linear values and the mask of clipped sites, in one pass."""

import halide as hl


def define():
    raw = hl.ImageParam(hl.UInt(16), 2, "raw")
    black, black_rows = hl.ImageParam(hl.Float(32), 2, "black"), hl.ImageParam(hl.Float(32), 1, "black_rows")
    scale, clip_at = hl.Param(hl.Float(32), "scale"), hl.Param(hl.Float(32), "clip_at")
    x, y = hl.vars("x y")

    # Algorithm
    value = hl.Func("value")
    repeat = black[x, y % black.dim(1).extent()]
    value[x, y] = (hl.cast(hl.Float(32), raw[x, y]) - (repeat + black_rows[y])) * scale
    linear = hl.Func("twinlens_linearize")
    linear[x, y] = hl.Tuple([value[x, y], hl.cast(hl.UInt(8), hl.select(value[x, y] >= clip_at, 1, 0))])

    # Schedule
    linear.vectorize(x, 16, hl.TailStrategy.GuardWithIf)
    return linear, [raw, black, black_rows, scale, clip_at]
