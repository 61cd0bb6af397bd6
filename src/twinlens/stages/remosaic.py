"""Remosaic: a quad Bayer mosaic, whose 2 x 2 sites share a color, becomes a Bayer mosaic for the stages behind.

`full` keeps every site's detail: method and source in `numerics/quad_bayer.py`. `bin` averages each block, which gives
half the size with a quarter of the noise's variance, as phones do in dim light. Other mosaics and linear raws pass.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import ParameterError
from twinlens.core.image import MOSAIC, Image, Window
from twinlens.core.noise import NoiseModel
from twinlens.core.record import record
from twinlens.core.shot import Cfa, neutral_of
from twinlens.core.stage import Facts, Stage, param
from twinlens.kernels.remosaic import clipped_sites, remosaic
from twinlens.numerics.demosaic import noise_variances
from twinlens.numerics.opcode_lists import linear_area
from twinlens.numerics.quad_bayer import MARGIN as MARGIN_OF_METHOD
from twinlens.numerics.quad_bayer import bin_blocks, framed

Array = npt.NDArray[Any]

MARGIN = 32  # sites: the method's 24 and what completes a tile
LEAST = 4  # rows and columns


@record(kw_only=True)
class Remosaic(Stage):
    accepts: ClassVar = MOSAIC
    returns: ClassVar = MOSAIC

    method: Literal["full", "bin", "off"] | None = param(
        None, doc="full: all of the size; bin: half of it, less noise; none: full for quad Bayer, off for other arrays"
    )
    corner: tuple[int, int] | None = param(
        None, low=0, high=1, doc="row and column of the first whole block of one color; none: the file's", expert=True
    )
    neutral: tuple[float, float, float] | None = param(
        None, low=1e-3, high=1e3, doc="the camera's RGB of grey, which guides the method; none: as shot", expert=True
    )

    @property
    def margin(self) -> int:
        return MARGIN

    @property
    def is_identity(self) -> bool:
        return self.method == "off"

    def resolve(self, facts: Facts) -> Self:
        cfa = facts.source.cfa
        if cfa is None or not cfa.is_quad_bayer or facts.source.pixels.ndim != 2:
            return replace(self, method="off")
        areas = (getattr(stage, "area", None) for stage in facts.before)
        area = next((one for one in areas if one), None) or linear_area(facts.shot)
        corner = self.corner or cfa.shifted(*area[:2]).block_corner
        return replace(
            self, method=self.method or "full", corner=corner, neutral=self.neutral or neutral_of(facts.shot)
        )

    def frame(self, height: int, width: int) -> tuple[int, int]:
        if self.method != "bin":
            return height, width
        top, left = self.corner or (0, 0)
        return max((height - top) // 2, 1), max((width - left) // 2, 1)

    def source_window(self, target: Window, height: int, width: int) -> Window:
        if self.method == "off":
            return target
        if self.method != "bin":
            return replace(target, frame=(height, width)).grown(MARGIN)
        top, left = self.corner or (0, 0)
        return Window(
            2 * target.top + top, 2 * target.left + left, 2 * target.bottom + top, 2 * target.right + left,
            (height, width),
        )  # fmt: skip

    def __call__(self, image: Image) -> Image:
        if self.method != "bin" or image.cfa is None or not image.cfa.is_quad_bayer:
            return self.over(image, image.window)
        top, left = self.corner or image.cfa.block_corner
        stage, seen = replace(self, corner=(top, left)), image.window
        height, width = stage.frame(*seen.frame)
        first = (-(-max(seen.top - top, 0) // 2), -(-max(seen.left - left, 0) // 2))
        last = (min((seen.bottom - top) // 2, height), min((seen.right - left) // 2, width))
        return stage.over(image, Window(*first, *last, (height, width)))

    def over(self, image: Image, target: Window) -> Image:
        if self.method == "off" or image.cfa is None or not image.cfa.is_quad_bayer or image.pixels.ndim != 2:
            return image.cut(target)
        if min(image.window.frame) < LEAST:
            height, width = image.window.frame
            raise ParameterError(f"a quad Bayer mosaic has {LEAST} x {LEAST} sites or more, got {height} x {width}")
        corner = self.corner or image.cfa.block_corner
        if self.method == "bin":
            return replace(self, corner=corner)._binned(image, target, image.cfa)
        return self._full(image, target, image.cfa)

    def _binned(self, image: Image, target: Window, cfa: Cfa) -> Image:
        window = self.source_window(target, *image.window.frame)
        part = image.cut(window)
        clipped = part.clipped
        if clipped is not None:
            clipped = clipped[0::2, 0::2] | clipped[1::2, 0::2] | clipped[0::2, 1::2] | clipped[1::2, 1::2]
        noise = image.noise
        if noise is not None:
            (g0, g1, g2), (o0, o1, o2) = noise.gain, noise.offset
            noise = NoiseModel((g0 / 4, g1 / 4, g2 / 4), (o0 / 4, o1 / 4, o2 / 4), noise.independent)
        return replace(
            part, pixels=bin_blocks(part.pixels), clipped=clipped, window=target, noise=noise, scale=2 * image.scale,
            cfa=cfa.shifted(*self.corner or (0, 0)).halved,
        )  # fmt: skip

    def _full(self, image: Image, target: Window, cfa: Cfa) -> Image:
        red = _first_red(cfa)
        starts, seen = (target.top, target.left), (image.window.top, image.window.left)
        first = [start - (start - at) % 4 for start, at in zip(starts, red, strict=True)]
        inner = tuple(
            slice(start - one, start - one + size)
            for start, one, size in zip(starts, first, (target.height, target.width), strict=True)
        )

        def tiled(plane: Array) -> Array:
            counts = (-(-one.stop // 4) * 4 + 2 * MARGIN_OF_METHOD for one in inner)
            begins = (one - MARGIN_OF_METHOD - corner for one, corner in zip(first, seen, strict=True))
            seconds = (bool((corner - at) % 2) for corner, at in zip(seen, red, strict=True))
            return framed(plane, tuple(begins), tuple(counts), tuple(seconds))  # type: ignore[arg-type]

        neutral = np.array(self.neutral or neutral_of(image.shot))
        balance: Any = tuple((neutral[1] / neutral).tolist())
        noise = (0.0, 0.0, 0.0) if image.noise is None else noise_variances(image.noise.gain, balance)
        pixels = remosaic(tiled(image.pixels), balance, noise)[inner]
        clipped = image.cut(target).clipped
        if image.clipped is not None and image.clipped.any():
            clipped = clipped_sites(tiled(image.clipped))[inner]
        bayer = Cfa.bayer("RGGB").shifted(-red[0], -red[1])
        return replace(image, pixels=pixels, clipped=clipped, window=target, cfa=bayer)


def _first_red(cfa: Cfa) -> tuple[int, int]:
    """The (row, column), 0 to 3, at which the red block begins in a tile of quad Bayer."""
    red = cfa.indices == 0
    begins = red & ~np.roll(red, 1, 0) & ~np.roll(red, 1, 1)
    return tuple(int(one) for one in np.argwhere(begins)[0])  # type: ignore[return-value]
