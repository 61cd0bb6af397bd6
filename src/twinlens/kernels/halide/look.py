"""Look: scene light to display light through three shapers and a tetrahedral table."""

import halide as hl

# The constants of numerics/lut.py and numerics/curve.py.
OFFSET, SHIFT = 2.0**-10, 16
TOP = 2.0**5 - 2.0**-9
FIRST = 0x3A800000 >> SHIFT
TONE_OFFSET = 0.004
BASE = TONE_OFFSET ** (1 / 3)
SCALE = (1 + TONE_OFFSET) ** (1 / 3) - BASE


def define():
    source = hl.ImageParam(hl.Float(32), 3, "source")
    shapers = hl.ImageParam(hl.Float(32), 2, "shapers")  # (index, channel)
    table = hl.ImageParam(hl.Float(32), 2, "table")  # (channel, node)
    size = hl.Param(hl.Int(32), "size")
    x, y, c = hl.vars("x y c")

    # Algorithm
    grid = hl.Func("grid")
    light = hl.clamp(source[x, y, c], 0.0, TOP) + hl.f32(OFFSET)
    bits = hl.reinterpret(hl.Int(32), light)
    at = hl.clamp((bits >> SHIFT) - FIRST, 0, shapers.dim(0).extent() - 2)
    within = hl.f32(bits & ((1 << SHIFT) - 1)) * hl.f32(2.0**-SHIFT)
    low = shapers[at, c]
    grid[x, y, c] = low + within * (shapers[at + 1, c] - low)

    red, green, blue = (grid[x, y, channel] for channel in range(3))
    cells = [hl.min(hl.i32(one), size - 2) for one in (red, green, blue)]
    r, g, b = (one - hl.f32(cell) for one, cell in zip((red, green, blue), cells, strict=True))
    highest, lowest = hl.max(hl.max(r, g), b), hl.min(hl.min(r, g), b)
    middle = hl.max(hl.min(hl.max(r, g), b), hl.min(r, g))
    plane = size * size
    first = hl.select((r >= g) & (r >= b), 1, hl.select(g >= b, size, plane))
    last = hl.select((b <= r) & (b <= g), plane, hl.select(g <= r, size, 1))
    place = hl.Func("place")
    place[x, y] = hl.Tuple(
        (cells[0] + size * cells[1] + plane * cells[2], first, 1 + size + plane - last, highest, middle, lowest)
    )
    start, to_first, to_second = place[x, y][0], place[x, y][1], place[x, y][2]
    high, mid, least = place[x, y][3], place[x, y][4], place[x, y][5]

    def node(offset):
        return table[c, hl.unsafe_promise_clamped(start + offset, 0, table.dim(1).extent() - 1)]

    code = (
        node(0) * (1.0 - high)
        + node(to_first) * (high - mid)
        + node(to_second) * (mid - least)
        + node(1 + size + plane) * least
    )
    root = code * hl.f32(SCALE) + hl.f32(BASE)
    look = hl.Func("twinlens_look")
    look[x, y, c] = hl.clamp(root * root * root - hl.f32(TONE_OFFSET), 0.0, 1.0)

    # Schedule
    xo, xi = hl.vars("xo xi")
    look.bound(c, 0, 3).split(x, xo, xi, 64, hl.TailStrategy.GuardWithIf).reorder(xi, c, xo, y).unroll(c).vectorize(
        xi, 16
    )
    grid.compute_at(look, xo).bound(c, 0, 3).unroll(c).vectorize(x, 16, hl.TailStrategy.GuardWithIf)
    place.compute_at(look, xo).vectorize(x, 16, hl.TailStrategy.GuardWithIf)
    return look, [source, shapers, table, size]
