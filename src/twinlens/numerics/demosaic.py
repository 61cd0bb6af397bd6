"""Demosaic: three colors at every site of a Bayer mosaic, in plain NumPy; the oracle of the compiled kernels.

`lmmse`: Zhang & Wu, "Color demosaicking via directional linear minimum mean square-error estimation", IEEE Trans. Image
Processing 14(12), 2005, sections III and IV, with these changes: it works on the square root of balanced light (noise
and color differences are then nearly constant over brightness); what the low pass removed counts as error the less,
the more saturated the color; the directions are mixed by the square of error variances that were smoothed over the
neighbouring sites; the error that both leave draws a difference to those around it; color differences are carried to
the other sites with weights that fall with the change along each direction, and follow green there by a local slope;
and a noise model, where there is one, enters the estimator and shrinks what is within the noise, green last of all: of
a noisy mosaic the estimate with the least mean square error denoises too (Zhang, Wu & Zhang, "Color reproduction from
noisy CFA data of single sensor digital cameras", ibid. 16(9), 2007).
`malvar`: Malvar, He & Cutler, "High-quality linear interpolation for demosaicing of Bayer-patterned color images",
ICASSP 2004, figure 2.

A *mosaic* here has its red site at (0, 0), even sizes, and `margin` more sites on every side than the result.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import ParameterError
from twinlens.numerics.frame import framed

Array = npt.NDArray[Any]
Triple = tuple[float, float, float]
Part = tuple[int, int, int, int]

LMMSE_MARGIN = 18
MALVAR_MARGIN = 2

ROOT_OFFSET = 0.001  # of balanced light: where the square root turns into a line
GREEN_CURVATURE = 1 / 8  # of the other color's second difference (Zhang & Wu: 1/4): exact for a parabola, less noise
SMOOTHING = tuple(w / 81 for w in (5, 10, 16, 19, 16, 10, 5))  # low pass of differences, Zhang & Wu's without its ends
WINDOW = 11  # sites over which the mean and the variance of a smoothed difference are taken
REMOVED = (0.25, 0.5, 0.25)  # weights of the sites over which the variance of what the smoothing removed is taken
REMOVED_IS_ERROR = 1.4  # times that variance the error of interpolation has where there is no color, and
SATURATION = 0.05  # root units: half of it where the mean difference along both axes is this large, beyond
SATURATION_NOISE = 4.0  # times a red or blue site's noise variance
VARIANCE_FLOOR = 1e-7  # root units squared
OWN_NOISE = 0.2  # how much of a red or blue site's noise the estimate of green there shall avoid
DOUBT = 2.0  # times the error variance of a difference by which it is drawn to the ones around it
SHRINK = 0.8  # share of the noise variance by which color differences and green are shrunk
CHANGE_FLOOR = 0.02  # root units: changes below it do not count as an edge
GREEN_CHANGE = 0.25  # how much a change of green counts as an edge, beside one of the difference
EXTRAPOLATION = 0.25  # of the change from the next neighbour but one; 1/8 would be a cubic, for small changes only:
EXTRAPOLATED_CHANGE = 0.012  # root units: larger changes count as this; noise takes from it
SLOPE_PRIOR = (
    1.5e-3  # root units squared: variance of green at which the measured and the expected slope weigh the same
)
LEAST_GREEN, RATIO_RANGE, MOST_SLOPE = 0.05, (0.2, 2.0), 2.0  # keep slopes sane near black and at clipped lamps


def frame_mosaic(
    sites: Array, red: tuple[int, int], margin: int, block: tuple[int, int] = (2, 2), part: Part | None = None
) -> tuple[Array, tuple[slice, slice]]:
    """The mosaic around a `part` of `sites` (H, W), red at (0, 0), and where the part lies in the demosaiced result.

    `red` is the (row, column), 0 or 1, of the first red site of `sites`; `part` (top, left, bottom, right) is all of
    them by default. The mosaic less `margin` on every side is a multiple of `block` (rows, columns; even, as
    `margin` is). What lies outside `sites` is continued by reflection.
    """
    height, width = sites.shape
    if height < 2 or width < 2:
        raise ParameterError(f"a mosaic with fewer than 2 x 2 sites lacks colors, got {height} x {width}: crop less")
    top, left, bottom, right = part or (0, 0, height, width)
    shift = ((red[0] - top) % 2, (red[1] - left) % 2)
    rows = -(-(bottom - top + shift[0]) // block[0]) * block[0] + 2 * margin
    columns = -(-(right - left + shift[1]) // block[1]) * block[1] + 2 * margin
    first = (top - shift[0] - margin, left - shift[1] - margin)
    wanted = (slice(shift[0], shift[0] + bottom - top), slice(shift[1], shift[1] + right - left))
    return framed(sites, first, (rows, columns)), wanted


def clip_bits(clipped: Array, tile: Array) -> Array:
    """Bits 1, 2, 4 (H, W) uint8 where a red, green, blue site among the 3 x 3 nearest is clipped (not 0).

    `tile` holds the color indices of the color filter array as seen from the first site.
    """
    height, width = clipped.shape
    color = np.tile(tile, (height // tile.shape[0] + 1, width // tile.shape[1] + 1))[:height, :width]
    bits = np.pad(np.where(clipped != 0, np.uint8(1) << color.astype(np.uint8), 0).astype(np.uint8), 1)
    across = bits[:, :-2] | bits[:, 1:-1] | bits[:, 2:]
    return across[:-2] | across[1:-1] | across[2:]


def noise_variances(gain: Triple, balance: Triple) -> Triple:
    """The variance of the square root of balanced light, from the noise model's gain of each channel.

    sqrt(b x) has the slope b / (2 sqrt(b x)), and x the variance g x: the product b g / 4 does not depend on x.
    """
    return tuple(b * g / 4 for b, g in zip(balance, gain, strict=True))  # type: ignore[return-value]


def lmmse(mosaic: Array, balance: Triple, noise: Triple = (0.0, 0.0, 0.0)) -> Array:
    """RGB (H - 36, W - 36, 3) float32 of a mosaic (H, W); `noise` are `noise_variances`; the result is not balanced."""
    green, red, blue = _sites(mosaic.shape)
    gains = _by_site(mosaic.shape, balance)
    root = to_root(mosaic * gains)
    noisy = _by_site(mosaic.shape, noise)
    lines = [_lowpassed(root, green, axis) for axis in (1, 0)]
    saturation = np.maximum(lines[0][2] * lines[1][2], 0) / (SATURATION**2 + np.float32(SATURATION_NOISE) * noisy)
    (across, across_error), (down, down_error) = (
        _directional(*line, saturation, noisy, axis) for line, axis in zip(lines, (1, 0), strict=True)
    )
    mixed, doubt = _mixed(across, _lattice_mean(across_error), down, _lattice_mean(down_error), noisy)
    likely, difference = _shrunk(mixed, (doubt, doubt + SHRINK * noisy))
    full_green = np.where(green, root, root + likely)
    difference = np.where(green, 0, difference)
    slope = _slopes(full_green, full_green - difference)
    calm_green = _calmed(full_green, noise[1])
    planes = [calm_green] * 3
    for channel, own, other in ((0, red, blue), (2, blue, red)):
        measured, slopes = np.where(own, difference, 0), np.where(own, slope, 0)
        diagonal = _carried(measured, measured, slopes, full_green, difference, _DIAGONAL, noise[1])
        known = np.where(other, diagonal, measured)
        slopes = np.where(other, _mean_of(slopes, _DIAGONAL), slopes)
        straight = _carried(known, measured, slopes, full_green, difference, _STRAIGHT, noise[1])
        planes[channel] = calm_green - np.where(green, straight, known)
    m = LMMSE_MARGIN
    rgb = np.stack([from_root(plane) / np.float32(g) for plane, g in zip(planes, balance, strict=True)])
    return rgb[:, m:-m, m:-m].astype(np.float32).transpose(1, 2, 0)


def malvar(mosaic: Array, balance: Triple) -> Array:
    """RGB (H - 4, W - 4, 3) float32 of a mosaic (H, W); the result is not balanced."""
    green, red, blue = _sites(mosaic.shape)
    light = mosaic * _by_site(mosaic.shape, balance)

    def around(*taps: tuple[float, tuple[tuple[int, int], ...]]) -> Array:
        return sum((weight / 8 * _moved(light, *place) for weight, places in taps for place in places), light * 0)

    near_x, near_y, far_x, far_y = ((0, -1), (0, 1)), ((-1, 0), (1, 0)), ((0, -2), (0, 2)), ((-2, 0), (2, 0))
    corner, here = ((-1, -1), (-1, 1), (1, -1), (1, 1)), ((0, 0),)
    cross = around((4, here), (2, near_x + near_y), (-1, far_x + far_y))
    row = around((5, here), (4, near_x), (-1, corner + far_x), (0.5, far_y))
    column = around((5, here), (4, near_y), (-1, corner + far_y), (0.5, far_x))
    opposite = around((6, here), (2, corner), (-1.5, far_x + far_y))
    in_red_row = np.arange(mosaic.shape[0])[:, None] % 2 == 0
    planes = (
        np.where(red, light, np.where(blue, opposite, np.where(in_red_row, row, column))),
        np.where(green, light, cross),
        np.where(blue, light, np.where(red, opposite, np.where(in_red_row, column, row))),
    )
    m = MALVAR_MARGIN
    rgb = np.stack([plane / np.float32(g) for plane, g in zip(planes, balance, strict=True)])
    return rgb[:, m:-m, m:-m].astype(np.float32).transpose(1, 2, 0)


def to_root(light: Array) -> Array:
    """sqrt(light + offset) for light above 0, its tangent below: monotone, smooth and defined for every number."""
    low = np.float32(np.sqrt(ROOT_OFFSET))
    return np.where(light > 0, np.sqrt(np.maximum(light, 0) + low * low), low + light / (2 * low)).astype(np.float32)


def from_root(root: Array) -> Array:
    """The inverse of `to_root`."""
    low = np.float32(np.sqrt(ROOT_OFFSET))
    return np.where(root > low, root * root - low * low, 2 * low * (root - low))


def _sites(shape: tuple[int, ...]) -> tuple[Array, Array, Array]:
    """Where green, red and blue sites are, (H, W) bool each."""
    row, column = np.mgrid[: shape[0], : shape[1]] % 2
    return row != column, (row + column) == 0, (row * column) == 1


def _by_site(shape: tuple[int, ...], values: Triple) -> Array:
    red, green, blue = values
    return np.tile([[red, green], [green, blue]], (shape[0] // 2, shape[1] // 2)).astype(np.float32)


def _moved(plane: Array, down: int, right: int) -> Array:
    """The value `down` rows below and `right` columns right of each place (around the ends: inside the margin)."""
    return np.roll(plane, (-down, -right), (0, 1))


def _mean_of(plane: Array, places: tuple[tuple[int, int], ...]) -> Array:
    """The mean of the values at `places` (down, right) relative to each place."""
    return sum((_moved(plane, *place) for place in places), np.zeros_like(plane)) / np.float32(len(places))


def _along(plane: Array, taps: tuple[float, ...], axis: int) -> Array:
    """Correlation with centred `taps` along one axis."""
    half = len(taps) // 2
    return sum((np.float32(w) * np.roll(plane, half - i, axis) for i, w in enumerate(taps)), plane * 0)


def _lowpassed(root: Array, green: Array, axis: int) -> tuple[Array, Array, Array]:
    """Green minus the other color along one axis at every site: by plain interpolation, smoothed, and its mean."""
    curvature = GREEN_CURVATURE
    raw = _along(root, (curvature, -0.5, 1 - 2 * curvature, -0.5, curvature), axis)
    raw = np.where(green, raw, -raw)
    smooth = _along(raw, SMOOTHING, axis)
    return raw, smooth, _along(smooth, (1 / WINDOW,) * WINDOW, axis)


def _directional(
    raw: Array, smooth: Array, mean: Array, saturation: Array, noise: Array, axis: int
) -> tuple[Array, Array]:
    """Green minus the other color along one axis, estimated at every site, and the variance of its error.

    In Zhang & Wu's words: y is the raw difference, its low pass the signal estimate with mean and variance p, and
    what the low pass took away has the variance r. The less of that is error, the more saturated the color: its
    difference then follows the light's detail. (Both axes' means agree there; an alias is in one of them only.)
    A site's own noise n favours the interpolated green over its value.
    """
    reach = range(-(WINDOW // 2), WINDOW // 2 + 1)
    p = sum((np.roll(smooth, -i, axis) - mean) ** 2 for i in reach) / WINDOW + np.float32(VARIANCE_FLOOR)
    removed = np.float32(REMOVED_IS_ERROR) * _along((raw - smooth) ** 2, REMOVED, axis)
    r = removed / (1 + saturation) + np.float32(VARIANCE_FLOOR)
    n = np.float32(OWN_NOISE) * noise
    share = np.minimum((p + n) / (p + r), 1)
    error = np.maximum(((p + 2 * n) * r - n * n) / (p + r), np.float32(VARIANCE_FLOOR))
    return mean + share * (raw - mean), error


def _lattice_mean(error: Array) -> Array:
    """Mean over a red or blue site (twice) and the eight nearest red and blue sites."""
    near = [(-1, -1), (-1, 1), (1, -1), (1, 1), (-2, 0), (2, 0), (0, -2), (0, 2)]
    return (2 * error + sum(_moved(error, *place) for place in near)) / 10


def _mixed(across: Array, across_error: Array, down: Array, down_error: Array, noise: Array) -> tuple[Array, Array]:
    """The mean of both directions' estimates, and its doubt: some times the error that both leave, less noise."""
    weight_across, weight_down = down_error**2, across_error**2
    mixed = (weight_across * across + weight_down * down) / (weight_across + weight_down)
    error = across_error * down_error / (across_error + down_error)
    return mixed, np.float32(DOUBT) * np.maximum(error - np.float32(OWN_NOISE) * noise, 0)


