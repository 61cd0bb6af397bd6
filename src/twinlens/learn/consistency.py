"""Consistency: which pairs follow the same rendering as the others, before anything is fitted finely.

One smooth map of colors for all pairs, each with gains of its own for exposure and white, fitted so that single wrong
blocks and single wrong pairs do not draw it along. A pair whose white differs much from the others' was taken in two
lights; one that stays far from the map was rendered otherwise, edited, or shows something else.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.record import record
from twinlens.learn.pairs import LeftOut, Outcome, Pair
from twinlens.numerics.color import decode, encode, luminance

Array = npt.NDArray[Any]

FEWEST_PAIRS = 3  # to say which of them is the odd one
SAMPLES = 1200  # of a pair
ROUNDS = 14
STEP = 0.02  # of the natural logarithm, for the derivative by a gain
LEAST_SPREAD = 0.008  # codes: blocks are not better
CUT = 4.7  # Tukey's constant, in spreads
GRID = 8  # areas along a side, for what differs from place to place
FEWEST_IN_AREA = 10  # blocks
CODE_TO_LOG = 4.0  # natural logarithms of light a code, at mid grey
GAIN_DOUBT = 0.5  # natural logarithm: the standard deviation of a pair's exposure, as a weak prior
OTHER_LIGHT = 0.30  # natural logarithm between channels, from the median pair: 35 %
OTHER_LIGHT_NOTE = 0.12
ODD_ERROR, ODD_TIMES = 0.05, 3.0  # codes, and times the median pair's: further off is another rendering
DARKEST = 0.03  # codes: below, a ratio says nothing
WRONG = 0.12  # codes: a block further off is something that moved, or its reflection


@record(eq=False)
class _Joint:
    """The joint fit: gains (P, 3) as natural logarithms, and for every pair how far each of its blocks is off (codes,
    the worst channel's) and how much brighter it is than the map says (EV)."""

    gains: Array
    away: list[Array]
    brighter: list[Array]


def consistent(outcomes: list[Outcome], *, handheld: bool) -> tuple[list[Outcome], float | None]:
    """The outcomes without the pairs that do not follow the others, and of `handheld` pairs without the blocks that
    are far off: what moved, and what the two see differently. Beside them the local tone of the pictures (EV): how much
    brightness differs from place to place for the same light, apart from its fall toward the corners.
    """
    pairs = [one for one in outcomes if isinstance(one, Pair)]
    if not pairs:
        return outcomes, None
    joint = _fit(pairs)
    judged = dict(zip(map(id, pairs), _judged(pairs, joint, handheld), strict=True))
    kept = [judged.get(id(one), one) for one in outcomes]
    local = [_local_tone(pair, brighter) for pair, brighter in zip(pairs, joint.brighter, strict=True)]
    return kept, float(np.median(local))


def _local_tone(pair: Pair, brighter: Array) -> float:
    """The standard deviation over areas of the picture of what is brighter or darker than the map and the radius
    say (EV)."""
    radius = np.nan_to_num(pair.blocks.radius)
    rows = np.stack([np.ones_like(radius), radius**2, radius**4], -1)
    rest = brighter - rows @ np.linalg.lstsq(rows, brighter, rcond=None)[0]
    place = pair.blocks.place
    area = (place * GRID // (place.max(axis=0) + 1)) @ [GRID, 1]
    counts = np.bincount(area, minlength=GRID**2)
    means = np.bincount(area, rest, GRID**2) / np.maximum(counts, 1)
    used = counts >= FEWEST_IN_AREA
    return float(np.sqrt(np.average(means[used] ** 2, weights=counts[used]))) if used.any() else 0.0


def _judged(pairs: list[Pair], joint: _Joint, handheld: bool) -> list[Outcome]:
    white = joint.gains[:, [0, 2]] - joint.gains[:, 1:2]
    off = np.abs(white - np.median(white, axis=0)).max(axis=1)
    errors = np.array([np.median(away) for away in joint.away])
    enough = len(pairs) >= FEWEST_PAIRS
    out: list[Outcome] = []
    for pair, shift, error, away in zip(pairs, off, errors, joint.away, strict=True):
        if enough and shift > OTHER_LIGHT:
            reason = f"its white differs by {np.expm1(shift):.0%} from the other pairs': two lights, or another setting"
            out.append(LeftOut(pair.source.name, reason))
        elif enough and error > max(ODD_ERROR, ODD_TIMES * float(np.median(errors))):
            told = f"it does not follow the others' rendering ({100 * error:.0f} % of the range off)"
            out.append(LeftOut(pair.source.name, f"{told}: edited, or another mode"))
        else:
            out.append(_kept(pair, shift, away, handheld))
    return out


def _kept(pair: Pair, shift: float, away: Array, handheld: bool) -> Pair:
    if shift > OTHER_LIGHT_NOTE:
        note = f"its white differs by {np.expm1(shift):.0%} from the other pairs'"
        pair = replace(pair, source=replace(pair.source, notes=(*pair.source.notes, note)))
    if handheld:
        pair = replace(pair, blocks=pair.blocks.taken(away < WRONG))
    return pair


def _fit(pairs: list[Pair]) -> _Joint:
    """Alternately the map (weighted least squares) and the gains (a step of Gauss and Newton), by Tukey's weights."""
    picked = [_spread_out(len(pair.blocks.source)) for pair in pairs]
    source = [pair.blocks.source[rows] for pair, rows in zip(pairs, picked, strict=True)]
    wanted = [encode(pair.blocks.target[rows], "srgb") for pair, rows in zip(pairs, picked, strict=True)]
    gains = _first_gains(source, wanted)
    all_wanted = np.concatenate(wanted)
    weights = np.ones(len(all_wanted))
    answer = np.zeros((_terms(source[0][:1]).shape[1], 3))
    for _ in range(ROUNDS):
        rows = np.concatenate([_terms(x * np.exp(g)) for x, g in zip(source, gains, strict=True)])
        answer = _solved(rows, all_wanted, weights)
        away = np.abs(rows @ answer - all_wanted).max(axis=1)
        spread = max(1.4826 * float(np.median(away)), LEAST_SPREAD)
        weights = np.clip(1 - (away / (CUT * spread)) ** 2, 1e-3, None) ** 2
        gains = _stepped(source, wanted, gains, answer, np.split(weights, np.cumsum([len(one) for one in source])[:-1]))
    mapped = [_terms(pair.blocks.source * np.exp(g)) @ answer for pair, g in zip(pairs, gains, strict=True)]
    shown = [encode(pair.blocks.target, "srgb") for pair in pairs]
    off = [np.abs(one - other).max(axis=1) for one, other in zip(mapped, shown, strict=True)]
    return _Joint(gains, off, [_brighter(other, one) for one, other in zip(mapped, shown, strict=True)])


def _brighter(shown: Array, mapped: Array) -> Array:
    """EV by which codes (N, 3) are brighter than other ones."""
    light = [luminance(decode(np.clip(one, DARKEST, 1), "srgb")) for one in (shown, mapped)]
    return np.log2(light[0] / light[1])


def _first_gains(source: list[Array], wanted: list[Array]) -> Array:
    """Exposures that bring the medians of all pairs to one relation."""
    ratio = np.array(
        [np.median(encode(np.clip(x, 0, None)).mean(1) - y.mean(1)) for x, y in zip(source, wanted, strict=True)]
    )
    return np.repeat(-(ratio - np.median(ratio))[:, None], 3, axis=1) * CODE_TO_LOG


def _stepped(source: list[Array], wanted: list[Array], gains: Array, answer: Array, weights: list[Array]) -> Array:
    """Better gains for the same map; their mean stays 0, what they share is the map's."""
    new = gains.copy()
    for index, (x, y, weight) in enumerate(zip(source, wanted, weights, strict=True)):
        now = _terms(x * np.exp(gains[index])) @ answer
        slopes = np.stack(
            [
                (_terms(x * np.exp(gains[index] + STEP * np.eye(3)[channel])) @ answer - now) / STEP
                for channel in range(3)
            ],
            -1,
        )
        rows = (slopes * weight[:, None, None] ** 0.5).reshape(-1, 3)
        off = ((y - now) * weight[:, None] ** 0.5).ravel()
        prior = (0.02 / GAIN_DOUBT) ** 2 * len(x) * np.eye(3)
        step = np.linalg.solve(rows.T @ rows + prior, rows.T @ off - prior @ gains[index])
        new[index] += np.clip(step, -0.3, 0.3)
    return new - new.mean(axis=0)


def _terms(source: Array) -> Array:
    """(N, K) smooth terms of scene light: of its codes, which are nearly those of the display."""
    code = encode(np.clip(source, 0, 4), "srgb")
    grey = code.mean(1)
    red, blue = code[:, 0] - grey, code[:, 2] - grey
    columns = [np.ones_like(grey), grey, grey**2, grey**3, grey**4, red, blue, red * grey, blue * grey, red * grey**2,
               blue * grey**2, red * red, red * blue, blue * blue, red * red * grey, red * blue * grey,
               blue * blue * grey]  # fmt: skip
    return np.stack(columns, -1)


def _solved(rows: Array, wanted: Array, weights: Array) -> Array:
    weighed = rows * weights[:, None]
    normal = weighed.T @ rows
    return np.linalg.solve(normal + 1e-6 * np.trace(normal) / len(normal) * np.eye(len(normal)), weighed.T @ wanted)


def _spread_out(count: int) -> Array:
    """Indices of at most SAMPLES rows, evenly spaced."""
    return np.unique(np.linspace(0, count - 1, min(count, SAMPLES)).astype(int))
