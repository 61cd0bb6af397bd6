"""Scenes: which pictures show the same thing, told by what they show and not by their names.

Every picture is compared with one or two pictures of every scene found so far (SIFT keypoints matched both ways, a
homography by MAGSAC); it joins the scene that it agrees with best, or begins one of its own. Scenes that share no
picture of a first comparison but agree later are joined.

Sources: D. Lowe, "Distinctive Image Features from Scale-Invariant Keypoints", IJCV 60 (2004), section 7.1 (ratio of
distances); D. Barath et al., "MAGSAC++, a fast, reliable and accurate robust estimator", CVPR 2020.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.compare.sets import Picture
from twinlens.core.record import record

Array = npt.NDArray[Any]

KEYPOINTS, FIRST_KEYPOINTS = 2000, 600  # for the final homography; for recognizing a scene
_RATIO = 0.85  # of the distances of the nearest and the second nearest descriptor
_REACH_PX = 2.5  # of 1024: how far a match may lie from the homography
LEAST_MATCHES = 24
_LEAST_SHARE = 0.25  # of the matches that agree
_LEAST_AREA = 0.04  # of the picture that the agreeing matches cover
_ASKED = 2  # pictures of a scene that a new one is compared with
_MOST_STRETCH = 3.0  # of scale, of area and of the two axes, between two photographs of a scene


@record(kw_only=True, eq=False)
class Keypoints:
    """`points` (n, 2) as (x, y) in px of `Picture.grey`, strongest first; `descriptors` (n, 128) of length 1."""

    points: Array
    descriptors: Array
    size: tuple[int, int]


@record(kw_only=True, eq=False)
class Agreement:
    """How two pictures lie on each other: `homography` (3, 3) takes (x, y) of the second to the first."""

    homography: Array
    matches: int
    share: float


@record(kw_only=True, eq=False)
class SceneGroup:
    """Pictures of one scene (indices into the list that was given). `homographies`: (3, 3) each, which takes (x, y) of
    the picture's `grey` to that of picture `anchor`."""

    anchor: int
    members: tuple[int, ...]
    homographies: tuple[Array, ...]
    matches: tuple[int, ...]


def keypoints(picture: Picture) -> Keypoints:
    """SIFT keypoints of a picture, contrast stretched, so that dark renderings have as many."""
    import cv2

    sift: Any = getattr(cv2, "SIFT_create")(KEYPOINTS, contrastThreshold=0.02)  # noqa: B009 (absent from the stubs)
    levels = np.percentile(picture.grey, (1, 99))
    stretched = (picture.grey.astype(np.float32) - levels[0]) * (255 / max(float(np.ptp(levels)), 8.0))
    grey = np.clip(stretched, 0, 255).astype(np.uint8)
    found, descriptors = sift.detectAndCompute(grey, None)
    if descriptors is None or not len(found):
        return Keypoints(points=np.empty((0, 2)), descriptors=np.empty((0, 128), np.float32), size=grey.shape)
    order = np.argsort([-one.response for one in found], kind="stable")[:KEYPOINTS]
    points = np.array([one.pt for one in found])[order]
    root = np.sqrt(descriptors[order] / np.maximum(descriptors[order].sum(axis=1, keepdims=True), 1e-9))
    return Keypoints(points=points, descriptors=root.astype(np.float32), size=grey.shape)


def agreement(first: Keypoints, second: Keypoints, most: int = KEYPOINTS) -> Agreement | None:
    """How the second picture lies on the first; None where they do not show the same thing."""
    import cv2

    pairs = _matched(first.descriptors[:most], second.descriptors[:most])
    if len(pairs) < LEAST_MATCHES:
        return None
    there, here = first.points[pairs[:, 0]], second.points[pairs[:, 1]]
    homography, mask = cv2.findHomography(here, there, cv2.USAC_MAGSAC, _REACH_PX, maxIters=4000, confidence=0.9999)
    if homography is None:
        return None
    inside = mask.ravel().astype(bool)
    share = float(inside.mean())
    if inside.sum() < LEAST_MATCHES or share < _LEAST_SHARE or not _is_plausible(homography, second.size):
        return None
    if _covered(here[inside], second.size) < _LEAST_AREA:
        return None
    return Agreement(homography=homography, matches=int(inside.sum()), share=share)


