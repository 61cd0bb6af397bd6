"""Matrix: a 3x3 matrix on every pixel of a planar picture."""

import halide as hl


def define():
    source, coefficients = hl.ImageParam(hl.Float(32), 3, "source"), hl.ImageParam(hl.Float(32), 2, "coefficients")
    x, y, c = hl.vars("x y c")

    # Algorithm
    matrix = hl.Func("twinlens_matrix")
    matrix[x, y, c] = (
        coefficients[0, c] * source[x, y, 0]
        + coefficients[1, c] * source[x, y, 1]
        + coefficients[2, c] * source[x, y, 2]
    )

    # Schedule
    matrix.bound(c, 0, 3).reorder(c, x, y).unroll(c).vectorize(x, 16, hl.TailStrategy.GuardWithIf)
    return matrix, [source, coefficients]
