"""Reduced: the picture at a fraction of its size, made straight from the raw, for previews and for what is measured
first.

Sites of one color are averaged over even blocks (no demosaic; the blocks of a quad Bayer mosaic first); the multiplying
corrections of the mosaic (gain maps) are applied at the reduced size. A linear or display-referred source is averaged
over blocks as it is.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.image import CAMERA_RGB, MOSAIC, SENSOR, Image, Window, empty_rgb, planar
from twinlens.core.noise import NoiseModel
from twinlens.core.record import record
from twinlens.core.shot import Cfa
from twinlens.core.stage import Stage
from twinlens.kernels.bin_mosaic import bin_mosaic
from twinlens.numerics.opcode_lists import linear_area

Array = npt.NDArray[Any]

LEAST_QUAD = 8  # rows and columns of a quad Bayer mosaic that is reduced by its blocks
STRIP = 256  # rows of blocks at once


def factor_for(image: Image, long_edge: int) -> int:
    """The block size, 1 or even, that brings the longer side of the image nearest to, not under, `long_edge`."""
    factor = max(image.height, image.width) // max(long_edge, 1)
    return max(factor // 2 * 2, 1)


def average(pixels: Array, factor: int) -> Array:
    """Means of `factor` x `factor` blocks of (H, W) or (H, W, 3), float32; a rest at the end is left out."""
    if factor == 1:
        return pixels.astype(np.float32)
    height, width = max(pixels.shape[0] // factor, 1), max(pixels.shape[1] // factor, 1)
    part = pixels[: height * factor, : width * factor]
    rows, columns = min(factor, part.shape[0]), min(factor, part.shape[1])
    blocks = part.reshape(height, rows, width, columns, *part.shape[2:])
    return blocks.mean((1, 3), dtype=np.float32)


def camera_rgb(source: Image, linearize: Stage, shading: Stage | None, factor: int) -> Image:
    """A SENSOR image as CAMERA_RGB at 1/`factor` of its size (active area), with the clip mask."""
    found = _camera_rgb(source, linearize, shading, factor)
    return found.whole() if isinstance(found, Binned) else found


def _camera_rgb(source: Image, linearize: Stage, shading: Stage | None, factor: int) -> Image | Binned:
    levels = _levels(source, linearize) if min(source.pixels.shape[:2]) >= max(factor, 2) else None
    if levels is not None:
        return _binned(source, levels, shading, factor)
    return _corrected(_averaged(source, linearize, factor), shading)


def _corrected(small: Image, shading: Stage | None) -> Image:
    if shading is None or shading.is_identity:
        return small
    shaded = shading(small.with_pixels(small.pixels, state=MOSAIC))
    return shaded.with_pixels(shaded.pixels, state=CAMERA_RGB)


Levels = tuple[Array, Array, Array]


def _levels(source: Image, linearize: Any) -> Levels | None:
    """Black, scale and clip level (each (2, 2), of the active area's tile) where they say all of the linearization."""
    shot = source.shot
    simple = shot.linearization_table is None and shot.black_delta_h is None and shot.black_delta_v is None
    if not simple or linearize.opcodes or source.cfa is None or source.pixels.ndim != 2:
        return None
    is_quad = source.cfa.is_quad_bayer and source.pixels.dtype == np.uint16 and min(source.pixels.shape) >= LEAST_QUAD
    black = np.atleast_3d(np.asarray(linearize.black, np.float32))[..., 0]
    if not (source.cfa.is_bayer or is_quad) or max(black.shape) > 2 or (is_quad and np.ptp(black) > 0):
        return None
    black = np.broadcast_to(black, (2, 2)).astype(np.float32)
    white = float(np.max(linearize.white))
    reach = np.full((2, 2), max(white - float(black.max()), 1e-6), np.float32)
    return black, 1 / reach, black + np.float32(linearize.clip_at) * reach


@record(eq=False)
class Binned:
    """A Bayer mosaic averaged over even blocks, `cells` sites a side: each part of it is made when it is asked for.

    `like` is the whole without its pixels; `raw` (H, W) uint16 are the counts of the area that it shows.
    """

    like: Image
    raw: Array
    red: tuple[int, int]
    levels: Levels
    cells: int
    shading: Stage | None

    @property
    def window(self) -> Window:
        """The window that is all of it."""
        return self.like.window

    def cut(self, window: Window) -> Image:
        """The part `window` of the whole; the same values whichever parts are asked for."""
        height, width = self.window.frame
        top, bottom = max(window.top - 1, 0), min(window.bottom + 1, height)  # a block is weighed with those beside it
        raw = self.raw[top * self.cells : None if bottom == height else bottom * self.cells]
        return self._made(raw, Window(top, 0, bottom, width, (height, width)), 1).cut(window)

    def whole(self) -> Image:
        """All of it."""
        return self._made(self.raw, self.window, 2)

    def _made(self, raw: Array, window: Window, threads: int) -> Image:
        black, scale, clip = self.levels
        rgb, clipped = bin_mosaic(raw, self.red, black, scale, self.cells, clip, threads=threads)
        return _corrected(self.like.with_pixels(rgb, clipped=clipped, window=window), self.shading)


def _binned(source: Image, levels: Levels, shading: Stage | None, factor: int) -> Binned:
    top, left, bottom, right = linear_area(source.shot)
    raw = source.pixels[top:bottom, left:right]
    cfa = source.cfa.shifted(top, left)  # type: ignore[union-attr]
    cells, block = max(factor, 2), 1
    if cfa.is_quad_bayer:
        raw, cfa = _halved(raw, cfa)
        cells, block = max(factor // 4 * 2, 2), 2
    red = (int(np.argwhere(cfa.indices == 0)[0][0]), int(np.argwhere(cfa.indices == 0)[0][1]))
    height, width = (size // 2 // (cells // 2) for size in raw.shape)
    nothing = np.broadcast_to(np.float32(0), (height, width, 3))
    return Binned(_camera(source, nothing, None, cells * block), raw, red, levels, cells, shading)


def _halved(raw: Array, cfa: Cfa) -> tuple[Array, Cfa]:
    """The mean counts of the whole blocks of a quad Bayer mosaic (H, W) uint16, and their Bayer array."""
    top, left = cfa.block_corner
    raw = raw[top:, left:]
    made = np.empty((raw.shape[0] // 2, raw.shape[1] // 2), np.uint16)
    for first in range(0, made.shape[0], STRIP):
        part = raw[2 * first : 2 * min(first + STRIP, made.shape[0]), : 2 * made.shape[1]]
        pairs = part[0::2].astype(np.uint32) + part[1::2]
        made[first : first + STRIP] = (pairs[:, 0::2] + pairs[:, 1::2] + 2) // 4
    return made, cfa.shifted(top, left).halved


def _averaged(source: Image, linearize: Stage, factor: int) -> Image:
    whole = linearize(source)
    pixels = whole.pixels
    if pixels.ndim == 2 and whole.cfa is not None:
        period = len(whole.cfa.rows)
        factor = max(factor // period, 1) * period
        short = [(0, max(factor - size, 0)) for size in pixels.shape]
        pixels = np.pad(pixels, short, mode="edge")
        indices = np.tile(whole.cfa.indices, (factor // period, factor // len(whole.cfa.rows[0])))
        planes = []
        for channel in range(3):
            chosen = np.argwhere(indices == channel)
            parts = [average_at(pixels, y, x, factor) for y, x in chosen]
            planes.append(np.mean(parts, axis=0))
        small = np.stack(planes, -1)
    else:
        small = average(pixels, factor)
        if small.ndim == 2:
            small = np.repeat(small[..., None], 3, axis=2)
    clipped = None if whole.clipped is None else (average(whole.clipped, factor) > 0.25).astype(np.uint8) * 7
    return _camera(source, planar(np.asarray(small, np.float32)), clipped, factor)


def average_at(pixels: Array, y: int, x: int, step: int) -> Array:
    """Every `step`th pixel from (y, x) on, cut to whole blocks."""
    height, width = pixels.shape[0] // step, pixels.shape[1] // step
    return pixels[y::step, x::step][:height, :width]


def _camera(source: Image, rgb: Array, clipped: Array | None, factor: int) -> Image:
    noise = source.noise or source.shot.noise
    if noise is not None:
        share = 4 / factor**2
        noise = NoiseModel(
            tuple(g * share for g in noise.gain),  # type: ignore[arg-type]
            tuple(o * share for o in noise.offset),  # type: ignore[arg-type]
        )
    return Image(
        pixels=rgb,
        state=CAMERA_RGB,
        shot=source.shot,
        noise=noise,
        clipped=clipped,
        scale=source.scale * factor,
    )


def of_linear(image: Image, factor: int) -> Image:
    """A source with three channels, averaged; its state stays."""
    pixels = empty_rgb(max(image.height // factor, 1), max(image.width // factor, 1))
    pixels[:] = average(image.pixels, factor)
    whole = Window.whole(*pixels.shape[:2])
    return dataclasses.replace(image, pixels=pixels, clipped=None, window=whole, scale=image.scale * factor)


def reduced(source: Image, stages: tuple[Stage, ...], long_edge: int) -> Image:
    """The source at about `long_edge` pixels, after those of the resolved `stages` that act on a mosaic."""
    found = in_parts(source, stages, long_edge)
    return found.whole() if isinstance(found, Binned) else found


def in_parts(source: Image, stages: tuple[Stage, ...], long_edge: int) -> Image | Binned:
    """As `reduced`; of a mosaic that is averaged without more ado, each part is made when it is asked for."""
    factor = factor_for(source, long_edge)
    if source.state is not SENSOR:
        return of_linear(source, factor) if factor > 1 else source
    shading = next((stage for stage in stages[: behind_mosaic(stages)] if stage.name() == "shading"), None)
    return _camera_rgb(source, stages[0], shading, factor)


def behind_mosaic(stages: tuple[Stage, ...]) -> int:
    """The index of the first stage that takes a picture of three channels, which a reduced picture is ready for."""
    return next((index for index, stage in enumerate(stages) if stage.accepts not in (SENSOR, MOSAIC)), len(stages))
