"""Fingerprint, scene: every feature of every shot of one scene."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.compare import frame
from twinlens.compare.features import KEYS, color, edges, grain, memory, shading, sites, tone
from twinlens.compare.frame import Shot
from twinlens.compare.frame_joint import Joint, joint
from twinlens.compare.scenes import SceneGroup
from twinlens.compare.sets import Picture, Sets
from twinlens.core.record import record

Array = npt.NDArray[Any]


@record(kw_only=True, eq=False)
class Measured:
    """One scene: its shots that could be used, `values` (n, K), and what the report shows of it."""

    name: str
    pictures: tuple[Picture, ...]
    values: Array
    shifts: Array
    frame: Joint
    tones: tuple[tone.ToneFit, ...]
    profiles: tuple[edges.Profile | None, ...]
    left_out: tuple[tuple[str, str], ...]


def measured(found: Sets, group: SceneGroup, pool: Executor) -> Measured | None:
    """The features of a scene; None where too little of it can be measured in more than one set."""
    shots, left_out = laid(found, group, pool)
    roles = {one.picture.role for one in shots}
    if len(roles) < 2:
        return None
    found_frame = joint(shots, found.roles)
    if found_frame is None:
        return None
    tones = tone.fits(found_frame)
    told = tone.features(found_frame, tones) | color.features(found_frame) | shading.features(found_frame)
    told |= memory.features(found_frame) | of_pictures(shots)
    crops, heights = [one.crops for one in shots if one.crops is not None], [one.picture.short_edge for one in shots]
    sharpness, profiles = edges.measured(crops, heights)
    told |= sharpness | grain.measured(crops, heights, found_frame.sets)
    values = np.stack([told.get(key, np.full(len(shots), np.nan)) for key in KEYS], axis=1)
    return Measured(
        name=Path(found.pictures[group.anchor].name).stem, pictures=tuple(one.picture for one in shots),
        values=values, shifts=np.array([one.shift for one in shots]), frame=found_frame,
        tones=tuple(tones), profiles=tuple(profiles), left_out=tuple(left_out),
    )  # fmt: skip


def laid(found: Sets, group: SceneGroup, pool: Executor) -> tuple[list[Shot], list[tuple[str, str]]]:
    """The shots of a scene on its grid, without those that do not lie on it well enough."""
    anchor = found.pictures[group.anchor]
    first = frame.view_of(anchor)
    target, where = frame.described(first[0]), sites.chosen(frame.luma(first[0].linear))

    def one(index: int) -> Shot | None:
        picture = found.pictures[index]
        view, codes, space = first if index == group.anchor else frame.view_of(picture)
        shot = frame.laid(picture, view, anchor, None if index == group.anchor else target)
        return shot and replace(shot, crops=sites.cut(codes, space, shot.from_grid, where))

    shots = [
        (found.pictures[index].path, shot)
        for index, shot in zip(group.members, pool.map(one, group.members), strict=True)
    ]
    good = [shot for _, shot in shots if shot is not None and shot.shift <= frame.MOST_SHIFT_PX]
    left_out = [(path, "it does not lie well on the other pictures of its scene (motion, parallax)")
                for path, shot in shots if shot is None or shot.shift > frame.MOST_SHIFT_PX]  # fmt: skip
    return good, left_out


def of_pictures(shots: Sequence[Shot]) -> dict[str, Array]:
    """What each picture has by itself, by key."""
    told = {key: np.array([one.whole[key] for one in shots]) for key in shots[0].whole}
    told["jpeg_quality"] = np.array([one.picture.quality for one in shots])
    told["pixel_height"] = np.array([float(one.picture.short_edge) for one in shots])
    return told
