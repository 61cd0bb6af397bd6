"""Look facts: what was measured of a look, as plain data: `measure.look` fills them, `report.look` shows them."""

from __future__ import annotations

from dataclasses import field
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.learned import Learned
from twinlens.core.record import record

Array = npt.NDArray[Any]


@record(kw_only=True, eq=False)
class ToneFacts:
    """The grey curve. `stops` (N,) from mid grey; `codes` (N, 3) display codes 0 to 255 of the sRGB curve; `slope`
    (N,) display stops a scene stop; `neutral` (N,) the codes of the neutral look."""

    stops: Array
    codes: Array
    slope: Array
    neutral: Array
    middle: float  # code of mid grey
    contrast: float  # display stops a scene stop at mid grey
    shadow: float  # code 5 stops under mid grey
    clipping: float  # code of the sensor's clipping point, 2.47 stops over mid grey
    white: float | None  # stops over mid grey that are shown as white; None where none are
    roll_off: float | None  # stops from code 200 to white
    cast: float  # largest chroma (C*) of a grey


@record(kw_only=True)
class SectorFacts:
    """One hue sector: factor of chroma, turn of hue in degrees, change of lightness (Oklab); see `measure.look`."""

    name: str
    hue_deg: float
    chroma: float
    turn_deg: float
    lightness: float


@record(kw_only=True, eq=False)
class Wheel:
    """Colors of one Oklab lightness and chroma around the hue circle: Oklab a and b (N, 2) before and after the look,
    the scene's Oklab, and their sRGB codes (N, 3), 0 to 255, as shown."""

    lightness: float
    before: Array
    after: Array
    codes: Array


@record(kw_only=True)
class MemoryColor:
    """A color that people remember: L*a*b* (D50) of truth and as shown, their sRGB codes 0 to 255, and what changed.

    `delta_e`, `lightness`, `chroma`, `hue_deg` (CIEDE2000, L*, C*, degrees) are as shown; `matched` is the CIEDE2000
    after one gain that matches the grey row.
    """

    name: str
    origin: str
    truth: tuple[float, float, float]
    shown: tuple[float, float, float]
    truth_code: tuple[float, float, float]
    shown_code: tuple[float, float, float]
    delta_e: float
    matched: float
    lightness: float
    chroma: float
    hue_deg: float | None  # None where it has no hue


@record(kw_only=True, eq=False)
class PlacePicture:
    """Where a look fits badly: the reference's picture in small with a frame around the place, and the surroundings of
    the place by the reference and by the look; each (h, w, 3) uint8 sRGB."""

    whole: Array
    reference: Array
    shown: Array


@record(kw_only=True)
class Check:
    """Something that must hold of a look: what was measured, the limit, and whether it holds."""

    name: str
    passed: bool
    measured: str
    limit: str


@record(kw_only=True, eq=False)
class LookFacts:
    """All that is known of a look. `ramp`, `sweep`: pictures (H, W, 3) uint8 sRGB, neutral above, the look below."""

    name: str
    description: str
    reasons: tuple[str, ...]
    origin: str  # in a sentence
    settings: tuple[tuple[str, str], ...]
    tone: ToneFacts
    chroma_ratio: float
    grey_gain: float  # stops on display light that match the grey row
    sectors: tuple[SectorFacts, ...]
    wheels: tuple[Wheel, ...]
    memory: tuple[MemoryColor, ...]
    checks: tuple[Check, ...]
    lights: tuple[tuple[float, float, float], ...] = ()  # CCT in K, a* and b* of mid grey
    learned: Learned | None = None
    places: tuple[PlacePicture | None, ...] = ()  # of `learned.worst`, where the pictures are at hand
    provenance: tuple[tuple[str, str], ...] = ()
    cannot_say: tuple[str, ...] = ()
    ramp: Array = field(default_factory=lambda: np.zeros((1, 1, 3), np.uint8))
    sweep: Array = field(default_factory=lambda: np.zeros((1, 1, 3), np.uint8))

    @property
    def passed(self) -> bool:
        """Whether every check holds."""
        return all(one.passed for one in self.checks)
