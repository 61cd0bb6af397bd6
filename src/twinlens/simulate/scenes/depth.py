"""Depth: how far the things of a scene are, where nobody measured it: plausible, smooth, in layers."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

NEAREST_M, FARTHEST_M = 1.5, 12.0
_LAYER = 0.25  # how far a region may lie before or behind the plane of ground and background, as a share of nearness


def layered_depth(labels: Array, seed: int) -> Array:
    """Depth (H, W) float32 in m for regions `labels` (H, W): near below, far above, and each region in its own layer.

    Nearness (1/m) is what moves a picture seen from another place, so it is what is drawn and smoothed.
    """
    import cv2

    height, width = labels.shape
    small = np.asarray(cv2.resize(labels, (min(width, 256), min(height, 192)), interpolation=cv2.INTER_NEAREST))
    rise = np.linspace(1 / FARTHEST_M, 1 / NEAREST_M, small.shape[0], dtype=np.float32)[:, None]
    layer = 1 + _LAYER * np.random.default_rng([seed, 7]).uniform(-1, 1, 256).astype(np.float32)
    nearness = cv2.GaussianBlur(rise * layer[small.astype(int)], (0, 0), small.shape[1] / 60)
    return 1 / cv2.resize(nearness, (width, height), interpolation=cv2.INTER_LINEAR)
