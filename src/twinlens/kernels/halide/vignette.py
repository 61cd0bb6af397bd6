"""Vignette: every pixel divided by the square of (a number of its row + a number of its column)."""

import halide as hl


def define():
    source = hl.ImageParam(hl.Float(32), 3, "source")
    down, across = hl.ImageParam(hl.Float(32), 1, "down"), hl.ImageParam(hl.Float(32), 1, "across")
    x, y, c = hl.vars("x y c")

    # Algorithm
    factor, result = hl.Func("factor"), hl.Func("twinlens_vignette")
    depth = down[y] + across[x]
    factor[x, y] = 1.0 / (depth * depth)
    result[x, y, c] = source[x, y, c] * factor[x, y]

    # Schedule
    result.bound(c, 0, 3).reorder(c, x, y).unroll(c).vectorize(x, 16, hl.TailStrategy.GuardWithIf)
    factor.compute_at(result, x).vectorize(x)
    return result, [source, down, across]
