"""RGB tone: a matrix, a tone curve that keeps the hue, a matrix, in one pass."""

import halide as hl


def mixed(coefficients, rgb, c):
    return coefficients[0, c] * rgb[0] + coefficients[1, c] * rgb[1] + coefficients[2, c] * rgb[2]


def define():
    source, curve = hl.ImageParam(hl.Float(32), 3, "source"), hl.ImageParam(hl.Float(32), 1, "curve")
    before, after = hl.ImageParam(hl.Float(32), 2, "before"), hl.ImageParam(hl.Float(32), 2, "after")
    x, y, c = hl.vars("x y c")
    f = hl.f32

    # Algorithm
    rgb = hl.Func("rgb")
    rgb[x, y, c] = hl.clamp(mixed(before, [source[x, y, 0], source[x, y, 1], source[x, y, 2]], c), f(0), f(1))
    red, green, blue = rgb[x, y, 0], rgb[x, y, 1], rgb[x, y, 2]

    def look_up(value):
        steps = curve.dim(0).extent() - 1
        at = hl.sqrt(value) * hl.cast(hl.Float(32), steps)
        low = hl.clamp(hl.cast(hl.Int(32), at), 0, steps - 1)
        return curve[low] + (curve[low + 1] - curve[low]) * (at - hl.cast(hl.Float(32), low))

    ends = hl.Func("ends")
    high, low = hl.max(hl.max(red, green), blue), hl.min(hl.min(red, green), blue)
    new_low = look_up(low)
    ends[x, y] = hl.Tuple([low, new_low, (look_up(high) - new_low) / hl.max(high - low, f(1e-9))])
    toned = hl.Func("toned")
    toned[x, y, c] = ends[x, y][1] + ends[x, y][2] * (rgb[x, y, c] - ends[x, y][0])
    result = hl.Func("twinlens_rgb_tone")
    result[x, y, c] = mixed(after, [toned[x, y, 0], toned[x, y, 1], toned[x, y, 2]], c)

    # Schedule
    blocks = hl.TailStrategy.ShiftInwards  # rows of 64 pixels and more: the caller widens narrower ones
    xo, xi = hl.vars("xo xi")
    result.bound(c, 0, 3).split(x, xo, xi, 64, blocks).reorder(c, xi, xo, y).unroll(c).vectorize(xi, 16)
    for part in (rgb, toned):
        part.bound(c, 0, 3).reorder(c, x, y).unroll(c)
    for part in (rgb, ends, toned):
        part.compute_at(result, xo).vectorize(x, 16)
    return result, [source, curve, before, after]
