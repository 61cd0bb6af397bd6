"""Blind: whether people who do not know which picture is which can tell two processings apart.

Three ways to ask. *two* ("2AFC"): both processings side by side, which one is the named one? *abx*: which of A and B is
the third, X? *same*: are these two of one processing, or of two? The order is drawn by chance, so that a guesser is
right half of the time in the first two; in the third, what he says does not depend on what he was shown.

Tests are exact: binomial, or hypergeometric given how often "different" was said (Fisher 1935, section 21), and need no
assumption about how alike the observers are. d' is the distance of the two processings in standard deviations of what
one look perceives (Macmillan & Creelman, Detection Theory, 2nd edition, 2005, chapters 7 and 9); scenes change from
trial to trial, so observers are taken to compare differences ("differencing", their roving design).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import sqrt
from typing import Literal

import numpy as np

from twinlens.core.errors import ParameterError
from twinlens.core.record import record

Method = Literal["two", "abx", "same"]
CHOICES: dict[str, tuple[str, str]] = {"two": ("a", "b"), "abx": ("a", "b"), "same": ("same", "different")}
LEVEL = 0.05
FEW_TRIALS = 20  # below it only people who are right nine times in ten are found (power of the exact test)
_LARGEST = 8.0  # d' where no trial of thousands would be wrong
_STEPS = 321
_LIKELY = 1.9207  # half of the 95 % quantile of chi-square with one degree of freedom: profile likelihood


@record(kw_only=True)
class BlindAnswer:
    """What was shown and what was said in one trial: "a" or "b", or "same" or "different"."""

    method: Method
    truth: str
    answer: str
    scene: str = ""
    observer: str = ""

    def __post_init__(self) -> None:
        choices = CHOICES.get(self.method)
        if choices is None:
            raise ParameterError(f"BlindAnswer.method: expected {', '.join(CHOICES)}, found {self.method!r}")
        for name in ("truth", "answer"):
            if getattr(self, name) not in choices:
                found = getattr(self, name)
                raise ParameterError(f"BlindAnswer.{name}: expected {' or '.join(choices)}, found {found!r}")


@record(kw_only=True)
class BlindScore:
    """What the answers say. `interval` of d' and `share_interval` of the right answers are 95 %; an end that the data
    do not bound (all answers right) is None.
    """

    statement: str
    method: Method
    trials: int
    right: int
    share: float
    share_interval: tuple[float, float]
    p_value: float
    can_tell: bool
    d_prime: float
    interval: tuple[float, float | None]
    observers: int
    notes: tuple[str, ...] = ()


def blind_score(answers: Iterable[BlindAnswer]) -> BlindScore:
    """Whether the answers, all of one method, are better than guessing; ParameterError where they cannot say."""
    told = list(answers)
    methods = {one.method for one in told}
    if len(methods) != 1:
        found = "none" if not told else ", ".join(sorted(methods))
        raise ParameterError(f"a blind test needs answers of one method, found {found}: score each method by itself")
    method, right = told[0].method, sum(one.truth == one.answer for one in told)
    p_value, (d_prime, interval) = _tested(told)
    return BlindScore(
        statement=_statement(right, len(told), p_value),
        method=method,
        trials=len(told),
        right=right,
        share=right / len(told),
        share_interval=share_interval(right, len(told)),
        p_value=p_value,
        can_tell=p_value < LEVEL,
        d_prime=d_prime,
        interval=interval,
        observers=len({one.observer for one in told}),
        notes=_notes(told),
    )


def _tested(told: Sequence[BlindAnswer]) -> tuple[float, tuple[float, tuple[float, float | None]]]:
    if told[0].method != "same":
        right = sum(one.truth == one.answer for one in told)
        return binomial_p(right, len(told)), d_prime_of_choice(right, len(told), told[0].method)
    counts = _counts(told)
    return different_p(*counts), d_prime_of_same(*counts)


def _counts(told: Sequence[BlindAnswer]) -> tuple[int, int, int, int]:
    """Said different of different pairs, different pairs, said different of same pairs, same pairs."""
    hits, alarms = ([one.answer == "different" for one in told if one.truth == kind] for kind in ("different", "same"))
    return sum(hits), len(hits), sum(alarms), len(alarms)


def binomial_p(right: int, trials: int, chance: float = 0.5) -> float:
    """The chance that a guesser has `right` or more of `trials` right: the exact one-sided binomial test."""
    from scipy.stats import binom

    return float(binom.sf(right - 1, trials, chance))


def different_p(hits: int, different: int, alarms: int, same: int) -> float:
    """The chance of so many hits where "different" is said regardless of the pair (Fisher's exact test, one-sided)."""
    from scipy.stats import hypergeom

    return float(hypergeom.sf(hits - 1, different + same, different, hits + alarms))


def share_interval(right: int, trials: int, level: float = LEVEL) -> tuple[float, float]:
    """The exact interval of a share (Clopper & Pearson 1934); covers at least 1 - `level`."""
    from scipy.stats import beta

    low = float(beta.ppf(level / 2, right, trials - right + 1)) if right else 0.0
    high = float(beta.isf(level / 2, right + 1, trials - right)) if right < trials else 1.0
    return low, high


def share_of(d_prime: float | np.ndarray, method: str) -> np.ndarray:
    """The share of right answers that an observer of this d' has: 2AFC, or ABX by differencing."""
    from scipy.special import ndtr

    if method == "two":
        return ndtr(np.asarray(d_prime) / sqrt(2))
    one, other = np.asarray(d_prime) / sqrt(2), np.asarray(d_prime) / sqrt(6)
    return ndtr(one) * ndtr(other) + ndtr(-one) * ndtr(-other)


def d_prime_of_choice(right: int, trials: int, method: str) -> tuple[float, tuple[float, float | None]]:
    """d' and its interval from right answers; 0 where ABX answers are no better than guessing.

    The point takes half an answer more each way (Hautus 1995), so that it is finite; the interval is the exact one of
    the share.
    """
    low, high = share_interval(right, trials)
    point = _inverse((right + 0.5) / (trials + 1), method)
    return point, (_inverse(low, method), None if right == trials else _inverse(high, method))


def _inverse(share: float, method: str) -> float:
    lowest = 0.0 if method == "abx" else -_LARGEST
    grid = np.linspace(lowest, _LARGEST, 2 * _STEPS)
    return float(np.interp(share, share_of(grid, method), grid))


def d_prime_of_same(hits: int, different: int, alarms: int, same: int) -> tuple[float, tuple[float, float | None]]:
    """d' and its profile-likelihood interval from same-different answers, by differencing (criterion fitted).

    An observer says "different" when the perceived difference is over k: of same pairs 2 Phi(-k/sqrt 2), of different
    ones Phi((d' - k)/sqrt 2) + Phi((-d' - k)/sqrt 2).
    """
    from scipy.special import ndtr, xlogy

    d_prime, criterion = np.linspace(0, _LARGEST, _STEPS)[:, None], np.linspace(0, _LARGEST, _STEPS)[None]
    alarm = 2 * ndtr(-criterion / sqrt(2))
    hit = ndtr((d_prime - criterion) / sqrt(2)) + ndtr((-d_prime - criterion) / sqrt(2))
    fits = xlogy(hits + 0.5, hit) + xlogy(different - hits + 0.5, 1 - hit)  # half an answer more each way, as above
    fits = fits + xlogy(alarms + 0.5, alarm) + xlogy(same - alarms + 0.5, 1 - alarm)
    profile = np.max(fits, axis=1)
    likely = d_prime[profile > profile.max() - _LIKELY, 0]
    high = None if likely[-1] == _LARGEST else float(likely[-1])
    return float(d_prime[np.argmax(profile), 0]), (float(likely[0]), high)


def _statement(right: int, trials: int, p_value: float) -> str:
    counted = f"{right} of {trials} answers were right (p {_told(p_value)})"
    if p_value < LEVEL:
        return f"People can tell the two apart: {counted}."
    return f"These answers do not show that people can tell the two apart: {counted}."


def _told(p_value: float) -> str:
    return "< 0.001" if p_value < 0.001 else f"= {p_value:.2g}"


def _notes(told: Sequence[BlindAnswer]) -> tuple[str, ...]:
    notes = []
    if len(told) < FEW_TRIALS:
        notes.append(
            f"{len(told)} answers: only people who are nearly always right are found;"
            f" {FEW_TRIALS} or more answers say more."
        )
    if told[0].method == "same" and len({one.truth for one in told}) == 1:
        notes.append("All pairs were of one kind: nothing can be said about telling the kinds apart.")
    if len({one.observer for one in told}) > 1:
        notes.append(
            "The answers of all observers are counted together; one of them may be able to tell and others not."
        )
    return tuple(notes)
