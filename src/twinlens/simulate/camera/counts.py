"""Counts: the light on the pixels becomes the numbers of a raw frame, with every noise of the sensor.

With x the light on a pixel (1 = saturation at this ISO), S electrons at saturation, K counts an electron, t the time:

    e      = x shading S (1 + PRNU) + (dark current) t          electrons that are expected
    counts = round(black + K (Poisson(e) + DSNU + row + read))  clipped to 0 and white

Read noise is that before and after the gain, Gaussian. Poisson's numbers are drawn as such below EXACT_BELOW_E and as a
Gaussian of the same variance above. Every strip of ROWS rows has a generator of its own, seeded by the shot's (or, for
fixed patterns, the unit's) seed and its number, so the bytes do not depend on the number of threads.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.shot import Cfa
from twinlens.numerics.opcodes import frame_center
from twinlens.simulate.camera.lens import Lens
from twinlens.simulate.camera.model import Camera, Module

Array = npt.NDArray[Any]

ROWS = 64
EXACT_BELOW_E = 50.0
HOT_SPREAD = 0.7  # of the logarithm of a hot pixel's dark current
_THREADS = 2
_NOISE, _PATTERN, _DEFECTS = 1, 2, 3  # streams of random numbers


@dataclass(frozen=True, kw_only=True, eq=False)
class Defects:
    """Fixed defects of a unit: `dead` and `hot` (N, 2) of (row, column) of the stored frame, `hot_e_s` (N,)."""

    dead: Array
    hot: Array
    hot_e_s: Array


def defects(camera: Camera, module: Module, frame: tuple[int, int]) -> Defects:
    """The defects of a unit whose stored frame is (height, width)."""
    sensor, rng = camera.sensor, np.random.default_rng((module.pattern_seed, _DEFECTS))
    pixels = frame[0] * frame[1]
    dead, hot = (
        np.sort(rng.choice(pixels, round(ppm * 1e-6 * pixels), replace=False))
        for ppm in (sensor.dead_ppm, sensor.hot_ppm)
    )
    current = sensor.hot_current_e_s * np.exp(HOT_SPREAD * rng.standard_normal(hot.size))
    places = [np.stack(np.divmod(one, frame[1]), 1) for one in (dead, hot)]
    return Defects(dead=places[0], hot=places[1], hot_e_s=current)


def shading(lens: Lens, module: Module, rows: Array, columns: Array, frame: tuple[int, int], channel: int) -> Array:
    """What of a channel's light arrives at rows (N, 1) and columns (M,) of the active area; about 1 in the center."""
    cx, cy, reach = frame_center(module.center, frame)
    y, x = (rows - np.float32(cy)) / np.float32(reach), (columns - np.float32(cx)) / np.float32(reach)
    strength = module.shading[min(channel, len(module.shading) - 1)]
    transmission = lens.transmission(np.sqrt(y * y + x * x), channel)
    return transmission if strength == 1 else transmission ** transmission.dtype.type(strength)


def frame_size(camera: Camera, active: tuple[int, int]) -> tuple[int, int]:
    """(height, width) of the stored frame around an active area."""
    top, left, bottom, right = camera.sensor.border
    return active[0] + top + bottom, active[1] + left + right


def expose(
    light: Array,
    camera: Camera,
    module: Module,
    *,
    iso: float,
    exposure_time_s: float,
    seed: int,
    noisy: bool = True,
) -> Array:
    """The frame (H, W) uint16 of light (h, w) float32 on the active area, 1 = saturation, already one color a site."""
    frame = frame_size(camera, light.shape)
    known = defects(camera, module, frame)
    counts = np.empty(frame, np.uint16)

    def strip(top: int) -> None:
        rows = slice(top, min(top + ROWS, frame[0]))
        electrons = _collected(light, camera, module, frame, rows, iso)
        if noisy:
            electrons = _with_noise(electrons, camera, module, known, rows, iso, exposure_time_s, seed)
        counts[rows] = _converted(electrons, camera, rows, iso)

    _each(strip, range(0, frame[0], ROWS))
    return counts


def _each(work: Callable[[int], None], tops: range) -> None:
    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(work, tops))


