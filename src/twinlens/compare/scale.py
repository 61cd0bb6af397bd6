"""Scale: how much a difference of each feature counts in the distance between processings.

A difference is divided by the feature's scale, w^-2 = repeat^2 + spread^2 + floor^2: its variance between shots of one
scene, the spread of a processing's effect from scene to scene, and the smallest difference that an eye minds. Without
the floor, features that are measured very exactly dominate; without the spread, those do that depend on the scene most.
A block of related features (twelve hues, the nodes of a tone curve) counts as the mean of its features do, so that
measuring hue twelve times does not make hue twelve times as important.

Spreads are fixed numbers of `spreads.csv`, not of the data under judgement: weights that follow the data follow its
noise, and a fraction of a change that points mostly elsewhere is a difference of large parts that the weights decide.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.compare.model import Feature, Fingerprints

Array = npt.NDArray[Any]

SPREADS = Path(__file__).with_name("spreads.csv")
UNKNOWN_SPREAD = 1.0  # of a feature that is not in the table, in floors: the median of the table's is near it


def weights(fingerprints: Fingerprints, chosen: Array, measured: Array) -> Array:
    """(K,) factors of the differences of features, 0 for those left out.

    `chosen` (K,) bool: features of the verdict; `measured` (K,): in how many shared scenes each was measured.
    """
    used = chosen & (measured > 0)
    features = [feature for feature, one in zip(fingerprints.features, used, strict=True) if one]
    found = np.zeros(len(used))
    found[used] = block_weights(features) / scales(features, repeats(fingerprints)[used])
    return found


def scales(features: list[Feature], repeat: Array) -> Array:
    """(K,) in the features' units; `repeat` (K,) is the variance of a scene's value over its shots."""
    floor = np.array([max(one.floor, np.finfo(float).tiny ** 0.25) for one in features])
    spread = np.array([spreads().get(one.key, UNKNOWN_SPREAD) for one in features]) * floor
    return np.sqrt(floor**2 + spread**2 + repeat)


def block_weights(features: list[Feature]) -> Array:
    """(K,): one over the root of the number of features in the feature's block."""
    blocks = [one.block for one in features]
    return np.array([1 / np.sqrt(blocks.count(block)) for block in blocks])


def repeats(fingerprints: Fingerprints) -> Array:
    """(K,) variance over repeats, the mean over sets and scenes; 0 where no scene was shot twice."""
    variance = np.asarray(fingerprints.repeat_variance, float)
    known = np.isfinite(variance)
    return np.where(known, variance, 0).sum((0, 1)) / np.maximum(known.sum((0, 1)), 1)


@cache
def spreads() -> dict[str, float]:
    """Spread from scene to scene by the feature's key, in floors."""
    if not SPREADS.exists():
        return {}
    with SPREADS.open() as file:
        return {row["key"]: float(row["spread"]) for row in csv.DictReader(line for line in file if line[0] != "#")}
