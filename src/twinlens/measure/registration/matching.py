"""Matching: which of many pictures show the same scene, by their content; the time of capture only decides ties."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.record import record
from twinlens.measure.registration import homography
from twinlens.measure.registration.features import Features, describe

Array = npt.NDArray[Any]
Times = tuple[Sequence[float | None], Sequence[float | None]]  # s, of both lists

MATCH_PX, MATCH_POINTS = 640, 1000
CANDIDATES = 4  # of each picture, that are looked at more closely
TIME_S = 600.0  # within which two pictures are a little more likely of one scene
TIME_BONUS = 1.25


@record
class Match:
    """Two pictures of one scene: their indices, and how many points support it."""

    one: int
    other: int
    inliers: int
    score: float


def match(one: Sequence[Any], other: Sequence[Any], *, times: Times | None = None) -> list[Match]:
    """Pairs of pictures of the same scene, each picture in one pair at most, in the order of `one`.

    The pictures are arrays (see the package) or `Features`; `times` are seconds (or None) of both lists.
    """
    taken: tuple[set[int], set[int]] = set(), set()
    kept = []
    for found in sorted(matches(one, other, times=times), key=lambda item: (-item.score, item.one, item.other)):
        if found.one not in taken[0] and found.other not in taken[1]:
            taken[0].add(found.one)
            taken[1].add(found.other)
            kept.append(found)
    return sorted(kept, key=lambda item: item.one)


def matches(one: Sequence[Any], other: Sequence[Any], *, times: Times | None = None) -> list[Match]:
    """Every two pictures, one of each list, that show the same scene."""
    first, second = _described(one), _described(other)
    similar = np.array([[_similar(a, b) for b in second] for a in first]).reshape(len(first), len(second))
    found = []
    for row, column in _candidates(similar):
        fit = homography.fit(first[row], second[column])
        if fit is None or not homography.is_possible(fit.matrix, first[row], second[column]):
            continue
        bonus = TIME_BONUS if times is not None and _near(times[0][row], times[1][column]) else 1.0
        found.append(Match(row, column, fit.inliers, fit.inliers * bonus))
    return found


def groups(pictures: Sequence[Any]) -> list[list[int]]:
    """Which pictures show the same scene: lists of indices, in the order of the first of each."""
    features = _described(pictures)
    label = list(range(len(features)))
    for found in matches(features, features):
        if found.one < found.other:
            old, new = label[found.other], label[found.one]
            label = [new if value == old else value for value in label]
    return [[i for i, value in enumerate(label) if value == scene] for scene in dict.fromkeys(label)]


def _described(pictures: Sequence[Any]) -> list[Features]:
    return [one if isinstance(one, Features) else describe(one, MATCH_PX, MATCH_POINTS) for one in pictures]


def _similar(one: Features, other: Features) -> int:
    """How many points look alike, of all places."""
    from twinlens.measure.registration.features import alike

    return 0 if one is other else len(alike(one, other))


def _candidates(similar: Array) -> list[tuple[int, int]]:
    """Index pairs to look at: the most similar of each row and of each column."""
    if not similar.size:
        return []
    in_rows = np.argsort(np.argsort(-similar, axis=1, kind="stable"), axis=1) < CANDIDATES
    in_columns = np.argsort(np.argsort(-similar, axis=0, kind="stable"), axis=0) < CANDIDATES
    picked = (in_rows | in_columns) & (similar >= homography.LEAST_INLIERS)
    return [(int(row), int(column)) for row, column in np.argwhere(picked)]


def _near(one: float | None, other: float | None) -> bool:
    return one is not None and other is not None and abs(one - other) <= TIME_S
