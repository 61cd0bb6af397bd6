"""Frame, joint: the mean of the sets as the ruler by which every shot of a scene is measured.

u = log2 Y and c = (a + ib) / L of Oklab, averaged over the sets with equal weight, so that no picture is the one that
explains the others (which would pull every slope towards 0).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.compare.features.gamut import chroma
from twinlens.compare.frame import Shot
from twinlens.compare.model import Role
from twinlens.core.record import record
from twinlens.numerics.color import luminance

Array = npt.NDArray[Any]

MID_GREY = float(np.log2(0.18))
_CLIPPED = 0.02  # share of a block's pixels at an end of the scale from which it is not used
_LEAST_LIGHT = 2.0**-11  # relative luminance; 8 bits say nothing about less
_LEAST_COLOR_LIGHT = 2.0**-7.5
_MOST_TEXTURE = 0.35  # of luminance in a block, standard deviation over mean
_TEXTURE_ERROR = 0.15  # of it that a block's mean is off by where shots do not lie on each other exactly
_TONE_ERROR, _COLOR_ERROR = 0.03, 0.01  # EV, of c: what blocks are off by anyway
_BIN = 0.25  # EV, of the histogram that evens out bright and dark
_COLOR_BINS = 24  # of hue, likewise
_BASE_SHARES = (0.04, 0.1)  # of the grid's long edge: sigma of the surroundings that local tone looks at
_MID_RANGE = (0.15, 0.85)  # quantiles of u between which mid grey is taken


@record(kw_only=True, eq=False)
class Joint:
    """The joint frame of N shots and M usable blocks. `u`, `c`, `base` (M,): brightness (EV), chroma (complex),
    brightness of the surroundings; `tone` (M,), `color` (M,): weights. `levels` (N, M): log2 Y, `chromas` (N, M),
    `radii` (N, M). `sets` (N,): index of the set of each shot. `middle`: u of mid grey, or the nearest that the scene
    has enough of. `where` (M,): flat index of the blocks in a grid of `shape`."""

    shots: tuple[Shot, ...]
    sets: Array
    u: Array
    c: Array
    base: Array
    levels: Array
    chromas: Array
    radii: Array
    tone: Array
    color: Array
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
        colored = usable & np.all([one.black < _CLIPPED for one in shots], axis=0)
    colored &= bright.min(axis=0) > _LEAST_COLOR_LIGHT
    if usable.sum() < 100:
        return None
    return _made(tuple(shots), sets, inside, light, levels, texture, usable, colored)


def _made(
    shots: tuple[Shot, ...], sets: Array, inside: Array, light: Array, levels: Array, texture: Array, usable: Array,
    colored: Array,
) -> Joint:  # fmt: skip
    where = np.flatnonzero(usable)
    mean = mean_of_sets(levels, sets)
    u = mean.ravel()[where]
    chromas = chroma(light.reshape(len(shots), -1, 3)[:, where])
    c = mean_of_sets(chromas, sets)
    error = (_TEXTURE_ERROR * texture.ravel()[where]) ** 2
    tone = 1 / (_TONE_ERROR**2 + (error / np.log(2) ** 2)) * _evened(np.floor(u / _BIN))
    hue = np.floor(np.angle(c) / (2 * np.pi) * _COLOR_BINS)
    color = colored.ravel()[where] / (_COLOR_ERROR**2 + error * np.abs(c) ** 2) * _evened(hue)
    return Joint(
        shots=shots, sets=sets, u=u, c=c, base=_base(mean, inside).ravel()[where],
        levels=levels.reshape(len(shots), -1)[:, where], chromas=chromas,
        radii=np.stack([one.radius for one in shots]).reshape(len(shots), -1)[:, where],
        tone=tone / tone.mean(), color=color / max(float(color.mean()), 1e-12),
        middle=float(np.clip(MID_GREY, *np.quantile(u, _MID_RANGE))), where=where, shape=(mean.shape[0], mean.shape[1]),
    )  # fmt: skip


def _evened(labels: Array) -> Array:
    """Weights that give a value that many blocks have the root of their number, so that no large area rules."""
    _, index, count = np.unique(labels, return_inverse=True, return_counts=True)
    return 1 / np.sqrt(count[index.ravel()])


def _base(mean: Array, inside: Array) -> Array:
    """Brightness (h, w) of the surroundings of each block, clipped blocks included."""
    import cv2

    filled = np.where(inside, mean, 0.0)
    found = np.zeros_like(mean)
    for share in _BASE_SHARES:
        sigma = share * max(mean.shape)
        total = cv2.GaussianBlur(filled, (0, 0), sigma)
        weight = cv2.GaussianBlur(inside.astype(float), (0, 0), sigma)
        found += total / np.maximum(weight, 1e-6) / len(_BASE_SHARES)
    return found
