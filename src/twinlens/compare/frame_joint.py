"""Frame, joint: the mean of the sets as the ruler by which every shot of a scene is measured.

u = log2 Y and c = (a + ib) / L of Oklab, averaged over the sets with equal weight, so that no picture is the one that
explains the others (which would pull every slope towards 0).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.compare.features.catalog import HUE_NAMES
from twinlens.compare.features.gamut import chroma
from twinlens.compare.features.robust import ridge
from twinlens.compare.frame import Shot
from twinlens.compare.model import Role
from twinlens.core.record import record
from twinlens.numerics.color import (
    REC2020_FROM_XYZ,
    XYZ_FROM_REC2020,
    adaptation,
    luminance,
    rec2020_from_oklab,
    rgb_from_rgb,
)

Array = npt.NDArray[Any]

SECTORS = len(HUE_NAMES)
MID_GREY = float(np.log2(0.18))
_CLIPPED = 0.02  # share of a block's pixels at an end of the scale from which it is not used
_BLOWN, _GLOW_SHARE = 0.5, 0.025  # share of a block that is at white; how far light glows, of the long edge
_LEAST_LIGHT = 2.0**-11  # relative luminance; 8 bits say nothing about less
_LEAST_COLOR_LIGHT = 2.0**-7.5
_MOST_TEXTURE = 0.35  # of luminance in a block, standard deviation over mean
_TEXTURE_ERROR = 0.4  # of it that a block's mean is off by where shots do not lie on each other exactly
_TONE_ERROR, _COLOR_ERROR = 0.03, 0.01  # EV, of c: what blocks are off by anyway
_BIN = 0.25  # EV, of the histogram that evens out bright and dark
_COLOR_BINS = 24  # of hue, likewise
_BASE_SHARES = (0.04, 0.1)  # of the grid's long edge: sigma of the surroundings that local tone looks at
_NEAREST_SHARE = 0.007  # likewise of the nearest, about one block: what wide halos of sharpening look at
_GUIDED_SHARE, _GUIDED_EV = 0.05, 0.4  # half side of the guided filter's window; contrast that it takes for an edge
GREY, LEAST_GREYS = 0.06, 40  # |c| under which a block is grey; blocks that white balance needs
_NEARLY_GREY = 0.12  # |c| of what greys are told apart from
_GREY_GAIN, _GREY_EVEN = 2e-6, 2e-5  # penalties of the gains of nearly grey colors, and of the difference of neighbors
_GREY_ERROR = 0.002  # error of c that is never odd
_BALANCING = 3  # rounds
_COLOR_SHARE = 0.1  # |c| of usual colors
_MIXED = 0.4  # share of the spread of c about a block that its c may be off by: what mixes colors renders as neither
_LEAST_CHANNEL = 0.0025  # linear, of the least channel: under some 8 codes of 255 it may have been cut off
_MID_RANGE = (0.15, 0.85)  # quantiles of u between which mid grey is taken


@record(kw_only=True, eq=False)
class Joint:
    """The joint frame of N shots and M usable blocks. `u`, `c` (M,): brightness (EV), chroma (complex); `bases` (M, 3):
    brightness of the surroundings, smooth and stopping at edges, about its mean, and of the nearest, about u;
    `tone` (M,), `color` (M,): weights. `light` (N, M, 3): linear Rec. 2020 without the color of greys, which is
    `whites` (N, 3), all 1 where the scene has no grey (`has_grey`); of that light `levels` (N, M): log2 Y, and
    `chromas` (N, M). `radii` (N, M). `sets` (N,): index of the set of each shot. `middle`: u of mid grey, or the
    nearest that the scene has enough of. `where` (M,): flat index of the blocks in a grid of `shape`."""

    shots: tuple[Shot, ...]
    sets: Array
    u: Array
    c: Array
    bases: Array
    light: Array
    whites: Array
    has_grey: bool
    levels: Array
    chromas: Array
    radii: Array
    tone: Array
    color: Array
    sure: Array
    middle: float
    where: Array
    shape: tuple[int, int]

    def mean(self, values: Array) -> Array:
        """Mean (M,) over the sets, each with equal weight, of values (N, M)."""
        return mean_of_sets(values, self.sets)


def mean_of_sets(values: Array, sets: Array) -> Array:
    """Mean over the first axis in which every set has the same weight."""
    return np.mean([values[sets == one].mean(axis=0) for one in np.unique(sets)], axis=0)


def joint(shots: Sequence[Shot], roles: Sequence[Role]) -> Joint | None:
    """The joint frame; None where too little is usable. The order of `roles` numbers the sets."""
    sets = np.array([roles.index(one.picture.role) for one in shots])
    inside = np.all([one.inside for one in shots], axis=0)
    light = np.stack([np.where(inside[..., None], one.light, 1.0) for one in shots])
    bright = luminance(light)
    levels = np.log2(np.maximum(bright, _LEAST_LIGHT))
    texture = mean_of_sets(np.stack([one.texture for one in shots]), sets)
    with np.errstate(invalid="ignore"):
        usable = inside & (texture < _MOST_TEXTURE) & (bright.min(axis=0) > _LEAST_LIGHT)
        usable &= np.all([(one.white < _CLIPPED) & (one.sunk < _CLIPPED) for one in shots], axis=0)
        usable &= ~_near(np.any([one.white > _BLOWN for one in shots], axis=0))
        colored = usable & np.all([one.black < _CLIPPED for one in shots], axis=0)
    colored &= (bright.min(axis=0) > _LEAST_COLOR_LIGHT) & (_least_channel(light, shots) > _LEAST_CHANNEL)
    if usable.sum() < 100:
        return None
    mean = mean_of_sets(levels, sets)
    spread = _spread(mean_of_sets(chroma(light), sets), inside)
    return _made(tuple(shots), sets, light, np.stack([texture, spread]), usable, colored, _bases(mean, inside))


def _spread(c: Array, inside: Array) -> Array:
    """Standard deviation (h, w) of c (h, w) complex among a block and its neighbors: large where colors meet."""
    import cv2

    known = cv2.blur(inside.astype(float), (3, 3))
    sums = [cv2.blur(np.where(inside, one, 0.0), (3, 3)) for one in (np.real(c), np.imag(c), np.abs(c) ** 2)]
    real, imaginary, square = (one / np.maximum(known, 1e-6) for one in sums)
    return np.sqrt(np.maximum(square - real**2 - imaginary**2, 0))


def _near(blown: Array) -> Array:
    """Blocks (h, w) about large blown-out areas, whose glow depends on the exposure."""
    import cv2

    mask = cv2.erode(blown.astype(np.uint8), np.ones((3, 3), np.uint8))  # not about single speculars
    side = 2 * round(_GLOW_SHARE * max(mask.shape)) + 3
    return cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))).astype(bool)


def _least_channel(light: Array, shots: Sequence[Shot]) -> Array:
    """The least channel (h, w) over all shots, each in the primaries of its own file."""
    own = [one @ rgb_from_rgb(shot.picture.space, "rec2020").T for one, shot in zip(light, shots, strict=True)]
    return np.min(own, axis=(0, -1))


def _made(
    shots: tuple[Shot, ...], sets: Array, light: Array, uneven: Array, usable: Array, colored: Array, bases: Array
) -> Joint:
    """`uneven` (2, h, w): texture, and the spread of c."""
    where = np.flatnonzero(usable)
    texture, spread = uneven.reshape(2, -1)[:, where]
    error = (_TEXTURE_ERROR * texture) ** 2
    sure = colored.ravel()[where] / (1 + (error * _COLOR_SHARE**2 + (_MIXED * spread) ** 2) / _COLOR_ERROR**2)
    color = sure
    whites, light, has_grey = balanced(light.reshape(len(shots), -1, 3)[:, where], sets, color)
    levels, chromas = np.log2(np.maximum(luminance(light), _LEAST_LIGHT)), chroma(light)
    u, c = mean_of_sets(levels, sets), mean_of_sets(chromas, sets)
    tone = 1 / (_TONE_ERROR**2 + (error / np.log(2) ** 2)) * _evened(np.floor(u / _BIN))
    color = color * _evened(np.floor(np.angle(c) / (2 * np.pi) * _COLOR_BINS))
    base = bases.reshape(-1, 3)[where]
    return Joint(
        shots=shots, sets=sets, u=u, c=c, bases=base - base.mean(axis=0), light=light, whites=whites,
        has_grey=has_grey, levels=levels, chromas=chromas, sure=sure,
        radii=np.stack([one.radius for one in shots]).reshape(len(shots), -1)[:, where],
        tone=tone / tone.mean(), color=color / max(float(color.mean()), 1e-12),
        middle=float(np.clip(MID_GREY, *np.quantile(u, _MID_RANGE))), where=where, shape=usable.shape,
    )  # fmt: skip


def balanced(light: Array, sets: Array, weight: Array) -> tuple[Array, Array, bool]:
    """The color of greys of every shot against the mean of the sets, (N, 3) linear Rec. 2020 of luminance 1; the light
    (N, M, 3) without it; and whether there are greys.

    White balance multiplies channels, so that it moves every color by another amount: it is taken out, by a chromatic
    adaptation, before the rendering of colors is measured.
    """
    whites = np.ones((len(light), 3))
    for _ in range(_BALANCING):
        chromas = chroma(adapted(light, whites))
        c = mean_of_sets(chromas, sets)
        grey = (np.abs(c) < GREY) & (weight > 0)
        if grey.sum() < LEAST_GREYS:
            return np.ones_like(whites), light, False
        offsets = _offsets(chromas, c, weight * (np.abs(c) < _NEARLY_GREY))
        offsets = offsets - mean_of_sets(offsets[:, None], sets)[0]
        whites = np.stack([shown_under(white, rgb) for white, rgb in zip(whites, white_rgb(offsets), strict=True)])
    return whites, adapted(light, whites), True


def _offsets(chromas: Array, c: Array, weight: Array) -> Array:
    """Where a grey lies (N,) complex: what of chromas (N, M) does not go with c (M,). A rendering that changes chroma
    or hue, of some hues more than of others, turns what is nearly grey too; only what greys without any color have is
    white balance.
    """
    used = weight > 0
    columns = np.concatenate([np.ones((int(used.sum()), 1)), sector_weights(c[used]) * c[used][:, None]], axis=1)
    around = np.eye(SECTORS) - np.roll(np.eye(SECTORS), 1, axis=1)
    penalty = np.zeros((SECTORS + 1, SECTORS + 1))
    penalty[1:, 1:] = _GREY_GAIN * np.eye(SECTORS) + _GREY_EVEN * around.T @ around
    return np.array([ridge(columns, one[used] - c[used], weight[used], penalty, _GREY_ERROR)[0] for one in chromas])


def sector_weights(c: Array) -> Array:
    """(M, 12): hat functions of the hue of c, each 1 at its center and 0 at its neighbors'."""
    return np.maximum(1 - np.abs(sector_places(c)), 0)


