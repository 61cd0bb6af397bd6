"""Auto white: estimates what a neutral surface looks like to the camera, from the picture alone.

Three statistics of the picture each give an estimate of the light: shades of grey (Finlayson & Trezzi 2004), grey
edge of first order (van de Weijer, Gevers & Gijsenij 2007) and a robust white patch. Their mean in log chromaticity
is weighed against the lights that exist: over a grid of temperature and tint, seen through the camera matrices, the
posterior is a Gaussian about the mean (wider where the three disagree), times a Gaussian prior over the lights, times
a small power of the share of the picture's light that would be nearly neutral under each (color by correlation,
Finlayson, Hordley & Hubel 2001, with greys only). The estimate is the posterior's mean. Without matrices the mean of
the statistics stands alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.numerics.dng_color import Light, neutral_from_xy
from twinlens.numerics.temperature import xy_from_temperature

Array = npt.NDArray[Any]

# The constants were chosen on eight photographs and two cameras that the benchmark's figures do not contain.
CLIP = 0.98  # a channel above this tells nothing of its color
DARK = 0.03  # nor one below this share of the brightest percentile
NORM = 6.0  # Minkowski norm of shades of grey and grey edge
BRIGHT_PERCENTILE = 97.0  # the white patch is the mean of what is brighter
STATISTIC_SD = 0.12  # natural log: how far statistics that agree stray from the light, along each log chromaticity
CENTRE_MIRED, MIRED_SD = 190.0, 65.0  # of lights that photographs are taken in: 5300 K, one sd 3900 to 8000 K
CENTRE_TINT, TINT_SD = 5.0, 12.0  # halfway between black body and daylight
VOTE_POWER, VOTE_WIDTH, VOTE_FLOOR = 0.15, 0.12, 1e-3
VOTERS = 4096  # pixels that vote, evenly taken
GRID_MIRED = np.arange(90.0, 491.0, 20.0)
GRID_TINT = np.arange(-30.0, 41.0, 10.0)


def statistics(rgb: Array) -> Array:
    """Estimates (3, 3) of the neutral's camera RGB: shades of grey, grey edge, white patch; largest channel 1."""
    pixels, usable = _usable(rgb)
    inside = pixels[usable].astype(float)
    smooth = _smoothed(pixels)
    edges = np.hypot(np.diff(smooth, axis=1, append=smooth[:, -1:]), np.diff(smooth, axis=0, append=smooth[-1:]))
    light = inside.sum(1)
    bright = inside[light >= np.percentile(light, BRIGHT_PERCENTILE)]
    found = [_norm(inside), _norm(edges[usable].astype(float)), bright.mean(0)]
    found = np.stack([one if (one > 0).all() else np.ones(3) for one in found])
    return found / found.max(1, keepdims=True)


def estimate_neutral(rgb: Array, lights: Sequence[Light] = (), analog_balance: Array | None = None) -> Array:
    """The camera RGB (3,) of a neutral under the picture's light; `rgb` (H, W, 3) linear, black 0, white 1."""
    guesses = _log_chromaticity(statistics(rgb))
    mean = guesses.mean(0)
    if lights:
        mean = _posterior(rgb, guesses, lights, analog_balance)
    neutral = np.exp([mean[0], 0.0, mean[1]])
    return neutral / neutral.max()


def _usable(rgb: Array) -> tuple[Array, Array]:
    """The pixels without negatives, and which of them are neither clipped nor dark."""
    pixels = np.maximum(np.asarray(rgb, np.float32), 0)
    top = pixels.max(2)
    usable = (top < CLIP) & (top > DARK * max(float(np.percentile(top, 99)), 1e-6))
    if usable.sum() < max(16, usable.size // 200):
        usable = np.ones(usable.shape, bool)
    return pixels, usable


def _norm(values: Array) -> Array:
    size = max(float(values.max(initial=0)), 1e-12)
    return size * ((values / size) ** NORM).mean(0) ** (1 / NORM)


def _smoothed(pixels: Array) -> Array:
    """A 3 x 3 mean, edges repeated, so that noise counts less in the edges."""
    wide = np.pad(pixels, ((1, 1), (1, 1), (0, 0)), mode="edge")
    rows = wide[:-2] + wide[1:-1] + wide[2:]
    return (rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) / 9


def _log_chromaticity(rgb: Array) -> Array:
    logs = np.log(np.maximum(rgb, 1e-4))
    return np.stack([logs[..., 0] - logs[..., 1], logs[..., 2] - logs[..., 1]], -1)


def _posterior(rgb: Array, guesses: Array, lights: Sequence[Light], analog_balance: Array | None) -> Array:
    """The log chromaticity (2,) of the neutral: the mean over a grid of lights, weighted by their posterior."""
    mean = guesses.mean(0)
    variance = STATISTIC_SD**2 + np.square(guesses - mean).sum(1).mean()
    mired, tint = (axis.ravel() for axis in np.meshgrid(GRID_MIRED, GRID_TINT))
    whites = [xy_from_temperature(1e6 / m, t) for m, t in zip(mired, tint, strict=True)]
    places = _log_chromaticity(np.stack([neutral_from_xy(lights, xy, analog_balance) for xy in whites]))
    log_weight = -((places - mean) ** 2).sum(1) / variance / 2
    log_weight -= (((mired - CENTRE_MIRED) / MIRED_SD) ** 2 + ((tint - CENTRE_TINT) / TINT_SD) ** 2) / 2
    log_weight += VOTE_POWER * np.log(_votes(rgb, places) + VOTE_FLOOR)
    weight = np.exp(log_weight - log_weight.max())
    return weight @ places / weight.sum()


def _votes(rgb: Array, places: Array) -> Array:
    """For each place the share of the picture's light whose log chromaticity lies there, with soft edges."""
    pixels, usable = _usable(rgb)
    inside = pixels[usable]
    inside = inside[:: max(1, len(inside) // VOTERS)].astype(np.float32)
    at, light = _log_chromaticity(inside), np.maximum(inside.sum(1), 1e-9)
    distance = np.square(places.astype(np.float32)[:, None] - at[None]).sum(2)
    return np.exp(distance * np.float32(-0.5 / VOTE_WIDTH**2)) @ light / light.sum()
