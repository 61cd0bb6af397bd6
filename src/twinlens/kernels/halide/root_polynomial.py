"""Root-polynomial: 13 terms of degree 1 and a matrix on every pixel of a planar picture."""

import halide as hl


def define():
    source, coefficients = hl.ImageParam(hl.Float(32), 3, "source"), hl.ImageParam(hl.Float(32), 2, "coefficients")
    x, y, c = hl.vars("x y c")
    f = hl.f32

    # Algorithm
    light = [hl.max(source[x, y, channel], f(0)) for channel in range(3)]
    roots = hl.Func("roots")  # sixth roots: every term is a product of their powers
    roots[x, y] = hl.Tuple([
        hl.select(one > f(1e-30), hl.pow(hl.max(one, f(1e-30)), f(1 / 6)), f(0)) for one in light
    ])  # fmt: skip
    r, g, b = (roots[x, y][channel] for channel in range(3))
    r2, g2, b2 = r * r, g * g, b * b
    r3, g3, b3 = r2 * r, g2 * g, b2 * b
    r4, g4, b4 = r2 * r2, g2 * g2, b2 * b2
    terms = [source[x, y, 0], source[x, y, 1], source[x, y, 2], r3 * g3, g3 * b3, r3 * b3,
             r2 * g4, g2 * b4, r2 * b4, g2 * r4, b2 * g4, b2 * r4, r2 * g2 * b2]  # fmt: skip
    result = hl.Func("twinlens_root_polynomial")
    total = terms[0] * coefficients[c, 0]
    for number, term in enumerate(terms[1:], 1):
        total = total + term * coefficients[c, number]
    result[x, y, c] = total

    # Schedule
    blocks = hl.TailStrategy.ShiftInwards  # rows of 64 pixels and more: the caller widens narrower ones
    xo, xi = hl.vars("xo xi")
    result.bound(c, 0, 3).split(x, xo, xi, 64, blocks).reorder(c, xi, xo, y).unroll(c).vectorize(xi, 16)
    roots.compute_at(result, xo).vectorize(x, 16)
    return result, [source, coefficients]
