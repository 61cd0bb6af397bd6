"""Vignette: how much darker the reference leaves the corners, picture by picture, and whether that is sure.

What counts is the stage `vignette` that a look can ask for: light divided by (1 + k r^2)^2. Each picture has the amount
with which what it shows is the look's everywhere from the middle to its corners, so that only pictures that agree make
a vignette: what is darker at the edges of one scene is the scene.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.record import record
from twinlens.learn import rendering
from twinlens.learn.base import Rows
from twinlens.numerics import color

Array = npt.NDArray[Any]

FEWEST_PICTURES = 3
AGREEING = 0.8  # share of the pictures whose corners are darker
LEAST_STOPS = 0.1  # EV at the corner: less is not seen
SURE = 2.0  # standard errors from 0
AMOUNTS = np.linspace(-1.5, 2.5, 161)  # EV that the corners can be darker by
STEP = 0.1  # EV, for the slope of the look
LEAST_SLOPE = 0.02  # code a stop: flatter places say nothing of their light
FEWEST_ROWS = 60  # of a picture
OUTER, OUTER_SHARE = 0.6, 0.05  # radius beyond which this share of its rows must lie


@record(kw_only=True)
class Corners:
    """By how many EV the reference's corners are darker than the source's: `stops` (the mean of the pictures that tell
    it), `doubt` (its standard error), `pictures`, and how many of them are darker, `agreeing`."""

    stops: float
    doubt: float
    pictures: int
    agreeing: int

    @property
    def is_sure(self) -> bool:
        """Whether it is a vignette: seen by several pictures that agree, and surely above nothing."""
        return (
            self.pictures >= FEWEST_PICTURES
            and self.agreeing >= AGREEING * self.pictures
            and self.stops - SURE * self.doubt > 0
            and self.stops >= LEAST_STOPS
        )

    @property
    def said(self) -> str:
        """In a sentence."""
        if not self.is_sure:
            return f"no vignette is sure ({0.0 - self.stops:+.2f} ± {self.doubt:.2f} EV at the corner)"
        darker = f"{self.stops:.2f} ± {self.doubt:.2f} EV darker"
        return f"the reference's corners are {darker} in {self.agreeing} of {self.pictures} pictures"


def corners(found: rendering.Rendering, rows: Rows) -> Corners | None:
    """What the pictures say of the corners; None where too few of them reach there."""
    base = found.base
    light = rows.source * np.exp(base.gains[rows.picture][:, None] + base.whites[rows.picture])
    away, slope = _stops_away(found, light, rows.target)
    usable = np.isfinite(rows.radius) & (slope > LEAST_SLOPE)
    amounts = []
    for picture in range(rows.pictures):
        own = usable & (rows.picture == picture)
        radius = rows.radius[own]
        if own.sum() >= FEWEST_ROWS and np.mean(radius > OUTER) >= OUTER_SHARE:
            amounts.append(_amount(away[own], radius))
    if len(amounts) < FEWEST_PICTURES:
        return None
    return Corners(
        stops=float(np.mean(amounts)), doubt=float(np.std(amounts, ddof=1) / np.sqrt(len(amounts))),
        pictures=len(amounts), agreeing=int(np.sum(np.array(amounts) > 0)),
    )  # fmt: skip


def _stops_away(found: rendering.Rendering, light: Array, target: Array) -> tuple[Array, Array]:
    """How many EV less light (N,) the target shows than the look does of the light, and the look's codes a stop."""
    luma = color.xyz_from_rgb(found.map.gamut)[1]

    def grey(stops: float) -> Array:
        return color.encode(color.decode(rendering.shown_codes(found.map, light * 2.0**stops)) @ luma)

    slope = (grey(STEP) - grey(-STEP)) / (2 * STEP)
    off = grey(0.0) - color.encode(color.decode(target) @ luma)
    return off / np.maximum(slope, LEAST_SLOPE), slope


def falloff(amount: Any, radius: Array) -> Array:
    """EV that a vignette of `amount` EV takes at a radius."""
    return 2 * np.log2(1 + (2.0 ** (np.asarray(amount) / 2) - 1) * radius**2)


def _amount(away: Array, radius: Array) -> float:
    """The amount whose falloff leaves the least, whatever the picture's exposure."""
    rest = away[:, None] - falloff(AMOUNTS, radius[:, None])
    return float(AMOUNTS[np.abs(rest - np.median(rest, axis=0)).mean(0).argmin()])
