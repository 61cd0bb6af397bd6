"""Scene: the light of a source at reduced size as it arrives at a look, for what is learned and measured.

A raw file is developed neutrally without demosaic: blocks of its mosaic are averaged, and the steps before the look
that change colors are run (shading, lens, crop, white, highlights, camera color, exposure). A finished picture is
averaged in linear light.
"""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import ParameterError
from twinlens.core.image import ENCODED, Image, empty_rgb, upright
from twinlens.core.profile import CameraProfile
from twinlens.core.record import record
from twinlens.numerics.color import PRIMARIES
from twinlens.numerics.temperature import temperature_from_xy
from twinlens.pipeline.develop import build_recipe
from twinlens.pipeline.resolve import Scans, resolve
from twinlens.stages.from_display import in_rec2020, linear

Array = npt.NDArray[Any]

END = "look_map"
LIGHT_LONG_EDGE = 1400  # px: a raw is averaged over the largest even blocks that keep as much
CLIP_CODE = 254.5 / 255  # of a finished picture: the largest of 8 bits
_ROWS = 64  # of the result that are made at a time


@record(kw_only=True, eq=False)
class SceneLight:
    """`light` (h, w, 3) float32 linear Rec. 2020, white-balanced as shot, 0.18 mid grey, upright; `clipped` (h, w) bool
    where a channel was clipped; `radius` (h, w) float32 the place in the uncropped frame, 0 center, 1 corner; `cct` (K)
    of the white, None where the file does not say."""

    light: Array
    clipped: Array
    radius: Array
    cct: float | None = None


def scene_light(source: Image, *, profile: CameraProfile | None = None, long_edge: int = LIGHT_LONG_EDGE) -> SceneLight:
    """The scene light of an image in state SENSOR or ENCODED, its longer side `long_edge` or up to about twice that."""
    if source.state is ENCODED:
        factor = max(max(source.height, source.width) // long_edge, 1)
        light, clipped = display_light(source, factor)
        return SceneLight(light=light, clipped=clipped, radius=radii(*light.shape[:2]))
    recipe, _ = build_recipe(source, look="neutral")
    scans = Scans(source)
    chosen: tuple[Any, ...] = resolve(recipe, source, profile, scans).stages
    named = {stage.name(): stage for stage in chosen}
    end = next(index for index, stage in enumerate(chosen) if stage.name() == END)
    found = scans.arriving(chosen, end, long_edge)
    white = named["white_balance"].white_xy
    clipped = np.zeros(found.pixels.shape[:2], bool) if found.clipped is None else found.clipped > 0
    turn, (height, width) = source.shot.orientation, found.pixels.shape[:2]
    return SceneLight(
        light=np.ascontiguousarray(upright(found.pixels, turn)),
        clipped=np.ascontiguousarray(upright(clipped, turn)),
        radius=np.ascontiguousarray(upright(radii(height, width, named["crop"].area), turn)),
        cct=None if white is None else float(temperature_from_xy(white)[0]),
    )


def radii(height: int, width: int, crop: tuple[float, float, float, float] | None = None) -> Array:
    """(height, width) float32: the distance of each pixel from the middle of the uncropped frame, 1 in its corners.

    `crop` is the part that the pixels are: top, left, bottom, right as parts of the frame.
    """
    top, left, bottom, right = crop or (0.0, 0.0, 1.0, 1.0)
    y = (top + (np.arange(height) + 0.5) / height * (bottom - top) - 0.5) * (height / (bottom - top))
    x = (left + (np.arange(width) + 0.5) / width * (right - left) - 0.5) * (width / (right - left))
    corner = np.hypot(height / (bottom - top), width / (right - left)) / 2
    return (np.hypot(y[:, None], x) / corner).astype(np.float32)


def display_light(picture: Image, factor: int = 1) -> tuple[Array, Array]:
    """The display light (h, w, 3) float32 of a finished picture (state ENCODED), upright, linear Rec. 2020, averaged
    over blocks of `factor` px, and where (h, w) a code of the block is at its upper end."""
    if picture.primaries not in PRIMARIES:
        raise ParameterError(f"a picture in {picture.primaries!r}: expected one of {', '.join(PRIMARIES)}")
    height, width = max(picture.height // factor, 1), max(picture.width // factor, 1)
    pixels = picture.pixels if picture.pixels.ndim == 3 else np.repeat(picture.pixels[..., None], 3, axis=2)
    light, clipped = empty_rgb(height, width), np.empty((height, width), bool)
    count = np.float32(min(factor, picture.height) * min(factor, picture.width))
    for top in range(0, height, _ROWS):
        rows = slice(top * factor, min(top + _ROWS, height) * factor)
        codes = [pixels[rows, :, channel] for channel in range(3)]
        means = [_gathered(linear(one, picture.primaries), factor, np.add) / count for one in codes]
        light[top : top + _ROWS] = in_rec2020(means, picture.primaries)  # a matrix may follow the mean: it is straight
        brightest = np.maximum(np.maximum(codes[0], codes[1]), codes[2])
        clipped[top : top + _ROWS] = _gathered(brightest, factor, np.maximum) >= CLIP_CODE
    turn = picture.shot.orientation
    return np.ascontiguousarray(upright(light, turn)), np.ascontiguousarray(upright(clipped, turn))


def _gathered(plane: Array, factor: int, joined: Any) -> Array:
    """Sums (`np.add`) or maxima (`np.maximum`) of the blocks of `factor` x `factor` of (H, W)."""
    width = max(plane.shape[1] // factor, 1)
    columns = reduce(joined, (plane[:, at : width * factor : factor] for at in range(min(factor, plane.shape[1]))))
    return reduce(joined, (columns[at::factor] for at in range(min(factor, plane.shape[0]))))
