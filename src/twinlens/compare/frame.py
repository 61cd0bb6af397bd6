"""Frame: the shots of one scene laid on each other, and the means of their blocks.

The grid is that of the scene's anchor, reduced to `EDGE`. A shot is laid on it by its homography, which is then made
better, and checked, by the shifts of tiles that phase correlation finds (independent of the keypoints): a plane of
shifts and a radial term are fitted, the rest is what the shot is off by. Blocks of 8 x 8 pixels hold the means of
linear light. Two renderings of one file lie on each other exactly, and are left so.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.compare import sets_read as reading
from twinlens.compare.features.sites import Crops
from twinlens.compare.frame_tiles import Correction, measured_shifts
from twinlens.compare.sets import Picture
from twinlens.core.record import record
from twinlens.numerics.color import encode, luminance

Array = npt.NDArray[Any]

EDGE = 1200  # px of the long edge of the grid
BLOCK = 8
MOST_SHIFT_PX = 1.5  # median of what is left between tiles; a shot that is off by more is not used
_SAME_PX = 0.05  # shifts under this are those of two renderings of one file
_ROUNDS = 2  # of correction


@record(kw_only=True, eq=False)
class Shot:
    """A shot in its scene's grid of h x w blocks.

    `light` (h, w, 3): mean linear Rec. 2020; `texture` (h, w): standard deviation of luminance over its mean; `white`,
    `black`, `sunk` (h, w): share of pixels with a channel at white, at black, with all at black; `inside` (h, w) bool;
    `radius` (h, w): distance from the middle of the shot's own picture, 1 at its corner. `shift`: px (of the grid) that
    it is off by. `radial`: radial displacement at the corner against the anchor, share of the radius. `from_grid`
    (3, 3): (x, y) of the grid, of `grid` (height, width) px, to (x, y) of the shot's picture in full.
    """

    picture: Picture
    light: Array
    texture: Array
    white: Array
    black: Array
    sunk: Array
    inside: Array
    radius: Array
    shift: float
    radial: float
    from_grid: Array
    grid: tuple[int, int]
    whole: dict[str, float]
    crops: Crops | None = None


def working_size(picture: Picture) -> tuple[int, int]:
    """Height and width of a picture's reduced view."""
    scale = min(EDGE / max(picture.height, picture.width), 1.0)
    return max(round(picture.height * scale), 1), max(round(picture.width * scale), 1)


def scaling(size: tuple[int, int], of: tuple[int, int]) -> Array:
    """(3, 3) from (x, y) of a picture of size `of` to the same reduced to `size`; pixel centers at whole numbers."""
    y, x = size[0] / of[0], size[1] / of[1]
    return np.array([[x, 0, x / 2 - 0.5], [0, y, y / 2 - 0.5], [0, 0, 1.0]])


def view_of(picture: Picture) -> tuple[reading.View, Array, str]:
    """The reduced view of a file, its codes in full (H, W, 3) uint16 and their space. Raises FileError."""
    image, _ = reading.opened(picture.path)
    codes = reading.sixteen(reading.seen(image))
    return reading.reduced(codes, image.primaries, working_size(picture)), codes, image.primaries


def luma(linear: Array) -> Array:
    """Luma (h, w) float32 on the curve of sRGB."""
    return encode(np.maximum(luminance(linear), 0)).astype(np.float32)


def laid(picture: Picture, view: reading.View, anchor: Picture, target: Array | None, homography: Array) -> Shot:
    """A shot on the grid of the anchor, whose luma is `target` (None: the shot is the anchor).

    `homography` takes (x, y) of the shot's `grey` to that of the anchor's.
    """
    size, own = working_size(anchor), working_size(picture)
    to_grid = scaling(size, anchor.grey.shape) @ homography @ np.linalg.inv(scaling(own, picture.grey.shape))
    correction, shift = Correction(size=size), 0.0
    if target is not None:
        to_grid, correction, shift = _corrected(view, target, to_grid, own)
    places = correction.places(np.linalg.inv(to_grid))
    blocks: dict[str, Any] = _blocks(view, places, size)
    from_grid = np.linalg.inv(scaling(own, (picture.height, picture.width))) @ np.linalg.inv(to_grid)
    return Shot(
        picture=picture, radius=_radius(places, own), shift=shift, radial=correction.radial, from_grid=from_grid,
        grid=size, whole=_whole(view), **blocks,
    )  # fmt: skip


def _corrected(
    view: reading.View, target: Array, to_grid: Array, own: tuple[int, int]
) -> tuple[Array, Correction, float]:
    """The homography made better, the correction beyond it, and what is left (px)."""
    here = luma(view.linear)
    same = own == target.shape
    if same and _is_still(here, target):
        return np.eye(3), Correction(size=target.shape), 0.0
    correction, left = Correction(size=target.shape), np.inf
    for _ in range(_ROUNDS):
        warped = _sampled(here, correction.places(np.linalg.inv(to_grid)))
        shifts = measured_shifts(target, warped)
        if shifts is None:
            return to_grid, correction, np.inf
        correction, left = correction.improved(shifts)
    return to_grid, correction, left


def _is_still(here: Array, target: Array) -> bool:
    """Whether two pictures of one size lie on each other as they are."""
    shifts = measured_shifts(target, here)
    return shifts is not None and float(np.median(np.abs(shifts.moved))) < _SAME_PX


def _sampled(plane: Array, places: Array) -> Array:
    """A plane (h, w) or (h, w, n) at places (H, W, 2) as (x, y), linearly; nan outside."""
    import cv2

    x, y = (np.ascontiguousarray(places[..., axis], np.float32) for axis in (0, 1))
    found = cv2.remap(plane, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    outside = (x < -0.5) | (y < -0.5) | (x > plane.shape[1] - 0.5) | (y > plane.shape[0] - 0.5)
    found[outside] = np.nan
    return found


def _blocks(view: reading.View, places: Array, size: tuple[int, int]) -> dict[str, Array]:
    light = _sampled(view.linear, places)
    bright = luminance(light)
    mean, square = block_means(bright), block_means(bright * bright)
    with np.errstate(invalid="ignore"):
        spread = np.sqrt(np.maximum(square - mean**2, 0))
    ends = {name: block_means(_sampled(getattr(view, name), places)) for name in ("white", "black", "sunk")}
    return {
        "light": block_means(light),
        "texture": spread / np.maximum(mean, 1e-6),
        "inside": np.isfinite(mean),
        **ends,
    }


def block_means(plane: Array) -> Array:
    """Means (h, w, ...) over blocks of a plane (H, W, ...); a rest at the right and below is left out."""
    rows, columns = plane.shape[0] // BLOCK, plane.shape[1] // BLOCK
    cut = plane[: rows * BLOCK, : columns * BLOCK]
    return cut.reshape(rows, BLOCK, columns, BLOCK, *plane.shape[2:]).mean(axis=(1, 3), dtype=np.float64)


def _radius(places: Array, own: tuple[int, int]) -> Array:
    middle = np.array([(own[1] - 1) / 2, (own[0] - 1) / 2])
    return np.hypot(*np.moveaxis(block_means(places.astype(float)) - middle, -1, 0)) / np.hypot(*middle)


def _whole(view: reading.View) -> dict[str, float]:
    """What is true of the whole picture: shares at the ends (%), the darkest hundredth, the use of the gamut."""
    from twinlens.compare.features.gamut import of_picture

    return of_picture(view)
