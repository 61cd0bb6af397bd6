"""Detail: how much sharper a maker's picture is than its raw, from contrast at two scales.

The ratio of fine to coarse contrast of the one against the other's: tone curve and color change both scales alike,
sharpening and noise reduction the fine one alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.learn.maker_picture import MakerPicture
from twinlens.measure.registration import Registration, warp
from twinlens.numerics.color import encode, luminance
from twinlens.pipeline.scene import SceneLight

Array = npt.NDArray[Any]

FINE, COARSE = 0.7, 2.5  # cells: standard deviations of the blurs between which contrast is taken
STRUCTURE = 0.02  # codes: places with less coarse contrast show noise
FEWEST = 400  # cells


def acutance_ratio(scene: SceneLight, rendering: MakerPicture, registration: Registration) -> float | None:
    """The rendering's fine contrast against coarse, as a multiple of the source's; None where there is no structure.

    Both are seen in cells, so that what is finer than a cell is not told.
    """
    light = warp(scene.light, registration)
    centers = np.stack(np.meshgrid(np.arange(light.shape[1]), np.arange(light.shape[0])), -1)
    sure = registration.is_sure(centers) & ~rendering.clipped
    here, there = (encode(np.maximum(luminance(one), 0), "srgb").astype(np.float32) for one in (rendering.light, light))
    ratios = []
    for picture in (here, there):
        fine, coarse = _contrast(picture)
        used = sure & (_contrast(here)[1] > STRUCTURE) & (_contrast(there)[1] > STRUCTURE)
        if used.sum() < FEWEST:
            return None
        ratios.append(float(np.sqrt(np.mean(fine[used] ** 2) / np.mean(coarse[used] ** 2))))
    return ratios[0] / max(ratios[1], 1e-6)


def _contrast(picture: Array) -> tuple[Array, Array]:
    """Fine and coarse contrast (h, w): what lies between blurs."""
    import cv2

    soft, softer, softest = (cv2.GaussianBlur(picture, (0, 0), sigma) for sigma in (FINE, COARSE, 2 * COARSE))
    local = cv2.GaussianBlur((softer - softest) ** 2, (0, 0), COARSE)
    return picture - soft, np.sqrt(local)
