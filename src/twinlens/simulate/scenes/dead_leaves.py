"""Dead leaves: disks of all sizes that hide each other, with the statistics of natural texture.

The radius density is proportional to radius ** -3 between the smallest and the largest disk, so the picture is scale
invariant in between and its power spectrum falls as about frequency ** -2 (Lee, Mumford & Huang, "Occlusion models for
natural images", 2001; ISO 19567-2 uses such a chart for texture).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import ParameterError
from twinlens.numerics import spectra
from twinlens.simulate.scene import Palette, Scene
from twinlens.simulate.scenes.lighting import Light, lighting
from twinlens.simulate.scenes.materials import plausible

Array = npt.NDArray[Any]

_FINE = 2  # each pixel is the mean of so many by so many points
_COVER = 6.0  # disk area drawn per area: exp(-6) of the frame is left to the last, largest disk
_COLORS = 512


def dead_leaves(
    height: int,
    width: int,
    *,
    light: Light = "D65",
    seed: int = 0,
    smallest_px: float = 2.0,
    largest: float = 0.25,
    chroma: float = 0.0,
    contrast: float = 0.6,
) -> Scene:
    """Disks of radius `smallest_px` to `largest` x the shorter side. Reflectances are uniform in mean * (1 +- contrast)
    with mean 0.4; `chroma` above 0 gives them colors of so much chroma (CIE C*), with spectra as materials have them.

    `facts`: "smallest_px", "largest_px", "mean", "contrast", "radius_exponent" and, measured on this very picture,
    "power_spectrum": (frequencies in cycles a pixel, power of luminance), mean over directions.
    """
    largest_px = largest * min(height, width)
    if not 1 <= smallest_px < largest_px or not 0 < contrast <= 1 or chroma < 0:
        raise ParameterError(
            f"dead leaves need radii of 1 px or more up to more than that, a contrast of 0 to 1 and a chroma of 0 or"
            f" more; got {smallest_px:g} to {largest_px:g} px, {contrast:g}, {chroma:g}"
        )
    rng = np.random.default_rng([seed, 3])
    labels = _leaves(height * _FINE, width * _FINE, smallest_px * _FINE, largest_px * _FINE, rng)
    reflectances = _reflectances(chroma, contrast, rng)
    lit = lighting(light, height, width, seed)
    parts = [
        Palette(labels[top::_FINE, left::_FINE], reflectances / _FINE**2)
        for top in range(_FINE)
        for left in range(_FINE)
    ]
    scene = lit.scene("dead-leaves", lit.on(*parts), (height, width))
    scene.facts.update(
        smallest_px=smallest_px,
        largest_px=largest_px,
        mean=_MEAN,
        contrast=contrast,
        radius_exponent=-3,
        power_spectrum=power_spectrum(scene.xyz()[..., 1]),
    )
    return scene


_MEAN = 0.4


def _reflectances(chroma: float, contrast: float, rng: np.random.Generator) -> Array:
    levels = rng.uniform(_MEAN * (1 - contrast), _MEAN * (1 + contrast), _COLORS)
    if not chroma:
        return np.repeat(levels[:, None], spectra.BANDS, axis=1)
    hue = rng.uniform(0, 2 * np.pi, _COLORS)
    lightness = 116 * np.cbrt(levels) - 16
    return plausible(np.stack([lightness, chroma * np.cos(hue), chroma * np.sin(hue)], axis=1), rng)


def _leaves(height: int, width: int, smallest: float, largest: float, rng: np.random.Generator) -> Array:
    """Labels (H, W) uint16 of the disks' colors."""
    import cv2

    labels = np.full((height, width), rng.integers(_COLORS), np.uint16)
    ratio = largest / smallest
    mean_area = 2 * np.pi * smallest**2 * np.log(ratio) / (1 - ratio**-2)
    count = int(_COVER * (height + 2 * largest) * (width + 2 * largest) / mean_area)
    radii = smallest / np.sqrt(1 - rng.uniform(size=count) * (1 - ratio**-2))
    x = rng.uniform(-largest, width + largest, count)
    y = rng.uniform(-largest, height + largest, count)
    colors = rng.integers(_COLORS, size=count)
    fine = np.round(np.stack([x, y, radii]) * 16).astype(int).T.tolist()
    for (across, down, radius), one in zip(fine, colors.tolist(), strict=True):
        cv2.circle(labels, (across, down), radius, one, cv2.FILLED, cv2.LINE_8, 4)
    return labels


def power_spectrum(luminance: Array) -> tuple[Array, Array]:
    """Frequencies (N,) in cycles a pixel and the power of (H, W) at them: the mean over directions, of the largest
    square in the middle (up to 1024), its mean taken away, through a Hann window; white noise of variance v has v.
    """
    side = min(*luminance.shape, 1024)
    top, left = (luminance.shape[0] - side) // 2, (luminance.shape[1] - side) // 2
    part = luminance[top : top + side, left : left + side].astype(float)
    window = np.outer(np.hanning(side), np.hanning(side))
    power = np.abs(np.fft.fft2((part - part.mean()) * window)) ** 2 / (window**2).sum()
    frequency = np.fft.fftfreq(side)
    ring = np.round(np.hypot(frequency[:, None], frequency) * side).astype(int)
    sums = np.bincount(ring.ravel(), power.ravel()) / np.bincount(ring.ravel())
    return np.arange(1, side // 2) / side, sums[1 : side // 2]
