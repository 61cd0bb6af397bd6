"""Remosaic clipped: which sites of the Bayer mosaic are clipped, of a tiled quad Bayer mosaic's sites
(numerics/quad_bayer.py).

`source` has a red block's first site at (0, 0) and `MARGIN` more sites on every side than the result.
"""

from functools import reduce

import halide as hl

MARGIN, LANES = 24, 32
REACH = 2  # sites: those of the wanted color among the 5 x 5 nearest


def joined(parts):
    return reduce(lambda one, other: one | other, parts)


def define():
    source = hl.ImageParam(hl.UInt(8), 2, "source")
    x, y = hl.vars("x y")

    # Algorithm: a site's bit is 1 (red), 2 (green) or 4 (blue)
    def color(across, down):
        return hl.select(across == down, hl.select(across == 0, hl.u8(1), hl.u8(4)), hl.u8(2))

    own, wanted = color(x // 2 % 2, y // 2 % 2), color(x % 2, y % 2)
    bits, beside, near = hl.Func("bits"), hl.Func("beside"), hl.Func("near")
    bits[x, y] = hl.select(source[x + MARGIN, y + MARGIN] != 0, own, hl.u8(0))
    reach = range(-REACH, REACH + 1)
    beside[x, y] = joined([bits[x + step, y] for step in reach])
    near[x, y] = joined([beside[x, y + step] for step in reach])
    clipped = hl.Func("twinlens_remosaic_clipped")
    seen = hl.select(own == wanted, hl.u8(0) | bits[x, y], hl.u8(0) | near[x, y])
    clipped[x, y] = hl.select((seen & wanted) != 0, hl.u8(1), hl.u8(0))

    # Schedule
    clipped.vectorize(x, LANES, hl.TailStrategy.GuardWithIf)
    beside.store_root().compute_at(clipped, y).vectorize(x, LANES, hl.TailStrategy.GuardWithIf)
    return clipped, [source]
