"""Flips: exact p-values by exchanging before and after within scenes.

When after is processed as before, the two are exchangeable within each scene, and all 2^n ways to exchange them are
equally likely, whatever the distribution (Fisher 1935, section 21). An exchange turns a_i into -a_i and leaves
m_i = r_i - a_i / 2 (the reference from the middle of the two) as it is. Sums go over pairs of different scenes, so that
noise which both factors share does not count.

The two directed statistics are divided by their own jackknife error for every exchange. Exact p-values stay exact, and
the test also holds its level when the processing changed in another direction (Janssen 1997; Chung & Romano 2013).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

MOST_ENUMERATED = 20  # scenes; beyond it exchanges are drawn
DRAWN = 99_999  # exchanges; the observed one is the hundred-thousandth
_TOGETHER = 1 << 14  # exchanges computed at once, to keep memory small
_EQUAL = 1e-9  # statistics closer than this, relatively, are equal: the order of sums must not decide a p-value


def signs(scenes: int, seed: int = 0) -> Array:
    """(F, N) of +1 and -1, the observed (all +1) first: all of them, or some that the seed draws."""
    if scenes <= MOST_ENUMERATED:
        order = np.arange(1 << scenes, dtype=np.uint32)[:, None]
        return np.where(order >> np.arange(scenes, dtype=np.uint32) & 1, -1.0, 1.0)
    drawn = np.random.default_rng(seed).integers(0, 2, (DRAWN, scenes))
    return np.concatenate([np.ones((1, scenes)), 1.0 - 2.0 * drawn])


def p_changed(a: Array, seed: int = 0) -> tuple[float, float]:
    """Statistic sum_{i != j} a_i . a_j / (n (n - 1)) and p: whether after differs from before at all. `a` (N, K)."""
    gram = _off_diagonal(a @ a.T)
    return _p_value(lambda flip: np.einsum("fi,fi->f", flip @ gram, flip), a, seed)


def p_closer(a: Array, middle: Array, seed: int = 0) -> tuple[float, float]:
    """Statistic 2 sum_{i != j} a_i . m_j / (n (n - 1)) and one-sided p: whether the squared distance to the reference
    has become smaller. `a`, `middle` (N, K).
    """
    gram = _off_diagonal(a @ middle.T) * 2

    def statistic(flip: Array) -> Array:
        return _studentized(flip * (gram.sum(1)) + flip @ gram)

    p_value = _p_value(statistic, a, seed)[1]
    return _mean(gram), p_value


def p_along(a: Array, middle: Array, seed: int = 0) -> tuple[float, float]:
    """Statistic sum_{i != j} a_i . r_j / (n (n - 1)) and one-sided p: whether the change has a part that points from
    before to the reference. `a`, `middle` (N, K).
    """
    linear, square = _off_diagonal(a @ middle.T), _off_diagonal(a @ a.T) / 2

    def statistic(flip: Array) -> Array:
        return _studentized(flip * linear.sum(1) + flip @ linear + 2 * flip * (flip @ square))

    p_value = _p_value(statistic, a, seed)[1]
    return _mean(linear + square), p_value


def _p_value(statistic: Any, a: Array, seed: int) -> tuple[float, float]:
    flips = signs(len(a), seed)
    parts = [flips[start : start + _TOGETHER] for start in range(0, len(flips), _TOGETHER)]
    found = np.concatenate([statistic(part) for part in parts])
    reached = found >= found[0] - _EQUAL * np.abs(found).max(initial=0.0)
    pairs = max(len(a) * (len(a) - 1), 1)
    return float(found[0] / pairs), float(np.mean(reached))


def _studentized(rows: Array) -> Array:
    """(F,): the sum over different scenes over its jackknife error; `rows` (F, N) what each scene takes part in.

    Leaving out scene i takes rows_i from the sum S = sum(rows) / 2, so that the deviations of the rows are, but for a
    factor that all exchanges share, those of the jackknife.
    """
    total = rows.sum(-1)
    error = np.sqrt(np.square(rows - rows.mean(-1, keepdims=True)).sum(-1))
    smallest = np.finfo(float).eps * np.abs(rows).sum(-1) + np.finfo(float).tiny
    return total / np.maximum(error, smallest)


def _off_diagonal(gram: Array) -> Array:
    return gram - np.diag(np.diag(gram))


def _mean(gram: Array) -> float:
    return float(gram.sum() / max(len(gram) * (len(gram) - 1), 1))
