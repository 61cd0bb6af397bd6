"""Texture: how much fine structure of low contrast a picture keeps, from a dead-leaves target.

Dead leaves (disks of random size that cover each other) have a power spectrum that falls as a power of the frequency
and look alike at all scales, so that no sharpening of edges and no smoothing of flat parts goes unnoticed. What was
kept is the square root of the picture's power, without that of the noise, over the target's. With the target
itself at hand and registered, the cross spectrum is used instead, which noise and invented structure do not pass.

Sources: ISO 19567-2:2019, sections 5 and 7; J. McElvain et al., "Texture-based measurement of spatial frequency
response using the dead leaves target", SPIE 7537 (2010) (noise taken away); L. Kirk et al., "Description of texture
loss using the dead leaves target", SPIE 9014 (2014) (cross spectrum).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import ParameterError

Array = npt.NDArray[Any]

LEAST_SIDE = 64
REFERENCE_BAND = (0.01, 0.1)  # cycles a pixel: from here the response is led back to frequency 0
RELATIVE_WIDTH = 0.1  # of a ring of frequencies: a spectrum of one picture is rough, its mean over a ring is not


@dataclass(frozen=True, eq=False)
class TextureResponse:
    """`frequency` (n,) in cycles a pixel up to 0.5 and the kept share `mtf` (n,), 1 at low frequencies."""

    frequency: Array
    mtf: Array
    mtf50: float
    acutance: float

    def at(self, frequency: float) -> float:
        """The kept share at a frequency in cycles a pixel."""
        return float(np.interp(frequency, self.frequency, self.mtf))


def dead_leaves(
    pixels: Array, *, flat: Array | None = None, reference: Array | None = None, exponent: float | None = None
) -> TextureResponse:
    """The response from a dead-leaves part `pixels` (H, W) in linear light.

    `flat` (h, w) is an even grey part of the same brightness, whose noise is taken away. The target is known either as
    `reference` (H, W), the same part without loss, registered to it, or by the `exponent` of its power spectrum,
    power ~ frequency^-exponent. The acutance is the mean of the response weighted by the eye's contrast sensitivity
    with the picture's Nyquist frequency at 30 cycles a degree. Raises ParameterError for parts that are too small, or
    when it is not said what the target is.
    """
    pixels = _checked(pixels, "the texture")
    if (reference is None) == (exponent is None):
        raise ParameterError("a texture response needs either the target (reference) or its exponent, not both")
    frequency, power = spectrum(pixels)
    if reference is not None:
        mtf = _by_reference(pixels, _checked(reference, "the reference"))
    else:
        if flat is not None:
            power = np.maximum(power - np.interp(frequency, *spectrum(_checked(flat, "the flat part"))), 0)
        mtf = np.sqrt(power * frequency ** float(exponent or 0))
    mtf = mtf / _at_zero(frequency, mtf)
    return TextureResponse(frequency, mtf, _half(frequency, mtf), _acutance(frequency, mtf))


def _checked(part: Array, what: str) -> Array:
    part = np.asarray(part, float)
    if part.ndim != 2 or min(part.shape) < LEAST_SIDE or not np.isfinite(part).all():
        raise ParameterError(f"{what} is a finite part of {LEAST_SIDE} x {LEAST_SIDE} pixels or more, got {part.shape}")
    if np.ptp(part) == 0:
        raise ParameterError(f"{what} has one value only")
    return part


def spectrum(part: Array) -> tuple[Array, Array]:
    """Radial power spectrum of a part (H, W): frequency (n,) in cycles a pixel, power a square pixel of frequency (n,).

    The mean is taken away and a Hann window put over both axes.
    """
    transform, weight = _transform(part)
    return _radial(np.abs(transform) ** 2 / weight, part.shape)


def _transform(part: Array) -> tuple[Array, float]:
    window = np.outer(*(np.hanning(size + 2)[1:-1] for size in part.shape))
    mean = float(np.sum(part * window) / np.sum(window))
    return np.fft.fft2((part - mean) * window), float(np.sum(window**2))


def _radial(power: Array, shape: tuple[int, ...]) -> tuple[Array, Array]:
    """Means over rings of frequencies, a tenth of their radius wide and a frequency step at least, up to 0.5."""
    radius = np.hypot(np.fft.fftfreq(shape[0])[:, None], np.fft.fftfreq(shape[1])).ravel()
    step = 1 / min(shape)
    edges = [0.5 * step]
    while edges[-1] < 0.5:
        edges.append(edges[-1] + max(step, RELATIVE_WIDTH * edges[-1]))
    edges[-1] = 0.5 + 1e-9
    index = np.searchsorted(edges, radius, side="right")
    count, total, mean = (np.bincount(index, one, len(edges) + 1)[1:-1] for one in (None, power.ravel(), radius))
    return mean / count, total / count


def _by_reference(pixels: Array, reference: Array) -> Array:
    if reference.shape != pixels.shape:
        raise ParameterError(
            f"the reference is {reference.shape}, the texture {pixels.shape}: they have to be registered"
        )
    seen, _ = _transform(pixels)
    true, _ = _transform(reference)
    cross = _radial(np.real(seen * np.conj(true)), pixels.shape)[1]
    own = _radial(np.abs(true) ** 2, pixels.shape)[1]
    return np.maximum(cross, 0) / own


def _at_zero(frequency: Array, mtf: Array) -> float:
    """The response at frequency 0: every response begins as a - b frequency^2. Fitted to the power, not to its
    logarithm, which the roughness of one picture's spectrum would pull down.
    """
    low = (frequency >= REFERENCE_BAND[0]) & (frequency <= REFERENCE_BAND[1])
    square, weight = frequency[low] ** 2, frequency[low]  # the root of the number of modes in a ring
    design = np.stack([np.ones_like(square), square, square**2], 1) * weight[:, None]
    power = float(np.linalg.lstsq(design, np.square(mtf[low]) * weight, rcond=None)[0][0])
    if not power > 0:
        raise ParameterError("the texture has no power at low frequencies: it is no dead-leaves target")
    return float(np.sqrt(power))


def _half(frequency: Array, mtf: Array) -> float:
    """The first frequency at which half is kept; nan where more is kept up to Nyquist."""
    below = np.flatnonzero((mtf < 0.5) & (frequency > REFERENCE_BAND[0]))
    if not below.size or below[0] == 0:
        return float("nan")
    after = int(below[0])
    return float(np.interp(-0.5, -mtf[after - 1 : after + 1], frequency[after - 1 : after + 1]))


def _acutance(frequency: Array, mtf: Array) -> float:
    """Weighted by the contrast sensitivity 75 f^0.8 exp(-0.2 f), f in cycles a degree (ISO 19567-2:2019, annex C)."""
    degrees = 60 * frequency
    weight = 75 * degrees**0.8 * np.exp(-0.2 * degrees)
    return float(np.sum(weight * np.minimum(mtf, 2)) / np.sum(weight))
