"""Equations: those of the field that takes the codes of a base to the codes of a target, and how likely they are.

z = y + sum a_k f_k + sum b_k g_k: y is free, f_k are the fields of `expected`, what bases usually leave, g_k those of
`hues`, what makers do by hue: both say how a change goes on where no color was seen. Minimised:

    sum w |z(b) - (target - b)|^2 + smoothing (integral of |second derivatives of y|^2 + 2 |slopes of y|^2 / REACH^2
        + |y|^2 / REACH^4, + times (EXPECTED sum a_k^2 + HUES sum b_k^2)) + a small ridge

So y itself is gone some REACH from where colors were seen, as in a Gaussian process. Rows whose target is clipped count
from one side; outlying rows count less (iteratively reweighted).
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.record import record
from twinlens.learn import expected, hues
from twinlens.learn.base import one_sided
from twinlens.learn.field import SPANS, bending, bends, interpolation

Array = npt.NDArray[Any]
Trust = tuple[float, float, float]

EXPECTED, HUES = 0.06, 60.0  # weights of the fields of what is expected, and of hue
RIDGE = 1e-6  # of z^2, a coefficient, in the sum of all
ROUNDING = 1e-13  # of the largest diagonal: what is added so that a very stiff field can be solved for
LEAST_LEFT = 1e-9  # of codes, squared: what a field leaves at least
ROBUST = 0.012  # code: residuals beyond count by their size
PASSES, PASSES_MORE = 4, 2  # of reweighting; from a field that is nearly right
EVEN = (1.0, 1.0, 1.0)  # how much each channel counts


@lru_cache(maxsize=1)
def known_shapes() -> Array:
    """The fields whose amounts are sought beside the free part, as coefficients (3, SIZE^3, F), each scaled so that its
    amount weighs 1."""
    usual, by_hue = expected.on_lattice() / np.sqrt(EXPECTED), hues.on_lattice(SPANS) / np.sqrt(HUES)
    return np.concatenate([usual, by_hue], 2)


@record(kw_only=True, eq=False)
class System:
    """The normal equations of a field: `matrix` (n, n) and `right` (n, 3) of the data alone, at its last weights;
    `square`: the weighted sum of squares of what the field is to make up for; `left`: that of what it leaves; `times`:
    the weight of the known shapes, over the smoothing; `rows`: as how many rows that differ by chance alone the data
    counts, 0 if unknown; `trust` (3,): how much more, or less, each channel counts, `right` and squares being so."""

    matrix: Array
    right: Array
    square: float = 0.0
    left: float = 0.0
    times: float = 1.0
    rows: float = 0.0
    trust: Trust = EVEN

    def solve(self, smoothing: float, more: Array | None = None) -> Array:
        """Coefficients (n, 3) for a smoothing; `more` (n, n) weighs the whole field besides, times the smoothing."""
        from scipy.linalg import solve_triangular

        split = self._split(smoothing, more)
        share = np.linalg.solve(split.normal + smoothing * self.times * np.eye(len(split.right)), split.right)
        rest = split.alone - np.stack([own @ share for own in split.owned], -1)
        free = np.empty_like(rest)
        for channels, factor in split.factors:
            free[:, channels] = solve_triangular(factor, rest[:, channels], trans=1, lower=True, check_finite=False)
        return free + np.stack([shape @ share for shape in known_shapes()], -1)

    def unlikelihoods(self, smoothing: float, times: Array) -> Array:
        """Minus the log of how likely the data is under a smoothing and weights (W,) of the known shapes, over it, less
        what is the same for all, other bases too: what is left of it, and how far it narrows down the field."""
        split = self._split(smoothing)
        values, ways = np.linalg.eigh(split.normal)
        weights = smoothing * np.asarray(times)[:, None]
        known = np.maximum(values, 0) + weights
        explained = np.square(split.alone).sum() + (np.square(split.right @ ways) / known).sum(1)
        left = max(self.left, LEAST_LEFT)
        misfit = (self.square - explained) / left + np.log(left)
        return 1.5 * self.rows * misfit + split.narrowed + 0.5 * np.log(known / weights).sum(1)

    def _split(self, smoothing: float, more: Array | None = None) -> _Split:
        """The equations of the known shapes, the rest being free."""
        from scipy.linalg import cholesky, solve_triangular

        shapes = known_shapes()
        count = shapes.shape[2]
        alone, owned, factors = np.empty_like(self.right), [np.empty(0)] * 3, []
        normal, right, narrowed = np.zeros((count, count)), np.zeros(count), 0.0
        seen = np.flatnonzero(self.matrix.diagonal() if more is None else self.matrix.diagonal() + more.diagonal())
        inner, inner_more = (None if one is None else one[np.ix_(seen, seen)] for one in (self.matrix, more))
        for trust in np.unique(self.trust):
            channels = np.flatnonzero(np.array(self.trust) == trust)
            known = trust * self.matrix if more is None else trust * self.matrix + smoothing * more
            whole = known + smoothing * bending()
            diagonal = np.diag_indices_from(whole)
            ridge = RIDGE / len(whole) + ROUNDING * whole[diagonal].max()
            whole[diagonal] += ridge
            factor = cholesky(whole, lower=True, overwrite_a=True, check_finite=False)
            factors.append((channels, factor))
            pull = np.zeros((len(channels), len(known), count))
            among = trust * inner if inner_more is None else trust * inner + smoothing * inner_more
            pull[:, seen] = among @ shapes[channels][:, seen]
            sides = np.concatenate([*pull, self.right[:, channels]], 1)
            ahead = solve_triangular(factor, sides, lower=True, check_finite=False)
            *owns, alone[:, channels] = np.split(ahead, np.arange(1, len(channels) + 1) * count, 1)
            for c, own, pulled in zip(channels, owns, pull, strict=True):
                owned[c] = own
                normal += shapes[c, seen].T @ pulled[seen] - own.T @ own
                right += shapes[c, seen].T @ self.right[seen, c] - own.T @ alone[:, c]
            bent = np.log(smoothing * bends() + ridge).sum()
            narrowed += len(channels) * (np.log(factor[diagonal]).sum() - 0.5 * bent)
        return _Split(
            factors=factors, alone=alone, owned=owned, normal=normal, right=right, narrowed=float(narrowed)
        )  # fmt: skip


@record(kw_only=True, eq=False)
class _Split:
    """Of a system: channels with the lower triangle (n, n) whose square is the matrix of their free part; what is
    asked of that part (n, 3) and what each known shape pulls at it, 3 of (n, F), solved for by the triangle; the
    equations (F, F), (F,) of the shapes, and the log of how far the rows narrow down the free part."""

    factors: list[tuple[Array, Array]]
    alone: Array
    owned: list[Array]
    normal: Array
    right: Array
    narrowed: float


def gather(
    code: Array,
    target: Array,
    weight: Array,
    noise: Array,
    smoothing: float,
    times: float = 1.0,
    start: Array | None = None,
    trust: Trust = EVEN,
    compared: bool = False,
) -> System:
    """The equations that take base codes (N, 3) to target codes (N, 3), with weights (N,) of sum 1, at weights that
    fit `smoothing`. `start`: coefficients (n, 3) that are nearly right. `trust` (3,): how much each channel counts.
    `compared`: how likely it is will be asked, which takes another solution."""
    design = interpolation(code)
    wanted = target - code
    width = np.hypot(ROBUST, noise)
    share, counts = weight, np.array(trust)
    aim = -one_sided(-wanted, target)  # a clipped row that lies beyond its target is content, from the start
    found = None if start is None else design @ start
    system: Any = None
    for passes_left in reversed(range(PASSES if found is None else PASSES_MORE)):
        if found is not None:
            off = one_sided(found - wanted, target)
            aim = found - off
            share = weight / np.sqrt(1 + (counts * np.square(off)).sum(1) / (3 * width**2))
        matrix = (design.T @ design.multiply(share[:, None]).tocsr()).toarray()
        system = System(matrix=matrix, right=design.T @ (share[:, None] * aim) * counts, times=times, trust=trust)
        if passes_left or compared:
            found = design @ system.solve(smoothing)
    if not compared:
        return system
    square, off = np.square(aim), np.square(one_sided(found - wanted, target))
    return replace(system, square=float(share @ (counts * square).sum(1)), left=float(share @ (counts * off).sum(1)))
