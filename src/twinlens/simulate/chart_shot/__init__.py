"""Chart shot: a photograph of a color chart, made by formula, whose corners and colors are known.

A flat chart (patches on a dark board with print on its rim) is seen by a pinhole camera with radial distortion, before
a background, in uneven light, with a shadow's edge, fingers over its rim, blur and noise; as linear camera RGB or as
the codes of a rendered picture.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.chart import Chart
from twinlens.simulate.chart_shot import drawing, surroundings, view
from twinlens.simulate.chart_shot.conditions import Conditions, draw_conditions

Array = npt.NDArray[Any]

__all__ = ["ChartShot", "Conditions", "draw_conditions", "shoot_chart", "true_outlines"]

SCENE_LEVEL = 0.9


@dataclass(frozen=True, eq=False)
class ChartShot:
    """`pixels` (H, W, 3): linear float32, or sRGB codes uint8; `corners` (4, 2) as `ChartFound.corners`."""

    pixels: Array
    corners: Array
    conditions: Conditions
    light: Array = field(
        repr=False, default_factory=lambda: np.zeros(0)
    )  # (N, 3): linear RGB of the patches, even light


def shoot_chart(
    chart: Chart,
    conditions: Conditions,
    *,
    height: int = 900,
    width: int = 1200,
    seed: int = 0,
    background: Array | None = None,
) -> ChartShot:
    """Photograph a chart. `background` (h, w, 3) is linear RGB of any size; without it clutter is made by formula."""
    rng = np.random.default_rng(seed)
    texture, lay, rgb = drawing.drawn(chart, conditions, rng)
    camera_from_mm = view.camera_from_mm(chart, conditions, height, width)
    light = surroundings.backdrop(background, height, width, rng) * SCENE_LEVEL
    seen, alpha = view.seen(texture, np.linalg.inv(camera_from_mm), lay, conditions, height, width)
    light = light * (1 - alpha[..., None]) + seen
    corners = view.placed(drawing.outline(chart, conditions), camera_from_mm, conditions, height, width)
    surroundings.add_fingers(light, corners, conditions.fingers, rng)
    light = surroundings.lit(light, conditions)
    light = light @ np.asarray(conditions.matrix, np.float32).T * np.asarray(conditions.gains, np.float32)
    light = light * conditions.exposure + conditions.veil * conditions.exposure
    pixels = surroundings.exposed(light.astype(np.float32), conditions, rng)
    plain = rgb @ np.asarray(conditions.matrix).T * conditions.gains * conditions.exposure
    return ChartShot(pixels, corners, conditions, plain)


def true_outlines(chart: Chart, conditions: Conditions, height: int, width: int) -> Array:
    """Where a shot under these conditions has the corners of every patch, (N, 4, 2)."""
    corners = drawing.boxes(chart, conditions.gap)[:, [[0, 1], [2, 1], [2, 3], [0, 3]]]
    return view.placed(corners, view.camera_from_mm(chart, conditions, height, width), conditions, height, width)
