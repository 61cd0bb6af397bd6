"""Output color: display light moves into the primaries of the output space, and colors outside its gamut come inside.

The hue stays, saturation is pressed smoothly beyond a knee, and colors below the knee only change primaries. Method and
sources: `numerics/gamut.py`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Literal, Self

from twinlens.core.image import DISPLAY, ENCODED, OUTPUT, Image
from twinlens.core.record import record
from twinlens.core.stage import Facts, Stage, param
from twinlens.kernels.output_color import KNEE, map_gamut, prepare

INSIDE = {"srgb": (), "p3": ("srgb",), "adobe": ("srgb",), "rec2020": ("srgb", "p3", "adobe")}  # gamuts within each


@record(kw_only=True)
class OutputColor(Stage):
    accepts: ClassVar = DISPLAY
    returns: ClassVar = OUTPUT

    space: Literal["srgb", "p3", "adobe", "rec2020"] = param("srgb", doc="color space of the picture that is written")
    knee: float | None = param(
        None,
        low=0,
        high=1,
        expert=True,
        doc="share of the space's saturation from which colors are pressed; 0.85, or 1 for a picture in it already",
    )

    def resolve(self, facts: Facts) -> Self:
        """What is in the output space already keeps its colors, the knee is at the edge: a finished picture, or the
        result of a look that is cut in this gamut (in part, where its strength is below 1)."""
        if self.knee is not None:
            return self
        if facts.source.state is ENCODED and facts.source.primaries == self.space:
            return replace(self, knee=1.0)
        looks = [one for one in facts.before if getattr(one, "gamut", "open") in (self.space, *INSIDE[self.space])]
        share = min(looks[-1].strength, 1.0) if looks else 0.0  # pyright: ignore[reportAttributeAccessIssue]
        return replace(self, knee=KNEE + share * (1 - KNEE))

    def prepare(self) -> None:
        prepare(self.space, self.knee)

    def __call__(self, image: Image) -> Image:
        pixels = map_gamut(image.pixels, self.space, self.knee)
        return image.with_pixels(pixels, state=OUTPUT, primaries=self.space)
