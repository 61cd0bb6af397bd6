"""Fingerprint, scene: every feature of every shot of one scene."""

from __future__ import annotations

from collections.abc import Sequence
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


def measured(found: Sets, group: SceneGroup) -> Measured | None:
    """The features of a scene; None where too little of it can be measured in more than one set."""
    shots, left_out = laid(found, group)
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
    bare = tuple(replace(one, crops=None) for one in shots)  # windows of all scenes would be a fifth of the memory
    return Measured(
        name=Path(found.pictures[group.anchor].name).stem, pictures=tuple(one.picture for one in shots),
        values=values, shifts=np.array([one.shift for one in shots]), frame=replace(found_frame, shots=bare),
        tones=tuple(tones), profiles=tuple(profiles), left_out=tuple(left_out),
    )  # fmt: skip


def laid(found: Sets, group: SceneGroup) -> tuple[list[Shot], list[tuple[str, str]]]:
    """The shots of a scene on its grid, without those that do not lie on it well enough. One picture in full is held
    at a time.
    """
    anchor = found.pictures[group.anchor]
    view, codes, space = frame.view_of(anchor)
    target, where = frame.described(view), sites.chosen(frame.luma(view.linear))
    shots = {group.anchor: _cut(frame.laid(anchor, view, anchor, None), codes, space, where)}
    del view, codes
    for index in group.members:
        if index != group.anchor:
            picture = found.pictures[index]
            view, codes, space = frame.view_of(picture)
            shots[index] = _cut(frame.laid(picture, view, anchor, target), codes, space, where)
            del view, codes
    good, left_out = [], []
    for index in group.members:
        shot = shots[index]
        if shot is not None and shot.shift <= frame.MOST_SHIFT_PX:
            good.append(shot)
        else:
            told = "it does not lie well on the other pictures of its scene (motion, parallax)"
            left_out.append((found.pictures[index].path, told))
    return good, left_out


def _cut(shot: Shot | None, codes: Array, space: str, where: sites.Sites) -> Shot | None:
    """The shot with its windows of fine detail."""
    return shot and replace(shot, crops=sites.cut(codes, space, shot.from_grid, where))


def of_pictures(shots: Sequence[Shot]) -> dict[str, Array]:
    """What each picture has by itself, by key."""
    told = {key: np.array([one.whole[key] for one in shots]) for key in shots[0].whole}
    told["jpeg_quality"] = np.array([one.picture.quality for one in shots])
    told["pixel_height"] = np.array([float(one.picture.short_edge) for one in shots])
    return told
