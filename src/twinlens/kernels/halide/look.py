"""Look: scene light, dimmed by a vignette, to display light through three shapers and a tetrahedral table."""

import halide as hl

# The constants of numerics/lut.py and numerics/curve.py.
OFFSET, SHIFT = 2.0**-10, 16
TOP = 2.0**5 - 2.0**-9
FIRST = 0x3A800000 >> SHIFT
TONE_OFFSET = 0.004
BASE = TONE_OFFSET ** (1 / 3)
SCALE = (1 + TONE_OFFSET) ** (1 / 3) - BASE

STRIP = 128  # pixels whose steps stay in the first cache


def hidden(number):
    """A whole number as the bits of a float: its bounds are not known then, and Halide clamps no index made from it."""
    return hl.reinterpret(hl.Float(32), number)


def shown(bits):
    """The whole number that `hidden` hid."""
    return hl.reinterpret(hl.Int(32), bits)


def define():
    source = hl.ImageParam(hl.Float(32), 3, "source")
    shapers = hl.ImageParam(hl.Float(32), 3, "shapers")  # (value and rise, index, channel)
    table = hl.ImageParam(hl.Float(32), 2, "table")  # (channel, node)
    size = hl.Param(hl.Int(32), "size")
    down, across = hl.ImageParam(hl.Float(32), 1, "down"), hl.ImageParam(hl.Float(32), 1, "across")  # of a vignette
    shapers.dim(0).set_bounds(0, 2)
    shapers.dim(1).set_min(0).set_stride(2)
    shapers.dim(2).set_min(0)
    table.dim(0).set_bounds(0, 4)
    table.dim(1).set_min(0).set_stride(4)
    x, y, c, k = hl.vars("x y c k")

    # Algorithm
    factor, depth = hl.Func("factor"), down[y] + across[x]
    factor[x, y] = 1.0 / (depth * depth)
    bits = hl.reinterpret(hl.Int(32), hl.clamp(source[x, y, c] * factor[x, y], 0.0, TOP) + hl.f32(OFFSET))
    index, segment, grid = hl.Func("index"), hl.Func("segment"), hl.Func("grid")
    index[x, y, c] = hidden(hl.clamp((bits >> SHIFT) - FIRST, 0, shapers.dim(1).extent() - 1))
    inside = hl.unsafe_promise_clamped(shown(index[x, y, c]), 0, shapers.dim(1).extent() - 1)
    segment[k, x, y, c] = shapers[k, inside, c]
    within = hl.f32(bits & ((1 << SHIFT) - 1)) * hl.f32(2.0**-SHIFT)
    grid[x, y, c] = segment[0, x, y, c] + within * segment[1, x, y, c]

    red, green, blue = (grid[x, y, channel] for channel in range(3))
    cells = [hl.clamp(hl.i32(one), 0, size - 2) for one in (red, green, blue)]
    r, g, b = (one - hl.f32(cell) for one, cell in zip((red, green, blue), cells, strict=True))
    highest, lowest = hl.max(hl.max(r, g), b), hl.min(hl.min(r, g), b)
    middle = hl.max(hl.min(hl.max(r, g), b), hl.min(r, g))
    plane = size * size
    opposite = 1 + size + plane
    first = hl.select((r >= g) & (r >= b), 1, hl.select(g >= b, size, plane))
    last = hl.select((b <= r) & (b <= g), plane, hl.select(g <= r, size, 1))
    start = cells[0] + size * cells[1] + plane * cells[2]
    corners = start, start + first, start + opposite - last
    place = hl.Func("place")
    place[x, y] = hl.Tuple((*map(hidden, corners), 1.0 - highest, highest - middle, middle - lowest, lowest))

    def node(number):
        return table[k, hl.unsafe_promise_clamped(number, 0, table.dim(1).extent() - 1)]

    near, second, third = (shown(place[x, y][one]) for one in range(3))
    weights = [place[x, y][one] for one in range(3, 7)]
    code = hl.Func("code")
    code[k, x, y] = (
        node(near) * weights[0]
        + node(second) * weights[1]
        + node(third) * weights[2]
        + node(near + opposite) * weights[3]
    )
    root = code[c, x, y] * hl.f32(SCALE) + hl.f32(BASE)
    look = hl.Func("twinlens_look")
    look[x, y, c] = hl.clamp(root * root * root - hl.f32(TONE_OFFSET), 0.0, 1.0)

    # Schedule: what is computed is in vectors of pixels; what is looked up is a vector of one pixel's values, since
    # gathers are slow. Rows of a strip or more take a path without guards, which halves the time.
    xo, xi = hl.vars("xo xi")
    guard = hl.TailStrategy.GuardWithIf
    look.bound(c, 0, 3)
    paths = look.specialize(look.output_buffer().width() >= STRIP), look
    for path, tail in zip(paths, (hl.TailStrategy.ShiftInwards, guard), strict=True):
        path.split(x, xo, xi, STRIP, tail).reorder(xi, c, xo, y).unroll(c).vectorize(xi, 16)
    for one in (index, grid):
        one.compute_at(look, xo).bound(c, 0, 3).unroll(c).vectorize(x, 16, guard)
    segment.compute_at(look, xo).bound(c, 0, 3).bound(k, 0, 2).reorder(k, x, y, c).vectorize(k, 2).unroll(x, 4, guard)
    for one in (factor, place):
        one.compute_at(look, xo).vectorize(x, 16, guard)
    code.compute_at(look, xo).bound(k, 0, 4).reorder(k, x, y).vectorize(k, 4).unroll(x, 4, guard)
    return look, [source, shapers, table, size, down, across]
