"""Defects: the compiled `numerics.defects.fix_defects`, or that itself."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from twinlens.kernels import library
from twinlens.numerics import defects as reference

Array = npt.NDArray[Any]

MARGIN = reference.MARGIN


def fix_defects(mosaic: Array, gain: float, offset: float, threshold: float, out: Array) -> None:
    """Write into `out` (h, w) the mosaic (h + 6, w + 6) without hot and dead sites; float32, black 0, white 1.

    `gain` and `offset` are the noise model's, `threshold` counts its standard deviations.
    """
    compiled = library.find("defects")
    if compiled is None:
        out[:] = reference.fix_defects(mosaic, gain, offset, threshold)
    else:
        compiled(mosaic, gain, offset, threshold, out)
