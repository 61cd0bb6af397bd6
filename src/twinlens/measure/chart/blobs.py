"""Blobs: parts of a picture that may be patches of a chart: even, four-sided, set off from what is around them.

Two ways find them, each where the other fails. Levels: at each of several levels of brightness, what is brighter and
joined is a part (a patch on its dark board is one at some level, blurred or in a shadow too). Flats: what is even and
joined, within borders where the color changes (patches on any board).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twinlens.core.image import Array

LEVELS = np.linspace(0.10, 0.94, 22)  # of the cube root of light, 1 = the brightest of the picture
FLATNESS = (0.02, 0.045, 0.09)  # change over 3 pixels, in the same units
OCTAVES = 3
SMALLEST_SIDE = 7  # pixels
LARGEST_SHARE = 0.30  # of the picture's shorter side
LEAST_FILL = 0.36  # area over that of the upright box: a square on its corner has 0.5
LEAST_SOLIDITY = 0.86  # area over that of the convex hull
QUAD_RANGE = (0.80, 1.12)  # area of the hull over that of the four-sided outline
LONGEST_SIDE = 3.2  # longest over shortest side
LEAST_SINE = 0.35  # of the angle at a corner
MOST_BLOBS = 900
BRIGHT_PERCENTILE = 99.5


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


def find(view: Array) -> Blobs:
    """The blobs of a perceptual view (H, W, 3), looked for at full, half and quarter size: blur and noise hide less of
    a large patch when the picture is small."""
    import cv2

    found: list[tuple[float, Array]] = []
    for octave in range(OCTAVES):
        if octave:
            view = cv2.resize(view, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        if min(view.shape[:2]) < 8 * SMALLEST_SIDE and octave:
            break
        found += [(quality, (quad + 0.5) * 2**octave - 0.5) for quality, quad in _at_one_size(view, LEVELS)]
    return _distinct(found)


def _at_one_size(view: Array, levels: Array) -> list[tuple[float, Array]]:
    import cv2

    smooth = cv2.medianBlur(np.clip(view * 200, 0, 255).astype(np.uint8), 3).astype(np.float32) / 200
    value = smooth.max(2)
    found: list[tuple[float, Array]] = []
    for level in levels:
        found += _outlines((value > level).astype(np.uint8))
    kernel = np.ones((3, 3), np.uint8)
    change = (cv2.dilate(smooth, kernel) - cv2.erode(smooth, kernel)).max(2)
    for limit in FLATNESS:
        found += _outlines((change < limit).astype(np.uint8), grow=1.0)
    return found


def _outlines(mask: Array, grow: float = 0.0) -> list[tuple[float, Array]]:
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
    for tolerance in (0.04, 0.07, 0.1):
        corners = cv2.approxPolyDP(hull, tolerance * length, True)
        if len(corners) <= 4:
            break
    if len(corners) != 4:
        return None
    quad = corners[:, 0].astype(float)
    fit = around / max(cv2.contourArea(corners), 1.0)
    if not QUAD_RANGE[0] < fit < QUAD_RANGE[1] or not _is_patch_like(quad):
        return None
    return abs(1 - fit) + (1 - min(solidity, 1)), quad


def _is_patch_like(quad: Array) -> bool:
    sides = np.roll(quad, -1, 0) - quad
    lengths = np.hypot(*sides.T)
    if lengths.min() < 0.7 * SMALLEST_SIDE or lengths.max() > LONGEST_SIDE * lengths.min():
        return False
    other = np.roll(sides, -1, 0)
    sines = (sides[:, 0] * other[:, 1] - sides[:, 1] * other[:, 0]) / (lengths * np.roll(lengths, -1))
    return bool((np.abs(sines) > LEAST_SINE).all())


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
