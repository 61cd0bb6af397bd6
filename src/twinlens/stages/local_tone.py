"""Local tone: brings highlights and shadows nearer to mid grey, place by place, and keeps detail and edges.

One strength. A place's light is changed by one factor for all three channels, so hue stays and grey stays grey; mid
grey stays where the exposure put it. The maths is in `numerics.local_tone`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from twinlens.core.image import SCENE, Image, planar
from twinlens.core.record import record
from twinlens.core.stage import Stage, param
from twinlens.kernels import local_tone as kernel
from twinlens.numerics.local_tone import maps_of

Array = npt.NDArray[Any]

UNIFORM = np.array([[[1.0, 0.0]]], np.float32)  # lines by which the base is the luminance itself


@record(kw_only=True)
class LocalTone(Stage):
    accepts: ClassVar = SCENE
    returns: ClassVar = SCENE
    needs_scan: ClassVar[bool] = True
    scan_long_edge: ClassVar[int] = 480

    strength: float = param(
        0.0, low=0, high=1, doc="0 leaves the light alone, 1 takes some 40 % off the contrast of large areas"
    )

    @property
    def is_identity(self) -> bool:
        return self.strength == 0

    def bind(self, scan: Image) -> Callable[[Image], Image]:
        """Local tone with the base layer of the whole picture."""
        return partial(_toned, planar(maps_of(scan.pixels)), self.strength)

    def __call__(self, image: Image) -> Image:
        """Without the whole picture the base is each pixel's own luminance: a curve, the same for every place."""
        return _toned(UNIFORM, self.strength, image)


def _toned(maps: Array, strength: float, image: Image) -> Image:
    return image.with_pixels(kernel.local_tone(image.pixels, maps, image.window, strength))
