"""Noise model: variance = gain * signal + offset, per channel, signal and variance relative to white = 1.

Source: Digital Negative Specification 1.7.1, tag NoiseProfile (S = gain, O = offset); Foi et al., "Practical
Poissonian-Gaussian noise modeling and fitting for single-image raw-data", 2008.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from twinlens.core.record import record


@record
class NoiseModel:
    """Gain and offset of red, green and blue (or of one grey channel three times).

    `independent` says that every site has noise of its own; what a denoiser left is no longer so.
    """

    gain: tuple[float, float, float]
    offset: tuple[float, float, float]
    independent: bool = True

    def scaled(self, factor: tuple[float, float, float]) -> NoiseModel:
        """The model of pixels that were multiplied by `factor`, channel by channel."""
        (g0, g1, g2), (o0, o1, o2), (f0, f1, f2) = self.gain, self.offset, factor
        return replace(self, gain=(g0 * f0, g1 * f1, g2 * f2), offset=(o0 * f0 * f0, o1 * f1 * f1, o2 * f2 * f2))


def at_iso(measured: Mapping[float, NoiseModel], iso: float) -> NoiseModel:
    """The model at an ISO from those of measured ones (one or more).

    Between two of them the gain goes linearly with the ISO and the offset with its square, which is exact for read
    noise from before and from behind the amplifier; beyond them the nearest is scaled so that what was read is louder.
    """
    below = max((one for one in measured if one <= iso), default=None)
    above = min((one for one in measured if one >= iso), default=None)
    if below is None or above is None:
        nearest = above if below is None else below
        assert nearest is not None
        ratio = iso / nearest
        return measured[nearest].scaled((ratio, ratio, ratio))
    if below == above:
        return measured[below]
    first, second = measured[below], measured[above]
    share, squared = (iso - below) / (above - below), (iso**2 - below**2) / (above**2 - below**2)
    g0, g1, g2 = ((1 - share) * a + share * b for a, b in zip(first.gain, second.gain, strict=True))
    o0, o1, o2 = ((1 - squared) * a + squared * b for a, b in zip(first.offset, second.offset, strict=True))
    return replace(first, gain=(g0, g1, g2), offset=(o0, o1, o2))
