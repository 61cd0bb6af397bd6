"""Edge: sharpness from a slanted edge, by the edge-based spatial frequency response (e-SFR).

All samples of the part, or those of one color of a mosaic, are placed by their distance from the edge, so that a
tilted edge samples its own profile several times a pixel; the derivative of that profile is the line spread, whose
Fourier transform is the SFR. The edge may be bent (a polynomial), as behind a lens with distortion.

Sources: ISO 12233:2023, 6.2 and annexes D (algorithm), E (polynomial edge, Tukey window); P. D. Burns, "Slanted-Edge
MTF for Digital Camera and Scanner Analysis", PICS 2000 (frequency along the normal of the edge). Beyond the standard,
the averaging over a bin is taken out too, not the difference alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import ParameterError

Array = npt.NDArray[Any]

OVERSAMPLING = 4  # bins a pixel (ISO 12233:2023, annex D)
ORDER = 3  # of the polynomial that follows a bent edge
LEAST_ANGLE_DEG = 2.0  # less slant leaves bins empty
MOST_ANGLE_DEG = 43.0  # at 45 degrees the samples of all rows fall on the same distances
LEAST_CONTRAST = 0.05  # Michelson contrast
TUKEY_SHARE = 0.5
WINDOW_WIDTHS = 6.0  # half width of the window around the edge, in 10-90 % rises, at least ...
LEAST_HALF_WINDOW_PX = 8.0


@dataclass(frozen=True, eq=False)
class EdgeResponse:
    """What an edge says. `frequency` (n,) in cycles a pixel, 0 to 1 (0.5 is Nyquist); `sfr` (n,), 1 at 0.

    `distance_px` and `profile` (m,): the edge's profile, dark at 0 and bright at 1. Overshoot and undershoot are shares
    of the step; `rise_px` the distance from 10 to 90 %; `angle_deg` from the nearer of rows and columns.
    """

    frequency: Array
    sfr: Array
    distance_px: Array
    profile: Array
    mtf50: float
    mtf10: float
    overshoot: float
    undershoot: float
    rise_px: float
    angle_deg: float
    contrast: float

    def at(self, frequency: float) -> float:
        """The SFR at a frequency in cycles a pixel."""
        return float(np.interp(frequency, self.frequency, self.sfr))


def slanted_edge(pixels: Array, where: Array | None = None) -> EdgeResponse:
    """The response of one slanted edge in `pixels` (H, W), linear light, that holds nothing but the edge.

    `where` (H, W) bool takes part of the samples (one color of a mosaic). Raises ParameterError where there is no
    usable edge: too small, too little contrast, not slanted, more than one edge.
    """
    pixels = np.asarray(pixels, float)
    if pixels.ndim != 2 or min(pixels.shape) < 16:
        raise ParameterError(f"an edge needs a part of 16 x 16 pixels or more in one channel, got {pixels.shape}")
    mask = np.ones(pixels.shape, bool) if where is None else np.asarray(where, bool)
    if mask.shape != pixels.shape or mask.sum() < 128:
        raise ParameterError(f"{int(mask.sum())} samples are too few for an edge; expected 128 or more")
    y, x = np.nonzero(mask)
    value = pixels[mask]
    if not np.isfinite(value).all():
        raise ParameterError("the edge has pixels that are not finite numbers")
    if _swing(y, value) > _swing(x, value):  # the edge runs along the rows: turn the picture
        x, y = y, x
    x, y = x.astype(float), y.astype(float)
    if _correlation(x, value) < 0:
        x = -x
    distance, angle, low, high = _placed(x, y, value)
    return _response(distance, (value - low) / (high - low), angle, (high - low) / (high + low))


def _correlation(position: Array, value: Array) -> float:
    return float(np.mean((position - position.mean()) * (value - value.mean())))


def _swing(position: Array, value: Array) -> float:
    """How much the mean of the lines of one position changes; an edge crosses the axis with the larger change."""
    index = np.asarray(position, int)
    count = np.bincount(index)
    means = np.bincount(index, value)[count > 0] / count[count > 0]
    return float(means.std())


def _placed(x: Array, y: Array, value: Array) -> tuple[Array, float, float, float]:
    """Signed distance (samples,) of each sample from the edge in pixels, its angle, and the two levels."""
    low, high = np.percentile(value, 5), np.percentile(value, 95)
    if high - low < LEAST_CONTRAST * abs(high + low) or high <= low:
        raise ParameterError(
            f"the part has a contrast of {max(high - low, 0) / max(high + low, 1e-12):.3f}, an edge needs "
            f"{LEAST_CONTRAST}: choose a part with one edge in the middle"
        )
    scale = max(float(np.ptp(y)) / 2, 1.0)
    v = (y - y.mean()) / scale
    coefficients = _first_guess(x, v, value, (low + high) / 2)
    coefficients, (low, high) = _refined(x, v, value, coefficients, low, high, scale)
    slope = np.polynomial.polynomial.polyval(v, np.polynomial.polynomial.polyder(coefficients)) / scale
    angle = float(np.degrees(np.arctan(np.abs(slope)).mean()))
    if not LEAST_ANGLE_DEG <= angle <= MOST_ANGLE_DEG:
        raise ParameterError(
            f"the edge is tilted by {angle:.1f} degrees, {LEAST_ANGLE_DEG:g} to {MOST_ANGLE_DEG:g} are needed: "
            "turn the target by about 5 degrees"
        )
    offset = x - np.polynomial.polynomial.polyval(v, coefficients)
    return offset * np.cos(np.arctan(slope)), angle, float(low), float(high)


def _first_guess(x: Array, v: Array, value: Array, middle: float) -> Array:
    """A straight edge from the bright share of each band of lines."""
    bands = np.array_split(np.argsort(v, kind="stable"), 8)
    places = []
    for band in bands:
        left, right = x[band].min(), x[band].max()
        bright = np.mean(value[band] > middle)
        if not 0.02 < bright < 0.98:
            raise ParameterError(
                "the edge leaves the part, or there is more than one: choose a part with one edge in the middle"
            )
        places.append((v[band].mean(), right - bright * (right - left)))
    line = np.polynomial.polynomial.polyfit([one[0] for one in places], [one[1] for one in places], 1)
    return np.concatenate([line, np.zeros(ORDER - 1)])


def _refined(
    x: Array, v: Array, value: Array, coefficients: Array, low: float, high: float, scale: float
) -> tuple[Array, tuple[float, float]]:
    """Least squares of an error-function edge on a polynomial: position, width and levels together."""
    from scipy.optimize import least_squares
    from scipy.special import ndtr

    powers = v[:, None] ** np.arange(ORDER + 1)
    centered, spread = value - (low + high) / 2, high - low

    def residual(p: Array) -> Array:
        edge = ndtr((x - powers @ p[3:]) / np.exp(p[2]))
        return (p[0] + (p[1] - p[0]) * edge - centered) / spread

    start = np.concatenate([[-spread / 2, spread / 2, np.log(1.5)], coefficients])
    found = least_squares(residual, start, loss="soft_l1", f_scale=0.1, x_scale="jac", max_nfev=60)
    if float(np.sqrt(np.mean(residual(found.x) ** 2))) > 0.25:
        raise ParameterError("the part does not look like one edge: choose a part with one edge in the middle")
    middle = (low + high) / 2
    return found.x[3:], (middle + found.x[0], middle + found.x[1])


def _response(distance: Array, value: Array, angle: float, contrast: float) -> EdgeResponse:
    return of_profile(*binned(distance, value), angle=angle, contrast=contrast)


def of_profile(positions: Array, profile: Array, *, angle: float, contrast: float) -> EdgeResponse:
    """The response of a profile (m,), about 0 to 1, at `positions` (m,) of a quarter pixel with the edge at 0."""
    rise = _rise(positions, profile)
    half = min(max(WINDOW_WIDTHS * rise, LEAST_HALF_WINDOW_PX), float(min(-positions[0], positions[-1])))
    inside = np.abs(positions) <= half
    positions, profile = positions[inside], profile[inside]
    profile = _between_levels(positions, profile)
    frequency, sfr = _transform(positions, profile)
    return EdgeResponse(
        frequency=frequency,
        sfr=sfr,
        distance_px=positions,
        profile=profile,
        mtf50=_crossing(frequency, sfr, 0.5),
        mtf10=_crossing(frequency, sfr, 0.1),
        overshoot=float(max(profile.max() - 1, 0)),
        undershoot=float(max(-profile.min(), 0)),
        rise_px=_rise(positions, profile),
        angle_deg=angle,
        contrast=float(contrast),
    )


def binned(distance: Array, value: Array) -> tuple[Array, Array]:
    """Means of a quarter pixel of distance; empty bins are interpolated."""
    reach = float(min(-distance.min(), distance.max()))
    if reach < LEAST_HALF_WINDOW_PX:
        raise ParameterError(
            f"the edge is {max(reach, 0):.1f} px from a border of the part, {LEAST_HALF_WINDOW_PX:g} px are needed"
        )
    number = int(reach * OVERSAMPLING)
    index = np.rint(distance * OVERSAMPLING).astype(int) + number
    usable = (index >= 0) & (index <= 2 * number)
    count = np.bincount(index[usable], minlength=2 * number + 1)
    total = np.bincount(index[usable], value[usable], minlength=2 * number + 1)
    positions = np.arange(-number, number + 1) / OVERSAMPLING
    filled = count > 0
    return positions, np.interp(positions, positions[filled], total[filled] / count[filled])


def _between_levels(positions: Array, profile: Array) -> Array:
    """The profile with the means of its outer eighths at 0 and 1, where an overshoot has ended."""
    outer = max(len(positions) // 8, 1)
    low, high = profile[:outer].mean(), profile[-outer:].mean()
    return (profile - low) / (high - low)


def _rise(positions: Array, profile: Array) -> float:
    """Distance from the last place below 10 % to the first above 90 % after it, at least a bin."""
    above = np.flatnonzero(profile >= 0.9)
    first = int(above[0]) if above.size else len(profile) - 1
    below = np.flatnonzero(profile[: first + 1] <= 0.1)
    last = int(below[-1]) if below.size else 0
    start = np.interp(0.1, profile[last : last + 2], positions[last : last + 2])
    end = np.interp(0.9, profile[first - 1 : first + 1], positions[first - 1 : first + 1])
    return float(max(end - start, 1 / OVERSAMPLING))


def _transform(positions: Array, profile: Array) -> tuple[Array, Array]:
    from scipy.signal.windows import tukey

    spread = np.gradient(profile)
    shift = float(np.sum(positions * spread) / np.sum(spread))
    width = len(positions)
    window = tukey(width, TUKEY_SHARE)
    window = np.interp(positions - shift, positions, window)
    size = max(1024, 1 << (width - 1).bit_length())
    transform = np.abs(np.fft.rfft(spread * window, size))
    frequency = np.fft.rfftfreq(size, 1 / OVERSAMPLING)
    wanted = frequency <= 1.0
    frequency, transform = frequency[wanted], transform[wanted] / transform[0]
    step = 1 / OVERSAMPLING
    return frequency, transform / (np.sinc(2 * frequency * step) * np.sinc(frequency * step))


def _crossing(frequency: Array, sfr: Array, level: float) -> float:
    """The first frequency at which the SFR falls to a level; nan where it never does up to 1 cycle a pixel."""
    below = np.flatnonzero(sfr < level)
    if not below.size:
        return float("nan")
    after = int(below[0])
    return float(np.interp(-level, -sfr[after - 1 : after + 1], frequency[after - 1 : after + 1]))
