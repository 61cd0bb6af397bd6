"""Shading: what changes smoothly from the middle of a picture to its corners: color, and where things lie."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.compare.features.robust import ridge
from twinlens.compare.frame_joint import Joint
from twinlens.numerics.color import rgb_from_rgb

Array = npt.NDArray[Any]

_MOST_CHROMA = 0.12  # |c|; ratios of channels say more about the rendering of color in more colorful blocks
_LEAST_BLOCKS = 200
_LEAST_SPAN = 0.5  # of the radius that blocks have to cover
_PENALTY = 1e-6
_LEAST_ERROR = 0.005


def features(frame: Joint) -> dict[str, Array]:
    """`shading_red`, `shading_blue` (100 ln at the corner) and `distortion` (% at the corner) of each shot (N,)."""
    nothing = np.full(len(frame.shots), np.nan)
    radial = 100 * np.array([one.radial for one in frame.shots])
    told = {"shading_red": nothing, "shading_blue": nothing, "distortion": _against_sets(frame, radial)}
    used = (frame.color > 0) & (np.abs(frame.c) < _MOST_CHROMA)
    if any(one.picture.is_mono for one in frame.shots) or used.sum() < _LEAST_BLOCKS:
        return told
    if min(float(np.ptp(radius[used])) for radius in frame.radii) < _LEAST_SPAN:
        return told
    ratios = _ratios(frame)[:, used]
    mean = frame.mean(ratios)
    a, b, u = np.real(frame.c[used]), np.imag(frame.c[used]), frame.u[used] - frame.middle
    for number, key in enumerate(("shading_red", "shading_blue")):
        values = []
        for ratio, radius in zip(ratios, frame.radii[:, used], strict=True):
            own = [np.ones_like(u), a, b, a**2, b**2, a * b, u, u**2, radius**2]
            columns = np.stack(own, axis=1)
            wanted = ratio[..., number] - mean[..., number]
            solution = ridge(columns, wanted, frame.color[used], _PENALTY * np.eye(len(own)), _LEAST_ERROR)
            values.append(100 * float(solution[-1]))
        told[key] = np.array(values)
    return told


def _ratios(frame: Joint) -> Array:
    """(N, M, 2): natural logarithms of red and of blue over green, in linear sRGB."""
    srgb = np.log(np.maximum(frame.light @ rgb_from_rgb("srgb", "rec2020").T, 1e-4))
    return srgb[..., (0, 2)] - srgb[..., 1:2]


def _against_sets(frame: Joint, values: Array) -> Array:
    """Values (N,) against the mean of the sets; that of the scene's anchor, 0 by definition, is as good as others."""
    return values - frame.mean(values[:, None])[0]
