"""Grain: noise like that of film on the finished picture; the same seed gives the same grain.

The maths is in `numerics.grain`.
"""

from __future__ import annotations

from typing import ClassVar

from twinlens.core.image import OUTPUT, Image
from twinlens.core.record import record
from twinlens.core.stage import Stage, param
from twinlens.kernels.grain import grain

FULL_SPREAD = 0.25  # of the grain at amount 1, as a share of the square root of dark light


@record(kw_only=True)
class Grain(Stage):
    accepts: ClassVar = OUTPUT
    returns: ClassVar = OUTPUT

    amount: float = param(0.0, low=0, high=1, doc="strength; 0.2 is a fine film, 1 a pushed one")
    size: float = param(1.5, unit="px", low=0.5, high=3, doc="size of a grain in finished pixels")
    seed: int = param(0, low=0, high=2147483647, doc="another number gives other grain", expert=True)

    @property
    def is_identity(self) -> bool:
        return self.amount == 0

    def __call__(self, image: Image) -> Image:
        spread = FULL_SPREAD * self.amount
        return image.with_pixels(grain(image.pixels, image.window, spread, self.size, self.seed))