def _shrunk(difference: Array, variances: tuple[Array, Array]) -> tuple[Array, Array]:
    """Differences pulled to the mean of the 3 x 3 nearest of their color, by each of two parts of their variance."""
    mean = _mean_of(difference, _SAME_COLOR)
    variance = np.maximum(sum((_moved(difference, *place) - mean) ** 2 for place in _SAME_COLOR) / 9, 1e-9)
    first, second = (difference - np.minimum(one / variance, 1) * (difference - mean) for one in variances)
    return first, second


def _calmed(green: Array, noise: float) -> Array:
    """Green pulled to the mean of the 3 x 3 nearest sites, by the noise's part of their variance (Lee's filter, IEEE
    Trans. Pattern Analysis 2(2), 1980)."""
    mean = _mean_of(green, _NEAREST)
    variance = np.maximum(sum((_moved(green, *place) - mean) ** 2 for place in _NEAREST) / 9, 1e-9)
    return green - np.minimum(np.float32(SHRINK * noise) / variance, 1) * (green - mean)


_DIAGONAL = ((-1, -1), (-1, 1), (1, -1), (1, 1))
_STRAIGHT = ((0, -1), (0, 1), (-1, 0), (1, 0))
_NEAREST = tuple((y, x) for y in (-1, 0, 1) for x in (-1, 0, 1))
_SAME_COLOR = tuple((2 * y, 2 * x) for y, x in _NEAREST)


