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
MOST_LINES = 24  # of one direction
ROUNDS = 6
LEAST_MAPPED = 0.05  # of cube roots: of darker colors no ratio is taken
MOST_STEP = 10.0  # of cube roots, from one light to the other in a round


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
        lit = seen / light
        expected = mapped(lit, wanted, weights)
        ratio = np.where(expected > LEAST_MAPPED, lit / np.maximum(expected, LEAST_MAPPED), 1.0)
        behind, before = (_median(ratio, side) for side in (beyond, ~beyond))
        step = np.clip(behind / np.maximum(before, 1 / MOST_STEP), 1 / MOST_STEP, MOST_STEP)
        light = np.where(beyond[..., None], light * step[:, None], light)
    return float(agreement(seen / light, wanted, weights).max())


def _median(values: Array, chosen: Array) -> Array:
    """(K, 3): medians of values (K, N, 3) over the patches chosen (K, N), of which there are some."""
    return np.nanmedian(np.where(chosen[..., None], values, np.nan), axis=1)


def lines(centers: Array) -> Array:
    """(K, N) bool: the patches beyond straight lines that leave some on either side; every parting once."""
    angles = np.radians(np.arange(0, 180, TURN_DEG))
    along = (centers - centers.mean(0)) @ np.stack([np.cos(angles), np.sin(angles)])  # (N, A)
    first, last = FEWEST - 1, len(centers) - FEWEST - 1
    places = np.unique(np.linspace(first, last, min(max(last - first + 1, 0), MOST_LINES)).astype(int))
    ordered = np.sort(along, axis=0)
    cuts = (ordered[places] + ordered[places + 1]) / 2
    found = np.unique((along.T[:, None] > cuts.T[..., None]).reshape(-1, len(centers)), axis=0)
    count = found.sum(1)  # patches of equal place fall on one side
    return found[(count >= FEWEST) & (count <= len(centers) - FEWEST)]
