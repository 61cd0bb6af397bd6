"""Remosaic: a tiled quad Bayer mosaic to a Bayer mosaic of the same size (numerics/quad_bayer.py).

`source` has a red block's first site at (0, 0) and `MARGIN` more sites on every side than the result.
"""

import halide as hl
from _arithmetic import inverse

MARGIN, LANES = 24, 16
TILE = ((0, 0, 1, 1), (0, 0, 1, 1), (1, 1, 2, 2), (1, 1, 2, 2))  # all numbers are those of numerics/quad_bayer.py
BAYER = ((0, 1, 0, 1), (1, 2, 1, 2)) * 2
SHARP = (0, 0, 0, -0.15, 5 / 6, -1, 0, 5 / 12, -0.1, 0, 0, 0)
SMOOTH = (0.159, -0.145, -0.162, 0.123, 0.249, -0.244, -0.166, 0.201, 0.120, -0.146, -0.137, 0.148)
BEFORE, WINDOW, PART, REMOVED_WINDOW, ERROR_WINDOW = 5, 21, 7, 3, 5
REACH, SIGMA = 4, 1.5


def around(count):
    return range(-(count // 2), count // 2 + 1)


def total(values):
    """The sum of some expressions, by pairs."""
    values = list(values)
    while len(values) > 1:
        values = [one + other for one, other in zip(values[::2], values[1::2], strict=False)] + values[
            len(values) & ~1 :
        ]
    return values[0]


def define():
    source = hl.ImageParam(hl.Float(32), 2, "source")
    gain = [hl.Param(hl.Float(32), f"gain_{one}") for one in ("red", "green", "blue")]
    noise = [hl.Param(hl.Float(32), f"noise_{one}") for one in ("red", "green", "blue")]
    x, y = hl.vars("x y")
    low, offset, tangent = (hl.f32(v) for v in (0.001**0.5, 0.001, 0.5 / 0.001**0.5))
    variance_floor, own_noise, change_floor = hl.f32(1e-7), hl.f32(0.3), hl.f32(0.01)
    per_window = hl.f32(1 / WINDOW)

    # Algorithm: a Func for each of the four rows of tiles; `one[j][x, y]` is the site x of row 4 y + j
    rows = []

    def row_funcs(name, value):
        made = []
        for j in range(4):
            one = hl.Func(f"{name}{j}")
            one[x, y] = value(j)
            made.append(one)
        rows.extend(made)
        return made

    def at(funcs, j, across=0, down=0):
        """The value some sites to the right of and below (x, 4 y + j)."""
        return funcs[(j + down) % 4][x + across, y + (j + down) // 4]

    def along(funcs, j, step, axis):
        """The value some sites along an axis (0: x, 1: y)."""
        return at(funcs, j, step, 0) if axis == 0 else at(funcs, j, 0, step)

    def by_color(j, values):
        """What belongs to the color of the site: rows hold two colors, in pairs."""
        return hl.select(x % 4 < 2, values[TILE[j][0]], values[TILE[j][2]])

    def root_of(j):
        light = source[x + MARGIN, hl.clamp(4 * y + j + MARGIN, 0, source.height() - 1)] * by_color(j, gain)
        return hl.select(light > 0, hl.sqrt(hl.max(light, 0) + offset), low + light * tangent)

    root = row_funcs("root", root_of)

    def paired(j, taps, axis):
        """Green less the other color by taps that are mirrored at the second site of each pair."""

        def correlated(sign):
            parts = [hl.f32(w) * along(root, j, sign * (i - BEFORE), axis) for i, w in enumerate(taps) if w]
            return total(parts)

        value = hl.select(x % 2 == 0, correlated(1), correlated(-1)) if axis == 0 else correlated(1 - j % 2 * 2)
        return value * by_color(j, (hl.f32(1), hl.f32(-1), hl.f32(1)))

    def sums(values):
        """The sums of values and of their squares."""
        values = list(values)
        return total(values), total(value * value for value in values)

    def in_windows(filtered, tag, axis):
        """Means of the smooth differences and of their squares over `WINDOW` sites, from the sums of parts of it."""
        if axis == 0:
            parts = row_funcs(f"part_{tag}", lambda j: hl.Tuple(sums(at(filtered, j, i)[1] for i in around(PART))))
            return lambda j: [total(at(parts, j, i)[k] for i in (-PART, 0, PART)) * per_window for k in (0, 1)]
        tiles = hl.Func(f"tiles_{tag}")
        tiles[x, y] = hl.Tuple(sums(one[x, y][1] for one in filtered))
        rows.append(tiles)

        def means(j):
            first, last = j - WINDOW // 2, j + WINDOW // 2
            whole = range(-(-first // 4), (last + 1) // 4)
            single = sums(
                at(filtered, 0, 0, i)[1] for i in (*range(first, 4 * whole[0]), *range(4 * whole[-1] + 4, last + 1))
            )
            return [(total(tiles[x, y + i][k] for i in whole) + single[k]) * per_window for k in (0, 1)]

        return means

    def directional(tag, axis):
        """Green less the other color along an axis, the box of its error's variance, and what is kept for both."""
        filtered = row_funcs(f"filtered_{tag}", lambda j: hl.Tuple([paired(j, SHARP, axis), paired(j, SMOOTH, axis)]))
        means = in_windows(filtered, tag, axis)

        def removed(j, step):
            raw, smooth = (along(filtered, j, step, axis)[k] for k in (0, 1))
            return (raw - smooth) * (raw - smooth)

        def estimate(j):
            mean, squares = means(j)
            p = hl.max(squares - mean * mean, 0) + variance_floor
            r = total(removed(j, i) for i in around(REMOVED_WINDOW)) * hl.f32(1 / REMOVED_WINDOW) + variance_floor
            n = own_noise * by_color(j, noise)
            weight = 1 / (p + r)
            share = hl.min((p + n) * weight, 1)
            error = hl.max(((p + 2 * n) * r - n * n) * weight, variance_floor)
            return hl.Tuple([mean + share * (filtered[j][x, y][0] - mean), error])

        both = row_funcs(f"estimate_{tag}", estimate)
        errors = row_funcs(f"error_{tag}", lambda j: total(both[j][x + i, y][1] for i in around(ERROR_WINDOW)))
        box = lambda j: total(at(errors, j, 0, i) for i in around(ERROR_WINDOW))  # noqa: E731
        return both, box, filtered

    across, across_error, _ = directional("across", 0)
    down, down_error, filtered_down = directional("down", 1)

    def green_of(j):
        weight_across, weight_down = down_error(j) * down_error(j), across_error(j) * across_error(j)
        mixed = (weight_across * across[j][x, y][0] + weight_down * down[j][x, y][0]) / (weight_across + weight_down)
        return root[j][x, y] + by_color(j, (mixed, hl.f32(0), mixed))

    green = row_funcs("green", green_of)

    planes = {}  # by site (i, j) of a tile: green, and the difference of the site's color to it
    for j in range(4):
        for i in range(4):
            planes[i, j] = hl.Func(f"plane{i}{j}")
            value = hl.f32(0) + green[j][4 * x + i, y]
            planes[i, j][x, y] = hl.Tuple([value, root[j][4 * x + i, y] - value])

    def carried(i, j):
        """The difference of the wanted color to green at the site (i, j) of each tile, from the sites around."""
        here, values, weights = planes[i, j][x, y][0], [], []
        for d in range(-REACH, REACH + 1):
            for a in range(-REACH, REACH + 1):
                place = ((i + a) % 4, (j + d) % 4)
                if TILE[place[1]][place[0]] != BAYER[j][i]:
                    continue
                there = (x + (i + a) // 4, y + (j + d) // 4)
                near = hl.f32(2.718281828459045 ** (-(a * a + d * d) / (2 * SIGMA**2)))
                weight = near * inverse(hl.abs(planes[place][there][0] - here) + change_floor)
                weights.append(weight)
                values.append(weight * planes[place][there][1])
        return total(values) / total(weights)

    def light(value, channel):
        return hl.select(value > low, value * value - offset, 2 * low * (value - low)) / gain[channel]

    def site(i, j):
        wanted, own = BAYER[j][i], TILE[j][i]
        if wanted == own:
            return source[4 * x + i + MARGIN, 4 * y + j + MARGIN]
        return light(planes[i, j][x, y][0] + (carried(i, j) if wanted != 1 else hl.f32(0)), wanted)

    tile = hl.Func("tile")
    tile[x, y] = hl.Tuple([site(i, j) for j in range(4) for i in range(4)])
    mosaic = hl.Func("twinlens_remosaic")
    part = [[tile[x // 4, y // 4][4 * j + i] for i in range(4)] for j in range(4)]
    picked = [hl.select(x % 4 == 0, row[0], x % 4 == 1, row[1], x % 4 == 2, row[2], row[3]) for row in part]
    mosaic[x, y] = hl.select(y % 4 == 0, picked[0], y % 4 == 1, picked[1], y % 4 == 2, picked[2], picked[3])

    # Schedule: rows of tiles slide down; every intermediate keeps just the rows that later ones still read
    xo, xi, yo, yi = hl.vars("xo xi yo yi")
    width, height = mosaic.output_buffer().width(), mosaic.output_buffer().height()
    mosaic.output_buffer().dim(0).set_bounds(0, width // 4 * 4)
    mosaic.output_buffer().dim(1).set_bounds(0, height // 4 * 4)
    source.dim(0).set_min(0)
    source.dim(1).set_min(0)
    inwards = hl.TailStrategy.ShiftInwards
    mosaic.split(y, yo, yi, 4, hl.TailStrategy.RoundUp).split(x, xo, xi, 4, hl.TailStrategy.RoundUp)
    mosaic.reorder(xi, yi, xo, yo).unroll(xi).unroll(yi).vectorize(xo, LANES, inwards)
    for one in (*rows, *planes.values()):
        one.store_root().compute_at(mosaic, yo).vectorize(x, LANES, inwards)
    for one in root:
        one.fold_storage(y, 16)
    for one in filtered_down:
        one.fold_storage(y, 8)
    tile.compute_at(mosaic, xo).vectorize(x, LANES)
    return mosaic, [source, *gain, *noise]
