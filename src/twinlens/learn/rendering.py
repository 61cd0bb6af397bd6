"""Rendering: a base and a field put together as a look map, and kept within what every look must hold.

The look map is the same mathematics: the matrix is its transform, the curves its nodes, the field its residual table.
What would fold, invert greys or be too steep is smoothed until it does not.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.look import HIGHEST_NODE, Table, keep_table
from twinlens.core.record import record
from twinlens.learn import base as bases
from twinlens.learn import equations, stiffness, tone
from twinlens.learn import field as fields
from twinlens.learn.base import Base, Freedom, Rows
from twinlens.learn.coverage import even_weights
from twinlens.numerics import color
from twinlens.numerics.curve import MID_GREY, decode_tone
from twinlens.numerics.lut import identity_table
from twinlens.pipeline.look import problems
from twinlens.pipeline.look.check import broken_places
from twinlens.stages.look_map import LookMap

Array = npt.NDArray[Any]

UNLIKE = 40.0  # times the smoothing of photographs: what they leave is alike in each
STIFFER = 6.0  # times, each time a guarantee does not hold
TRIES, LOCAL_TRIES = 12, 8
RAMPS, RAMP_STEPS = 60, 64
ROUGHEST = 3.0  # times the bends of the look without residual
SMALL_BEND = 0.0015  # code a step, that does no harm
MATCH_ROWS, MATCH_STEPS = 400, 14
COLORLESS = 0.012  # code: a target whose channels differ by less is black and white
PROCESSES = ("p3", "rec2020")  # primaries in which the curves work: the likelier, or else the nearer
BASE_ROWS, FIELD_ROWS = 2500, 6000
GREYS = MID_GREY * np.exp2(np.linspace(-8, 4, 49))  # light that is taken for neutral ...
GREY_WEIGHT, GREY_NOISE = 1e-3, 0.03  # ... with this share of all weight, within codes


@record(kw_only=True, eq=False)
class Rendering:
    """`map` is the whole; `plain` the same without residual table; `base` what it was made of; `smoothing`, `times` and
    `trust` those of the equations of its residual, `change` (n, 3) their solution, None without; `unlikely` minus the
    log of how likely its colors are, 0 if unknown."""

    map: LookMap
    plain: LookMap
    base: Base
    smoothing: float
    times: float = 1.0
    trust: equations.Trust = equations.EVEN
    change: Array | None = None
    higher: float = 1.0
    process: str = "p3"
    unlikely: float = 0.0
    notes: tuple[str, ...] = ()


def plain_map(base: Base, space: str, process: str) -> LookMap:
    """The look map of a base whose curves work in the primaries of `process`; the result is cut in those of `space`."""
    rec2020 = color.rgb_from_rgb("rec2020", process) @ base.matrix
    codes = np.clip(color.encode(decode_tone(tone.at_stops(base.curves))), 0, HIGHEST_NODE)
    codes = np.maximum.accumulate(codes, -1)
    return LookMap(
        transform=tuple(map(tuple, rec2020.tolist())),
        space=process,  # pyright: ignore[reportArgumentType]
        gamut=space,  # pyright: ignore[reportArgumentType]
        compression=base.compression,
        curve="nodes",
        nodes=(tuple(tone.STOPS.tolist()), *map(tuple, codes.tolist())),
    )


def display_codes(stage: LookMap, light: Array) -> Array:
    """Display codes (..., 3) of the sRGB curve that a look map shows before its table, not cut: beyond 0 to 1 too."""
    display = stage.before_table(np.asarray(light, float))
    return color.encode(display @ color.rgb_from_rgb(stage.gamut, "rec2020").T)


def shown_codes(stage: LookMap, light: Array) -> Array:
    """Display codes (..., 3) of the sRGB curve, 0 to 1, in the primaries of the look's gamut."""
    display = stage.render(np.asarray(light, float)) @ color.rgb_from_rgb(stage.gamut, "rec2020").T
    return np.clip(color.encode(np.clip(display, 0, 1)), 0, 1)


def with_field(plain: LookMap, coefficients: Array) -> LookMap:
    """A look map with a field as its residual table."""
    change = fields.table_of(coefficients)
    return replace(plain, table=keep_table(Table(identity_table(len(change)) + change.astype(np.float32))))


