"""Encode: linear light of an output space to the codes of a picture file. Reference: `numerics.quantize`."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.kernels import library
from twinlens.numerics import quantize as reference

Array = npt.NDArray[Any]


def quantize(
    rgb: Array, space: str, bits: int, out: Array, *, dither: float = 0.0, top: int = 0, left: int = 0
) -> Array:
    """Write the codes of planar linear light `rgb` (H, W, 3) into `out` (H, W, 3), uint8 or uint16 by `bits` (8, 16).

    `out` may be any view (flipped, transposed) of an interleaved array; one that is not flipped is written without
    another copy. `dither` is in codes; `top` and `left` are the tile's place in its frame, which the pattern needs.
    """
    kernel = library.find(f"encode{bits}")
    if kernel is None:
        out[...] = reference.quantize(rgb, space, bits, dither=dither, top=top, left=left)
        return out
    target = interleaved(out)
    kernel(rgb, reference.curve(space), dither, top, left, target)
    if target is not out:
        out[...] = target
    return out


def interleaved(out: Array) -> Array:
    """`out` itself where a kernel can write it (interleaved, not flipped), else a new array of its shape."""
    size = out.itemsize
    return out if out.strides[1:] == (3 * size, size) and out.strides[0] > 0 else np.empty(out.shape, out.dtype)
