"""Sharpness: the response of a slanted edge in a raw file, color by color, or in a rendered picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.calibrate import frames
from twinlens.core.errors import ParameterError
from twinlens.core.image import Image
from twinlens.measure.edge import EdgeResponse, slanted_edge

Array = npt.NDArray[Any]


def sharpness_from(
    path: frames.PathLike, box: tuple[int, int, int, int], *, raw_layout: str | None = None
) -> dict[str, EdgeResponse]:
    """The responses of a slanted edge inside `box` (left, top, right, bottom) of a picture, by channel.

    A raw file gives red, green and blue, each from its own sites; a rendered picture its luminance, decoded to linear
    light.
    """
    from twinlens.core.image import SENSOR
    from twinlens.files import read as read_image

    image = read_image(path, raw_layout=raw_layout)
    left, top = box[:2]
    if image.state is SENSOR:
        frame = frames.frame_of(image, Path(path))
        part = _inside(frame.counts, box, path) / np.float32(frame.white)
        y, x = np.mgrid[top : top + part.shape[0], left : left + part.shape[1]]
        color = frame.tile[y % 2, x % 2]
        return {name: slanted_edge(part, color == index) for index, name in enumerate(("red", "green", "blue"))}
    return {"luminance": slanted_edge(linear_luminance(image, box, path))}


def linear_luminance(image: Image, box: tuple[int, int, int, int], path: frames.PathLike) -> Array:
    """The luminance (h, w) in linear light of a part of a rendered picture."""
    from twinlens.numerics.color import decode, xyz_from_rgb

    space = image.primaries or "srgb"
    linear = decode(_inside(np.asarray(image.pixels), box, path).astype(np.float64), space)
    return linear @ xyz_from_rgb(space)[1] if linear.ndim == 3 else linear


def _inside(pixels: Array, box: tuple[int, int, int, int], path: frames.PathLike) -> Array:
    left, top, right, bottom = box
    height, width = pixels.shape[:2]
    if not (0 <= left < right <= width and 0 <= top < bottom <= height):
        raise ParameterError(
            f"{path}: the part (left, top, right, bottom) = {left},{top},{right},{bottom} is not inside its {width} x "
            f"{height} pixels"
        )
    return pixels[top:bottom, left:right]
