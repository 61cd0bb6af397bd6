"""Tone: how a shot renders brightness against the joint frame, as a curve, a local and a radial part at once.

    log2 Y - u = f(u) - p1 b1 - p2 b2 - h b3 + k2 r^2 + k4 r^4 + q1 Re c + q2 Im c

f is a piecewise linear curve, held smooth; b1 and b2 are the brightness of the surroundings, smooth and stopping at
edges: tone mapping that compresses what is bright and dark at large, and keeps detail, has p1 + p2 > 0; b3 is that of
the nearest blocks against the own one: halos of sharpening that are wider than a block go with it, and without h would
be taken for tone; r is the distance from the middle of the shot; c is the chroma, as colors may be made brighter or
darker than grey. They are fitted together, because each alone would explain a share of the others. f is the curve of
greys (of the scene's mean color where it has none) in given surroundings.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.compare.features.robust import NORMAL_MAD, ridge, weighted_median
from twinlens.compare.frame_joint import Joint
from twinlens.core.record import record

Array = npt.NDArray[Any]

NODES = np.arange(-7.0, 3.6, 0.5)  # EV about the middle
_SMOOTH, _FLAT = 2e-3, 1e-7  # penalties of the second differences of f, and of its size
_LOCAL, _RADIAL = 0.15, 0.5  # prior standard deviations of p1 and p2; of k2 and k4 (EV)
_HALO = 0.2  # the same of h
_TINTED = 1.0  # the same of q1 and q2 (EV; of usual colors, |c| of 0.15, a seventh of it)
_AREAS = 12.0  # independent places in a picture: blocks near each other err alike
_LEAST_ERROR = 0.02  # EV
SHADOW_EV, HIGHLIGHT_EV, CONTRAST_EV = -3.0, 1.5, 1.0
_NEAR, _LEAST_BLOCKS = 0.6, 12  # EV about a place of the curve, and the blocks needed there


@record(kw_only=True, eq=False)
class ToneFit:
    """Of one shot: `curve` (len(NODES),) EV at the nodes, `local` p1 + p2, `radial` (2,); `left`: error (EV)."""

    curve: Array
    local: float
    radial: Array
    left: float

    def at(self, place: float) -> float:
        """The curve at EV about the middle."""
        return float(np.interp(place, NODES, self.curve))

    @property
    def corner(self) -> float:
        """EV of the corner against the middle."""
        return float(self.radial.sum())


def fits(frame: Joint) -> list[ToneFit]:
    """One fit a shot."""
    hats, tinted = _hats(frame.u - frame.middle), _tinted(frame)
    found = []
    for level, radius in zip(frame.levels, frame.radii, strict=True):
        radial = np.stack([radius**2, radius**4], axis=1)
        columns = np.concatenate([hats, -frame.bases, radial, tinted], axis=1)
        wanted = level - frame.u
        solution = ridge(columns, wanted, frame.tone, _penalty(_left(hats, wanted, frame.tone)), _LEAST_ERROR)
        left = float(np.median(np.abs(wanted - columns @ solution)))
        count = len(NODES)
        found.append(
            ToneFit(
                curve=solution[:count],
                local=float(solution[count] + solution[count + 1]),
                radial=solution[count + 3 : count + 5],
                left=left,
            )
        )
    return found


def _hats(places: Array) -> Array:
    """(M, nodes): weights of the two nodes about each place; beyond the ends those of the end."""
    step = NODES[1] - NODES[0]
    index = np.clip(((places - NODES[0]) / step).astype(int), 0, len(NODES) - 2)
    share = np.clip((places - NODES[index]) / step, 0, 1)
    hats = np.zeros((len(places), len(NODES)))
    rows = np.arange(len(places))
    hats[rows, index], hats[rows, index + 1] = 1 - share, share
    return hats


def _tinted(frame: Joint) -> Array:
    """(M, 2): c, against grey or, in scenes without grey, the mean color."""
    c = frame.c if frame.has_grey else frame.c - np.average(frame.c, weights=frame.tone)
    return np.stack([np.real(c), np.imag(c)], axis=1)


def _left(hats: Array, wanted: Array, weight: Array) -> float:
    """What a curve alone leaves (EV, standard deviation): how sure the other parts can be."""
    alone = _penalty(0.0)[: len(NODES), : len(NODES)]
    left = np.abs(wanted - hats @ ridge(hats, wanted, weight, alone, _LEAST_ERROR))
    return max(NORMAL_MAD * weighted_median(left, weight), _LEAST_ERROR)


def _penalty(error: float) -> Array:
    """Of the curve, for smoothness; of the other parts, for an error (EV) that is alike within an area: what a curve
    explains nearly as well is the curve's.
    """
    count = len(NODES)
    second = np.diff(np.eye(count), 2, axis=0)
    priors = np.array([_LOCAL, _LOCAL, _HALO, _RADIAL, _RADIAL, _TINTED, _TINTED])
    whole = np.zeros((count + len(priors),) * 2)
    whole[:count, :count] = _SMOOTH / count * second.T @ second + _FLAT * np.eye(count)
    whole[count:, count:] = np.diag(error**2 / _AREAS / priors**2)
    return whole


def features(frame: Joint, found: list[ToneFit]) -> dict[str, Array]:
    """Values (N,) by key, nan where the scene has nothing at that brightness."""
    places = frame.u - frame.middle
    has = {place: _is_covered(places, place) for place in (SHADOW_EV, HIGHLIGHT_EV, -CONTRAST_EV, CONTRAST_EV)}
    middle = np.array([one.at(0) for one in found])
    slope = np.array([(one.at(CONTRAST_EV) - one.at(-CONTRAST_EV)) / (2 * CONTRAST_EV) for one in found])
    shadow, highlight = (np.array([one.at(place) for one in found]) - middle for place in (SHADOW_EV, HIGHLIGHT_EV))
    nothing = np.full(len(found), np.nan)
    return {
        "exposure": middle,
        "tone_contrast": 100 * np.log(np.maximum(1 + slope, 0.05))
        if has[-CONTRAST_EV] and has[CONTRAST_EV]
        else nothing,
        "tone_shadow": shadow if has[SHADOW_EV] else nothing,
        "tone_highlight": highlight if has[HIGHLIGHT_EV] else nothing,
        "local_contrast": -100 * np.log(np.maximum([1 - one.local for one in found], 0.05)),
        "vignette": np.array([one.corner for one in found]),
    }


def _is_covered(places: Array, place: float) -> bool:
    return int(np.sum(np.abs(places - place) < _NEAR)) >= _LEAST_BLOCKS
