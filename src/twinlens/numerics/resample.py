"""Resample: a picture at another size, by the Lanczos-3 filter in linear light, rows and columns one after the other.

Output pixel i looks at the place (i + 0.5) * n_in / n_out - 0.5 of the input with the filter
L(t) = sinc(t) sinc(t / 3), |t| < 3, stretched by n_in / n_out when that is above 1, so that no detail folds over.
The weights of a pixel sum to 1. Beyond the edge the picture goes on by reflection (no repeat of the edge pixel).
The reference of the kernel `resample`.

Sources: C. Duchon, "Lanczos filtering in one and two dimensions", J. Applied Meteorology 18, 1979; K. Turkowski,
"Filters for common resampling tasks", Graphics Gems, 1990 (window of three lobes).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

LOBES = 3


@lru_cache(maxsize=16)
def weights(n_in: int, n_out: int) -> tuple[Array, Array]:
    """First input pixel (n_out,) int32 and weights (n_out, taps) float32 of every output pixel, inside the input."""
    ratio = n_in / n_out
    stretch = max(ratio, 1.0)
    center = (np.arange(n_out) + 0.5) * ratio - 0.5
    reach = int(np.ceil(LOBES * stretch))
    place = np.floor(center).astype(int)[:, None] + np.arange(-reach, reach + 1)
    distance = (place - center[:, None]) / stretch
    plain = np.where(np.abs(distance) < LOBES, np.sinc(distance) * np.sinc(distance / LOBES), 0)
    plain /= plain.sum(axis=1, keepdims=True)
    taps = min(place.shape[1], n_in)
    start = np.clip(place[:, 0], 0, n_in - taps)
    folded = np.zeros((n_out, taps))
    np.add.at(folded, (np.arange(n_out)[:, None], _reflected(place, n_in) - start[:, None]), plain)
    return start.astype(np.int32), folded.astype(np.float32)


def _reflected(place: Array, size: int) -> Array:
    """Indices brought inside 0 to size - 1 by reflection at the edge pixels."""
    period = max(2 * (size - 1), 1)
    place = np.abs(place) % period
    return np.minimum(place, period - place) if size > 1 else np.zeros_like(place)


def resample(rgb: Array, rows: tuple[Array, Array], columns: tuple[Array, Array]) -> Array:
    """(n, m, 3) of (H, W, 3), never below 0; `rows` and `columns` are first pixels and weights, as from `weights`."""
    (top, down), (left, across) = rows, columns
    tall = np.zeros((top.size, *rgb.shape[1:]))
    for tap in range(down.shape[1]):
        tall += down[:, tap, None, None] * rgb[top + tap]
    wide = np.zeros((top.size, left.size, rgb.shape[2]))
    for tap in range(across.shape[1]):
        wide += across[None, :, tap, None] * tall[:, left + tap]
    return np.maximum(wide, 0).astype(np.float32)
