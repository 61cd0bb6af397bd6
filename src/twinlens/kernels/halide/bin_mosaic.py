"""Bin mosaic: a reduced picture of a Bayer mosaic, black subtracted and scaled, with its mask of clipped cells."""

import halide as hl


def define():
    raw = hl.ImageParam(hl.UInt(16), 2, "raw")
    levels = hl.ImageParam(hl.Float(32), 3, "levels")  # (x parity, y parity, black | scale | clip level)
    red_y, red_x = hl.Param(hl.Int(32), "red_y"), hl.Param(hl.Int(32), "red_x")
    blocks, first = hl.Param(hl.Int(32), "blocks"), hl.Param(hl.Int(32), "first")  # cells a pixel, row of pixels
    x, y, c = hl.vars("x y c")
    wide, high = raw.width() // 2, raw.height() // 2

    # Algorithm
    blue_y, blue_x = 1 - red_y, 1 - red_x

    def site(cell_x, cell_y, row, column):
        count = raw[2 * cell_x + column, 2 * cell_y + row]
        return (hl.cast(hl.Float(32), count) - levels[column, row, 0]) * levels[column, row, 1]

    def over(row, column):
        return hl.cast(hl.Float(32), raw[2 * x + column, 2 * y + row]) >= levels[column, row, 2]

    def centered(row, column):
        """Weights 3/4 and 1/4 move a color's sites to the centers of the cells."""
        beside = hl.clamp(hl.likely(x + 1 - 2 * column), 0, wide - 1)
        below = hl.clamp(y + 1 - 2 * row, 0, high - 1)
        here = 0.75 * site(x, y, row, column) + 0.25 * site(x, below, row, column)
        there = 0.75 * site(beside, y, row, column) + 0.25 * site(beside, below, row, column)
        return 0.75 * here + 0.25 * there

    half = hl.Func("half")
    green = (site(x, y, red_y, blue_x) + site(x, y, blue_y, red_x)) * 0.5
    half[x, y, c] = hl.mux(c, [centered(red_y, red_x), green, centered(blue_y, blue_x)])
    bit = lambda claim, value: hl.cast(hl.UInt(8), hl.select(claim, value, 0))  # noqa: E731
    half_clipped = hl.Func("half_clipped")
    half_clipped[x, y] = (
        bit(over(red_y, red_x), 1) | bit(over(red_y, blue_x) | over(blue_y, red_x), 2) | bit(over(blue_y, blue_x), 4)
    )

    # blocks x blocks cells: rows first, then columns
    v, h = hl.RDom([(0, blocks)], "v"), hl.RDom([(0, blocks)], "h")
    tall, tall_clipped = hl.Func("tall"), hl.Func("tall_clipped")
    tall[x, y, c] = 0.0
    tall[x, y, c] += half[x, (y + first) * blocks + v, c]
    tall_clipped[x, y] = hl.cast(hl.UInt(8), 0)
    tall_clipped[x, y] = tall_clipped[x, y] | half_clipped[x, (y + first) * blocks + v]
    total, total_clipped = hl.Func("total"), hl.Func("total_clipped")
    total[x, y, c] = 0.0
    total[x, y, c] += tall[x * blocks + h, y, c]
    total_clipped[x, y] = hl.cast(hl.UInt(8), 0)
    total_clipped[x, y] = total_clipped[x, y] | tall_clipped[x * blocks + h, y]
    binned, clipped = hl.Func("twinlens_bin_mosaic"), hl.Func("clipped")
    binned[x, y, c] = total[x, y, c] / hl.cast(hl.Float(32), blocks * blocks)
    clipped[x, y] = total_clipped[x, y]

    # Schedule
    guard = hl.TailStrategy.GuardWithIf
    binned.bound(c, 0, 3).reorder(x, c, y).vectorize(x, 16, guard)
    clipped.vectorize(x, 16, guard)
    tall.compute_at(binned, y).bound_storage(c, 3).reorder(c, x, y).unroll(c).vectorize(x, 16)
    tall.update().reorder(c, x, v, y).unroll(c).vectorize(x, 16, guard)
    tall_clipped.compute_at(clipped, y).vectorize(x, 16)
    tall_clipped.update().reorder(x, v, y).vectorize(x, 16, guard)
    for one in (binned, clipped):
        one.specialize(blocks == 1)
    return hl.Pipeline([binned, clipped]), [raw, levels, red_y, red_x, blocks, first]
