"""Lens: where light goes, how it spreads, and what is lost on the way.

Radii are relative to the farthest corner (r = 1). Distortion has the form of the DNG opcode WarpRectilinear, and its
direction: a point whose ideal place (of a lens without distortion) is at radius r is recorded at

    r (1 + k1 r^2 + k2 r^4 + k3 r^6 + a + b r^2),

with a and b those of its channel (lateral chromatic aberration; green has none). Source: Digital Negative Specification
1.7.1, chapter 7, WarpRectilinear.
"""

from __future__ import annotations

from dataclasses import MISSING, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import ParameterError
from twinlens.core.parameters import Parameters, param

Array = npt.NDArray[Any]

WAVELENGTHS_UM = (0.60, 0.54, 0.46)  # about the middle of what red, green and blue pixels see
FARTHEST = 3.0  # ideal radius up to which distortion is looked at
_DARKEST = 0.02  # least transmission at the corner


@dataclass(frozen=True, kw_only=True)
class Lens(Parameters):
    """A lens with fixed focal length and aperture; see the module for the meaning of its polynomials."""

    name: str = param("", doc="name for the EXIF")
    focal_length_mm: float = param(MISSING, unit="mm", low=0.5, high=5000, doc="focal length")
    f_number: float = param(MISSING, unit="f", low=0.5, high=64, doc="aperture as f-number")
    blur_um: float = param(0.0, unit="um", low=0, high=100, doc="sigma of the Gaussian part of the blur")
    diffraction: bool = param(True, doc="blur by diffraction at a round aperture of this f-number")
    psf_file: str = param("", doc="CSV of a measured point spread function; takes the place of blur and diffraction")
    psf_step_um: float = param(0.0, unit="um", low=0, high=100, doc="distance of the samples of psf_file")
    distortion: tuple[float, float, float] = param((0.0, 0.0, 0.0), low=-2, high=2, doc="k1, k2, k3")
    lateral_red: tuple[float, float] = param((0.0, 0.0), low=-0.1, high=0.1, doc="a, b of red")
    lateral_blue: tuple[float, float] = param((0.0, 0.0), low=-0.1, high=0.1, doc="a, b of blue")
    vignetting: tuple[float, float, float] = param(
        (0.0, 0.0, 0.0), low=-5, high=5, doc="light at radius r is 1 + v1 r^2 + v2 r^4 + v3 r^6"
    )
    shading_red: tuple[float, float] = param((0.0, 0.0), low=-2, high=2, doc="red times 1 + s1 r^2 + s2 r^4")
    shading_blue: tuple[float, float] = param((0.0, 0.0), low=-2, high=2, doc="blue times 1 + s1 r^2 + s2 r^4")
    glare: float = param(0.0, unit="share", low=0, high=0.5, doc="share of the picture's light spread evenly over it")
    halo: float = param(0.0, unit="share", low=0, high=0.5, doc="share of the light spread broadly around its place")
    halo_radius: float = param(0.1, unit="of the diagonal", low=0.01, high=0.5, doc="sigma of the broad spread")

    def __post_init__(self) -> None:
        super().__post_init__()
        for channel, name in ((1, "distortion"), (0, "lateral_red"), (2, "lateral_blue")):
            _check_monotone(self.radial(channel), name)
        for channel in range(3):
            darkest = self.transmission(np.linspace(0, 1, 201), channel).min()
            if darkest < _DARKEST:
                raise ParameterError(
                    f"Lens.vignetting: the light falls to {darkest:.3f} of the center's; {_DARKEST} or more is wanted"
                )
        if self.psf_file and not self.psf_step_um:
            raise ParameterError("Lens.psf_step_um: the distance of the samples of psf_file in um is wanted")

    def radial(self, channel: int) -> Array:
        """The factors of r^0, r^2, r^4, r^6 of a channel's distortion (0 red, 1 green, 2 blue)."""
        a, b = (self.lateral_red, (0.0, 0.0), self.lateral_blue)[channel]
        k1, k2, k3 = self.distortion
        return np.array([1 + a, k1 + b, k2, k3])

    def transmission(self, radius: Array, channel: int) -> Array:
        """How much of the light arrives at these radii, relative to the center."""
        r2 = np.square(radius)
        color = (self.shading_red, (0.0, 0.0), self.shading_blue)[channel]
        return _even(r2, (1.0, *self.vignetting)) * _even(r2, (1.0, *color))

    @property
    def moves(self) -> bool:
        """Whether there is distortion or lateral chromatic aberration."""
        return any((*self.distortion, *self.lateral_red, *self.lateral_blue))

    @property
    def shades(self) -> bool:
        return any((*self.vignetting, *self.shading_red, *self.shading_blue))


def _even(r2: Array, factors: tuple[float, ...]) -> Array:
    """f0 + f1 r^2 + f2 r^4 + ... in the type of `r2`."""
    result = np.full_like(r2, factors[-1])
    for factor in factors[-2::-1]:
        result *= r2
        result += r2.dtype.type(factor)
    return result


def recorded_radius(ideal: Array, radial: Array) -> Array:
    """Where light of an ideal radius is recorded; `radial` as `Lens.radial`."""
    return ideal * np.polynomial.polynomial.polyval(np.square(ideal), radial)


def reach(radial: Array) -> float:
    """The largest ideal radius, up to FARTHEST, before which the recorded one still rises."""
    ideal = np.linspace(0, FARTHEST, 3001)
    falling = np.flatnonzero(np.diff(recorded_radius(ideal, radial)) <= 0)
    return float(ideal[falling[0]]) if falling.size else FARTHEST


def ideal_radius(recorded: Array, radial: Array) -> Array:
    """The ideal radius of light that is recorded at `recorded` (0 to about 1): the inverse, by Newton's method."""
    slope = radial * (2 * np.arange(4) + 1)
    grid = np.linspace(0, reach(radial), 513)
    ideal = np.interp(recorded, recorded_radius(grid, radial), grid)
    for _ in range(3):
        ideal = ideal - (recorded_radius(ideal, radial) - recorded) / np.polynomial.polynomial.polyval(ideal**2, slope)
    return ideal


def _check_monotone(radial: Array, name: str) -> None:
    last = reach(radial)
    edge = float(recorded_radius(np.array(last), radial))
    if edge < 1.001:  # the corner is at 1
        raise ParameterError(
            f"Lens.{name}: the picture folds: light beyond ideal radius {last:.2f} falls back inside recorded radius "
            f"{edge:.2f}, before the corner at 1; smaller coefficients are wanted"
        )
