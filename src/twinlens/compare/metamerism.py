"""Metamerism: what two known sensors are expected to make of the features of color, however well one is matched.

The best map from one sensor to the other leaves every surface a little off. Averaged over all surfaces little of it is
left; but the scenes of one comparison show few kinds of surfaces, the same in all sets, so that what these have in
common is left in every feature. The expectation of its square is over draws of such surfaces, and over what is known of
the sensors. Features are those of `features/color.py`, by least squares: c_2 - c_1 = o + sum_k W_k(hue) g_k c_1.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.compare.features import INDEX, KEYS
from twinlens.compare.features.catalog import HUE_NAMES
from twinlens.compare.features.color import sector_weights, white
from twinlens.compare.features.gamut import chroma
from twinlens.compare.frame_joint import white_rgb
from twinlens.measure.sensors import KnownSensor, seen_by_both
from twinlens.numerics import spectra
from twinlens.numerics.color import REC2020_FROM_XYZ, XYZ_FROM_REC2020, adaptation
from twinlens.numerics.sensor_white import thermal_light

Array = npt.NDArray[Any]

# How many kinds of surfaces the scenes of one comparison show: with it the program's own two cameras give the prior
# that was measured of them on the tuning sets of benchmarks/verdict.py (chroma 1.5 floors for 1.7, hue 2.4 for 2.3).
SURFACES = 40
SENSORS, SAMPLES = 12, 8  # draws of the two sensors, and of surfaces for each
_COLORED, _LEAST = 0.06, 1.0  # |c| that says something of hue; surfaces of a hue that say something of it
_GAIN, _EVEN = 3e-7, 3e-6  # penalties of g, and of the difference of neighbors, as in `features/color.py`


def variances(first: KnownSensor, second: KnownSensor, seed: int = 0) -> Array:
    """(K,): expected squares of what the two sensors cannot help, in squared units of the features; 0 of those that
    no color moves. The light is that of the pictures that told the sensors, else D65."""
    light = light_of(first, second)
    rng = np.random.default_rng(seed)
    to_display = REC2020_FROM_XYZ @ adaptation(spectra.white_xyz(light), XYZ_FROM_REC2020.sum(1))
    found = []
    for pair in seen_by_both(first, second, light, SENSORS, seed):
        one, other = (chroma(np.maximum(xyz @ to_display.T, 1e-6)) for xyz in pair)
        for _ in range(SAMPLES):
            picked = rng.choice(len(one), SURFACES, replace=False)
            found.append(shift(one[picked], other[picked]))
    square = np.square(found)
    known = np.isfinite(square)
    means = np.where(known, square, 0).sum(0) / np.maximum(known.sum(0), 1)
    values = np.zeros(len(KEYS))
    values[[INDEX[key] for key in MOVED]] = means
    return values


def light_of(first: KnownSensor, second: KnownSensor) -> Array:
    """The light (31,) of the pictures that told the sensors, by the mean of 1 / temperature; D65 where none did."""
    kelvins = [one.kelvin for one in (first, second) if one.kelvin is not None]
    return thermal_light(float(1 / np.mean(1 / np.array(kelvins)))) if kelvins else spectra.illuminant("D65")


MOVED = ("white_mired", "white_duv", "chroma", *(f"{kind}_{name}" for kind in ("chroma", "hue") for name in HUE_NAMES))


def shift(one: Array, other: Array) -> Array:
    """(27,): how the features MOVED differ between chromas (M,) complex of the same surfaces; nan of hues they lack."""
    middle = (one + other) / 2
    sectors = sector_weights(middle)
    columns = np.concatenate([np.ones((len(middle), 1)), sectors * middle[:, None]], axis=1)
    count = sectors.shape[1]
    around = np.eye(count) - np.roll(np.eye(count), 1, axis=1)
    penalty = np.zeros((count + 1, count + 1))
    penalty[1:, 1:] = _GAIN * np.eye(count) + _EVEN * around.T @ around
    weighed = columns.conj().T / len(middle)
    offset, *gains = np.linalg.solve(weighed @ columns + penalty, weighed @ (other - one))
    shown = (np.abs(middle) > _COLORED).astype(float) @ sectors
    ratio, turn = 100 * np.log(np.abs(1 + np.array(gains))), np.degrees(np.angle(1 + np.array(gains)))
    overall = float(np.sum(ratio * shown) / np.sum(shown)) if shown.any() else np.nan
    grey = white(white_rgb(np.array(offset)))
    told = np.where(shown >= _LEAST, ratio, np.nan), np.where(shown >= _LEAST, turn, np.nan)
    return np.concatenate([grey, [overall], *told])
