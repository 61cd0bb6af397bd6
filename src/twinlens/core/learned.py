"""Learned: what learning found of a look: how near it comes, where its samples lie, where it fits worst.

It stays in the look's document as `[provenance.learned]`, where `learned_from` finds it again.
"""

from __future__ import annotations

import math
from dataclasses import fields
from typing import Any, TypeGuard

from twinlens.core.look import LOWEST_CCT
from twinlens.core.record import record

LIGHTNESS_BANDS = (0.45, 0.70)  # Oklab lightness of display light between dark, middle and light colors
BAND_NAMES = ("dark", "middle", "light")
CHROMA_BANDS = (0.03, 0.08, 0.14)  # Oklab chroma: greys below the first; pale, colorful, strong
CHROMA_NAMES = ("pale", "colorful", "strong")
FEWEST_SAMPLES = 5.0  # a part of color space with fewer counts as not covered
GREY_BANDS = 10  # of Oklab lightness, 0 to 1


@record(kw_only=True)
class PictureError:
    """The held-out error of one picture (CIEDE2000): blind, and after one exposure and one white gain (`matched`); None
    where one was not measured. `gain_stops`: its exposure against the others', in EV; `local_stops`: the spread of
    brightness within it that no global look explains."""

    name: str
    mean: float | None = None
    p95: float | None = None
    matched_mean: float | None = None
    matched_p95: float | None = None
    samples: int = 0
    cct: float | None = None  # K
    kind: str = "picture"
    gain_stops: float | None = None
    local_stops: float | None = None

    @property
    def shown(self) -> tuple[float, float]:
        """Mean and p95, blind where that was measured, else matched."""
        if self.mean is not None and self.p95 is not None:
            return self.mean, self.p95
        return self.matched_mean or 0.0, self.matched_p95 or 0.0

    @property
    def is_blind(self) -> bool:
        """Whether `shown` is the error without any gain."""
        return self.mean is not None and self.p95 is not None


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
    residual: float | None = None  # mean CIEDE2000 on what it was fitted on, matched
    local_stops: float | None = None  # median over the pictures
    vignette: tuple[float, ...] = ()  # k1, k2 of the source against the reference: 1 + k1 r^2 + k2 r^4
    coverage: tuple[tuple[float, ...], ...] = ()
    greys: tuple[float, ...] = ()
    lights: tuple[float, ...] = ()  # K, of the groups of like lights that its pictures were taken under
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
    return Learned(
        source=str(data.get("source", "")),
        pictures=_records(PictureError, data, "pictures"),
        held_out=held_out,
        residual=_number(data, "residual"),
        local_stops=_number(data, "local_stops"),
        vignette=tuple(float(one) for one in _list(data, "vignette") if _is_number(one)),
        coverage=tuple(tuple(map(float, row)) for row in coverage) if len(coverage) == COVERAGE_ROWS else (),
        greys=tuple(map(float, greys)) if isinstance(greys, list) and _numbers(greys, GREY_BANDS) else (),
        lights=tuple(float(one) for one in _list(data, "lights") if _is_number(one) and one >= LOWEST_CCT),
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


def _number(data: dict[str, Any], key: str) -> float | None:
    value: Any = data.get(key)
    return float(value) if _is_number(value) else None


def _numbers(row: Any, count: int) -> bool:
    return isinstance(row, list) and len(row) == count and all(_is_number(one) for one in row)


def _records(kind: Any, data: dict[str, Any], key: str) -> tuple[Any, ...]:
    found = (_record(kind, one) for one in _list(data, key))
    return tuple(one for one in found if one is not None)


def _record(kind: Any, data: Any) -> Any:
    """A record of a table, None where a number that it needs is not there."""
    if not isinstance(data, dict):
        return None
    values: dict[str, Any] = {}
    for item in fields(kind):
        value: Any = data.get(item.name)
        if item.name in ("wanted", "shown"):
            values[item.name] = tuple(map(float, value)) if _numbers(value, 3) else None
        elif item.name in ("name", "where", "kind"):
            values[item.name] = str(value or "")
        else:
            values[item.name] = _number(data, item.name)
    if kind is WorstPlace:
        complete = all(values[key] is not None for key in ("wanted", "shown", "delta_e"))
        return WorstPlace(**values) if complete else None
    values["samples"] = int(values["samples"] or 0)
    errors = ("mean", "p95"), ("matched_mean", "matched_p95")
    told = any(all(values[key] is not None for key in pair) for pair in errors)
    return PictureError(**values) if told else None
