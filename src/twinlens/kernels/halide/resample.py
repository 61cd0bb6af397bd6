"""Resample: a separable filter with weights of its own for every row and column (numerics/resample.py)."""

import halide as hl


def define():
    source = hl.ImageParam(hl.Float(32), 3, "source")
    top, down = hl.ImageParam(hl.Int(32), 1, "top"), hl.ImageParam(hl.Float(32), 2, "down")
    left, across = hl.ImageParam(hl.Int(32), 1, "left"), hl.ImageParam(hl.Float(32), 2, "across")
    x, y, c = hl.vars("x y c")
    width, height = source.dim(0).extent(), source.dim(1).extent()

    # Algorithm
    row, column = hl.RDom([(0, down.dim(0).extent())], "row"), hl.RDom([(0, across.dim(1).extent())], "column")
    tall = hl.Func("tall")
    tall[x, y, c] += down[row.x, y] * source[x, hl.clamp(top[y] + row.x, 0, height - 1), c]
    wide = hl.Func("wide")
    wide[x, y, c] += across[x, column.x] * tall[hl.clamp(left[x] + column.x, 0, width - 1), y, c]
    result = hl.Func("twinlens_resample")
    result[x, y, c] = hl.max(wide[x, y, c], 0)

    # Schedule
    tail = hl.TailStrategy.GuardWithIf
    result.bound(c, 0, 3).reorder(x, c, y).vectorize(x, 16, tail)
    wide.compute_at(result, c).vectorize(x, 16, tail)
    wide.update().split(x, x, lanes := hl.Var("lanes"), 16, tail).reorder(lanes, column.x, x).vectorize(lanes)
    tall.compute_at(result, c).vectorize(x, 16, tail)
    tall.update().split(x, x, lanes, 16, tail).reorder(lanes, row.x, x).vectorize(lanes)
    return result, [source, top, down, left, across]
