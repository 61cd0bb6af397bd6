"""Shading: the opcodes that a file wants on linear sensor values, above all the gain maps that even out its shading.

Source: Digital Negative Specification 1.7.1, chapter 7 (OpcodeList2). Its warps and trims are done by the lens stage.
Gains lift clipped values above 1; the clip mask stays as it is.
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Literal

from twinlens.core.image import MOSAIC, Image
from twinlens.core.record import record
from twinlens.core.shot import Shot
from twinlens.core.stage import Facts, Stage, param
from twinlens.kernels.gain_map import apply_opcodes
from twinlens.numerics.opcode_lists import Segment, linear_area, reduced, segments
from twinlens.numerics.opcodes import REACH, BadPixels


@record(kw_only=True)
class Shading(Stage):
    accepts: ClassVar = MOSAIC
    returns: ClassVar = MOSAIC

    source: Literal["file", "none"] = param("file", doc="where the correction comes from: the file's own, or none")
    mends: bool = param(False, doc="whether the file's list mends bad pixels, which looks at neighbours", expert=True)

    @property
    def margin(self) -> int:
        return REACH if self.mends else 0

    @property
    def is_identity(self) -> bool:
        return self.source == "none"

    def resolve(self, facts: Facts) -> Shading:
        found = [one for part in _parts(facts.shot) for one in part.opcodes]
        if not found:
            return replace(self, source="none", mends=False)
        return replace(self, mends=any(isinstance(one, BadPixels) for one in found))

    def __call__(self, image: Image) -> Image:
        if self.is_identity:
            return image
        pixels, window, shot = image.pixels, image.window, image.shot
        top, left, bottom, right = linear_area(shot)
        full = (bottom - top, right - left)
        for part in _parts(shot):
            seen, run = part.seen(window), part.opcodes
            if image.scale != 1:
                seen = window
                colors = shot.cfa.shifted(top, left) if shot.cfa is not None else None
                run = reduced(run, full, window.frame, colors)
            pixels = apply_opcodes(run, pixels, seen)
        return image.with_pixels(pixels)


def _parts(shot: Shot) -> list[Segment]:
    top, left, bottom, right = linear_area(shot)
    return segments(shot.opcodes[1], (bottom - top, right - left))