def fit(
    rows: Rows, freedom: Freedom, space: str, *, smoothing: float | None = None, start: Rendering | None = None
) -> Rendering:
    """The rendering nearest to the rows, within the guarantees. `start` is one of nearly the same rows."""
    few = thinned(rows, BASE_ROWS, apart=freedom.unlike)
    if start is not None:
        freedom = replace(freedom, compression=start.base.compression != 0)
        base = bases.fit(few, freedom, _spaces(start.process, space), start.base, start.higher)
        return _unchecked(rows, base, space, start, freedom.unlike)
    found = [_in_process(process, rows, few, freedom, space, smoothing) for process in PROCESSES]
    return min(found, key=lambda one: (one.unlikely, _misses(one, rows)))


def _spaces(process: str, space: str) -> Array:
    return color.rgb_from_rgb(space, process)


def _misses(found: Rendering, rows: Rows) -> float:
    """The weighted mean of what a rendering is off, in codes."""
    off = np.linalg.norm(shown_codes(found.map, found.base.light(rows)) - rows.target, axis=-1)
    return float(rows.weight @ off)


def _in_process(
    process: str, rows: Rows, few: Rows, freedom: Freedom, space: str, smoothing: float | None
) -> Rendering:
    """The rendering whose curves work in the primaries of `process`."""
    there, steps = _spaces(process, space), iter(bases.HIGHER_TERMS)
    higher = next(steps)
    base = bases.compressing(few, freedom, bases.fit(few, freedom, there, higher=higher), higher)
    freedom = replace(freedom, compression=base.compression != 0)
    while problems(plain_map(base, space, process)) and (more := next(steps, None)):
        base, higher = bases.fit(few, freedom, there, base, more), more
    return fit_field(rows, base, space, process, smoothing, higher, UNLIKE if freedom.unlike else 1.0)


def thinned(rows: Rows, most: int, seed: int = 0, *, apart: bool = False) -> Rows:
    """No more rows than can be fitted quickly, drawn by their weight so that rare colors stay. `apart`: each picture's
    color counts on its own."""
    if len(rows.weight) <= most:
        return rows
    most = min(most, int(np.count_nonzero(rows.weight)))
    keep = np.random.default_rng(seed).choice(len(rows.weight), most, replace=False, p=rows.weight)
    part = rows.take(np.sort(keep))
    return replace(part, weight=even_weights(part.target, part.worth, part.picture if apart else None))


def matched(stage: LookMap, light: Array, rows: Rows, freedom: Freedom) -> Array:
    """Light (N, 3) of one picture with the exposure, and the white, at which the look meets its target best."""
    logs = np.zeros(3)
    directions = [np.ones(3)] if freedom.gain else []
    directions += [np.array([1.0, 0, 0]), np.array([0, 0, 1.0])] * (2 if freedom.white else 0)
    few = np.linspace(0, len(light) - 1, min(len(light), MATCH_ROWS)).astype(int)

    def cost(values: Array) -> float:
        off = shown_codes(stage, light[few] * np.exp(values)) - rows.target[few]
        return float(np.abs(off).mean())

    for number, direction in enumerate(directions):
        low, high = (-1.0, 1.0) if number == 0 else (-0.15, 0.15)
        for _ in range(MATCH_STEPS):
            one, other = low + (high - low) * 0.382, low + (high - low) * 0.618
            if cost(logs + one * direction) < cost(logs + other * direction):
                high = other
            else:
                low = one
        logs = logs + (low + high) / 2 * direction
    return light * np.exp(logs)


def bends(stage: LookMap) -> float:
    """The 99th percentile of second differences of codes along smooth ramps, away from clipping."""
    ends = np.random.default_rng(0).uniform(0, 1, (2, RAMPS, 1, 3))
    share = np.linspace(0, 1, RAMP_STEPS)[:, None]
    ramps = color.decode((1 - share) * ends[0] + share * ends[1]) @ color.rgb_from_rgb("rec2020", "srgb").T
    codes = shown_codes(stage, ramps.reshape(-1, 3)).reshape(ramps.shape)
    inside = (codes.min(-1) > 0.01) & (codes.max(-1) < 0.99)
    inside = inside[:, :-2] & inside[:, 1:-1] & inside[:, 2:]
    found = np.abs(np.diff(codes, 2, axis=1))[inside]
    return float(np.percentile(found, 99)) if len(found) else 0.0


