"""Regions: a picture divided into parts of like color and place, each of one material.

k-means over Oklab (lightness weighs little: shading is not another material) and place, on a small copy; each pixel
then belongs to its nearest mean. The labels of large pictures are as coarse as the copy they are found on.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.numerics import color

Array = npt.NDArray[Any]

MOST_REGIONS = 256
_LARGEST_PX = 700_000  # of the copy that is labelled
_SAMPLES = 12_000
_ROUNDS = 12
_LIGHTNESS, _PLACE = 0.3, 0.06  # weights against a, b of Oklab; place is -1 to 1 over the frame's longer side
_REC2020_FROM_SRGB = color.rgb_from_rgb("rec2020", "srgb").astype(np.float32)


def regions(rgb: Array, count: int, seed: int) -> tuple[Array, Array]:
    """Labels (H, W) uint8 and the mean color of each region (count, 3) of linear sRGB light (H, W, 3)."""
    import cv2

    height, width = rgb.shape[:2]
    step = max(int(np.ceil(np.sqrt(height * width / _LARGEST_PX))), 1)
    size = (-(-width // step), -(-height // step))
    planes = [cv2.resize(rgb[..., channel], size, interpolation=cv2.INTER_AREA) for channel in range(3)]
    small = np.stack(planes, axis=-1)
    features = _features(small)
    centers = _means(features.reshape(-1, 5), count, np.random.default_rng([seed, 5]))
    labels = _nearest(features.reshape(-1, 5), centers).astype(np.uint8)
    sums = np.stack([np.bincount(labels, one, count) for one in small.reshape(-1, 3).T], axis=1)
    means = sums / np.maximum(np.bincount(labels, minlength=count), 1)[:, None]
    labels = cv2.resize(labels.reshape(small.shape[:2]), (width, height), interpolation=cv2.INTER_NEAREST)
    return labels, np.maximum(means, 0)


def _features(rgb: Array) -> Array:
    """(h, w, 5): a, b, weighted lightness, weighted place."""
    height, width = rgb.shape[:2]
    lab = color.oklab_from_rec2020(np.maximum(rgb, 0) @ _REC2020_FROM_SRGB.T)
    y, x = np.mgrid[0:height, 0:width] * (2 / max(height, width))
    return np.stack([lab[..., 1], lab[..., 2], lab[..., 0] * _LIGHTNESS, y * _PLACE, x * _PLACE], -1).astype(np.float32)


def _means(features: Array, count: int, rng: np.random.Generator) -> Array:
    """(count, 5) means of Lloyd's rounds from drawn samples."""
    samples = features[rng.choice(len(features), min(_SAMPLES, len(features)), replace=False)]
    centers = samples[rng.choice(len(samples), count, replace=len(samples) < count)]
    for _ in range(_ROUNDS):
        labels = _nearest(samples, centers)
        sizes = np.bincount(labels, minlength=count)
        sums = np.stack([np.bincount(labels, column, count) for column in samples.T], axis=1)
        centers = np.where(sizes[:, None] > 0, sums / np.maximum(sizes, 1)[:, None], centers).astype(np.float32)
    return centers


def _nearest(features: Array, centers: Array) -> Array:
    """The index (N,) of the nearest center for features (N, 5)."""
    half = (centers**2).sum(axis=1) / 2
    found = np.empty(len(features), np.int64)
    for start in range(0, len(features), 20_000):
        part = slice(start, start + 20_000)
        found[part] = np.argmax(features[part] @ centers.T - half, axis=1)
    return found
