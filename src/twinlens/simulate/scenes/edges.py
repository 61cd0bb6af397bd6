"""Edges: slanted squares and the Siemens star, for measuring sharpness; drawn with analytic pixel coverage.

Sources: ISO 12233:2024, e-SFR (slanted edge, low contrast 4:1, about 5 degrees) and s-SFR (sinusoidal Siemens star).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import ParameterError
from twinlens.numerics import spectra
from twinlens.simulate.scene import Mixture, Scene
from twinlens.simulate.scenes.lighting import Light, lighting

Array = npt.NDArray[Any]

_SMALLEST_SQUARE_PX = 32.0
_SQUARE = 0.55  # of its cell


def slanted_edge(
    height: int,
    width: int,
    *,
    light: Light = "D65",
    seed: int = 0,
    angle_deg: float = 5.0,
    contrast: float = 4.0,
    bright: float = 0.72,
    rows: int = 1,
    columns: int = 1,
) -> Scene:
    """Dark squares turned by `angle_deg` on a bright ground; luminances are as `contrast` to 1. Spectrally flat.

    `facts["edges"]`: for each of the four edges of each square its `ends` (2, 2) as (x, y), its `box` (left, top,
    right, bottom) for a measurement, `angle_deg` against the pixel grid and `orientation` ("vertical" or "horizontal").
    Coverage is exact but for the pixels at the corners of the squares.
    """
    if not 0 < abs(angle_deg) < 45 or contrast <= 1 or not 0 < bright <= 1 or min(rows, columns) < 1:
        raise ParameterError(
            "a slanted edge needs an angle between 0 and 45 degrees, a contrast above 1, a bright side of 0 to 1 and 1"
            f" or more rows and columns; got {angle_deg:g} degrees, {contrast:g}, {bright:g}, {rows} x {columns}"
        )
    cell = (height / rows, width / columns)
    half = _SQUARE * min(cell) / 2
    if 2 * half < _SMALLEST_SQUARE_PX:
        raise ParameterError(
            f"{rows} x {columns} slanted squares do not fit in {width} x {height} px: each needs"
            f" {_SMALLEST_SQUARE_PX / _SQUARE:.0f} px"
        )
    covered, edges = np.zeros((height, width), np.float32), []
    for row in range(rows):
        for column in range(columns):
            center = ((column + 0.5) * cell[1] - 0.5, (row + 0.5) * cell[0] - 0.5)
            covered += _square(height, width, center, half, np.radians(angle_deg))
            edges += _edges(center, half, angle_deg)
    facts = {"edges": edges, "angle_deg": angle_deg, "contrast": contrast, "bright": bright}
    return _two_tones("slanted-edge", covered, (bright, bright / contrast), light, seed, facts)


def siemens_star(
    height: int,
    width: int,
    *,
    light: Light = "D65",
    seed: int = 0,
    cycles: int = 72,
    contrast: float = 0.9,
    mean: float = 0.4,
) -> Scene:
    """A star of `cycles` sine waves around its center on a grey ground; `contrast` is their modulation (0 to 1).

    Each pixel averages the wave over its area: exact for the wave that is straight there. `facts`: "center" (x, y),
    "radius_px" and "cycles"; at radius r the wave has cycles / (2 pi r) cycles a pixel.
    """
    if not 4 <= cycles <= 720 or not 0 < contrast <= 1 or not 0 < mean * (1 + contrast) <= 1:
        raise ParameterError(
            "a Siemens star needs 4 to 720 cycles, a contrast of 0 to 1 and mean * (1 + contrast) of at most 1; got"
            f" {cycles}, {contrast:g}, {mean:g}"
        )
    center, radius = ((width - 1) / 2, (height - 1) / 2), 0.47 * min(height, width)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y = x - np.float32(center[0]), y - np.float32(center[1])
    distance = np.maximum(np.hypot(x, y), 1e-3)
    frequency = cycles / (2 * np.pi * distance)
    averaged = np.sinc(frequency * y / distance) * np.sinc(frequency * x / distance) * (frequency < 1)
    inside = np.clip(radius - distance + 0.5, 0, 1)
    wave = inside * averaged * np.sin(cycles * np.arctan2(y, x))
    facts = {"center": center, "radius_px": radius, "cycles": cycles, "contrast": contrast, "mean": mean}
    low, high = mean * (1 - contrast), mean * (1 + contrast)
    return _two_tones("siemens-star", ((1 + wave) / 2).astype(np.float32), (low, high), light, seed, facts)


def _two_tones(name, share, tones, light, seed, facts) -> Scene:
    """A scene of two greys: the second where `share` (H, W) is 1."""
    lit = lighting(light, share.shape[0], share.shape[1], seed)
    greys = np.outer(tones, np.ones(spectra.BANDS))
    return lit.scene(name, lit.on(Mixture(np.stack([1 - share, share], axis=-1), greys)), share.shape, facts=facts)


def half_plane(x: Array, y: Array, angle: float, offset: float) -> Array:
    """The exact share of each unit pixel at `x`, `y` on the side x cos + y sin < offset of a line."""
    wide, narrow = sorted((abs(np.cos(angle)), abs(np.sin(angle))), reverse=True)
    inside = offset - (x * np.cos(angle) + y * np.sin(angle))
    if narrow < 1e-6:
        return np.clip(inside / wide + 0.5, 0, 1)
    near, far = (wide - narrow) / 2, (wide + narrow) / 2
    ramps = [np.maximum(inside + one, 0) ** 2 for one in (far, near, -near, -far)]
    return np.clip((ramps[0] - ramps[1] - ramps[2] + ramps[3]) / (2 * wide * narrow), 0, 1)


def _square(height: int, width: int, center: tuple[float, float], half: float, angle: float) -> Array:
    y, x = np.mgrid[0:height, 0:width].astype(float)
    x, y = x - center[0], y - center[1]
    sides = [half_plane(x, y, angle + quarter * np.pi / 2, half) for quarter in range(4)]
    return np.prod(sides, axis=0).astype(np.float32)


def _edges(center: tuple[float, float], half: float, angle_deg: float) -> list[dict[str, Any]]:
    """What is known of the four sides of a square."""
    angle = np.radians(angle_deg)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    found = []
    for quarter in range(4):
        outward = np.array([(1, 0), (0, 1), (-1, 0), (0, -1)][quarter])
        along = np.array([-outward[1], outward[0]])
        ends = np.array([outward - along, outward + along]) * half @ turn.T + center
        middle, reach = ends.mean(axis=0), half * 0.35
        size = np.where(np.abs(along) > 0, half * 0.6, reach)  # longer along the edge, clear of the corners
        box = np.round([*(middle - size), *(middle + size)]).astype(int)
        orientation = "vertical" if outward[0] else "horizontal"
        found.append({"ends": ends, "box": tuple(box.tolist()), "angle_deg": angle_deg, "orientation": orientation})
    return found
