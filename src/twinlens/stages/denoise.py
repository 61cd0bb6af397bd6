"""Denoise: shrinks the noise of a Bayer mosaic before demosaicking, as far as the noise model says that it is noise.

Method and sources: `numerics/denoise.py`. The noise model is the file's (NoiseProfile), else the profile's at this ISO,
else it is measured in the picture (`numerics/noise.py`). Clipped sites keep their values. A linear raw, a sensor
without color filters and arrays other than Bayer's pass unchanged.
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Self

import numpy as np

from twinlens.core.image import MOSAIC, Array, Image, Window
from twinlens.core.noise import NoiseModel
from twinlens.core.record import record
from twinlens.core.shot import neutral_of
from twinlens.core.stage import Facts, Stage, param
from twinlens.kernels import denoise as kernel
from twinlens.numerics import denoise as method
from twinlens.numerics import noise as measured
from twinlens.numerics.frame import around, empty_plane, framed

NONE = NoiseModel((0.0, 0.0, 0.0), (0.0, 0.0, 0.0))
LEFT = 0.5  # of the noise variance near edges and texture, after the default amount; what the stages behind are told


@record(kw_only=True)
class Denoise(Stage):
    accepts: ClassVar = MOSAIC
    returns: ClassVar = MOSAIC

    amount: float = param(0.5, low=0, high=1, doc="0: off; 0.5 takes the noise and keeps texture; 1 is smooth")
    gain: tuple[float, float, float] | None = param(
        None, low=0, high=1, doc="noise variance / signal of red, green, blue (white = 1); none: found", expert=True
    )
    offset: tuple[float, float, float] | None = param(
        None, low=0, high=1, doc="noise variance of black of red, green, blue (white = 1); none: found", expert=True
    )
    neutral: tuple[float, float, float] | None = param(
        None, low=1e-3, high=1e3, doc="the camera's RGB of grey, which guides the method; none: as shot", expert=True
    )

    @property
    def margin(self) -> int:
        return method.MARGIN + method.UNIT

    @property
    def is_identity(self) -> bool:
        return self.amount == 0

    def resolve(self, facts: Facts) -> Self:
        stage = replace(self, neutral=self.neutral or neutral_of(facts.shot))
        if stage.amount == 0 or (stage.gain is not None and stage.offset is not None):
            return stage
        model = measured.of_picture(facts) or NONE
        return replace(stage, gain=stage.gain or model.gain, offset=stage.offset or model.offset)

    def __call__(self, image: Image) -> Image:
        return self.over(image, image.window)

    def over(self, image: Image, target: Window) -> Image:
        part, noise = image.cut(target), self._noise(image)
        if noise is None or self.amount == 0 or not _is_bayer(image) or min(part.height, part.width) == 0:
            return part
        pixels = self._denoised(image, target, noise)
        left = 1 - (1 - LEFT) * min(2 * self.amount, 1)
        noise_left = _reduced(noise, left)
        if part.clipped is None or not part.clipped.any():
            return part.with_pixels(pixels, noise=noise_left)
        kept = _surely_clipped(part, pixels, noise)
        np.copyto(pixels, part.pixels, where=kept)
        return part.with_pixels(pixels, noise=noise_left, clipped=np.where(kept, part.clipped, np.uint8(0)))

    def _denoised(self, image: Image, target: Window, noise: NoiseModel) -> Array:
        """The grid of blocks is the frame's, so every part is denoised alike."""
        assert image.cfa is not None
        top, left = (place // method.UNIT * method.UNIT for place in (target.top, target.left))
        height, width = kernel.whole_size(target.bottom - top, target.right - left)
        corner = (top - image.window.top - kernel.MARGIN, left - image.window.left - kernel.MARGIN)
        sites = framed(image.pixels, corner, (height + 2 * kernel.MARGIN, width + 2 * kernel.MARGIN))
        indices, neutral = image.cfa.indices, self.neutral or neutral_of(image.shot)
        tile = method.sites(indices, np.array(noise.gain), np.array(noise.offset), np.array(neutral))
        pixels = empty_plane(target.height, target.width)
        shift = (target.top - top, target.left - left)
        out = around(pixels, (-shift[0], -shift[1]), (height, width))
        if out is None:
            out = np.empty((height, width), np.float32)
            pixels = out[shift[0] : shift[0] + target.height, shift[1] : shift[1] + target.width]
        kernel.denoise(sites, tile, bool(indices[0, 0] == 1), self.amount, out)
        return pixels

    def _noise(self, image: Image) -> NoiseModel | None:
        """The stage's own model, scaled as this image's was since it was read (levels, shading); None for no noise."""
        at_hand, tagged = image.noise, image.shot.noise
        if self.gain is None or self.offset is None:
            model = at_hand or tagged
        else:
            model = NoiseModel(self.gain, self.offset)
            if at_hand is not None and tagged is not None and min(tagged.gain) > 0:
                ratio = [a / b for a, b in zip(at_hand.gain, tagged.gain, strict=True)]
                model = model.scaled((ratio[0], ratio[1], ratio[2]))
        return model if model is not None and max(*model.gain, *model.offset) > 0 else None


def _surely_clipped(part: Image, denoised: Array, noise: NoiseModel) -> Array:
    """Where a site is clipped by the light and not by its own noise alone: what is around it does not lie a standard
    deviation of the noise of white below it."""
    assert part.clipped is not None
    sigma = np.float32(np.sqrt(np.max(np.add(noise.gain, noise.offset))))
    return (part.clipped != 0) & (denoised >= part.pixels * (1 - sigma))


def _reduced(noise: NoiseModel, left: float) -> NoiseModel:
    (g0, g1, g2), (o0, o1, o2) = noise.gain, noise.offset
    return NoiseModel((g0 * left, g1 * left, g2 * left), (o0 * left, o1 * left, o2 * left), independent=False)


def _is_bayer(image: Image) -> bool:
    return image.is_mosaic and image.cfa is not None and image.cfa.is_bayer
