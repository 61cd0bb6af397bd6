"""Defects: replaces hot and dead sites of a Bayer mosaic that the picture itself gives away.

Method: `numerics/defects.py`. Stars and other points of light stay: they also light the sites beside them. Clipped
sites are looked at like others, as a hot site often clips. Linear raws and arrays other than Bayer's pass unchanged.
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Self

import numpy as np

from twinlens.core.image import MOSAIC, Image, Window
from twinlens.core.noise import NoiseModel
from twinlens.core.record import record
from twinlens.core.stage import Facts, Stage, param
from twinlens.kernels.defects import MARGIN, fix_defects
from twinlens.numerics import noise as measured
from twinlens.numerics.frame import empty_plane, framed


@record(kw_only=True)
class Defects(Stage):
    accepts: ClassVar = MOSAIC
    returns: ClassVar = MOSAIC

    threshold: float = param(
        8.0, unit="standard deviations", low=0, high=100, doc="by which a hot or dead site stands out; 0: off"
    )
    gain: tuple[float, float, float] | None = param(
        None, low=0, high=1, doc="noise variance / signal of red, green, blue (white = 1); none: found", expert=True
    )
    offset: tuple[float, float, float] | None = param(
        None, low=0, high=1, doc="noise variance of black of red, green, blue (white = 1); none: found", expert=True
    )

    @property
    def margin(self) -> int:
        return MARGIN

    @property
    def is_identity(self) -> bool:
        return self.threshold == 0

    @property
    def noise_model(self) -> NoiseModel | None:
        """What was found when the stage was resolved; for the stages behind."""
        if self.gain is None or self.offset is None:
            return None
        return NoiseModel(self.gain, self.offset)

    def resolve(self, facts: Facts) -> Self:
        if self.threshold == 0 or self.noise_model is not None:
            return self
        model = measured.of_picture(facts) or NoiseModel((0.0, 0.0, 0.0), (0.0, 0.0, 0.0))
        return replace(self, gain=self.gain or model.gain, offset=self.offset or model.offset)

    def __call__(self, image: Image) -> Image:
        return self.over(image, image.window)

    def over(self, image: Image, target: Window) -> Image:
        part = image.cut(target)
        model = self.noise_model or image.noise or image.shot.noise
        bayer = image.is_mosaic and image.cfa is not None and image.cfa.is_bayer
        if self.threshold == 0 or model is None or not bayer or min(part.pixels.shape) == 0:
            return part
        place = (target.top - image.window.top, target.left - image.window.left)
        sites = framed(image.pixels, (place[0] - MARGIN, place[1] - MARGIN), (target.height + 6, target.width + 6))
        pixels = empty_plane(target.height, target.width)
        fix_defects(sites, max(model.gain), max(model.offset), self.threshold, pixels)
        if part.clipped is None or not part.clipped.any():
            return part.with_pixels(pixels)
        kept = (pixels == part.pixels).view(np.uint8)  # 1, as the mask of a mosaic has it
        return part.with_pixels(pixels, clipped=part.clipped & kept)
