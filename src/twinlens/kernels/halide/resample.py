"""Resample: a separable filter with weights of its own for every row and column (numerics/resample.py)."""

import halide as hl

ROWS = 16


def define():
    source = hl.ImageParam(hl.Float(32), 3, "source")
    top, down = hl.ImageParam(hl.Int(32), 1, "top"), hl.ImageParam(hl.Float(32), 2, "down")
    left, across = hl.ImageParam(hl.Int(32), 1, "left"), hl.ImageParam(hl.Float(32), 2, "across")
    x, y, c = hl.vars("x y c")
    width, height = source.dim(0).extent(), source.dim(1).extent()

    # Algorithm
    row, column = hl.RDom([(0, down.dim(0).extent())], "row"), hl.RDom([(0, across.dim(1).extent())], "column")
    tall, turned = hl.Func("tall"), hl.Func("turned")
    at = hl.min(y, top.dim(0).extent() - 1)  # blocks of rows reach beyond the last one
    tall[x, y, c] += down[row.x, at] * source[x, hl.clamp(top[at] + row.x, 0, height - 1), c]
    turned[x, y, c] = tall[x, y, c]
    wide, inside = hl.Func("wide"), hl.Func("inside")
    wide[x, y, c] += across[x, column.x] * turned[hl.clamp(left[x] + column.x, 0, width - 1), y, c]
    inside[x, y, c] = hl.max(wide[x, y, c], 0)
    result = hl.Func("twinlens_resample")
    result[x, y, c] = inside[x, y, c]

    # Schedule: along rows, a vector holds a column of 16 rows, which lie turned in memory, so that nothing is gathered
    outer, inner = hl.vars("outer inner")
    tail, whole = hl.TailStrategy.GuardWithIf, hl.TailStrategy.RoundUp
    result.bound(c, 0, 3).split(y, outer, inner, ROWS, tail).reorder(x, inner, c, outer).vectorize(x, 16, tail)
    inside.compute_at(result, c).reorder_storage(y, x, c).reorder(y, x, c).vectorize(y, ROWS, whole)
    wide.compute_at(inside, x).vectorize(y, ROWS, whole)
    wide.update().reorder(y, column.x).vectorize(y, ROWS, whole)
    turned.compute_at(result, c).reorder_storage(y, x, c).vectorize(x, 16, tail)
    tall.compute_at(turned, x).vectorize(x, 16, tail)
    tall.update().reorder(x, row.x).vectorize(x, 16, tail)
    return result, [source, top, down, left, across]
