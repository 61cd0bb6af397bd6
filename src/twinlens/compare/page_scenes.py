"""Page scenes: the scenes that show a change best, each set's picture laid on the same frame, as small JPEGs."""

from __future__ import annotations

import io
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.compare.fingerprint_pictures import aligned
from twinlens.compare.levels import shown
from twinlens.compare.model import Feature, Fingerprints, Role
from twinlens.core.errors import TwinlensError
from twinlens.report.compare import numbers
from twinlens.report.compare.content import ScenePictures

Array = npt.NDArray[Any]

SCENES = 3
EDGE_PX = 1100  # of the long edge: nine of them stay under 3 MB
QUALITY = 82
MOST_FLOORS = 10.0  # one feature's change counts up to so many smallest visible differences
NAMED = 3  # changes that the caption names
WHOLE = 0.995  # of the frame that a picture must cover on each row and column that is kept


def best_scenes(
    fingerprints: Fingerprints, keys: Collection[str] = (), count: int = SCENES
) -> tuple[ScenePictures, ...]:
    """The scenes with the largest visible change, largest first; those whose files are gone are passed over.

    `keys`: the features whose change counts, as those that surely changed; without them all of the rendering.
    """
    pictures = fingerprints.curves.get("pictures")
    if not pictures:
        return ()
    strength, floors = strengths(fingerprints, keys)
    found: list[ScenePictures] = []
    for at in np.argsort(-strength, kind="stable"):
        if len(found) == count or not np.isfinite(strength[at]):
            break
        jpegs = laid(pictures[at])
        if {"before", "after"} <= jpegs.keys():
            why = caption(fingerprints, int(at), floors[at])
            found.append(ScenePictures(name=fingerprints.scenes[at], jpegs=jpegs, why=why, is_aligned=True))
    return tuple(found)


def strengths(fingerprints: Fingerprints, keys: Collection[str] = ()) -> tuple[Array, Array]:
    """(N,) how much of a change an eye sees in each scene, -inf where it is not known; (N, K) changes in floors."""
    if not {"before", "after"} <= set(fingerprints.sets):
        return np.full(len(fingerprints.scenes), -np.inf), np.zeros((len(fingerprints.scenes), 0))
    rows = dict(zip(fingerprints.sets, fingerprints.values, strict=True))
    floors = np.array([one.floor for one in fingerprints.features])
    change = (rows["after"] - rows["before"]) / floors
    used = np.array([one.cause == "rendering" and not one.is_derived for one in fingerprints.features], bool)
    if keys:
        used &= np.array([one.key in keys for one in fingerprints.features], bool)
    known = np.isfinite(change) & used
    square = np.where(known, np.minimum(np.abs(change), MOST_FLOORS) ** 2, 0)
    blocks = [one.block for one in fingerprints.features]
    weight = np.array([1 / blocks.count(one) for one in blocks])
    total = (known * weight).sum(1)
    strength = np.where(total > 0, (square * weight).sum(1) / np.maximum(total, 1e-9), -np.inf)
    return strength, np.where(known, change, 0.0)


def caption(fingerprints: Fingerprints, at: int, floors: Array) -> str:
    """The largest changes of this scene, in words."""
    told, blocks = [], set()
    for index in np.argsort(-np.abs(floors), kind="stable"):
        feature = fingerprints.features[index]
        if len(told) == NAMED or abs(floors[index]) < 1:
            break
        if feature.block not in blocks:
            blocks.add(feature.block)
            told.append(_change(feature, float(floors[index] * feature.floor)))
    return f"after against before: {', '.join(told)}" if told else "no visible change"


def _change(feature: Feature, change: float) -> str:
    unit = "°" if feature.unit == "degrees" else feature.unit
    amount = numbers.signed(shown(feature, change), numbers.digits(feature.floor))
    return f"{feature.label} {numbers.with_unit(amount, unit)}"


def laid(pictures: Mapping[Role, Mapping[str, Any]]) -> dict[Role, bytes]:
    """Each set's picture as JPEG bytes on the scene's grid, cut to what all of them show."""
    drawn: dict[Role, tuple[Array, Array]] = {}
    for role, one in pictures.items():
        try:
            codes = aligned(one, EDGE_PX)
            drawn[role] = codes, covered(one, codes.shape[:2])
        except TwinlensError:
            continue
    if not drawn:
        return {}
    whole = np.logical_and.reduce([mask for _, mask in drawn.values()])
    top, bottom, left, right = inner(whole)
    return {role: jpeg(codes[top:bottom, left:right]) for role, (codes, _) in drawn.items()}


def covered(one: Mapping[str, Any], size: tuple[int, int]) -> Array:
    """Where a picture covers the grid of its scene, drawn in `size` (height, width): (h, w) bool."""
    grid = one["size"]
    y, x = np.mgrid[: size[0], : size[1]].astype(float)
    places = np.stack([(x + 0.5) * grid[1] / size[1] - 0.5, (y + 0.5) * grid[0] / size[0] - 0.5, np.ones_like(x)], -1)
    there = places @ np.asarray(one["from_grid"], float).T
    there = there[..., :2] / there[..., 2:]
    inside = (there >= 0) & (there <= np.array([one["width"] - 1, one["height"] - 1]))
    return np.asarray(inside.all(-1))


def inner(mask: Array) -> tuple[int, int, int, int]:
    """top, bottom, left, right of a rectangle that is covered: the worst border is cut until none has holes."""
    top, bottom, left, right = 0, mask.shape[0], 0, mask.shape[1]
    while bottom - top > mask.shape[0] // 4 and right - left > mask.shape[1] // 4:
        part = mask[top:bottom, left:right]
        covered = [part[0].mean(), part[-1].mean(), part[:, 0].mean(), part[:, -1].mean()]
        worst = int(np.argmin(covered))
        if covered[worst] >= WHOLE:
            break
        top, bottom = top + (worst == 0), bottom - (worst == 1)
        left, right = left + (worst == 2), right - (worst == 3)
    return top, bottom, left, right


def jpeg(codes: Array) -> bytes:
    """Codes (h, w, 3) uint8 as JPEG, without a word of metadata."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(codes)).save(file, "JPEG", quality=QUALITY, subsampling="4:2:0")
    return file.getvalue()
