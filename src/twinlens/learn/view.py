"""View: a pair as small pictures that lie on each other, and the places in them where a look fits worst."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from twinlens.core.look_facts import PlacePicture
from twinlens.core.record import record
from twinlens.learn.blocks import BLOCK
from twinlens.learn.maker_picture import MakerPicture
from twinlens.measure.registration import Registration, warp
from twinlens.numerics import color
from twinlens.pipeline.scene import SceneLight, radii

if TYPE_CHECKING:
    from twinlens.learn.evidence import Evidence
    from twinlens.learn.look_result import LookFit, PictureFit, WorstColor

Array = npt.NDArray[Any]

LONG_EDGE = 480  # px: 1.4 MB a pair
WHOLE_EDGE, CROP = 160, 72  # px of the pictures of a place: the whole, and around the place
MARK = 5  # px from a place to the frame around it
SRGB_FROM_REC2020 = color.rgb_from_rgb("srgb", "rec2020")


@record(kw_only=True, eq=False)
class View:
    """`codes` (h, w, 3) uint8 sRGB: the reference's picture; `light` (h, w, 3) float16: the source's scene light at the
    same places; `cells` (rows, columns) of which the picture is a reduction."""

    codes: Array
    light: Array
    cells: tuple[int, int]


def view_of(scene: SceneLight, rendering: MakerPicture, registration: Registration) -> View:
    """The view of a pair."""
    import cv2

    rows, columns = rendering.light.shape[:2]
    scale = min(LONG_EDGE / max(rows, columns), 1.0)
    size = max(round(columns * scale), 1), max(round(rows * scale), 1)
    small = cv2.resize(rendering.light, size, interpolation=cv2.INTER_AREA)
    light = np.clip(warp(scene.light, registration, size[::-1]), 0, np.finfo(np.float16).max)
    return View(codes=shown(small), light=light.astype(np.float16), cells=(rows, columns))


def shown(display: Array) -> Array:
    """uint8 sRGB codes of display light, linear Rec. 2020."""
    return np.rint(np.clip(color.encode(np.clip(display @ SRGB_FROM_REC2020.T, 0, 1)), 0, 1) * 255).astype(np.uint8)


def worst_places(evidence: Evidence, fit: LookFit) -> tuple[PlacePicture | None, ...]:
    """Where in the pictures the colors of `fit.worst` lie, in their order; None for what is no picture's."""
    names = [one.name for one in evidence.sources]
    return tuple(_place(evidence, fit, one, names.index(one.picture)) for one in fit.worst)


def _place(evidence: Evidence, fit: LookFit, one: WorstColor, picture: int) -> PlacePicture | None:
    view = evidence.views[picture] if evidence.views else None
    if view is None or evidence.place is None:
        return None
    own = np.flatnonzero(evidence.picture == picture)
    row, column = evidence.place[own[_nearest(evidence.source[own], evidence.target[own], one)]]
    height, width = view.codes.shape[:2]
    y = int((row + 0.5) * BLOCK * height / view.cells[0])
    x = int((column + 0.5) * BLOCK * width / view.cells[1])
    part = _around(y, height), _around(x, width)
    at = y - part[0].start, x - part[1].start
    developed = shown(_by_look(fit, fit.pictures[picture], view)(part))
    return PlacePicture(
        whole=_whole(view.codes, (y, x)),
        reference=marked(view.codes[part], at, MARK),
        shown=marked(developed, at, MARK),
    )


def _nearest(source: Array, target: Array, one: WorstColor) -> int:
    """The row that has a worst color: those alike were one for the fit."""
    codes = color.encode(np.clip(target @ SRGB_FROM_REC2020.T, 0, 1))
    away = np.linalg.norm(codes - np.array(one.wanted) / 255, axis=1)
    seen, wanted = (color.encode(np.clip(light, 0, 1)) for light in (source, np.array(one.scene)))
    return int((away + np.linalg.norm(seen - wanted, axis=1)).argmin())


def _around(center: int, size: int) -> slice:
    start = min(max(center - CROP // 2, 0), max(size - CROP, 0))
    return slice(start, min(start + CROP, size))


def _by_look(fit: LookFit, picture: PictureFit, view: View) -> Any:
    """Display light of a part of a view, in the exposure and white that the fit found for its picture."""
    stage = replace(fit.value.map, lights=(), cct=None)
    gains = 2.0**picture.gain_stops * np.array([picture.white[0], 1.0, picture.white[1]])
    r2 = radii(*view.codes.shape[:2]) ** 2
    fall = np.maximum(1 + fit.vignette[0] * r2 + fit.vignette[1] * r2**2, 0.05)
    return lambda part: stage.render(view.light[part].astype(float) * gains * fall[part][..., None])


def _whole(codes: Array, place: tuple[int, int]) -> Array:
    """The picture in small, with a frame around the place."""
    import cv2

    height, width = codes.shape[:2]
    scale = WHOLE_EDGE / max(height, width)
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    small = cv2.resize(codes, size, interpolation=cv2.INTER_AREA)
    return marked(small, (int(place[0] * scale), int(place[1] * scale)), round(CROP / 2 * scale))


def marked(picture: Array, place: tuple[int, int], half: int) -> Array:
    """A picture with a white and a black frame around a place (y, x)."""
    import cv2

    out = np.ascontiguousarray(picture)
    out = out.copy() if out is picture else out
    for grow, ink in ((1, (0, 0, 0)), (0, (255, 255, 255))):
        reach = half + grow
        cv2.rectangle(out, (place[1] - reach, place[0] - reach), (place[1] + reach, place[0] + reach), ink, 1)
    return out
