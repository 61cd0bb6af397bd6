"""Gain map: one plane times gains that are interpolated between two lines, other lines for other rows."""

import halide as hl


def define():
    plane, lines = hl.ImageParam(hl.Float(32), 2, "plane"), hl.ImageParam(hl.Float(32), 2, "lines")
    upper, lower = hl.ImageParam(hl.Int(32), 1, "upper"), hl.ImageParam(hl.Int(32), 1, "lower")
    share = hl.ImageParam(hl.Float(32), 1, "share")
    x, y = hl.vars("x y")

    # Algorithm
    last = lines.dim(1).extent() - 1
    above = lines[x, hl.clamp(upper[y], 0, last)]
    below = lines[x, hl.clamp(lower[y], 0, last)]
    gained = hl.Func("twinlens_gain_map")
    gained[x, y] = plane[x, y] * (above + (below - above) * share[y])

    # Schedule
    gained.vectorize(x, 16, hl.TailStrategy.GuardWithIf)
    return gained, [plane, lines, upper, lower, share]
