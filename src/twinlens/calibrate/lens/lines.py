"""Lines: distortion from what is straight in the world: the edges of a chart, of a house.

Source: D. C. Brown, "Close-Range Camera Calibration", Photogrammetric Engineering 37(8), 1971 (the plumb-line method).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.calibrate.lens import center_of, check_monotone
from twinlens.core.errors import ParameterError
from twinlens.core.fit import Fit
from twinlens.core.lens import LensWarp

Array = npt.NDArray[Any]


def fit_distortion_from_lines(lines: Sequence[Array], frame: tuple[int, int]) -> Fit[LensWarp]:
    """The radial warp that makes lines straight which are straight in the world.

    `lines` are (N, 2) points (x, y) in pixels along each, five or more. Only k1 and k2 are fitted. The residual is the
    rms distance from the straight lines in pixels; held out: every fourth line judged by the others' warp.
    """
    parts = [np.asarray(one, float) for one in lines]
    if len(parts) < 2 or any(one.ndim != 2 or one.shape[1] != 2 or len(one) < 5 for one in parts):
        raise ParameterError("two lines or more with five points (x, y) each are needed")
    middle, reach = center_of((0.5, 0.5), frame)
    places = [(one - middle) / reach for one in parts]

    def distances(k: Array, which: Sequence[Array]) -> Array:
        return np.concatenate([_off_line(_unwarped(one, k)) for one in which]) * reach

    k = _straightest(places, distances)
    row = np.array([[1.0, k[0], k[1], 0.0, 0.0, 0.0]])
    covered = max(float(np.linalg.norm(_unwarped(one, k), axis=1).max()) for one in places)
    found = LensWarp(row, (0.5, 0.5), frame, covered)
    check_monotone(found)
    held_out = None
    if len(places) >= 8:
        some = _straightest([one for i, one in enumerate(places) if i % 4 != 3], distances)
        held_out = float(np.sqrt(np.mean(distances(some, places[3::4]) ** 2)))
    errors = distances(k, places)
    return Fit(found, float(np.sqrt(np.mean(errors**2))), "px", errors.size, held_out)


def _straightest(places: Sequence[Array], distances: Any) -> Array:
    from scipy.optimize import least_squares

    return least_squares(lambda k: distances(k, places), np.zeros(2), loss="soft_l1", f_scale=0.5).x


def _unwarped(d: Array, k: Array) -> Array:
    """The corrected places of recorded ones (N, 2): Newton's method on the radius."""
    recorded = np.linalg.norm(d, axis=1)
    r = recorded.copy()
    for _ in range(6):
        r2 = r * r
        value, slope = r * (1 + r2 * (k[0] + r2 * k[1])), 1 + r2 * (3 * k[0] + 5 * r2 * k[1])
        r = np.clip(r - (value - recorded) / np.where(np.abs(slope) < 0.1, 0.1, slope), 0, 3)
    return d * (r / np.maximum(recorded, 1e-12))[:, None]


def _off_line(points: Array) -> Array:
    """Distances (N,) from the best line through points."""
    centered = points - points.mean(0)
    normal = np.linalg.svd(centered, full_matrices=False)[2][1]
    return centered @ normal
