"""Maker's local tone: the luminance of a reduced picture through the equalized histograms of its parts (CLAHE), as a
gain for every place of the whole picture. Smooth gains make halos beside strong edges, as such renderings do.

Source: Zuiderveld, "Contrast limited adaptive histogram equalization", Graphics Gems IV (1994), as OpenCV has it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.simulate.maker import spaces
from twinlens.simulate.maker.model import LocalTone

Array = npt.NDArray[Any]

LONG_EDGE = 768  # pixels of the reduced picture
_DARKEST_EV, _BRIGHTEST_EV = -9.0, 1.0  # of the histograms, over scene light 1
_MOST_EV = 2.0  # no place is changed by more
_SMOOTH = 0.02  # sigma of the gain, in long edges


def gain(small: Array, local: LocalTone, height: int, width: int) -> Array:
    """Factors (height, width) float32 of scene light, from the reduced scene light (h, w, 3)."""
    import cv2

    small = small @ spaces.LUMINANCE.astype(np.float32)
    span = _BRIGHTEST_EV - _DARKEST_EV
    level = (np.log2(np.maximum(small, 2.0**_DARKEST_EV)) - _DARKEST_EV) / span
    codes = np.rint(np.clip(level, 0, 1) * 65535).astype(np.uint16)
    equalized = cv2.createCLAHE(local.limit, (local.tiles, local.tiles)).apply(codes)
    change = (equalized.astype(np.float32) - codes) * np.float32(span / 65535 * local.strength)
    change -= np.median(change)  # the picture as a whole keeps its brightness
    change = cv2.GaussianBlur(np.clip(change, -_MOST_EV, _MOST_EV), (0, 0), max(_SMOOTH * max(small.shape), 0.3))
    return np.exp2(cv2.resize(change, (width, height), interpolation=cv2.INTER_LINEAR))
