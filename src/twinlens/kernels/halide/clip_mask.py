"""Clip mask: which colors are clipped near each site of a Bayer mosaic (numerics/demosaic.py)."""

import halide as hl

LANES = 32


def define():
    source = hl.ImageParam(hl.UInt(8), 2, "source")  # one column and row more than the result on every side
    red_row, red_column = hl.Param(hl.Int(32), "red_row"), hl.Param(hl.Int(32), "red_column")
    x, y = hl.vars("x y")

    # Algorithm: a site's bit is 1 (red), 2 (green) or 4 (blue); the nine nearest are joined
    bits, across, mask = hl.Func("bits"), hl.Func("across"), hl.Func("twinlens_clip_mask")
    own, other = (x + red_column) % 2 == 0, hl.select((y + red_row) % 2 == 0, hl.u8(1), hl.u8(2))
    color = hl.select(own, other, hl.u8(2) * other)
    bits[x, y] = hl.select(source[x + 1, y + 1] != 0, color, hl.u8(0))
    across[x, y] = bits[x - 1, y] | bits[x, y] | bits[x + 1, y]
    mask[x, y] = across[x, y - 1] | across[x, y] | across[x, y + 1]

    # Schedule
    mask.vectorize(x, LANES, hl.TailStrategy.GuardWithIf)
    across.store_root().compute_at(mask, y).vectorize(x, LANES, hl.TailStrategy.GuardWithIf)
    return mask, [source, red_row, red_column]
