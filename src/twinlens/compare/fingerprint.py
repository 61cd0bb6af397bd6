"""Fingerprint: what the processing of each set is, measured scene by scene.

Scenes are found by their content, the shots of a scene are laid on each other, and every feature of the catalog is
measured of every shot against the mean of the sets. What cannot be measured is nan, and said.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.compare import fingerprint_curves as curves
from twinlens.compare import fingerprint_notes as told
from twinlens.compare import scenes, sets
from twinlens.compare.features import FEATURES, KEYS, is_absolute
from twinlens.compare.fingerprint_alone import alone
from twinlens.compare.fingerprint_scene import Measured, measured
from twinlens.compare.model import Fingerprints
from twinlens.compare.scenes import SceneGroup
from twinlens.compare.sets import Progress, Sets
from twinlens.compare.sets_files import Source
from twinlens.files import photo_read

Array = npt.NDArray[Any]


def fingerprints(
    before: Source,
    after: Source,
    reference: Source | None = None,
    *,
    keep_edited: bool = False,
    threads: int = 2,
    progress: Progress | None = None,
) -> Fingerprints:
    """The fingerprints of two or three sets of photographs: folders, files, or lists of both.

    `progress` is called with how many of how many steps are done and a name; every picture is two steps. The result
    does not depend on `threads`. Raises FileError where a set holds no picture at all.
    """

    def told_first(done: int, count: int, name: str) -> None:
        if progress is not None:
            progress(done, 2 * count, name)

    asked = {"keep_edited": keep_edited, "threads": threads, "progress": told_first}
    return of_sets(sets.gather(before, after, reference, **asked), threads=threads, progress=progress)


def of_sets(found: Sets, *, threads: int = 2, progress: Progress | None = None) -> Fingerprints:
    """The fingerprints of sets that were gathered."""
    with photo_read.quiet(), ThreadPoolExecutor(threads) as pool:
        shared, left_out = _shared(found, scenes.grouped(found.pictures))
        results, done = [], len(found.pictures)
        for group, one in zip(shared, pool.map(lambda group: measured(found, group), shared), strict=True):
            results.append(one)
            done += len(group.members)
            if progress is not None:
                progress(done, 2 * len(found.pictures), found.pictures[group.anchor].name)
        kept = [one for one in results if one is not None]
        if not _answers(kept):
            return alone(found, list(told.notes(found, kept)), pool)
    left_out += [item for one in kept for item in one.left_out]
    for group, one in zip(shared, results, strict=True):
        if one is None:
            left_out += [(found.pictures[index].path, "too little of its scene can be measured in all sets")
                         for index in group.members]  # fmt: skip
    return _assembled(found, kept, left_out)


def _answers(kept: Sequence[Measured]) -> bool:
    """Whether a scene shows both before and after."""
    return any({"before", "after"} <= {picture.role for picture in one.pictures} for one in kept)


def _shared(found: Sets, groups: Sequence[SceneGroup]) -> tuple[list[SceneGroup], list[tuple[str, str]]]:
    """The scenes that more than one set shows, and the pictures of the others."""
    shared, left_out = [], []
    for group in groups:
        roles = {found.pictures[index].role for index in group.members}
        if len(roles) > 1:
            shared.append(group)
        else:
            left_out += [(found.pictures[index].path, "no other set shows its scene") for index in group.members]
    return shared, left_out


def _assembled(found: Sets, kept: Sequence[Measured], left_out: list[tuple[str, str]]) -> Fingerprints:
    shape = len(found.roles), len(kept), len(FEATURES)
    values, variance = np.full(shape, np.nan), np.full(shape, np.nan)
    for scene, one in enumerate(kept):
        for number, role in enumerate(found.roles):
            own = one.values[[index for index, shot in enumerate(one.pictures) if shot.role == role]]
            values[number, scene], variance[number, scene] = _mean(own)
    return Fingerprints(
        features=FEATURES, sets=found.roles, scenes=tuple(one.name for one in kept), values=values,
        repeat_variance=variance, absolute=np.array([is_absolute(key) for key in KEYS]),
        groups=told.lights(kept), shots=_bank(found, kept),
        curves=curves.gathered(found, kept),
        left_out=(*found.left_out, *left_out), notes=(*found.notes, *told.notes(found, kept)),
    )  # fmt: skip


def _mean(own: Array) -> tuple[Array, Array]:
    """Mean and variance of the mean (K,) of shots (n, K); nan where nothing, or one shot only, was measured."""
    count = np.isfinite(own).sum(axis=0)
    total = np.nansum(own, axis=0)
    mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    square = np.nansum((own - mean) ** 2, axis=0)
    return mean, np.where(count > 1, square / np.maximum(count - 1, 1) / np.maximum(count, 1), np.nan)


def _bank(found: Sets, kept: Sequence[Measured]) -> dict[str, Any]:
    """Every shot by itself: `values` (n, K), `scene`, `set` (n,) indices, `repeat` (n,) its number among the shots of
    its scene and set, `shift` (n,) px, `paths`."""
    rows: dict[str, list[Any]] = {key: [] for key in ("values", "scene", "set", "repeat", "shift", "paths")}
    for scene, one in enumerate(kept):
        for index, picture in enumerate(one.pictures):
            number = found.roles.index(picture.role)
            before = zip(rows["scene"], rows["set"], strict=True)
            rows["repeat"].append(sum(pair == (scene, number) for pair in before))
            for key, value in (("values", one.values[index]), ("scene", scene), ("set", number),
                               ("shift", one.shifts[index]), ("paths", picture.path)):  # fmt: skip
                rows[key].append(value)
    arrays = {key: np.array(rows[key], int) for key in ("scene", "set", "repeat")}
    values = np.array(rows["values"]).reshape(-1, len(FEATURES))
    return {**arrays, "values": values, "shift": np.array(rows["shift"], float), "paths": tuple(rows["paths"])}
