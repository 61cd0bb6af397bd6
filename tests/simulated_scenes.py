"""Small scenes for tests of simulated cameras: spectra by formula and from the bundled chart."""

from __future__ import annotations

from typing import Any

import numpy as np

from twinlens.numerics import dng_matrices, spectra
from twinlens.numerics.colorchecker import COLUMNS, PATCHES
from twinlens.simulate.scene import Mixture, Palette, Patch, Scene, radiance


def chart(height: int = 160, width: int = 240, light: str = "D65") -> Scene:
    """The 24 ColorChecker patches without gaps, 6 x 4."""
    rows = np.minimum(np.arange(height) * 4 // height, 3)
    columns = np.minimum(np.arange(width) * COLUMNS // width, COLUMNS - 1)
    power, reflectances = spectra.illuminant(light), dng_matrices.chart_reflectances()
    layer = Palette(rows[:, None] * COLUMNS + columns, radiance(reflectances, power))
    patches = []
    for index, name in enumerate(PATCHES):
        row, column = divmod(index, COLUMNS)
        top, bottom = row * height / 4 - 0.5, (row + 1) * height / 4 - 0.5
        left, right = column * width / COLUMNS - 0.5, (column + 1) * width / COLUMNS - 0.5
        corners = np.array([(left, top), (right, top), (right, bottom), (left, bottom)])
        patches.append(Patch(name, corners, reflectances[index]))
    return Scene("chart", height, width, light, power, (layer,), tuple(patches))


def grey(levels: Any, light: str = "D65", **facts: Any) -> Scene:
    """A grey scene: `levels` (H, W) is the reflectance of each place."""
    weights, power = np.asarray(levels, np.float32), spectra.illuminant(light)
    layer = Mixture(weights[..., None], radiance(np.ones((1, spectra.BANDS)), power))
    return Scene("grey", *weights.shape, light, power, (layer,), facts=facts)
