"""Scale: how much a difference of each feature counts in the distance between processings.

A difference is divided by the feature's scale, w^-2 = repeat^2 + spread^2 + floor^2: its variance between shots of one
scene, the spread of a processing's effect from scene to scene, and the smallest difference that an eye minds. Without
the floor, features that are measured very exactly dominate; without the spread, those do that depend on the scene most.
A block of related features counts as the mean of its features do, so that measuring hue twelve times does not make hue
twelve times as important.

Spreads are fixed numbers of `scales.csv`, not of the data under judgement: weights that follow the data follow its
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

SCALES = Path(__file__).with_name("scales.csv")
SMALLEST_FLOOR = 1e-9  # so that a feature without a floor divides by something
UNKNOWN_SPREAD = 4.0  # of a feature that is not in the table, in floors: the median of the table's is near it


def weights(fingerprints: Fingerprints) -> tuple[Array, Array]:
    """(K,) factors of the differences of features, 0 for those that do not count in a distance, and their scales."""
    counted = np.array([one.cause == "rendering" and not one.is_derived for one in fingerprints.features], bool)
    features = [feature for feature, one in zip(fingerprints.features, counted, strict=True) if one]
    found, scale = np.zeros(len(counted)), np.ones(len(counted))
    scale[counted] = scales(features, repeats(fingerprints)[counted])
    found[counted] = block_weights(features) / scale[counted]
    return found, scale


def scales(features: list[Feature], repeat: Array) -> Array:
    """(K,) in the features' units; `repeat` (K,) is the variance of a scene's value over its shots."""
    floor = np.array([max(one.floor, SMALLEST_FLOOR) for one in features])
    spread = np.array([table().get(one.key, (UNKNOWN_SPREAD, 1.0))[0] for one in features]) * floor
    return np.sqrt(floor**2 + spread**2 + repeat)


def block_weights(features: list[Feature]) -> Array:
    """(K,): one over the root of the number of features that a scene shows of the feature's block, on average, so
    that the block's square counts as the mean square of its features.
    """
    shown = np.array([table().get(one.key, (UNKNOWN_SPREAD, 1.0))[1] for one in features])
    blocks = np.array([one.block for one in features])
    return np.array([np.sum(shown[blocks == one.block] ** 2) ** -0.5 for one in features])


def repeats(fingerprints: Fingerprints) -> Array:
    """(K,) variance over repeats, the mean over sets and scenes; 0 where no scene was shot twice."""
    variance = np.asarray(fingerprints.repeat_variance, float)
    known = np.isfinite(variance)
    return np.where(known, variance, 0).sum((0, 1)) / np.maximum(known.sum((0, 1)), 1)


@cache
def table() -> dict[str, tuple[float, float]]:
    """Spread from scene to scene in floors, and the share of scenes that show the feature, by its key."""
    if not SCALES.exists():
        return {}
    with SCALES.open() as file:
        rows = csv.DictReader(line for line in file if line[0] != "#")
        return {row["key"]: (float(row["spread"]), float(row["shown"])) for row in rows}
