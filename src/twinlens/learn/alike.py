"""Alike: places of one picture that the reference shows alike become one, so that the source's noise averages out.

A finished picture has little noise, a raw has much: a fit to single places takes the raw's noise for color (regression
dilution; W. A. Fuller, "Measurement Error Models", 1987, chapter 1) and draws colors to grey. Grouped by what the
reference shows, the source's mean has the noise of all of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.learn.base import CLIPPED, Rows

Array = npt.NDArray[Any]

STEPS = 50  # groups along a channel's codes: one is 5 of 255 wide
RINGS = 5  # groups from the middle of the frame to its corners, for the vignette
OUTLYING = 3.0  # times the spread of a group, beyond which a place is something else
LEAST_SPREAD = 0.02  # of the log of light, below which nothing counts as outlying


def merged(rows: Rows) -> Rows:
    """One row for places alike: means of source, target and radius, weights added; clipped targets stay apart."""
    ring = np.nan_to_num(rows.radius * RINGS).astype(int)
    clipped = ((rows.target <= CLIPPED[0]) | (rows.target >= CLIPPED[1])) @ np.array([1, 2, 4])
    keys = np.column_stack([rows.picture, ring, clipped, (rows.target * STEPS).astype(int)])
    _, group = np.unique(keys, axis=0, return_inverse=True)
    group = group.reshape(-1)
    group = _without_outlying(rows.source, group)
    count = np.bincount(group)

    def mean(values: Array) -> Array:
        columns = np.asarray(values, float).reshape(len(group), -1).T
        found = np.stack([np.bincount(group, weights=column) / count for column in columns], -1)
        return found if values.ndim > 1 else found[:, 0]

    weight = np.bincount(group, weights=rows.weight)
    return Rows(
        source=mean(rows.source), target=mean(rows.target), radius=mean(rows.radius), weight=weight / weight.sum(),
        picture=np.rint(mean(rows.picture)).astype(int), noise=mean(rows.noise) / np.sqrt(count),
        worth=None if rows.worth is None else mean(rows.worth),
    )  # fmt: skip


def _without_outlying(source: Array, group: Array) -> Array:
    """The groups, with a group of its own for each place whose source is far from those of its group."""
    logs = np.log(np.maximum(source, 1e-6))
    order = np.argsort(group, kind="stable")
    start = np.flatnonzero(np.diff(group[order], prepend=-1))
    middle = _medians(logs, order, start)[group]
    off = np.abs(logs - middle)
    spread = 1.4826 * _medians(off, order, start)[group]
    far = np.flatnonzero((off > OUTLYING * np.maximum(spread, LEAST_SPREAD)).any(1))
    apart = group.copy()
    apart[far] = group.max() + 1 + np.arange(len(far))
    return np.unique(apart, return_inverse=True)[1].reshape(-1)


def _medians(values: Array, order: Array, start: Array) -> Array:
    """The median (G, 3) of values (N, 3) of each group; `order` sorts by group, `start` is where each begins."""
    size = np.diff(start, append=len(order))
    found = np.empty((len(start), values.shape[1]))
    for column in range(values.shape[1]):
        rank = np.lexsort((values[order, column], np.repeat(np.arange(len(start)), size)))
        ordered = values[order[rank], column]
        found[:, column] = (ordered[start + (size - 1) // 2] + ordered[start + size // 2]) / 2
    return found
