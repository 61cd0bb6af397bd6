"""Features: a picture as registration sees it: small, in grey, with points that can be found again.

Points and descriptors are SIFT's (Lowe, "Distinctive image features from scale-invariant keypoints", IJCV 60(2), 2004),
compared by their square roots (Arandjelovic and Zisserman, "Three things everyone should know to improve object
retrieval", CVPR 2012, section 2).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.record import record

Array = npt.NDArray[Any]

POINTS = 3000
LEAST_CONTRAST = 0.02  # of SIFT's points; 0.04 is usual, and misses what lies in the shadows
STRETCH = (1.0, 99.0)  # percentiles that become black and white


@record(eq=False)
class Features:
    """`small` (h, w, 3) uint8 and `grey` (h, w) uint8, stretched; `points` (N, 2) x, y in px of `small`; `descriptors`
    (N, 128) of length 1; `shape` (height, width) in full."""

    small: Array
    grey: Array
    points: Array
    descriptors: Array
    shape: tuple[int, int]

    @property
    def small_from_full(self) -> Array:
        """The 3x3 from places of the full picture to those of the small one."""
        x, y = self.small.shape[1] / self.shape[1], self.small.shape[0] / self.shape[0]
        return np.array([[x, 0, (x - 1) / 2], [0, y, (y - 1) / 2], [0, 0, 1]])


def describe(picture: Array, work_px: int = 1024, points: int = POINTS) -> Features:
    """The features of a picture (H, W) or (H, W, 3), reduced to `work_px` on its long edge."""
    import cv2

    height, width = picture.shape[:2]
    scale = min(work_px / max(height, width), 1.0)
    size = max(round(width * scale), 8), max(round(height * scale), 8)
    small = as_codes(cv2.resize(np.ascontiguousarray(picture), size, interpolation=cv2.INTER_AREA))
    grey = stretched(small)
    sift = cv2.SIFT_create(nfeatures=points, contrastThreshold=LEAST_CONTRAST)  # type: ignore[attr-defined]
    found, descriptors = sift.detectAndCompute(grey, None)
    places = np.array([one.pt for one in found], np.float64).reshape(-1, 2)
    if descriptors is None or not len(places):
        return Features(small, grey, np.zeros((0, 2)), np.zeros((0, 128), np.float32), (height, width))
    roots = np.sqrt(descriptors / np.maximum(descriptors.sum(1, keepdims=True), 1e-6))
    return Features(small, grey, places, roots.astype(np.float32), (height, width))


def as_codes(picture: Array) -> Array:
    """(h, w, 3) uint8 of a picture in uint8, uint16, or float 0 to 1."""
    if picture.ndim == 2:
        picture = np.repeat(picture[..., None], 3, axis=2)
    if picture.dtype == np.uint8:
        return np.ascontiguousarray(picture)
    most = 65535.0 if picture.dtype.kind == "u" else 1.0
    codes = np.nan_to_num(picture.astype(np.float32), nan=0.0, posinf=most, neginf=0.0) * np.float32(255 / most)
    return np.ascontiguousarray(np.clip(codes + np.float32(0.5), 0, 255).astype(np.uint8))


def stretched(small: Array) -> Array:
    """Grey (h, w) uint8 over the whole range, whatever the exposure."""
    import cv2

    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
    low, high = np.percentile(grey, STRETCH)
    return np.clip((grey - low) * np.float32(255 / max(high - low, 8.0)), 0, 255).astype(np.uint8)


def alike(one: Features, other: Features, ratio: float = 0.85) -> Array:
    """(M, 2) indices of points that are each other's nearest, and clearly nearer than the second (Lowe, section 7.1).

    Distances are compared as squares: 2 - 2 cos.
    """
    if len(one.points) < 2 or len(other.points) < 2:
        return np.zeros((0, 2), np.intp)
    cosine = one.descriptors @ other.descriptors.T
    nearest = cosine.argmax(1)
    rows = np.arange(len(nearest))
    best = cosine[rows, nearest]
    mutual = cosine.argmax(0)[nearest] == rows
    cosine[rows, nearest] = -1
    second = cosine.max(1)
    clear = (1 - best) < ratio**2 * (1 - second)
    kept = np.flatnonzero(mutual & clear)
    return np.stack([kept, nearest[kept]], 1)
