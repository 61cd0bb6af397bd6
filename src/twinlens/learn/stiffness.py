"""Stiffness: how much a residual field is smoothed: by the scatter of the colors, then by what makes them most likely.

How much of what a base leaves is the maker's, and goes on, differs from maker to maker. Of some multiples of a first
smoothing, for the free part and for the known shapes, those are taken that have the greatest evidence: under them the
rows are most likely, of all fields that they allow. The rows of a cell of codes have much in common, so they count as
few.

Source: MacKay, "Bayesian Interpolation", Neural Computation 4 (1992), section 4.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.learn.equations import System, Trust

Array = npt.NDArray[Any]

CLEAN = 1e-7  # smoothing of the field of colors without noise
BY_NOISE = 15.0  # more of it, by the variance of what a color's code leaves, over the count of cells with colors
CELLS = 17  # a side of the codes, in which colors are counted
ROWS_A_CELL = 8.0  # as many, at the most, are taken to tell of the field each on its own
TIMES, UP, DOWN = 10**0.5, 2, 1  # multiples of the smoothing that are tried for the free part: steps up and down
KNOWN_TIMES = 10 ** np.array([-0.5, 0.0, 0.5, 1.0])  # ... and for the fields of known shapes
ROWS_UNLIKE, UP_UNLIKE, DOWN_UNLIKE = 0.7, 4, 3  # the same of photographs
KNOWN_UNLIKE = 10 ** np.array([-1.5, -1.0, -0.5, 0.0, 0.5, 1.0])
LEAST_SPREAD = 2e-4  # code: the least that a channel scatters by


def by_scatter(target: Array, spread: float, unlike: float = 1.0) -> float:
    """Smoothing for target codes (N, 3) that scatter by `spread` codes: what few, noisy colors say is not followed.
    `unlike`: how many times less they say because what they leave is alike within each picture."""
    return CLEAN + BY_NOISE * unlike * spread**2 / cells(target)


def cells(target: Array) -> int:
    """In how many cells of codes there are target codes (N, 3)."""
    return len(np.unique((target * (CELLS - 1) + 0.5).astype(int), axis=0))


def trusted(off: Array) -> Trust:
    """How much each channel counts (3,), of geometric mean 1, whose codes are off by (N, 3): by the variance that they
    scatter with. Two cameras see most materials alike in green and less so in red and blue."""
    variance = np.square(np.maximum(np.median(np.abs(off), axis=0), LEAST_SPREAD))
    red, green, blue = (np.exp(np.log(variance).mean()) / variance).tolist()
    return red, green, blue


def likeliest(system: System, smoothing: float, target: Array, unlike: bool = False) -> tuple[System, float]:
    """A system of target codes (N, 3) with the weight of the known shapes, and the smoothing of the free part, under
    which they are most likely: multiples of a smoothing. `unlike`: what photographs leave is alike within each: too
    much so for bases to be compared by it, so the rows are unknown afterwards."""
    if unlike:
        each, up, down, known = ROWS_UNLIKE, UP_UNLIKE, DOWN_UNLIKE, smoothing * KNOWN_UNLIKE
    else:
        each, up, down, known = ROWS_A_CELL, UP, DOWN, smoothing * KNOWN_TIMES
    system = replace(system, rows=min(each * cells(target), len(target)))
    lowest, times = _best_times(system, smoothing, known)
    best = smoothing
    for step, steps in ((TIMES, up), (1 / TIMES, down)):
        for _ in range(steps):
            if best * step < CLEAN:
                break
            found = _best_times(system, best * step, known)
            if found[0] >= lowest:
                break
            (lowest, times), best = found, best * step
        if best != smoothing:
            break
    return replace(system, times=times, rows=0.0 if unlike else system.rows), best


def unlikelihood(system: System, smoothing: float) -> float:
    """Minus the log of how likely a system's data is, to be compared with that of another base; 0 if unknown."""
    return float(system.unlikelihoods(smoothing, np.array([system.times]))[0]) if system.rows else 0.0


def _best_times(system: System, smoothing: float, known: Array) -> tuple[float, float]:
    """How unlikely the data is under a smoothing and the best of the weights (W,) of known shapes, and that weight over
    the smoothing."""
    found = system.unlikelihoods(smoothing, known / smoothing)
    return float(found.min()), float(known[found.argmin()] / smoothing)
