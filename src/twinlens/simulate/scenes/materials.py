"""Materials: reflectances of things, made by us: colors with measured metameric statistics, skin, leaves.

Skin: two pigments over scattering tissue; melanin absorbs as wavelength ** -3.33 (Jacques 2013), blood has the bands of
oxyhemoglobin (415, 542, 577 nm). Leaves: chlorophyll absorbs around 430 to 480 and 640 to 680 nm. Heights and widths of
the bands are ours: the spectra are of the right kind, not measurements.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.numerics import color, metamers, spectra, upsampling

Array = npt.NDArray[Any]

_NM = spectra.WAVELENGTHS_NM


def plausible(lab: Array, rng: np.random.Generator, metamerism: float = 1.0) -> Array:
    """Reflectances (N, 31), 0 to 1, for colors (N, 3) CIE L*a*b* (D50): chroma is lowered until a reflectance of sRGB
    has the color, and each has its own metameric black of measured statistics.
    """
    light = spectra.illuminant("D65")
    rgb = _in_gamut(np.asarray(lab, float))
    smooth = rgb @ upsampling.basis(light)
    black = metamerism * metamers.blacks(rgb, light, rng)
    return np.clip(smooth + metamers.held(smooth, black)[:, None] * black, 0, 1)


def _in_gamut(lab: Array) -> Array:
    """Coordinates (N, 3) in 0 to 1 with the lightness and hue of (N, 3) L*a*b* and the highest chroma possible."""
    low, high = np.zeros(len(lab)), np.ones(len(lab))
    if not _outside(_coordinates(lab)).any():
        return np.clip(_coordinates(lab), 0, 1)
    for _ in range(12):
        middle = (low + high) / 2
        too_much = _outside(_coordinates(lab * np.stack([np.ones_like(middle), middle, middle], axis=1)))
        low, high = np.where(too_much, low, middle), np.where(too_much, middle, high)
    return np.clip(_coordinates(lab * np.stack([np.ones_like(low), low, low], axis=1)), 0, 1)


def _coordinates(lab: Array) -> Array:
    return color.xyz_from_lab(lab) @ (color.rgb_from_rgb("srgb", "rec2020") @ color.REC2020_FROM_XYZ_D50).T


def _outside(rgb: Array) -> Array:
    return (rgb.min(axis=1) < 0) | (rgb.max(axis=1) > 1)


def skin(melanin: Array, blood: Array) -> Array:
    """Reflectances (N, 31) of skin: `melanin` 0.15 (pale) to 3.5 (dark), `blood` 0.2 to 1; both (N,)."""
    bands = _bands((415, 25, 2.2), (542, 18, 0.62), (577, 12, 0.72), (500, 60, 0.18))
    absorbed = np.multiply.outer(melanin, 0.6 * (_NM / 550) ** -3.33) + np.multiply.outer(blood, 1.3 * bands)
    return 0.03 + 0.75 * (_NM / 650) ** 0.9 * np.exp(-absorbed)


def leaf(chlorophyll: Array, brown: Array) -> Array:
    """Reflectances (N, 31) of leaves: `chlorophyll` 0.2 (yellow) to 2 (deep green), `brown` 0 to 1; both (N,)."""
    green = _bands((430, 38, 1.6), (475, 28, 1.3), (625, 32, 0.9), (672, 16, 1.5), (580, 60, 0.25))
    yellow = _bands((400, 95, 1.3))
    dry = np.clip((700 - _NM) / 300, 0, 1)
    absorbed = np.multiply.outer(chlorophyll, green) + yellow + np.multiply.outer(brown, 1.6 * dry)
    return 0.04 + 0.32 * np.exp(-absorbed)


def _bands(*bands: tuple[float, float, float]) -> Array:
    """The sum of Gaussian bands (center in nm, width in nm, height)."""
    return np.sum([height * np.exp(-(((_NM - center) / width) ** 2)) for center, width, height in bands], axis=0)
