"""Night: lamps in the dark, white and colored LEDs, with their pools of light, over a range of up to 20 stops.

Spectra of the lamps: LEDs of CIE 15:2018 (LED-B1 to B5, RGB1, V1), fluorescent FL11, and colored LEDs by the shape of
Ohno, "Spectral design considerations for white LED color rendering", 2005: (g + 2 g**5) / 3 with g a Gaussian, at peaks
and widths that manufacturers give for their kinds.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import ParameterError
from twinlens.numerics import spectra
from twinlens.simulate.scene import Mixture, Palette, Scene, radiance
from twinlens.simulate.scenes.lighting import Light, lighting

Array = npt.NDArray[Any]

COLORED_LEDS_NM = {  # peak, full width at half maximum
    "royal blue": (450, 20),
    "blue": (470, 26),
    "cyan": (505, 30),
    "green": (525, 34),
    "amber": (592, 16),
    "red": (632, 18),
}
WHITE_LAMPS = ("LED-B1", "LED-B3", "LED-B5", "LED-RGB1", "LED-V1", "FL11", "2700K")
_SMALLEST_LAMP_PX = 0.8
_WIDTH = 0.921  # of Ohno's shape: full width at half maximum / width parameter


def led(peak_nm: float, width_nm: float) -> Array:
    """The relative power (31,) of a colored LED."""
    fine = np.arange(380.0, 731.0)
    gauss = np.exp(-(((fine - peak_nm) / (width_nm / _WIDTH)) ** 2))
    return np.maximum(spectra.resampled(fine, (gauss + 2 * gauss**5) / 3)[0], 0)


def lamp_spectra() -> dict[str, Array]:
    """The relative power (31,) of each kind of lamp."""
    return {name: spectra.illuminant(name) for name in WHITE_LAMPS} | {
        f"{name} LED": led(*shape) for name, shape in COLORED_LEDS_NM.items()
    }


def night_lights(
    height: int,
    width: int,
    *,
    light: Light = "D65",
    seed: int = 0,
    lamps: int = 24,
    stops: float = 20.0,
    peak: float = 64.0,
) -> Scene:
    """Lamps of luminance `peak` (white in the day's `light` = 1) down to peak / 16, house fronts with lit windows, the
    lamps' pools of light on walls and street, and the rest of the day's light `stops` below `peak`.

    `facts["lamps"]`: (name, (x, y), radius in px, luminance) of each; "stops".
    """
    if not 1 <= lamps <= 200 or not 6 <= stops <= 20 or peak <= 0:
        raise ParameterError(
            f"night lights are 1 to 200 lamps over 6 to 20 stops with a peak above 0, got {lamps}, {stops:g}, {peak:g}"
        )
    rng = np.random.default_rng([seed, 23])
    names, powers = zip(*lamp_spectra().items(), strict=True)
    table = np.stack([radiance(np.ones(spectra.BANDS), power) for power in powers])
    placed = _placed(height, width, lamps, len(names), peak, rng)
    lit = lighting(light, height, width, seed)
    walls, windows, kinds = _street(height, width, len(names), rng)
    ambient = lit.on(Mixture((walls * np.float32(peak * 2.0**-stops))[..., None], np.ones((1, spectra.BANDS))))
    pools = _pools(height, width, placed, walls, peak)
    layers = [*ambient, Palette(kinds, table, windows * np.float32(peak / 256))]
    layers += [Palette(np.full((height, width), kind, np.uint8), table, pool) for kind, pool in pools.items()]
    layers.append(Palette(*_disks(height, width, placed, table)))
    known = [(names[kind], (x, y), radius, luminance) for kind, x, y, radius, luminance in placed]
    return lit.scene("night-lights", tuple(layers), (height, width), facts={"lamps": known, "stops": stops})


def _placed(height, width, count, kinds, peak, rng) -> list[tuple[int, float, float, float, float]]:
    """(kind, x, y, radius, luminance) of lamps that do not touch: the upper two thirds of the frame."""
    unit, placed = min(height, width), []
    for index in range(count * 20):
        x, y = rng.uniform(0.04, 0.96) * (width - 1), rng.uniform(0.08, 0.66) * (height - 1)
        radius = max(unit * float(np.exp(rng.uniform(np.log(0.002), np.log(0.012)))), _SMALLEST_LAMP_PX)
        if all(np.hypot(x - one[1], y - one[2]) > 2 * (radius + one[3]) + 2 for one in placed):
            placed.append((index % kinds, x, y, radius, peak * 2.0 ** -rng.uniform(0, 4)))
        if len(placed) == count:
            break
    placed[0] = (*placed[0][:4], peak)
    return placed


def _street(height: int, width: int, kinds: int, rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """Reflectance of what stands there (H, W), how much of it is lit window (H, W), and the windows' kind of lamp."""
    walls = np.full((height, width), 0.02, np.float32)
    windows, lamp = np.zeros((height, width), np.float32), np.zeros((height, width), np.uint8)
    ground = int(height * 0.72)
    left = 0
    while left < width:
        right = left + int(width * rng.uniform(0.08, 0.2)) + 4
        top = int(height * rng.uniform(0.12, 0.5))
        walls[top:ground, left:right] = rng.uniform(0.06, 0.4)
        _windows(windows, lamp, (top, left, ground, min(right, width)), kinds, rng)
        left = right + int(width * rng.uniform(0, 0.02))
    rough = rng.uniform(0.7, 1.3, (height - ground, 1)).astype(np.float32)
    walls[ground:] = 0.12 * rough
    return walls, windows, lamp


def _windows(windows: Array, lamp: Array, box: tuple[int, int, int, int], kinds: int, rng: np.random.Generator) -> None:
    top, left, bottom, right = box
    step = max((right - left) // int(rng.integers(3, 6)), 4)
    size = max(step // 2, 1)
    for y in range(top + size, bottom - step, step):
        for x in range(left + size, right - size, step):
            if rng.uniform() < 0.45:
                place = (slice(y, y + size), slice(x, min(x + size, right)))
                windows[place] = 2.0 ** rng.uniform(-4, 0)
                lamp[place] = rng.choice(7, p=_INDOORS)


_INDOORS = np.array([0.3, 0.12, 0.05, 0.08, 0.08, 0.12, 0.25])  # of WHITE_LAMPS


def _pools(height: int, width: int, placed: list, walls: Array, peak: float) -> dict[int, Array]:
    """What the lamps throw on what stands there, by kind: luminance (H, W) float32."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    pools: dict[int, Array] = {}
    for kind, lamp_x, lamp_y, radius, luminance in placed:
        squared = ((x - np.float32(lamp_x)) ** 2 + (y - np.float32(lamp_y)) ** 2) / np.float32((6 * radius) ** 2)
        streak = np.exp(-(((x - np.float32(lamp_x)) / np.float32(3 * radius)) ** 2)) * (y > 0.72 * height)
        thrown = np.float32(luminance * 0.004) * walls * (1 / (1 + squared) + np.float32(1.5) * streak)
        pools[kind] = pools.get(kind, np.float32(0)) + thrown
    return pools


def _disks(height: int, width: int, placed: list, table: Array) -> tuple[Array, Array, Array]:
    """The lamps themselves: kinds (H, W), the spectra, luminance (H, W) with the disks' exact energy."""
    kinds, shading = np.zeros((height, width), np.uint8), np.zeros((height, width), np.float32)
    for kind, x, y, radius, luminance in placed:
        reach = int(np.ceil(radius)) + 2
        rows = slice(max(int(y) - reach, 0), min(int(y) + reach + 2, height))
        columns = slice(max(int(x) - reach, 0), min(int(x) + reach + 2, width))
        down, across = np.mgrid[rows, columns]
        covered = np.clip(radius - np.hypot(across - x, down - y) + 0.5, 0, 1)
        covered *= np.pi * radius**2 / covered.sum()
        shading[rows, columns] += luminance * covered
        kinds[rows, columns] = kind
    return kinds, table, shading
