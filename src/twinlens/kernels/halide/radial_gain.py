"""Radial gain: a picture times a polynomial of the squared distance from a center, or divided by it."""

import halide as hl

TERMS = 5


def define():
    source = hl.ImageParam(hl.Float(32), 3, "source")
    coefficients = hl.ImageParam(hl.Float(32), 1, "coefficients")
    center_y, center_x = hl.Param(hl.Float(32), "center_y"), hl.Param(hl.Float(32), "center_x")
    per_pixel, divides = hl.Param(hl.Float(32), "per_pixel"), hl.Param(hl.Int(32), "divides")
    x, y, c = hl.vars("x y c")

    # Algorithm
    dy = (hl.cast(hl.Float(32), y) - center_y) * per_pixel
    dx = (hl.cast(hl.Float(32), x) - center_x) * per_pixel
    r2 = dx * dx + dy * dy
    polynomial = hl.cast(hl.Float(32), 0.0)
    for i in reversed(range(TERMS)):
        polynomial = (polynomial + coefficients[i]) * r2
    gain, gained = hl.Func("gain"), hl.Func("twinlens_radial_gain")
    gain[x, y] = hl.select(divides != 0, 1.0 / (polynomial + 1.0), polynomial + 1.0)
    gained[x, y, c] = source[x, y, c] * gain[x, y]

    # Schedule
    xo, xi, guard = hl.Var("xo"), hl.Var("xi"), hl.TailStrategy.GuardWithIf
    gained.split(x, xo, xi, 16, guard).reorder(xi, c, xo, y).vectorize(xi)
    gain.compute_at(gained, xo).bound_storage(x, 16).store_in(hl.MemoryType.Stack).vectorize(
        x, 16, hl.TailStrategy.RoundUp
    )
    gained.specialize(gained.output_buffer().dim(2).extent() == 3).unroll(c)
    return gained, [source, coefficients, center_y, center_x, per_pixel, divides]
