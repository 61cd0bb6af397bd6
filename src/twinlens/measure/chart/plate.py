"""Plate: a picture made ready for finding charts: upright linear RGB at a size that shows the patches, with clip mask.

A raw mosaic is averaged over its color filter tiles after black and white levels and the file's gain map (no demosaic,
no white balance). A finished picture keeps its codes; they become linear light where they are sampled.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from twinlens.core.errors import ParameterError
from twinlens.core.image import CAMERA_RGB, ENCODED, SENSOR, Array, Image, upright
from twinlens.core.stage import Facts
from twinlens.numerics.color import decode
from twinlens.pipeline import reduced
from twinlens.stages.linearize import Linearize
from twinlens.stages.shading import Shading

RAW_STEP = 2  # sites of a Bayer tile
CLIP_CODE = 254.5 / 255  # a code of 8 bits that is the largest
RAW_RGB = "linear camera RGB after black, white and the file's gain map, not white-balanced, white = 1"
PLAIN_RGB = "the numbers of the array as given"


@dataclass(frozen=True, eq=False)
class Plate:
    """`pixels` (H, W, 3) float32, upright; `space` is the space of codes, or None for linear numbers. A point (x, y) of
    the plate is `(x + 0.5) * step - 0.5` of the full-size picture (`frame`: its width and height)."""

    pixels: Array
    clipped: Array | None  # (H, W), 0 where not clipped
    space: str | None
    step: float
    frame: tuple[int, int]
    rgb_is: str

    def linear(self, values: Array) -> Array:
        """Linear RGB of values of `pixels`."""
        return values if self.space is None else decode(values, self.space)

    def nearly_linear(self, values: Array) -> Array:
        """The same quickly, float32, to 1e-4: for looking, not for measuring."""
        if self.space is None:
            return np.asarray(values, np.float32)
        steps = np.clip(values * np.float32(_STEPS) + np.float32(0.5), 0, _STEPS)
        return _table(self.space)[steps.astype(np.uint16)]

    def is_clipped(self, columns: Array, rows: Array) -> Array:
        """Whether the pixels at these places are clipped, by channel or mask; bool."""
        if self.clipped is not None:
            return np.asarray(self.clipped[rows, columns] > 0)
        return np.any(self.pixels[rows, columns] >= CLIP_CODE, axis=-1)

    def reduced(self, long_edge: int) -> tuple[Array, float]:
        """Linear RGB (h, w, 3) float32 the longer side at most `long_edge`, and its step in pixels of the plate."""
        import cv2

        height, width = self.pixels.shape[:2]
        ratio = max(max(height, width) / long_edge, 1.0)
        size = (max(round(width / ratio), 1), max(round(height / ratio), 1))
        planes = [self.pixels[..., channel] for channel in range(3)]
        if ratio > 1:
            planes = [cv2.resize(_plane(plane), size, interpolation=cv2.INTER_AREA) for plane in planes]
        return self.nearly_linear(np.stack(planes, -1)), width / size[0]

    def to_frame(self, points: Array) -> Array:
        """Points of the plate as points of the full-size picture."""
        return (points + 0.5) * self.step - 0.5

    def from_frame(self, points: Array) -> Array:
        """Points of the full-size picture as points of the plate."""
        return (np.asarray(points, float) + 0.5) / self.step - 0.5


_STEPS = 16383


@cache
def _table(space: str) -> Array:
    return decode(np.arange(_STEPS + 1) / _STEPS, space).astype(np.float32)


def plate(picture: Image | Array) -> Plate:
    """The plate of an Image in state SENSOR, CAMERA_RGB or ENCODED, or of an array (H, W, 3).

    An array of whole numbers is taken for sRGB codes, one of floats for linear light. Errors: ParameterError.
    """
    if not isinstance(picture, Image):
        return _of_array(np.asarray(picture))
    if picture.state is SENSOR:
        return _of_sensor(picture)
    if picture.state is ENCODED:
        space = picture.primaries
        told = f"linear light of the picture's codes ({space}), white = 1"
        return _made(picture.pixels, None, space, 1.0, picture.shot.orientation, told)
    if picture.pixels.ndim == 3:
        told = RAW_RGB if picture.state is CAMERA_RGB else f"linear {picture.primaries} in state {picture.state}"
        return _made(picture.pixels, picture.clipped, None, 1.0, picture.shot.orientation, told)
    raise ParameterError(f"a chart is looked for in a raw file or a picture, not in an image in state {picture.state}")


def _of_array(pixels: Array) -> Plate:
    if pixels.ndim != 3 or pixels.shape[2] != 3 or min(pixels.shape[:2]) < 1:
        raise ParameterError(f"a picture is (height, width, 3), got {pixels.shape}")
    if pixels.dtype in (np.uint8, np.uint16):
        codes = pixels.astype(np.float32) / np.float32(np.iinfo(pixels.dtype).max)
        return _made(codes, None, "srgb", 1.0, 1, "linear light of sRGB codes, white = 1")
    if not np.isfinite(pixels).all():
        raise ParameterError("a picture of finite numbers is wanted: some are NaN or infinite")
    return _made(pixels.astype(np.float32), None, None, 1.0, 1, PLAIN_RGB)


def _of_sensor(picture: Image) -> Plate:
    facts = Facts(picture.shot, picture, lambda: picture)
    step = RAW_STEP if picture.is_mosaic else 1
    small = reduced.camera_rgb(picture, Linearize().resolve(facts), Shading().resolve(facts), step)
    return _made(small.pixels, small.clipped, None, small.scale, picture.shot.orientation, RAW_RGB)


def _made(pixels: Array, clipped: Array | None, space: str | None, step: float, turn: int, rgb_is: str) -> Plate:
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[..., None], 3, axis=2)
    turned = upright(pixels, turn)  # a view: only what is looked at is copied
    mask = None if clipped is None else upright(clipped, turn)
    height, width = turned.shape[:2]
    return Plate(turned, mask, space, step, (round(width * step), round(height * step)), rgb_is)


def _plane(plane: Array) -> Array:
    return np.ascontiguousarray(plane, np.float32)
