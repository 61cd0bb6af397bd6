"""Demosaic: three colors at every site of the mosaic; camera RGB, black 0, white 1, not white-balanced.

`lmmse`, the quality method: Zhang & Wu, "Color demosaicking via directional linear minimum mean square-error
estimation", IEEE Trans. Image Processing 14(12), 2005, on the square root of balanced light, aware of the noise model.
`malvar`, the fast one: Malvar, He & Cutler, "High-quality linear interpolation for demosaicing of Bayer-patterned color
images", ICASSP 2004. Arrays other than Bayer's: normalised convolution (numerics/mosaic_average.py) for either name.
A linear raw passes; a sensor without color filters becomes three equal planes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt

from twinlens.core.image import CAMERA_RGB, MOSAIC, Image, Window, empty_rgb
from twinlens.core.record import record
from twinlens.core.shot import Cfa, Shot
from twinlens.core.stage import Facts, Stage, param
from twinlens.kernels.clip_mask import clip_mask
from twinlens.kernels.demosaic_lmmse import demosaic_lmmse
from twinlens.kernels.demosaic_malvar import demosaic_malvar
from twinlens.numerics.demosaic import LMMSE_MARGIN
from twinlens.numerics.mosaic_average import mosaic_average

Array = npt.NDArray[Any]
Triple = tuple[float, float, float]

USUAL_BALANCE = (2.0, 1.0, 1.5)  # of sensors under daylight, where the file names no neutral
MOST_GAIN = 20.0  # guide only: a neutral beyond it is not one
OTHER_ARRAYS_MARGIN = 8  # sites that normalised convolution sees, for tiles up to 6 x 6


@record(kw_only=True)
class Demosaic(Stage):
    accepts: ClassVar = MOSAIC
    returns: ClassVar = CAMERA_RGB

    method: Literal["lmmse", "malvar"] = param("lmmse", doc="lmmse: best quality; malvar: a third of its time")
    balance: tuple[float, float, float] | None = param(
        None, low=1e-3, high=1e3, doc="white balance gains that guide the interpolation; none: as shot", expert=True
    )

    @property
    def margin(self) -> int:
        return LMMSE_MARGIN if self.method == "lmmse" else OTHER_ARRAYS_MARGIN

    def resolve(self, facts: Facts) -> Self:
        return replace(self, balance=self.balance or balance_as_shot(facts.shot))

    def __call__(self, image: Image) -> Image:
        return self.over(image, image.window)

    def over(self, image: Image, target: Window) -> Image:
        if image.pixels.ndim == 3:
            return image.cut(target).with_pixels(image.cut(target).pixels, state=CAMERA_RGB, cfa=None)
        if image.cfa is None:
            return _grey(image.cut(target))
        cfa = image.cfa.shifted(image.window.top, image.window.left)
        balance = _green_is_one(self.balance or balance_as_shot(image.shot))
        place = (target.top - image.window.top, target.left - image.window.left)
        part = (*place, place[0] + target.height, place[1] + target.width)
        clipped = image.clipped
        if clipped is not None and clipped.any():
            clipped = clip_mask(clipped, cfa)
        made = replace(image, pixels=self._rgb(image, cfa, balance, part), window=target, state=CAMERA_RGB, cfa=None)
        return replace(made, clipped=None if clipped is None else clipped[part[0] : part[2], part[1] : part[3]])

    def _rgb(self, image: Image, cfa: Cfa, balance: Triple, part: tuple[int, int, int, int]) -> Array:
        if not cfa.is_bayer:
            whole = mosaic_average(image.pixels, cfa.indices, balance)
            return whole[part[0] : part[2], part[1] : part[3]]
        red = "".join(cfa.rows).index("R")
        if self.method == "malvar":
            return demosaic_malvar(image.pixels, (red // 2, red % 2), balance, part)
        return demosaic_lmmse(image.pixels, (red // 2, red % 2), balance, _noise_gain(image), part)


def _noise_gain(image: Image) -> Triple:
    """The noise model's gain. Green, whose noise is the luminance's, is calmed once: not after a denoiser."""
    if image.noise is None:
        return (0.0, 0.0, 0.0)
    red, green, blue = image.noise.gain
    return red, green if image.noise.independent else 0.0, blue


def balance_as_shot(shot: Shot) -> Triple:
    """The gains that make the shot's neutral grey, green 1; usual ones where it names none that is possible."""
    neutral = shot.as_shot_neutral
    if neutral is None or len(neutral) != 3 or min(neutral) <= 0:
        return USUAL_BALANCE
    red, green, blue = neutral
    gains = (green / red, 1.0, green / blue)
    return gains if max(gains) <= MOST_GAIN and min(gains) >= 1 / MOST_GAIN else USUAL_BALANCE


def _green_is_one(balance: Triple) -> Triple:
    red, green, blue = balance
    return red / green, 1.0, blue / green


def _grey(image: Image) -> Image:
    """A sensor without color filters: three equal planes; a clipped site is clipped in all."""
    rgb = empty_rgb(image.height, image.width)
    rgb[...] = image.pixels[..., None]
    clipped = None if image.clipped is None else (image.clipped != 0).astype(np.uint8) * np.uint8(7)
    return image.with_pixels(rgb, state=CAMERA_RGB, clipped=clipped)
