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
from twinlens.measure.chart.window import Window

FEWEST_POINTS = 24  # of edges, for a pose
LEAST_SEEN = 0.25  # share of the sides where they should be after the first step, to go on
ALONG = np.linspace(-0.62, 0.62, 5)  # places along a side, in half sides
OUTWARD = np.array([[0.0, -1], [1, 0], [0, 1], [-1, 0]])  # of the sides: top, right, bottom, left
SIDES = OUTWARD[:, None] + np.abs(OUTWARD[:, None, ::-1]) * ALONG[:, None]  # (4, P, 2), in half sides
REACHES = (0.42, 0.30, 0.22, 0.18)  # how far out of a side the lines reach, in patches; the gap bounds it too
LEAST_REACH = 0.30  # into a patch, and over the board's rim: nearer, blur has mixed what is to be told apart
STRAIGHTEN_AT = 2  # the number of the reach before which the tone curve is taken out
TAPS = 33
LUMA = np.array([[0.299], [0.587], [0.114]], np.float32)  # ITU-R BT.601, as JPEG has it
LEAST_CONTRAST = 0.25  # of the median contrast of all sides
BOARD_QUANTILE = 0.2  # of the board's colors along all sides
MOST_LIFTED = 0.25  # of the way from board to patch: more light from a neighbour hides the edge
DISTORTION_SD = 0.06  # how large k is expected to be
SCALE_SD = 0.12  # how far the patches are expected to differ from the stated size
HUBER = 1.5  # of the robust spread of the distances
STEP = 1e-3
NEAR = 0.06  # of a patch: an edge this near to its place counts as seen


@dataclass(frozen=True, eq=False)
class Edges:
    """What was read: `points` (M, 2) of edges in pixels, `index` (M, 3) of each: patch, side, place along it; `normals`
    (M, 2); `seen` is the share of the sides with contrast whose edge was where the pose said."""

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
    spread = 0.0
    for number, reach in enumerate(REACHES):
        if number == STRAIGHTEN_AT and plate.space is not None:
            window = window.straightened(pose)
        edges = read_edges(pose, window, reach)
        if len(edges.points) < FEWEST_POINTS or (number and edges.seen < LEAST_SEEN):
            return Refined(pose, float("inf"), edges.seen)
        pose, spread = _fitted(pose, edges)
    last = read_edges(pose, window, REACHES[-1])
    return Refined(pose, spread, last.seen)


def at_sides(boxes: Array, index: Array) -> Array:
    """Points in mm (M, 2) on the sides of boxes (N, 4), each by its patch, side and place (M, 3)."""
    patch, side, place = index.T
    center, half = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]) / 2
    return center[patch] + half[patch] * SIDES[side, place]


@dataclass(frozen=True, eq=False)
class Beyond:
    """What lies beyond each side (N, 4): `gap` mm to the nearest patch (inf without one), and that patch's number."""

    gap: Array
    patch: Array


def beyond(boxes: Array) -> Beyond:
    """What lies beyond the sides (top, right, bottom, left) of boxes (N, 4)."""
    left, top, right, bottom = boxes.T
    others = ~np.eye(len(boxes), dtype=bool)
    beside = (np.minimum(bottom[:, None], bottom) > np.maximum(top[:, None], top)) & others
    above = (np.minimum(right[:, None], right) > np.maximum(left[:, None], left)) & others
    ways = ((top[:, None] - bottom, above), (left - right[:, None], beside),
            (top - bottom[:, None], above), (left[:, None] - right, beside))  # fmt: skip
    room = np.stack([np.where(mask & (far > 0), far, np.inf) for far, mask in ways], 1)  # (N, 4, N)
    return Beyond(room.min(2), room.argmin(2))


@dataclass(frozen=True, eq=False)
class Profiles:
    """Colors read across the sides. `color` (N, 4, P, T, 3) at `distance` (N, 4, T) mm outward of the side, at points
    `placed` (N, 4, P, T, 2) of the picture; `mix` (N, 4, P, T): 1 the patch's own color, 0 the board's; `half` (N, 4):
    the mixture at an edge; `usable` (N, 4, P)."""

    distance: Array
    placed: Array
    mix: Array
    half: Array
    usable: Array


