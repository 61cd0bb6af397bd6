"""Fingerprint, single: what one picture tells by itself, without another one of its scene.

It is as much of the scene as of the processing: such numbers of two pictures of different scenes cannot be compared,
but for those that hardly depend on the scene (clipping, halos of edges, the JPEG).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.compare import frame, sets
from twinlens.compare.features import FEATURES, KEYS, edges, grain, is_absolute, sites
from twinlens.compare.features.color import white
from twinlens.compare.features.gamut import chroma
from twinlens.compare.model import Feature
from twinlens.compare.sets import Picture
from twinlens.core.record import record
from twinlens.numerics.color import luminance

Array = npt.NDArray[Any]

_GREY, _LEAST_SHARE = 0.05, 0.02  # |c| of what is taken for grey; share of the picture that has to be
_LIGHT = (0.02, 0.9)  # of what is taken for grey
_SAYS = (
    "one picture says nothing of what its processing does to tone and color: that needs another picture of the scene",
    "noise, sharpness and texture are those of this scene, focus and light as well as of the camera",
)


@record(kw_only=True, eq=False)
class SinglePicture:
    """`values` (K,) of `features`, nan where one picture cannot tell; `facts`: `exposure` (EV of the geometric mean
    against mid grey), `range` (EV between the 1st and 99th percentile), `chroma` (mean |a + ib| / L), and where there
    is something near grey, `white_mired` and `white_duv` of its color against the display's white."""

    picture: Picture
    features: tuple[Feature, ...]
    values: Array
    facts: dict[str, float]
    notes: tuple[str, ...]

    def value(self, key: str) -> float:
        """The value of a feature."""
        return float(self.values[KEYS.index(key)])


def fingerprint(path: str | os.PathLike[str]) -> SinglePicture:
    """The fingerprint of one picture. Raises FileError, ParameterError for a screenshot."""
    return of_picture(sets.scan(Path(path)))


def of_picture(picture: Picture) -> SinglePicture:
    """The same of a picture that was scanned."""
    view, codes, space = frame.view_of(picture)
    shot = frame.laid(picture, view, picture, None)
    if shot is None:
        raise AssertionError("a picture lies on itself")
    crops = [sites.cut(codes, space, shot.from_grid, sites.chosen(frame.luma(view.linear)))]
    told: dict[str, Any] = dict(shot.whole)
    told |= {"jpeg_quality": picture.quality, "pixel_height": float(picture.short_edge)}
    heights = [picture.short_edge]
    measured = edges.measured(crops, heights)[0] | grain.measured(crops, heights, np.zeros(1, int))
    told |= {key: float(value[0]) for key, value in measured.items()}
    values = [told.get(key, np.nan) if is_absolute(key) else np.nan for key in KEYS]
    facts = _facts(view.linear)
    return SinglePicture(
        picture=picture, features=FEATURES, values=np.array(values, float), facts=facts,
        notes=(*picture.notes, *_SAYS),
    )  # fmt: skip


def _facts(linear: Array) -> dict[str, float]:
    light = linear[:: frame.BLOCK // 2, :: frame.BLOCK // 2].reshape(-1, 3).astype(float)
    bright = np.maximum(luminance(light), 2.0**-11)
    stops = np.log2(bright)
    c = chroma(light)
    lit = bright > _LIGHT[0]
    facts = {
        "exposure": float(stops.mean() - np.log2(0.18)),
        "range": float(np.subtract(*np.percentile(stops, (99, 1)))),
        "chroma": float(np.abs(c[lit]).mean()) if lit.any() else float("nan"),
    }
    grey = lit & (bright < _LIGHT[1]) & (np.abs(c) < _GREY)
    if grey.mean() > _LEAST_SHARE:
        mean = np.median(light[grey] / bright[grey][:, None], axis=0)
        facts |= dict(zip(("white_mired", "white_duv"), white(mean), strict=True))
    return facts
