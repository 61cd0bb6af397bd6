"""Page scenes: the scenes that show a change best, each set's picture laid on the same frame, as small JPEGs."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.compare import sets_read
from twinlens.compare.frame import scaling
from twinlens.compare.levels import shown
from twinlens.compare.model import Feature, Fingerprints, Role
from twinlens.core.errors import TwinlensError
from twinlens.numerics.color import decode, encode, rgb_from_rgb
from twinlens.report.compare import numbers
from twinlens.report.compare.content import ScenePictures

Array = npt.NDArray[Any]

SCENES = 3
EDGE_PX = 1100  # of the long edge: nine of them stay under 3 MB
QUALITY = 82
MOST_FLOORS = 10.0  # one feature's change counts up to so many smallest visible differences
NAMED = 3  # changes that the caption names
COVERED = 0.99  # of a pixel
WHOLE = 0.995  # of the frame that a picture must cover on each row and column that is kept


def best_scenes(fingerprints: Fingerprints, count: int = SCENES) -> tuple[ScenePictures, ...]:
    """The scenes with the largest visible change, largest first; those whose files are gone are passed over."""
    pictures = fingerprints.curves.get("pictures")
    if not pictures:
        return ()
    strength, floors = strengths(fingerprints)
    found: list[ScenePictures] = []
    for at in np.argsort(-strength, kind="stable"):
        if len(found) == count or not np.isfinite(strength[at]):
            break
        jpegs = laid(pictures[at])
        if {"before", "after"} <= jpegs.keys():
            why = caption(fingerprints, int(at), floors[at])
            found.append(ScenePictures(name=fingerprints.scenes[at], jpegs=jpegs, why=why, is_aligned=True))
    return tuple(found)


def strengths(fingerprints: Fingerprints) -> tuple[Array, Array]:
    """(N,) how much of a change an eye sees in each scene, -inf where it is not known; (N, K) changes in floors."""
    if not {"before", "after"} <= set(fingerprints.sets):
        return np.full(len(fingerprints.scenes), -np.inf), np.zeros((len(fingerprints.scenes), 0))
    rows = dict(zip(fingerprints.sets, fingerprints.values, strict=True))
    floors = np.array([one.floor for one in fingerprints.features])
    change = (rows["after"] - rows["before"]) / floors
    used = np.array([one.cause == "rendering" and not one.is_derived for one in fingerprints.features], bool)
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
            drawn[role] = on_grid(one)
        except TwinlensError:
            continue
    if not drawn:
        return {}
    whole = np.logical_and.reduce([mask for _, mask in drawn.values()])
    top, bottom, left, right = inner(whole)
    return {role: jpeg(codes[top:bottom, left:right]) for role, (codes, _) in drawn.items()}


def on_grid(one: Mapping[str, Any]) -> tuple[Array, Array]:
    """A picture's sRGB codes (h, w, 3) uint8 on the grid of its scene, and where it covers it (h, w) bool."""
    import cv2

    grid, full = one["size"], (one["height"], one["width"])
    enlarged = EDGE_PX / max(grid)
    size = round(grid[0] * enlarged), round(grid[1] * enlarged)
    own = _own_size(one, size)
    image, _ = sets_read.opened(one["path"], reduce=max(full[0] // own[0], 1))
    codes = cv2.resize(_planes(sets_read.seen(image)), (own[1], own[0]), interpolation=cv2.INTER_AREA)
    linear = (decode(codes, image.primaries) @ rgb_from_rgb("srgb", image.primaries).T).astype(np.float32)
    to_own = scaling(own, full) @ np.asarray(one["from_grid"], float) @ np.linalg.inv(scaling(size, grid))
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    drawn = cv2.warpPerspective(linear, to_own, (size[1], size[0]), flags=flags)
    mask = cv2.warpPerspective(np.ones(own, np.float32), to_own, (size[1], size[0]), flags=flags) > COVERED
    return np.rint(255 * np.clip(encode(np.clip(drawn, 0, 1)), 0, 1)).astype(np.uint8), mask


def _own_size(one: Mapping[str, Any], size: tuple[int, int]) -> tuple[int, int]:
    """The size of the picture at which its pixels are as large as those of the grid."""
    corners = np.array([[0, 0, 1], [one["size"][1], one["size"][0], 1]], float) @ np.asarray(one["from_grid"], float).T
    across = np.linalg.norm(np.diff(corners[:, :2] / corners[:, 2:], axis=0)) / np.hypot(*size)
    scale = min(1 / max(float(across), 1e-6), 1.0)
    return max(round(one["height"] * scale), 2), max(round(one["width"] * scale), 2)


def _planes(pixels: Array) -> Array:
    """Codes (H, W, 3) in one block of memory."""
    return np.ascontiguousarray(pixels[..., :3], np.float32)


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
