"""Sensor color: a camera's estimated sensitivities and the color maps of some lights made from them, in numbers."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from twinlens.core.record import record

Array = npt.NDArray[Any]


@record(eq=False)
class LightMap:
    """One light's map: `polynomial` (13, 3) takes the root-polynomial terms of white-balanced camera RGB to XYZ under
    D50; a grey of 1 becomes the D50 white."""

    light: str
    kelvin: float
    polynomial: Array


@record(eq=False)
class SensorColor:
    """Sensitivities (31, 3) from 400 to 700 nm every 10 nm, their standard deviations (31, 3), and maps by light."""

    sensitivities: Array
    sd: Array
    maps: tuple[LightMap, ...] = ()
