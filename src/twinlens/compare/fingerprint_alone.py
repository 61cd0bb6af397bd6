"""Fingerprint, alone: what single pictures say where before and after share no scene.

Only what one picture tells by itself is measured: the ends of its scale, its use of the gamut, its file. Edges, noise
and texture are not: those of two scenes are not the same edges. Every picture is a scene of its own, so that no
difference of two sets can be taken for one of a scene.
"""

from __future__ import annotations

from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.compare import frame
from twinlens.compare.features import FEATURES, KEYS, is_absolute
from twinlens.compare.features.gamut import of_picture
from twinlens.compare.model import Fingerprints
from twinlens.compare.sets import Picture, Progress, Sets
from twinlens.core.errors import TwinlensError

Array = npt.NDArray[Any]

NOTE = (
    "before and after share no scene: only what each picture tells by itself was measured, and what the scenes bring "
    "cannot be told from what the processing does; photograph the same scenes with both"
)


def alone(found: Sets, left_out: list[tuple[str, str]], pool: Executor, progress: Progress | None) -> Fingerprints:
    """The fingerprints of pictures one by one, each its own scene."""
    rows: list[tuple[Picture, Array]] = []
    left_out = [*found.left_out, *left_out]
    for done, (picture, row) in enumerate(zip(found.pictures, pool.map(_picture, found.pictures), strict=True)):
        if isinstance(row, str):
            left_out.append((picture.path, row))
        else:
            rows.append((picture, row))
        if progress is not None:
            progress(len(found.pictures) + done + 1, 2 * len(found.pictures), picture.name)
    shape = len(found.roles), len(rows), len(FEATURES)
    values = np.full(shape, np.nan)
    for scene, (picture, row) in enumerate(rows):
        values[found.roles.index(picture.role), scene] = row
    return Fingerprints(
        features=FEATURES, sets=found.roles, scenes=_names(rows), values=values, repeat_variance=np.full(shape, np.nan),
        absolute=np.array([is_absolute(key) for key in KEYS]), groups=np.zeros(len(rows), int),
        shots=_bank(found, rows), left_out=tuple(left_out), notes=(*found.notes, NOTE),
    )  # fmt: skip


def _picture(picture: Picture) -> Array | str:
    """The features (K,) of one picture, or why there are none."""
    try:
        view, _, _ = frame.view_of(picture)
    except TwinlensError as error:
        return str(error)
    told: dict[str, Any] = dict(of_picture(view))
    told |= {"jpeg_quality": picture.quality, "pixel_height": float(picture.short_edge)}
    return np.array([told.get(key, np.nan) if is_absolute(key) else np.nan for key in KEYS], float)


def _names(rows: list[tuple[Picture, Array]]) -> tuple[str, ...]:
    return tuple(Path(picture.name).stem for picture, _ in rows)


def _bank(found: Sets, rows: list[tuple[Picture, Array]]) -> dict[str, Any]:
    """Every picture by itself, as of shared scenes."""
    return {
        "scene": np.arange(len(rows)),
        "set": np.array([found.roles.index(picture.role) for picture, _ in rows], int),
        "repeat": np.zeros(len(rows), int),
        "values": np.array([row for _, row in rows]).reshape(-1, len(FEATURES)),
        "shift": np.zeros(len(rows)),
        "paths": tuple(picture.path for picture, _ in rows),
    }
