"""Widen: the rows of a map at every pixel across, read exactly at every STRIP-th column, linearly between."""

import halide as hl
from _maps import knots, mix

STRIP = 8


def define():
    source = hl.ImageParam(hl.Float(32), 3, "source")
    first_strip, columns_per_pixel = hl.Param(hl.Int(32), "first_strip"), hl.Param(hl.Float(32), "columns_per_pixel")
    lane, strip, row, c = hl.vars("lane strip row c")

    # Algorithm: the result is (lane, strip, row, plane), so that pixel strip * STRIP + lane is the next in memory
    coarse, wide = hl.Func("coarse"), hl.Func("twinlens_widen")
    last = source.width() - 1
    place = (hl.f32((strip + first_strip) * STRIP) + 0.5) * columns_per_pixel - 0.5
    first, t = knots(place, 0, last)
    coarse[strip, row, c] = mix(source[first, row, c], source[hl.min(first + 1, last), row, c], t)
    t = hl.f32(lane) * (1.0 / STRIP)
    wide[lane, strip, row, c] = mix(hl.f32(coarse[strip, row, c]), hl.f32(coarse[strip + 1, row, c]), t)

    # Schedule
    wide.bound(lane, 0, STRIP).vectorize(lane)
    coarse.compute_at(wide, row)
    return wide, [source, first_strip, columns_per_pixel]
