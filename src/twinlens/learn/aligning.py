"""Aligning: where the cells of a rendering lie in scene light.

A camera's own picture of its raw lies on it but for crop and the correction of distortion; two cameras in two hands
do not.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.learn.maker_picture import MakerPicture
from twinlens.measure.registration import Registration, describe, register_described
from twinlens.measure.registration.features import Features
from twinlens.numerics.color import encode
from twinlens.pipeline.scene import SceneLight

Array = npt.NDArray[Any]

EXACT_PX = 0.6  # of scene light: nearer than this to lying exactly on each other is exact
STEADY_PX = 0.5
SAME_ASPECT, SAME_PICTURE = 0.012, 0.85  # relative difference of the sides' ratio; correlation of the small pictures
BRIGHT_PERCENTILE = 99.0
WORK_PX = 1024


def visible(scene: SceneLight) -> Array:
    """Scene light as a picture (h, w, 3), 0 to 1, to be looked at by registration."""
    white = max(float(np.percentile(scene.light[::4, ::4], BRIGHT_PERCENTILE)), 1e-6)
    return np.clip(encode(np.clip(scene.light / white, 0, 1), "srgb"), 0, 1).astype(np.float32)


def described(rendering: MakerPicture) -> Features:
    """A rendering as registration sees it."""
    return describe(rendering.codes.astype(np.float32), WORK_PX)


def handheld(scene: SceneLight, rendering: MakerPicture) -> Registration | None:
    """For two cameras; None where they do not surely show the same scene."""
    return register_described(described(rendering), describe(visible(scene), WORK_PX))


def own(scene: SceneLight, rendering: MakerPicture) -> Registration | None:
    """For a camera's own picture of its raw: exact where both lie on each other, by registration where the picture is
    cropped, turned or corrected otherwise, by framing alone where there is nothing to hold on to."""
    exact = framed(rendering.light.shape[:2], scene.light.shape[:2])
    seen = visible(scene)
    found = register_described(described(rendering), describe(seen, WORK_PX))
    if found is None:
        return exact if exact is not None and _looks_alike(seen, rendering.codes) else None
    if exact is not None and _is_near(found, exact):
        return replace(exact, sure=found.sure, cell_px=found.cell_px, field=np.zeros_like(found.field))
    if np.percentile(np.linalg.norm(found.field, axis=-1), 95) < STEADY_PX:
        return replace(found, field=np.zeros_like(found.field))
    return found


def framed(fixed: tuple[int, ...], moving: tuple[int, ...]) -> Registration | None:
    """Two pictures with the same frame; None where their shapes tell that they have not."""
    (height, width), (rows, columns) = fixed[:2], moving[:2]
    if abs(np.log(width / height * rows / columns)) > SAME_ASPECT:
        return None
    x, y = columns / width, rows / height
    return Registration(
        matrix=np.array([[x, 0, (x - 1) / 2], [0, y, (y - 1) / 2], [0, 0, 1]]),
        field=np.zeros((1, 1, 2), np.float32), sure=np.ones((1, 1), bool), cell_px=(float(width), float(height)),
        fixed_shape=(height, width), moving_shape=(rows, columns), inliers=0, inlier_px=0.0, residual_px=0.0,
        residual_p90_px=0.0, agreeing=1.0, overlap=1.0,
    )  # fmt: skip


def _is_near(found: Registration, exact: Registration) -> bool:
    """Whether the found places are those of lying exactly on each other, all over the picture."""
    height, width = exact.fixed_shape
    grid = np.stack(np.meshgrid(np.linspace(0, width - 1, 9), np.linspace(0, height - 1, 9)), -1)
    away = np.linalg.norm(found.place(grid) - exact.place(grid), axis=-1)
    return bool(np.percentile(away, 90) < EXACT_PX)


def _looks_alike(one: Array, other: Array) -> bool:
    """Whether two pictures, made as small, go up and down together."""
    import cv2

    small = [cv2.resize(np.ascontiguousarray(each, np.float32), (48, 48), interpolation=cv2.INTER_AREA).mean(-1).ravel()
             for each in (one, other)]  # fmt: skip
    if min(each.std() for each in small) < 1e-3:
        return True  # both without structure, or one all over: nothing speaks against it
    return bool(np.corrcoef(*small)[0, 1] > SAME_PICTURE)
