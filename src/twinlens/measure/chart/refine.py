"""Refine: the pose of a chart to a fraction of a pixel, from the edges of its patches.

Across each side of each patch the color is read along short lines, in linear light. It is seen as a mixture of the
patch's color and the board's; the edge is where the mixture passes one half, so blur does not move it. The pose that
fits all edges best (Huber's weights) is found by Gauss-Newton steps; the first steps look far, the last ones near.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twinlens.core.image import Array
from twinlens.measure.chart.plate import Plate
from twinlens.measure.chart.pose import Pose

ALONG = np.linspace(-0.62, 0.62, 6)  # places along a side, in half sides
REACHES = (0.42, 0.30, 0.22, 0.18)  # how far out of a side the lines reach, in patches; the gap bounds it too
TAPS = 33
LEAST_CONTRAST = 0.25  # of the median contrast of all sides
DISTORTION_SD = 0.06  # how large k is expected to be
SCALE_SD = 0.12  # how far the patches are expected to differ from the stated size
HUBER = 1.5  # of the robust spread of the distances
STEP = 1e-3
NEAR = 0.06  # of a patch: an edge this near to its place counts as seen


@dataclass(frozen=True, eq=False)
class Edges:
    """What was read: `points` (M, 2) of edges in pixels, the `side` each belongs to as (patch, side, place along),
    normals (M, 2); `seen` is the share of the sides with contrast whose edge was where the pose said."""

    points: Array
    index: Array
    normals: Array
    seen: float


@dataclass(frozen=True, eq=False)
class Refined:
    """`residual_px` is the robust spread of the edges about the pose; `support` the share of sides found."""

    pose: Pose
    residual_px: float
    support: float


def refine(pose: Pose, plate: Plate) -> Refined:
    """The pose (in pixels of the plate) that fits the edges of the patches."""
    window = Window.around(pose, plate)
    edges, spread = None, 0.0
    for reach in REACHES:
        edges = read_edges(pose, window, reach)
        if len(edges.points) < 24:
            return Refined(pose, float("inf"), 0.0)
        pose, spread = _fitted(pose, edges)
    last = read_edges(pose, window, REACHES[-1])
    return Refined(pose, spread, last.seen)


@dataclass(frozen=True, eq=False)
class Window:
    """The part of a plate around a chart, in linear light; `origin` is its first pixel (x, y)."""

    pixels: Array
    origin: Array

    @classmethod
    def around(cls, pose: Pose, plate: Plate) -> Window:
        height, width = plate.pixels.shape[:2]
        corners = pose.corners()
        margin = 0.6 * pose.patch_px() + 2
        low = np.clip(np.floor(corners.min(0) - margin), 0, [width - 1, height - 1]).astype(int)
        high = np.clip(np.ceil(corners.max(0) + margin) + 1, low + 1, [width, height]).astype(int)
        part = plate.pixels[low[1] : high[1], low[0] : high[0]]
        return cls(np.ascontiguousarray(plate.nearly_linear(part)), low)

    def at(self, points: Array) -> Array:
        """Linear RGB (..., 3) at points (..., 2), bilinear; NaN outside the picture."""
        import cv2

        local = (points - self.origin).astype(np.float32).reshape(1, -1, 2)
        outside = (np.nan,) * 3
        rows = [
            cv2.remap(self.pixels, local[:, first : first + 30000], None, cv2.INTER_LINEAR,  # type: ignore[arg-type]
                      borderMode=cv2.BORDER_CONSTANT, borderValue=outside)
            for first in range(0, local.shape[1], 30000)
        ]  # fmt: skip
        return np.concatenate(rows, 1).reshape(*points.shape[:-1], 3)


def _side_points(boxes: Array) -> tuple[Array, Array]:
    """Points in mm (N, 4, P, 2) along the sides (top, right, bottom, left) and the outward directions (4, 2)."""
    center, half = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]) / 2
    ones = np.ones_like(ALONG)
    units = np.stack([np.stack(pair, -1) for pair in ((ALONG, -ones), (ones, ALONG), (ALONG, ones), (-ones, ALONG))])
    points = center[:, None, None] + half[:, None, None] * units
    return points, np.array([[0.0, -1], [1, 0], [0, 1], [-1, 0]])


def _gaps(pose: Pose) -> Array:
    """(N, 4) mm from the sides of the patches to the nearest patch beyond, at most half a patch."""
    boxes = pose.boxes()
    size = np.stack([boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]], 1)
    gaps = np.repeat(size[:, [1, 0, 1, 0]] / 2, 1, axis=1)
    left, top, right, bottom = boxes.T
    beside = (np.minimum(bottom[:, None], bottom) > np.maximum(top[:, None], top)) & ~np.eye(len(boxes), dtype=bool)
    above = (np.minimum(right[:, None], right) > np.maximum(left[:, None], left)) & ~np.eye(len(boxes), dtype=bool)
    for side, (far, mask) in enumerate((
        (top[:, None] - bottom, above), (left - right[:, None], beside),
        (top - bottom[:, None], above), (left[:, None] - right, beside),
    )):  # fmt: skip
        room = np.where(mask & (far > 0), far, np.inf).min(1)
        gaps[:, side] = np.minimum(gaps[:, side], room)
    return gaps


def read_edges(pose: Pose, window: Window, reach: float) -> Edges:
    """The edges within `reach` patches of where the pose has them."""
    boxes = pose.boxes()
    points, outward = _side_points(boxes)
    side = (boxes[:, 2:] - boxes[:, :2]).mean()
    gap = _gaps(pose)  # (N, 4)
    inward = np.full(gap.shape, min(reach, 0.42) * side)
    out = np.minimum(gap * 0.5 + max(reach - 0.25, 0) * side, reach * side)
    share = np.linspace(0, 1, TAPS)
    distance = -inward[..., None] + (inward + out)[..., None] * share  # (N, 4, T)
    lines = points[:, :, :, None] + distance[:, :, None, :, None] * outward[None, :, None, None]
    placed = pose.place(lines)  # (N, 4, P, T, 2)
    color = window.at(placed)
    valid = np.isfinite(color).all((-1, -2))
    color = np.nan_to_num(color)
    # the middle of the patch and the gap's own color, of the whole side
    with np.errstate(invalid="ignore"):
        inner = np.median(color[..., : TAPS // 4, :], axis=(2, 3))
        outer = _board(color, distance, gap)
    vector = inner - outer
    contrast = np.sqrt((vector**2).sum(-1))
    strong = contrast > LEAST_CONTRAST * np.median(contrast)
    mix = ((color - outer[:, :, None, None]) * vector[:, :, None, None]).sum(-1)
    mix = mix / np.maximum((vector**2).sum(-1), 1e-12)[:, :, None, None]  # 1 in the patch, 0 on the board
    below = mix < 0.5
    first = below.argmax(-1)
    crossed = below.any(-1) & (first > 1) & valid & strong[..., None]
    before = np.take_along_axis(mix, np.maximum(first - 1, 0)[..., None], -1)[..., 0]
    after = np.take_along_axis(mix, first[..., None], -1)[..., 0]
    part = np.clip((before - 0.5) / np.maximum(before - after, 1e-6), 0, 1)
    at = np.maximum(first - 1, 0) + part
    index = np.argwhere(crossed)
    low = np.floor(at).astype(int).clip(0, TAPS - 2)
    start = np.take_along_axis(placed, low[..., None, None], 3)[..., 0, :]
    end = np.take_along_axis(placed, low[..., None, None] + 1, 3)[..., 0, :]
    found = start + (end - start) * (at - low)[..., None]
    normals = placed[..., -1, :] - placed[..., 0, :]
    normals /= np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-9)
    off = np.abs(np.take_along_axis(distance, low.reshape(*low.shape[:2], -1), 2))
    placed_well = crossed & (off < NEAR * side)
    seen = placed_well.sum() / max((valid & strong[..., None]).sum(), 1)
    return Edges(found[crossed], index, normals[crossed], float(seen))


def _board(color: Array, distance: Array, gap: Array) -> Array:
    """(N, 4, 3): the color at the middle of the gap beyond each side (the darkest median of the last taps)."""
    tail = np.median(color, axis=2)  # (N, 4, T, 3)
    beyond = tail[..., TAPS // 2 :, :]
    darkest = beyond.sum(-1).argmin(-1)
    return np.take_along_axis(beyond, darkest[..., None, None], 2)[..., 0, :]


def _fitted(pose: Pose, edges: Edges) -> tuple[Pose, float]:
    """The pose after Gauss-Newton steps on these edges, and the robust spread of the distances in pixels."""
    index = tuple(edges.index.T)
    unit = pose.patch_px()
    start = pose.numbers
    sd = np.concatenate([np.full(8, 1e3 * unit), [DISTORTION_SD], [SCALE_SD, SCALE_SD]])
    center = np.concatenate([start[:8], [0.0, 1.0, 1.0]])
    steps = np.concatenate([np.full(8, STEP * unit), [STEP, STEP, STEP]])

    def distances(numbers: Array) -> Array:
        tried = pose.with_numbers(numbers)
        places = tried.place(_side_points(tried.boxes())[0])[index]
        return ((edges.points - places) * edges.normals).sum(1)

    numbers, spread = start, 0.0
    for _ in range(4):
        off = distances(numbers)
        spread = 1.4826 * float(np.median(np.abs(off))) + 1e-3
        weight = np.minimum(1.0, HUBER * spread / np.maximum(np.abs(off), 1e-9))
        weight = np.where(np.abs(off) > 6 * spread, 0.0, weight) / spread**2
        slope = np.stack([(distances(numbers + step) - off) / step.sum() for step in np.diag(steps)], 1)
        normal = slope.T @ (slope * weight[:, None]) + np.diag(1 / sd**2)
        right = slope.T @ (off * weight) + (numbers - center) / sd**2
        move = np.linalg.solve(normal, right)
        numbers = numbers - move
        if np.abs(move[:8]).max() < 0.002 * unit:
            break
    return pose.with_numbers(numbers), spread
