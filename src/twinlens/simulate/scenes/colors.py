"""Colors: smooth gradients in hue and lightness, and pairs of metamers."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import ParameterError
from twinlens.numerics import color, metamers, spectra, upsampling
from twinlens.simulate.scene import Mixture, Scene
from twinlens.simulate.scenes.board import Board, draw
from twinlens.simulate.scenes.lighting import Light, lighting

Array = npt.NDArray[Any]

_WEDGE = 0.85  # of the height: below is the grey wedge
_EXAGGERATED = 3  # so that pairs differ visibly
_CANDIDATES = 64  # blacks drawn for each pair; the one that separates it most under A is taken


def gradients(height: int, width: int, *, light: Light = "D65", seed: int = 0, chroma: float = 1.0) -> Scene:
    """Hue from left to right, lightness from black above to white below, in an upper band of full and a lower band of
    half `chroma` (1: as far as the primaries of sRGB go), and a grey wedge at the bottom. Smooth everywhere inside.
    """
    if not 0 <= chroma <= 1:
        raise ParameterError(f"the chroma of the gradients is {chroma:g}, expected 0 to 1")
    y, x = np.linspace(0, 1, height)[:, None], np.linspace(0, 1, width)[None, :]
    hue = x * 6
    pure = np.stack([np.abs(hue - 3) - 1, 2 - np.abs(hue - 2), 2 - np.abs(hue - 4)], axis=-1)
    pure = 3 * np.clip(pure, 0, 1) ** 2 - 2 * np.clip(pure, 0, 1) ** 3
    bands = [(0.0, 0.45, chroma), (0.45, _WEDGE, chroma / 2), (_WEDGE, 1.0, 0.0)]
    rgb = np.zeros((height, width, 3), np.float32)
    for top, bottom, amount in bands:
        rows = (y[:, 0] >= top) & (y[:, 0] <= bottom)
        is_wedge = top == _WEDGE
        lightness = np.broadcast_to(x, (rows.sum(), width)) if is_wedge else (y[rows] - top) / (bottom - top)
        rgb[rows] = _shade(0.5 + amount * (pure - 0.5), lightness[..., None])
    lit = lighting(light, height, width, seed)
    return lit.scene("gradients", lit.on(Mixture(rgb, upsampling.basis(spectra.illuminant("D65")))), (height, width))


def _shade(pure: Array, lightness: Array) -> Array:
    """Linear light: from black (0) over the color (1/2) to white (1), even in lightness."""
    dark, bright = np.minimum(2 * lightness, 1), np.maximum(2 * lightness - 1, 0)
    return (pure * (1 - bright) + bright) ** 2.2 * dark**2.2


def metamer_pairs(
    height: int,
    width: int,
    *,
    light: Light = "D65",
    seed: int = 0,
    pairs: int = 12,
    match_under: Light = "D65",
) -> Scene:
    """Pairs of patches (upper and lower half of a field) of one color under `match_under` and of two elsewhere.

    Each pair is a color with a metameric black added and taken away: its shape is drawn from measured statistics, its
    size up to three times what is usual, 0 to 1 both. `patches` are named "1a", "1b", "2a" ...
    """
    if not 1 <= pairs <= 60:
        raise ParameterError(f"the scene metamers has 1 to 60 pairs, got {pairs}")
    under = lighting(match_under, 1, 1).main
    rng = np.random.default_rng([seed, 41])
    both = _pairs(pairs, under, rng)
    columns = -(-pairs // max(round(np.sqrt(pairs / 3)), 1))
    rows = -(-pairs // columns)
    order = np.full((rows * 2, columns), -1)
    for index in range(pairs):
        row, column = divmod(index, columns)
        order[2 * row : 2 * row + 2, column] = (2 * index, 2 * index + 1)
    grey = np.full(spectra.BANDS, 0.18)
    reflectances = np.vstack([both.reshape(-1, spectra.BANDS), grey])[order.ravel()]
    names = [f"{one // 2 + 1}{'ab'[one % 2]}" if one >= 0 else "" for one in order.ravel()]
    board = Board((columns * 12 + 2, rows * 24 + 2), (2, 2), (10, 11), (12, 12), columns, rows * 2)
    surfaces, patches = draw(
        board, (height, width), names, reflectances, ground=(grey, grey), what="the scene metamers"
    )
    lit = lighting(light, height, width, seed)
    return lit.scene("metamers", lit.on(*surfaces), (height, width), patches=tuple(one for one in patches if one.name))


def _pairs(count: int, under: Array, rng: np.random.Generator) -> Array:
    """(count, 2, 31) reflectances that match under a light."""
    rgb = np.repeat(rng.uniform(0.12, 0.75, (count, 3)), _CANDIDATES, axis=0)
    smooth = rgb @ upsampling.basis(under)
    black = _EXAGGERATED * metamers.blacks(rgb, under, rng)
    share = np.minimum(metamers.held(smooth, black), metamers.held(smooth, -black))[:, None]
    found = np.stack([smooth + share * black, smooth - share * black], axis=1)
    lamp = spectra.illuminant("A")
    lab = color.lab_from_xyz(spectra.xyz_from_reflectance(found, lamp), spectra.white_xyz(lamp))
    apart = color.delta_e_2000(lab[:, 0], lab[:, 1]).reshape(count, _CANDIDATES)
    return np.clip(found[np.arange(count) * _CANDIDATES + apart.argmax(axis=1)], 0, 1)