def _matched(first: Array, second: Array) -> Array:
    """Pairs (n, 2) of descriptors that are each other's nearest, clearly nearer than the second nearest."""
    if min(len(first), len(second)) < 3:
        return np.empty((0, 2), int)
    likeness = first @ second.T
    best = likeness.argmax(axis=1)
    back = likeness.argmax(axis=0)
    rows = np.arange(len(first))
    nearest = likeness[rows, best]
    likeness[rows, best] = -1
    following = likeness.max(axis=1)
    near, far = np.sqrt(np.maximum(2 - 2 * nearest, 0)), np.sqrt(np.maximum(2 - 2 * following, 0))
    used = (back[best] == rows) & (near < _RATIO * far)
    return np.stack([rows[used], best[used]], axis=1)


def _is_plausible(homography: Array, size: tuple[int, int]) -> bool:
    """Whether a homography is one between two photographs: not mirrored, not folded, not stretched by much."""
    height, width = size
    corners = np.array([[0, 0, 1], [width, 0, 1], [width, height, 1], [0, height, 1]], float) @ homography.T
    if not (corners[:, 2] > 1e-6).all():
        return False
    corners = corners[:, :2] / corners[:, 2:]
    edges = np.roll(corners, -1, axis=0) - corners
    turns = edges[:, 0] * np.roll(edges[:, 1], -1) - edges[:, 1] * np.roll(edges[:, 0], -1)
    lengths = np.hypot(*edges.T) / (width, height, width, height)
    after = np.roll(corners, -1, axis=0)
    area = abs(float(np.sum(corners[:, 0] * after[:, 1] - corners[:, 1] * after[:, 0]))) / 2
    return bool((turns > 0).all() and np.ptp(np.log(lengths)) < np.log(_MOST_STRETCH)
                and _MOST_STRETCH**-2 < area / (width * height) < _MOST_STRETCH**2)  # fmt: skip


def _covered(points: Array, size: tuple[int, int]) -> float:
    """Share of the picture in a grid of 10 x 10 that has a match."""
    cells = np.floor(points / (size[1], size[0]) * 10).astype(int)
    return len({tuple(cell) for cell in cells.tolist()}) / 100


def grouped(pictures: Sequence[Picture], found: Sequence[Keypoints]) -> list[SceneGroup]:
    """The scenes of pictures, in the order of their first picture; a scene may have one picture."""
    groups: list[list[int]] = []
    for index in range(len(pictures)):
        agreeing = [group for group in groups if _belongs(index, group, found)]
        joined = sorted({one for group in agreeing for one in group} | {index})
        groups = [group for group in groups if group not in agreeing] + [joined]
    groups.sort(key=lambda group: group[0])
    return [one for group in groups for one in _anchored(group, found)]


def _belongs(index: int, group: Sequence[int], found: Sequence[Keypoints]) -> bool:
    asked = group[:: max(len(group) // _ASKED, 1)][:_ASKED]
    return any(agreement(found[other], found[index], FIRST_KEYPOINTS) is not None for other in asked) or any(
        agreement(found[other], found[index]) is not None for other in asked[:1]
    )


def _anchored(group: list[int], found: Sequence[Keypoints]) -> list[SceneGroup]:
    """The scene about the picture that the others lie on best; pictures that do not lie on it are scenes apart."""
    candidates = group[:3] if len(group) > 1 else []
    tables = {one: {two: agreement(found[one], found[two]) for two in group if two != one} for one in candidates}
    anchor = max(tables, key=lambda one: _support(tables[one]), default=group[0])
    kept = [(anchor, np.eye(3), len(found[anchor].points))]
    kept += [(two, a.homography, a.matches) for two, a in tables.get(anchor, {}).items() if a is not None]
    kept.sort(key=lambda item: item[0])
    members, homographies, matches = zip(*kept, strict=True)
    apart = [one for one in group if one not in members]
    scene = SceneGroup(anchor=anchor, members=members, homographies=homographies, matches=matches)
    return [scene, *(_anchored(apart, found) if apart else [])]


def _support(table: dict[int, Agreement | None]) -> tuple[int, int]:
    agreed = [one.matches for one in table.values() if one is not None]
    return len(agreed), sum(agreed)
