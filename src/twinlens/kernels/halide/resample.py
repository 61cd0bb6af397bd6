"""Resample: a separable filter with weights of its own for every row and column (numerics/resample.py)."""

import halide as hl

SIDE = 16


def define():
    source = hl.ImageParam(hl.Float(32), 3, "source")
    top, down = hl.ImageParam(hl.Int(32), 1, "top"), hl.ImageParam(hl.Float(32), 2, "down")
    left, across = hl.ImageParam(hl.Int(32), 1, "left"), hl.ImageParam(hl.Float(32), 2, "across")
    x, y, c = hl.vars("x y c")
    width, height = source.dim(0).extent(), source.dim(1).extent()

    # Algorithm
    row, column = hl.RDom([(0, down.dim(0).extent())], "row"), hl.RDom([(0, across.dim(1).extent())], "column")
    tall, block, turned = hl.Func("tall"), hl.Func("block"), hl.Func("turned")
    at = hl.min(y, top.dim(0).extent() - 1)  # blocks reach beyond the last row and column
    here = hl.clamp(hl.likely(x), 0, width - 1)
    tall[x, y, c] += down[row.x, at] * source[here, hl.clamp(top[at] + row.x, 0, height - 1), c]
    block[x, y, c] = tall[x, y, c]
    turned[x, y, c] = block[x, y, c]
    wide, inside = hl.Func("wide"), hl.Func("inside")
    to = hl.min(x, left.dim(0).extent() - 1)
    wide[x, y, c] += across[to, column.x] * turned[hl.clamp(left[to] + column.x, 0, width - 1), y, c]
    inside[x, y, c] = hl.max(wide[x, y, c], 0)
    result = hl.Func("twinlens_resample")
    result[x, y, c] = inside[x, y, c]

    # Schedule: along rows, a vector holds a column of 16 rows, which lie turned in memory, so that nothing is gathered;
    # blocks of 16 x 16 are turned at once
    across_blocks, within, down_blocks, inner = hl.vars("across_blocks within down_blocks inner")
    tail, whole = hl.TailStrategy.GuardWithIf, hl.TailStrategy.RoundUp
    result.bound(c, 0, 3).split(y, down_blocks, inner, SIDE, tail).split(x, across_blocks, within, SIDE, tail)
    result.reorder(within, inner, across_blocks, c, down_blocks).vectorize(within).unroll(inner)
    inside.compute_at(result, across_blocks).reorder_storage(y, x, c).reorder(y, x, c).vectorize(y, SIDE, whole)
    wide.compute_at(inside, x).vectorize(y, SIDE, whole)
    wide.update().reorder(y, column.x).vectorize(y, SIDE, whole)
    turned.compute_at(result, c).reorder_storage(y, x, c).split(x, across_blocks, within, SIDE, whole)
    turned.reorder(y, within, across_blocks, c).vectorize(y, SIDE, whole).unroll(within)
    block.compute_at(turned, across_blocks).vectorize(x, SIDE, whole).unroll(y)
    tall.compute_at(block, y).vectorize(x, SIDE, whole)
    tall.update().reorder(x, row.x, y).vectorize(x, SIDE, whole)
    return result, [source, top, down, left, across]
