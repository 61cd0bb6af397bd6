"""Resize: the picture at another size, in linear light, by a Lanczos filter without aliases.

Method and sources: `numerics/resample.py`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Self

import numpy as np

from twinlens.core.image import OUTPUT, Image, Window
from twinlens.core.record import record
from twinlens.core.stage import Facts, Stage, param
from twinlens.kernels.resample import resample
from twinlens.numerics.resample import weights


@record(kw_only=True)
class Resize(Stage):
    accepts: ClassVar = OUTPUT
    returns: ClassVar = OUTPUT

    long_edge: int | None = param(None, unit="px", low=1, high=100_000, doc="length of the longer side")
    width: int | None = param(None, unit="px", low=1, high=100_000, doc="width of the upright picture, at most")
    height: int | None = param(None, unit="px", low=1, high=100_000, doc="height of the upright picture, at most")
    scale: float | None = param(None, low=0.001, high=16, doc="factor of both sides")
    turned: bool | None = param(
        None, expert=True, doc="whether the stored picture lies on its side; taken from the shot when not stated"
    )

    @property
    def is_identity(self) -> bool:
        return self._wishes == (None, None, None, None)

    @property
    def _wishes(self) -> tuple[int | None, int | None, int | None, float | None]:
        return self.long_edge, self.width, self.height, self.scale

    def resolve(self, facts: Facts) -> Self:
        return self if self.turned is not None else replace(self, turned=facts.shot.orientation >= 5)

    def frame(self, height: int, width: int) -> tuple[int, int]:
        """The new size: the largest with the same proportions that keeps within every wish; without one, the same."""
        across, down = (height, width) if self.turned else (width, height)
        wishes = ((self.long_edge, max(height, width)), (self.width, across), (self.height, down))
        factors: list[float] = [wish / side for wish, side in wishes if wish is not None]
        if self.scale is not None:
            factors.append(self.scale)
        factor = min(factors, default=1.0)
        return max(round(height * factor), 1), max(round(width * factor), 1)

    def source_window(self, target: Window, height: int, width: int) -> Window:
        (top, bottom), (left, right) = (
            _span(size, new, start, end)
            for size, new, start, end in (
                (height, target.frame[0], target.top, target.bottom),
                (width, target.frame[1], target.left, target.right),
            )
        )
        return Window(top, left, bottom, right, (height, width))

    def over(self, image: Image, target: Window) -> Image:
        height, width = image.window.frame
        rows, columns = weights(height, target.frame[0]), weights(width, target.frame[1])
        pixels = resample(
            image.pixels,
            _part(rows, target.top, target.bottom, image.window.top),
            _part(columns, target.left, target.right, image.window.left),
        )
        step = np.sqrt(height * width / (target.frame[0] * target.frame[1]))
        return image.with_pixels(pixels, window=target, clipped=None, noise=None, scale=image.scale * float(step))

    def __call__(self, image: Image) -> Image:
        return self.over(image, Window.whole(*self.frame(*image.window.frame)))


def _part(table: tuple[np.ndarray, np.ndarray], start: int, end: int, origin: int) -> tuple[np.ndarray, np.ndarray]:
    """First pixels, counted from `origin`, and weights of the output pixels `start` to `end`."""
    return table[0][start:end] - np.int32(origin), table[1][start:end]


def _span(size: int, new: int, start: int, end: int) -> tuple[int, int]:
    """Which input pixels (from, to) the output pixels `start` to `end` need."""
    first, table = weights(size, new)
    return int(first[start:end].min()), int(first[start:end].max()) + table.shape[1]
