"""Chart: the color charts in a picture, with the colors of their patches."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy.typing as npt

from twinlens.core.chart import ChartFound
from twinlens.core.image import Image
from twinlens.measure import chart


def find_charts(
    image: Image | npt.NDArray[Any], *, kinds: Iterable[str] | None = None, corners: npt.ArrayLike | None = None
) -> list[ChartFound]:
    """The color charts in a picture, the largest first; an empty list where there is none.

    `image` is an Image (state SENSOR, CAMERA_RGB or ENCODED) or an array (H, W, 3): sRGB codes when of whole numbers,
    linear light when of floats. Of a raw, `rgb` is linear camera RGB after black and white levels, not white-balanced,
    white = 1; of a finished picture, the linear light of its codes by its color space (`rgb_is` says which).
    `kinds` limits the search to charts of these names. `corners` (4, 2) are the outer corners (x, y) of the patch grid
    in pixels of the upright full-size picture, one after the other around it from any of them: nothing is searched
    then, and one chart is returned even when its colors do not agree (its warnings say so).
    Raises ParameterError for an unknown kind, an array of another shape, or corners outside the picture.
    """
    return chart.find(image, kinds=kinds, corners=corners)
