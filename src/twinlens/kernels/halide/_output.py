"""Output: the algorithm of gamut mapping and of the transfer curve, shared by the kernels that end a development.

The meaning of every step is in `numerics/gamut.py` (map_gamut) and `numerics/color.py` (encode).
"""

import halide as hl
import numpy as np

SLOPE, END, SCALE, POWER, OFFSET = range(5)


ENTRIES = 1024  # of the boundary table, as numerics.gamut.HUES


RANGES = ((0.0, 8.0), (0.0, 1.0), (-1.0, 1.0))  # of its rows, as numerics.gamut.RANGES


def constant_table(table):
    """Tell the compiler how the boundary table lies in memory, so that its rows share their addresses."""
    table.dim(0).set_bounds(0, ENTRIES)
    table.dim(1).set_bounds(0, 3).set_stride(ENTRIES)


def lookup(table, row, angle):
    """Linear interpolation in one row of the packed boundary table at a pseudo angle 0 to 4: one load a pixel."""
    position = angle * (ENTRIES / 4.0)
    index = hl.clamp(hl.i32(position), 0, ENTRIES - 1)
    both = table[index, row]
    low, high = hl.f32(hl.i32(both & hl.u32(0xFFFF))), hl.f32(hl.i32(both >> hl.u32(16)))
    start, end = RANGES[row]
    return hl.f32(start) + hl.f32((end - start) / 65535) * (low + (high - low) * (position - hl.f32(index)))


def cube_root(value):
    """Cube root of a number 0 or more: Newton's method without a division on the inverse root; within hl.f32(1e-6)."""
    value = hl.max(value, hl.f32(1e-18))
    guess = hl.reinterpret(hl.Float(32), hl.i32(0x54A2FA8C) - hl.i32(hl.f32(hl.reinterpret(hl.Int(32), value)) / 3))
    for _ in range(3):
        guess = guess * (hl.f32(4 / 3) - hl.f32(1 / 3) * value * guess * guess * guess)
    return value * guess * guess


def around_green(coefficients, r, g, b):
    """A matrix of `coefficients[row]` with rows that sum to 1, exact for greys."""
    return [g + row[0] * (r - g) + row[2] * (b - g) for row in coefficients]


def rows(matrices, index):
    return [[matrices[column, 3 * index + row] for column in range(3)] for row in range(3)]


def dot(row, values):
    return row[0] * values[0] + row[1] * values[1] + row[2] * values[2]


def largest(values):
    return hl.max(hl.max(values[0], values[1]), values[2])


