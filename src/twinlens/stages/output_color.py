"""Output color: display light moves into the primaries of the output space, and colors outside its gamut come inside.

The hue stays, saturation is pressed smoothly beyond a knee, and colors below the knee only change primaries. Method and
sources: `numerics/gamut.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from twinlens.core.image import DISPLAY, OUTPUT, Image
from twinlens.core.stage import Stage, param
from twinlens.kernels.output_color import map_gamut


@dataclass(frozen=True, kw_only=True)
class OutputColor(Stage):
    accepts: ClassVar = DISPLAY
    returns: ClassVar = OUTPUT

    space: Literal["srgb", "p3", "adobe", "rec2020"] = param("srgb", doc="color space of the picture that is written")
    knee: float = param(
        0.85,
        low=0,
        high=1,
        expert=True,
        doc="share of the space's saturation from which colors are pressed; 1 clips them",
    )

    def __call__(self, image: Image) -> Image:
        pixels = map_gamut(image.pixels, self.space, self.knee)
        return image.with_pixels(pixels, state=OUTPUT, primaries=self.space)
