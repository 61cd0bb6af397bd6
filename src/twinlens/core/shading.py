"""Lens shading: how much light each place of the frame receives, by color, as a smooth surface for one light.

The logarithm of the response is a sum of Chebyshev polynomials of both axes, of total degree 8: 45 numbers a color.
Places are (v, h): -1 at the frame's top and left edge, 1 at its bottom and right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import ParameterError
from twinlens.core.opcodes import GainMap
from twinlens.core.record import record

Array = npt.NDArray[Any]

DEGREE = 8
TERMS = (DEGREE + 1) * (DEGREE + 2) // 2
GRID = (25, 33)  # points (v, h) of a gain map: bilinear between them is within 0.05 % of a cos^4 falloff to 0.3


@record(eq=False)
class LensShading:
    """`coefficients` (3, 45) of red, green and blue under a light, named and with its color temperature in K."""

    coefficients: Array
    light: str = ""
    kelvin: float = 0.0

    def response(self, grid: tuple[int, int] = GRID) -> Array:
        """Relative light (V, H, 3) on an even grid from corner to corner, each color 1 where it is largest."""
        v, h = np.meshgrid(np.linspace(-1, 1, grid[0]), np.linspace(-1, 1, grid[1]), indexing="ij")
        values = np.exp(basis(np.stack([v.ravel(), h.ravel()], 1)) @ self.coefficients.T).reshape(*grid, 3)
        return values / values.max((0, 1))

    @property
    def falloff_stops(self) -> float:
        """The darkest place of green, in stops below its brightest."""
        return float(-np.log2(self.response()[..., 1].min()))

    @property
    def color_shift(self) -> tuple[float, float]:
        """Range of red / green and of blue / green over the frame, relative."""
        response = self.response()
        ratios = response[..., [0, 2]] / response[..., 1:2]
        red, blue = ratios.max((0, 1)) / ratios.min((0, 1)) - 1
        return float(red), float(blue)

    def opcodes(self, tile: Array, area: tuple[int, int]) -> tuple[GainMap, ...]:
        """The gain maps (DNG OpcodeList2) that even out a frame of `area` (H, W): one for each site of the `tile`."""
        rows, columns = np.asarray(tile).shape
        gains = (1 / self.response()).astype(np.float32)
        spacing = (1 / (GRID[0] - 1), 1 / (GRID[1] - 1))
        return tuple(
            GainMap(
                area=(y, x, *area),
                row_pitch=rows,
                column_pitch=columns,
                gains=gains[..., int(tile[y][x]), None],
                spacing=spacing,
                origin=(0.0, 0.0),
            )
            for y in range(rows)
            for x in range(columns)
        )


def basis(places: Array) -> Array:
    """The Chebyshev products (N, 45) at places (N, 2)."""
    v = np.polynomial.chebyshev.chebvander(places[:, 0], DEGREE)
    h = np.polynomial.chebyshev.chebvander(places[:, 1], DEGREE)
    return np.stack([v[:, i] * h[:, j] for i in range(DEGREE + 1) for j in range(DEGREE + 1 - i)], 1)


def between(shadings: Sequence[LensShading], kelvin: float) -> LensShading:
    """The shading for a light of this color temperature: between the nearest measured lights, in 1 / temperature.

    Beyond the measured lights, and where only one was measured, the nearest holds.
    """
    if not shadings:
        raise ParameterError("no shading was measured")
    if len(shadings) == 1:
        return shadings[0]
    if any(one.kelvin <= 0 for one in shadings):
        raise ParameterError("shadings of several lights need the color temperature of each")
    ordered = sorted(shadings, key=lambda one: one.kelvin)
    mired = [1e6 / one.kelvin for one in ordered]
    wanted = float(np.clip(1e6 / kelvin, mired[-1], mired[0]))
    after = max(next(index for index, one in enumerate(mired) if one <= wanted), 1)
    share = (mired[after - 1] - wanted) / max(mired[after - 1] - mired[after], 1e-9)
    first, second = ordered[after - 1], ordered[after]
    mixed = (1 - share) * first.coefficients + share * second.coefficients
    return replace(first, coefficients=mixed, light=f"{kelvin:.0f} K", kelvin=kelvin)
