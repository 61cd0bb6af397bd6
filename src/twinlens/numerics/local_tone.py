"""Local tone: how much each place of a scene is darkened or lifted so that highlights and shadows come closer to mid
grey.

A base layer of log2 luminance, smooth but with the scene's edges, is compressed; detail, its difference to the
luminance, stays as it is. The base is a guided filter's (He, Sun & Tang, "Guided Image Filtering", 2013): a local line
base = a * log2(Y) + b, fitted on the reduced picture and applied to the luminance at any size (He & Sun, "Fast Guided
Filter", 2015), which keeps edges where they are. The slope a = s^2 / (s^2 + softness^2) of the local variance s parts
edge from detail more sharply than s / (s + softness), which halves the halo. Compression of a base layer: Durand &
Dorsey, "Fast Bilateral Filtering for the Display of High-Dynamic-Range Images", 2002.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.numerics.color import XYZ_FROM_REC2020
from twinlens.numerics.maps import cells, pooled

Array = npt.NDArray[Any]

LUMINANCE = XYZ_FROM_REC2020[1].astype(np.float32)
FLOOR = 2.0**-11  # added to luminance: far under it all is equally black, so noise is not lifted
ANCHOR = float(np.log2(0.18 + FLOOR))  # log2 of mid grey: it stays where it is

CELLS = 320  # of the longer side of the maps
RADIUS = 7  # cells, of the windows in which the line is fitted: some 2 % of the longer side
SOFTNESS = 0.08  # squared stops: variance below it is detail, above it is an edge

SLOPE = 0.42  # of the compression at mid grey, at strength 1
HIGHLIGHTS = 1.4  # EV: the most that highlights are lowered, at strength 1
SHADOWS = 3.2  # EV under mid grey where shadows are lifted most; what is darker is lifted less and stays dark


def log_luminance(rgb: Array) -> Array:
    """log2 of the luminance of scene-linear Rec. 2020 (..., 3), above a floor."""
    return np.log2(np.maximum(rgb @ LUMINANCE, 0) + np.float32(FLOOR))


def maps_of(scan: Array) -> Array:
    """The local lines (rows, columns, 2) of a and b, from the whole picture (H, W, 3) at reduced size."""
    height, width = scan.shape[:2]
    rows, columns = cells(height, width, CELLS)
    light = sum(LUMINANCE[c] * np.asarray(scan[..., c], np.float32) for c in range(3))
    light = np.log2(np.maximum(pooled(np.asarray(light), rows, columns), 0) + FLOOR)
    mean = _box(light)
    spread = np.maximum(_box(light * light) - mean * mean, 0)
    a = spread**2 / (spread**2 + SOFTNESS**2)
    return np.stack([_box(a), _box(mean - a * mean)], axis=-1).astype(np.float32)


def _box(values: Array) -> Array:
    """Means over squares of side 2 RADIUS + 1, smaller at the border."""
    for axis in (0, 1):
        count = values.shape[axis]
        sums = np.insert(np.cumsum(values, axis), 0, 0.0, axis)
        place = np.arange(count)
        above, below = np.minimum(place + RADIUS + 1, count), np.maximum(place - RADIUS, 0)
        shape = [-1 if i == axis else 1 for i in range(2)]
        values = (np.take(sums, above, axis) - np.take(sums, below, axis)) / (above - below).reshape(shape)
    return values


def stops_for(base: Array, strength: float) -> Array:
    """The change (EV) for a base layer (log2 luminance): lowers highlights, lifts shadows, 0 at mid grey."""
    distance = base - ANCHOR
    rise = SLOPE * np.abs(distance)
    down = rise / (1 + rise / HIGHLIGHTS)
    up = rise / (1 + (distance / SHADOWS) ** 2)
    return strength * np.where(distance > 0, -down, up)


def local_tone(rgb: Array, lines: Array, strength: float, gain: float = 1.0) -> Array:
    """Scene-linear RGB (..., 3) after local tone with the lines (..., 2) of its places, and a gain."""
    base = lines[..., 0] * log_luminance(rgb) + lines[..., 1]
    return rgb * (gain * np.exp2(stops_for(base, strength)))[..., None].astype(np.float32)
