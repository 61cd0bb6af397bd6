"""Hue and saturation: a matrix, a hue/saturation/value table, a matrix, in one pass."""

import halide as hl


def mixed(coefficients, rgb, c):
    return coefficients[0, c] * rgb[0] + coefficients[1, c] * rgb[1] + coefficients[2, c] * rgb[2]


def define():
    source = hl.ImageParam(hl.Float(32), 3, "source")
    table = hl.ImageParam(
        hl.Float(32), 1, "table"
    )  # hue, saturation, value, (shift, scale, scale): the last runs fastest
    before, after = hl.ImageParam(hl.Float(32), 2, "before"), hl.ImageParam(hl.Float(32), 2, "after")
    hues, saturations, values = (hl.Param(hl.Int(32), name) for name in ("hues", "saturations", "values"))
    coded = hl.Param(hl.Int(32), "coded")
    x, y, c = hl.vars("x y c")
    f = hl.f32
    is_coded = (coded != 0) & (values > 1)

    # Algorithm
    rgb = hl.Func("rgb")
    rgb[x, y, c] = mixed(before, [source[x, y, 0], source[x, y, 1], source[x, y, 2]], c)
    red, green, blue = rgb[x, y, 0], rgb[x, y, 1], rgb[x, y, 2]
    value = hl.max(hl.max(red, green), blue)
    spread = value - hl.min(hl.min(red, green), blue)
    inverse = f(1) / hl.select(spread > 0, spread, f(1))
    turn = hl.select(
        red == value,
        (green - blue) * inverse,
        hl.select(green == value, f(2) + (blue - red) * inverse, f(4) + (red - green) * inverse),
    )
    hsv = hl.Func("hsv")
    encoded = hl.select(
        value <= f(0.0031308), f(12.92) * value, f(1.055) * hl.pow(hl.max(value, f(1e-6)), f(1 / 2.4)) - f(0.055)
    )
    hsv[x, y] = hl.Tuple([
        hl.select(turn < 0, turn + f(6), turn),
        hl.select(value > 0, spread / hl.max(value, f(1e-30)), f(0)),
        value,
        hl.select(is_coded, encoded, value),
    ])  # fmt: skip

    hue, saturation, light, code = (hsv[x, y][i] for i in range(4))
    at_hue = hue * hl.select(hues > 1, hl.cast(hl.Float(32), hues) / f(6), f(0))
    at_saturation = hl.clamp(saturation, f(0), f(1)) * hl.cast(hl.Float(32), saturations - 1)
    at_value = hl.clamp(code, f(0), f(1)) * hl.cast(hl.Float(32), values - 1)
    h0 = hl.clamp(hl.cast(hl.Int(32), at_hue), 0, hues - 1)
    s0 = hl.clamp(hl.cast(hl.Int(32), at_saturation), 0, hl.max(saturations - 2, 0))
    v0 = hl.clamp(hl.cast(hl.Int(32), at_value), 0, hl.max(values - 2, 0))
    h1 = hl.select(h0 + 1 >= hues, 0, hl.min(h0 + 1, hues - 1))  # the bound is for Halide's range analysis
    s1, v1 = hl.min(s0 + 1, saturations - 1), hl.min(v0 + 1, values - 1)
    fh, fs, fv = (at - hl.cast(hl.Float(32), low) for at, low in ((at_hue, h0), (at_saturation, s0), (at_value, v0)))

    place = hl.Func("place")  # where the eight corners begin, and the three fractions
    place[x, y] = hl.Tuple([
        (h0 * saturations + s0) * values, (h1 * saturations + s0) * values,
        (h0 * saturations + s1) * values, (h1 * saturations + s1) * values, v0, v1, fh, fs, fv,
    ])  # fmt: skip
    a, b, d, e, low, high, th, ts, tv = (place[x, y][i] for i in range(9))

    def blend(one, other, t):
        return one + (other - one) * t

    def corner(base, k):
        return blend(table[(base + low) * 3 + k], table[(base + high) * 3 + k], tv)

    def flat_corner(base, k):
        return table[base * 3 + k]

    found = hl.Func("found")

    def look(at):
        return [blend(blend(at(a, k), at(b, k), th), blend(at(d, k), at(e, k), th), ts) for k in range(3)]

    deep, flat = look(corner), look(flat_corner)
    found[x, y] = hl.Tuple([hl.select(values > 1, deep[k], flat[k]) for k in range(3)])
    shift, scale, lift = (found[x, y][i] for i in range(3))

    new_code = code * lift
    decoded = hl.select(
        new_code <= f(0.04045), new_code / f(12.92), hl.pow(hl.max((new_code + f(0.055)) / f(1.055), f(1e-6)), f(2.4))
    )
    new = hl.Func("new")
    new[x, y] = hl.Tuple([
        hue + shift * f(1 / 60),
        hl.min(saturation * scale, hl.max(saturation, f(1))),
        hl.select(is_coded, decoded, light * lift),
    ])  # fmt: skip
    turned = hl.Func("turned")
    k = new[x, y][0] + hl.select(c == 0, f(5), c == 1, f(3), f(1))
    k -= f(6) * hl.floor(k * f(1 / 6))
    ramp = hl.clamp(hl.min(k, f(4) - k), f(0), f(1))
    turned[x, y, c] = hl.select(light > 0, new[x, y][2] * (f(1) - new[x, y][1] * ramp), rgb[x, y, c])
    result = hl.Func("twinlens_hue_sat")
    result[x, y, c] = mixed(after, [turned[x, y, 0], turned[x, y, 1], turned[x, y, 2]], c)

    # Schedule
    blocks = hl.TailStrategy.ShiftInwards  # rows of 64 pixels and more: the caller widens narrower ones
    xo, xi = hl.vars("xo xi")
    result.bound(c, 0, 3).split(x, xo, xi, 64, blocks).reorder(c, xi, xo, y).unroll(c).vectorize(xi, 16)
    for part in (rgb, turned):
        part.bound(c, 0, 3).reorder(c, x, y).unroll(c)
    for part in (rgb, hsv, place, found, new, turned):
        part.compute_at(result, xo).vectorize(x, 16)
    result.specialize(values == 1)
    result.specialize(coded == 0)
    return result, [source, table, before, after, hues, saturations, values, coded]
