"""Gain table: each pixel times a gain that depends on its place and brightness."""

import halide as hl


def define():
    f32, i32, f = hl.Float(32), hl.Int(32), hl.f32
    source, gains = hl.ImageParam(f32, 3, "source"), hl.ImageParam(f32, 1, "gains")  # gains: v, h, entry; last fastest
    row, row_part = hl.ImageParam(i32, 1, "row"), hl.ImageParam(f32, 1, "row_part")
    column, column_part = hl.ImageParam(i32, 1, "column"), hl.ImageParam(f32, 1, "column_part")
    mixing, weights = hl.ImageParam(f32, 2, "mixing"), hl.ImageParam(f32, 1, "weights")
    down, across, entries = (hl.Param(i32, name) for name in ("down", "across", "entries"))
    gamma = hl.Param(f32, "gamma")
    x, y, c = hl.vars("x y c")

    # Algorithm
    seen = [sum(mixing[j, i] * source[x, y, j] for j in range(3)) for i in range(3)]
    low, high = hl.min(hl.min(seen[0], seen[1]), seen[2]), hl.max(hl.max(seen[0], seen[1]), seen[2])
    mixed = sum(weights[i] * value for i, value in enumerate((*seen, low, high)))
    weight = hl.Func("weight")
    plain = hl.clamp(mixed, f(0), f(1))
    weight[x, y] = hl.select(gamma == f(1), plain, hl.pow(hl.max(plain, f(1e-20)), gamma))

    at = hl.min(weight[x, y] * hl.cast(f32, entries), hl.cast(f32, entries - 1))
    e0 = hl.clamp(hl.cast(i32, at), 0, hl.max(entries - 2, 0))
    e1 = hl.min(e0 + 1, entries - 1)
    part = at - hl.cast(f32, e0)
    v0, h0 = hl.clamp(row[y], 0, down - 1), hl.clamp(column[x], 0, across - 1)
    v1, h1 = hl.min(v0 + 1, down - 1), hl.min(h0 + 1, across - 1)

    def blend(one, other, t):
        return one + (other - one) * t

    def at_point(v, h):
        base = (v * across + h) * entries
        return blend(gains[base + e0], gains[base + e1], part)

    gain = hl.Func("gain")
    upper = blend(at_point(v0, h0), at_point(v0, h1), column_part[x])
    lower = blend(at_point(v1, h0), at_point(v1, h1), column_part[x])
    gain[x, y] = blend(upper, lower, row_part[y])
    result = hl.Func("twinlens_gain_table")
    result[x, y, c] = source[x, y, c] * gain[x, y]

    # Schedule
    blocks = hl.TailStrategy.ShiftInwards  # rows of 64 pixels and more: the caller widens narrower ones
    xo, xi = hl.vars("xo xi")
    result.bound(c, 0, 3).split(x, xo, xi, 64, blocks).reorder(c, xi, xo, y).unroll(c).vectorize(xi, 16)
    weight.compute_at(result, xo).vectorize(x, 16)
    gain.compute_at(result, xo).vectorize(x, 16)
    return result, [
        source, gains, row, row_part, column, column_part, mixing, weights, down, across, entries, gamma,
    ]  # fmt: skip
