"""Local tone: compresses the base layer of log2 luminance, on a part of a frame."""

import halide as hl
from _maps import MapReader

LUMINANCE = tuple(hl.f32(one) for one in (0.26270021, 0.67799807, 0.05930172))  # Rec. 2020 to Y
FLOOR, ANCHOR = hl.f32(2.0**-11), hl.f32(-2.4700228)
SLOPE, HIGHLIGHTS, SHADOWS = hl.f32(0.42), hl.f32(1.4), hl.f32(3.2)
LN2 = hl.f32(0.69314718)


def define():
    source = hl.ImageParam(hl.Float(32), 3, "source")
    strength, gain = hl.Param(hl.Float(32), "strength"), hl.Param(hl.Float(32), "gain")
    x, y, c = hl.vars("x y c")
    maps = MapReader(x, y)

    # Algorithm
    light = LUMINANCE[0] * source[x, y, 0] + LUMINANCE[1] * source[x, y, 1] + LUMINANCE[2] * source[x, y, 2]
    log_light = hl.fast_log(hl.max(light, 0.0) + FLOOR) * (1.0 / LN2)
    distance = maps.at(0) * log_light + maps.at(1) - ANCHOR
    rise = SLOPE * hl.abs(distance)
    per_rise, per_square = 1.0 / HIGHLIGHTS, 1.0 / (SHADOWS * SHADOWS)
    limit = 1.0 + hl.select(distance > 0.0, rise * per_rise, distance * distance * per_square)
    stops = -strength * SLOPE * distance / limit
    factor = hl.Func("factor")
    factor[x, y] = gain * hl.fast_exp(stops * LN2)
    result = hl.Func("twinlens_local_tone")
    result[x, y, c] = source[x, y, c] * factor[x, y]

    # Schedule
    result.bound(c, 0, 3).reorder(c, x, y).unroll(c).vectorize(x, 16, hl.TailStrategy.GuardWithIf)
    factor.compute_at(result, x).vectorize(x)
    return result, [source, *maps.arguments, strength, gain]
