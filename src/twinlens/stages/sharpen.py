"""Sharpen: capture sharpening, the inverse of the blur of lens, filter and demosaic, without halo.

The maths is in `numerics.sharpen`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ClassVar

import numpy as np

from twinlens.core.image import SCENE, Array, Image
from twinlens.core.noise import NoiseModel
from twinlens.core.record import record
from twinlens.core.stage import Stage, param
from twinlens.kernels.matrix import matrix
from twinlens.kernels.sharpen import sharpen
from twinlens.numerics.sharpen import LUMINANCE, RADIUS

FULL_WEIGHT = 2.0  # of the detail at amount 1: most of what a blur of sigma took (benchmarks/sharpen.py)
LEAST_SIGMA = 0.3  # pixels; a smaller blur takes nothing that a pixel could hold


@record(kw_only=True)
class Sharpen(Stage):
    accepts: ClassVar = SCENE
    returns: ClassVar = SCENE

    amount: float = param(0.5, low=0, high=1.5, doc="share of the lost contrast of fine detail that is given back")
    sigma: float = param(
        0.7, unit="px", low=0.3, high=1.0, doc="blur of the camera, in pixels of the sensor", expert=True
    )

    @property
    def margin(self) -> int:
        return RADIUS

    @property
    def is_identity(self) -> bool:
        return self.amount == 0

    def is_idle(self, image: Image) -> bool:
        """Whether the blur is too small for this image's pixels, as in a preview."""
        return self.is_identity or self.sigma / image.scale < LEAST_SIGMA

    def __call__(self, image: Image) -> Image:
        return self._sharpened(None, image)

    def after_mixing(self, mixing: Array) -> Callable[[Image], Image]:
        return partial(self._sharpened, mixing)

    def _sharpened(self, mixing: Array | None, image: Image) -> Image:
        sigma = self.sigma / image.scale
        if self.is_idle(image):
            return image if mixing is None else image.with_pixels(matrix(image.pixels, mixing))
        gain, offset = luminance_noise(image.noise)
        weight = FULL_WEIGHT * self.amount
        pixels = sharpen(image.pixels, image.clipped, sigma, weight, gain, offset, mixing=mixing)
        return image.with_pixels(pixels)


def luminance_noise(noise: NoiseModel | None) -> tuple[float, float]:
    """Gain and offset of the noise of luminance, of grey light; channels count as independent."""
    if noise is None:
        return 0.0, 0.0
    power = np.square(LUMINANCE)
    return float(power @ np.array(noise.gain)), float(power @ np.array(noise.offset))
