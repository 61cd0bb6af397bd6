"""Gain map: the opcodes that change values in place, with compiled loops for gain maps and vignettes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import groupby

import numpy as np

from twinlens.core.image import Array, Window, empty_rgb, planar
from twinlens.core.opcodes import FixVignetteRadial, GainMap, Opcode
from twinlens.kernels import library
from twinlens.numerics import opcodes as reference
from twinlens.numerics.gain_map import GainLines, gain_lines, together
from twinlens.numerics.opcodes import frame_center

TERMS = 5


def apply_opcodes(opcodes: Iterable[Opcode], pixels: Array, window: Window) -> Array:
    """As `numerics.opcodes.apply_opcodes` in units of 1: pixels (H, W) or (H, W, 3) float32 of the part `window`."""
    for kind, group in groupby(opcodes, type):
        if kind is GainMap:
            pixels = apply_gain_maps([one for one in group if isinstance(one, GainMap)], pixels, window)
        elif kind is FixVignetteRadial:
            for one in group:
                assert isinstance(one, FixVignetteRadial)
                pixels = radial_gain(pixels, one.coefficients, one.center, window)
        else:
            pixels = reference.apply_opcodes(group, pixels, window)
    return pixels


def apply_gain_maps(maps: Sequence[GainMap], pixels: Array, window: Window) -> Array:
    """Pixels (H, W) or (H, W, 3) times the gains of all maps, bilinear between their points."""
    kernel = library.find("gain_map")
    inside = (
        window.top >= 0 and window.left >= 0 and window.bottom <= window.frame[0] and window.right <= window.frame[1]
    )
    if kernel is None or not pixels.size or not inside:
        return reference.apply_opcodes(maps, pixels, window)
    if pixels.ndim == 2:
        return _plane([one for one in maps if one.plane == 0 and one.planes], pixels, window, 0, np.empty_like(pixels))
    source, out = planar(pixels), empty_rgb(*pixels.shape[:2])
    for c in range(3):
        own = [one for one in maps if one.plane <= c < one.plane + one.planes]
        _plane(own, source[..., c], window, c, out[..., c])
    return out


def _plane(maps: list[GainMap], plane: Array, window: Window, number: int, out: Array) -> Array:
    kernel = library.find("gain_map")
    assert kernel is not None
    groups = together(maps)
    if not groups:
        out[...] = plane
    rows, columns = slice(window.top, window.bottom), slice(window.left, window.right)
    for group in groups:
        ready = _lines(tuple(group), window.frame, number)
        kernel(plane, ready.lines[:, columns], ready.upper[rows], ready.lower[rows], ready.share[rows], out)
        plane = out
    return out


@lru_cache(maxsize=16)
def _lines(maps: tuple[GainMap, ...], frame: tuple[int, int], plane: int) -> GainLines:
    """The lines of a whole frame, made once for all its parts (some 100 kB a map)."""
    return gain_lines(maps, Window.whole(*frame), plane)


def radial_gain(
    pixels: Array,
    coefficients: Sequence[float],
    center: tuple[float, float],
    window: Window,
    *,
    unit_px: float | None = None,
    divides: bool = False,
) -> Array:
    """Pixels (H, W) or (H, W, 3) times 1 + k0 r^2 + k1 r^4 + ... (five terms at most), or divided by it.

    `center` (x, y) is relative to the frame; r is 1 at `unit_px` from it, by default at the farthest corner.
    """
    cx, cy, reach = frame_center(center, window.frame)
    per_pixel = np.float32(1.0 / (unit_px or reach))
    terms = np.zeros(TERMS, np.float32)
    terms[: len(coefficients)] = coefficients
    cube = pixels[..., None] if pixels.ndim == 2 else planar(pixels)
    kernel = library.find("radial_gain")
    if kernel is None or not pixels.size or cube.strides[1] != cube.itemsize or cube.dtype != np.float32:
        gain = reference.radial_polynomial(terms.tolist(), cy, cx, float(per_pixel), window)
        gain = 1 / gain if divides else gain
        return pixels * (gain if pixels.ndim == 2 else gain[..., None])
    out = np.empty((cube.shape[2], *pixels.shape[:2]), np.float32).transpose(1, 2, 0)
    kernel(cube, terms, cy - window.top, cx - window.left, per_pixel, int(divides), out)
    return out[..., 0] if pixels.ndim == 2 else out
