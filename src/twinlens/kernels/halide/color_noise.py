"""Color noise: color drawn along the luma (see `numerics/color_noise.py`).

The result is whole cells of 2 x 2 pixels, its width a multiple of 32: X and Y count cells, p and r the pixel in a cell.
"""

import halide as hl
from _arithmetic import inverse

LUMA = (0.25, 0.5, 0.25)
EDGE = 1e-5
TINY = 1e-12
WIDE = 8  # cells at a time


def define():
    source = hl.ImageParam(hl.Float(32), 3, "source")
    balance = [hl.Param(hl.Float(32), f"balance_{name}") for name in ("red", "green", "blue")]
    restore = [1.0 / one for one in balance]
    floor, tolerance = hl.Param(hl.Float(32), "floor_level"), hl.Param(hl.Float(32), "tolerance")
    x, y, c, X, Y, p, r, k = hl.vars("x y c X Y p r k")

    # Algorithm
    mirrored = hl.BoundaryConditions.mirror_interior(source, [(0, source.width()), (0, source.height())])
    inside = hl.BoundaryConditions.repeat_edge(source, [(0, source.width()), (0, source.height())])
    root, luma = hl.Func("root"), hl.Func("luma")
    root[x, y, c] = hl.sqrt(hl.max(mirrored[x, y, c] * hl.mux(c, balance) + floor, hl.f32(0.01) * floor))
    luma[x, y] = hl.f32(LUMA[0]) * (root[x, y, 0] + root[x, y, 2]) + hl.f32(LUMA[1]) * root[x, y, 1]

    def of(i, j):
        """Luma and two colors at a pixel of a cell."""
        place = (2 * X + i, 2 * Y + j)
        lit = luma[place]
        return lit, root[*place, 0] - lit, root[*place, 2] - lit

    def merged(middle, others, weight):
        """Means, variance of luma and its covariances with the colors, of parts: `middle` and `others`, of equal
        `weight`, the middle has the rest. By differences from the middle: sums of squares would cancel.
        """
        ways = [[one[i] - middle[i] for i in range(3)] for one in others]
        total = [sum(way[i] for way in ways[1:]) + ways[0][i] for i in range(3)]
        means = [middle[i] + weight * total[i] for i in range(3)]
        inner = []
        for i in range(3):
            product = sum(way[0] * way[i] for way in ways[1:]) + ways[0][0] * ways[0][i]
            spread = weight * product - (weight * total[0]) * (weight * total[i])
            if len(middle) > 3:
                kept = sum(one[3 + i] for one in others[1:]) + others[0][3 + i]
                spread = spread + weight * kept + hl.f32(1 - 2 * 0.25) * middle[3 + i]
            inner.append(spread)
        return [*means, *inner]

    cells, rows, lines, between = hl.Func("cells"), hl.Func("rows"), hl.Func("lines"), hl.Func("between")
    quarter = hl.f32(0.25)
    cells[X, Y, k] = hl.mux(k, merged(of(0, 0), [of(1, 0), of(0, 1), of(1, 1)], quarter))
    down = [[cells[X, Y + step, i] for i in range(6)] for step in (0, -1, 1)]
    rows[X, Y, k] = hl.mux(k, merged(down[0], down[1:], quarter))
    across = [[rows[X + step, Y, i] for i in range(6)] for step in (0, -1, 1)]
    lit, red, blue, power, lit_red, lit_blue = merged(across[0], across[1:], quarter)
    certain = inverse(hl.max(power, 0.0) + hl.f32(EDGE))
    slopes = [lit_red * certain, lit_blue * certain]
    lines[X, Y, k] = hl.mux(k, [*slopes, red - slopes[0] * lit, blue - slopes[1] * lit])
    between[X, y, k] = hl.f32(0.75) * lines[X, y // 2, k] + hl.f32(0.25) * lines[X, y // 2 + y % 2 * 2 - 1, k]

    departure, made, result = hl.Func("departure"), hl.Func("made"), hl.Func("twinlens_color_noise")

    def line(i):
        return hl.f32(0.75) * between[X, y, i] + hl.f32(0.25) * between[X + p * 2 - 1, y, i]

    here = (2 * X + p, y)
    departure[X, p, y, k] = line(k) * luma[here] + line(k + 2) - (root[*here, 2 * k] - luma[here])
    far = departure[X, p, y, 0] * departure[X, p, y, 0] + departure[X, p, y, 1] * departure[X, p, y, 1]
    share = tolerance * inverse(far + tolerance + hl.f32(TINY))
    first, second = departure[X, p, y, 0] * share, departure[X, p, y, 1] * share
    parts = [first, -(first + second) * hl.f32(LUMA[0] / LUMA[1]), second]
    added = [part * (2.0 * root[*here, i] + part) for i, part in enumerate(parts)]
    made[X, p, y, c] = hl.mux(c, added) * hl.mux(c, restore)
    result[x, y, c] = inside[x, y, c] + made[x // 2, x % 2, y, c]

    # Schedule
    out = result.output_buffer()
    out.dim(0).set_bounds(0, (out.dim(0).extent() // 32) * 32)
    out.dim(1).set_bounds(0, (out.dim(1).extent() // 2) * 2)
    out.dim(2).set_bounds(0, 3)
    source.dim(2).set_bounds(0, 3)
    tail = hl.TailStrategy.ShiftInwards
    result.bound(c, 0, 3).split(y, Y, r, 2).reorder(x, c, r, Y).unroll(c).vectorize(x, 2 * WIDE, tail)
    root.store_root().compute_at(result, Y).fold_storage(y, 16).bound(c, 0, 3)
    root.reorder_storage(x, c, y).reorder(c, x, y).unroll(c).vectorize(x, 16)
    luma.store_root().compute_at(result, Y).fold_storage(y, 16).vectorize(x, 16)
    for one, count in ((cells, 6), (rows, 6), (lines, 4), (between, 4)):
        one.bound(k, 0, count).unroll(k).vectorize(X, WIDE)
    cells.store_root().compute_at(result, Y).fold_storage(Y, 8).reorder_storage(X, k, Y).reorder(k, X, Y)
    rows.compute_at(result, Y).reorder(k, X, Y)
    lines.store_root().compute_at(result, Y).fold_storage(Y, 4).reorder_storage(X, k, Y).reorder(k, X, Y)
    between.compute_at(result, Y).reorder(k, X, y)
    made.compute_at(result, r).bound(p, 0, 2).bound(c, 0, 3).reorder_storage(p, X, c, y).reorder(p, c, X, y)
    made.unroll(p).unroll(c).vectorize(X, WIDE)
    departure.compute_at(made, X).bound(p, 0, 2).bound(k, 0, 2).unroll(p).unroll(k).vectorize(X, WIDE)
    return result, [source, *balance, floor, tolerance]