def in_gamut(source, table, matrices, knee, safe, x, y):
    """`map_gamut` as a Func of three values, and the Funcs it needs, to be computed row by row.

    A color whose smallest channel is at least `safe` times its largest lies below the knee at every hue, and only
    changes primaries. The rest of the work is left out for blocks of 16 pixels that hold no other color.
    """
    r, g, b = (source[x, y, channel] for channel in range(3))
    plain = around_green(rows(matrices, 4), r, g, b)
    doubtful, block = hl.Func("doubtful"), hl.Var("block")
    smallest = hl.min(hl.min(plain[0], plain[1]), plain[2])
    doubtful[x, y] = hl.u8((smallest < safe * largest(plain)) | (largest(plain) > 1))

    width = source.dim(0).extent()
    some, lane = hl.Func("some"), hl.RDom([(0, 16)], "lane")
    whole = hl.BoundaryConditions.repeat_edge(doubtful, [(0, width)])  # a block is a vector, the last one, too
    some[block, y] = hl.u8(0)
    some[block, y] = hl.max(some[block, y], whole[block * 16 + lane.x, y])

    light, place = hl.Func("light"), hl.RDom([(0, width)], "place")
    place.where(some[place.x // 16, y] > 0)
    light[x, y] = tuple(hl.max(one, 0) for one in plain)
    light[place.x, y] = tuple(mapped(*(source[place.x, y, channel] for channel in range(3)), matrices, table, knee))
    return light, doubtful, some, lane, place


def row_by_row(result, y, x, light, doubtful, some, lane, place):
    """The schedule of `in_gamut` inside a consumer that goes through the rows."""
    outer, inner = hl.RVar("outer"), hl.RVar("inner")
    doubtful.compute_at(result, y).vectorize(x, 16, hl.TailStrategy.GuardWithIf)
    some.compute_at(result, y)
    some.update().atomic().vectorize(lane.x)
    light.compute_at(result, y).vectorize(x, 16, hl.TailStrategy.GuardWithIf)
    light.update().split(place.x, outer, inner, 16, hl.TailStrategy.GuardWithIf)
    light.update().allow_race_conditions().vectorize(inner)


def mapped(r, g, b, matrices, table, knee):
    """The three channels of `map_gamut`, as expressions."""
    lms_from_rgb, oklab_from_lms, lms_from_oklab = (rows(matrices, index) for index in range(3))
    rgb_from_lms, rgb_from_rgb = rows(matrices, 3), rows(matrices, 4)
    plain = around_green(rgb_from_rgb, r, g, b)
    roots = [cube_root(one) for one in around_green(lms_from_rgb, r, g, b)]
    light = hl.max(dot(oklab_from_lms[0], roots), hl.f32(1e-6))
    a, bb = dot(oklab_from_lms[1], roots), dot(oklab_from_lms[2], roots)

    slope = bb / (hl.abs(a) + hl.abs(bb) + hl.f32(1e-12))
    angle = hl.select(a < 0, 2 - slope, hl.select(slope < 0, 4 + slope, slope))
    inverse, nearness, turn = (lookup(table, row, angle) for row in range(3))
    dark = 1 / light
    distance = hl.sqrt(a * a + bb * bb) * dark * inverse
    over = hl.max(distance - knee, 0)
    step = 1 / (1 - knee)
    steep = step * (1 - nearness)
    pressed = hl.min(knee + over / (1 + over * steep), 1)
    far = hl.min(over * nearness * step, 1)
    to = angle + turn * far * far * (3 - 2 * far)
    to = hl.select(to < 0, to + 4, hl.select(to >= 4, to - 4, to))
    towards_a = hl.select(to < 2, 1 - to, to - 3)
    towards_b = hl.select(to < 1, to, hl.select(to < 3, 2 - to, to - 4))
    length = hl.sqrt(towards_a * towards_a + towards_b * towards_b)
    unit = hl.select(over > 0, pressed, distance) / (lookup(table, 0, to) * length)
    tint = [unit * (towards_a * row[1] + towards_b * row[2]) for row in lms_from_oklab]

    def built(level, share):
        cubes = []
        for one in tint:
            root = level * (1 + share * one)
            cubes.append(root * root * root)
        return [hl.max(one, 0) for one in around_green(rgb_from_lms, *cubes)]

    peak = cube_root(largest(built(light, 1)))
    bright = peak > 1
    excess = hl.sqrt(hl.max(peak, 1))
    lower = light / excess
    paler = hl.clamp((dark * excess - 1) / hl.max(peak * dark - 1, hl.f32(1e-6)), 0, 1)
    inside = built(lower, hl.select(bright, paler, 1))
    down = 1 / hl.max(largest(inside), 1)
    kept = (over <= 0) & (largest(plain) <= 1)
    return [hl.select(kept, hl.max(one, 0), other * down) for one, other in zip(plain, inside, strict=True)]


def _fitted(function, low, high, degree):
    """Coefficients, constant first, of the polynomial through a function at the Chebyshev points of an interval."""
    fit = np.polynomial.Chebyshev.interpolate(function, degree, (low, high))
    return [float(one) for one in fit.convert(kind=np.polynomial.Polynomial, domain=(-1, 1)).coef]


_LOG2 = _fitted(lambda f: np.log2(1 + f) / f, -0.3000001, 0.4000001, 7)  # relative to f = mantissa - 1
_EXP2 = _fitted(np.exp2, -0.5, 0.5, 5)


def _polynomial(coefficients, value):
    result = hl.f32(coefficients[-1])
    for one in reversed(coefficients[:-1]):
        result = result * value + hl.f32(one)
    return result


def power(base, exponent):
    """base^exponent for a base above 0 and a result between 1e-30 and 1: exp2(exponent log2(base)), within 1e-6."""
    bits = hl.reinterpret(hl.Int(32), base)
    whole = (bits - hl.i32(0x3F333333)) >> 23  # so that the mantissa is 0.7 to 1.4
    part = hl.reinterpret(hl.Float(32), bits - (whole << 23)) - 1
    wanted = exponent * (hl.f32(whole) + part * _polynomial(_LOG2, part))
    nearest = hl.floor(wanted + hl.f32(0.5))
    scale = hl.reinterpret(hl.Float(32), (hl.i32(nearest) + 127) << 23)
    return scale * _polynomial(_EXP2, wanted - nearest)


def codes(value, curve, top, threshold):
    """The code value 0 to `top` of linear light; `threshold` (0.5 without dither) is added before rounding down."""
    value = hl.clamp(value, 0, 1)
    powered = curve[SCALE] * power(hl.max(value, hl.f32(1e-9)), curve[POWER]) - curve[OFFSET]
    encoded = hl.select(value < curve[END], curve[SLOPE] * value, powered)
    return hl.clamp(encoded * top + threshold, 0, top)


def noise(x, y, top, left, strength):
    """Half a code plus an ordered pattern of `strength` codes (interleaved gradient noise, Jimenez 2014)."""
    across, down = hl.f32(x + left), hl.f32(y + top)
    inner = hl.f32(0.06711056) * across + hl.f32(0.00583715) * down
    inner = hl.f32(52.9829189) * (inner - hl.floor(inner))
    return 0.5 + strength * (inner - hl.floor(inner) - 0.5)
