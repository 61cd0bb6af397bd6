"""Highlights: what clipped channels would have held, from the channels that survive and the color nearby.

Arrays are white-balanced camera RGB: a neutral has three equal channels, channel c cannot exceed its clip level.
Where channel c is clipped and s survives, light of the chroma F (known from unclipped neighbours) has v_c = F_c / F_s
* v_s. Where nothing survives, the least light that clips all three is taken and its color fades to neutral (a
strongly colored lamp keeps some). Everything is blended by closeness to the clip level, so no border shows. Related:
Zhang & Brainard, "Estimation of saturated pixel values in digital color imaging", 2004 (survivors predict the
clipped); Masood, Zhu & Tappen, "Automatic correction of saturated regions", 2009 (chroma from the neighbourhood).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.numerics.maps import cells, filled, pooled, sampled, softened, widened

Array = npt.NDArray[Any]

NEAR, FULL = 0.88, 0.985  # of the clip level: where reconstruction begins, and where the value counts as clipped
FADE = 0.55  # of the last channel's clip level: from here on, with two clipped, color fades to neutral
LAMP = (0.3, 0.6)  # least channel of a chroma with mean 1: all lamps below the first, none above the second
KEPT = 0.7  # share of its color that a lamp keeps where everything is clipped
PRICE = 0.01  # of white in the fit of the survivors: below it the color nearby is taken as it is
EMBER = 1e-3  # weight of the least light that clips everything, against that of a surviving channel (1)
GREY = np.array([0.25, 0.5, 0.25], np.float32)  # weight of the channels in the brightness of camera RGB


def _rise(value: Array, low: float, high: float) -> Array:
    t = np.clip((value - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def reconstruct(rgb: Array, chroma: Array, per_level: Array, gate: Array | float = 1.0) -> Array:
    """White-balanced RGB (..., 3) with its clipped channels estimated.

    `chroma` (..., 3) with mean 1 is the color of the light nearby, `per_level` (..., 3) is 1 / clip level, `gate` (...)
    from 0 to 1 says whether clipping is believed here at all.

    The light is a mix of white and of the color nearby, v_c = white + tinted * chroma_c: least squares over the
    surviving channels, with a small price on white so that one survivor is enough.
    """
    rgb, chroma, per_level = (np.asarray(one, np.float32) for one in (rgb, chroma, per_level))
    gate = np.asarray(gate, np.float32)
    relative = rgb * per_level
    clipped = _rise(relative, NEAR, FULL) * gate[..., None]
    trust = (1 - clipped) ** 2
    value = np.maximum(rgb, 0)
    least = 1 / np.min(chroma * per_level, axis=-1)  # the least light of this color that clips all three
    t, tf, tff = np.sum(trust, -1) + PRICE, np.sum(trust * chroma, -1), np.sum(trust * chroma * chroma, -1) + EMBER
    tv, tfv = np.sum(trust * value, -1), np.sum(trust * chroma * value, -1) + EMBER * least
    white = np.clip((tv * tff - tf * tfv) / (t * tff - tf * tf), 0, tv / t)
    tinted = (tfv - white * tf) / tff
    estimate = white[..., None] + tinted[..., None] * chroma
    neutral = np.sum(estimate * GREY, -1)[..., None]
    lamp = 1 - _rise(np.min(chroma, -1), *LAMP)  # a strongly colored light keeps some of its color to the last
    blown = (_rise(np.min(relative, -1), FADE, FULL) * np.median(clipped, axis=-1) * (1 - KEPT * lamp))[..., None]
    result = rgb + clipped * np.maximum(estimate - rgb, 0)
    # a clipped green never falls below both others: no magenta
    lack = np.maximum(np.minimum(result[..., 0], result[..., 2]) - result[..., 1], 0)
    result[..., 1] += clipped[..., 1] * lack
    return result + blown * (neutral - result)


CELLS = 96  # of the longer side of the maps
CLEAR = 0.9  # of the clip level: below it a value is a witness of the light's color
LIFTED = 1.03  # a clip level this far above the nominal one is due to a gain map, less is noise


def maps_of(scan: Array, clipped: Array | None, levels: Array, prior: Array) -> Array:
    """The maps (rows, columns, 7) that guide a reconstruction, from the reduced whole picture (H, W, 3).

    Planes 0 to 2: chroma nearby (mean 1). 3 to 5: 1 / clip level, the level raised where a gain map raised what is
    clipped. 6: the gate, 1 near clipped places. `clipped` (H, W) has bit c for a clipped channel c; `prior` (3,) is
    the chroma without witnesses.
    """
    height, width = scan.shape[:2]
    rows, columns = cells(height, width, CELLS)
    planes = [np.ascontiguousarray(scan[..., c], np.float32) for c in range(3)]
    relative = [plane * np.float32(1 / level) for plane, level in zip(planes, levels, strict=True)]
    bits = _bits(relative, clipped)
    touched = bits > 0
    prior = np.asarray(prior / np.mean(prior), np.float32)
    if not touched.any():
        return _joined([np.broadcast_to(one, (rows, columns)) for one in (*prior, *(1 / levels), 0.0)])
    lifted = _lifted(relative, bits, rows, columns)
    if np.any(lifted > 1):
        here = sampled(lifted, 0, 0, height, width, (height, width))
        relative = [relative[c] / here[..., c] for c in range(3)]
    brightest = np.maximum(np.maximum(relative[0], relative[1]), relative[2])
    clear = (brightest < CLEAR) & ~touched & (np.minimum(np.minimum(planes[0], planes[1]), planes[2]) >= 0)
    rise = np.clip(brightest * np.float32(1 / CLEAR), 0, 1)
    witness = np.where(clear, rise * rise * rise + np.float32(1e-4), np.float32(0))
    sums = np.stack([pooled(witness * plane, rows, columns) for plane in planes], -1)
    chroma = softened(filled(sums, sums.mean(axis=-1), prior))
    chroma = np.maximum(chroma / np.mean(chroma, axis=-1, keepdims=True), 0.03)
    gate = softened(widened(widened(np.minimum(pooled(touched.astype(np.float32), rows, columns) * 1e9, 1))))
    return _joined([*np.moveaxis(chroma, -1, 0), *np.moveaxis(1 / (levels * lifted), -1, 0), gate])


def _joined(planes: list[Array]) -> Array:
    """Planes (rows, columns) as one map, in planar memory."""
    return np.stack([np.asarray(one, np.float32) for one in planes]).transpose(1, 2, 0)


def _bits(relative: list[Array], clipped: Array | None) -> Array:
    """Which channels are clipped where, as bits (H, W); by the values alone when the file's mask is not there."""
    if clipped is not None:
        return clipped
    bits = [(one >= FULL).astype(np.uint8) << c for c, one in enumerate(relative)]
    return bits[0] | bits[1] | bits[2]


