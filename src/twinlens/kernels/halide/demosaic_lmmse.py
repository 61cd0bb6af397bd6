"""Demosaic by directional linear minimum mean square error: Bayer mosaic to three planes (numerics/demosaic.py)."""

import halide as hl

MARGIN = 20  # sites: 18 that the method needs and 2 for whole vectors
LANES = 16
WINDOW = 11  # this and all numbers below are those of numerics/demosaic.py, where they are explained


def define():
    source = hl.ImageParam(hl.Float(32), 2, "source")
    gain = [hl.Param(hl.Float(32), f"gain_{one}") for one in ("red", "green", "blue")]
    noise = [hl.Param(hl.Float(32), f"noise_{one}") for one in ("red", "green", "blue")]
    x, y, c = hl.vars("x y c")
    low, offset, tangent = (hl.f32(v) for v in (0.001**0.5, 0.001, 0.5 / 0.001**0.5))
    curvature, middle = hl.f32(1 / 8), hl.f32(1 - 2 / 8)
    smoothing = [hl.f32(w / 81) for w in (19, 16, 10, 5)]  # from the middle outwards
    per_window, removed_middle, removed_side = hl.f32(1 / WINDOW), hl.f32(1.4 * 0.5), hl.f32(1.4 * 0.25)
    saturation, saturation_noise = hl.f32(0.05**2), hl.f32(4)
    ninth, quarter = hl.f32(1 / 9), hl.f32(0.25)
    variance_floor, least_spread = hl.f32(1e-7), hl.f32(1e-9)
    own_noise, doubt, shrink = hl.f32(0.2), hl.f32(2), hl.f32(0.8)

    # Algorithm: everything lives on quads; quad (x, y) has red (2x, 2y), green right of it, green below it, blue
    def func(name, value):
        one = hl.Func(name)
        one[x, y] = value
        return one

    def rows_of(row):
        """The same row: a clamp that tells the compiler that its warming-up of sliding rows reads no further."""
        return hl.clamp(row, 0, source.height() - 1)

    def root(name, across, down, scale):
        light = source[2 * x + across + MARGIN, rows_of(2 * y + down + MARGIN)] * scale
        return func(name, hl.select(light > 0, hl.sqrt(hl.max(light, 0) + offset), low + light * tangent))

    red, blue = root("root_red", 0, 0, gain[0]), root("root_blue", 1, 1, gain[2])
    right, below = root("root_right", 1, 0, gain[1]), root("root_below", 0, 1, gain[1])
    roots = [red, blue, right, below]

    def at(one, step, axis):
        """One quad's value some quads along an axis (0: x, 1: y)."""
        return one[x + step, y] if axis == 0 else one[x, y + step]

    def line(even, odd, center, axis):
        """The values along a line of sites that two Funcs share, by distance from site `center` (0 even, 1 odd)."""
        return lambda i: at((even, odd)[(i + center) % 2], (i + center) // 2, axis)

    lowpassed, raws, reach = [], [], range(-(WINDOW // 2), WINDOW // 2 + 1)

    class Line:
        """The differences green - other along an axis through the site `center` of each quad, as in `_lowpassed`."""

        def __init__(self, tag, even, odd, center, axis):
            raw, smooth = [], []
            for place in (0, 1):
                site = line(even, odd, place, axis)
                sign = -1.0 if place == center else 1.0
                value = middle * site(0) - 0.5 * (site(-1) + site(1))
                raw.append(func(f"raw_{tag}{place}", sign * (value + curvature * (site(-2) + site(2)))))
            for place in (0, 1):
                site = line(*raw, place, axis)
                value = smoothing[0] * site(0)
                for i in (1, 2, 3):
                    value += smoothing[i] * (site(-i) + site(i))
                smooth.append(func(f"smooth_{tag}{place}", value))
            raws.extend(raw)
            lowpassed.extend(smooth)
            self.tag, self.signal, self.measured = tag, line(*smooth, center, axis), line(*raw, center, axis)
            self.mean = func(f"mean_{tag}", sum((self.signal(i) for i in reach), hl.f32(0)) * per_window)
            lowpassed.append(self.mean)

    def directional(one, other, own):
        """The difference green - other of a `Line`, and its error variance; `other` is the line across it."""
        signal, measured, mean = one.signal, one.measured, one.mean[x, y]
        spread = hl.f32(0)
        for i in reach:
            spread = (signal(i) - mean) * (signal(i) - mean) + spread
        before, here, after = ((measured(i) - signal(i)) * (measured(i) - signal(i)) for i in (-1, 0, 1))
        p = spread * per_window + variance_floor
        per_saturation = 1 / (saturation + saturation_noise * own)
        less = hl.max(mean * other.mean[x, y], 0) * per_saturation + 1  # r is multiplied by it, to divide once
        r = removed_side * (before + after) + (removed_middle * here + variance_floor * less)
        n = own_noise * own
        inverse = 1 / (p * less + r)
        share = hl.min((p + n) * less * inverse, 1)
        error = hl.max(((p + 2 * n) * r - n * n * less) * inverse, variance_floor)
        estimate = hl.Func(f"estimate_{one.tag}")
        estimate[x, y] = hl.Tuple([mean + share * (measured(0) - mean), error])
        return estimate

    red_lines = Line("ra", red, right, 0, 0), Line("rd", red, below, 0, 1)
    blue_lines = Line("ba", below, blue, 1, 0), Line("bd", right, blue, 1, 1)
    red_across, red_down = (directional(*pair, noise[0]) for pair in (red_lines, red_lines[::-1]))
    blue_across, blue_down = (directional(*pair, noise[2]) for pair in (blue_lines, blue_lines[::-1]))

    def mixed(name, own, other, shift, noisy):
        """The two directions' estimates, each weighted by the other's squared error variance over the lattice, and the
        doubt in their mean."""

        def error(k):
            a, b = own[k], other[k]
            value = 2 * a[x, y][1] + a[x - 1, y][1] + a[x + 1, y][1] + a[x, y - 1][1] + a[x, y + 1][1]
            value += b[x, y][1] + b[x + shift, y][1] + b[x, y + shift][1] + b[x + shift, y + shift][1]
            return value * hl.f32(0.1)

        across, down = error(0), error(1)
        weight_across, weight_down = down * down, across * across
        value = weight_across * own[0][x, y][0] + weight_down * own[1][x, y][0]
        weights, errors = weight_across + weight_down, across + down
        inverse = 1 / (weights * errors)  # one division for both
        left = across * down * weights * inverse
        result = hl.Func(name)
        result[x, y] = hl.Tuple([value * errors * inverse, doubt * hl.max(left - own_noise * noisy, 0)])
        return result

    mixed_red = mixed("mixed_red", (red_across, red_down), (blue_across, blue_down), -1, noise[0])
    mixed_blue = mixed("mixed_blue", (blue_across, blue_down), (red_across, red_down), 1, noise[2])

    def shrunk(tag, root, mixed, noisy):
        """Green at the sites of a color, and the color's difference to it."""
        values = [mixed[x + i, y + j][0] for j in (-1, 0, 1) for i in (-1, 0, 1)]
        mean = sum(values, hl.f32(0)) * ninth
        spread = hl.f32(0)
        for value in values:
            spread = (value - mean) * (value - mean) + spread
        inverse = 1 / hl.max(spread * ninth, least_spread)
        middle, doubtful = mixed[x, y][0], mixed[x, y][1]
        off = middle - mean
        green = func(f"green_{tag}", root[x, y] + (middle - hl.min(doubtful * inverse, 1) * off))
        return green, func(f"delta_{tag}", middle - hl.min((doubtful + shrink * noisy) * inverse, 1) * off)

    green_red, delta_red = shrunk("red", red, mixed_red, noise[0])
    green_blue, delta_blue = shrunk("blue", blue, mixed_blue, noise[2])
    floor, green_change = hl.f32(0.02) + hl.sqrt(noise[1]), hl.f32(0.25)
    bound, share = hl.max(hl.f32(0.012) - hl.sqrt(noise[1]), 0), hl.f32(0.25)

    def slope(name, green, delta):
        places = [(i, j) for j in (-1, 0, 1) for i in (-1, 0, 1)]
        greens = [green[x + i, y + j] for i, j in places]
        colors = [green[x + i, y + j] - delta[x + i, y + j] for i, j in places]
        green_mean, color_mean = sum(greens, hl.f32(0)) * ninth, sum(colors, hl.f32(0)) * ninth
        both, alone = hl.f32(0), hl.f32(0)
        for one, other in zip(greens, colors, strict=True):
            both = (one - green_mean) * (other - color_mean) + both
            alone = (one - green_mean) * (one - green_mean) + alone
        ratio = hl.clamp(color_mean / hl.max(green_mean, hl.f32(0.05)), hl.f32(0.2), hl.f32(2))
        prior = hl.f32(1.5e-3)
        measured = (both * ninth + prior * hl.sqrt(ratio)) / (alone * ninth + prior)
        return func(name, hl.clamp(measured, hl.f32(0), hl.f32(2)))

    slope_red, slope_blue = slope("slope_red", green_red, delta_red), slope("slope_blue", green_blue, delta_blue)

    def changes(green, ways):
        """How much green and the difference change towards each side: `ways` are (dx, dy, near, far)."""
        return [
            green_change * hl.abs(green[x, y] - green[x + dx, y + dy]) + hl.abs(near - far) + floor
            for dx, dy, near, far in ways
        ]  # fmt: skip

    def extrapolated(near, far):
        """The near value, gone on a little as it changed from the far one to it."""
        return near + share * hl.clamp(near - far, -bound, bound)

    def weighted(change, *lists):
        """Means of each list with weights 1 / change, by one division."""
        a, b, e, f = change
        ab, ef = a * b, e * f
        weights = [b * ef, a * ef, f * ab, e * ab]
        inverse = 1 / (weights[0] + weights[1] + weights[2] + weights[3])
        return [
            (weights[0] * n[0] + weights[1] * n[1] + weights[2] * n[2] + weights[3] * n[3]) * inverse for n in lists
        ]  # fmt: skip

    def diagonal(name, green, source_green, delta, slopes, first):
        """The other color's difference and slope at this color's site; `first` is where the upper left quad is."""
        ways, values, levels, leans = [], [], [], []
        for dy in (-1, 1):
            for dx in (-1, 1):
                i, j = first + (dx > 0), first + (dy > 0)
                values.append(extrapolated(delta[x + i, y + j], delta[x + i + dx, y + j + dy]))
                levels.append(source_green[x + i, y + j])
                leans.append(slopes[x + i, y + j])
                ways.append((dx, dy, delta[x + i, y + j], delta[x + i + dx, y + j + dy]))
        mean, level = weighted(changes(green, ways), values, levels)
        lean = sum(leans, hl.f32(0)) * quarter
        result = hl.Func(name)
        result[x, y] = hl.Tuple([mean + (1 - lean) * (green[x, y] - level), lean])
        return result

    red_at_blue = diagonal("red_at_blue", green_blue, green_red, delta_red, slope_red, 0)
    blue_at_red = diagonal("blue_at_red", green_red, green_blue, delta_blue, slope_blue, -1)

    def straight(name, green, left, up, across, down):
        """Both differences at a green site. `across` and `down` are (green, own difference, own slope, the other color
        there) of the sites left and right and of those above and below."""
        near = [(across, left, 0), (across, left + 1, 0), (down, 0, up), (down, 0, up + 1)]
        steps = [(-1, 0), (1, 0), (0, -1), (0, 1)]
        ways = [
            (dx, dy, delta[x + i, y + j], delta[x + i + dx, y + j + dy])
            for ((_, delta, _, _), i, j), (dx, dy) in zip(near, steps, strict=True)
        ]
        levels = [one[0][x + i, y + j] for one, i, j in near]
        own = [(extrapolated(*way[2:]), one[2][x + i, y + j]) for (one, i, j), way in zip(near, ways, strict=True)]
        other = [(one[3][x + i, y + j][0], one[3][x + i, y + j][1]) for one, i, j in near]
        # the row's color is measured left and right and was carried to the sites above and below; and so on
        colors = [own[:2] + other[2:], other[:2] + own[2:]]
        means = weighted(changes(green, ways), *[[value for value, _ in one] for one in colors], levels)
        beyond = green[x, y] - means[2]
        leans = [sum((lean for _, lean in one), hl.f32(0)) * quarter for one in colors]
        result = hl.Func(name)
        result[x, y] = hl.Tuple([mean + (1 - lean) * beyond for mean, lean in zip(means, leans, strict=False)])
        return result

    reds = (green_red, delta_red, slope_red, blue_at_red)
    blues = (green_blue, delta_blue, slope_blue, red_at_blue)
    # a red row has red left and right of green and blue above and below; a blue row the other way round
    at_right = straight("at_right", right, 0, -1, reds, blues)
    at_below = straight("at_below", below, -1, 0, blues, reds)

    def light(value, channel):
        return hl.select(value > low, value * value - offset, 2 * low * (value - low)) / gain[channel]

    def calmed(*greens):
        """Green at the four sites of a quad, less what is within its noise: their 3 x 3 nearest share their sums."""

        def off(i, j):
            """Green some sites right of and below the first, less it: squares of small numbers stay exact."""
            return greens[j % 2 * 2 + i % 2][x + i // 2, y + j // 2] - greens[0][x, y]

        def sums(value):
            inner = [value(i, 0) + value(i, 1) for i in (-1, 0, 1, 2)]
            rows = [[inner[i + 1] + value(i, j) for i in (-1, 0, 1, 2)] for j in (-1, 2)]
            return [(one[1] + one[2]) + one[end] for one in rows for end in (0, 3)]

        means = [one * ninth for one in sums(off)]
        squares = sums(lambda i, j: off(i, j) * off(i, j))
        spreads = [hl.max(q * ninth - m * m, least_spread) for q, m in zip(squares, means, strict=True)]
        inverses = [1 / (spreads[0] * spreads[1]), 1 / (spreads[2] * spreads[3])]
        result = []
        for k in range(4):
            value = off(k % 2, k // 2)
            share = hl.min(shrink * noise[1] * (spreads[k ^ 1] * inverses[k // 2]), 1)
            result.append(greens[0][x, y] + (value - share * (value - means[k])))
        return result

    green_r, green_h, green_v, green_b = calmed(green_red, right, below, green_blue)
    sites = {  # (column, row) of the quad: red, green, blue
        (0, 0): (green_r - delta_red[x, y], green_r, green_r - blue_at_red[x, y][0]),
        (1, 0): (green_h - at_right[x, y][0], green_h, green_h - at_right[x, y][1]),
        (0, 1): (green_v - at_below[x, y][1], green_v, green_v - at_below[x, y][0]),
        (1, 1): (green_b - red_at_blue[x, y][0], green_b, green_b - delta_blue[x, y]),
    }
    quads = hl.Func("quads")
    quads[x, y] = hl.Tuple(
        [light(sites[column, row][channel], channel) for channel in range(3) for row in (0, 1) for column in (0, 1)]
    )

    picture = hl.Func("twinlens_demosaic_lmmse")
    part = [quads[x // 2, y // 2][i] for i in range(12)]
    picked = [
        hl.select(y % 2 == 0, hl.select(x % 2 == 0, part[4 * i], part[4 * i + 1]),
                  hl.select(x % 2 == 0, part[4 * i + 2], part[4 * i + 3]))
        for i in range(3)
    ]  # fmt: skip
    picture[x, y, c] = hl.mux(c, picked)

    # Schedule: rows of quads slide down the tile; every intermediate keeps just the rows that later ones still read
    xo, xi, yo, yi = hl.vars("xo xi yo yi")
    width, height = picture.output_buffer().width(), picture.output_buffer().height()
    picture.output_buffer().dim(0).set_bounds(0, width // (2 * LANES) * (2 * LANES))
    picture.output_buffer().dim(1).set_bounds(0, height // 2 * 2)
    picture.output_buffer().dim(2).set_bounds(0, 3)
    source.dim(0).set_min(0)
    source.dim(1).set_min(0)
    picture.bound(c, 0, 3).split(y, yo, yi, 2, hl.TailStrategy.RoundUp).split(x, xo, xi, 2, hl.TailStrategy.RoundUp)
    picture.reorder(xi, yi, c, xo, yo).unroll(xi).unroll(yi).unroll(c)
    picture.vectorize(xo, LANES, hl.TailStrategy.RoundUp)
    rows = [*raws, *lowpassed, red_across, blue_across, red_down, blue_down, mixed_red, mixed_blue]
    rows += [delta_red, delta_blue, green_red, green_blue, slope_red, slope_blue]
    rows += [red_at_blue, blue_at_red]
    for one in rows:
        one.store_root().compute_at(picture, yo).vectorize(x, LANES, hl.TailStrategy.RoundUp)
    for one in roots:  # they reach a little past a whole vector
        one.store_root().compute_at(picture, yo).vectorize(x, LANES, hl.TailStrategy.ShiftInwards)
        one.fold_storage(y, 32)
    for one in (*raws, delta_red, delta_blue, green_red, green_blue):
        one.fold_storage(y, 8)
    quads.compute_at(picture, xo).vectorize(x, LANES)
    return picture, [source, *gain, *noise]
