"""Sensor document: the part [color.sensor] of a camera profile, as tables of numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from twinlens.core import document
from twinlens.core.errors import DocumentError
from twinlens.core.sensor_color import LightMap, SensorColor

BANDS, TERMS = 31, 13  # 400 to 700 nm every 10 nm; root-polynomial terms of degree 3
_COLORS = ("red", "green", "blue")
_KEYS = (*_COLORS, *(f"{one}_sd" for one in _COLORS), "map")
_MAP = ("light", "kelvin", "polynomial")
DIGITS = 7


def dumped(sensor: SensorColor | None) -> dict[str, Any] | None:
    """The table [color.sensor], or none."""
    if sensor is None:
        return None
    curves = {one: _rounded(sensor.sensitivities[:, i]) for i, one in enumerate(_COLORS)}
    limits = {f"{one}_sd": _rounded(sensor.sd[:, i]) for i, one in enumerate(_COLORS)}
    maps = [
        {"light": one.light, "kelvin": one.kelvin, "polynomial": [_rounded(row) for row in one.polynomial]}
        for one in sensor.maps
    ]
    return {**curves, **limits, "map": maps}


def _rounded(values: Any) -> list[float]:
    return [float(f"{value:.{DIGITS}g}") for value in values]


def loaded(values: Any, place: str) -> SensorColor:
    """From the table [color.sensor]; DocumentError names what is missing or impossible."""
    document.only(values, _KEYS, place)
    curves = np.stack([document.numbers(values.get(one), (BANDS,), f"{place} {one}") for one in _COLORS], 1)
    limits = np.stack([document.numbers(values.get(f"{one}_sd"), (BANDS,), f"{place} {one}_sd") for one in _COLORS], 1)
    if (curves.sum(0) <= 0).any():
        raise DocumentError(f"{place}: a channel has no response")
    given = document.tables(values, "map", f"{place} ")
    if not given:
        raise DocumentError(f"{place}: expected one [[color.sensor.map]] or more")
    return SensorColor(curves, limits, tuple(_map(one, f"{place} map {n}") for n, one in enumerate(given, 1)))


def _map(values: Any, place: str) -> LightMap:
    document.only(values, _MAP, place)
    kelvin = float(document.numbers(values.get("kelvin"), (), f"{place} kelvin"))
    if kelvin <= 0:
        raise DocumentError(f"{place}: kelvin = {kelvin:g}: expected a color temperature above 0")
    polynomial = document.numbers(values.get("polynomial"), (TERMS, 3), f"{place} polynomial")
    return LightMap(str(values.get("light", "")), kelvin, polynomial)