def _lifted(relative: list[Array], bits: Array, rows: int, columns: int) -> Array:
    """The factor on the clip levels, (rows, columns, 3): the largest clipped value around; 1 where nothing is clipped
    or no gain map was at work."""
    if max(float(one.max()) for one in relative) <= LIFTED:
        return np.ones((rows, columns, 3), np.float32)
    clipped = [np.where(bits & np.uint8(1 << c), relative[c], np.float32(0)) for c in range(3)]
    factor = widened(np.stack([pooled(one, rows, columns, np.maximum) for one in clipped], -1))
    weights = (factor > 0).astype(np.float32)
    values = np.where(factor > LIFTED, factor, weights)
    planes = [filled(values[..., c : c + 1], weights[..., c], np.ones(1)) for c in range(3)]
    return np.clip(np.concatenate(planes, axis=-1), 1, 8)


def chroma_of(scan: Array, clipped: Array | None, levels: Array) -> Array:
    """The mean chroma (3,), mean 1, of the bright pixels that are not clipped; neutral when there are none."""
    relative = [scan[..., c] * np.float32(1 / levels[c]) for c in range(3)]
    brightest = np.maximum(np.maximum(relative[0], relative[1]), relative[2])
    clear = (brightest < CLEAR) & (brightest > CLEAR / 2) & (_bits(relative, clipped) == 0)
    total = np.array([np.sum(np.maximum(scan[..., c][clear], 0), dtype=np.float64) for c in range(3)])
    total += 1e-3 * scan.shape[0] * scan.shape[1]
    return total / np.mean(total)