def _slopes(green: Array, color: Array) -> Array:
    """How much a color changes where green changes by 1, over the 3 x 3 nearest sites of that color: the regression's
    slope, drawn towards the root of the color's ratio to green where green hardly changes."""
    green_mean, color_mean = _mean_of(green, _SAME_COLOR), _mean_of(color, _SAME_COLOR)
    both, alone = np.zeros_like(green), np.zeros_like(green)
    for place in _SAME_COLOR:
        change = _moved(green, *place) - green_mean
        both, alone = both + change * (_moved(color, *place) - color_mean), alone + change * change
    ratio = np.clip(color_mean / np.maximum(green_mean, LEAST_GREEN), *RATIO_RANGE)
    slope = (both / 9 + SLOPE_PRIOR * np.sqrt(ratio)) / (alone / 9 + SLOPE_PRIOR)
    return np.clip(slope, 0, MOST_SLOPE).astype(np.float32)


def _carried(
    values: Array,
    measured: Array,
    slopes: Array,
    green: Array,
    difference: Array,
    places: tuple[tuple[int, int], ...],
    noise: float,
) -> Array:
    """Differences amid the neighbours at `places`: their mean, each with one over the change of green and of the
    difference towards it, plus what green does there beyond its mean of them, as far as the color's slope is not 1.

    A `measured` neighbour's value goes on a little as it changed from the next one to it (0 where none is measured).
    """
    floor = CHANGE_FLOOR + np.sqrt(np.float32(noise))
    bound = max(EXTRAPOLATED_CHANGE - np.sqrt(np.float32(noise)), np.float32(0))
    total, level, weights = np.zeros_like(green), np.zeros_like(green), np.zeros_like(green)
    for y, x in places:
        change = GREEN_CHANGE * np.abs(green - _moved(green, 2 * y, 2 * x))
        change = change + np.abs(_moved(difference, y, x) - _moved(difference, 3 * y, 3 * x))
        weight = 1 / (change + floor)
        trend = np.clip(_moved(measured, y, x) - _moved(measured, 3 * y, 3 * x), -bound, bound)
        total = total + weight * (_moved(values, y, x) + EXTRAPOLATION * trend)
        level = level + weight * _moved(green, y, x)
        weights = weights + weight
    return total / weights + (1 - _mean_of(slopes, places)) * (green - level / weights)
