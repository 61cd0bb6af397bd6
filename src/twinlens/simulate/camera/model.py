"""Camera: what a simulated camera is, and one unit of it off the line."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.parameters import Parameters, param
from twinlens.core.record import record
from twinlens.numerics import spectra
from twinlens.simulate.camera.lens import Lens
from twinlens.simulate.camera.sensor import Sensor

Array = npt.NDArray[Any]


@record(kw_only=True)
class Spread(Parameters):
    """How much the units of a model differ: standard deviations."""

    shift_nm: float = param(0.0, unit="nm", low=0, high=20, doc="shift of each channel's sensitivity")
    tilt: float = param(0.0, unit="relative", low=0, high=0.5, doc="slope of each sensitivity over 400 to 700 nm")
    gain: float = param(0.0, unit="relative", low=0, high=0.5, doc="sensitivity of all channels together")
    white: float = param(0.0, unit="relative", low=0, high=0.5, doc="sensitivity of red and of blue against green")
    shading: float = param(0.0, unit="relative", low=0, high=0.5, doc="strength of the shading of each channel")
    center: float = param(0.0, unit="of the frame", low=0, high=0.1, doc="place of the optical axis, each way")


@record(kw_only=True)
class Stated(Parameters):
    """What the camera writes into its files besides the facts of the exposure."""

    gain_map: bool = param(True, doc="a GainMap that undoes this unit's shading")
    warp: bool = param(True, doc="a WarpRectilinear that undoes distortion and lateral chromatic aberration")
    noise: bool = param(True, doc="the NoiseProfile")
    forward_matrix: bool = param(True, doc="ForwardMatrix beside ColorMatrix")
    baseline_exposure: float = param(0.0, unit="EV", low=-5, high=5, doc="BaselineExposure")


@dataclass(frozen=True, kw_only=True, eq=False)
class Module:
    """One unit: `sensitivities` (31, channels) with its gains, `shading` (channels,) powers of the transmission,
    `center` (x, y) of the optical axis relative to the frame, `pattern_seed` of its fixed patterns."""

    number: int
    sensitivities: Array
    shading: Array
    center: tuple[float, float]
    pattern_seed: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Camera:
    """A camera model. `sensitivities` (31, channels) of red, green, blue (or one) to energy at
    `spectra.WAVELENGTHS_NM`, the largest value 1; `notes` say what was assumed of them."""

    name: str
    sensor: Sensor
    lens: Lens
    sensitivities: Array
    description: str = ""
    make: str = "Twinlens"
    model: str = ""
    spread: Spread = field(default_factory=Spread)
    stated: Stated = field(default_factory=Stated)
    psf: Array | None = None  # (n, n) of lens.psf_file
    notes: tuple[str, ...] = ()

    def module(self, number: int = 0) -> Module:
        """Unit `number`: 0 is the model's nominal one, every other is drawn from the spread, always the same."""
        seed = zlib.crc32(f"{self.make} {self.name}".encode()) + number * 1_000_003
        channels = self.sensitivities.shape[1]
        if number == 0:
            return Module(
                number=0,
                sensitivities=self.sensitivities,
                shading=np.ones(channels),
                center=(0.5, 0.5),
                pattern_seed=seed,
            )
        rng, spread = np.random.default_rng(seed), self.spread
        shift = spread.shift_nm * rng.standard_normal(channels)
        tilt = spread.tilt * rng.standard_normal(channels)
        white = np.exp(spread.white * rng.standard_normal(3)[:channels] * (np.arange(channels) != 1))
        gain = np.exp(spread.gain * rng.standard_normal())
        x, y = 0.5 + spread.center * rng.standard_normal(2)
        return Module(
            number=number,
            sensitivities=_shifted(self.sensitivities, shift, tilt) * white * gain,
            shading=np.maximum(1 + spread.shading * rng.standard_normal(channels), 0),
            center=(float(x), float(y)),
            pattern_seed=seed,
        )


def _shifted(sensitivities: Array, shift_nm: Array, tilt: Array) -> Array:
    """Each channel moved along the wavelength and tilted about 550 nm; held beyond the ends."""
    nm = spectra.WAVELENGTHS_NM
    moved = [np.interp(nm - one, nm, column) for one, column in zip(shift_nm, sensitivities.T, strict=True)]
    slope = 1 + tilt * ((nm - 550) / 300)[:, None]
    return np.stack(moved, 1) * np.maximum(slope, 0)
