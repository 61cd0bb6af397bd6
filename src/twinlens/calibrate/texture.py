"""Texture: how much fine structure a camera and its processing keep, from a picture of a dead-leaves target."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.calibrate.sharpness import linear_luminance
from twinlens.core.errors import ParameterError
from twinlens.core.image import ENCODED, Image
from twinlens.measure.shift import phase_shift
from twinlens.measure.texture import TextureResponse, dead_leaves

Array = npt.NDArray[Any]
Box = tuple[int, int, int, int]

MOST_SHIFT = 0.1  # of the part's shorter side: farther off, target and picture are not the same thing
UNLIKE = 0.3  # correlation of target and picture below which they are not the same thing


def texture_from(
    path: Path, box: Box, *, flat: Box | None = None, reference: Path | None = None, exponent: float | None = None
) -> TextureResponse:
    """The texture response inside `box` (left, top, right, bottom) of a rendered picture.

    `flat` is an even grey part of the same picture, whose noise is taken away. The target is known by the `exponent`
    of its power spectrum, or as `reference`: a picture of it without loss, as large as the whole picture or as the box,
    that lies on it but for a shift, which is found and taken out. Raises ParameterError for raw files, parts that are
    not inside, and a reference that shows something else.
    """
    image = _rendered(path)
    part = linear_luminance(image, box, path)
    noise = None if flat is None else linear_luminance(image, flat, path)
    known = None if reference is None else _lying_on(part, _target(reference, image, box), reference)
    return dead_leaves(part, flat=noise, reference=known, exponent=exponent)


def _rendered(path: Path) -> Image:
    from twinlens.files import read as read_image

    image = read_image(path)
    if image.state is not ENCODED:
        raise ParameterError(
            f"{path} is a raw file: texture is lost by processing, so develop it first, or measure the camera's own "
            "picture"
        )
    return image


def _target(reference: Path, image: Image, box: Box) -> Array:
    target = _rendered(reference)
    height, width = target.pixels.shape[:2]
    left, top, right, bottom = box
    if (height, width) == image.pixels.shape[:2]:
        return linear_luminance(target, box, reference)
    if (height, width) == (bottom - top, right - left):
        return linear_luminance(target, (0, 0, width, height), reference)
    raise ParameterError(
        f"{reference} is {width} x {height}: expected the size of the whole picture, {image.width} x {image.height}, "
        f"or of the box, {right - left} x {bottom - top}"
    )


def _lying_on(part: Array, target: Array, reference: Path) -> Array:
    """The target moved onto the part, by whole pixels and their parts."""
    across, down = phase_shift(target, part)
    fy, fx = np.meshgrid(*(np.fft.fftfreq(size) for size in part.shape), indexing="ij")
    moved = np.fft.ifft2(np.fft.fft2(target) * np.exp(-2j * np.pi * (fx * across + fy * down))).real
    likeness = float(np.corrcoef(moved.ravel(), part.ravel())[0, 1])
    if max(abs(across), abs(down)) > MOST_SHIFT * min(part.shape) or not likeness > UNLIKE:
        raise ParameterError(
            f"{reference} does not show what the part shows (shift {across:.0f}, {down:.0f} px, correlation "
            f"{likeness:.2f}): it has to lie on it but for a small shift"
        )
    return moved
