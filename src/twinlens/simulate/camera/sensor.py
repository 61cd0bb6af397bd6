"""Sensor: the numbers that turn light on a pixel into counts."""

from __future__ import annotations

from dataclasses import MISSING

import numpy as np

from twinlens.core.errors import ParameterError
from twinlens.core.noise import NoiseModel
from twinlens.core.parameters import Parameters, param
from twinlens.core.record import record
from twinlens.core.shot import Cfa

MONOCHROME = "mono"
_LEAST_RANGE_DN = 16.0  # between black and white
_QUAD = "quad-"


@record(kw_only=True)
class Sensor(Parameters):
    """One pixel's way from light to counts, and the frame it stands in; equations in `docs/simulate-cameras.md`."""

    height: int = param(MISSING, unit="px", low=16, high=65000, doc="rows of the active area")
    width: int = param(MISSING, unit="px", low=16, high=65000, doc="columns of the active area")
    pixel_um: float = param(MISSING, unit="um", low=0.3, high=50, doc="pitch of the pixels")
    cfa: str = param(
        "RGGB",
        doc="color filters from the active area's corner on: RGGB, BGGR, GRBG, GBRG, quad-RGGB (and so on), or mono",
    )
    bits: int = param(12, unit="bits", low=8, high=16, doc="depth of the analog-digital converter")
    black: float | tuple[float, ...] = param(
        0.0, unit="DN", low=0, high=32768, doc="count without light: one, or of red, green and blue"
    )
    white: float | None = param(None, unit="DN", low=1, high=65535, doc="count at saturation; none: 2^bits - 1")
    full_well_e: float = param(MISSING, unit="electrons", low=50, high=1e7, doc="charge at saturation and base ISO")
    base_iso: float = param(100.0, unit="ISO", low=1, high=1e5, doc="ISO at which the full well meets the white count")
    highest_iso: float = param(6400.0, unit="ISO", low=1, high=1e7, doc="most analog gain, as ISO")
    read_noise_e: float = param(2.0, unit="electrons", low=0, high=1e4, doc="noise before the gain")
    adc_noise_dn: float = param(0.5, unit="DN", low=0, high=1e4, doc="noise after the gain, without the rounding")
    dark_current_e_s: float = param(0.0, unit="electrons/s", low=0, high=1e6, doc="dark current of a good pixel")
    prnu: float = param(0.0, unit="relative", low=0, high=0.2, doc="fixed spread of the pixels' gains")
    dsnu_e: float = param(0.0, unit="electrons", low=0, high=1e4, doc="fixed spread of the pixels' offsets")
    row_noise_e: float = param(0.0, unit="electrons", low=0, high=1e4, doc="offset common to a row, new in every frame")
    dead_ppm: float = param(0.0, unit="ppm", low=0, high=1e5, doc="pixels that see nothing")
    hot_ppm: float = param(0.0, unit="ppm", low=0, high=1e5, doc="pixels with a large dark current")
    hot_current_e_s: float = param(1000.0, unit="electrons/s", low=0, high=1e8, doc="median dark current of hot pixels")
    border: tuple[int, int, int, int] = param(
        (0, 0, 0, 0), unit="px", low=0, high=4096, doc="masked pixels (top, left, bottom, right) around the active area"
    )
    crop_margin: int = param(0, unit="px", low=0, high=256, doc="what the default crop leaves off on each side")

    def __post_init__(self) -> None:
        super().__post_init__()
        self.pattern  # noqa: B018 - an order that is none must be said here
        black, highest = np.max(self.black), 2**self.bits - 1
        if isinstance(self.black, tuple) and len(self.black) != self.channels:
            raise ParameterError(f"Sensor.black: one count or {self.channels} are wanted, got {len(self.black)}")
        if self.white_level > highest:
            raise ParameterError(f"Sensor.white = {self.white_level:g} DN: {self.bits} bits hold at most {highest}")
        if self.white_level - black < _LEAST_RANGE_DN:
            raise ParameterError(f"Sensor.black = {black:g} DN leaves no range below white = {self.white_level:g} DN")
        if self.highest_iso < self.base_iso:
            raise ParameterError(f"Sensor.highest_iso = {self.highest_iso:g} is below base_iso = {self.base_iso:g}")
        if 2 * self.crop_margin >= min(self.height, self.width):
            raise ParameterError(f"Sensor.crop_margin = {self.crop_margin} px leaves nothing of the picture")

    @property
    def pattern(self) -> Cfa | None:
        """The color filters as seen from the active area's corner; None for a monochrome sensor."""
        if self.cfa == MONOCHROME:
            return None
        if not self.cfa.startswith(_QUAD):
            return Cfa.bayer(self.cfa)
        return Cfa.bayer(self.cfa.removeprefix(_QUAD)).doubled

    @property
    def channels(self) -> int:
        return 1 if self.cfa == MONOCHROME else 3

    @property
    def optical_channels(self) -> tuple[int, ...]:
        """Which of the lens' channels (0 red, 1 green, 2 blue) each of the sensor's is; a monochrome one is green."""
        return (0, 1, 2) if self.channels == 3 else (1,)

    @property
    def white_level(self) -> float:
        """Count at saturation, DN."""
        return float(2**self.bits - 1) if self.white is None else self.white

    @property
    def black_levels(self) -> tuple[float, ...]:
        """Count without light of each channel, DN."""
        return self.black if isinstance(self.black, tuple) else (self.black,) * self.channels

    @property
    def range_dn(self) -> float:
        """Counts between the (mean) black and white."""
        return self.white_level - float(np.mean(self.black_levels))

    def gain_dn_per_e(self, iso: float) -> float:
        """Counts an electron; ParameterError for an ISO that the sensor does not have."""
        if not self.base_iso <= iso <= self.highest_iso:
            raise ParameterError(f"iso = {iso:g} is outside the sensor's {self.base_iso:g} to {self.highest_iso:g}")
        return self.range_dn / self.full_well_e * iso / self.base_iso

    def saturation_e(self, iso: float) -> float:
        """Electrons at the white count."""
        return self.range_dn / self.gain_dn_per_e(iso)

    def read_noise_at(self, iso: float) -> float:
        """All that does not depend on the light and is new in every pixel and frame, without dark current: electrons.

        The noise before and after the gain and the rounding to whole counts (1/12 DN^2).
        """
        after = (self.adc_noise_dn**2 + 1 / 12) / self.gain_dn_per_e(iso) ** 2
        return float(np.sqrt(self.read_noise_e**2 + after))

    def noise_model(self, iso: float, exposure_time_s: float) -> NoiseModel:
        """The noise between two frames, relative to white = 1: what the tag NoiseProfile states.

        Fixed patterns (PRNU, DSNU, defects) are no part of it; dark current and row noise are.
        """
        gain = self.gain_dn_per_e(iso)
        variance_e = self.read_noise_at(iso) ** 2 + self.row_noise_e**2 + self.dark_current_e_s * exposure_time_s
        levels = self.black_levels if self.channels == 3 else 3 * self.black_levels
        ranges = [self.white_level - black for black in levels]
        slope, offset = zip(*((gain / one, variance_e * (gain / one) ** 2) for one in ranges), strict=True)
        return NoiseModel(slope, offset)
