"""Highlights: a matrix, then clipped channels from the surviving ones and the color nearby, on a part of a frame."""

import halide as hl
from _arithmetic import inverse
from _maps import MapReader

NEAR, FULL, FADE, PRICE, EMBER = (hl.f32(one) for one in (0.88, 0.985, 0.55, 0.01, 1e-3))
GREY, LAMP, KEPT = (0.25, 0.5, 0.25), (hl.f32(0.3), hl.f32(0.6)), hl.f32(0.7)


def rise(value, low, high):
    t = hl.clamp((value - low) * (1.0 / (high - low)), 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def dot(*factors):
    """The sum over the three channels of the product of the factors."""
    terms = []
    for first, *others in zip(*factors, strict=True):
        for other in others:
            first = first * other
        terms.append(first)
    return terms[0] + terms[1] + terms[2]


def fewest(values):
    return hl.min(hl.min(values[0], values[1]), values[2])


def define():
    source, marks = hl.ImageParam(hl.Float(32), 3, "source"), hl.ImageParam(hl.UInt(8), 2, "marks")
    x, y, c = hl.vars("x y c")
    mixing = hl.ImageParam(hl.Float(32), 2, "mixing")
    maps = MapReader(x, y)
    channels = range(3)

    # Algorithm: where the gate is shut all light stays, so blocks of 16 pixels without an open gate are left out
    gates, some, mended = hl.Func("gates"), hl.Func("some"), hl.Func("mended")
    width, block = source.dim(0).extent(), hl.Var("block")
    gates[x, y] = hl.max(maps.at(6), hl.select(marks[x, y] > 0, 1.0, 0.0))
    lane, whole = hl.RDom([(0, 16)], "lane"), hl.BoundaryConditions.repeat_edge(gates, [(0, width)])
    some[block, y] = 0.0
    some[block, y] = hl.max(some[block, y], whole[block * 16 + lane.x, y])
    place = hl.RDom([(0, width)], "place")
    place.where(some[place.x // 16, y] > 0)
    light = [source[x, y, i] for i in channels]
    mended[x, y] = hl.Tuple(
        [mixing[0, i] * light[0] + mixing[1, i] * light[1] + mixing[2, i] * light[2] for i in channels]
    )

    maps.x = place.x
    rgb = [hl.f32(0) + mended[place.x, y][i] for i in channels]
    chroma, per_level = [maps.at(i) for i in channels], [maps.at(i + 3) for i in channels]
    gate = gates[place.x, y]
    relative = [rgb[i] * per_level[i] for i in channels]
    clipped = [rise(one, NEAR, FULL) * gate for one in relative]
    trust = [(1.0 - one) * (1.0 - one) for one in clipped]
    value = [hl.max(one, 0.0) for one in rgb]
    least = inverse(fewest([chroma[i] * per_level[i] for i in channels]))
    t, tf = trust[0] + trust[1] + trust[2] + PRICE, dot(trust, chroma)
    tff = dot(trust, chroma, chroma) + EMBER
    tv = dot(trust, value)
    tfv = dot(trust, chroma, value) + EMBER * least
    white = hl.clamp((tv * tff - tf * tfv) * inverse(t * tff - tf * tf), 0.0, tv * inverse(t))
    tinted = (tfv - white * tf) * inverse(tff)
    estimate = [white + tinted * one for one in chroma]
    neutral = dot(estimate, GREY)
    low, high = hl.min(clipped[0], clipped[1]), hl.max(clipped[0], clipped[1])
    second = hl.max(low, hl.min(high, clipped[2]))
    lamp = 1.0 - rise(fewest(chroma), *LAMP)
    blown = rise(fewest(relative), FADE, FULL) * second * (1.0 - KEPT * lamp)
    red, green, blue = (rgb[i] + clipped[i] * hl.max(estimate[i] - rgb[i], 0.0) for i in channels)
    green = green + clipped[1] * hl.max(hl.min(red, blue) - green, 0.0)
    mended[place.x, y] = hl.Tuple([one + blown * (neutral - one) for one in (red, green, blue)])
    result = hl.Func("twinlens_highlights")
    result[x, y, c] = hl.mux(c, [mended[x, y][i] for i in channels])

    # Schedule
    guard = hl.TailStrategy.GuardWithIf
    outer, inner = hl.RVar("outer"), hl.RVar("inner")
    result.bound(c, 0, 3).reorder(x, c, y).unroll(c).vectorize(x, 16, guard)
    for one in (gates, mended):
        one.compute_at(result, y).vectorize(x, 16, guard)
    some.compute_at(result, y)
    some.update().atomic().vectorize(lane.x)
    mended.update().split(place.x, outer, inner, 16, guard)
    mended.update().allow_race_conditions().vectorize(inner)
    return result, [source, marks, mixing, *maps.arguments]
