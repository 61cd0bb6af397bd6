"""Acutance: the crispness of the finished size, for what resizing and the medium soften. Without halo.

The same method as capture sharpening (`numerics.sharpen`), on display light.
"""

from __future__ import annotations

from typing import ClassVar

from twinlens.core.image import OUTPUT, Image
from twinlens.core.record import record
from twinlens.core.stage import Stage, param
from twinlens.kernels.sharpen import sharpen
from twinlens.numerics.sharpen import RADIUS

FULL_WEIGHT = 1.0  # of the detail at amount 1


@record(kw_only=True)
class Acutance(Stage):
    accepts: ClassVar = OUTPUT
    returns: ClassVar = OUTPUT

    amount: float = param(0.0, low=0, high=2, doc="contrast added to the finest detail of the finished size")
    sigma: float = param(0.6, unit="px", low=0.3, high=1.0, doc="size of that detail, in finished pixels", expert=True)

    @property
    def margin(self) -> int:
        return RADIUS

    @property
    def is_identity(self) -> bool:
        return self.amount == 0

    def __call__(self, image: Image) -> Image:
        return image.with_pixels(sharpen(image.pixels, None, self.sigma, FULL_WEIGHT * self.amount, ceiling=1.0))
