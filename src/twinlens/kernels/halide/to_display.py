"""To display: scene light through a matrix, what lies outside 0 to 1 brought inside with its hue kept."""

import halide as hl


def define():
    source = hl.ImageParam(hl.Float(32), 3, "source")
    mixing = hl.ImageParam(hl.Float(32), 2, "mixing")
    weights = hl.ImageParam(hl.Float(32), 1, "weights")  # of luminance
    x, y, c = hl.vars("x y c")

    # Algorithm
    scaled = hl.Func("scaled")
    channels = [
        mixing[0, row] * source[x, y, 0] + mixing[1, row] * source[x, y, 1] + mixing[2, row] * source[x, y, 2]
        for row in range(3)
    ]
    brightest = hl.max(hl.max(channels[0], channels[1]), channels[2])
    scaled[x, y, c] = hl.mux(c, channels) / hl.sqrt(hl.max(brightest, 1.0))
    red, green, blue = (scaled[x, y, channel] for channel in range(3))
    luma = hl.clamp(weights[0] * red + weights[1] * green + weights[2] * blue, 0.0, 1.0)
    highest = hl.max(hl.max(red, green), blue) - luma
    lowest = hl.min(hl.min(red, green), blue) - luma
    tiny = hl.f32(1e-12)
    share = hl.min((1.0 - luma) / hl.max(highest, tiny), luma / hl.max(-lowest, tiny))
    moved = hl.select(share < 1.0, luma + share * (scaled[x, y, c] - luma), scaled[x, y, c])
    to_display = hl.Func("twinlens_to_display")
    to_display[x, y, c] = hl.clamp(moved, 0.0, 1.0)

    # Schedule
    to_display.bound(c, 0, 3).reorder(c, x, y).unroll(c).vectorize(x, 16, hl.TailStrategy.GuardWithIf)
    mixing.dim(0).set_bounds(0, 3)
    mixing.dim(1).set_bounds(0, 3).set_stride(3)
    return to_display, [source, mixing, weights]
