"""Shadow: how well colors agree with a chart that lies in two lights, part of it in a shadow.

Behind every straight line across the chart the light may be another, in each channel, since a shadow is lit by the sky
or the lamp beside; nothing else is freer than for an evenly lit chart. So a chart cut by a shadow is told from what is
no chart, at the price of three more numbers and the line.
"""

from __future__ import annotations

import numpy as np

from twinlens.core.image import Array
from twinlens.measure.chart.match import agreement, mapped, reference, seen_at
from twinlens.measure.chart.pose import Pose

TURN_DEG = 15.0  # between the lines that are tried
FEWEST = 4  # patches on either side of a line
ROUNDS = 6
LEAST_MAPPED = 0.05  # of cube roots: of darker colors no ratio is taken


def score_pose(pose: Pose, view: Array) -> float:
    """How well the colors of a view agree with a chart in this pose, under the best line between two lights."""
    seen, weight = seen_at(pose, view)
    return score(seen, weight, pose)


def score(seen: Array, weight: Array, pose: Pose) -> float:
    """The same from the colors (N, 3) at the patches, as cube roots, and their weights (N,)."""
    beyond = lines(pose.chart.centers)
    if not len(beyond):
        return 0.0
    wanted = reference(pose.chart.name)
    weights = np.broadcast_to(weight, beyond.shape)
    light = np.ones((*beyond.shape, 3))
    for _ in range(ROUNDS):
        expected = mapped(seen / light, wanted, weights)
        change = np.where(expected > LEAST_MAPPED, seen / light / np.maximum(expected, LEAST_MAPPED), np.nan)
        behind = np.nanmedian(np.where(beyond[..., None], change, np.nan), axis=1)
        before = np.nanmedian(np.where(beyond[..., None], np.nan, change), axis=1)
        step = np.nan_to_num(behind / before, nan=1.0)
        light = np.where(beyond[..., None], light * step[:, None], light)
    return float(agreement(seen / light, wanted, weights).max())


def lines(centers: Array) -> Array:
    """(K, N) bool: the patches beyond each straight line that leaves some on either side, every parting once."""
    angles = np.radians(np.arange(0, 180, TURN_DEG))
    along = (centers - centers.mean(0)) @ np.stack([np.cos(angles), np.sin(angles)])  # (N, A)
    ordered = np.sort(along, axis=0)
    cuts = (ordered[FEWEST - 1 : -FEWEST] + ordered[FEWEST : len(ordered) - FEWEST + 1]) / 2
    return np.unique((along.T[:, None] > cuts.T[..., None]).reshape(-1, len(centers)), axis=0)
