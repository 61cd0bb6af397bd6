"""Fractions: the nearest ratio of two whole numbers with a bounded denominator, as tags of files hold them.

It is `fractions.Fraction(value).limit_denominator(most)`, whose module takes 7 ms to load, as long as developing a
third of a megapixel. Source: Khinchin, "Continued Fractions" (1964), section 6: the best approximations of a number
are the convergents of its continued fraction and the mediants between them.
"""

from __future__ import annotations


def nearest_fraction(value: float, most: int) -> tuple[int, int]:
    """Numerator and denominator (1 to `most`, lowest terms) of the ratio nearest to a finite number.

    Of two that are equally near it is the one with the smaller denominator.
    """
    numerator, denominator = value.as_integer_ratio()
    if denominator <= most:
        return numerator, denominator
    before, last = (0, 1), (1, 0)  # convergents
    rest, divisor = numerator, denominator
    while True:
        whole = rest // divisor
        if before[1] + whole * last[1] > most:
            break
        before, last = last, (before[0] + whole * last[0], before[1] + whole * last[1])
        rest, divisor = divisor, rest - whole * divisor
    steps = (most - before[1]) // last[1]
    mediant = (before[0] + steps * last[0], before[1] + steps * last[1])
    return last if _is_nearer(last, mediant, numerator, denominator) else mediant


def _is_nearer(one: tuple[int, int], other: tuple[int, int], numerator: int, denominator: int) -> bool:
    """Whether the first of two ratios is as near to a third as the second is, or nearer."""
    away, other_away = (abs(n * denominator - numerator * d) for n, d in (one, other))
    return away * other[1] <= other_away * one[1]
