"""Color model: camera RGB to XYZ under any light, from an estimate of the camera's sensitivities.

For a light, some 660 measured reflectances are recorded by the estimated sensor; a 3x3 matrix and a root-polynomial
are fitted to them. A map for measuring has the smallest mean error; a map for pictures also takes every grey to a grey
exactly, which costs some hundredths of a Delta E elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.numerics import root_polynomial, spectra
from twinlens.numerics.color import lab_from_xyz
from twinlens.numerics.sensor_prior import table, unit_luminance

Array = npt.NDArray[Any]

BLOCK = 1 << 18  # pixels that are mapped at a time


@dataclass(frozen=True, eq=False)
class Surfaces:
    """Known reflectances under one light: their spectra (N, 31) and XYZ (N, 3), weights (N,) that make every region
    of color count alike, d(Delta E)/d(XYZ) at each (N, 3, 3), and the XYZ of the light."""

    stimuli: Array
    xyz: Array
    weight: Array
    metric: Array
    white_xyz: Array

    def part(self, which: Any) -> Surfaces:
        """Some of them, with the weights they have among all."""
        return Surfaces(self.stimuli[which], self.xyz[which], self.weight[which], self.metric[which], self.white_xyz)


@dataclass(frozen=True, eq=False)
class ColorMap:
    """One light's map: `white_rgb` (3,) is what the camera records of the perfect white, `matrix` (3, 3) is XYZ from
    RGB / white_rgb, `polynomial` (13, 3) the same from its root-polynomial terms."""

    white_rgb: Array
    matrix: Array
    polynomial: Array

    def to_xyz(self, rgb: Array) -> Array:
        """XYZ (..., 3) of camera RGB (..., 3)."""
        rgb = np.asarray(rgb, float)
        flat = rgb.reshape(-1, 3)
        out = np.empty_like(flat)
        for start in range(0, len(flat), BLOCK):  # the terms of a whole picture would be 13 times one channel
            part = slice(start, start + BLOCK)
            out[part] = root_polynomial.apply(flat[part] / self.white_rgb, self.polynomial)
        return out.reshape(rgb.shape)


def surfaces(light: Array) -> Surfaces:
    """The bundled reflectances under a light (31,)."""
    return _surfaces(np.ascontiguousarray(light, float).tobytes())


@lru_cache(maxsize=32)
def _surfaces(light: bytes) -> Surfaces:
    power = np.frombuffer(light)
    stimuli, white = table("reflectances") * unit_luminance(power), spectra.white_xyz(power)
    xyz = stimuli @ spectra.observer()
    weight = root_polynomial.even_weights(lab_from_xyz(xyz, white))
    return Surfaces(stimuli, xyz, weight, root_polynomial.metric(xyz, white), white)


def color_map(
    sensitivities: Array, light: Array, known: Surfaces | None = None, *, keep_grey: bool = False
) -> ColorMap:
    """The map of a sensor (31, 3) for a light (31,); `keep_grey` takes the camera's white to the light's exactly."""
    known = surfaces(light) if known is None else known
    white_rgb = unit_luminance(light) @ sensitivities
    balanced = (known.stimuli @ sensitivities) / white_rgb
    matrix = fitted(balanced, known, keep_grey)
    return ColorMap(white_rgb, matrix.T, fitted(root_polynomial.terms(balanced), known, keep_grey))


def fitted(features: Array, known: Surfaces, keep_grey: bool = False, passes: int = root_polynomial.PASSES) -> Array:
    """The matrix (T, 3) from white-balanced channels or terms (N, T) of the known surfaces to their XYZ."""
    exact = np.ones(features.shape[1]) if keep_grey else None  # of white, channels and roots are all 1
    return root_polynomial.fit(features, known.xyz, known.white_xyz, known.weight, exact, passes, known.metric)


@dataclass(frozen=True, eq=False)
class ColorModel:
    """A camera's color: sensitivities (31, 3) with rgb = power @ sensitivities, the power of the light such that a
    perfect diffuser has Y = 1; their covariance (93, 93; R, G, B one after the other); the light (31,) of the fit.

    `plain_matrix` (xyz_from_camera) stands for the map under that light where a matrix proved better than the model.
    """

    sensitivities: Array
    covariance: Array
    light: Array
    light_name: str = ""
    plain_matrix: Array | None = None
    _maps: dict[bytes, ColorMap] = field(default_factory=dict, repr=False)

    def to_xyz(self, rgb: Array, light: Any = None, *, white: Any = None) -> Array:
        """XYZ (..., 3) of linear camera RGB (..., 3) in the unit of the fit; the perfect white has Y = 1.

        `light` is a name, `(wavelengths_nm, power)` or power (31,); none: the light of the fit. Under another light
        of the same illuminance and the same exposure; or, where `white` (3,) is given, in the exposure in which the
        camera records the perfect white so (a grey card's RGB over its reflectance): then the light's white need not
        be foretold, which a noisy chart does 2 to 3 % off under lights with lines. Raises ParameterError for an unknown
        light and an impossible white.
        """
        rgb = np.asarray(rgb, float)
        if rgb.shape[-1:] != (3,):
            raise spectra.ParameterError(f"expected camera RGB (..., 3), got an array of shape {rgb.shape}")
        if white is not None:
            white = np.asarray(white, float)
            if white.shape != (3,) or not np.isfinite(white).all() or white.min() <= 0:
                raise spectra.ParameterError("white: expected camera RGB (3,) of the perfect white, above 0")
            rgb = rgb * (self._white_of_map(light) / white)
        if light is None and self.plain_matrix is not None:
            return rgb @ self.plain_matrix.T
        return self.map_for(light).to_xyz(rgb)

    def _white_of_map(self, light: Any) -> Array:
        """The camera RGB (3,) that the map for a light takes for white."""
        if light is None and self.plain_matrix is not None:
            return np.linalg.solve(self.plain_matrix, spectra.white_xyz(self.light))
        return self.map_for(light).white_rgb

    def map_for(self, light: Any = None) -> ColorMap:
        """The map for a light, made when it is first asked for."""
        power = self.light if light is None else spectra.light_power(light)
        key = np.ascontiguousarray(power, float).tobytes()
        if key not in self._maps:
            self._maps[key] = color_map(self.sensitivities, power)
        return self._maps[key]

    def sd(self) -> Array:
        """The standard deviation (31, 3) of the sensitivities."""
        return np.sqrt(np.maximum(np.diag(self.covariance), 0)).reshape(3, spectra.BANDS).T

    def white_rgb(self, light: Any = None) -> Array:
        """Camera RGB (3,) of the perfect white under a light, in the unit and exposure of the fit."""
        power = self.light if light is None else spectra.light_power(light)
        return unit_luminance(power) @ self.sensitivities
