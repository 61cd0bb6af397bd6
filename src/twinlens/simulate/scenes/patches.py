"""Patches: grey ramp, dynamic range, flat field and darkness."""

from __future__ import annotations

import numpy as np

from twinlens.core.errors import ParameterError
from twinlens.numerics import spectra
from twinlens.simulate.scene import Mixture, Patch, Scene
from twinlens.simulate.scenes.board import Board, draw
from twinlens.simulate.scenes.lighting import Light, lighting

MOST_STOPS = 20.0
_PATCH, _GAP, _MARGIN = 10.0, 2.0, 5.0


def grey_ramp(height: int, width: int, *, light: Light = "D65", seed: int = 0, steps: int = 20) -> Scene:
    """Flat grey patches at equal steps of lightness (L* 96 to 8) on a grey board, in reading order from white."""
    if not 2 <= steps <= 100:
        raise ParameterError(f"the grey ramp has 2 to 100 steps, got {steps}")
    lightness = np.linspace(96, 8, steps)
    levels = np.where(lightness > 8, ((lightness + 16) / 116) ** 3, lightness * (3 / 29) ** 3)
    names = [f"L{value:.1f}" for value in lightness]
    return _greys("grey-ramp", (height, width), names, levels, (0.18, 0.18), light, seed, {})


def dynamic_range(
    height: int,
    width: int,
    *,
    light: Light = "D65",
    seed: int = 0,
    stops: float = 20.0,
    step: float = 1.0,
    peak: float = 1.0,
) -> Scene:
    """A transparency before its lamp: patches from `peak` down by `stops` in steps of `step`, opaque between them.

    A patch's `reflectance` is its transmittance (flat), so its luminance is known exactly.
    """
    if not 0 < stops <= MOST_STOPS or not 0 < step <= stops or peak <= 0:
        raise ParameterError(
            f"the dynamic range must be above 0 to {MOST_STOPS:g} stops in steps of at most that, with a peak above 0;"
            f" got {stops:g} stops in steps of {step:g} with peak {peak:g}"
        )
    down = np.arange(0, stops + step / 2, step)
    names = [f"-{value:g} EV" for value in down]
    levels = peak * 2.0**-down
    facts = {"stops": float(down[-1]), "step_stops": step, "peak": peak}
    return _greys("dynamic-range", (height, width), names, levels, (0.0, 0.0), light, seed, facts)


def flat(height: int, width: int, *, light: Light = "D65", seed: int = 0, reflectance: float = 1.0) -> Scene:
    """The same flat reflectance everywhere (an integrating sphere's port); above 1 it is a brighter light."""
    if reflectance < 0:
        raise ParameterError(f"the flat field's reflectance is {reflectance:g}, expected 0 or more")
    lit = lighting(light, height, width, seed)
    spectrum = np.full(spectra.BANDS, float(reflectance))
    surface = Mixture(np.ones((height, width, 1), np.float32), spectrum[None])
    corners = np.array([(-0.5, -0.5), (width - 0.5, -0.5), (width - 0.5, height - 0.5), (-0.5, height - 0.5)])
    return lit.scene("flat", lit.on(surface), (height, width), patches=(Patch("flat", corners, spectrum),))


def dark(height: int, width: int, *, light: Light = "D65", seed: int = 0) -> Scene:
    """No light at all (a lens cap); `light` only names what white would be."""
    lit = lighting(light, height, width, seed)
    return lit.scene(
        "dark", (Mixture(np.zeros((height, width, 1), np.float32), np.zeros((1, spectra.BANDS))),), (height, width)
    )


def _greys(name, shape, names, levels, ground, light, seed, facts) -> Scene:
    lit = lighting(light, shape[0], shape[1], seed)
    columns = _columns(len(names), shape)
    rows = -(-len(names) // columns)
    pitch = _PATCH + _GAP
    size = (2 * _MARGIN + pitch * columns - _GAP, 2 * _MARGIN + pitch * rows - _GAP)
    board = Board(size, (_MARGIN, _MARGIN), (_PATCH, _PATCH), (pitch, pitch), columns, rows)
    filled = np.full(columns * rows, ground[0])
    filled[: len(levels)] = levels
    flat_spectra = np.repeat(filled[:, None], spectra.BANDS, axis=1)
    surfaces, patches = draw(
        board,
        shape,
        [*names, *["board"] * (len(filled) - len(names))],
        flat_spectra,
        ground=(np.full(spectra.BANDS, ground[0]), np.full(spectra.BANDS, ground[1])),
        what=f"the scene {name}",
    )
    return lit.scene(name, lit.on(*surfaces), shape, patches=patches[: len(names)], facts=facts)


def _columns(count: int, shape: tuple[int, int]) -> int:
    """The columns for the largest square patches."""
    height, width = shape
    return max(range(1, count + 1), key=lambda columns: min(width / columns, height / -(-count // columns)))
