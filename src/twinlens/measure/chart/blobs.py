"""Blobs: parts of a picture that may be patches of a chart: even, four-sided, set off from what is around them.

Two ways find them, each where the other fails. Levels: at each of several levels of brightness, what is brighter and
joined is a part (a patch on its dark board is one at some level, blurred or in a shadow too). Flats: what is even and
joined, within borders where the color changes (patches on any board).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from twinlens.core.image import Array

LEVEL_RANGE = (0.12, 0.93)  # of the cube root of light, 1: the picture's brightest
FLATNESS = (0.02, 0.045, 0.09)  # change over 3 pixels, in the same units
SMALLEST_SIDE = 7  # pixels
LARGEST_SHARE = 0.30  # of the picture's shorter side
LEAST_FILL = 0.36  # area over that of the upright box: a square on its corner has 0.5
LEAST_SOLIDITY = 0.86  # area over that of the convex hull
LEAST_QUAD = 0.81  # area of the hull over that of the four-sided outline around it: a disc has 0.79
LONGEST_SIDE = 3.2  # longest over shortest side
LEAST_SINE = 0.35  # of the angle at a corner
MOST_BLOBS = 900
BRIGHT_PERCENTILE = 99.5
THREADS = 2
CODES = 200.0  # of a byte for 1


@dataclass(frozen=True, eq=False)
class Blobs:
    """`quads` (N, 4, 2): corners in order around; `centers` (N, 2); `areas` (N,)."""

    quads: Array
    centers: Array
    areas: Array

    def __len__(self) -> int:
        return len(self.areas)


def perceptual(linear: Array) -> Array:
    """Cube roots of linear RGB (H, W, 3), each channel's bright end at 1, float32."""
    import cv2

    bright = np.percentile(linear[::3, ::3].reshape(-1, 3), BRIGHT_PERCENTILE, axis=0)
    scaled = np.clip(linear / np.maximum(bright, 1e-6).astype(np.float32), 0, 1.5)
    return np.asarray(cv2.pow(scaled, 1 / 3), np.float32)


def find(view: Array, levels: Sequence[int]) -> Blobs:
    """The blobs of a perceptual view (H, W, 3), looked for at full, half, quarter size, each with so many levels:
    blur and noise hide less of a large patch when the picture is small."""
    import cv2

    found: list[tuple[float, Array]] = []
    with ThreadPoolExecutor(THREADS) as pool:
        for octave, count in enumerate(levels):
            if octave:
                view = cv2.resize(view, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
            if min(view.shape[:2]) < 8 * SMALLEST_SIDE and octave:
                break
            for part in pool.map(lambda mask: _outlines(*mask), _masks(view, count)):
                found += [(quality, (quad + 0.5) * 2**octave - 0.5) for quality, quad in part]
    return _distinct(found)


def _masks(view: Array, levels: int) -> Iterator[tuple[Array, float]]:
    """Masks of what is above a level or flat, each with the pixels by which its parts are to be widened."""
    import cv2

    smooth = cv2.medianBlur(cv2.convertScaleAbs(view, alpha=CODES), 3)  # median and borders of bytes are quick
    value = _largest(smooth)
    for level in np.linspace(*LEVEL_RANGE, levels):
        yield cv2.threshold(value, level * CODES, 1, cv2.THRESH_BINARY)[1], 0.0
    kernel = np.ones((3, 3), np.uint8)
    change = _largest(cv2.subtract(cv2.dilate(smooth, kernel), cv2.erode(smooth, kernel)))
    for limit in FLATNESS:
        yield cv2.threshold(change, limit * CODES, 1, cv2.THRESH_BINARY_INV)[1], 1.0


def _largest(picture: Array) -> Array:
    """The largest channel of each pixel."""
    import cv2

    red, green, blue = cv2.split(picture)
    return cv2.max(cv2.max(red, green), blue)


def _outlines(mask: Array, grow: float) -> list[tuple[float, Array]]:
    """(quality, quad (4, 2)) of the joined parts of a mask that are four-sided; `grow` widens them by pixels."""
    import cv2

    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=4)
    if count < 2:
        return []
    height, width = mask.shape
    x, y, w, h, area = stats.T
    largest = LARGEST_SHARE * min(height, width)
    fits = (w >= SMALLEST_SIDE) & (h >= SMALLEST_SIDE) & (np.maximum(w, h) < 1.5 * largest) & (area < largest**2)
    fits &= (area > LEAST_FILL * w * h) & (area >= 0.7 * SMALLEST_SIDE**2)
    fits &= np.maximum(w, h) < LONGEST_SIDE * np.minimum(w, h)
    fits[0] = False
    found = []
    for index in np.flatnonzero(fits):
        left, top = x[index], y[index]
        part = (labels[top : top + h[index], left : left + w[index]] == index).astype(np.uint8)
        quad = _quad(part, float(area[index]))
        if quad is not None:
            found.append((quad[0], _grown(quad[1] + (left, top), grow)))
    return found


