"""Noise model: variance = gain * signal + offset, per channel, signal and variance relative to white = 1.

Source: Digital Negative Specification 1.7.1, tag NoiseProfile (S = gain, O = offset); Foi et al., "Practical
Poissonian-Gaussian noise modeling and fitting for single-image raw-data", 2008.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class NoiseModel:
    """Gain and offset of red, green and blue (or of one grey channel three times)."""

    gain: tuple[float, float, float]
    offset: tuple[float, float, float]

    def scaled(self, factor: tuple[float, float, float]) -> NoiseModel:
        """The model of pixels that were multiplied by `factor`, channel by channel."""
        return NoiseModel(
            tuple(g * f for g, f in zip(self.gain, factor, strict=True)),  # type: ignore[arg-type]
            tuple(o * f * f for o, f in zip(self.offset, factor, strict=True)),  # type: ignore[arg-type]
        )
