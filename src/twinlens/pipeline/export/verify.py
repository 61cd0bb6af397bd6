"""Verify: an exported file is read back by the program that it is for, and compared with our own rendering.

Differences are CIEDE2000 of display colors (white = display white, D50). The colors are drawn anew, not those that a
table was fitted to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import FileError
from twinlens.core.record import record
from twinlens.numerics import color
from twinlens.pipeline.export.rendering import Rendering, likely_colors

Array = npt.NDArray[Any]

COLORS = 4096  # to compare, of each set
SEED = 77
IN_GAMUT, BRIGHT = "in gamut", "to 2 EV above white"


@record
class Figures:
    """CIEDE2000 to our rendering, and the place of the largest: input codes, and what is shown and should be."""

    mean: float
    p95: float
    largest: float
    worst: tuple[float, ...]
    shown: tuple[float, ...]
    wanted: tuple[float, ...]
    colors: int


@record
class Reading:
    """What one program makes of the file. `is_own` says that our own reader stood in for it; `failed` why it could not
    read the file, then there are no figures."""

    program: str
    figures: dict[str, Figures]
    is_own: bool = False
    failed: str = ""


def colors_for(render: Rendering) -> dict[str, Array]:
    """Sets of input codes (N, 3) by name: a display input's whole cube; else scene colors of the output's gamut."""
    if render.source.kind == "display":
        return {IN_GAMUT: np.random.default_rng(SEED).random((COLORS, 3))}
    inside, bright = np.split(likely_colors(render.target, 2 * COLORS, SEED), 2)
    return {IN_GAMUT: render.source.from_scene(inside), BRIGHT: render.source.from_scene(bright)}


def figures(wanted_lab: Array, shown_lab: Array, source: Array, wanted: Array, shown: Array) -> Figures:
    """Mean, p95 and largest difference, and where the largest is."""
    difference = color.delta_e_2000(wanted_lab, shown_lab)
    at = int(np.argmax(difference))
    worst, seen, meant = (tuple(np.round(one[at], 4).tolist()) for one in (source, shown, wanted))
    mean, p95, largest = float(difference.mean()), float(np.percentile(difference, 95)), float(difference[at])
    return Figures(round(mean, 4), round(p95, 4), round(largest, 3), worst, seen, meant, len(difference))


Engine = Callable[[Array], Array | None]


def readings(render: Rendering, programs: Iterable[tuple[str, Engine]], own: Engine) -> tuple[Reading, ...]:
    """What each installed program makes of the file; our own reader where none reads it."""
    sets = colors_for(render)
    found = [one for name, engine in programs if (one := _reading(render, sets, name, engine)) is not None]
    if any(not one.failed for one in found):
        return tuple(found)
    alone = _reading(render, sets, "our own reader (none of the programs is installed)", own, is_own=True)
    return (*found, *(() if alone is None else (alone,)))


def _reading(
    render: Rendering, sets: dict[str, Array], name: str, engine: Engine, is_own: bool = False
) -> Reading | None:
    try:
        shown = engine(np.concatenate(list(sets.values())))
    except FileError as error:
        return Reading(name, {}, is_own, str(error))
    if shown is None:
        return None
    parts = np.split(shown, np.cumsum([len(one) for one in sets.values()])[:-1])
    told = {}
    for (title, codes), part in zip(sets.items(), parts, strict=True):
        wanted = render.codes(codes)
        told[title] = figures(render.lab(wanted), render.lab(part), codes, wanted, part)
    return Reading(name, told, is_own)
