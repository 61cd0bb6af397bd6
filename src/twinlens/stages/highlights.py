"""Highlights: gives clipped channels the value that the surviving channels and the colors nearby speak for.

`clip` cuts all channels at the lowest clip level instead: safe, flat, without color. The maths is in
`numerics.highlights`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt

from twinlens.core.image import BALANCED, Image, empty_rgb, planar
from twinlens.core.record import record
from twinlens.core.stage import Facts, Stage, param
from twinlens.kernels import highlights as kernel
from twinlens.numerics.highlights import chroma_of, maps_of

Array = npt.NDArray[Any]


@record(kw_only=True)
class Highlights(Stage):
    accepts: ClassVar = BALANCED
    returns: ClassVar = BALANCED
    needs_scan: ClassVar[bool] = True

    method: Literal["reconstruct", "clip"] = param("reconstruct", doc="what becomes of clipped channels")
    levels: tuple[float, float, float] | None = param(
        None, low=0.01, high=100, doc="clip level of red, green, blue after white balance", expert=True
    )
    chroma: tuple[float, float, float] | None = param(
        None, low=0.01, high=100, doc="color of the light where no unclipped neighbour tells it", expert=True
    )

    def resolve(self, facts: Facts) -> Self:
        levels = self.levels
        if levels is None:
            balance = next((one for one in facts.before if one.name() == "white_balance"), None)
            levels = tuple(float(one) for one in getattr(balance, "gains", None) or (1.0, 1.0, 1.0))
        chroma = self.chroma
        if chroma is None:
            chroma = (1.0, 1.0, 1.0)
            if self.method == "reconstruct":
                scan = facts.arriving()
                measured = chroma_of(scan.pixels, scan.clipped, np.array(levels))
                chroma = tuple(round(float(one), 4) for one in np.clip(measured, 0.05, 3))
        return replace(self, levels=levels, chroma=chroma)

    def bind(self, scan: Image) -> Callable[[Image], Image]:
        """The reconstruction guided by the colors of the whole picture, place by place."""
        if self.method == "clip":
            return self
        levels, chroma = self._numbers()
        return Reconstruction(planar(maps_of(scan.pixels, scan.clipped, levels, chroma)))

    def __call__(self, image: Image) -> Image:
        levels, chroma = self._numbers()
        if self.method == "clip":
            cut = np.minimum(image.pixels, np.float32(levels.min()), out=empty_rgb(image.height, image.width))
            return image.with_pixels(cut, clipped=None)
        everywhere = np.concatenate([chroma / np.mean(chroma), 1 / levels, [1.0]]).astype(np.float32)
        return Reconstruction(everywhere.reshape(1, 1, 7))(image)

    def _numbers(self) -> tuple[Array, Array]:
        return np.array(self.levels or (1.0, 1.0, 1.0)), np.array(self.chroma or (1.0, 1.0, 1.0))


@record(eq=False)
class Reconstruction:
    """The reconstruction with its maps (rows, columns, 7) of the whole picture, as the plan runs it on parts."""

    maps: Array

    def is_idle(self, image: Image) -> bool:
        """Whether nothing is clipped in this part, so that it stays as it is."""
        return kernel.is_idle(image.clipped, self.maps, image.window)

    def __call__(self, image: Image) -> Image:
        return image.with_pixels(kernel.highlights(image.pixels, image.clipped, self.maps, image.window))

    def after_mixing(self, mixing: Array) -> Callable[[Image], Image]:
        """The reconstruction of light that still has to go through a matrix, in one pass."""
        return partial(self._after, mixing)

    def _after(self, mixing: Array, image: Image) -> Image:
        pixels = kernel.highlights(image.pixels, image.clipped, self.maps, image.window, mixing)
        return image.with_pixels(pixels)
