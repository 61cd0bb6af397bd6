"""Color noise: draws color along the luma after demosaicking, so fine detail keeps no false or noisy color.

Method and source: `numerics/color_noise.py`. It is the second half of denoising and follows its amount. Luma stays as
it is, and so do pixels with a clipped channel. A linear raw and sensors without a (quad) Bayer array pass unchanged.
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Self

import numpy as np

from twinlens.core.image import CAMERA_RGB, Array, Image, Window
from twinlens.core.noise import NoiseModel
from twinlens.core.record import record
from twinlens.core.shot import neutral_of
from twinlens.core.stage import Facts, Stage, param
from twinlens.kernels import color_noise as kernel
from twinlens.numerics.color_noise import LEAST_FLOOR, MARGIN

TOLERANCE = 4e-4  # squared departure from the local line, of the root of balanced light, at amount 0.5
TOLERANCE_OF_NOISE = 0.125  # what the gain of the noise model adds to it: half the variance of the root


@record(kw_only=True)
class ColorNoise(Stage):
    accepts: ClassVar = CAMERA_RGB
    returns: ClassVar = CAMERA_RGB

    amount: float | None = param(None, low=0, high=1, doc="0: off; none: as much as the mosaic is denoised")
    neutral: tuple[float, float, float] | None = param(
        None, low=1e-3, high=1e3, doc="the camera's RGB of grey, which guides the method; none: as shot", expert=True
    )

    @property
    def margin(self) -> int:
        return MARGIN

    @property
    def is_identity(self) -> bool:
        return self.amount == 0

    def resolve(self, facts: Facts) -> Self:
        amount = self.amount
        if amount is None:
            before = next((one for one in facts.before if one.name() == "denoise"), None)
            amount = float(getattr(before, "amount", 0.0))
        return replace(self, amount=amount, neutral=self.neutral or neutral_of(facts.shot))

    def source_window(self, target: Window, height: int, width: int) -> Window:
        """A part that begins a cell of 2 x 2 pixels."""
        grown = target.grown(self.margin)
        return replace(grown, top=grown.top // 2 * 2, left=grown.left // 2 * 2)

    def __call__(self, image: Image) -> Image:
        cfa = image.shot.cfa
        if not self.amount or cfa is None or not (cfa.is_bayer or cfa.is_quad_bayer) or min(image.pixels.shape) == 0:
            return image
        neutral = np.array(self.neutral or neutral_of(image.shot))
        balance, top, left = neutral.max() / neutral, image.window.top % 2, image.window.left % 2
        inner = kernel.color_noise(
            image.pixels[top:, left:], balance, _floor(image.noise, balance), 2 * self.amount * _tolerance(image.noise)
        )
        pixels = inner if (top, left) == (0, 0) else _inside(image.pixels, inner, top, left)
        if image.clipped is not None and image.clipped.any():
            np.copyto(pixels, image.pixels, where=(image.clipped != 0)[..., None])
        return image.with_pixels(pixels)


def _inside(pixels: Array, inner: Array, top: int, left: int) -> Array:
    """The pixels, and in place of all but the first row or column `inner`; these lie in the margin."""
    result = pixels.copy()
    result[top:, left:] = inner
    return result


def _floor(noise: NoiseModel | None, balance: Array) -> float:
    """What is added to the light before the root: more than the noise of black takes away."""
    black = 0.0 if noise is None else float(np.max(balance * np.sqrt(noise.offset)))
    return LEAST_FLOOR + black


def _tolerance(noise: NoiseModel | None) -> float:
    return TOLERANCE + TOLERANCE_OF_NOISE * (0.0 if noise is None else max(noise.gain))