def sector_places(c: Array) -> Array:
    """(M, 12): how far the hue of c lies from each center, counterclockwise, 1 at the neighbor's."""
    place = np.degrees(np.angle(c))[:, None] / (360 / SECTORS) - np.arange(SECTORS)
    return (place + SECTORS / 2) % SECTORS - SECTORS / 2


def adapted(light: Array, whites: Array) -> Array:
    """Light (N, M, 3) whose greys are `whites` (N, 3) with greys neutral (linear Bradford, Lam 1985)."""
    return np.stack([one @ np.linalg.inv(_adaptation(white)).T for one, white in zip(light, whites, strict=True)])


def shown_under(white: Array, rgb: Array) -> Array:
    """The color (3,) that `rgb` has where a neutral is `white`, of luminance 1."""
    shown = _adaptation(white) @ rgb
    return shown / luminance(shown)


def _adaptation(white: Array) -> Array:
    """(3, 3) on linear Rec. 2020 that makes a neutral `white` (3,)."""
    neutral = XYZ_FROM_REC2020 @ np.ones(3)
    return REC2020_FROM_XYZ @ adaptation(neutral, XYZ_FROM_REC2020 @ white) @ XYZ_FROM_REC2020


def white_rgb(offset: Array) -> Array:
    """Linear Rec. 2020 (N, 3), luminance 1, of greys that lie `offset` (N,) from grey in c."""
    rgb = rec2020_from_oklab(np.stack([np.ones(offset.shape), np.real(offset), np.imag(offset)], axis=-1))
    return rgb / luminance(rgb)[..., None]


