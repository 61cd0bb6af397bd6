"""Output color: linear Rec. 2020 into the gamut of an output space. Reference: `numerics.gamut`."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from twinlens.core.image import empty_rgb
from twinlens.kernels import library
from twinlens.kernels.encode import interleaved
from twinlens.numerics import gamut
from twinlens.numerics import quantize as codes

Array = npt.NDArray[Any]


KNEE = 0.85  # where nothing else is asked for


def _knee(knee: float | None) -> float:
    return min(KNEE if knee is None else knee, gamut.MAX_KNEE)


def prepare(space: str, knee: float | None = None) -> None:
    """Make the tables of a space and a knee, which are kept, ahead of the first pixel."""
    if library.find("output_color") is not None:
        gamut.packed_boundary(space, _knee(knee))
        gamut.safe_ratio(space, _knee(knee))


def map_gamut(rgb: Array, space: str, knee: float | None = None) -> Array:
    """Planar linear light (H, W, 3) float32 of `space`, 0 to 1, of planar linear Rec. 2020."""
    knee = _knee(knee)
    out = empty_rgb(*rgb.shape[:2])
    kernel = library.find("output_color")
    if kernel is None:
        out[...] = gamut.map_gamut(rgb, space, knee)
    else:
        kernel(rgb, gamut.packed_boundary(space, knee), gamut.matrices(space), knee, gamut.safe_ratio(space, knee), out)
    return out


def finish(
    rgb: Array,
    space: str,
    bits: int,
    out: Array,
    *,
    knee: float | None = None,
    dither: float = 0.0,
    top: int = 0,
    left: int = 0,
) -> Array:
    """`map_gamut` and `kernels.encode.quantize` in one pass: planar linear Rec. 2020 to codes in `out` (H, W, 3)."""
    knee = _knee(knee)
    kernel = library.find(f"finish{bits}")
    if kernel is None:
        inside = gamut.map_gamut(rgb, space, knee)
        out[...] = codes.quantize(inside, space, bits, dither=dither, top=top, left=left)
        return out
    target = interleaved(out)
    tables = gamut.packed_boundary(space, knee), gamut.matrices(space), codes.curve(space)
    kernel(rgb, *tables, knee, gamut.safe_ratio(space, knee), dither, top, left, target)
    if target is not out:
        out[...] = target
    return out
