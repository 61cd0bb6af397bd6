"""Denoise: shrinks the noise of a Bayer mosaic in overlapping blocks (see `numerics/denoise.py`).

`mosaic` is larger than the result by 24 sites on every side; the result's width is a multiple of 64, its height of 4.
All is computed on planes of every fourth column, so vectors run over the units of the block grid: X counts units, p the
column in a unit.
"""

import halide as hl
import numpy as np

MARGIN = 24
ENERGY_CAP = 100.0
SIMPLICITY = 3.0
COLOR_NOISE = 2.0
STRIP, WIDE = 30, 16
TINY = 1e-12  # least variance


def _cosine_basis(size, alternates):
    n = np.arange(size)
    basis = np.array([np.cos(np.pi * (2 * n + 1) * k / (2 * size)) for k in range(size)])
    basis /= np.linalg.norm(basis, axis=1, keepdims=True)
    if alternates:
        last = (-1.0) ** n / np.sqrt(size)
        last *= np.sign(last @ basis[-1])
        odd = list(range(1, size - 1, 2))
        left, _, right = np.linalg.svd(basis[odd] - np.outer(basis[odd] @ last, last), full_matrices=False)
        basis[odd], basis[-1] = left @ right, last
    return basis


def _weighted(weights, values):
    terms = [hl.f32(float(w)) * v for w, v in zip(weights, values, strict=True) if abs(w) > 1e-9]
    return _sum(terms)


def _sum(terms):
    """The sum as a balanced tree, so that additions do not wait for each other."""
    if len(terms) == 1:
        return terms[0]
    half = len(terms) // 2
    return _sum(terms[:half]) + _sum(terms[half:])


