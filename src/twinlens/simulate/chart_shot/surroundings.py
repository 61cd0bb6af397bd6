"""Surroundings: what is behind and over a chart, the light on it, and what a sensor makes of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.numerics import color
from twinlens.simulate.chart_shot.conditions import Conditions

Array = npt.NDArray[Any]

SKIN = np.array([0.42, 0.22, 0.14])


def backdrop(background: Array | None, height: int, width: int, rng: np.random.Generator) -> Array:
    import cv2

    if background is not None:
        return cv2.resize(np.asarray(background, np.float32), (width, height), interpolation=cv2.INTER_AREA)
    coarse = rng.uniform(0.02, 0.7, (6, 8, 3)).astype(np.float32)
    made = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    for _ in range(int(rng.integers(10, 60))):  # boxes, papers, discs
        x, y = rng.uniform(0, width), rng.uniform(0, height)
        size = rng.uniform(0.02, 0.25, 2) * height
        value = tuple(float(v) for v in rng.uniform(0.02, 0.9, 3))
        if rng.uniform() < 0.6:
            box = cv2.boxPoints(((x, y), (size[0], size[1]), float(rng.uniform(0, 180))))
            cv2.fillPoly(made, [np.round(box).astype(np.int32)], value)
        else:
            cv2.ellipse(made, (int(x), int(y)), (int(size[0] / 2) + 1, int(size[1] / 2) + 1), 0, 0, 360, value, -1)
    grain = cv2.GaussianBlur(rng.standard_normal((height, width, 1)).astype(np.float32), (0, 0), 1.2)
    return np.clip(made * (1 + 0.25 * grain.reshape(height, width, 1)), 0.005, 1.5)


def add_fingers(light: Array, corners: Array, count: int, rng: np.random.Generator) -> None:
    """Fingers that hold the chart's rim, over the edge by up to a third of a patch."""
    import cv2

    middle = corners.mean(0)
    for _ in range(count):
        side, along = int(rng.integers(4)), rng.uniform(0.15, 0.85)
        edge = corners[side] * (1 - along) + corners[(side + 1) % 4] * along
        away = (edge - middle) / max(np.hypot(*(edge - middle)), 1)
        size = 0.09 * np.hypot(*(corners[2] - corners[0]))
        tip, root = edge + away * 0.6 * size, edge + away * 8 * size
        value = tuple(float(v) for v in SKIN * rng.uniform(0.5, 1.6))
        ends = [tuple(int(v) for v in np.clip(one, -1e5, 1e5)) for one in (tip, root)]
        cv2.line(light, ends[0], ends[1], value, max(int(size), 1), cv2.LINE_AA)


def lit(light: Array, conditions: Conditions) -> Array:
    height, width = light.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    u, v = x / width - 0.5, y / height - 0.5
    field = (1 + conditions.gradient[0] * u) * (1 + conditions.gradient[1] * v)
    if conditions.shadow < 1:
        direction = np.radians(conditions.shadow_line[0])
        over = (u * np.cos(direction) + v * np.sin(direction) - conditions.shadow_line[1]) * 40
        field = field * (1 - (1 - conditions.shadow) / (1 + np.exp(-over)))
    return light * field[..., None].astype(np.float32)


def exposed(light: Array, conditions: Conditions, rng: np.random.Generator) -> Array:
    import cv2

    if conditions.blur_px > 0:
        light = cv2.GaussianBlur(light, (0, 0), conditions.blur_px)
    sigma = conditions.noise * np.sqrt(np.clip(light, 0.01, None))
    noisy = np.clip(light + sigma * rng.standard_normal(light.shape, np.float32), 0, 1)
    if not conditions.is_rendered:
        return noisy.astype(np.float32)
    code = color.encode(noisy, "srgb")
    code = code + conditions.contrast * (code * code * (3 - 2 * code) - code)
    bgr = np.ascontiguousarray((code * 255 + 0.5).astype(np.uint8)[..., ::-1])
    packed = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(70, 96))])[1]
    return np.ascontiguousarray(np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR))[..., ::-1])
