"""Noise model: variance = gain * signal + offset, per channel, signal and variance relative to white = 1.

Source: Digital Negative Specification 1.7.1, tag NoiseProfile (S = gain, O = offset); Foi et al., "Practical
Poissonian-Gaussian noise modeling and fitting for single-image raw-data", 2008.
"""

from __future__ import annotations

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
