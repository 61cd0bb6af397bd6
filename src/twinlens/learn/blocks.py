"""Blocks: the colors of small flat places that two pictures show, as scene light and as display light.

Means of blocks, not pixels: noise, demosaic, sharpening and JPEG leave a pixel no color of its own, and two pictures
never lie on each other to the pixel. Only flat blocks count, in which a mean of light is the light of the mean.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.record import record
from twinlens.learn.maker_picture import MakerPicture
from twinlens.measure.registration import Registration, warp
from twinlens.numerics.color import decode, encode
from twinlens.pipeline.scene import SceneLight, radii

Array = npt.NDArray[Any]

BLOCK = 4  # cells a side
FLAT = 0.05  # standard deviation in a block, in codes of the sRGB curve, of either picture
FLAT_SHARE = 0.35  # of the blocks that are flat when noise decides what is: then the flattest are taken up to
LEAST_FLAT = 0.02
COLOR_BINS = 24  # along a side of the cube of codes, for keeping as many blocks of every color
MOST_BLOCKS = 6000  # of one pair
MEASURED = 0.0015  # codes: what a mean of eight-bit codes is uncertain by at least
COLORLESS, COLORFUL = 0.012, 0.08  # codes between channels: a grey picture, of a scene that has color
GREY, SOME_COLOR = 0.002, 0.025  # the same of a picture made grey: no camera's colors lie so near to each other


@record(kw_only=True, eq=False)
class Blocks:
    """N blocks: `source` and `target` (N, 3), `radius` and `noise` (N,) as in `Evidence`; `place` (N, 2) row and column
    of the block. `found` says how many blocks there were in all, and how many matched, were clipped, were flat."""

    source: Array
    target: Array
    radius: Array
    noise: Array
    place: Array
    found: dict[str, int]
    is_monochrome: bool = False

    def taken(self, keep: Array) -> Blocks:
        """Some of them: a mask, or indices."""
        parts = {name: getattr(self, name)[keep] for name in ("source", "target", "radius", "noise", "place")}
        return Blocks(**parts, found=self.found, is_monochrome=self.is_monochrome)


def measured(scene: SceneLight, rendering: MakerPicture, registration: Registration, *, own_radius: bool) -> Blocks:
    """The flat blocks of a rendering with the scene light at the same places.

    `registration` leads from cells of the rendering to pixels of the scene light. The radius is that of the source's
    frame when it is the same camera (`own_radius`), else that of the rendering.
    """
    rows, columns = (size // BLOCK for size in rendering.light.shape[:2])
    shape = rows * BLOCK, columns * BLOCK
    light = _blocked(warp(scene.light, registration)[: shape[0], : shape[1]])
    shown = _blocked(rendering.light[: shape[0], : shape[1]])
    clipped = warp(scene.clipped.astype(np.float32), registration)[: shape[0], : shape[1]] > 0.01
    clipped |= rendering.clipped[: shape[0], : shape[1]]
    centers = np.stack(np.meshgrid(np.arange(shape[1]), np.arange(shape[0])), -1)
    sure: Array = np.min(_blocked(registration.is_sure(centers)[..., None]), axis=(2, 3))[..., 0]
    whole: Array = ~np.max(_blocked(clipped[..., None]), axis=(2, 3))[..., 0]
    source, source_spread = _mean(light)
    target, target_spread = _mean(shown)
    flat = _flat(source_spread, target_spread, sure & whole)
    kept = sure & whole & flat
    frame = warp(scene.radius, registration) if own_radius else radii(*registration.fixed_shape)
    radius = _blocked(frame[: shape[0], : shape[1], None]).mean((2, 3))[..., 0]
    noise = np.sqrt((source_spread**2 + target_spread**2) / BLOCK**2 + MEASURED**2)
    counts = {"blocks": sure.size, "sure": int(sure.sum()), "whole": int((sure & whole).sum()), "flat": int(kept.sum())}
    return Blocks(
        source=source[kept], target=target[kept], radius=radius[kept], noise=noise[kept],
        place=np.argwhere(kept), found=counts, is_monochrome=_is_monochrome(source[sure & whole], target[sure & whole]),
    )  # fmt: skip


def _blocked(cells: Array) -> Array:
    """(rows, columns, BLOCK, BLOCK, C) of cells (h, w, C)."""
    rows, columns = cells.shape[0] // BLOCK, cells.shape[1] // BLOCK
    return cells.reshape(rows, BLOCK, columns, BLOCK, -1).swapaxes(1, 2)


def _mean(blocks: Array) -> tuple[Array, Array]:
    """The light (rows, columns, 3) of blocks, and their spread (rows, columns) in codes (the widest channel's).

    Codes are averaged, not light: between codes of scene and codes of display the relation is nearly straight, so that
    the mean of the one belongs to the mean of the other.
    """
    codes = encode(blocks, "srgb")
    return decode(codes.mean((2, 3)), "srgb"), codes.std((2, 3)).max(-1)


def _flat(source: Array, target: Array, usable: Array) -> Array:
    """The blocks that are flat in both: up to FLAT, less where a picture has flat blocks in plenty."""
    spread = np.maximum(source, target)
    if not usable.any():
        return usable
    limit = np.clip(np.quantile(spread[usable], FLAT_SHARE), LEAST_FLAT, FLAT)
    return spread < limit


def _is_monochrome(source: Array, target: Array) -> bool:
    """Whether the display shows only greys of a scene that has colors."""
    if len(source) < 100:
        return False
    shown, seen = (np.percentile(np.ptp(encode(one, "srgb"), axis=-1), 99) for one in (target, source))
    return bool((shown < COLORLESS and seen > COLORFUL) or (shown < GREY and seen > SOME_COLOR))


def thinned(blocks: Blocks, most: int = MOST_BLOCKS) -> Blocks:
    """At most so many blocks: of every color alike, those with the least noise first."""
    if len(blocks.source) <= most:
        return blocks
    codes = np.concatenate([encode(blocks.target, "srgb"), encode(np.clip(blocks.source, 0, 1), "srgb")], 1)
    bins = np.floor(np.clip(codes, 0, 0.9999) * COLOR_BINS).astype(np.int64)
    key: Array = bins @ COLOR_BINS ** np.arange(6)
    order = np.lexsort((blocks.noise, key))
    first = np.r_[True, np.diff(key[order]) > 0]
    start = np.nonzero(first)[0]
    rank = np.arange(len(order)) - np.repeat(start, np.diff(np.r_[start, len(order)]))
    kept = order[np.argsort(rank, kind="stable")[:most]]
    return blocks.taken(np.sort(kept))