def _unchecked(rows: Rows, base: Base, space: str, start: Rendering, apart: bool) -> Rendering:
    """A rendering as smooth as another one, without a look at the guarantees: to measure how well rows foretell."""
    plain = plain_map(base, space, start.process)
    whole = plain
    if np.isfinite(start.smoothing):
        few = thinned(rows, FIELD_ROWS, apart=apart)
        system, _ = _equations(few, plain, base, start.smoothing, 1.0, start.times, start.trust, start.change)
        whole = with_field(plain, system.solve(start.smoothing))
    return replace(start, map=whole, plain=plain, base=base, notes=())


def _equations(
    few: Rows,
    plain: LookMap,
    base: Base,
    smoothing: float | None,
    unlike: float = 1.0,
    times: float = 1.0,
    trust: equations.Trust = equations.EVEN,
    near: Array | None = None,
) -> tuple[equations.System, float]:
    """The equations of the residual: rows, and greys that are neutral as far as no row says otherwise; and the
    smoothing, where none is given that of the scatter about a first residual, then the likeliest of its multiples.
    `near` is a solution for nearly the same rows, from which a given smoothing's is soon found. What photographs leave
    (`unlike` above 1) is alike within each, and would be taken for the maker's: it counts as fewer rows, and each
    channel by its own scatter."""
    codes = display_codes(plain, base.light(few))
    greys = display_codes(plain, np.repeat(GREYS[:, None], 3, 1))
    wanted = np.clip(np.repeat(greys.mean(1, keepdims=True), 3, 1), 0, 1)
    count = len(greys)
    data = (
        np.concatenate([codes, greys]),
        np.concatenate([few.target, wanted]),
        np.concatenate([few.weight, np.full(count, GREY_WEIGHT / count)]),
        np.concatenate([few.noise, np.full(count, GREY_NOISE)]),
    )
    if smoothing is not None:
        return equations.gather(*data, smoothing, times, near, trust), smoothing
    first = stiffness.by_scatter(few.target, float(np.median(few.noise)))
    found = equations.gather(*data, first).solve(first)
    change = fields.interpolation(codes) @ found
    off = np.abs(bases.one_sided(codes + change - few.target, few.target))
    smoothing = max(first, stiffness.by_scatter(few.target, 1.4826 * float(np.median(off)), unlike))
    trust = stiffness.trusted(off) if unlike > 1 else trust
    system = equations.gather(*data, smoothing, start=found, trust=trust, compared=True)
    return stiffness.likeliest(system, smoothing, few.target, unlike > 1)


def fit_field(
    rows: Rows,
    base: Base,
    space: str,
    process: str,
    smoothing: float | None,
    higher: float,
    unlike: float = 1.0,
) -> Rendering:
    """A base with its residual; smoother where a guarantee would not hold, without where none can hold."""
    colorless = np.quantile(np.ptp(rows.target, axis=1), 0.99) < COLORLESS
    base = bases.in_grey(base) if colorless else base
    plain = plain_map(base, space, process)
    system, smoothing = _equations(thinned(rows, FIELD_ROWS, apart=unlike > 1), plain, base, smoothing, unlike)
    found: tuple[str, ...] = ()
    black_and_white = ("the reference is black and white: a look without color",) if colorless else ()
    more, factor, smooth = None, 1.0, max(bends(plain), SMALL_BEND)
    for attempt in range(TRIES):
        change = system.solve(smoothing, more)
        whole = with_field(plain, np.repeat(change.mean(1, keepdims=True), 3, 1) if colorless else change)
        found = problems(whole)
        if not found and bends(whole) > ROUGHEST * smooth and attempt < TRIES - 1:
            smoothing *= STIFFER
            continue
        if not found:
            repaired = ("the residual was smoothed where the order of colors would have changed",) if attempt else ()
            return Rendering(
                map=whole, plain=plain, base=base, smoothing=smoothing, times=system.times, trust=system.trust,
                change=change, higher=higher, process=process, unlikely=stiffness.unlikelihood(system, smoothing),
                notes=(*black_and_white, *repaired),
            )  # fmt: skip
        places = broken_places(whole)
        if len(places) and attempt < LOCAL_TRIES:  # there alone
            factor *= STIFFER
            added = fields.stiffer(display_codes(plain, places), factor)
            more = added if more is None else more + added
        else:
            smoothing *= STIFFER**2
    note = f"without residual table: with it {'; '.join(found)}"
    return Rendering(
        map=plain, plain=plain, base=base, smoothing=float("inf"), higher=higher, process=process,
        unlikely=float("inf") if system.rows else 0.0, notes=(*black_and_white, note),
    )  # fmt: skip
