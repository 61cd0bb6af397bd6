"""Auto white: estimates what a neutral surface looks like to the camera, from the picture alone.

Four classic statistics of the picture (grey world; shades of grey, Finlayson & Trezzi 2004; grey edge of first
order, van de Weijer, Gevers & Gijsenij 2007; and a robust white patch) each give an estimate of the light. They are
averaged in log chromaticity and drawn towards the lights that exist: the daylight and Planckian loci as the camera
sees them through its color matrices, with a prior over temperature (a Gaussian maximum a posteriori over a grid of
lights). Without matrices the average stands alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.numerics.dng_color import Light, neutral_from_xy
from twinlens.numerics.temperature import xy_from_temperature

Array = npt.NDArray[Any]

CLIP = 0.98  # a channel above this tells nothing of its color
DARK = 0.002  # nor one below this share of the brightest percentile
NORM = 6.0  # Minkowski norm of shades of grey and grey edge
STATISTIC_SD = 0.10  # natural log: how far the averaged statistics stray from the light along each log chromaticity
TINT_SD = 8.0  # of real lights about the locus
CENTRE_MIRED, MIRED_SD = 185.0, 75.0  # of lights that photographs are taken in: 5400 K, one sd 3800 to 9100 K
GRID_MIRED = np.arange(90.0, 481.0, 10.0)
GRID_TINT = np.arange(-20.0, 31.0, 5.0)
CENTRE_TINT = 5.0  # halfway between black body and daylight


def statistics(rgb: Array) -> Array:
    """Estimates (4, 3) of the neutral's camera RGB: grey world, shades of grey, grey edge, white patch; largest
    channel 1."""
    pixels = np.maximum(np.asarray(rgb, np.float32), 0)
    top = pixels.max(2)
    usable = (top < CLIP) & (top > DARK * max(float(np.percentile(top, 99)), 1e-6))
    if usable.sum() < max(16, usable.size // 200):
        usable = np.ones(usable.shape, bool)
    inside = pixels[usable].astype(float)
    smooth = _smoothed(pixels)
    edges = np.hypot(np.diff(smooth, axis=1, append=smooth[:, -1:]), np.diff(smooth, axis=0, append=smooth[-1:]))
    edges = edges[usable].astype(float)
    bright = inside[inside.sum(1) >= np.percentile(inside.sum(1), 97)]
    found = [inside.mean(0), _norm(inside), _norm(edges), bright.mean(0)]
    found = np.stack([one if (one > 0).all() else np.ones(3) for one in found])
    return found / found.max(1, keepdims=True)


def _norm(values: Array) -> Array:
    size = values.max(initial=1e-12)
    return size * ((values / size) ** NORM).mean(0) ** (1 / NORM)


def _smoothed(pixels: Array) -> Array:
    """A 3 x 3 mean, edges repeated, so that noise counts less in the edges."""
    wide = np.pad(pixels, ((1, 1), (1, 1), (0, 0)), mode="edge")
    rows = wide[:-2] + wide[1:-1] + wide[2:]
    return (rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) / 9


def estimate_neutral(rgb: Array, lights: Sequence[Light] = (), analog_balance: Array | None = None) -> Array:
    """The camera RGB (3,) of a neutral under the picture's light; `rgb` (H, W, 3) linear, black 0, white 1."""
    guesses = _log_chromaticity(statistics(rgb))
    mean = guesses.mean(0)
    if lights:
        mean = _posterior(mean, lights, analog_balance)
    neutral = np.exp([mean[0], 0.0, mean[1]])
    return neutral / neutral.max()


def _log_chromaticity(neutral: Array) -> Array:
    logs = np.log(np.maximum(neutral, 1e-6))
    return np.stack([logs[..., 0] - logs[..., 1], logs[..., 2] - logs[..., 1]], -1)


def _posterior(mean: Array, lights: Sequence[Light], analog_balance: Array | None) -> Array:
    """The mean over a grid of lights, weighted by how well each explains the statistics and how usual it is."""
    mired, tint = (axis.ravel() for axis in np.meshgrid(GRID_MIRED, GRID_TINT))
    whites = [xy_from_temperature(1e6 / m, t) for m, t in zip(mired, tint, strict=True)]
    places = _log_chromaticity(np.stack([neutral_from_xy(lights, xy, analog_balance) for xy in whites]))
    cost = ((places - mean) ** 2).sum(1) / STATISTIC_SD**2
    cost += ((mired - CENTRE_MIRED) / MIRED_SD) ** 2 + ((tint - CENTRE_TINT) / TINT_SD) ** 2
    weight = np.exp(-(cost - cost.min()) / 2)
    return weight @ places / weight.sum()
