"""Root-polynomial: 13 terms of degree 1 and a matrix on every pixel of a planar picture."""

import halide as hl


def cube_root(light):
    """A step of Newton's after the power, whose error of some 1e-6 the differences of large terms would show."""
    first = hl.pow(light, hl.f32(1 / 3))
    return first * hl.f32(2 / 3) + light / (first * first) * hl.f32(1 / 3)


def define():
    source, coefficients = hl.ImageParam(hl.Float(32), 3, "source"), hl.ImageParam(hl.Float(32), 2, "coefficients")
    x, y, c = hl.vars("x y c")
    f = hl.f32

    # Algorithm
    light = [hl.max(source[x, y, channel], f(0)) for channel in range(3)]
    roots = hl.Func("roots")  # square and cube roots: every term is a product of their powers
    roots[x, y] = hl.Tuple([
        *(hl.sqrt(one) for one in light),
        *(hl.select(one > f(1e-30), cube_root(hl.max(one, f(1e-30))), f(0)) for one in light),
    ])  # fmt: skip
    r, g, b = (roots[x, y][channel] for channel in range(3))
    r1, g1, b1 = (roots[x, y][3 + channel] for channel in range(3))
    r2, g2, b2 = r1 * r1, g1 * g1, b1 * b1
    terms = [source[x, y, 0], source[x, y, 1], source[x, y, 2], r * g, g * b, r * b,
             r1 * g2, g1 * b2, r1 * b2, g1 * r2, b1 * g2, b1 * r2, r1 * g1 * b1]  # fmt: skip
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
