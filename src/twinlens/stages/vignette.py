"""Vignette: the natural falloff of light towards the corners, (1 + k r^2)^-2 as of a simple lens.

r is the distance from the middle of the frame, 1 in its corners; k follows from the falloff asked for. With k = tan^2
of the half angle of view it is the cosine-fourth law (Reiss, "The cos4 law of illumination", 1945).
"""

from __future__ import annotations

from typing import ClassVar

from twinlens.core.image import SCENE, Image
from twinlens.core.record import record
from twinlens.core.stage import Stage, param
from twinlens.kernels.vignette import vignette


@record(kw_only=True)
class Vignette(Stage):
    accepts: ClassVar = SCENE
    returns: ClassVar = SCENE

    amount: float = param(0.0, unit="EV", low=-2, high=4, doc="how much darker the corners of the frame become")

    @property
    def is_identity(self) -> bool:
        return self.amount == 0

    def __call__(self, image: Image) -> Image:
        return image.with_pixels(vignette(image.pixels, image.window, self.amount))
