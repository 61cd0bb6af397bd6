"""Encode: linear light of the output space becomes display code values 0 to 1, with the transfer curve of the space.

The curves are those of IEC 61966-2-1 (sRGB; also Display P3), Adobe RGB (1998) and ITU-R BT.2020. Whole numbers of 8 or
16 bits are made from linear light directly by `kernels.encode.quantize`, which rounds once and can dither.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from twinlens.core.image import ENCODED, OUTPUT, Image, empty_rgb
from twinlens.core.record import record
from twinlens.core.stage import Stage, param
from twinlens.numerics.color import encode


@record(kw_only=True)
class Encode(Stage):
    accepts: ClassVar = OUTPUT
    returns: ClassVar = ENCODED

    dither: float = param(
        0.0,
        low=0,
        high=1,
        unit="codes",
        expert=True,
        doc="height of the pattern that hides the steps of 8-bit gradients",
    )

    def __call__(self, image: Image) -> Image:
        pixels = empty_rgb(image.height, image.width)
        pixels[...] = encode(np.clip(image.pixels, 0, 1), image.primaries)
        return image.with_pixels(pixels, state=ENCODED)
