"""Blind pictures: the same part of a scene by two cameras, resampled once, to one size and one compression."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.compare import sets_read
from twinlens.compare.sets import Picture
from twinlens.numerics.color import encode, luminance, rgb_from_rgb

Array = npt.NDArray[Any]

QUALITY = 92
LEAST_COMMON = 0.2  # of the picture that both must show
DARKEST = 1e-4  # light below it does not count in a picture's mean brightness


def stretched(picture: Picture, to: Picture) -> Array:
    """The 3x3 from a small picture to another, both taken for the same frame."""
    (height, width), (other_height, other_width) = picture.features.grey.shape, to.features.grey.shape
    return np.diag([other_width / width, other_height / height, 1.0])


def common_part(first: tuple[int, ...], second: tuple[int, ...], to_first: Array) -> list[tuple[float, ...]]:
    """(top, bottom, left, right) in each of two pictures, sizes (h, w), of what both show; `to_first` (3, 3)."""
    own = _corners((0, second[0], 0, second[1]))
    there = _mapped(own, to_first)
    x, y = np.sort(there[:, 0]), np.sort(there[:, 1])
    box = max(y[1], 0), min(y[2], first[0]), max(x[1], 0), min(x[2], first[1])
    if (box[1] - box[0]) * (box[3] - box[2]) < LEAST_COMMON * first[0] * first[1] or box[1] <= box[0]:
        box = 0.0, float(first[0]), 0.0, float(first[1])
    back = _mapped(_corners(box), np.linalg.inv(to_first))
    x, y = np.sort(back[:, 0]), np.sort(back[:, 1])
    other = (
        float(np.clip(y[:2].mean(), 0, second[0] - 2)),
        float(np.clip(y[2:].mean(), 2, second[0])),
        float(np.clip(x[:2].mean(), 0, second[1] - 2)),
        float(np.clip(x[2:].mean(), 2, second[1])),
    )
    return [tuple(map(float, box)), other]


def _corners(box: Sequence[float]) -> Array:
    top, bottom, left, right = box
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], float)


def _mapped(points: Array, matrix: Array) -> Array:
    found = np.column_stack([points, np.ones(len(points))]) @ matrix.T
    return found[:, :2] / found[:, 2:]


def part(picture: Picture, box: Sequence[float], size: tuple[int, int]) -> Array:
    """A part of a picture (in places of its small one) as linear sRGB (h, w, 3), resampled once."""
    import cv2

    found, _ = sets_read.opened(picture.path)
    codes = found.pixels
    small = picture.features.grey.shape
    y, x = codes.shape[0] / small[0], codes.shape[1] / small[1]
    top, bottom, left, right = box[0] * y, box[1] * y, box[2] * x, box[3] * x
    cut = codes[round(top) : max(round(bottom), round(top) + 1), round(left) : max(round(right), round(left) + 1)]
    light = [sets_read.linear(np.ascontiguousarray(cut[..., channel]), found.space) for channel in range(3)]
    small = [cv2.resize(one, (size[1], size[0]), interpolation=cv2.INTER_AREA) for one in light]
    return np.stack(small, axis=-1) @ rgb_from_rgb("srgb", found.space).T.astype(np.float32)


def matched(drawn: Sequence[Array]) -> list[Array]:
    """Linear pictures with the same mean of log light: the darker is brightened, as grey whites would tell it apart."""
    levels = [float(np.mean(np.log(np.maximum(luminance(one), DARKEST)))) for one in drawn]
    return [one * np.float32(np.exp(max(levels) - level)) for one, level in zip(drawn, levels, strict=True)]


def jpeg(linear: Array) -> bytes:
    """A linear sRGB picture as JPEG, without a word of metadata."""
    from PIL import Image

    codes = np.rint(255 * np.clip(encode(np.clip(linear, 0, 1)), 0, 1)).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(codes)).save(file, "JPEG", quality=QUALITY, subsampling="4:4:4")
    return file.getvalue()
