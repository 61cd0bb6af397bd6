"""Look facts: what was measured of a look, and what is known of how it was learned, as plain data.

`measure.look` fills them, `report.look` shows them. What learning found stays in the look's `[provenance.learned]`.
"""

from __future__ import annotations

import math
from dataclasses import field, fields
from typing import Any, TypeGuard

import numpy as np
import numpy.typing as npt

from twinlens.core.record import record

Array = npt.NDArray[Any]

LIGHTNESS_BANDS = (0.45, 0.70)  # Oklab lightness of display light between dark, middle and light colors
BAND_NAMES = ("dark", "middle", "light")
CHROMA_BANDS = (0.03, 0.08, 0.14)  # Oklab chroma: greys below the first; pale, colorful, strong
CHROMA_NAMES = ("pale", "colorful", "strong")
FEWEST_SAMPLES = 5.0  # a part of color space with fewer counts as not covered
GREY_BANDS = 10  # of Oklab lightness, 0 to 1


@record(kw_only=True)
class PictureError:
    """The held-out error of one picture (CIEDE2000), blind and after one exposure and one white gain."""

    name: str
    mean: float
    p95: float
    matched_mean: float | None = None
    matched_p95: float | None = None
    samples: int = 0
    cct: float | None = None  # K


@record(kw_only=True)
class WorstPlace:
    """A place where look and reference differ most: display codes (sRGB, 0 to 255) of both, and their CIEDE2000."""

    where: str
    wanted: tuple[float, float, float]
    shown: tuple[float, float, float]
    delta_e: float


@record(kw_only=True)
class Learned:
    """What learning found. `held_out` is that of pictures which the look was not fitted on.

    `coverage`: 9 rows of 12, how many samples lie in each Oklab sector of hue (as `core.look.SECTORS`); the rows are
    dark, middle, light, in each pale, colorful, strong. `greys`: samples in ten bands of Oklab lightness.
    """

    source: str = ""
    pictures: tuple[PictureError, ...] = ()
    held_out: PictureError | None = None
    residual: float | None = None  # mean CIEDE2000 on what it was fitted on
    coverage: tuple[tuple[float, ...], ...] = ()
    greys: tuple[float, ...] = ()
    worst: tuple[WorstPlace, ...] = ()
    notes: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """For `[provenance.learned]`; empty parts are left out."""
        found = {item.name: _plain(getattr(self, item.name)) for item in fields(self)}
        return {key: value for key, value in found.items() if value not in (None, [], "", {})}


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return int(value) if value == int(value) else round(value, 4)
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, PictureError | WorstPlace):
        found = {item.name: _plain(getattr(value, item.name)) for item in fields(value)}
        return {key: one for key, one in found.items() if one is not None}
    return value


def learned_from(provenance: dict[str, Any]) -> Learned | None:
    """What a look's provenance keeps of its learning; parts that are not what they should be are passed over.

    Provenance is free text for people: a hand that edited it never makes a look unreadable.
    """
    data = provenance.get("learned")
    if not isinstance(data, dict) or not data:
        return None
    coverage = [row for row in _list(data, "coverage") if _numbers(row, len(SECTOR_COUNT))]
    greys: Any = data.get("greys")
    held_out = _record(PictureError, data.get("held_out"))
    residual: Any = data.get("residual")
    return Learned(
        source=str(data.get("source", "")),
        pictures=_records(PictureError, data, "pictures"),
        held_out=held_out,
        residual=float(residual) if _is_number(residual) else None,
        coverage=tuple(tuple(map(float, row)) for row in coverage) if len(coverage) == COVERAGE_ROWS else (),
        greys=tuple(map(float, greys)) if isinstance(greys, list) and _numbers(greys, GREY_BANDS) else (),
        worst=_records(WorstPlace, data, "worst"),
        notes=tuple(map(str, _list(data, "notes"))),
        left_out=tuple(map(str, _list(data, "left_out"))),
    )


SECTOR_COUNT = range(12)
COVERAGE_ROWS = len(BAND_NAMES) * len(CHROMA_NAMES)


def _list(data: dict[str, Any], key: str) -> list[Any]:
    value = data.get(key)
    return value if isinstance(value, list) else []


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _numbers(row: Any, count: int) -> bool:
    return isinstance(row, list) and len(row) == count and all(_is_number(one) for one in row)


def _records(kind: Any, data: dict[str, Any], key: str) -> tuple[Any, ...]:
    found = (_record(kind, one) for one in _list(data, key))
    return tuple(one for one in found if one is not None)


def _record(kind: Any, data: Any) -> Any:
    """A record of a table, None where a number or name that it needs is not there."""
    if not isinstance(data, dict):
        return None
    values: dict[str, Any] = {}
    for item in fields(kind):
        value: Any = data.get(item.name)
        if item.name in ("name", "where"):
            values[item.name] = str(value or "")
        elif item.name in ("wanted", "shown"):
            values[item.name] = tuple(map(float, value)) if _numbers(value, 3) else None
        elif value is not None:
            values[item.name] = float(value) if _is_number(value) else None
    needed = ("wanted", "shown", "delta_e") if kind is WorstPlace else ("mean", "p95")
    if any(values.get(key) is None for key in needed):
        return None
    if kind is PictureError:
        values["samples"] = int(values.get("samples") or 0)
    return kind(**values)


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
    provenance: tuple[tuple[str, str], ...] = ()
    cannot_say: tuple[str, ...] = ()
    ramp: Array = field(default_factory=lambda: np.zeros((1, 1, 3), np.uint8))
    sweep: Array = field(default_factory=lambda: np.zeros((1, 1, 3), np.uint8))

    @property
    def passed(self) -> bool:
        """Whether every check holds."""
        return all(one.passed for one in self.checks)
