"""Sharpen: one step of an inverse blur on luminance, held inside the range of the 3x3 neighbourhood; a matrix before
it.
"""

import halide as hl

TINY, NOISE_WEIGHT, LEAST = hl.f32(1e-5), hl.f32(200.0), hl.f32(1e-12)


def mixed(source, mixing, x, y, row):
    """A row of the matrix applied to a pixel."""
    return mixing[0, row] * source[x, y, 0] + mixing[1, row] * source[x, y, 1] + mixing[2, row] * source[x, y, 2]


def define():
    source, marks = hl.ImageParam(hl.Float(32), 3, "source"), hl.ImageParam(hl.UInt(8), 2, "marks")
    mixing = hl.ImageParam(hl.Float(32), 2, "mixing")  # rows: three channels of the result, its luminance
    center, one, two = (hl.Param(hl.Float(32), name) for name in ("center", "one", "two"))
    weight, gain, offset, ceiling = (hl.Param(hl.Float(32), name) for name in ("weight", "gain", "offset", "ceiling"))
    x, y, c = hl.vars("x y c")

    # Algorithm
    lit, light, vertical = hl.Func("lit"), hl.Func("light"), hl.Func("vertical")
    lit[x, y] = hl.max(mixed(source, mixing, x, y, 3), 0.0)
    mirrored = hl.BoundaryConditions.mirror_interior(lit, [(0, source.width()), (0, source.height())])
    light[x, y] = mirrored[x, y]
    vertical[x, y] = hl.Tuple(
        [
            center * light[x, y]
            + one * (light[x, y - 1] + light[x, y + 1])
            + two * (light[x, y - 2] + light[x, y + 2]),
            hl.min(hl.min(light[x, y - 1], light[x, y]), light[x, y + 1]),
            hl.max(hl.max(light[x, y - 1], light[x, y]), light[x, y + 1]),
        ]
    )

    def across(part, i):
        return vertical[x + i, y][part]

    soft = center * across(0, 0) + one * (across(0, -1) + across(0, 1)) + two * (across(0, -2) + across(0, 2))
    low = hl.min(hl.min(across(1, -1), across(1, 0)), across(1, 1))
    high = hl.max(hl.max(across(2, -1), across(2, 0)), across(2, 1))
    power = (high - low) * (high - low)
    trust = power / (power + NOISE_WEIGHT * (gain * soft + offset) + LEAST)
    here = hl.f32(light[x, y])
    sharp = hl.clamp(here + weight * trust * (here - soft), low, high)
    channels = [mixed(source, mixing, x, y, row) for row in range(3)]
    brightest = hl.max(hl.max(channels[0], channels[1]), hl.max(channels[2], TINY))
    guess = hl.fast_inverse(brightest)
    room = hl.max(ceiling * guess * (2.0 - brightest * guess), 1.0)
    ratio = (sharp + TINY) / (here + TINY)
    factor = hl.Func("factor")
    factor[x, y] = hl.select(marks[x, y] > 0, 1.0, hl.min(ratio, room))
    result = hl.Func("twinlens_sharpen")
    result[x, y, c] = mixed(source, mixing, x, y, c) * factor[x, y]

    # Schedule
    result.bound(c, 0, 3).reorder(c, x, y).unroll(c).vectorize(x, 16, hl.TailStrategy.GuardWithIf)
    factor.compute_at(result, x).vectorize(x)
    vertical.compute_at(result, y).vectorize(x, 16)
    light.store_root().compute_at(result, y).fold_storage(y, 8).vectorize(x, 16)
    mixing.dim(0).set_bounds(0, 3)
    mixing.dim(1).set_bounds(0, 4).set_stride(3)
    return result, [source, marks, mixing, center, one, two, weight, gain, offset, ceiling]
