"""Grain: hashed noise by position, blurred to its size, on display light."""

import halide as hl

LIGHT = tuple(hl.f32(one) for one in (0.25, 0.68, 0.07))
MEAN, SPREAD, TINY = hl.f32(510.0), hl.f32(147.8), hl.f32(1e-5)


def word(number):
    return hl.u32(hl.Expr(number - 2**32 if number >= 2**31 else number))


def mixed(value):
    value = (value ^ (value >> word(16))) * word(0x7FEB352D)
    value = (value ^ (value >> word(15))) * word(0x846CA68B)
    return value ^ (value >> word(16))


def define():
    source = hl.ImageParam(hl.Float(32), 3, "source")
    top, left, seed = (hl.Param(hl.Int(32), name) for name in ("top", "left", "seed"))
    amount = hl.Param(hl.Float(32), "amount")
    weights = [hl.Param(hl.Float(32), f"tap{k}") for k in range(4)]
    x, y, c = hl.vars("x y c")

    # Algorithm
    noise, vertical, factor = hl.Func("noise"), hl.Func("vertical"), hl.Func("factor")
    bits = mixed(mixed(hl.u32(x + left) + word(0x9E3779B9) * hl.u32(seed)) ^ hl.u32(y + top))
    total = hl.f32(0.0)
    for shift in (0, 8, 16, 24):
        total = total + hl.f32(hl.i32((bits >> word(shift)) & word(0xFF)))
    noise[x, y] = (total - MEAN) * (1.0 / SPREAD)

    def blurred(func, at):
        value = weights[0] * at(func, 0)
        for k in (1, 2, 3):
            value = value + weights[k] * (at(func, -k) + at(func, k))
        return value

    vertical[x, y] = blurred(noise, lambda func, k: func[x, y + k])
    grain = blurred(vertical, lambda func, k: func[x + k, y])
    rgb = [source[x, y, i] for i in range(3)]
    light = hl.clamp(LIGHT[0] * rgb[0] + LIGHT[1] * rgb[1] + LIGHT[2] * rgb[2], 0.0, 1.0)
    share = hl.max(1.0 + amount * grain * (1.0 - hl.sqrt(light)), 0.0)
    brightest = hl.max(hl.max(rgb[0], rgb[1]), hl.max(rgb[2], TINY))
    factor[x, y] = hl.min(share * share, hl.max(1.0 / brightest, 1.0))
    result = hl.Func("twinlens_grain")
    result[x, y, c] = source[x, y, c] * factor[x, y]

    # Schedule
    result.bound(c, 0, 3).reorder(c, x, y).unroll(c).vectorize(x, 16, hl.TailStrategy.GuardWithIf)
    factor.compute_at(result, x).vectorize(x)
    vertical.compute_at(result, y).vectorize(x, 16)
    noise.store_root().compute_at(result, y).fold_storage(y, 8).vectorize(x, 16)
    return result, [source, top, left, seed, amount, *weights]
