"""Demosaic by directional linear minimum mean square error: calls the compiled kernel, or its reference."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from twinlens.core.image import empty_rgb
from twinlens.kernels import library
from twinlens.numerics import demosaic as reference

Array = npt.NDArray[Any]
Triple = tuple[float, float, float]
Part = tuple[int, int, int, int]

_MARGIN = 20  # sites around the result which the kernel reads: the method's 18 and a vector's overhang
_BLOCK = (2, 32)  # the kernel writes whole blocks of rows and columns


def demosaic_lmmse(
    sites: Array,
    red: tuple[int, int],
    balance: Triple,
    noise_gain: Triple = (0.0, 0.0, 0.0),
    part: Part | None = None,
) -> Array:
    """RGB (h, w, 3) float32 of a `part` (top, left, bottom, right; all) of a Bayer mosaic (H, W); not balanced.

    Black is 0, white 1. `red` is the (row, column), 0 or 1, of the first red site. `balance`
    guides the interpolation (green about 1);
    `noise_gain` is the noise model's gain of each channel, 0 where it is not known. Borders continue by reflection.
    Errors: ParameterError for fewer than 2 x 2 sites. Source: see `twinlens.numerics.demosaic.lmmse`.
    """
    noise = reference.noise_variances(noise_gain, balance)
    framed, wanted = reference.frame_mosaic(sites, red, _MARGIN, _BLOCK, part)
    compiled = library.find("demosaic_lmmse")
    if compiled is None:
        spare = _MARGIN - reference.LMMSE_MARGIN
        rgb = reference.lmmse(framed[spare:-spare, spare:-spare], balance, noise)
    else:
        rgb = empty_rgb(framed.shape[0] - 2 * _MARGIN, framed.shape[1] - 2 * _MARGIN)
        compiled(framed, *map(float, balance), *map(float, noise), rgb)
    return rgb[wanted]
