"""Fingerprint, alone: what sets are told by where before and after share no scene.

Every picture is a scene of its own, so that no difference of two sets can be taken for one of a scene. Only the ends of
a picture's scale, its use of the gamut and its file are compared at all: edges, noise and texture of two scenes are not
the same edges, noise and texture.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.compare.features import FEATURES, KEYS, is_absolute
from twinlens.compare.fingerprint_single import SinglePicture, of_picture
from twinlens.compare.model import Fingerprints
from twinlens.compare.sets import Picture, Sets
from twinlens.core.errors import TwinlensError

Array = npt.NDArray[Any]

MOST_PICTURES = 36  # that are measured by themselves
BLOCKS = ("tone", "gamut", "file")  # whose absolute features are compared as averages


def alone(found: Sets, notes: Sequence[str], pool: Executor) -> Fingerprints:
    """The fingerprints of pictures one by one; `curves["singles"]` holds what each of them says."""
    singles, left_out = [], list(found.left_out)
    chosen = found.pictures[:MOST_PICTURES]
    for picture, one in zip(chosen, pool.map(_single, chosen), strict=True):
        if isinstance(one, str):
            left_out.append((picture.path, one))
        else:
            singles.append(one)
    left_out += [(one.path, f"{MOST_PICTURES} pictures are enough to say so") for one in found.pictures[MOST_PICTURES:]]
    shape = len(found.roles), len(singles), len(FEATURES)
    values = np.full(shape, np.nan)
    for scene, one in enumerate(singles):
        values[found.roles.index(one.picture.role), scene] = np.where(_comparable(), one.values, np.nan)
    return Fingerprints(
        features=FEATURES, sets=found.roles, scenes=tuple(one.picture.name for one in singles), values=values,
        repeat_variance=np.full(shape, np.nan), absolute=np.array([is_absolute(key) for key in KEYS]),
        groups=np.zeros(len(singles), int), shots=_bank(found, singles), curves={"singles": tuple(singles)},
        left_out=tuple(left_out), notes=(*found.notes, *notes),
    )  # fmt: skip


def _single(picture: Picture) -> SinglePicture | str:
    """What one picture says, or why it says nothing."""
    try:
        return of_picture(picture)
    except TwinlensError as error:
        return str(error)


def _comparable() -> Array:
    return np.array([one.block in BLOCKS and is_absolute(one.key) for one in FEATURES])


def _bank(found: Sets, singles: Sequence[SinglePicture]) -> dict[str, Any]:
    """Every picture by itself, as of shared scenes."""
    return {
        "scene": np.arange(len(singles)),
        "set": np.array([found.roles.index(one.picture.role) for one in singles], int),
        "repeat": np.zeros(len(singles), int),
        "values": np.array([one.values for one in singles]).reshape(-1, len(FEATURES)),
        "shift": np.zeros(len(singles)),
        "paths": tuple(one.picture.path for one in singles),
    }
