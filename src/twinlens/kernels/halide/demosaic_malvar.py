"""Demosaic by Malvar, He & Cutler's 5x5 filters: Bayer mosaic to three planes (numerics/demosaic.py)."""

import halide as hl

MARGIN = 4  # sites: 2 that the method needs and 2 for whole vectors
LANES = 16
SITES = ((0, 0), (1, 0), (0, 1), (1, 1))  # (column, row) in a quad: red, green, green, blue


def define():
    source = hl.ImageParam(hl.Float(32), 2, "source")
    gain = [hl.Param(hl.Float(32), f"gain_{one}") for one in ("red", "green", "blue")]
    x, y, c = hl.vars("x y c")

    # Algorithm: everything lives on quads; quad (x, y) has red (2x, 2y), green right of it, green below it, blue
    light = {}
    for (column, row), scale in zip(SITES, (gain[0], gain[1], gain[1], gain[2]), strict=True):
        one = hl.Func(f"light{column}{row}")
        one[x, y] = source[2 * x + column + MARGIN, 2 * y + row + MARGIN] * scale
        light[column, row] = one

    def values(column, row):
        """The three colors at one site of the quad: the filters of figure 2, in eighths."""

        def at(dx, dy):
            i, j = column + dx, row + dy
            return light[i % 2, j % 2][x + i // 2, y + j // 2]

        near_x, near_y = at(-1, 0) + at(1, 0), at(0, -1) + at(0, 1)
        far_x, far_y = at(-2, 0) + at(2, 0), at(0, -2) + at(0, 2)
        corners = at(-1, -1) + at(1, -1) + at(-1, 1) + at(1, 1)
        here, eighth, half, more = at(0, 0), hl.f32(0.125), hl.f32(0.5), hl.f32(1.5)
        if column == row:
            cross = (4 * here + 2 * (near_x + near_y) - far_x - far_y) * eighth
            opposite = (6 * here + 2 * corners - more * (far_x + far_y)) * eighth
            return (here, cross, opposite) if row == 0 else (opposite, cross, here)
        along_row = (5 * here + 4 * near_x - corners - far_x + half * far_y) * eighth
        along_column = (5 * here + 4 * near_y - corners - far_y + half * far_x) * eighth
        return (along_row, here, along_column) if row == 0 else (along_column, here, along_row)

    quads = hl.Func("quads")
    found = [values(*site) for site in SITES]
    quads[x, y] = hl.Tuple([found[site][i] / gain[i] for i in range(3) for site in range(4)])
    picture = hl.Func("twinlens_demosaic_malvar")
    part = [quads[x // 2, y // 2][i] for i in range(12)]
    picked = [
        hl.select(y % 2 == 0, hl.select(x % 2 == 0, part[4 * i], part[4 * i + 1]),
                  hl.select(x % 2 == 0, part[4 * i + 2], part[4 * i + 3]))
        for i in range(3)
    ]  # fmt: skip
    picture[x, y, c] = hl.mux(c, picked)

    # Schedule
    xo, xi, yo, yi = hl.vars("xo xi yo yi")
    output = picture.output_buffer()
    output.dim(0).set_bounds(0, output.width() // (2 * LANES) * (2 * LANES))
    output.dim(1).set_bounds(0, output.height() // 2 * 2)
    output.dim(2).set_bounds(0, 3)
    source.dim(0).set_min(0)
    source.dim(1).set_min(0)
    picture.bound(c, 0, 3).split(y, yo, yi, 2, hl.TailStrategy.RoundUp).split(x, xo, xi, 2, hl.TailStrategy.RoundUp)
    picture.reorder(xi, yi, c, xo, yo).unroll(xi).unroll(yi).unroll(c)
    picture.vectorize(xo, LANES, hl.TailStrategy.RoundUp)
    quads.compute_at(picture, xo).vectorize(x, LANES)
    for one in light.values():
        one.compute_at(picture, yo).vectorize(x, LANES, hl.TailStrategy.GuardWithIf)
    return picture, [source, *gain]
