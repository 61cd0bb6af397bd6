"""Lens warp: distortion and lateral chromatic aberration of a lens, as the warp that corrects them."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from twinlens.core.opcodes import WarpRectilinear
from twinlens.core.record import record

Array = npt.NDArray[Any]


@record(eq=False)
class LensWarp:
    """A warp for frames of `frame` (H, W): `coefficients` (planes, 6) of k0 to k3 and two tangential terms, `center`
    relative (x, y). One plane for all colors, or red, green and blue. `covered` is the largest radius that was
    measured, relative to the farthest corner.
    """

    coefficients: Array
    center: tuple[float, float]
    frame: tuple[int, int]
    covered: float = 1.0

    def opcode(self) -> WarpRectilinear:
        """The correction as a DNG writes it (OpcodeList3)."""
        return WarpRectilinear(coefficients=self.coefficients, center=self.center)