def _quad(part: Array, area: float) -> tuple[float, Array] | None:
    """The four-sided outline of a part with how well it fits (smaller is better); None when it has none."""
    import cv2

    contours, _ = cv2.findContours(part, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    hull = cv2.convexHull(max(contours, key=len))
    around = cv2.contourArea(hull)
    length = cv2.arcLength(hull, True)
    # the contour runs through pixel centers: half a pixel all round is missing
    solidity = area / max(around + length / 2, 1.0)
    if solidity < LEAST_SOLIDITY:
        return None
    if len(hull) < 4:
        return None
    quad = cv2.approxPolyN(hull, 4, ensure_convex=True).reshape(-1, 2).astype(float)
    fit = around / max(cv2.contourArea(quad.astype(np.float32)), 1.0)
    if len(quad) != 4 or fit < LEAST_QUAD or not _is_patch_like(quad):
        return None
    return abs(1 - fit) + (1 - min(solidity, 1)), quad


def _is_patch_like(quad: Array) -> bool:
    points = quad.tolist()
    sides = [(b[0] - a[0], b[1] - a[1]) for a, b in zip(points, points[1:] + points[:1], strict=True)]
    lengths = [math.hypot(*side) for side in sides]
    if min(lengths) < 0.7 * SMALLEST_SIDE or max(lengths) > LONGEST_SIDE * min(lengths):
        return False
    turns = zip(sides, sides[1:] + sides[:1], lengths, lengths[1:] + lengths[:1], strict=True)
    return all(abs(a[0] * b[1] - a[1] * b[0]) > LEAST_SINE * m * n for a, b, m, n in turns)


def _grown(quad: Array, pixels: float) -> Array:
    if not pixels:
        return quad
    center = quad.mean(0)
    arms = quad - center
    return center + arms * (1 + pixels * 1.4 / np.maximum(np.hypot(*arms.T), 1)[:, None])


def _distinct(found: list[tuple[float, Array]]) -> Blobs:
    """One blob of those that lie on each other with a like size: the best fitting one, of the larger half."""
    if not found:
        return Blobs(np.zeros((0, 4, 2)), np.zeros((0, 2)), np.zeros(0))
    quality = np.array([one[0] for one in found])
    quads = np.stack([one[1] for one in found])
    centers = quads.mean(1)
    areas = _areas(quads)
    order = np.argsort(quality, kind="stable")[: 4 * MOST_BLOBS]
    quads, centers, areas, quality = quads[order], centers[order], areas[order], quality[order]
    sides = np.sqrt(areas)
    alive, kept = np.ones(len(order), bool), []
    for index in range(len(order)):
        if not alive[index]:
            continue
        near = np.hypot(*(centers - centers[index]).T) < 0.3 * sides[index]
        near &= (areas < 1.7 * areas[index]) & (areas > areas[index] / 1.7)
        alive &= ~near
        same = np.flatnonzero(near & (quality < quality[index] + 0.05))
        kept.append(same[np.argsort(areas[same])[len(same) // 2]])
        if len(kept) == MOST_BLOBS:
            break
    return Blobs(quads[kept], centers[kept], areas[kept])


def _areas(quads: Array) -> Array:
    x, y = quads[..., 0], quads[..., 1]
    return np.abs((x * np.roll(y, -1, 1) - np.roll(x, -1, 1) * y).sum(1)) / 2