def _collected(light: Array, camera: Camera, module: Module, frame: tuple[int, int], rows: slice, iso: float) -> Array:
    """Electrons that the light alone gives, without PRNU; 0 in the masked border."""
    top, left = camera.sensor.border[:2]
    height, width = light.shape
    first, last = max(rows.start - top, 0), min(rows.stop - top, height)
    electrons = np.zeros((rows.stop - rows.start, frame[1]), np.float32)
    if first >= last:
        return electrons
    part = electrons[first + top - rows.start : last + top - rows.start, left : left + width]
    np.multiply(light[first:last], np.float32(camera.sensor.saturation_e(iso)), out=part)
    if camera.lens.shades:
        shade(part, camera, module, (first, last), light.shape)
    return electrons


def shade(part: Array, camera: Camera, module: Module, rows: tuple[int, int], frame: tuple[int, int]) -> None:
    """Multiply rows `rows` of a mosaic of the active area by the shading of each site's channel, in place."""
    y, x = np.arange(*rows, dtype=np.float32)[:, None], np.arange(frame[1], dtype=np.float32)
    for channel, down, across in sites(camera.sensor.pattern, rows[0]):
        part[down, across] *= shading(camera.lens, module, y[down], x[across], frame, channel)


def sites(pattern: Cfa | None, first_row: int = 0) -> list[tuple[int, slice, slice]]:
    """(channel, rows, columns) of each place of the tile, counted from `first_row` on; without filters all is green."""
    if pattern is None:
        return [(1, slice(None), slice(None))]
    indices = pattern.shifted(first_row, 0).indices
    height, width = indices.shape
    return [
        (int(indices[y, x]), slice(y, None, height), slice(x, None, width)) for y in range(height) for x in range(width)
    ]


def _with_noise(
    electrons: Array, camera: Camera, module: Module, known: Defects, rows: slice, iso: float, time_s: float, seed: int
) -> Array:
    sensor = camera.sensor
    pattern = _generator(module.pattern_seed, _PATTERN, rows.start)
    noise = _generator(seed, _NOISE, rows.start)
    if sensor.prnu:
        electrons *= _normal(pattern, electrons.shape) * np.float32(sensor.prnu) + np.float32(1)
    electrons += np.float32(sensor.dark_current_e_s * time_s)
    dead, hot = ((one[:, 0] >= rows.start) & (one[:, 0] < rows.stop) for one in (known.dead, known.hot))
    electrons[known.hot[hot, 0] - rows.start, known.hot[hot, 1]] += known.hot_e_s[hot] * time_s
    electrons[known.dead[dead, 0] - rows.start, known.dead[dead, 1]] = 0
    electrons = _shot_noise(electrons, _read_noise(sensor.read_noise_e, sensor.adc_noise_dn, sensor, iso), noise)
    if sensor.dsnu_e:
        electrons += _normal(pattern, electrons.shape) * np.float32(sensor.dsnu_e)
    if sensor.row_noise_e:
        electrons += _normal(noise, (len(electrons), 1)) * np.float32(sensor.row_noise_e)
    return electrons


def _read_noise(before_e: float, after_dn: float, sensor: Any, iso: float) -> float:
    """Sigma of both parts of the read noise, in electrons; the rounding to counts is done, not drawn."""
    return float(np.hypot(before_e, after_dn / sensor.gain_dn_per_e(iso)))


def _shot_noise(expected: Array, read_e: float, rng: np.random.Generator) -> Array:
    """Electrons that are counted, with read noise: one normal number a pixel serves both where it may."""
    normal = _normal(rng, expected.shape)
    few = expected < EXACT_BELOW_E
    if not few.any():
        return expected + normal * np.sqrt(expected + np.float32(read_e**2))
    counted = expected + normal * np.sqrt(np.maximum(expected, 0) * ~few + np.float32(read_e**2))
    counted[few] += rng.poisson(np.maximum(expected[few], 0)) - expected[few]
    return counted


def _converted(electrons: Array, camera: Camera, rows: slice, iso: float) -> Array:
    sensor = camera.sensor
    top, left = sensor.border[:2]
    dn = electrons * np.float32(sensor.gain_dn_per_e(iso))
    levels = sensor.black_levels
    if len(set(levels)) == 1:
        dn += np.float32(levels[0])
    else:
        assert sensor.pattern is not None
        for channel, down, across in sites(sensor.pattern.shifted(-top, -left), rows.start):
            dn[down, across] += np.float32(levels[channel])
    np.rint(dn, out=dn)
    return np.clip(dn, 0, np.float32(sensor.white_level), out=dn).astype(np.uint16)


def _normal(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return rng.standard_normal(shape, np.float32)


def _generator(seed: int, stream: int, strip: int) -> np.random.Generator:
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence((seed, stream, strip))))
