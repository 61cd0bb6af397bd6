"""Target: the points of a checkerboard or of a grid of dots, to a small part of a pixel, in a picture or a mosaic.

In a mosaic each color is looked at by itself, at its own sites, so that no demosaic shifts the points and the distance
between the colors is that of the lens. Finding is OpenCV's (`findChessboardCornersSB`, `findCirclesGrid`).

Source: A. Duda, U. Frese, "Accurate Detection and Localization of Checkerboard Corners for Calibration", BMVC 2018.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import ParameterError

Array = npt.NDArray[Any]
Pattern = Literal["checkerboard", "dots"]


def points(pixels: Array, size: tuple[int, int], pattern: Pattern = "checkerboard") -> Array:
    """(N, 2) points (x, y) in pixels of `pixels` (H, W), row by row of the target.

    `size` is (columns, rows) of inner corners or of dots. Raises ParameterError where they are not all found.
    """
    place = _dots(_eight_bit(pixels), size) if pattern == "dots" else _corners(_eight_bit(pixels), size)
    if place is None:
        what = "dots" if pattern == "dots" else "inner corners"
        raise ParameterError(
            f"no target of {size[0]} x {size[1]} {what} was found: all of it has to be in the picture, sharp, with a "
            "white border"
        )
    return place.reshape(-1, 2).astype(float)


def _corners(grey: Array, size: tuple[int, int]) -> Array | None:
    """Normalizing helps in uneven light and hurts in even light: both are tried."""
    import cv2

    careful = cv2.CALIB_CB_ACCURACY | cv2.CALIB_CB_EXHAUSTIVE
    for flags in (careful, careful | cv2.CALIB_CB_NORMALIZE_IMAGE):
        found, place = cv2.findChessboardCornersSB(grey, size, flags=flags)
        if found:
            return place
    return None


def _dots(grey: Array, size: tuple[int, int]) -> Array | None:
    import cv2

    found, place = cv2.findCirclesGrid(grey, size, flags=cv2.CALIB_CB_SYMMETRIC_GRID)
    return place if found else None


def points_by_color(mosaic: Array, tile: Array, size: tuple[int, int], pattern: Pattern = "checkerboard") -> Array:
    """(N, 3, 2) points of red, green and blue of a Bayer mosaic (H, W) in pixels of the mosaic; green is the mean of
    its two kinds of sites. `tile` (2, 2) holds 0, 1, 2.
    """
    places: list[list[Array]] = [[], [], []]
    for y, x in np.ndindex(2, 2):
        own = points(mosaic[y::2, x::2], size, pattern)
        places[int(tile[y][x])].append(2 * own + [x, y])
    first = places[0][0]
    return np.stack([np.mean([_in_order(first, one) for one in found], axis=0) for found in places], 1)


def grid(size: tuple[int, int]) -> Array:
    """(N, 2) places (x, y) of the points on the target, one apart, in the order of `points`."""
    x, y = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
    return np.stack([x.ravel(), y.ravel()], 1).astype(float)


def _in_order(first: Array, other: Array) -> Array:
    """`other` turned around where the finder began at the other end."""
    straight, turned = np.abs(other - first).mean(), np.abs(other[::-1] - first).mean()
    return other if straight <= turned else other[::-1]


def _eight_bit(pixels: Array) -> Array:
    """Stretched to 8 bits with the curve of a display, where the finders were made for."""
    low, high = np.percentile(pixels, [0.5, 99.5])
    if high <= low:
        raise ParameterError("the picture has one value only: no target in it")
    share = np.clip((pixels - low) / (high - low), 0, 1)
    return np.rint(255 * np.sqrt(share)).astype(np.uint8)