def read_edges(pose: Pose, window: Window, reach: float) -> Edges:
    """The edges within `reach` patches of where the pose has them."""
    read = _profiles(pose, window, reach)
    at, crossed = _crossing(read.mix, read.half[..., None])
    crossed &= read.usable
    low = np.floor(at).astype(int).clip(0, TAPS - 2)
    start = np.take_along_axis(read.placed, low[..., None, None], 3)[..., 0, :]
    end = np.take_along_axis(read.placed, low[..., None, None] + 1, 3)[..., 0, :]
    found = start + (end - start) * (at - low)[..., None]
    along = read.placed[:, :, -1, TAPS // 2] - read.placed[:, :, 0, TAPS // 2]  # a tilted chart's sides are not square
    across = np.stack([along[..., 1], -along[..., 0]], -1) / np.maximum(np.linalg.norm(along, axis=-1), 1e-9)[..., None]
    normals = np.broadcast_to(across[:, :, None], found.shape)
    off = np.abs(np.take_along_axis(read.distance, low.reshape(*low.shape[:2], -1), 2))
    boxes = pose.boxes()
    placed_well = crossed & (off < NEAR * (boxes[:, 2:] - boxes[:, :2]).mean())
    seen = placed_well.sum() / max(read.usable.sum(), 1)
    return Edges(found[crossed], np.argwhere(crossed), normals[crossed], float(seen))


def _profiles(pose: Pose, window: Window, reach: float) -> Profiles:
    boxes = pose.boxes()
    center, half = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]) / 2
    points = center[:, None, None] + half[:, None, None] * SIDES
    side = (boxes[:, 2:] - boxes[:, :2]).mean()
    next_to = beyond(boxes)
    inward = np.full(next_to.gap.shape, max(reach, LEAST_REACH) * side)
    out = np.minimum(np.minimum(next_to.gap, side / 2) * 0.5 + max(reach - 0.25, 0) * side, reach * side)
    out = np.where(np.isinf(next_to.gap), np.maximum(out, LEAST_REACH * side), out)
    distance = -inward[..., None] + (inward + out)[..., None] * np.linspace(0, 1, TAPS)
    placed = pose.place(points[:, :, :, None] + distance[:, :, None, :, None] * OUTWARD[None, :, None, None])
    color = window.at(placed)
    if window.is_rendered:  # JPEG keeps color at half the size: only its lightness has sharp edges
        color = color @ LUMA
    valid = np.isfinite(color).all((-1, -2))
    color = np.nan_to_num(color)
    own = np.median(color[..., : TAPS // 4, :], axis=(2, 3))  # (N, 4, C)
    board = _board(color)
    vector = own - board
    square = np.maximum((vector**2).sum(-1), 1e-12)
    strong = np.sqrt(square) > LEAST_CONTRAST * np.median(np.sqrt(square))
    mix = ((color - board[:, :, None, None]) * vector[:, :, None, None]).sum(-1) / square[:, :, None, None]
    usable = valid & strong[..., None]
    other = np.median(own, axis=1)[next_to.patch] - board
    lifted = np.clip((other * vector).sum(-1) / square, 0, 3) * _tail(next_to.gap, _blur_mm(mix, distance, usable))
    return Profiles(distance, placed, mix, 0.5 + lifted, usable & (lifted < MOST_LIFTED)[..., None])


def _board(color: Array) -> Array:
    """(N, 4, C): the board beyond each side: the darkest of its last taps, or the chart's own where blur lifts that."""
    tail = np.median(color, axis=2)[..., TAPS // 2 :, :]
    darkest = np.take_along_axis(tail, tail.sum(-1).argmin(-1)[..., None, None], 2)[..., 0, :]
    return np.minimum(darkest, np.quantile(darkest.reshape(-1, color.shape[-1]), BOARD_QUANTILE, axis=0))


def _crossing(mix: Array, level: Array) -> tuple[Array, Array]:
    """Where (in taps) the mixture first falls below a level from the patch outward, and whether it does."""
    under = mix < level[..., None]
    first = np.maximum(under.argmax(-1), 1)
    before = np.take_along_axis(mix, first[..., None] - 1, -1)[..., 0]
    after = np.take_along_axis(mix, first[..., None], -1)[..., 0]
    part = np.clip((before - level) / np.maximum(before - after, 1e-6), 0, 1)
    return first - 1 + part, under.any(-1) & (under.argmax(-1) > 1)


def _blur_mm(mix: Array, distance: Array, usable: Array) -> float:
    """The standard deviation of the blur: from three quarters to a half of an edge it is 0.674 of it."""
    quarter, has_quarter = _crossing(mix, np.full((1, 1, 1), 0.75))
    half, has_half = _crossing(mix, np.full((1, 1, 1), 0.5))
    tap = (distance[..., 1] - distance[..., 0])[..., None]
    width = ((half - quarter) * tap)[has_quarter & has_half & usable]
    return float(np.median(width)) / 0.674 if width.size else 0.0


def _tail(gap: Array, sigma: float) -> Array:
    """The share of a neighbour's light at an edge that is a gap away: the tail of the normal distribution."""
    from math import erfc

    share = gap / max(sigma, 1e-6) / np.sqrt(2)
    return np.array([erfc(min(float(one), 30.0)) / 2 for one in share.ravel()]).reshape(gap.shape)


def _fitted(pose: Pose, edges: Edges) -> tuple[Pose, float]:
    """The pose after Gauss-Newton steps on these edges, and the robust spread of the distances in pixels."""
    unit = pose.patch_px()
    start = pose.numbers
    sd = np.concatenate([np.full(8, 1e3 * unit), [DISTORTION_SD], [SCALE_SD, SCALE_SD]])
    center = np.concatenate([start[:8], [0.0, 1.0, 1.0]])
    steps = np.concatenate([np.full(8, STEP * unit), [STEP, STEP, STEP]])

    def distances(numbers: Array) -> Array:
        tried = pose.with_numbers(numbers)
        places = tried.place(at_sides(tried.boxes(), edges.index))
        return ((edges.points - places) * edges.normals).sum(1)

    numbers, spread = start, 0.0
    for _ in range(3):
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
