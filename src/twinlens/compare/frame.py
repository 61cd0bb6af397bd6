"""Frame: the shots of one scene laid on each other, and the means of their blocks.

The grid is that of the scene's anchor, reduced to `EDGE`. A shot is laid on it by a homography and a field of what is
left (parallax, lens), checked by areas that know nothing of the points (`measure.registration`). What moved is left to
the robust fits: the registration's own test of what is the same thing expects renderings to be alike. Blocks of 8 x 8
pixels hold the means of linear light. Two renderings of one file lie on each other exactly, and are left so.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.compare import sets_read as reading
from twinlens.compare.features.sites import Crops
from twinlens.compare.sets import Picture, coded_small
from twinlens.core.record import record
from twinlens.measure.registration import Features, Registration, describe, register_described
from twinlens.numerics.color import encode, luminance

Array = npt.NDArray[Any]

EDGE = 1200  # px of the long edge of the grid
BLOCK = 8
MOST_SHIFT_PX = 1.5  # median of what is left between tiles; a shot that is off by more is not used
WORK_PX, POINTS = 1024, 2000  # long edge at which shots are registered, and points in them
_LEAST_CELLS, _ITERATIONS = 200, 6
_SAME_PX = 0.3  # of the grid: nearer than this, two pictures of one size are renderings of one file, or as good as


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
    """The reduced view of a file, its codes in full (H, W, 3) uint8 or uint16, and their space. Raises FileError."""
    found, _ = reading.opened(picture.path)
    return reading.reduced(found.pixels, found.space, working_size(picture)), found.pixels, found.space


def luma(linear: Array) -> Array:
    """Luma (h, w) float32 on the curve of sRGB."""
    return encode(np.maximum(luminance(linear), 0)).astype(np.float32)


def described(view: reading.View) -> Features:
    """What registration sees of a view."""
    return describe(coded_small(view.linear), WORK_PX, POINTS)


def laid(picture: Picture, view: reading.View, anchor: Picture, target: Features | None) -> Shot | None:
    """A shot on the grid of the anchor, which is `target` (None: the shot is the anchor); None where it does not lie
    on it.
    """
    size, own = working_size(anchor), working_size(picture)
    matrix, places, shift, radial = np.eye(3), grid_places(size), 0.0, 0.0
    if target is not None:
        found = register_described(target, described(view))
        if found is None:
            return None
        found = found.scaled(size, own)
        shift = found.residual_px
        if size != own or not _is_still(found):
            matrix, places, radial = found.matrix, found.place(places), radial_of(found)
    blocks: dict[str, Any] = blocks_of(view, places, size)
    return Shot(
        picture=picture, radius=radius_of(places, own), shift=shift, radial=radial, grid=size, whole=whole_of(view),
        from_grid=np.linalg.inv(scaling(own, (picture.height, picture.width))) @ matrix, **blocks,
    )  # fmt: skip


def grid_places(size: tuple[int, int]) -> Array:
    """Places (H, W, 2) of the pixels of a grid of this size, as (x, y)."""
    return np.stack(np.meshgrid(np.arange(size[1], dtype=float), np.arange(size[0], dtype=float)), axis=-1)


def _is_still(found: Registration) -> bool:
    """Whether two pictures of one size lie on each other as they are."""
    height, width = found.fixed_shape
    corners = np.array([[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]], float)
    away = np.abs(found.place(corners) - corners)
    return float(away.max()) < 2 * _SAME_PX and float(np.median(away)) < _SAME_PX


def radial_of(found: Registration) -> float:
    """Radial displacement of the shot's corner against the anchor's, share of the radius: what of the field grows with
    the cube of the distance from the middle."""
    rows, columns = found.sure.shape
    cells = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), axis=-1) + 0.5
    scaled = cells * found.cell_px - np.array([found.fixed_shape[1], found.fixed_shape[0]]) / 2
    half = np.hypot(*found.fixed_shape) / 2
    x, y = (scaled[found.sure] / half).T
    square = x * x + y * y
    one, none = np.ones_like(x), np.zeros_like(x)
    plane = [x, y, one, x * x, x * y]  # of a homography: as far as it could have taken a part of the field
    rows_x = [*plane, none, none, none, x * square]
    rows_y = [none, none, none, x * y, y * y, x, y, one, y * square]
    if len(x) < _LEAST_CELLS:
        return float("nan")
    wanted = np.concatenate([found.field[found.sure][:, 0], found.field[found.sure][:, 1]]) / half
    design = np.concatenate([np.stack(rows_x, axis=1), np.stack(rows_y, axis=1)])
    weight = np.ones(len(wanted))
    solution = np.zeros(9)
    for _ in range(_ITERATIONS):
        solution = np.linalg.lstsq(design * weight[:, None], wanted * weight, rcond=1e-9)[0]
        left = np.abs(design @ solution - wanted)
        weight = 1 / np.sqrt(np.maximum(left / max(float(np.median(left)), 1e-6), 1))
    return float(solution[-1])


def _sampled(plane: Array, places: Array) -> Array:
    """A plane (h, w) or (h, w, n) at places (H, W, 2) as (x, y), linearly; nan outside."""
    import cv2

    x, y = (np.ascontiguousarray(places[..., axis], np.float32) for axis in (0, 1))
    found = cv2.remap(plane, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    outside = (x < -0.5) | (y < -0.5) | (x > plane.shape[1] - 0.5) | (y > plane.shape[0] - 0.5)
    found[outside] = np.nan
    return found


def blocks_of(view: reading.View, places: Array, size: tuple[int, int]) -> dict[str, Array]:
    """What a `Shot` tells of its blocks, where `places` (H, W, 2) of a view are those of the grid."""
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


def radius_of(places: Array, own: tuple[int, int]) -> Array:
    """Distance (h, w) of blocks from the middle of a picture of size `own`, 1 at its corner."""
    middle = np.array([(own[1] - 1) / 2, (own[0] - 1) / 2])
    return np.hypot(*np.moveaxis(block_means(places.astype(float)) - middle, -1, 0)) / np.hypot(*middle)


def whole_of(view: reading.View) -> dict[str, float]:
    """What is true of the whole picture: shares at the ends (%), the darkest hundredth, the use of the gamut."""
    from twinlens.compare.features.gamut import of_picture

    return of_picture(view)
