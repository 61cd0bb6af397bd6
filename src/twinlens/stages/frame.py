"""Frame: which part of the picture is kept, and which way is up.

`Crop` keeps the default crop of the file (DNG tags DefaultCropOrigin and DefaultCropSize, relative to the active area);
`Orient` turns the finished picture as TIFF tag Orientation asks (TIFF 6.0, page 36; values 1 to 8).
"""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import ParameterError
from twinlens.core.image import CAMERA_RGB, ENCODED, Image, Window, upright
from twinlens.core.record import record
from twinlens.core.stage import Facts, Stage, param

Array = npt.NDArray[Any]


@record(kw_only=True)
class Crop(Stage):
    """Keep one rectangle of the frame."""

    accepts: ClassVar = CAMERA_RGB
    returns: ClassVar = CAMERA_RGB

    area: tuple[float, float, float, float] | None = param(
        None,
        low=0,
        high=1,
        doc="what is kept: top, left, bottom, right as parts of the active area; file's own by default",
    )

    @property
    def is_identity(self) -> bool:
        return self.area in (None, (0.0, 0.0, 1.0, 1.0))

    def resolve(self, facts: Facts) -> Self:
        if self.area is not None:
            return self
        top, left, bottom, right = facts.shot.area
        height, width = max(bottom - top, 1), max(right - left, 1)
        y0, x0, y1, x1 = facts.shot.crop
        return type(self)(area=(y0 / height, x0 / width, y1 / height, x1 / width))

    def _corners(self, height: int, width: int) -> tuple[int, int, int, int]:
        top, left, bottom, right = self.area or (0.0, 0.0, 1.0, 1.0)
        if bottom <= top or right <= left:
            raise ParameterError(f"Crop.area = {self.area}: bottom and right must lie beyond top and left")
        y0, x0 = min(round(top * height), height - 1), min(round(left * width), width - 1)
        return y0, x0, max(round(bottom * height), y0 + 1), max(round(right * width), x0 + 1)

    def frame(self, height: int, width: int) -> tuple[int, int]:
        y0, x0, y1, x1 = self._corners(height, width)
        return y1 - y0, x1 - x0

    def source_window(self, target: Window, height: int, width: int) -> Window:
        y0, x0, _, _ = self._corners(height, width)
        return Window(target.top + y0, target.left + x0, target.bottom + y0, target.right + x0, (height, width))

    def over(self, image: Image, target: Window) -> Image:
        cut = image.cut(self.source_window(target, *image.window.frame))
        return cut.with_pixels(cut.pixels, window=target)

    def __call__(self, image: Image) -> Image:
        return self.over(image, Window.whole(*self.frame(*image.window.frame)))


@record(kw_only=True)
class Orient(Stage):
    """Turn the picture upright."""

    accepts: ClassVar = ENCODED
    returns: ClassVar = ENCODED

    orientation: int | None = param(None, low=1, high=8, doc="TIFF orientation the picture is stored with; 1 leaves it")

    @property
    def is_identity(self) -> bool:
        return self.orientation in (None, 1)

    @property
    def value(self) -> int:
        return self.orientation or 1

    def resolve(self, facts: Facts) -> Self:
        return self if self.orientation is not None else type(self)(orientation=facts.shot.orientation)

    def frame(self, height: int, width: int) -> tuple[int, int]:
        return (width, height) if self.value >= 5 else (height, width)

    def source_window(self, target: Window, height: int, width: int) -> Window:
        top, left, bottom, right = target.top, target.left, target.bottom, target.right
        tall, wide = target.frame
        if self.value in (2, 3, 6, 7):
            left, right = wide - right, wide - left
        if self.value in (3, 4, 7, 8):
            top, bottom = tall - bottom, tall - top
        if self.value >= 5:
            top, left, bottom, right = left, top, right, bottom
        return Window(top, left, bottom, right, (height, width))

    def over(self, image: Image, target: Window) -> Image:
        cut = image.cut(self.source_window(target, *image.window.frame))
        clipped = None if cut.clipped is None else np.ascontiguousarray(upright(cut.clipped, self.value))
        return cut.with_pixels(upright(cut.pixels, self.value), clipped=clipped, window=target)

    def __call__(self, image: Image) -> Image:
        return self.over(image, Window.whole(*self.frame(*image.window.frame)))
