"""Defects: replaces single hot and dead sites of a mosaic (see `numerics/defects.py`).

`mosaic` is larger than the result by 3 sites on every side.
"""

import halide as hl

MARGIN = 3
CONTRAST, SHARED = 0.25, 0.25
PAIRS = ((0, 2), (2, 0), (2, 2), (2, -2))
BESIDE = ((0, 1), (0, -1), (1, 0), (-1, 0))


def define():
    mosaic = hl.ImageParam(hl.Float(32), 2, "mosaic")
    gain, offset = hl.Param(hl.Float(32), "noise_gain"), hl.Param(hl.Float(32), "noise_offset")
    threshold = hl.Param(hl.Float(32), "threshold")
    x, y = hl.vars("x y")

    # Algorithm
    def at(down, across):
        return mosaic[x + MARGIN + across, y + MARGIN + down]

    def least(extreme):
        light = hl.max(extreme, 0.0)
        return threshold * hl.sqrt(gain * light + offset) + hl.f32(CONTRAST) * light

    site = at(0, 0)
    pairs = [(at(*place), at(-place[0], -place[1])) for place in PAIRS]
    high, low = pairs[0][0], pairs[0][0]
    for one in [pairs[0][1], *(site for pair in pairs[1:] for site in pair)]:
        high, low = hl.max(high, one), hl.min(low, one)
    shared = hl.f32(0)
    for down, across in BESIDE:
        shared = shared + (at(down, across) - at(3 * down, 3 * across))
    hot, dead = site - high, low - site
    is_hot = (hot > least(high)) & (shared < hl.f32(SHARED) * hot)
    is_dead = (dead > least(low)) & (-shared < hl.f32(SHARED) * dead)
    best, spread = (pairs[0][0] + pairs[0][1]) * hl.f32(0.5), hl.abs(pairs[0][0] - pairs[0][1])
    for one, other in pairs[1:]:
        best = hl.select(hl.abs(one - other) < spread, (one + other) * hl.f32(0.5), best)
        spread = hl.min(spread, hl.abs(one - other))
    defects = hl.Func("twinlens_defects")
    defects[x, y] = hl.select(is_hot | is_dead, best, site)

    # Schedule
    defects.vectorize(x, 16, hl.TailStrategy.GuardWithIf)
    return defects, [mosaic, gain, offset, threshold]
