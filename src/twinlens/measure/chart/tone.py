"""Tone: the light behind a rendered picture's numbers, as the chart's own neutral patches tell it.

A camera's tone curve bends what its codes decode to; blurred edges are then not where half the light is. The neutral
patches, whose luminance is known, give the curve of each channel, roughly and well enough for edges.
"""

from __future__ import annotations

import numpy as np

from twinlens.core.chart import Chart
from twinlens.core.image import Array
from twinlens.numerics import color

FEWEST = 4  # neutral patches
LEAST_RISE = 0.012  # of the cube root of light, from one neutral patch to the next
TABLE = 1024


def straightener(chart: Chart, rgb: Array) -> Array | None:
    """Tables (3, TABLE + 1) from the cube root of a channel's number (0 to 1) to light, by the patches' colors (N, 3);
    None where the neutral patches do not rise (a shadow, a wrong chart)."""
    greys = chart.greys
    light = np.cbrt(color.xyz_from_lab(chart.lab)[greys, 1])
    seen = np.cbrt(np.clip(rgb[greys], 0, 1))
    at = np.arange(TABLE + 1) / TABLE
    tables = []
    for channel in range(3):
        x, y = _rising(seen[:, channel], light)
        if len(x) < FEWEST:
            return None
        slope = y[-1] / max(x[-1], 1e-6)
        curve = np.interp(at, np.append(0.0, x), np.append(0.0, y))
        tables.append(np.where(at > x[-1], at * slope, curve) ** 3)
    return np.array(tables, np.float32)


def _rising(seen: Array, light: Array) -> tuple[Array, Array]:
    """Means of equal lights, those that rise clearly."""
    x, y = [], []
    for level in np.unique(np.round(light, 2)):
        same = np.abs(light - level) < 0.006
        value, wanted = float(np.median(seen[same])), float(np.mean(light[same]))
        if not np.isfinite(value) or (x and value < x[-1] - 2 * LEAST_RISE):
            return np.zeros(0), np.zeros(0)
        if not x or value > x[-1] + LEAST_RISE:
            x.append(value)
            y.append(wanted)
    return np.array(x), np.array(y)


def straightened(pixels: Array, tables: Array) -> Array:
    """Pixels (H, W, 3) through the tables, float32."""
    index = (np.cbrt(np.clip(pixels, 0, 1)) * np.float32(TABLE) + np.float32(0.5)).astype(np.uint16)
    return np.stack([tables[channel][index[..., channel]] for channel in range(3)], -1)
