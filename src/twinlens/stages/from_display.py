"""From display: a finished picture (JPEG, HEIC, PNG, TIFF) becomes scene light, so that looks apply to it.

The transfer curve of the picture's space is undone and its primaries become Rec. 2020. Display light is taken for
scene light, which is the inverse of `neutral`: with no exposure and no tone the picture comes back as it was. The
camera's own tone curve, which is not known, stays in it; above white there is nothing left.

Source: the spaces' own standards, as listed in `numerics/color.py`.
"""

from __future__ import annotations

from functools import cache
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import ParameterError
from twinlens.core.image import ENCODED, SCENE, Image, empty_rgb
from twinlens.core.record import record
from twinlens.core.stage import Stage
from twinlens.numerics.color import PRIMARIES, decode, rgb_from_rgb

Array = npt.NDArray[Any]

_STEPS = 65535  # of the table of the inverse curve: exact for codes of 8 and 16 bits


@record(kw_only=True)
class FromDisplay(Stage):
    accepts: ClassVar = ENCODED
    returns: ClassVar = SCENE

    def __call__(self, image: Image) -> Image:
        if image.primaries not in PRIMARIES:
            raise ParameterError(f"a picture in {image.primaries!r}: expected one of {', '.join(PRIMARIES)}")
        source = image.pixels if image.pixels.ndim == 3 else np.repeat(image.pixels[..., None], 3, axis=2)
        light = [linear(source[..., channel], image.primaries) for channel in range(3)]
        return image.with_pixels(in_rec2020(light, image.primaries), state=SCENE, primaries="rec2020")


def in_rec2020(light: list[Array], space: str) -> Array:
    """Linear Rec. 2020 (h, w, 3) of the three channels' light (h, w) in the primaries of a space."""
    matrix = rgb_from_rgb("rec2020", space).astype(np.float32)
    pixels = empty_rgb(*light[1].shape)
    red_less_green, blue_less_green = light[0] - light[1], light[2] - light[1]
    for channel in range(3):  # rows sum to 1: greys stay exactly grey
        pixels[..., channel] = light[1] + matrix[channel, 0] * red_less_green + matrix[channel, 2] * blue_less_green
    return pixels


@cache
def _table(space: str) -> Array:
    return decode(np.arange(_STEPS + 1) / _STEPS, space).astype(np.float32)


def linear(code: Array, space: str) -> Array:
    """Linear light of codes; those outside 0 to 1 (wide colors of a converted picture) by the formula."""
    inside = _table(space)[(np.clip(code, 0, 1) * np.float32(_STEPS) + np.float32(0.5)).astype(np.uint16)]
    outside = (code < 0) | (code > 1)
    if outside.any():
        inside[outside] = decode(code[outside].astype(float), space)
    return inside
