"""Noise: the noise model of a Bayer picture, measured from the picture itself.

Blocks of 8 x 8 sites of one color give pairs (mean, variance). The variance is that of the second difference along
both axes, which no gradient passes and few edges. Texture only adds variance: so of all blocks with about the same
mean the calmest tell the noise, and a line through their variances that ignores what lies far above it is the model.
Sources: Foi et al., "Practical Poissonian-Gaussian noise modeling and fitting for single-image raw-data", IEEE Trans.
Image Proc. 17(10), 2008 (model, fit, clipping); Immerkaer, "Fast noise variance estimation", CVIU 64(2), 1996 (the
second difference).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.image import Image, Window
from twinlens.core.noise import NoiseModel, at_iso
from twinlens.core.stage import Facts

Array = npt.NDArray[Any]

BLOCK = 8  # sites of one color
CALM_SHARE = 0.05  # of the blocks of like mean: the quantile that is taken for the noise
CALM_FACTOR = 0.555  # that quantile for white noise, relative to its variance (60000 simulated blocks)
LEAST_BLOCKS = 80  # in a class of like mean
COMMON = 0.5  # weight of the line through all colors in the line of one, relative to that color's own points
MOST_CLASSES = 40
STRICT = 0.15  # excess over the line, relative, at which a class of blocks counts half
BRIGHTEST = 0.85  # blocks that reach it may be clipped
REPEATED_SHARE = 0.1  # of a block's sites may have the plane's lowest value; more: it is cut off at black


def estimate(mosaics: Iterable[Array], indices: Array) -> NoiseModel | None:
    """The model of parts (H, W) of a Bayer mosaic, black 0, white 1; None where too little of the picture can be used.

    Every part begins at a site (0, 0) of the tile `indices` (2, 2) of 0 red, 1 green, 2 blue.
    """
    pairs: list[list[Array]] = [[], [], []]
    for mosaic in mosaics:
        for y in (0, 1):
            for x in (0, 1):
                pairs[int(indices[y, x])].append(block_statistics(mosaic[y::2, x::2]))
    classes = [calm_classes(np.concatenate(one, axis=1)) for one in pairs]
    signal, noise = np.concatenate(classes, axis=1)
    if len(signal) < 2:
        return None
    common = _lower_line(signal, noise)
    lines = [_lower_line(one[0], one[1], common) if one.size else common for one in classes]
    (g0, o0), (g1, o1), (g2, o2) = ((float(one[0]), float(one[1])) for one in lines)
    return NoiseModel((g0, g1, g2), (o0, o1, o2))


def block_statistics(plane: Array) -> Array:
    """Means and noise variances (2, N) of the blocks of one color's plane (H, W) that are not clipped."""
    height, width = ((size - 2) // BLOCK * BLOCK for size in plane.shape)
    if height < BLOCK or width < BLOCK:
        return np.empty((2, 0))
    plane = plane[: height + 2, : width + 2]
    rows = plane[:-2] - 2 * plane[1:-1] + plane[2:]
    squares = ((rows[:, :-2] - 2 * rows[:, 1:-1] + rows[:, 2:]) ** 2) * np.float32(1 / 36)
    inner = plane[1:-1, 1:-1]
    means, variances = _block_means(inner), _block_means(squares)
    highest = inner.reshape(height // BLOCK, BLOCK, width // BLOCK, BLOCK).max((1, 3))
    usable = (highest < BRIGHTEST) & (_block_means(inner <= plane.min()) < REPEATED_SHARE) & (variances > 0)
    return np.stack([means[usable], variances[usable]]).astype(np.float64)


def _block_means(plane: Array) -> Array:
    height, width = plane.shape
    return plane.reshape(height // BLOCK, BLOCK, width // BLOCK, BLOCK).mean((1, 3), dtype=np.float32)


def calm_classes(pairs: Array) -> Array:
    """Signals and noise variances (2, N) of calm blocks, a pair for each class of like mean of `pairs` (2, M)."""
    means, variances = pairs
    classes = min(len(means) // LEAST_BLOCKS, MOST_CLASSES)
    if classes < 1:
        return np.empty((2, 0))
    order = np.array_split(np.argsort(means), classes)
    signal = [max(float(means[one].mean()), 0.0) for one in order]
    return np.array([signal, [np.quantile(variances[one], CALM_SHARE) / CALM_FACTOR for one in order]])


def _lower_line(signal: Array, noise: Array, common: Array | None = None) -> Array:
    """Gain and offset, at least 0, by relative least squares, reweighted so that points far above the line do not
    count.

    `common` is a line that stands in where the points leave the result open.
    """
    line = _positive_line(signal, noise, 1 / noise) if common is None else common
    places = np.geomspace(0.005, 0.5, 5)
    for tolerance in np.geomspace(1.0, STRICT, 30):
        expected = np.maximum(line[0] * signal + line[1], 0.05 * noise)
        excess = noise / expected - 1
        weight = np.where(excess > 0, 1 / (1 + (excess / tolerance) ** 2), 1.0) / expected
        if common is None:
            line = _positive_line(signal, noise, weight)
            continue
        usual = common[0] * places + common[1]
        share = np.sqrt(COMMON * len(signal) / len(places)) / usual
        line = _positive_line(np.append(signal, places), np.append(noise, usual), np.append(weight, share))
    return line


def _positive_line(signal: Array, noise: Array, weight: Array) -> Array:
    design = np.stack([signal, np.ones_like(signal)], 1) * weight[:, None]
    target = noise * weight
    line = np.linalg.lstsq(design, target, rcond=None)[0]
    for zero, kept in ((0, 1), (1, 0)):
        if line[zero] < 0:
            line = np.zeros(2)
            line[kept] = max(design[:, kept] @ target / max(design[:, kept] @ design[:, kept], 1e-30), 0.0)
    return line


def windows(height: int, width: int, size: int = 256, across: int = 5) -> Sequence[tuple[int, int, int, int]]:
    """Places (top, left, bottom, right) to measure at: even, spread over the frame, the whole of a small one."""
    tops = _starts(height, size, across)
    lefts = _starts(width, size, across)
    return [(top, left, min(top + size, height), min(left + size, width)) for top in tops for left in lefts]


def _starts(length: int, size: int, across: int) -> Sequence[int]:
    if length <= size * across:
        return range(0, length, size)
    return [int(one) // 2 * 2 for one in np.linspace(0, length - size, across)]


def of_picture(facts: Facts) -> NoiseModel | None:
    """The noise model of a picture before any pixel is developed: known, or measured; None where neither can be.

    Known is the file's, what a stage before has found (its `noise_model`), or the profile's, between the
    ISO that were measured.
    """
    found = (getattr(stage, "noise_model", None) for stage in facts.before)
    known = facts.shot.noise or next((one for one in found if one is not None), None) or _of_profile(facts)
    if known is not None:
        return known
    source = facts.source
    if source.cfa is None or source.pixels.ndim != 2 or not (source.cfa.is_bayer or source.cfa.is_quad_bayer):
        return None
    parts = _arriving(facts)
    tile = parts[0].cfa if parts else None
    return None if tile is None or not tile.is_bayer else estimate((one.pixels for one in parts), tile.indices)


def _of_profile(facts: Facts) -> NoiseModel | None:
    table = facts.profile.noise if facts.profile is not None else {}
    iso = facts.shot.iso
    if not table or not iso:
        return None
    return at_iso(table, iso)


def _arriving(facts: Facts) -> list[Image]:
    """Parts of the picture as the stages before make them."""
    frames = [facts.source.window.frame]
    for stage in facts.before:
        frames.append(stage.frame(*frames[-1]))
    return [_part(facts, frames, Window(*place, frames[-1])) for place in windows(*frames[-1])]


def _part(facts: Facts, frames: list[tuple[int, int]], target: Window) -> Image:
    wanted = [target]
    for stage, frame in zip(reversed(facts.before), reversed(frames[:-1]), strict=True):
        wanted.insert(0, stage.source_window(wanted[0], *frame))
    image = facts.source.cut(wanted[0])
    for stage, part in zip(facts.before, wanted[1:], strict=True):
        image = stage.over(image, part)
    return image