def _forward(basis, values):
    """Coefficients by the symmetry of the basis: even vectors see sums, odd vectors differences of mirrored values."""
    size = len(values)
    mirrored = [(values[i], values[size - 1 - i]) for i in range(size // 2)]
    sums, differences = [a + b for a, b in mirrored], [a - b for a, b in mirrored]
    return [_weighted(basis[k, : size // 2], differences if k % 2 else sums) for k in range(size)]


def _inverse(basis, coefficients):
    size = len(coefficients)
    half = range(size // 2)
    even = [_weighted(basis[0::2, i], coefficients[0::2]) for i in half]
    odd = [_weighted(basis[1::2, i], coefficients[1::2]) for i in half]
    return [even[i] + odd[i] for i in half] + [even[i] - odd[i] for i in reversed(half)]


def define():
    mosaic, tile = hl.ImageParam(hl.Float(32), 2, "mosaic"), hl.ImageParam(hl.Float(32), 2, "tile")
    prior, coarse_prior = hl.ImageParam(hl.Float(32), 2, "prior"), hl.ImageParam(hl.Float(32), 2, "coarse_prior")
    floor, steep = hl.Param(hl.Float(32), "floor_level"), hl.Param(hl.Float(32), "steepness")
    sign = hl.Param(hl.Float(32), "carrier_sign")
    x, y, X, Y, p, s, c, k, n, r = hl.vars("x y X Y p s c k n r")
    balance, slope, pole, restore, carrier = range(5)  # rows of `tile`; its columns are the four sites
    borrowed, measured, base = range(3)  # rows of the priors
    four, eight = _cosine_basis(4, False), _cosine_basis(8, True)

    # Algorithm
    square, root = hl.Func("square"), hl.Func("root")
    balanced = mosaic[4 * X + p + MARGIN, y + MARGIN] * tile[(y % 2) * 2 + p % 2, balance]
    square[X, p, y] = hl.max(balanced + floor, hl.f32(0.01) * floor)
    root[X, p, y] = hl.sqrt(square[X, p, y])

    halves = hl.Func("halves")  # two rows of a unit, one for each site
    halves[X, y, p] = (root[X, p, y] + root[X, p + 2, y] + root[X, p, y + 2] + root[X, p + 2, y + 2]) * 0.25
    inverses = hl.Func("inverses")
    inverse_squares = [1 / hl.max(square[X, p + 2 * i, y + 2 * j], floor) for i in (0, 1) for j in (0, 1)]
    inverses[X, y, p] = _sum(inverse_squares) * 0.25
    means = [halves[X, 4 * Y + site // 2, site % 2] for site in range(4)]
    variance = [tile[site, slope] + tile[site, pole] * inverses[X, 4 * Y + site // 2, site % 2] for site in range(4)]
    units = hl.Func("units")
    difference = _sum([tile[site, carrier] * means[site] for site in range(4)])
    units[X, Y, c] = hl.mux(
        c, [_sum(means) * 0.5, difference, (means[0] + means[3] - means[1] - means[2]) * 0.5, _sum(variance) * 0.25]
    )

    def kept(coefficient, inverse, level, table, index):
        """How much of a coefficient is kept; `inverse` of the noise variance, `level` of the block's energy."""
        help_ = level * table[index, borrowed] + table[index, base]
        return hl.clamp(coefficient * coefficient * (inverse * steep) + help_, 0.0, 1.0)

    def capped(coefficient, inverse, table, index):
        return hl.min(coefficient * coefficient * inverse, ENERGY_CAP) * table[index, measured]

    coarse_rows, coarse_columns = hl.Func("coarse_rows"), hl.Func("coarse_columns")
    coarse_rows[X, Y, k, c] = hl.mux(k, _forward(four, [units[X + i, Y, c] for i in range(4)]))
    coarse_columns[X, Y, k, c] = hl.Tuple(_forward(four, [coarse_rows[X, Y + i, k, c] for i in range(4)]))
    noise = hl.Func("coarse_noise")
    box = _sum([units[X + i, Y + j, 3] for i in range(4) for j in range(4)])
    noise[X, Y] = 1 / hl.max(box * hl.f32(1 / 64), hl.f32(TINY))
    certainty = noise[X, Y] * hl.select(c == 0, 1.0, hl.f32(1 / COLOR_NOISE))
    fourth = hl.RDom([(0, 4)])
    coarse_level = hl.Func("coarse_level")
    coarse_level[X, Y, c] = -coarse_prior[0, measured]
    energy = [capped(coarse_columns[X, Y, fourth, c][i], certainty, coarse_prior, 4 * fourth + i) for i in range(4)]
    starts = hl.select(fourth == 0, 0.0, energy[0])
    coarse_level[X, Y, c] += starts + energy[1] + energy[2] + energy[3]
    shrunk = []
    for i in range(4):
        value = coarse_columns[X, Y, k, c][i]
        level = hl.max(coarse_level[X, Y, c], 0.0)
        shrunk.append(value * kept(value, certainty, level, coarse_prior, 4 * k + i))
    coarse_blocks = hl.Func("coarse_blocks")
    coarse_blocks[X, Y, n, k, c] = hl.mux(n, _inverse(four, shrunk))
    coarse_sums = hl.Func("coarse_sums")
    columns = [_sum([coarse_blocks[X, Y - j, j, i, c] for j in range(4)]) for i in range(4)]
    coarse_sums[X, Y, n, c] = hl.mux(n, _inverse(four, columns))
    delta = hl.Func("delta")
    delta[X, Y, c] = _sum([coarse_sums[X - i, Y, i, c] for i in range(4)]) * hl.f32(1 / 16) - units[X, Y, c]
    change = hl.Func("change")
    greens = hl.select((s == 1) | (s == 2), hl.f32(-0.5), hl.f32(0.5))
    change[X, Y, s] = 0.5 * delta[X, Y, 0] + tile[s, carrier] * delta[X, Y, 1] + greens * delta[X, Y, 2]

    down, clean = hl.Func("down"), hl.Func("clean")
    near, side = (y // 2) % 2 * 2 - 1, p // 2 * 2 - 1
    site = (y % 2) * 2 + p
    down[X, p, y] = 0.75 * change[X, y // 4, site] + 0.25 * change[X, y // 4 + near, site]
    clean[X, p, y] = root[X, p, y] + 0.75 * down[X, p % 2, y] + 0.25 * down[X + side, p % 2, y]

    rows, columns = hl.Func("fine_rows"), hl.Func("fine_columns")
    rows[X, y, k] = hl.mux(k, _forward(eight, [clean[X + i // 4, i % 4, y] for i in range(8)]))
    columns[X, Y, k] = hl.Tuple(_forward(eight, [rows[X, 4 * Y + i, k] for i in range(8)]))
    pairs, inverse = hl.Func("pairs"), hl.Func("fine_inverse")
    pairs[X, Y] = units[X, Y, 3] + units[X + 1, Y, 3]
    inverse[X, Y] = 1 / hl.max((pairs[X, Y] + pairs[X, Y + 1]) * 0.25, hl.f32(TINY))
    eighth = hl.RDom([(0, 8)])
    level = hl.Func("fine_level")
    level[X, Y] = -prior[0, measured]
    energy = [capped(columns[X, Y, eighth][i], inverse[X, Y], prior, 8 * eighth + i) for i in range(8)]
    level[X, Y] += _sum([hl.select(eighth == 0, 0.0, energy[0]), *energy[1:]])
    shares, effective, weight = hl.Func("fine_shares"), hl.Func("fine_effective"), hl.Func("fine_weight")
    borrowed_level = hl.max(level[X, Y], 0.0)
    shares[X, Y, k] = hl.Tuple(
        [kept(columns[X, Y, k][i], inverse[X, Y], borrowed_level, prior, 8 * k + i) for i in range(8)]
    )
    paired = hl.Func("fine_paired")
    larger = [hl.max(shares[X, Y, k][i], shares[X, Y, 7 - k][7 - i]) for i in range(8)]
    paired[X, Y, k] = hl.Tuple(
        [hl.select((k >= 4) if i < 4 else (k < 4), larger[i], shares[X, Y, k][i]) for i in range(8)]
    )
    effective[X, Y, k] = _sum([paired[X, Y, k][i] * paired[X, Y, k][i] for i in range(8)])
    weight[X, Y] = inverse[X, Y] / (SIMPLICITY + _sum([effective[X, Y, i] for i in range(8)]))
    blocks = hl.Func("fine_blocks")
    unequal = hl.Func("fine_green_difference")
    difference = columns[X, Y, 0][7] - sign * columns[X, Y, 7][0]
    sureness = difference * difference * (inverse[X, Y] * steep * hl.f32(0.5)) + prior[1, base]
    unequal[X, Y] = 0.5 * (1 - hl.clamp(sureness, 0.0, 1.0)) * difference
    shrunk = [hl.strict_float(columns[X, Y, k][i] * paired[X, Y, k][i]) for i in range(8)]
    shrunk[0] += hl.select(k == 7, sign * unequal[X, Y], 0.0)
    shrunk[7] -= hl.select(k == 0, unequal[X, Y], 0.0)
    inner = _inverse(eight, shrunk)
    blocks[X, Y, n, k] = hl.mux(n, [*[one * weight[X, Y] for one in inner], effective[X, Y, k]])

    share = hl.Func("share")
    total = _sum([blocks[X, Y, 8, i] for i in range(8)])
    share[X, Y] = inverse[X, Y] / (SIMPLICITY + total)
    left, weights = hl.Func("left"), hl.Func("weights")
    left[X, Y] = share[X, Y] * total * hl.f32(1 / 64)
    over = [(X - i, Y - j) for i in (0, 1) for j in (0, 1)]  # the blocks that cover a unit
    norm = 1 / hl.max(_sum([share[place] for place in over]), hl.f32(1e-30))
    weights[X, Y, s] = hl.mux(s, [norm, 1 - _sum([left[place] for place in over]) * norm])

    sums = hl.Func("sums")
    verticals = [blocks[X, Y, r, i] + blocks[X, Y - 1, r + 4, i] for i in range(8)]
    sums[X, Y, n, r] = hl.mux(n, _inverse(eight, verticals))

    result = hl.Func("result")
    site = r % 2 * 2 + p % 2
    value = hl.mux(p, [sums[X, Y, one, r] + sums[X - 1, Y, one + 4, r] for one in range(4)]) * weights[X, Y, 0]
    power = value * value
    lost = (tile[site, slope] + tile[site, pole] / hl.max(power, floor)) * weights[X, Y, 1]
    result[X, p, Y, r] = (power + lost - floor) * tile[site, restore]
    denoise = hl.Func("twinlens_denoise")
    denoise[x, y] = result[x // 4, x % 4, y // 4, y % 4]

    # Schedule
    tail = hl.TailStrategy.ShiftInwards
    out = denoise.output_buffer()
    out.dim(0).set_bounds(0, (out.dim(0).extent() // 64) * 64)
    out.dim(1).set_bounds(0, (out.dim(1).extent() // 4) * 4)
    strip = hl.Var("strip")
    denoise.split(x, X, p, 4).split(X, strip, X, STRIP, tail).split(y, Y, r, 4)
    denoise.reorder(p, X, r, Y, strip).unroll(p).vectorize(X, WIDE, tail)
    units.compute_root().bound(c, 0, 4).reorder(c, X, Y).unroll(c).vectorize(X, 16, tail)
    for one in (halves, inverses):
        one.compute_at(units, X).vectorize(X, 16).unroll(p).unroll(y)
    change.compute_root().bound(s, 0, 4).reorder(X, s, Y).vectorize(X, 16, tail)
    delta.store_root().fold_storage(Y, 1).compute_at(change, Y).vectorize(X, 16, tail)
    coarse_sums.store_root().fold_storage(Y, 1).compute_at(change, Y)
    coarse_sums.reorder(n, X, c, Y).bound(n, 0, 4).unroll(n).vectorize(X, 16, tail)
    coarse_blocks.store_root().fold_storage(Y, 4).compute_at(change, Y)
    coarse_blocks.bound(n, 0, 4).bound(k, 0, 4).reorder(n, k, X, c, Y).unroll(n).vectorize(X, 16, tail)
    coarse_rows.store_root().fold_storage(Y, 8).compute_at(change, Y)
    coarse_rows.bound(k, 0, 4).reorder(k, X, c, Y).unroll(k).vectorize(X, 16, tail)
    noise.store_root().fold_storage(Y, 1).compute_at(change, Y).vectorize(X, 16, tail)
    coarse_columns.compute_at(coarse_blocks, X).vectorize(X, 16)
    coarse_level.compute_at(coarse_blocks, X).vectorize(X, 16).update().vectorize(X, 16)
    clean.compute_root().bound(p, 0, 4).reorder(p, X, y).unroll(p).vectorize(X, 16, tail)
    down.compute_at(clean, y).bound(p, 0, 2).vectorize(X, 16, tail)
    rows.store_at(denoise, strip).fold_storage(y, 16).compute_at(denoise, Y)
    rows.reorder_storage(X, k, y)
    rows.bound(k, 0, 8).reorder(k, X, y).unroll(k).vectorize(X, 16, tail)
    blocks.store_at(denoise, strip).fold_storage(Y, 2).compute_at(denoise, Y)
    blocks.reorder_storage(X, n, k, Y)
    blocks.bound(n, 0, 9).bound(k, 0, 8).reorder(n, k, X, Y).unroll(n).vectorize(X, 16, tail)
    for one in (columns, shares, paired, level, effective, weight, unequal):
        one.compute_at(blocks, X).vectorize(X, 16)
    level.update().vectorize(X, 16)
    for one in (inverse, share, left):
        one.store_at(denoise, strip).fold_storage(Y, 2).compute_at(denoise, Y).vectorize(X, 16, tail)
    weights.store_at(denoise, strip).fold_storage(Y, 1).compute_at(denoise, Y)
    weights.bound(s, 0, 2).reorder(s, X, Y).unroll(s).vectorize(X, WIDE, tail)
    sums.store_at(denoise, strip).fold_storage(Y, 1).compute_at(denoise, Y)
    sums.reorder_storage(X, n, r, Y)
    sums.bound(n, 0, 8).bound(r, 0, 4).reorder(n, X, r, Y).unroll(n).vectorize(X, 16, tail)
    for one in (
        units,
        change,
        coarse_rows,
        coarse_blocks,
        coarse_sums,
        delta,
        clean,
        rows,
        blocks,
        sums,
        weights,
        inverse,
    ):
        one.align_storage(one.args()[0], 16)
    return denoise, [mosaic, tile, prior, coarse_prior, floor, steep, sign]