def _evened(labels: Array) -> Array:
    """Weights that give a value that many blocks have the root of their number, so that no large area rules."""
    _, index, count = np.unique(labels, return_inverse=True, return_counts=True)
    return 1 / np.sqrt(count[index.ravel()])


def _bases(mean: Array, inside: Array) -> Array:
    """Brightness (h, w, 3) of the surroundings of each block, clipped blocks included: by Gaussians, by a guided
    filter, which stops at edges (K. He et al., Guided image filtering, IEEE TPAMI 35(6), 2013), and of the nearest
    blocks against its own."""
    import cv2

    def means(values: Array, blur: Any) -> Array:
        return blur(np.where(inside, values, 0.0)) / np.maximum(blur(inside.astype(float)), 1e-6)

    edge = max(mean.shape)
    shares = (*_BASE_SHARES, _NEAREST_SHARE)
    *smooth, nearest = (means(mean, lambda x, s=share: cv2.GaussianBlur(x, (0, 0), s * edge)) for share in shares)
    side = (2 * round(_GUIDED_SHARE * edge) + 1,) * 2
    local = means(mean, lambda x: cv2.blur(x, side))
    variance = np.maximum(means(mean**2, lambda x: cv2.blur(x, side)) - local**2, 0)
    slope = variance / (variance + _GUIDED_EV**2)
    guided = means(slope, lambda x: cv2.blur(x, side)) * mean + means(local * (1 - slope), lambda x: cv2.blur(x, side))
    return np.stack([np.mean(smooth, axis=0), guided, nearest - mean], axis=-1)
